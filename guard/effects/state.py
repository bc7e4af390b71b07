"""What the shell remembers between commands: variables, directory, functions, files written in this line."""

from guard.effects.sources import sources_of, union, with_sources
from guard.effects.values import Hole, Text
from guard.model.dataclass import dataclass, field, replace
from guard.model.facts import Facts
from guard.shell.ast import NOWHERE, Command, If, Item, Join, Pipeline, Script, Unread

MAX_ALTERNATIVES = 8
MAX_ELEMENTS = 64
_ALWAYS = frozenset({"HOME", "PATH", "PWD", "USER", "SHELL", "LOGNAME"})
"""Exported wherever a person has logged in."""


@dataclass(frozen=True, slots=True)
class Variable:
    """Every value it may hold; for an array every element in order (``None`` = not an array)."""

    values: tuple[Text, ...]
    array: tuple[Text, ...] | None = None
    exported: bool = False
    refers: str = ""
    """``declare -n``: the variable that is meant by this name."""
    keyed: bool = False
    """``declare -A``: what stands between brackets is a key, not arithmetic; ``values`` are those of all keys."""
    fixed: bool = False
    """``readonly``: what it is given later it may not take."""


_COUNTER = Variable((("",), (Hole("a number", number=True),)))
"""A counter that nobody may have started."""
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
    also: tuple[str, ...] = ()
    """Where the link may lead to besides."""
    sources: tuple[str, ...] = ()
    """Where its content came from."""
    surely: bool = False
    """Whether nobody gets here unless it was written: what was there before is gone."""
    file: bool = False
    """It is no directory, unless there was one before this line began."""
    fresh: bool = False
    """It is a directory that this line made, under a name that was none before."""


@dataclass(frozen=True, slots=True)
class Rare:
    """What few scripts touch."""

    old: tuple[str, ...] = ()
    """``$OLDPWD``: every directory it may be; empty = unknown."""
    stack: tuple[str, ...] | None = ()
    """Directories that ``popd`` goes back to, the next one last; None = unknown."""
    aliases: dict[str, str] = field(default_factory=dict[str, str])
    hashed: dict[str, str] = field(default_factory=dict[str, str])
    """``hash -p``: a name and the file that it starts; empty where nobody can say which, or whether any."""
    traps: tuple[str, ...] = ()
    """What runs when the shell ends, or some time before."""
    exported: frozenset[str] = frozenset()
    """Functions that a bash started from here has too."""
    lastpipe: bool = False
    """``shopt -s lastpipe``: the last stage of a pipeline may be run by this very shell."""
    exports: bool = False
    """``set -a``: whatever gets a value is there for programs too."""
    kept: frozenset[str] = frozenset()
    """What else holds until the shell ends, in words: what a variable does with a value, options, descriptors."""
    lived: bool = False
    """Whether commands ran in it before the text: what is not in here may be set all the same."""


