"""From a client's words for a tool call to a proposal: how its event is laid out, and what each of its tools proposes.

Both are data of the client's own module. A tool that is not in its table is one that nobody knows.
"""

from guard.agents.codec import PayloadError
from guard.agents.strict_json import as_object, checked_text, optional_text, read_object, text
from guard.model.dataclass import dataclass, replace
from guard.model.jsons import dumps
from guard.model.paths import read_differently
from guard.model.principal import Principal
from guard.model.proposal import (
    BOOKKEEPING,
    BatchProposal,
    DeleteProposal,
    EditProposal,
    FetchProposal,
    MoveProposal,
    Proposal,
    ReadProposal,
    Replacement,
    ShellProposal,
    SingleProposal,
    ToolProposal,
    WriteProposal,
    is_of_a_server,
    of_a_server,
)
from guard.model.typed import TYPE_CHECKING, Any, Callable, Mapping, TypeAlias, cast

if TYPE_CHECKING:
    from guard.effects.patches import Change

MAX_PATH = 4096
"""PATH_MAX of Linux, in characters rather than bytes: never too strict."""
MAX_PARTS = 1000
"""Of one call. More would take longer to look at than a client waits."""
_MAGIC = frozenset("*?[]{}()!|\\")


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One tool call, in the client's words."""

    principal: Principal
    cwd: str
    tool: str
    arguments: dict[str, Any]
    id: str = ""
    where: str = "tool_input."
    """Where ``arguments`` stand, for messages."""

    def text(self, key: str) -> str:
        return text(self.arguments, key, self.where)

    def optional(self, key: str) -> str:
        return optional_text(self.arguments, key, self.where)

    def path(self, *keys: str) -> str:
        """Under any of ``keys``: versions of a client differ in what they call it."""
        given = [key for key in keys if key in self.arguments] or keys[:1]
        found = {checked_path(self.text(key)) for key in given}
        if len(found) != 1:
            raise PayloadError(f"`{self.where}{given[0]}` and `{given[1]}` name two paths")
        return found.pop()

    def where_to(self, *keys: str) -> str:
        """As :meth:`path`, and the directory of the call when there is none."""
        given = [key for key in keys if self.optional(key)]
        return self.path(*given) if given else self.cwd

    def list(self, key: str) -> "list[object]":
        """Not empty, and not longer than can be looked at."""
        return checked_list(self.arguments.get(key), f"{self.where}{key}")


Builder: TypeAlias = Callable[[Called], Proposal]
Tools: TypeAlias = Mapping[str, Builder]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where a client's event says what; an empty name is a field that this client has not."""

    event: str = "hook_event_name"
    events: frozenset[str]
    tool: str = "tool_name"
    arguments: str = "tool_input"
    cwd: str = "cwd"
    session: str = "session_id"
    call: str = "tool_use_id"
    subagent: str = "agent_id"
    also: tuple[str, ...] = ("transcript_path", "permission_mode", "agent_type")
    """Texts that nothing rests on. Another type there means another protocol than the one we know."""
    without: frozenset[str] = frozenset()
    """What only events after the call have."""


def read_event(layout: Layout, payload: bytes, agent: str) -> tuple[dict[str, Any], Called]:
    """The whole event, and the call in it. Raises PayloadError for whatever is not an event before a tool call."""
    event = read_object(payload)
    check_event(event, layout)
    return event, called_in(event, layout, agent)


def check_event(event: dict[str, Any], layout: Layout) -> None:
    if layout.event:
        name = text(event, layout.event, "")
        if name not in layout.events:
            only = " or ".join(f"`{known}`" for known in sorted(layout.events))
            raise PayloadError(f"the event is `{name}`, not {only}: register this hook for that only")
    for key in layout.without:
        if key in event:
            raise PayloadError(
                f"`{key}` is there, so it is no event before a tool call: register this hook for those only"
            )


def called_in(event: dict[str, Any], layout: Layout, agent: str) -> Called:
    tool = text(event, layout.tool, "")
    arguments = as_object(event.get(layout.arguments), f"`{layout.arguments}` is missing or not an object")
    cwd = checked_path(text(event, layout.cwd, ""))
    if not tool or not cwd.startswith("/"):
        raise PayloadError(
            f"`{layout.tool}` is empty" if not tool else f"`{layout.cwd}` is not an absolute path"
        )
    for known in layout.also:
        optional_text(event, known, "")
    return Called(
        principal=Principal(
            agent=agent,
            session=optional_text(event, layout.session, ""),
            subagent=optional_text(event, layout.subagent, ""),
        ),
        cwd=cwd,
        tool=tool,
        arguments=arguments,
        id=optional_text(event, layout.call, ""),
        where=f"{layout.arguments}.",
    )


