"""One program call being understood: its arguments, and the ways to say what it does. Looks at nothing itself."""

import posixpath

from guard.effects.options import Grammar, Parsed, parse_options
from guard.effects.sources import Sources, sources_of, union
from guard.effects.state import State, WrittenFile
from guard.effects.values import Field, Hole, Text, Wild
from guard.model.dataclass import dataclass, replace
from guard.model.effect import (
    ChangeMode,
    Connect,
    DeletePath,
    LinkPath,
    Opaque,
    OtherEffect,
    ReadPath,
    ReadSecret,
    SymbolicEffect,
    WritePath,
)
from guard.model.paths import KnownPath, SymbolicPath, UnresolvedPath
from guard.model.source import Span
from guard.model.typed import TYPE_CHECKING, Iterator, Literal, TypedDict

if TYPE_CHECKING:
    from guard.effects.evaluate import Evaluator
    from guard.effects.flow import Flow

_LOGS_IN = frozenset(
    {"-H", "--header", "-u", "--user", "--oauth2-bearer", "--proxy-user", "-U", "--password", "--token"}
)
"""Options whose argument is a name, a key or a header that says who asks."""
_MAX_PLACES = 32
NO_OUTPUT: Text = (Hole("the output of a command"),)


class _Signed(TypedDict):
    """Keyword arguments common to all effects of one call."""

    program: str
    names: tuple[str, ...]
    span: Span
    certain: bool


