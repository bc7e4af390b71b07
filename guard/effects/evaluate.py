"""Walks a script as bash would run it and collects what it would do. Pure: asks for facts, never looks.

Control flow by join, loops by widening, pipelines by what the producer is known to print. Whatever is not followed
is said as ``Opaque``. Numbers in comments are the rules of the project's notes on bash, checked by execution.
"""

from typing import assert_never

from guard.effects.builtins import BUILTINS
from guard.effects.call import Call
from guard.effects.expand import Expander
from guard.effects.identity import identify
from guard.effects.injection import doubt_of
from guard.effects.programs import handler
from guard.effects.redirect import Redirected, apply_redirects
from guard.effects.scripts import Scripts
from guard.effects.sources import Sources, sources_of, union, with_sources
from guard.effects.state import NUMBER, UNKNOWN, State, Variable, WrittenFile, join, widen
from guard.effects.values import Field, Hole, Text, static_text, texts_of
from guard.model.dataclass import dataclass, replace
from guard.model.effect import Connect, Opaque, RunProgram, SymbolicEffect
from guard.model.facts import Answer, Facts, Lookup
from guard.model.source import Span
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
    Pipeline,
    Redirect,
    RedirectOp,
    Script,
    Simple,
    Subshell,
    Unread,
    Word,
)
from guard.shell.parse import parse

MAX_DEPTH = 16
MAX_COMMANDS = 1000
MAX_PASSES = 6
_SHOW_ENVIRONMENT = frozenset({"env", "printenv"})
_SENDERS = frozenset({"curl", "wget", "http", "https", "xh"})
"""Programs whose arguments, whatever they are, are part of what they send."""
_NOTHING: Text = ()
_SOME: Text = (Hole("the output of a command"),)


@dataclass(frozen=True, slots=True)
class Flow:
    """The state if the command succeeded, if it failed, and what it printed."""

    ok: State
    fail: State
    output: Text = _SOME

    @property
    def any(self) -> State:
        return join(self.ok, self.fail)


class _Exhausted(Exception):
    pass


