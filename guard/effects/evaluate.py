"""Walks a script as bash would run it and collects what it would do. Pure: asks for facts, never looks.

Control flow by join, loops by widening, pipelines by what the producer is known to print. Whatever is not followed
is said as ``Opaque``. Numbers in comments are the rules of the project's notes on bash, checked by execution.
"""

from guard.effects.assign import DECLARES, assign, declared_arrays
from guard.effects.builtins import BUILTINS
from guard.effects.call import NO_OUTPUT, Call
from guard.effects.compound import Compounds
from guard.effects.expand import Expander
from guard.effects.flow import SOME, Flow, Jumps, either
from guard.effects.identity import identify, lexical_path
from guard.effects.injection import doubt_of
from guard.effects.outputs import computed
from guard.effects.place import is_below
from guard.effects.programs import also_called, handler
from guard.effects.redirect import Redirected, apply_redirects
from guard.effects.scripts import Scripts
from guard.effects.sources import Sources, sources_of, union, with_sources
from guard.effects.state import UNKNOWN, State, WrittenFile, inherited, join
from guard.effects.values import Field, Stream, Text, plain, static_text, texts_of
from guard.model.dataclass import once, replace
from guard.model.effect import Connect, DeletePath, Opaque, RunProgram, SymbolicEffect, WritePath
from guard.model.facts import Answer, Facts, Lookup
from guard.model.paths import KnownPath
from guard.model.source import Span
from guard.model.typed import assert_never
from guard.shell.ast import (
    ArithmeticCommand,
    ArithmeticFor,
    Assignment,
    Case,
    Command,
    Condition,
    Coproc,
    For,
    Function,
    Group,
    If,
    Item,
    Join,
    Loop,
    Parameter,
    Pipeline,
    Redirect,
    RedirectOp,
    Script,
    Simple,
    Subshell,
    Unread,
)
from guard.shell.emit import emit
from guard.shell.parse import parse

MAX_DEPTH = 16
MAX_COMMANDS = 700
MAX_INNER_CHARS = 128 * 1024
"""Of all text inside a text together."""
_SHOW_ENVIRONMENT = frozenset({"env", "printenv"})
_SENDERS = frozenset({"curl", "wget", "http", "https", "xh", "wscat", "getent"})
"""Programs whose arguments, whatever they are, are part of what they send."""
_NOTHING: Text = ()


class _Exhausted(Exception):
    pass