@dataclass(slots=True)
class Call:
    """What a handler gets, and where it leaves what it found."""

    evaluator: "Evaluator"
    name: str
    """The name the program is understood by."""
    names: tuple[str, ...]
    args: list[Field]
    state: State
    span: Span
    stdin: Text | None = None
    """What it reads on descriptor 0; None = nothing of this command line."""
    certain: bool = True
    depth: int = 0
    output: Text = NO_OUTPUT
    """What it prints, for those who read it."""
    after: State | None = None
    """The shell's state afterwards; None = as before. Builtins only."""
    failed: State | None = None
    """The shell's state if it fails; None = the same as ``after``."""
    sha256: str = ""
    taken: Sources = ()
    """What it has read, beside its arguments and its standard input."""
    in_order: bool = False
    """Whether it is code, one thing after the other: a link that it makes is followed by what it does next."""
    ran: bool = False
    """Whether it ran another command."""
    opens: bool = False
    """Whether it reads a file, rather than what comes in."""
    revealed: Sources = ()
    """A secret that it hands out: of its own server, so that its own connections do not carry it away."""
    sent: tuple[Connect, ...] = ()
    """Its connections: what they carry is known when it has read everything."""
    addressed: tuple[Field, ...] = ()
    """What its options, by their names, say of where its service is."""

    # ------------------------------------------------------------------ arguments

    def parse(self, rules: Grammar) -> Parsed:
        parsed = parse_options(self.args, rules)
        if parsed.uncertain and not parsed.unknown and any(has_names(arg) for arg in self.args):
            from guard.effects.names import settled  # noqa: PLC0415 - only where names are listed

            settled(self, parsed)
        return parsed

    @property
    def statics(self) -> list[str | None]:
        return [arg.static for arg in self.args]

    # ------------------------------------------------------------------ paths

    def paths(
        self, field: Field, state: State | None = None, *, entry: bool = False
    ) -> tuple[SymbolicPath, ...]:
        """Every place this argument may name: one for each directory we may be in.

        ``entry``: the name itself is meant, not what it leads to if it is a link.
        """
        base = state or self.state
        if self.in_order and self.after is not None and self.after.written is not base.written:
            base = replace(base, written={**base.written, **self.after.written})
        return symbolic_paths(field, base, entry=entry)

    # ------------------------------------------------------------------ saying what it does

    def emit(self, effect: SymbolicEffect) -> None:
        effect = self.evaluator.emit(effect)
        match effect:
            case ReadPath(path=KnownPath(text), recursive=deep):
                made = self.state.written.get(text) if self.state.written else None
                origin = made.sources if made is not None else ()
                if made is not None and made.copy_of:
                    origin = (*origin, f"file:{made.copy_of}")
                self.taken = union(self.taken, (f"{'tree' if deep else 'file'}:{text}", *origin))
            case ReadSecret(detail=detail):
                self.revealed = (f"secret:{detail}",)
            case Connect(host=host):
                self.sent = (*self.sent, effect)
                self.taken = union(self.taken, (f"network:{host}",))
            case _:
                pass

    @property
    def carried(self) -> Sources:
        """Where all that it knows came from: its arguments, its standard input, and what it reads."""
        given, come = self.given, sources_of(self.stdin)
        return union(given, come, self.taken) if given or come else self.taken

    @property
    def given(self) -> Sources:
        """Where its arguments came from. Who logs in with a token sends it, but to whom it is for."""
        found: list[Sources] = []
        before = ""
        for arg in self.args:
            known = arg.static
            if known is None and (sources := sources_of(arg.parts)):
                if before in _LOGS_IN:
                    sources = tuple(source for source in sources if not source.startswith("variable:"))
                found.append(sources)
            before = known or ""
        return union(*found) if found else ()

    def say(self, effect: OtherEffect) -> None:
        """An effect without a path, signed with who does it."""
        self.emit(replace(effect, program=self.name, names=self.names, span=self.span, certain=self.certain))

    def opaque(self, reason: str, *, typed: bool = False) -> None:
        self.say(Opaque(reason=reason, typed=typed))

    def read(self, *fields: Field, recursive: bool = False) -> None:
        for field in fields:
            if field.static in {"", "-"} or field.stream is not None:
                # What writes into the pipe of a process substitution was followed already.
                continue
            self.opens = True
            below = self._below(field)
            for directory in below:
                self.emit(ReadPath(path=KnownPath(directory), recursive=True, **self._signed()))
            if below:
                continue
            for path in self.paths(field):
                self.emit(ReadPath(path=path, recursive=recursive, **self._signed()))

    def _below(self, field: Field) -> tuple[str, ...]:
        """Directories below which all lies that this argument can name; empty when nobody can say."""
        if not has_names(field):
            return ()
        from guard.effects.names import below  # noqa: PLC0415 - only where names are listed

        return below(self, field)

    def _each(self, field: Field) -> tuple[SymbolicPath, ...]:
        """Every place that this argument may name, when a command listed names of files that were looked at."""
        if has_names(field):
            from guard.effects.names import each  # noqa: PLC0415 - only where names are listed

            listed = each(self, field)
            if listed is not None:
                return tuple(KnownPath(path) for path in listed)
        return self.paths(field)

    def write(
        self,
        *fields: Field,
        recursive: bool = False,
        append: bool = False,
        text: str | None = None,
        detail: str = "",
        content: bool = False,
    ) -> None:
        """``content``: whatever is made there is a file."""
        for field in fields:
            if field.static == "":
                continue
            if field.stream is not None:
                given = (
                    (text,) if text is not None else (Hole("what a program writes", sources=self.carried),)
                )
                self.evaluator.pour(field.stream, given, self.state)
                continue
            for path in self._each(field):
                self.emit(
                    WritePath(path=path, recursive=recursive, append=append, detail=detail, **self._signed())
                )
                if isinstance(path, KnownPath):
                    before = self.state.written.get(posixpath.normpath(path.text))
                    file = content and (before is None or before.file)
                    self.remember(path.text, WrittenFile(None if append else text, file=file))

    def edit(self, *fields: Field) -> None:
        """Files are rewritten where they lie, and none is made: of a directory, all that are in it."""
        from guard.effects.names import files_at  # noqa: PLC0415 - only where files are edited

        for field in fields:
            for path in self.paths(field) if field.static != "" else ():
                files = files_at(self, path.text) if isinstance(path, KnownPath) else None
                effects = (
                    [WritePath(path=path, recursive=True, **self._signed())]
                    if files is None
                    else [WritePath(path=KnownPath(file), **self._signed()) for file in files]
                )
                for effect in effects:
                    self.emit(effect)
                    if isinstance(effect.path, KnownPath):
                        self.remember(effect.path.text, WrittenFile(None, file=files == [effect.path.text]))

    def delete(self, *fields: Field, recursive: bool = False, detail: str = "") -> None:
        for field in fields:
            # Names may fall into others, but these they are at least.
            for directory in self._below(Field(field.parts, field.span)):
                if not self._in_workspace(directory):
                    # `ls ~ | while read -r d; do rm -rf ~/$d; done`: which of them it is makes no difference out there.
                    self.emit(DeletePath(path=KnownPath(directory), recursive=True, **self._signed()))
            for path in self.paths(field, entry=True):
                self.emit(DeletePath(path=path, recursive=recursive, detail=detail, **self._signed()))

    def _in_workspace(self, path: str) -> bool:
        root = self.evaluator.facts.workspace
        return bool(root) and f"{posixpath.normpath(path)}/".startswith(f"{root}/")

    def spare(self, field: Field, *, recursive: bool) -> None:
        """What this line made is removed: nothing is lost, unless the line puts something there that was elsewhere."""
        self.write(field, append=True)
        self.evaluator.spared += [
            DeletePath(path=path, recursive=recursive, **self._signed())
            for path in self.paths(field, entry=True)
        ]

    def mode(self, *fields: Field, recursive: bool = False, detail: str = "") -> None:
        for field in fields:
            for path in self._each(field):
                self.emit(ChangeMode(path=path, recursive=recursive, detail=detail, **self._signed()))

    def link(self, target: Field, name: Field, state: State | None = None) -> None:
        for path in self.paths(name):
            places: list[str] = []
            for leads in self.paths(target, state or self.state):
                self.emit(LinkPath(path=path, target=leads, **self._signed()))
                if isinstance(leads, KnownPath):
                    places.append(leads.text)
            if isinstance(path, KnownPath) and places:
                self.remember(
                    path.text, WrittenFile(None, copy_of=places[0], link=True, also=tuple(places[1:]))
                )

    def secret(self, detail: str) -> None:
        self.emit(
            ReadSecret(path=UnresolvedPath(detail, "not a file by name"), detail=detail, **self._signed())
        )

    def connect(self, host: str, port: int = 0, *, upload: bool = False) -> None:
        self.say(Connect(host=host or "?", port=port, upload=upload))

    def remember(self, path: str, file: WrittenFile) -> None:
        """A file this line wrote, for commands later in the line that run it."""
        self.after = (self.after or self.state).with_written(posixpath.normpath(path), file)

    # ------------------------------------------------------------------ running what it was given

    def run(
        self,
        argv: list[Field],
        *,
        state: State | None = None,
        stdin: Text | None = None,
        certain: bool | None = None,
        search: Literal["program", "builtin"] = "program",
    ) -> Text:
        """The rest of the arguments is a command of its own: a wrapper such as ``env``. Tells what it prints."""
        # What stood in its arguments or came in by a pipe may stand in the arguments of the command inside.
        outer = self.evaluator.ambient
        self.evaluator.ambient = union(outer, self.given, sources_of(self.stdin))
        try:
            flow = self.evaluator.run_argv(
                argv,
                state or self.state,
                span=self.span,
                stdin=self.stdin if stdin is None else stdin,
                certain=self.certain if certain is None else certain,
                depth=self.depth + 1,
                shell=search == "builtin",
            )
        finally:
            self.evaluator.ambient = outer
        return self._ran(flow)

    def run_text(
        self,
        text: Field | Text,
        *,
        state: State | None = None,
        what: str = "shell text",
        shell: Literal["new", "same"] = "new",
    ) -> Text:
        """A string is shell code. Tells what it prints."""
        parts = text.parts if isinstance(text, Field) else text
        if isinstance(text, Field) and text.open:
            self.opaque(f"{what} is not known before it runs")
            return NO_OUTPUT
        if not all(isinstance(part, str) for part in parts):
            self.opaque(f"{what} is not known before it runs")
            return NO_OUTPUT
        source = "".join(part for part in parts if isinstance(part, str))
        flow = self.evaluator.run_text(
            source,
            state or self.state,
            span=self.span,
            certain=self.certain,
            depth=self.depth + 1,
            same=shell == "same",
        )
        return self._ran(flow)

    def _ran(self, flow: "Flow") -> Text:
        """What a command inside wrote is written, unless the wrapper gave up before."""
        self.ran = True
        self.taken = union(self.taken, sources_of(flow.output))
        base = self.after or self.state
        if flow.ok.written is not base.written or flow.fail.written is not base.written:
            written = {**flow.fail.written, **flow.ok.written}
            news = {
                path: WrittenFile(
                    None, file.copy_of, file.link, file.also, file.sources, file=file.file, fresh=file.fresh
                )
                for path, file in written.items()
                if base.written.get(path) != file
            }
            self.after = replace(base, written={**base.written, **news})
        return flow.output

    def run_file(self, field: Field, *, args: list[Field], shell: bool, state: State | None = None) -> None:
        """A file is the program."""
        self.evaluator.run_file(self, field, args, state or self.state, shell=shell)

    def _signed(self) -> "_Signed":
        return {"program": self.name, "names": self.names, "span": self.span, "certain": self.certain}