def proposed(tools: Tools, called: Called, *, servers: bool = False) -> Proposal:
    """What the call proposes; a tool that is not in the table may do anything.

    ``servers``: whether the client itself calls a server's tool ``mcp__SERVER__TOOL``.
    """
    builder = tools.get(called.tool)
    return foreign(called, servers=servers) if builder is None else builder(called)


def foreign(called: Called, *, servers: bool = False) -> ToolProposal:
    """A tool whose name somebody else has chosen: what policy has a meaning for is not meant by it."""
    # A server `mcp_` with a tool `_mail__send`, or any tool called `Task`, would be trusted for its name.
    if called.tool in BOOKKEEPING or (not servers and is_of_a_server(called.tool)):
        return unknown(replace(called, tool=f"{called.principal.agent}:{called.tool}"))
    return unknown(called)


def served(called: Called, server: str, tool: str) -> ToolProposal:
    """A tool of that server. With a name that could be another's, nobody knows it."""
    name = of_a_server(server, tool)
    return unknown(replace(called, tool=name)) if name else foreign(called)


def unknown(called: Called) -> ToolProposal:
    sent = dumps(called.arguments, sort_keys=True)
    return ToolProposal(
        principal=called.principal, cwd=called.cwd, call=called.id, tool=called.tool, arguments=sent
    )


def known_as(name: str) -> Builder:
    """A tool of the client's own bookkeeping, by the name that policy has for such tools."""
    return lambda called: unknown(replace(called, tool=name))


def shell(
    command: str = "command", directory: str = "", *, typed_into: bool = False, lasting: bool = False
) -> Builder:
    def build(called: Called) -> Proposal:
        return shell_proposal(called, called.text(command), directory, typed_into=typed_into, lasting=lasting)

    return build


def shell_proposal(
    called: Called,
    command: str,
    directory: str = "",
    *,
    typed_into: bool = False,
    lasting: bool = False,
) -> ShellProposal:
    if "\0" in command:
        raise PayloadError(f"`{called.where}command` holds a NUL byte, and no command can")
    return ShellProposal(
        principal=called.principal,
        cwd=directory_in(called, directory),
        call=called.id,
        command=command,
        typed_into=typed_into,
        lasting=lasting,
    )


def directory_in(called: Called, key: str) -> str:
    """Where the call says that it runs; the event's directory when it does not."""
    path = checked_path(called.optional(key)) if key else ""
    if not path:
        return called.cwd
    if "\0" in path or read_differently(path):
        raise PayloadError(
            f"`{called.where}{key}` is a directory that clients read differently: write it out"
        )
    return path if path.startswith("/") else f"{called.cwd.rstrip('/')}/{path}"


def write(*paths: str, content: str = "content") -> Builder:
    return lambda called: WriteProposal(
        principal=called.principal,
        cwd=called.cwd,
        call=called.id,
        path=called.path(*paths),
        content=called.text(content),
    )


def edit(
    *paths: str, old: str = "old_string", new: str = "new_string", everywhere: str = "replace_all"
) -> Builder:
    return lambda called: edited(
        called, called.path(*paths), (replacement(called.arguments, called.where, old, new, everywhere),)
    )


def edits(
    *paths: str,
    changes: str = "edits",
    old: str = "old_string",
    new: str = "new_string",
    everywhere: str = "replace_all",
) -> Builder:
    def build(called: Called) -> Proposal:
        problem = f"`{called.where}{changes}` is not a list of objects"
        found = tuple(
            replacement(as_object(change, problem), f"{called.where}{changes}.", old, new, everywhere)
            for change in called.list(changes)
        )
        return edited(called, called.path(*paths), found)

    return build


def edited(called: Called, path: str, changes: tuple[Replacement, ...]) -> EditProposal:
    return EditProposal(principal=called.principal, cwd=called.cwd, call=called.id, path=path, edits=changes)


def replacement(source: dict[str, Any], where: str, old: str, new: str, everywhere: str) -> Replacement:
    all_of_it = source.get(everywhere, False)
    if not isinstance(all_of_it, bool):
        raise PayloadError(f"`{where}{everywhere}` is not true or false")
    return Replacement(old=text(source, old, where), new=text(source, new, where), everywhere=all_of_it)


def delete(*paths: str) -> Builder:
    return lambda called: DeleteProposal(
        principal=called.principal, cwd=called.cwd, call=called.id, path=called.path(*paths)
    )


def read(*paths: str) -> Builder:
    return lambda called: read_of(called, called.path(*paths))


def read_of(called: Called, path: str, *, recursive: bool = False) -> ReadProposal:
    return ReadProposal(
        principal=called.principal, cwd=called.cwd, call=called.id, path=path, recursive=recursive
    )


def listing(*paths: str) -> Builder:
    return lambda called: read_of(called, called.where_to(*paths))


def grep(*paths: str) -> Builder:
    """Looks through a tree: the directory of the call where it names none."""
    return lambda called: read_of(called, called.where_to(*paths), recursive=True)


