"""Control flow: branches are joined, loops are run twice and widened, jumps out of them are kept. Knows no programs."""

from guard.effects.flow import Flow
from guard.effects.sources import sources_of
from guard.effects.state import NUMBER, UNKNOWN, State, Variable, join, widen
from guard.effects.values import Field, Hole, Text, static_text
from guard.model.dataclass import replace
from guard.model.source import Span
from guard.model.typed import TYPE_CHECKING, assert_never
from guard.shell.ast import (
    ArithmeticCommand,
    ArithmeticFor,
    Case,
    Condition,
    For,
    Group,
    If,
    Loop,
    Script,
    Simple,
    Subshell,
    Word,
)

if TYPE_CHECKING:
    from guard.effects.evaluate import Evaluator

MAX_PASSES = 6
_NUMERIC = frozenset("-eq -ne -lt -gt -le -ge".split())
_NAMING = frozenset("-v -R".split())
"""What comes after them is a variable, whose subscript may be computed."""
_NOTHING: Text = ()


class Compounds:
    """Runs compound commands for one analysis."""

    def __init__(self, evaluator: "Evaluator") -> None:
        self._evaluator = evaluator

    def run(
        self,
        command: Group | Subshell | If | Loop | For | ArithmeticFor | Case | Condition | ArithmeticCommand,
        state: State,
        *,
        certain: bool,
        stdin: Text | None,
    ) -> Flow:
        match command:
            case Group(body):
                return self._evaluator.script(body, state, certain=certain, stdin=stdin)
            case Subshell(body):
                flow = self._evaluator.alone(body, state, certain=certain, stdin=stdin)
                after = replace(state, written={**state.written, **flow.any.written})
                return Flow(after, after, flow.output)
            case If():
                return self._if(command, state, certain=certain, stdin=stdin)
            case Loop(condition, body):
                if _without_end(command):
                    self._evaluator.opaque(
                        "a loop without an end starts one job after the other", command.span
                    )
                first = self._evaluator.script(condition, state, certain=certain, stdin=stdin)
                # `until` and `while` differ in when they end; both leave with the condition just tested.
                again = self._twice(body, first.any, stdin=stdin, condition=condition)
                return Flow(again, again)
            case For():
                return self._for(command, state, stdin=stdin)
            case ArithmeticFor(text, parts, body):
                self._evaluator.expander.arithmetic(text, parts, state, command.span)
                start = self._counted(text, self._evaluator.spilled(state))
                again = self._twice(body, start, stdin=stdin, condition=None)
                return Flow(again, again)
            case Case():
                return self._case(command, state, stdin=stdin)
            case Condition(words):
                self._condition(words, state, command.span)
                after = self._evaluator.spilled(state)
                return Flow(after, after, _NOTHING)
            case ArithmeticCommand(text, parts):
                self._evaluator.expander.arithmetic(text, parts, state, command.span)
                after = self._counted(text, self._evaluator.spilled(state))
                return Flow(after, after, _NOTHING)
            case _:
                assert_never(command)

    def _if(self, command: If, state: State, *, certain: bool, stdin: Text | None) -> Flow:
        ends: list[Flow] = []
        for index, (condition, body) in enumerate(command.branches):
            test = self._evaluator.script(condition, state, certain=certain and index == 0, stdin=stdin)
            ends.append(self._evaluator.script(body, test.ok, certain=False, stdin=stdin))
            state = test.fail
        if command.otherwise is not None:
            ends.append(self._evaluator.script(command.otherwise, state, certain=False, stdin=stdin))
        else:
            ends.append(Flow(state, state))
        after = ends[0].any
        for flow in ends[1:]:
            after = join(after, flow.any)
        return Flow(after, after)

    def _body(self, script: Script, state: State, stdin: Text | None) -> State:
        """One pass through a loop's body, wherever it was left."""
        jumps = self._evaluator.jumps
        left: list[State] = []
        jumps.loops.append(left)
        try:
            after = self._evaluator.script(script, state, certain=False, stdin=stdin).any
        finally:
            jumps.loops.pop()
        for other in left:
            after = join(after, other)
        return after

    def _twice(self, body: Script, state: State, *, stdin: Text | None, condition: Script | None) -> State:
        """A loop body: once as it is, once more with all it changed unknown."""
        once = self._body(body, state, stdin)
        again = once if condition is None or once.dead else self._body(condition, once, stdin)
        if again.dead or _same(again, state):
            # Nothing changed: the next time around is like this one.
            return join(join(state, once), again)
        start = widen(state, join(once, again))
        if condition is not None:
            start = widen(start, self._body(condition, start, stdin))
        end = start
        for _ in range(MAX_PASSES):
            end = widen(start, self._body(body, start, stdin))
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
            fields = [f for world in self._evaluator.expander.fields(command.words, state) for f in world]
            values = tuple(
                dict.fromkeys(
                    tuple(p if isinstance(p, str | Hole) else Hole("a name from a list") for p in f.parts)
                    if not f.open
                    else self._one_of(f, state) or (Hole("a name from a list", sources=sources_of(f.parts)),)
                    for f in fields
                )
            )
        state = self._evaluator.spilled(state)
        if not values:
            return Flow(state, state)
        if len(values) > 8:
            # Each value is followed on its own while there are few; many are followed as their union of places.
            after = state
            for value in values[:64]:
                after = join(
                    after,
                    self._body(command.body, state.with_variable(command.name, Variable((value,))), stdin),
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

    def _one_of(self, field: Field, state: State) -> Text | None:
        """One of a list of names, if none of them falls into several words."""
        if not any(isinstance(part, Hole) and part.below for part in field.parts):
            return None
        from guard.effects.names import as_word  # noqa: PLC0415 - only where names are listed

        return as_word(self._evaluator, field, state)

    def _case(self, command: Case, state: State, *, stdin: Text | None) -> Flow:
        self._evaluator.expander.texts(command.word, state)
        after = self._evaluator.spilled(state)
        for item in command.items:
            for pattern in item.patterns:
                self._evaluator.expander.texts(pattern, state)
            after = self._evaluator.spilled(after)
            # `;&` falls into the next body: following each from the state joined so far covers it.
            after = join(after, self._evaluator.script(item.body, after, certain=False, stdin=stdin).any)
        return Flow(after, after)

    def _condition(self, words: tuple[Word, ...], state: State, span: Span) -> None:
        texts = [self._evaluator.expander.texts(word, state) for word in words]
        signs = [static_text(alternatives[0]) for alternatives in texts]
        expander = self._evaluator.expander
        if _NUMERIC.isdisjoint(signs) and _NAMING.isdisjoint(signs):
            return
        for alternatives, before, after in zip(texts, [None, *signs], [*signs[1:], None], strict=False):
            counted = before in _NUMERIC or after in _NUMERIC
            for value in alternatives:
                if static_text(value) in {"[[", "]]"} | _NUMERIC | _NAMING:
                    continue
                if expander.evaluates(value, state) or (counted and expander.unseen(value, state)):
                    self._evaluator.opaque("arithmetic on a value that is not known can run commands", span)
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


_GO_ON_OR_WAIT = frozenset({"sleep", "wait", "break", "exit", "return", "read"})


def _without_end(loop: Loop) -> bool:
    """``while :; do x & done``: nothing in it waits, or leaves it."""
    names = [
        command.words[0].static
        for item in loop.body.items
        for command in item.pipeline.commands
        if isinstance(command, Simple) and command.words
    ]
    tests = [item.pipeline.commands[0] for item in loop.condition.items]
    always = len(tests) == 1 and isinstance(tests[0], Simple) and len(tests[0].words) == 1
    what = tests[0].words[0].static if always and isinstance(tests[0], Simple) else ""
    return (
        what == ("false" if loop.until else what)
        and what in {":", "true", "false"}
        and (loop.until or what != "false")
        and any(item.background for item in loop.body.items)
        and not _GO_ON_OR_WAIT & {*names}
    )


def _same(a: State, b: State) -> bool:
    return a is b or (
        a.variables == b.variables
        and a.cwd == b.cwd
        and a.written == b.written
        and a.positional == b.positional
        and a.functions == b.functions
        and a.rare == b.rare
        and a.unset_stops == b.unset_stops
    )


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