def has_names(field: Field) -> bool:
    """Whether names that a command lists stand in it."""
    return any(isinstance(part, Hole) and part.below for part in field.parts)


def symbolic_paths(field: Field, state: State, *, entry: bool = False) -> tuple[SymbolicPath, ...]:
    """Absolute spellings of an argument that names a file; links and ``..`` are left for the look at the world."""
    text = field.static
    if text is None:
        if (
            any(isinstance(part, Wild) for part in field.parts)
            and not field.open
            and all(isinstance(part, str | Wild) for part in field.parts)
        ):
            # Nobody has listed what matches: it may be anything there, and its spelling says at least where.
            unknown = UnresolvedPath(field.text, "a pattern whose matches are not known")
            spelled = (posixpath.join(cwd, field.text) for cwd in state.cwd or ("/",))
            return (unknown, *(path for text in spelled for path in _through_links(text, state, entry=entry)))
        return (UnresolvedPath(field.text, field.why),)
    if text.startswith("/"):
        return _through_links(text, state, entry=entry)
    if not state.cwd:
        return (UnresolvedPath(text, "the current directory is not known"),)
    return tuple(
        p for cwd in state.cwd for p in _through_links(posixpath.join(cwd, text), state, entry=entry)
    )


def _through_links(path: str, state: State, *, entry: bool) -> tuple[SymbolicPath, ...]:
    """The path, and where it leads through links that this very line makes: nobody could look at those.

    From link to link, whichever was made first; a `..` behind one goes up from where that leads.
    """
    links = {name: file for name, file in state.written.items() if file.link}
    if not links:
        return (KnownPath(path),)
    out: dict[str, None] = {path: None}
    waiting = [path]
    while waiting:
        for further in _a_link_further(waiting.pop(), links, entry=entry):
            if further not in out:
                out[further] = None
                waiting.append(further)
        if len(out) > _MAX_PLACES:
            return (UnresolvedPath(path, "too many links that lead to each other"),)
    return tuple(KnownPath(text) for text in out)


def _a_link_further(path: str, links: dict[str, WrittenFile], *, entry: bool) -> Iterator[str]:
    """``path`` with one of the links in it followed."""
    parts = path.split("/")
    for index in range(2, len(parts) + 1):
        rest = "/".join(parts[index:])
        last = index == len(parts)
        file = (
            None
            if parts[index - 1] in {"", ".", ".."}
            else links.get(posixpath.normpath("/".join(parts[:index])))
        )
        if file is None or (last and entry):
            continue
        for place in (file.copy_of, *file.also):
            yield place if last else f"{place.rstrip('/')}/{rest}"