NOTHING_RARE = Rare()
LIVED = Rare(lived=True)


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
    dead: bool = False
    """Nobody gets here: behind ``exit``, ``return``, ``break``."""
    rare: Rare = NOTHING_RARE
    doubtful: frozenset[str] = frozenset()
    """Functions that may not be there: then their names mean what they meant before."""

    def with_variable(self, name: str, variable: Variable) -> "State":
        old = self.variables.get(name)
        if old is not None and old.refers and not variable.refers and old.refers != name:
            return self.with_variable(old.refers, variable)
        if old is not None and old.fixed and old != variable:
            # Whether the shell ends there or goes on with the old value depends on how it is given the new one.
            variable = _merge(old, variable)
        if not variable.exported and (self.rare.exports or (old is not None and old.exported)):
            # Programs that have heard of it hear of its next value too.
            variable = replace(variable, exported=True)
        return replace(self, variables={**self.variables, name: variable})

    def with_element(self, name: str, subscript: str | None, values: tuple[Text, ...]) -> "State":
        """``name[subscript]=value``: followed where the array is known and the subscript is its index."""
        old = self.variables.get(name)
        if subscript is not None and subscript.isdigit() and len(values) == 1:
            before = old.array if old is not None else ()
            if before is not None and int(subscript) <= len(before) and int(subscript) < MAX_ELEMENTS:
                index = int(subscript)
                array = (*before[:index], values[0], *before[index + 1 :])
                return self.with_variable(name, Variable(array[:1], array))
        if old is not None and old.keyed and len(old.values) + len(values) <= MAX_ALTERNATIVES:
            return self.with_variable(
                name, replace(old, values=tuple(dict.fromkeys((*old.values, *values))), array=None)
            )
        sources = union(*[sources_of(value) for value in values])
        made = Variable(((Hole("an array", sources=sources),),), keyed=old is not None and old.keyed)
        return self.with_variable(name, made)

    def renamed(self, name: str, value: str, *, alias: bool) -> "State":
        """What a command's name stands for from now on."""
        rare = self.rare
        if alias:
            return replace(self, rare=replace(rare, aliases={**rare.aliases, name: value}))
        return replace(self, rare=replace(rare, hashed={**rare.hashed, name: value}))

    def keeping(self, *what: str) -> "State":
        """Each in words that come after `leaves`."""
        rare = self.rare
        return (
            self
            if rare.kept.issuperset(what)
            else replace(self, rare=replace(rare, kept=rare.kept.union(what)))
        )

    def fixing(self, name: str) -> "State":
        variable = self.variables.get(name)
        if variable is None or variable.fixed:
            return self
        return replace(self, variables={**self.variables, name: replace(variable, fixed=True)})

    def without_variable(self, name: str) -> "State":
        old = self.variables.get(name)
        if old is not None and old.fixed:
            return self
        return replace(
            self,
            variables={k: v for k, v in self.variables.items() if k != name} | {name: Variable((("",),))},
        )

    def with_written(self, path: str, file: WrittenFile) -> "State":
        return replace(self, written={**self.written, path: file})

    def with_function(self, name: str, body: Command) -> "State":
        return replace(self, functions={**self.functions, name: body}, doubtful=self.doubtful - {name})

    def without_function(self, name: str) -> "State":
        functions = {known: body for known, body in self.functions.items() if known != name}
        return replace(self, functions=functions, doubtful=self.doubtful - {name})


def join(a: State, b: State) -> State:
    """The state when either may hold."""
    if a is b or b.dead:
        return a
    if a.dead:
        return b
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
            variables[name] = _merge(known, _PERHAPS)
        else:
            variables[name] = _merge(left, right)
    written: dict[str, WrittenFile] = {}
    for path in a.written.keys() | b.written.keys():
        written[path] = _either_file(a.written.get(path), b.written.get(path))
    return State(
        cwd=cwd,
        variables=variables,
        functions=a.functions if a.functions == b.functions else _either_functions(a.functions, b.functions),
        positional=a.positional if a.positional == b.positional else None,
        written=written,
        unset_stops=a.unset_stops and b.unset_stops,
        local=a.local | b.local,
        name=a.name,
        rare=a.rare if a.rare == b.rare else _either_rare(a.rare, b.rare),
        doubtful=a.doubtful | b.doubtful | (a.functions.keys() ^ b.functions.keys()),
    )


def _either_functions(one: dict[str, Command], other: dict[str, Command]) -> dict[str, Command]:
    return {name: _either_body(one.get(name), other.get(name)) for name in dict.fromkeys((*one, *other))}


def _either_body(one: Command | None, other: Command | None) -> Command:
    """A function that was defined on two ways: a choice between its bodies that nobody can foresee."""
    bodies = tuple(dict.fromkeys((*_bodies(one), *_bodies(other))))
    if len(bodies) == 1:
        return bodies[0]
    if len(bodies) > MAX_ALTERNATIVES:
        return Unread("a function with too many bodies", NOWHERE)
    scripts = [
        Script((Item(Join.FIRST, Pipeline((body,), negated=False, span=NOWHERE)),), NOWHERE)
        for body in bodies
    ]
    return If(tuple((_CHOICE, script) for script in scripts[:-1]), scripts[-1], (), NOWHERE)


_CHOICE = Script((), NOWHERE)


def _bodies(body: Command | None) -> tuple[Command, ...]:
    match body:
        case None:
            return ()
        case If(branches, Script() as otherwise) if branches[0][0] is _CHOICE:
            return tuple(
                script.items[0].pipeline.commands[0] for script in (*(s for _, s in branches), otherwise)
            )
        case _:
            return (body,)