class Evaluator:
    """One analysis. Effects are kept in order, each once."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.lookups: dict[Lookup, None] = {}
        self.unread: list[Unread] = []
        self._effects: dict[SymbolicEffect, None] = {}
        self._commands = 0
        self._calls: list[str] = []
        self._scripts = Scripts(self)
        self._depth = 0
        self.ambient: Sources = ()
        """Where that came from which wrappers hand to the command inside."""
        self.expander = Expander(facts, self.ask, self._substitute, self._opaque)

    @property
    def effects(self) -> tuple[SymbolicEffect, ...]:
        return tuple(self._effects)

    def emit(self, effect: SymbolicEffect) -> None:
        self._effects.setdefault(effect)

    def ask(self, lookup: Lookup) -> Answer | None:
        """The answer, if it is known; it is asked for in any case."""
        self.lookups.setdefault(lookup)
        return self.facts.answers.get(lookup)

    def _opaque(self, reason: str, span: Span) -> None:
        self.emit(Opaque(reason=reason, span=span))

    # ------------------------------------------------------------------ entry points

    def analyse_text(self, text: str, state: State) -> None:
        """Everything the text would do; never raises."""
        try:
            self._script(parse(text), state, certain=True)
        except _Exhausted:
            self._opaque("too many commands to follow", Span(0, len(text)))
        except RecursionError:
            self._opaque("nested too deeply to follow", Span(0, len(text)))

    def run_text(self, text: str, state: State, *, span: Span, certain: bool, depth: int) -> Flow:
        """Shell code inside a command: ``bash -c``, ``eval``, a script file."""
        if depth > MAX_DEPTH or self._depth > MAX_DEPTH:
            self._opaque("nested too deeply to follow", span)
            return Flow(state, state)
        before = len(self.unread)
        self._depth += 1
        try:
            flow = self._script(parse(text), state, certain=certain)
        finally:
            self._depth -= 1
        # Places inside the inner text mean nothing in the outer one.
        self.unread[before:] = [Unread(u.reason, span, span.start) for u in self.unread[before:]]
        return flow

    # ------------------------------------------------------------------ lists

    def _script(self, script: Script, state: State, *, certain: bool, stdin: Text | None = None) -> Flow:
        flow = Flow(state, state, _NOTHING)
        printed: list[Text] = []
        last = len(script.items) - 1
        for index, item in enumerate(script.items):
            match item.join:
                case Join.AND:
                    start, sure = flow.ok, certain
                case Join.OR:
                    start, sure = flow.fail, False
                case _:
                    start, sure = flow.any, certain
            step = self._item(item, start, certain=sure, stdin=stdin, last=index == last)
            printed.append(step.output)
            match item.join:
                case Join.AND:
                    flow = Flow(step.ok, join(flow.fail, step.fail))
                case Join.OR:
                    flow = Flow(join(flow.ok, step.ok), step.fail)
                case Join.FIRST | Join.THEN:
                    flow = step
        conditional = any(item.join in {Join.AND, Join.OR} for item in script.items)
        output = (
            tuple(piece for text in printed for piece in text)
            if not conditional or len(printed) == 1
            else _either(*printed)
        )
        return Flow(flow.ok, flow.fail, output)

    def _item(self, item: Item, state: State, *, certain: bool, stdin: Text | None, last: bool) -> Flow:
        del last
        flow = self._pipeline(item.pipeline, state, certain=certain, stdin=stdin)
        if item.background:
            return Flow(state, state, flow.output)
        return flow

    def _pipeline(self, pipeline: Pipeline, state: State, *, certain: bool, stdin: Text | None) -> Flow:
        if len(pipeline.commands) == 1:
            flow = self._command(pipeline.commands[0], state, certain=certain, stdin=stdin)
        else:
            # Rule 2: every stage of a pipeline gets a copy of the state. Files it wrote stay written.
            written = state.written
            text: Text | None = stdin
            for command in pipeline.commands:
                step = self._command(command, replace(state, written=written), certain=certain, stdin=text)
                written = {**written, **step.ok.written}
                text = step.output
            after = replace(state, written=written)
            flow = Flow(after, after, text or _NOTHING)
        return Flow(flow.fail, flow.ok, flow.output) if pipeline.negated else flow

    # ------------------------------------------------------------------ commands

    def _command(self, command: Command, state: State, *, certain: bool, stdin: Text | None) -> Flow:
        self._commands += 1
        if self._commands > MAX_COMMANDS:
            raise _Exhausted
        match command:
            case Simple():
                return self._simple(command, state, certain=certain, stdin=stdin)
            case Unread(reason, span):
                self.unread.append(command)
                self.emit(Opaque(reason=f"could not be read: {reason}", span=span))
                return Flow(replace(state, cwd=(), positional=None), replace(state, cwd=(), positional=None))
            case Function(name, _, _):
                after = replace(state, functions={**state.functions, name: command.body})
                return Flow(after, after, _NOTHING)
            case Coproc():
                flow = self._command(command.body, state, certain=certain, stdin=_SOME)
                return Flow(state, state, flow.output)
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
                flow = self._compound(command, redirected.state, certain=certain, stdin=redirected.stdin)
                return self._written(redirected, flow)
            case _:
                assert_never(command)

    def _compound(
        self,
        command: Group | Subshell | If | Loop | For | ArithmeticFor | Case | Condition | ArithmeticCommand,
        state: State,
        *,
        certain: bool,
        stdin: Text | None,
    ) -> Flow:
        match command:
            case Group(body):
                return self._script(body, state, certain=certain, stdin=stdin)
            case Subshell(body):
                flow = self._script(body, state, certain=certain, stdin=stdin)
                after = replace(state, written={**state.written, **flow.any.written})
                return Flow(after, after, flow.output)
            case If():
                return self._if(command, state, certain=certain, stdin=stdin)
            case Loop(condition, body):
                first = self._script(condition, state, certain=certain, stdin=stdin)
                again = self._twice(body, first.any, stdin=stdin, condition=condition)
                return Flow(again, again)
            case For():
                return self._for(command, state, stdin=stdin)
            case ArithmeticFor(text, parts, body):
                self.expander.arithmetic(text, parts, state, command.span)
                start = self._counted(text, state)
                again = self._twice(body, start, stdin=stdin, condition=None)
                return Flow(again, again)
            case Case():
                return self._case(command, state, stdin=stdin)
            case Condition(words):
                self._condition(words, state, command.span)
                return Flow(state, state, _NOTHING)
            case ArithmeticCommand(text, parts):
                self.expander.arithmetic(text, parts, state, command.span)
                after = self._counted(text, state)
                return Flow(after, after, _NOTHING)
            case _:
                assert_never(command)

    def _if(self, command: If, state: State, *, certain: bool, stdin: Text | None) -> Flow:
        ends: list[Flow] = []
        for index, (condition, body) in enumerate(command.branches):
            test = self._script(condition, state, certain=certain and index == 0, stdin=stdin)
            ends.append(self._script(body, test.ok, certain=False, stdin=stdin))
            state = test.fail
        if command.otherwise is not None:
            ends.append(self._script(command.otherwise, state, certain=False, stdin=stdin))
        else:
            ends.append(Flow(state, state))
        after = ends[0].any
        for flow in ends[1:]:
            after = join(after, flow.any)
        return Flow(after, after)

    def _twice(self, body: Script, state: State, *, stdin: Text | None, condition: Script | None) -> State:
        """A loop body: once as it is, once more with all it changed unknown."""
        once = self._script(body, state, certain=False, stdin=stdin)
        start = widen(state, once.any)
        if condition is not None:
            start = widen(start, self._script(condition, start, certain=False, stdin=stdin).any)
        end = start
        for _ in range(MAX_PASSES):
            end = widen(start, self._script(body, start, certain=False, stdin=stdin).any)
            if end.variables == start.variables or not _was_a_number(start, end):
                return end
            # What was taken for a counter is none: what the body does with it is looked at again.
            start = end
        return replace(end, variables=dict.fromkeys(end.variables, UNKNOWN))

    def _for(self, command: For, state: State, *, stdin: Text | None) -> Flow:
        if command.words is None:
            values = (
                state.positional if state.positional is not None else ((Hole("the positional parameters"),),)
            )
        else:
            fields = [f for world in self.expander.fields(command.words, state) for f in world]
            values = tuple(
                dict.fromkeys(
                    tuple(p if isinstance(p, str | Hole) else Hole("a name from a list") for p in f.parts)
                    if not f.open
                    else (Hole("a name from a list", sources=sources_of(f.parts)),)
                    for f in fields
                )
            )
        if not values:
            return Flow(state, state)
        if len(values) > 8:
            # Each value is followed on its own while there are few; many are followed as their union of places.
            after = state
            for value in values[:64]:
                after = join(
                    after,
                    self._script(
                        command.body,
                        state.with_variable(command.name, Variable((value,))),
                        certain=False,
                        stdin=stdin,
                    ).any,
                )
            if len(values) > 64:
                self._twice(
                    command.body,
                    state.with_variable(command.name, Variable(((Hole("a name from a list"),),))),
                    stdin=stdin,
                    condition=None,
                )
            return Flow(after, after)
        after = self._twice(
            command.body, state.with_variable(command.name, Variable(values)), stdin=stdin, condition=None
        )
        after = join(state, after)
        return Flow(after, after)

    def _case(self, command: Case, state: State, *, stdin: Text | None) -> Flow:
        self.expander.texts(command.word, state)
        after = state
        for item in command.items:
            for pattern in item.patterns:
                self.expander.texts(pattern, state)
            # `;&` falls into the next body: following each from the state joined so far covers it.
            after = join(after, self._script(item.body, after, certain=False, stdin=stdin).any)
        return Flow(after, after)

    def _condition(self, words: tuple[Word, ...], state: State, span: Span) -> None:
        texts = [self.expander.texts(word, state) for word in words]
        operators = {"-eq", "-ne", "-lt", "-gt", "-le", "-ge", "-v", "-R"}
        if any(static_text(alternatives[0]) in operators for alternatives in texts):
            for alternatives in texts:
                for value in alternatives:
                    known = static_text(value)
                    numeric = all(isinstance(p, str) or (isinstance(p, Hole) and p.number) for p in value)
                    if (known is None and not numeric) or (
                        known is not None and "[" in known and known not in {"[[", "]]"}
                    ):
                        self._opaque("arithmetic on a value that is not known can run commands", span)
                        return

    def _counted(self, text: str, state: State) -> State:
        """After an arithmetic expression: what it surely assigns is a number, any other name in it may be."""
        after = widen(state, self._count_variables(text, state))
        for name in _surely_assigned(text):
            after = after.with_variable(name, Variable(((Hole("a number", number=True),),)))
        return after

    def _count_variables(self, text: str, state: State) -> State:
        after = state
        for name in _assigned(text):
            after = after.with_variable(name, Variable(((Hole("a number", number=True),),)))
        return after

    # ------------------------------------------------------------------ simple commands

    def _simple(self, command: Simple, state: State, *, certain: bool, stdin: Text | None) -> Flow:
        redirected = self._redirects(command.redirects, state, certain=certain, stdin=stdin)
        state = redirected.state
        worlds: list[list[Field]] = self.expander.fields(command.words, state) if command.words else [[]]
        flows: list[Flow] = []
        for argv in worlds:
            if not argv:
                after = self._assign(command.assignments, state, exported=False)
                for assignment in command.assignments:
                    # Some need no `export`, others have it from elsewhere.
                    self.note_injection(assignment.name, after, command.span)
                flows.append(Flow(after, after, _NOTHING))
                continue
            inner = self._assign(command.assignments, state, exported=True)
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
            if command.assignments:
                flow = Flow(
                    _restore(flow.ok, state, command.assignments),
                    _restore(flow.fail, state, command.assignments),
                    flow.output,
                )
            flows.append(flow)
        flow = flows[0]
        for other in flows[1:]:
            flow = Flow(
                join(flow.ok, other.ok),
                join(flow.fail, other.fail),
                _either(flow.output, other.output),
            )
        return self._written(redirected, flow)

    def _assign(self, assignments: tuple[Assignment, ...], state: State, *, exported: bool) -> State:
        for item in assignments:
            if item.subscript is not None:
                subscript = item.subscript.static
                if subscript is None or any(c in subscript for c in "$`["):
                    self.expander.texts(item.subscript, state)
                    self._opaque("an array subscript that is not known can run commands", item.span)
                state = state.with_variable(item.name, Variable(((Hole("an array"),),)))
                if item.value is not None:
                    self.expander.texts(item.value, state)
                continue
            if item.value is None:
                worlds = self.expander.fields(item.array, state)
                for key in item.subscripts:
                    if key is not None:
                        self.expander.texts(key, state)
                if any(key is not None for key in item.subscripts):
                    # Which element each word becomes is arithmetic, or a key.
                    self._opaque("array subscripts can run commands", item.span)
                    state = state.with_variable(item.name, Variable(((Hole("an array"),),)))
                    continue
                array: tuple[Text, ...] = tuple(
                    tuple(p if isinstance(p, str | Hole) else Hole("a pattern") for p in f.parts)
                    for f in worlds[0]
                )
                if len(worlds) > 1 or any(f.open for f in worlds[0]):
                    array = ((Hole("an array that is not known"),),)
                old = state.variables.get(item.name)
                if item.append and old is not None and old.array is not None:
                    array = old.array + array
                state = state.with_variable(item.name, Variable(array[:1] or (("",),), array, exported))
                continue
            values = self.expander.texts(item.value, state)
            if item.append:
                before = self.expander.variable(item.name, state).values
                values = tuple(dict.fromkeys((*old, *new) for old in before for new in values))
            values = tuple(_flat(v) for v in values)
            state = state.with_variable(item.name, Variable(values, None, exported))
        return state

    def note_injection(self, name: str, state: State, span: Span) -> None:
        """For builtins and wrappers that set variables for later programs."""
        reason = doubt_of(name, self.expander.variable(name, state).values)
        if reason:
            self._opaque(reason, span)

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
        self._commands += 1
        if self._commands > MAX_COMMANDS:
            raise _Exhausted
        if depth > MAX_DEPTH:
            self._opaque("nested too deeply to follow", span)
            return Flow(state, state)
        if not argv:
            return Flow(state, state, _NOTHING)
        name = argv[0].static
        if not name:
            self._opaque(f"which program runs is not known before it runs: `{argv[0].text}`", span)
            return Flow(state, state)
        if shell and name in state.functions:
            return self._function(name, argv, state, span=span, stdin=stdin, certain=certain)
        if shell and name in BUILTINS:
            call = Call(self, name, (name,), argv[1:], state, span, stdin, certain, depth)
            self.say_program(call)
            BUILTINS[name](call)
            return self._finished(call)
        return self._program(name, argv, state, span=span, stdin=stdin, certain=certain, depth=depth)

    def _function(
        self, name: str, argv: list[Field], state: State, *, span: Span, stdin: Text | None, certain: bool
    ) -> Flow:
        if name in self._calls or len(self._calls) > MAX_DEPTH:
            self._opaque(f"the function `{name}` calls itself", span)
            return Flow(state, state)
        self._calls.append(name)
        try:
            arguments = texts_of(argv[1:])
            inside = replace(state, positional=arguments, local=frozenset[str]())
            flow = self._command(state.functions[name], inside, certain=certain, stdin=stdin)
        finally:
            self._calls.pop()
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
        known, handle = next(
            ((name, found) for name in identity.known_as if (found := handler(name)) is not None), ("", None)
        )
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
        else:
            call.opaque(f"nothing is known about what `{shown}` does")
            for field in argv[1:]:
                # It may write what it is given: judged as such, so that `foo ~/.bashrc` is not lost in the haze.
                if field.static and not field.static.startswith("-") and "/" in field.static:
                    call.read(field)
        return self._finished(call)

    def _finished(self, call: Call) -> Flow:
        """The state after a call, and where what it printed, wrote and sent came from."""
        after = call.after or call.state
        if call.name in _SHOW_ENVIRONMENT and not call.ran:
            call.taken = union(("environment",), call.taken)
        carried = call.carried
        if self.ambient:
            carried = union(carried, self.ambient)
        if carried:
            for connect in call.sent:
                if connect.upload or (call.name in _SENDERS and (call.given or self.ambient)):
                    self._carries(connect, union(carried, connect.carries))
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
        arguments = tuple(field.text for field in call.args[:64])
        call.say(RunProgram(arguments=arguments, sha256=call.sha256))

    # ------------------------------------------------------------------ files that are programs

    def run_file(self, call: Call, field: Field, args: list[Field], state: State, *, shell: bool) -> None:
        """``bash FILE``, ``source FILE``: the program is in a file."""
        self._scripts.run(call, field, args, state, shell=shell)

    def run_stdin(self, call: Call, state: State) -> None:
        """The program comes on descriptor 0 (rule 19)."""
        self._scripts.run_stdin(call, state)

    # ------------------------------------------------------------------ redirections

    def _redirects(
        self, redirects: tuple[Redirect, ...], state: State, *, certain: bool, stdin: Text | None
    ) -> Redirected:
        return apply_redirects(self, redirects, state, stdin=stdin, certain=certain)

    def _written(self, redirected: Redirected, flow: Flow) -> Flow:
        """What was printed is now in the files it was redirected to."""
        for connect in redirected.sockets:
            self.emit(replace(connect, carries=union(connect.carries, sources_of(flow.output))))
        if not redirected.outputs:
            return flow
        origin = sources_of(flow.output)
        known = static_text(flow.output)
        ok, fail = flow.ok, flow.fail
        for path, append in redirected.outputs:
            text = known
            if append and known is not None:
                before = ok.written.get(path)
                text = before.text + known if before is not None and before.text is not None else None
            made = WrittenFile(text, sources=origin)
            if append and (before := ok.written.get(path)) is not None:
                made = WrittenFile(text, sources=union(before.sources, origin))
            ok = ok.with_written(path, made)
            fail = fail.with_written(path, made)
        return Flow(ok, fail, _NOTHING)

    def _file_content(self, script: Script, state: State) -> Text:
        """``$(< file)`` is what the file holds; empty when it is not that."""
        match script.items:
            case (
                Item(pipeline=Pipeline(commands=(Simple((), (), (Redirect(op=RedirectOp.READ),) as only),))),
            ):
                return self._redirects(only, state, certain=True, stdin=None).stdin or _SOME
            case _:
                return ()

    def _substitute(self, script: Script, state: State) -> Text:
        self._depth += 1
        try:
            if self._depth > MAX_DEPTH * 2:
                self._opaque("nested too deeply to follow", script.span)
                return _SOME
            flow = self._script(script, state, certain=True)
            return self._file_content(script, state) or flow.output
        finally:
            self._depth -= 1


def _flat(text: Text) -> Text:
    known = static_text(text)
    return (known,) if known is not None else text


def _either(*texts: Text) -> Text:
    """What is printed when it may be any of these."""
    if all(text == texts[0] for text in texts):
        return texts[0]
    return with_sources(_SOME, union(*[sources_of(text) for text in texts]))


def _originated(after: State, before: State, sources: Sources) -> State:
    """What a program wrote holds what it has read."""
    written = {
        path: file
        if before.written.get(path) == file or (file.text is not None and not file.sources)
        else WrittenFile(file.text, file.copy_of, file.link, union(file.sources, sources))
        for path, file in after.written.items()
    }
    return replace(after, written=written)


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


def _was_a_number(before: State, after: State) -> bool:
    """Whether some counter of ``before`` has become anything else."""
    return any(
        value == NUMBER and after.variables.get(name) != NUMBER for name, value in before.variables.items()
    )


def _surely_assigned(text: str) -> list[str]:
    """``i=0``, ``n+=2``, ``k++`` where nothing decides whether it happens."""
    if any(sign in text for sign in ("&&", "||", "?", "[", "$", "`", "(")):
        return []
    names: list[str] = []
    for part in text.replace(";", ",").split(","):
        word = part.strip()
        name = (
            word.rstrip("+-").strip()
            if word.endswith(("++", "--"))
            else word.partition("=")[0].rstrip("+-*/%&|^<> ")
        )
        compares = "=" in word and (
            word.partition("=")[2].startswith("=")
            or word.partition("=")[0].rstrip().endswith(("<", ">", "!"))
        )
        if name.isidentifier() and not compares and (word.endswith(("++", "--")) or "=" in word):
            names.append(name)
    return names


def _assigned(text: str) -> list[str]:
    """Names an arithmetic expression may assign to: every name in it, which is enough."""
    names: list[str] = []
    word = ""
    for char in text + " ":
        if char.isalnum() or char == "_":
            word += char
        else:
            if word and not word[0].isdigit():
                names.append(word)
            word = ""
    return names
