"""What the shell remembers between commands: variables, directory, functions, files written in this line."""

from guard.effects.sources import sources_of, union, with_sources
from guard.effects.values import Hole, Text
from guard.model.dataclass import dataclass, field, replace
from guard.shell.ast import Command

MAX_ALTERNATIVES = 8


@dataclass(frozen=True, slots=True)
class Variable:
    """Every value it may hold; for an array every element in order (``None`` = not an array)."""

    values: tuple[Text, ...]
    array: tuple[Text, ...] | None = None
    exported: bool = False


NUMBER = Variable(((Hole("a number", number=True),),))
"""A counter: whatever its value, it is no code. Whoever widens must find it so again."""


def is_number(text: Text) -> bool:
    """Whether it can only be digits and a sign."""
    return bool(text) and all(
        (isinstance(p, Hole) and p.number) or (isinstance(p, str) and p.lstrip("+-").isdigit()) for p in text
    )


UNKNOWN = Variable(((Hole("a variable that is not known"),),))


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file written earlier in the same command line."""

    text: str | None
    """Its whole content, when that is known."""
    copy_of: str = ""
    """The program or file it was copied, moved or linked from."""
    link: bool = False
    """Whether it is a link: what happens below it happens to ``copy_of``."""
    sources: tuple[str, ...] = ()
    """Where its content came from."""


@dataclass(frozen=True, slots=True)
class State:
    cwd: tuple[str, ...]
    """Every directory it may be in; empty = unknown."""
    variables: dict[str, Variable] = field(default_factory=dict)
    functions: dict[str, Command] = field(default_factory=dict)
    positional: tuple[Text, ...] | None = ()
    """``$1`` and on; None = unknown."""
    written: dict[str, WrittenFile] = field(default_factory=dict)
    unset_stops: bool = False
    """``set -u``."""
    local: frozenset[str] = frozenset()
    """Variables that end with the function being run."""
    name: Text = ("bash",)
    """``$0``."""

    def with_variable(self, name: str, variable: Variable) -> "State":
        return replace(self, variables={**self.variables, name: variable})

    def without_variable(self, name: str) -> "State":
        return replace(
            self,
            variables={k: v for k, v in self.variables.items() if k != name} | {name: Variable((("",),))},
        )

    def with_written(self, path: str, file: WrittenFile) -> "State":
        return replace(self, written={**self.written, path: file})


def join(a: State, b: State) -> State:
    """The state when either may hold."""
    if a is b:
        return a
    cwd: tuple[str, ...] = ()
    if a.cwd and b.cwd:
        cwd = tuple(dict.fromkeys(a.cwd + b.cwd))
        if len(cwd) > MAX_ALTERNATIVES:
            cwd = ()
    variables: dict[str, Variable] = {}
    for name in a.variables.keys() | b.variables.keys():
        left, right = a.variables.get(name), b.variables.get(name)
        if left == right and left is not None:
            variables[name] = left
        elif left is None or right is None:
            # Set on one path only: the other path has whatever it had before.
            known = left if left is not None else right
            assert known is not None
            variables[name] = _merge(known, UNKNOWN)
        else:
            variables[name] = _merge(left, right)
    written: dict[str, WrittenFile] = {}
    for path in a.written.keys() | b.written.keys():
        one, other = a.written.get(path), b.written.get(path)
        written[path] = (
            one
            if one == other and one is not None
            else WrittenFile(
                None,
                (one or other or _NOTHING).copy_of,
                sources=union((one or _NOTHING).sources, (other or _NOTHING).sources),
            )
        )
    return State(
        cwd=cwd,
        variables=variables,
        functions={**b.functions, **a.functions} if a.functions != b.functions else a.functions,
        positional=a.positional if a.positional == b.positional else None,
        written=written,
        unset_stops=a.unset_stops and b.unset_stops,
        local=a.local | b.local,
        name=a.name,
    )


_NOTHING = WrittenFile(None)


def _merge(a: Variable, b: Variable) -> Variable:
    values = tuple(dict.fromkeys(a.values + b.values))
    if len(values) > MAX_ALTERNATIVES:
        values = _unknown(values)
    array = a.array if a.array == b.array else ((Hole("an array that is not known"),),)
    return Variable(values, array, a.exported or b.exported)


def _unknown(values: tuple[Text, ...]) -> tuple[Text, ...]:
    """Any text, which still comes from where these came from."""
    sources = union(*[sources_of(value) for value in values])
    return (with_sources(UNKNOWN.values[0], sources),) if sources else UNKNOWN.values


def widen(before: State, after: State) -> State:
    """After a loop: whatever the body changed could be anything."""
    joined = join(before, after)
    variables = {
        name: value
        if before.variables.get(name) == value
        else NUMBER
        if all(is_number(text) for text in value.values) and value.array is None
        else Variable((*value.values[:2], *_unknown(value.values)))
        for name, value in joined.variables.items()
    }
    return replace(joined, variables=variables, cwd=joined.cwd if set(joined.cwd) <= set(before.cwd) else ())