class Evaluator:
    """One analysis. Effects are kept in order, each once."""

    def __init__(self, facts: Facts, *, spent: int = 0) -> None:
        self.facts = facts
        self.lookups: dict[Lookup, None] = {}
        self.after: State | None = None
        """What the shell holds when the text has run; None where nobody could follow it to its end."""
        self.unread: list[Unread] = []
        self._effects: dict[SymbolicEffect, None] = {}
        self.spent = spent
        """Commands followed so far."""
        self._calls: list[str] = []
        self.jumps = Jumps()
        self._inner_chars = 0
        self._read: dict[int, Text] = {}
        self._spilled: dict[str, WrittenFile] = {}
        """What commands inside words wrote, until the state has it."""
        self._made = 0
        self.spared: list[SymbolicEffect] = []
        """Deletions of what the line itself made."""
        self._trapped: list[str] = []
        self._aliases: list[str] = []
        self._span: Span | None = None
        """The place of the whole text inside which an inner text is being run."""
        self._depth = 0
        self.ambient: Sources = ()
        """Where that came from which wrappers hand to the command inside."""
        self.expander = Expander(facts, self.ask, self._substitute, self.opaque)

    @once
    def _scripts(self) -> Scripts:
        return Scripts(self)

    @once
    def _compounds(self) -> Compounds:
        return Compounds(self)

    @property
    def effects(self) -> tuple[SymbolicEffect, ...]:
        return tuple(self._effects)

    def emit(self, effect: SymbolicEffect) -> SymbolicEffect:
        """Keep an effect; tells it as it is kept."""
        if self._span is not None:
            # Places inside an inner text mean nothing in the outer one.
            effect = replace(effect, span=self._span)
        self._effects.setdefault(effect)
        return effect

    def may_have_gone(self, path: str) -> bool:
        """Whether something that this very text does may have moved or removed the directory ``path``."""
        for effect in self._effects:
            match effect:
                case DeletePath(path=gone) | WritePath(path=gone, recursive=True):
                    if not isinstance(gone, KnownPath):
                        return True
                    name = lexical_path(gone.text)
                    if path == name or is_below(path, name):
                        return True
                case WritePath(path=KnownPath(text), program="rmdir") if lexical_path(text) == path:
                    return True
                case _:
                    pass
        return False

    def made(self) -> int:
        """The number of a new name: no other has it."""
        self._made += 1
        return self._made

    def reads_again(self, stdin: Text) -> bool:
        """Whether this very input was read from before: then its first line is gone."""
        again = id(stdin) in self._read
        # Kept, so that no other input gets the same identity.
        self._read[id(stdin)] = stdin
        return again

    def ask(self, lookup: Lookup) -> Answer | None:
        """The answer, if it is known; it is asked for in any case."""
        self.lookups.setdefault(lookup)
        return self.facts.answers.get(lookup)

    def opaque(self, reason: str, span: Span) -> None:
        self.emit(Opaque(reason=reason, span=span))

    # ------------------------------------------------------------------ entry points

    def analyse_text(self, text: str, state: State, stdin: Text | None = None) -> None:
        """Everything the text would do; never raises."""
        try:
            self._translated(text, Span(0, len(text)))
            self.after = self.alone(parse(text), state, certain=True, stdin=stdin).any
        except _Exhausted:
            self.opaque("too many commands to follow", Span(0, len(text)))
        except RecursionError:
            self.opaque("nested too deeply to follow", Span(0, len(text)))
        if any(_may_bring(effect) for effect in self._effects):
            for effect in self.spared:
                self.emit(effect)

    def run_text(
        self, text: str, state: State, *, span: Span, certain: bool, depth: int, same: bool = False
    ) -> Flow:
        """Shell code inside a command: ``bash -c``, a script file; in the ``same`` shell for ``eval`` and traps."""
        self._inner_chars += len(text)
        if depth > MAX_DEPTH or self._depth > MAX_DEPTH or self._inner_chars > MAX_INNER_CHARS:
            self.opaque("nested too deeply to follow", span)
            return Flow(state, state)
        self._translated(text, span)
        before = len(self.unread)
        outer, self._span = self._span, self._span or span
        self._depth += 1
        try:
            script = parse(text)
            flow = (
                self.script(script, state, certain=certain)
                if same
                else self.alone(script, inherited(state, self.facts), certain=certain)
            )
        finally:
            self._depth -= 1
            self._span = outer
        self.unread[before:] = [Unread(u.reason, span, span.start) for u in self.unread[before:]]
        return flow

    def _translated(self, text: str, span: Span) -> None:
        """``$"..."`` is looked up in a catalogue that came from outside, and what stands there is expanded."""
        if '$"' in text and self.facts.env.get("TEXTDOMAIN"):
            self.opaque("a string whose translation is not known", span)

    # ------------------------------------------------------------------ lists

    def script(self, script: Script, state: State, *, certain: bool, stdin: Text | None = None) -> Flow:
        flow = Flow(state, state, _NOTHING)
        printed: list[Text] = []
        conditional = False
        outer = state
        for index, item in enumerate(script.items):
            match item.join:
                case Join.AND:
                    start, sure, conditional = flow.ok, certain, True
                case Join.OR:
                    start, sure, conditional = flow.fail, False, True
                case _:
                    start, sure = flow.any, certain
                    outer = start
            if start.dead:
                # Behind `exit` or `break`: nobody gets here.
                if item.join is not Join.AND and item.join is not Join.OR:
                    flow = Flow(start, start)
                continue
            step = self._pipeline(item.pipeline, start, certain=sure, stdin=stdin)
            printed.append(step.output)
            match item.join:
                case Join.AND:
                    flow = Flow(step.ok, join(flow.fail, step.fail))
                case Join.OR:
                    flow = Flow(join(flow.ok, step.ok), step.fail)
                case Join.FIRST | Join.THEN:
                    flow = step
            if item.background:
                # All of an and-or list before `&` runs in a copy of the shell; what it wrote is written.
                copy = replace(outer, written={**outer.written, **flow.any.written})
                flow = Flow(flow.ok, flow.fail) if self._goes_on(script, index) else Flow(copy, copy)
        if len(printed) == 1:
            output = printed[0]
        elif conditional and printed:
            output = either(*printed)
        else:
            output = tuple(piece for text in printed for piece in text)
        return Flow(flow.ok, flow.fail, output)

    @staticmethod
    def _goes_on(script: Script, index: int) -> bool:
        """Whether the next item belongs to the same and-or list."""
        after = script.items[index + 1 : index + 2]
        return bool(after) and (after[0].join is Join.AND or after[0].join is Join.OR)

    def alone(self, script: Script, state: State, *, certain: bool, stdin: Text | None = None) -> Flow:
        """In a shell of its own: what leaves it, leaves only it, and its traps run at its end."""
        outer, self.jumps = self.jumps, Jumps()
        try:
            flow = self.script(script, state, certain=certain, stdin=stdin)
            self.end(flow.any, state)
        finally:
            self.jumps = outer
        return flow

    def end(self, state: State, before: State) -> None:
        """A shell ends: traps that were set in it run, with what it holds then."""
        if state.rare is before.rare or state.dead:
            return
        for text in state.rare.traps:
            if text not in before.rare.traps:
                self.run_trap(text, state)

    def run_trap(self, text: str, state: State) -> None:
        if text not in self._trapped:
            self._trapped.append(text)
            try:
                quiet = replace(state, dead=False)
                self.run_text(
                    text, quiet, span=self._span or Span(0, 0), certain=False, depth=self._depth, same=True
                )
            finally:
                self._trapped.pop()

    def _pipeline(self, pipeline: Pipeline, state: State, *, certain: bool, stdin: Text | None) -> Flow:
        if len(pipeline.commands) == 1:
            flow = self._command(pipeline.commands[0], state, certain=certain, stdin=stdin)
        else:
            # Rule 2: every stage of a pipeline gets a copy of the state. Files it wrote stay written.
            written = state.written
            text: Text | None = stdin
            step = Flow(state, state, _NOTHING)
            for command in pipeline.commands:
                step = self._command(command, replace(state, written=written), certain=certain, stdin=text)
                self.end(step.any, state)
                written = {**written, **step.any.written}
                text = step.output
            after = replace(state, written=written)
            flow = Flow(after, after, text or _NOTHING)
            if state.rare.lastpipe:
                # Where jobs are not controlled, the last stage is this very shell.
                flow = Flow(join(after, step.ok), join(after, step.fail), flow.output)
        return Flow(flow.fail, flow.ok, flow.output) if pipeline.negated else flow

    # ------------------------------------------------------------------ commands

    def _command(self, command: Command, state: State, *, certain: bool, stdin: Text | None) -> Flow:
        self.spent += 1
        if self.spent > MAX_COMMANDS:
            raise _Exhausted
        match command:
            case Simple():
                return self._simple(command, state, certain=certain, stdin=stdin)
            case Unread(reason, span):
                self.unread.append(command)
                self.emit(Opaque(reason=f"could not be read: {reason}", span=span))
                return Flow(replace(state, cwd=(), positional=None), replace(state, cwd=(), positional=None))
            case Function(name, _, _):
                after = state.with_function(name, command.body)
                return Flow(after, after, _NOTHING)
            case Coproc():
                flow = self._command(command.body, state, certain=certain, stdin=SOME)
                after = replace(state, written={**state.written, **flow.any.written})
                after = after.with_variable(command.name, UNKNOWN).with_variable(
                    f"{command.name}_PID", UNKNOWN
                )
                return Flow(after, after, flow.output)
            case (
                Group()
                | Subshell()
                | If()
                | Loop()
                | For()
                | ArithmeticFor()
                | Case()
                | Condition()
                | ArithmeticCommand()
            ):
                redirected = self._redirects(command.redirects, state, certain=certain, stdin=stdin)
                flow = self._compounds.run(command, redirected.state, certain=certain, stdin=redirected.stdin)
                return self._written(redirected, flow)
            case _:
                assert_never(command)

    # ------------------------------------------------------------------ simple commands

    def _simple(self, command: Simple, state: State, *, certain: bool, stdin: Text | None) -> Flow:
        redirected = self._redirects(command.redirects, state, certain=certain, stdin=stdin)
        state = redirected.state
        worlds: list[list[Field]] = self.expander.fields(command.words, state) if command.words else [[]]
        state = self.spilled(state)
        arrays = declared_arrays(command.words)
        flows: list[Flow] = []
        for argv in worlds:
            if not argv:
                after = self.spilled(assign(self, command.assignments, state))
                for assignment in command.assignments:
                    # Some need no `export`, others have it from elsewhere.
                    self.note_injection(assignment.name, after, command.span)
                flows.append(Flow(after, after, _NOTHING))
                continue
            inner = state
            if command.assignments:
                inner = self.spilled(assign(self, command.assignments, state, exported=True))
            for assignment in command.assignments:
                self.note_injection(assignment.name, inner, command.span)
            flow = self.run_argv(
                argv,
                inner,
                span=command.span,
                stdin=redirected.stdin,
                certain=certain and len(worlds) == 1,
                depth=self._depth,
                shell=True,
            )
            if arrays and argv[0].static in DECLARES and argv[0].static not in state.functions:
                flow = Flow(
                    assign(self, arrays, flow.ok, declared=True),
                    assign(self, arrays, flow.fail, declared=True),
                    flow.output,
                )
            if command.assignments:
                flow = Flow(
                    _restore(flow.ok, state, command.assignments),
                    _restore(flow.fail, state, command.assignments),
                    flow.output,
                )
            flows.append(flow)
        if state.rare.aliases and command.words:
            self._aliased(command, state)
        flow = flows[0]
        for other in flows[1:]:
            flow = Flow(
                join(flow.ok, other.ok),
                join(flow.fail, other.fail),
                either(flow.output, other.output),
            )
        tested = _tested(command)
        if tested is not None:
            name, filled = tested
            flow = (
                Flow(_narrowed(flow.ok, (name,)), flow.fail, flow.output)
                if filled
                else Flow(flow.ok, _narrowed(flow.fail, (name,)), flow.output)
            )
        required = self.expander.take_required()
        if required:
            flow = Flow(_narrowed(flow.ok, required), _narrowed(flow.fail, required), flow.output)
        return self._written(redirected, flow)

    def _aliased(self, command: Simple, state: State) -> None:
        """An alias may stand for the first word, from the next line on, where the shell expands them."""
        name = command.words[0].static
        value = state.rare.aliases.get(name or "")
        if value is None or name in self._aliases:
            return
        rest = Simple((), command.words[1:], command.redirects, command.span)
        line = Script((Item(Join.FIRST, Pipeline((rest,), False, command.span)),), command.span)
        self._aliases.append(name or "")
        try:
            self.run_text(
                f"{value} {emit(line)}" if command.words[1:] else value,
                state,
                span=command.span,
                certain=False,
                depth=self._depth,
                same=True,
            )
        finally:
            self._aliases.pop()

    def note_injection(self, name: str, state: State, span: Span) -> None:
        """For builtins and wrappers that set variables for later programs."""
        reason = doubt_of(name, self.expander.variable(name, state).values)
        if reason:
            self.opaque(reason, span)

    # ------------------------------------------------------------------ argv

    def run_argv(
        self,
        argv: list[Field],
        state: State,
        *,
        span: Span,
        stdin: Text | None,
        certain: bool,
        depth: int,
        shell: bool,
    ) -> Flow:
        """One command after expansion. ``shell``: functions and builtins are found before programs."""
        self.spent += 1
        if self.spent > MAX_COMMANDS:
            raise _Exhausted
        if depth > MAX_DEPTH:
            self.opaque("nested too deeply to follow", span)
            return Flow(state, state)
        if not argv:
            return Flow(state, state, _NOTHING)
        name = argv[0].static
        if not name:
            self.opaque(f"which program runs is not known before it runs: `{argv[0].text}`", span)
            return Flow(state, state)
        if name in state.rare.hashed and name not in state.functions and name not in BUILTINS:
            if not state.rare.hashed[name]:
                self.opaque(f"which file `{name}` starts is not known before it runs", span)
                return self._program(name, argv, state, span=span, stdin=stdin, certain=certain, depth=depth)
            argv, name = (
                [plain(state.rare.hashed[name], argv[0].span), *argv[1:]],
                state.rare.hashed[name],
            )
        if shell and name in state.functions:
            flow = self._function(name, argv, state, span=span, stdin=stdin, certain=certain)
            if name not in state.doubtful:
                return flow
            other = self.run_argv(
                argv,
                state.without_function(name),
                span=span,
                stdin=stdin,
                certain=False,
                depth=depth + 1,
                shell=True,
            )
            return Flow(
                join(flow.ok, other.ok), join(flow.fail, other.fail), either(flow.output, other.output)
            )
        if shell and name in BUILTINS:
            call = Call(self, name, (name,), argv[1:], state, span, stdin, certain, depth)
            self.say_program(call)
            BUILTINS[name](call)
            return self._finished(call, argv[1:])
        return self._program(name, argv, state, span=span, stdin=stdin, certain=certain, depth=depth)

    def _function(
        self, name: str, argv: list[Field], state: State, *, span: Span, stdin: Text | None, certain: bool
    ) -> Flow:
        if name in self._calls or len(self._calls) > MAX_DEPTH:
            self.opaque(f"the function `{name}` calls itself", span)
            return Flow(state, state)
        self._calls.append(name)
        loops, self.jumps.loops = self.jumps.loops, []
        left: list[State] = []
        self.jumps.returns.append(left)
        try:
            arguments = texts_of(argv[1:])
            inside = replace(state, positional=arguments, local=frozenset[str]())
            flow = self._command(state.functions[name], inside, certain=certain, stdin=stdin)
        finally:
            self._calls.pop()
            self.jumps.loops = loops
            self.jumps.returns.pop()
        for other in left:
            flow = Flow(
                join(flow.ok, other), join(flow.fail, other), with_sources(SOME, sources_of(flow.output))
            )
        return Flow(_returned(flow.ok, state), _returned(flow.fail, state), flow.output)

    def _program(
        self,
        name: str,
        argv: list[Field],
        state: State,
        *,
        span: Span,
        stdin: Text | None,
        certain: bool,
        depth: int,
    ) -> Flow:
        identity = identify(name, state, self.facts, self.ask)
        known, handle = "", None
        for known_as in identity.known_as:
            handle = handler(known_as)
            if handle is not None:
                known = known_as
                break
        shown = known or (identity.names[0] if identity.names else name)
        call = Call(self, shown, identity.names or (name,), argv[1:], state, span, stdin, certain, depth)
        call.sha256 = identity.sha256
        self.say_program(call)
        if identity.doubt:
            call.opaque(identity.doubt)
        if not name.isascii():
            call.opaque("a program's name with characters that look like others")
        if handle is not None:
            handle(call)
        elif identity.file:
            self._scripts.run_path(call, identity.file, identity.written, argv[1:], state, shell=False)
            from guard.effects.entry_points import also_file  # noqa: PLC0415 - only where a file of a project runs

            also_file(call, identity.file, argv[1:])
        elif "command_not_found_handle" in state.functions:
            return self._function(
                "command_not_found_handle",
                [argv[0], *argv],
                state,
                span=span,
                stdin=stdin,
                certain=False,
            )
        else:
            call.opaque(f"nothing is known about what `{shown}` does")
            for field in argv[1:]:
                # It may write what it is given: judged as such, so that `foo ~/.bashrc` is not lost in the haze.
                if field.static and not field.static.startswith("-") and "/" in field.static:
                    call.read(field)
        return self._finished(call, argv[1:])

    def _finished(self, call: Call, args: list[Field]) -> Flow:
        """The state after a call, and where what it printed, wrote and sent came from."""
        after = call.after or call.state
        if call.output is NO_OUTPUT:
            # A handler may have taken arguments away.
            taken, call.args = call.args, args
            call.output = computed(call) or NO_OUTPUT
            call.args = taken
        if call.name in _SHOW_ENVIRONMENT and not call.ran:
            call.taken = union(("environment",), call.taken)
        carried = call.carried
        if self.ambient:
            carried = union(carried, self.ambient)
        if carried:
            for connect in call.sent:
                if connect.upload or (call.name in _SENDERS and (call.given or self.ambient)):
                    self._carries(connect, union(carried, connect.carries))
        if call.revealed:
            carried = union(call.revealed, carried)
        if carried and after.written is not call.state.written:
            after = _originated(after, call.state, carried)
        return Flow(after, call.failed or after, with_sources(call.output, carried))

    def _carries(self, connect: Connect, sources: Sources) -> None:
        """Say of a connection, in its place, what it carries."""
        local = tuple(source for source in sources if not source.startswith("network:"))
        if local:
            said = replace(connect, carries=local, upload=True)
            self._effects = {said if effect == connect else effect: None for effect in self._effects}

    def say_program(self, call: Call) -> None:
        """Who runs, under every name that it goes by."""
        self.emit(
            RunProgram(
                arguments=tuple([field.static or field.text for field in call.args[:64]]),
                sha256=call.sha256,
                program=call.name,
                names=(*call.names, *also_called(call.name, call.args)),
                span=call.span,
                certain=call.certain,
            )
        )

    # ------------------------------------------------------------------ files that are programs

    def run_file(self, call: Call, field: Field, args: list[Field], state: State, *, shell: bool) -> None:
        """``bash FILE``, ``source FILE``: the program is in a file."""
        self._scripts.run(call, field, args, state, shell=shell)

    def source(self, call: Call, field: Field, args: list[Field]) -> Flow | None:
        """A file read in this very shell; None when nobody can tell what it does."""
        return self._scripts.run(call, field, args, call.state, shell=True, same=True)

    def run_stdin(self, call: Call, state: State) -> None:
        """The program comes on descriptor 0 (rule 19)."""
        self._scripts.run_stdin(call, state)

    # ------------------------------------------------------------------ redirections

    def _redirects(
        self, redirects: tuple[Redirect, ...], state: State, *, certain: bool, stdin: Text | None
    ) -> Redirected:
        if not redirects:
            return Redirected(state, stdin)
        redirected = apply_redirects(self, redirects, state, stdin=stdin, certain=certain)
        if not self._spilled:
            return redirected
        return replace(redirected, state=self.spilled(redirected.state), before=redirected.state)

    def _written(self, redirected: Redirected, flow: Flow) -> Flow:
        """What was printed is now in the files it was redirected to."""
        for connect in redirected.sockets:
            self.emit(replace(connect, carries=union(connect.carries, sources_of(flow.output))))
        for stream in redirected.streams:
            self.pour(stream, flow.output, redirected.before or redirected.state)
        if self._spilled:
            files, self._spilled = self._spilled, {}
            flow = Flow(
                replace(flow.ok, written={**flow.ok.written, **files}),
                replace(flow.fail, written={**flow.fail.written, **files}),
                flow.output,
            )
        if redirected.streams and not redirected.outputs:
            return Flow(flow.ok, flow.fail, _NOTHING)
        if not redirected.outputs:
            return flow
        origin = sources_of(flow.output)
        known = static_text(flow.output)
        ok, fail = flow.ok, flow.fail
        for path, append in redirected.outputs:
            before = ok.written.get(path)
            file = before is None or before.file
            made = WrittenFile(known, sources=origin, surely=True, file=file)
            if append:
                text = before.text if before is not None else None
                made = WrittenFile(
                    text + known if text is not None and known is not None else None,
                    sources=union(before.sources, origin) if before is not None else origin,
                    surely=before is not None and before.surely,
                    file=file,
                )
            ok = ok.with_written(path, made)
            # It may be the redirection that failed. Then what this line put there before is there still.
            kept = before is None or append or not (before.text is None or before.text)
            fail = fail.with_written(
                path,
                replace(made, surely=False) if kept else WrittenFile(None, sources=made.sources, file=file),
            )
        return Flow(ok, fail, _NOTHING)

    def _file_content(self, script: Script, state: State) -> Text:
        """``$(< file)`` is what the file holds; empty when it is not that."""
        match script.items:
            case (
                Item(pipeline=Pipeline(commands=(Simple((), (), (Redirect(op=RedirectOp.READ),) as only),))),
            ):
                return self._redirects(only, state, certain=True, stdin=None).stdin or SOME
            case _:
                return ()

    def _substitute(self, script: Script, state: State, stdin: Text | None = None) -> Text:
        self._depth += 1
        try:
            if self._depth > MAX_DEPTH * 2:
                self.opaque("nested too deeply to follow", script.span)
                return SOME
            flow = self.alone(script, state, certain=True, stdin=stdin)
            self._spill(flow.any, state)
            return self._file_content(script, state) or flow.output
        finally:
            self._depth -= 1

    def pour(self, stream: Stream, text: Text, state: State) -> None:
        """``text`` is written into the pipe of a ``>( )``."""
        if stream.into is not None:
            self._substitute(stream.into, state, text)

    def _spill(self, after: State, before: State) -> None:
        """Files that a command inside a word wrote are there for what comes behind that word."""
        if after.written is not before.written:
            self._spilled.update(
                {path: file for path, file in after.written.items() if before.written.get(path) != file}
            )

    def spilled(self, state: State) -> State:
        """``state`` with what the words that were just expanded wrote."""
        if not self._spilled:
            return state
        files, self._spilled = self._spilled, {}
        return replace(state, written={**state.written, **files})