def _either_file(one: WrittenFile | None, other: WrittenFile | None) -> WrittenFile:
    if one is not None and other is not None:
        if one == other:
            return one
        if replace(one, surely=False) == replace(other, surely=False):
            return replace(one, surely=False)
    # What may be a link is followed as one: what is written to it then goes elsewhere.
    links = [file for file in (one, other) if file is not None and file.link]
    places = tuple(dict.fromkeys(place for file in links for place in (file.copy_of, *file.also)))
    return WrittenFile(
        None,
        places[0] if places else (one or other or _NOTHING).copy_of,
        bool(places),
        places[1:],
        sources=union((one or _NOTHING).sources, (other or _NOTHING).sources),
        file=(one is None or one.file) and (other is None or other.file),
    )


def _either_rare(a: Rare, b: Rare) -> Rare:
    old = tuple(dict.fromkeys(a.old + b.old)) if a.old and b.old else ()
    return Rare(
        old=old[:0] if len(old) > MAX_ALTERNATIVES else old,
        stack=a.stack if a.stack == b.stack else None,
        aliases={**b.aliases, **a.aliases},
        hashed={
            name: a.hashed[name] if a.hashed.get(name) == b.hashed.get(name) else ""
            for name in dict.fromkeys((*b.hashed, *a.hashed))
        },
        traps=tuple(dict.fromkeys(a.traps + b.traps)),
        exported=a.exported & b.exported,
        lastpipe=a.lastpipe or b.lastpipe,
        exports=a.exports or b.exports,
        kept=a.kept | b.kept,
        lived=a.lived or b.lived,
    )


NOT_SET: Text = (Hole("a variable that nobody may have set"),)
_PERHAPS = Variable((("",), NOT_SET))
"""What a variable holds where nobody has set it: nothing, or what was handed down."""


READ_BY_THE_SHELL = frozenset("BASH_ENV CDPATH ENV EXECIGNORE GLOBIGNORE HOME IFS OLDPWD PATH PWD".split())
"""Variables that change what is run, set or not. Those that are run themselves are read where they are set."""


def forgotten(state: State) -> State:
    """After code that nobody has read ran in this very shell."""
    return replace(
        state,
        cwd=(),
        positional=None,
        variables=dict.fromkeys(state.variables, UNKNOWN),
        written={
            path: WrittenFile(None, file.copy_of, file.link, file.also)
            for path, file in state.written.items()
        },
        rare=replace(state.rare, old=(), stack=None),
    ).keeping("what nobody has read")


def inherited(state: State, facts: Facts) -> State:
    """What a shell that is started from here begins with: exported variables and functions, nothing else."""
    return replace(
        state,
        variables={
            name: variable
            for name, variable in state.variables.items()
            if variable.exported or name in facts.env or name in _ALWAYS
        },
        functions={name: body for name, body in state.functions.items() if name in state.rare.exported},
        unset_stops=False,
        local=frozenset[str](),
        rare=LIVED if state.rare.lived else NOTHING_RARE,
        dead=False,
    )


_NOTHING = WrittenFile(None)


def _merge(a: Variable, b: Variable) -> Variable:
    values = tuple(dict.fromkeys(a.values + b.values))
    if len(values) > MAX_ALTERNATIVES:
        values = _unknown(values)
    array = a.array if a.array == b.array else ((Hole("an array that is not known"),),)
    return Variable(
        values, array, a.exported or b.exported, keyed=a.keyed and b.keyed, fixed=a.fixed or b.fixed
    )


def _unknown(values: tuple[Text, ...]) -> tuple[Text, ...]:
    """Any text, which still comes from where these came from."""
    sources = union(*[sources_of(value) for value in values])
    return (with_sources(UNKNOWN.values[0], sources),) if sources else UNKNOWN.values


def widen(before: State, after: State) -> State:
    """After a loop: whatever the body changed could be anything."""
    if before.dead or after.dead:
        return join(before, after)
    joined = join(before, after)
    variables = {
        name: value
        if before.variables.get(name) == value
        else NUMBER
        if all(is_number(text) for text in value.values) and value.array is None and not value.keyed
        else _COUNTER
        if all(text in (("",), NOT_SET) or is_number(text) for text in value.values)
        and value.array is None
        and not value.keyed
        else Variable(
            (*value.values[:2], *_unknown(value.values)), exported=value.exported, keyed=value.keyed
        )
        for name, value in joined.variables.items()
    }
    return replace(joined, variables=variables, cwd=joined.cwd if set(joined.cwd) <= set(before.cwd) else ())