def glob(*paths: str, pattern: str = "pattern") -> Builder:
    return lambda called: read_of(
        called,
        searched(called.where_to(*paths), called.text(pattern)),
        recursive=True,
    )


def fetch(url: str = "url") -> Builder:
    return lambda called: fetch_of(called, called.text(url))


def fetch_of(called: Called, url: str) -> FetchProposal:
    return FetchProposal(principal=called.principal, cwd=called.cwd, call=called.id, url=url)


def patch(key: str) -> Builder:
    """Each file that the patch names is a part of its own."""
    return lambda called: patched(called, called.text(key))


def patched(called: Called, text: str) -> Proposal:
    from guard.effects.patches import NoPatch, read_patch  # noqa: PLC0415 - few calls are patches

    changes = read_patch(text)
    if isinstance(changes, NoPatch):
        raise PayloadError(f"`{called.tool}` is given a patch that cannot be read: {changes.problem}")
    return changed(called, changes)


def unified(key: str) -> Builder:
    """:func:`patch` for what ``git diff`` writes, its ``a/`` and ``b/`` included."""

    def build(called: Called) -> Proposal:
        from guard.effects.patches import NoPatch, read_unified  # noqa: PLC0415 - as above

        changes = read_unified(called.text(key))
        if isinstance(changes, NoPatch):
            raise PayloadError(f"`{called.where}{key}` is no diff that can be read: {changes.problem}")
        return changed(called, changes)

    return build


def blocks(path: str, key: str) -> Builder:
    """Blocks of search and replace in one file."""

    def build(called: Called) -> Proposal:
        from guard.effects.patches import NoPatch, read_blocks  # noqa: PLC0415 - as above

        found = read_blocks(called.text(key))
        if isinstance(found, NoPatch):
            raise PayloadError(f"`{called.where}{key}` cannot be read: {found.problem}")
        return edited(called, called.path(path), found)

    return build


def changed(called: Called, changes: "tuple[Change, ...]") -> Proposal:
    from guard.effects.patches import Added, Changed, Removed  # noqa: PLC0415 - as above

    parts: list[SingleProposal] = []
    for change in changes:
        path = checked_path(change.path)
        match change:
            case Added(content=content):
                parts.append(
                    WriteProposal(
                        principal=called.principal, cwd=called.cwd, call=called.id, path=path, content=content
                    )
                )
            case Removed():
                parts.append(
                    DeleteProposal(principal=called.principal, cwd=called.cwd, call=called.id, path=path)
                )
            case Changed(edits=found, to=to):
                if found:
                    parts.append(edited(called, path, found))
                if to:
                    parts.append(
                        MoveProposal(
                            principal=called.principal,
                            cwd=called.cwd,
                            call=called.id,
                            path=path,
                            to=checked_path(to),
                        )
                    )
    return batch(called, parts)


def batch(called: Called, parts: "list[SingleProposal]") -> Proposal:
    if len(parts) == 1:
        return parts[0]
    if not parts or len(parts) > MAX_PARTS:
        raise PayloadError(f"`{called.tool}` asks for {len(parts)} things at once: ask for fewer")
    return BatchProposal(principal=called.principal, cwd=parts[0].cwd, call=called.id, parts=tuple(parts))


def checked_list(value: object, place: str) -> "list[object]":
    if not isinstance(value, list) or not value:
        raise PayloadError(f"`{place}` is not a list of something")
    found = cast("list[object]", value)
    if len(found) > MAX_PARTS:
        raise PayloadError(f"`{place}` is a list of {len(found)}: ask for fewer at once")
    return found


def checked_path(path: str) -> str:
    if len(path) > MAX_PATH:
        # No system call takes it, and looking at each of its parts would take longer than the client waits.
        raise PayloadError(f"a path of {len(path)} characters is longer than any file's")
    return path


def paths_in(called: Called, key: str, path: str) -> "list[str]":
    """Of a list of paths, or of objects with one each."""
    found: list[str] = []
    for one in called.list(key):
        value = cast("dict[str, object]", one).get(path) if isinstance(one, dict) else one
        found.append(checked_path(checked_text(value, f"{called.where}{key}")))
    return found


def searched(path: str, pattern: str) -> str:
    """The tree that a search for ``pattern`` in ``path`` looks through: ``/etc/*`` and ``../*`` lead elsewhere."""
    fixed, magic = pattern, ""
    start = next((index for index, char in enumerate(pattern) if char in _MAGIC), -1)
    if start >= 0:
        end = pattern.rfind("/", 0, start) + 1
        fixed, magic = pattern[:end], pattern[end:]
    # What comes after the first `*` or `{` may climb again, or be a path of its own: `{/etc,src}/*`.
    if ".." in magic or "{/" in magic or ",/" in magic or "(/" in magic or "|/" in magic:
        return "/"
    return checked_path(fixed if fixed.startswith(("/", "~")) else f"{path.rstrip('/')}/{fixed}")