def _may_bring(effect: SymbolicEffect) -> bool:
    """Whether it may take something from where it was: then that may be all there is of it."""
    match effect:
        case Opaque() | DeletePath() | WritePath(recursive=True):
            return True
        case WritePath(detail=detail):
            return bool(detail)
        case _:
            return False


def _originated(after: State, before: State, sources: Sources) -> State:
    """What a program wrote holds what it has read."""
    written = {
        path: file
        if before.written.get(path) == file or (file.text is not None and not file.sources)
        else replace(file, sources=union(file.sources, sources), surely=False)
        for path, file in after.written.items()
    }
    return replace(after, written=written)


def _tested(command: Simple) -> tuple[str, bool] | None:
    """The variable that ``[ -n "$x" ]`` or ``test -z "$x"`` is about, and whether success means that it holds something."""
    words = command.words
    if not 3 <= len(words) <= 4 or words[0].static not in {"[", "test"}:
        return None
    match words[1].static, words[2].parts:
        case ("-n" | "-z") as operator, (
            Parameter(name=name, quoted=True, operator="", indirect=False, length=False),
        ):
            return name, operator == "-n"
        case _:
            return None


def _narrowed(state: State, names: tuple[str, ...]) -> State:
    """Behind `${name:?}` the name is not empty: the shell would have stopped."""
    for name in names:
        variable = state.variables.get(name)
        values = tuple(v for v in variable.values if v != ("",)) if variable is not None else ()
        if variable is None:
            state = state.with_variable(name, UNKNOWN)
        elif values and values != variable.values:
            state = state.with_variable(name, replace(variable, values=values))
    return state


def _restore(after: State, before: State, assignments: tuple[Assignment, ...]) -> State:
    """Assignments before a command last for that command only."""
    variables = dict(after.variables)
    for item in assignments:
        if item.name in before.variables:
            variables[item.name] = before.variables[item.name]
        else:
            variables.pop(item.name, None)
    return replace(after, variables=variables)


def _returned(after: State, before: State) -> State:
    """A function's own variables and arguments end with it."""
    variables = dict(after.variables)
    for name in after.local:
        if name in before.variables:
            variables[name] = before.variables[name]
        else:
            variables.pop(name, None)
    return replace(after, variables=variables, positional=before.positional, local=before.local)
