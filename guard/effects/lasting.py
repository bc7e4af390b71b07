"""What a command leaves in a shell that lives on, so that the next ones would do something else than they say."""

from guard.effects.place import is_below
from guard.effects.state import READ_BY_THE_SHELL, State
from guard.model.facts import Facts, LookPath, Lookup, PathFact
from guard.model.paths import FileKind
from guard.model.typed import Iterator


def left(before: State, after: State | None, facts: Facts, *, told: bool) -> tuple[str, ...]:
    """In words, one for each kind of thing. ``after``: None where nobody could follow the text to its end.

    ``told``: where the shell has gone is said before the next command. Otherwise it is a question about the world.
    """
    if after is None:
        return ("what nobody has read",)
    what = (
        _names(before, after),
        _variables(before, after, facts),
        min(after.rare.kept, default=""),
        "other arguments" if after.positional != before.positional else "",
        "" if told else _directory(before, after, facts),
    )
    return tuple(filter(None, what))


def questions(before: State, after: State | None, facts: Facts, *, told: bool) -> Iterator[Lookup]:
    """What :func:`left` would like to know."""
    if after is not None and not told and after.cwd != before.cwd:
        yield from (LookPath(path) for path in after.cwd if _within(path, facts))


def _names(before: State, after: State) -> str:
    for kind, old, new in (
        ("function", before.functions, after.functions),
        ("alias", before.rare.aliases, after.rare.aliases),
        ("place of a command", before.rare.hashed, after.rare.hashed),
    ):
        for name in new:
            if name not in old:
                return f"the {kind} `{name}`"
    # Also one that changes nothing by itself: it may run before each of the next commands.
    return "" if after.rare.traps == before.rare.traps else "a trap"


def _variables(before: State, after: State, facts: Facts) -> str:
    # A variable that nobody knows needs no mention: what uses it later cannot be read.
    known = READ_BY_THE_SHELL | facts.env.keys()
    for name, variable in after.variables.items():
        if name in known and before.variables.get(name) != variable:
            return f"another value of `{name}`"
    return ""


def _directory(before: State, after: State, facts: Facts) -> str:
    """Below the workspace the next commands mean what they say, near enough: a path is in it, or goes out of it, in both."""
    if after.cwd == before.cwd:
        return ""
    if not after.cwd:
        return "a directory that nobody knows"
    for path in after.cwd:
        if path in before.cwd:
            continue
        if not _within(path, facts):
            return f"the directory `{path}`, which the client does not tell us again,"
        answer = facts.answers.get(LookPath(path))
        if isinstance(answer, PathFact) and (
            answer.kind is FileKind.UNKNOWN or not _inside(answer.real, facts)
        ):
            return f"a directory behind `{path}`, which is elsewhere,"
    return ""


def _within(path: str, facts: Facts) -> bool:
    """And in no directory with a name that tools keep their own things under: what lies there has rules of its own."""
    if not _inside(path, facts):
        return False
    return not any(part.startswith(".") for part in path[len(facts.workspace) :].split("/"))


def _inside(path: str, facts: Facts) -> bool:
    return bool(facts.workspace) and (path == facts.workspace or is_below(path, facts.workspace))
