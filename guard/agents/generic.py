"""The protocol for a client that we do not know, written down in docs/agents.md: strict, and 0 means yes and nothing else."""

from guard.agents import calls
from guard.agents.calls import Called, Tools
from guard.agents.codec import HookCall, PayloadError
from guard.agents.dialect import ARGUMENTS, REASON, Dialect
from guard.agents.strict_json import as_object, optional_text, read_object, text
from guard.model.dataclass import replace
from guard.model.principal import Principal
from guard.model.proposal import MoveProposal, Proposal, ShellProposal
from guard.model.typed import Any

NAME = "generic"
VERSION = 1
_EVENT = frozenset(
    {"version", "tool", "input", "cwd", "project", "session", "call", "agent", "subagent", "rewrites"}
)


def _shell(called: Called) -> Proposal:
    typed = _flag(called.arguments, "typed_into", called.where)
    lasting = _flag(called.arguments, "lasting", called.where)
    return calls.shell_proposal(
        called, called.text("command"), "directory", typed_into=typed, lasting=lasting
    )


def _move(called: Called) -> Proposal:
    return MoveProposal(
        principal=called.principal,
        cwd=called.cwd,
        call=called.id,
        path=called.path("path"),
        to=called.path("to"),
    )


def _read(called: Called) -> Proposal:
    return calls.read_of(
        called, called.path("path"), recursive=_flag(called.arguments, "recursive", called.where)
    )


def _other(called: Called) -> Proposal:
    name = called.text("name")
    if not name:
        raise PayloadError("`input.name` is empty")
    arguments = as_object(called.arguments.get("arguments"), "`input.arguments` is missing or not an object")
    return calls.unknown(replace(called, tool=f"tool:{name}", arguments=arguments))


TOOLS: Tools = {
    "shell": _shell,
    "write": calls.write("path"),
    "edit": calls.edits("path", old="old", new="new", everywhere="everywhere"),
    "delete": calls.delete("path"),
    "move": _move,
    "patch": calls.patch("patch"),
    "diff": calls.unified("diff"),
    "read": _read,
    "fetch": calls.fetch("url"),
    "tool": _other,
}
FIELDS: dict[str, frozenset[str]] = {
    "shell": frozenset({"command", "directory", "lasting", "typed_into"}),
    "write": frozenset({"path", "content"}),
    "edit": frozenset({"path", "edits"}),
    "delete": frozenset({"path"}),
    "move": frozenset({"path", "to"}),
    "patch": frozenset({"patch"}),
    "diff": frozenset({"diff"}),
    "read": frozenset({"path", "recursive"}),
    "fetch": frozenset({"url"}),
    "tool": frozenset({"name", "arguments"}),
}


def read(payload: bytes) -> HookCall:
    """Raises PayloadError; for a key that is unknown, too: whoever sends it means something by it."""
    event = read_object(payload)
    if type(event.get("version")) is not int or event["version"] != VERSION:
        raise PayloadError(f"`version` is not {VERSION}")
    _only(event, _EVENT, "")
    tool = text(event, "tool", "")
    if tool not in TOOLS:
        raise PayloadError(f"`tool` is `{tool}`, not one of {', '.join(TOOLS)}")
    arguments = as_object(event.get("input"), "`input` is missing or not an object")
    _only(arguments, FIELDS[tool], "input.")
    cwd = _directory(event, "cwd")
    project = _directory(event, "project") if "project" in event else ""
    called = Called(
        principal=Principal(
            agent=optional_text(event, "agent", "") or NAME,
            session=optional_text(event, "session", ""),
            subagent=optional_text(event, "subagent", ""),
        ),
        cwd=cwd,
        tool=tool,
        arguments=arguments,
        id=optional_text(event, "call", ""),
        where="input.",
    )
    proposal = calls.proposed(TOOLS, called)
    return HookCall(
        proposal=proposal,
        tool=tool,
        arguments=arguments,
        rewrites=_flag(event, "rewrites", "") and isinstance(proposal, ShellProposal),
        project=project,
    )


def _only(found: dict[str, Any], known: frozenset[str], where: str) -> None:
    for key in found:
        if key not in known:
            raise PayloadError(f"`{where}{key}` is unknown: known are {', '.join(sorted(known))}")


def _directory(event: dict[str, Any], key: str) -> str:
    path = calls.checked_path(text(event, key, ""))
    if not path.startswith("/"):
        raise PayloadError(f"`{key}` is not an absolute path")
    return path


def _flag(source: dict[str, Any], key: str, where: str) -> bool:
    value = source.get(key, False)
    if not isinstance(value, bool):
        raise PayloadError(f"`{where}{key}` is not true or false")
    return value


DIALECT = Dialect(
    name=NAME,
    deny={"version": VERSION, "decision": "deny", "reason": REASON},
    ask={"version": VERSION, "decision": "ask", "reason": REASON},
    rewrite={"version": VERSION, "decision": "allow", "input": ARGUMENTS},
    silent=b'{"version": 1, "decision": "allow"}\n',
    # Who looks at the exit status only must not take a question for a yes.
    status=2,
    ask_status=2,
    reader=read,
)
