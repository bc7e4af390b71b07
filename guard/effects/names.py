"""Names that a command lists, and where they lead when another command gets them. Reads no file, runs nothing.

A relative name means something else in another directory, so it is judged where it is used; that none is taken for an
option or falls into several words is looked at where it was listed.
"""

import posixpath

from guard.effects.identity import lexical_path
from guard.effects.options import Parsed, named
from guard.effects.state import State
from guard.effects.values import Field, Hole, Text, plain
from guard.model.dataclass import replace
from guard.model.facts import LookPath, LookTree, PathFact, TreeFact
from guard.model.paths import FileKind, KnownPath
from guard.model.typed import TYPE_CHECKING

if TYPE_CHECKING:
    from guard.effects.call import Call
    from guard.effects.evaluate import Evaluator

_SPLITS = frozenset(" \t\n\r\v\f'\"\\*?[")
_OF_NO_TOOL = frozenset({".gitignore", ".gitattributes", ".gitkeep", ".editorconfig", ".dockerignore"})
"""Hidden files that nothing runs or loads because of what they say."""
_MOST = 256
"""Files that are said one by one to be written."""


def listed(call: "Call", start: Field, what: str, *, outside_git: bool = False) -> Text:
    """The names of ``start`` and of what lies below it, as a program prints them that was given ``start``; empty = not known.

    An empty ``start`` is the directory where it works, and names in it are printed without a ``./``.
    """
    parts = start.parts
    if len(parts) == 1 and isinstance(parts[0], Hole) and parts[0].below:
        return (parts[0],)
    text = start.static
    if text is None or text.startswith("-") or ".." in text.split("/"):
        return ()
    paths = call.paths(plain(text or ".", start.span))
    known = tuple(path.text for path in paths if isinstance(path, KnownPath))
    if not known or len(known) != len(paths):
        return ()
    return (Hole(what, below=known, after=text, relative=not text.startswith("/"), outside_git=outside_git),)


def all_listed(call: "Call", starts: list[Field], what: str, *, outside_git: bool = False) -> Text:
    """Likewise, of several; empty when one of them is not known."""
    found = [listed(call, start, what, outside_git=outside_git) for start in starts]
    return tuple(name for names in found for name in names) if all(found) else ()


def are_plain(evaluator: "Evaluator", hole: Hole, state: State) -> bool:
    """Whether each of its names is one word and no option, whoever splits them.

    A directory `a ` with `etc/passwd` in it is the two words `a` and `/etc/passwd`.
    """
    if hole.gone or set(hole.after) & _SPLITS:
        return False
    for directory in hole.below:
        entries = _entries(evaluator, directory, state)
        if entries is None or any(
            (not hole.after and entry.startswith("-")) or set(entry) & _SPLITS for entry in entries
        ):
            return False
    return True


def below_of(call: "Call", path: str) -> list[str] | None:
    """What lies below a directory, git's own excepted; None when not all of it is known."""
    entries = _entries(call.evaluator, path, call.state)
    return None if entries is None or any(".git" in entry.split("/") for entry in entries) else entries


def files_at(call: "Call", path: str) -> list[str] | None:
    """The file itself, or all that lies below the directory, git's own excepted; None when nobody can say."""
    tidy = lexical_path(path)
    answer = call.evaluator.ask(LookPath(path))
    if not isinstance(answer, PathFact) or answer.error or call.evaluator.may_have_gone(tidy):
        return None
    made = call.state.written.get(tidy)
    if answer.kind is FileKind.FILE and (made is None or made.file):
        return [path]
    if answer.kind is FileKind.ABSENT:
        return [path] if made is None or made.file else None
    entries = _entries(call.evaluator, path, call.state) if answer.kind is FileKind.DIRECTORY else None
    own = [entry for entry in entries or () if ".git" not in entry.split("/")]
    if entries is None or len(own) > _MOST or any(_is_hidden(entry) for entry in own):
        return None
    return [posixpath.join(path, entry) for entry in own]


def _is_hidden(entry: str) -> bool:
    """What tools and agents are set up with lies there: whether it is touched is seen in the sandbox."""
    return any(part.startswith(".") and part not in _OF_NO_TOOL for part in entry.split("/"))


def _entries(evaluator: "Evaluator", directory: str, state: State) -> list[str] | None:
    """What lies below, with what this line made there; None when not all of it was looked at."""
    tree = evaluator.ask(LookTree(directory))
    if not isinstance(tree, TreeFact) or not tree.complete:
        return None
    base = lexical_path(directory).rstrip("/") + "/"
    made = [path.removeprefix(base) for path in state.written if path.startswith(base)]
    return [*tree.entries, *made]


def below(call: "Call", field: Field) -> tuple[str, ...]:
    """Directories below which all lies that this argument can name; empty when nobody can say."""
    parts = field.parts
    at = next((index for index, part in enumerate(parts) if isinstance(part, Hole)), -1)
    hole = parts[at] if at >= 0 else None
    if not isinstance(hole, Hole) or not hole.below or len(parts) > at + 2 or at > 1:
        return ()
    before = parts[0] if at else ""
    behind = parts[-1] if len(parts) > at + 1 else ""
    if not isinstance(before, str) or not isinstance(behind, str):
        return ()
    if (behind and (behind.startswith(".") and behind.strip("./") == "")) or ".." in behind.split("/"):
        return ()
    if before and (not before.endswith("/") or before.startswith("-")):
        # `.` before `./a` is a step up.
        return ()
    if field.open and not are_plain(call.evaluator, hole, call.state):
        return ()
    if not before and not hole.relative:
        return hole.below
    start = before or hole.after or "."
    paths = call.paths(plain(start, field.span))
    known = tuple(path.text for path in paths if isinstance(path, KnownPath))
    return known if len(known) == len(paths) else ()


def each(call: "Call", field: Field) -> list[str] | None:
    """Every path that this argument can name, when all were looked at and they are few."""
    if not below(call, field):
        return None
    at = next(index for index, part in enumerate(field.parts) if isinstance(part, Hole))
    hole = field.parts[at]
    if not isinstance(hole, Hole) or hole.gone:
        return None
    out: dict[str, None] = {}
    for directory in hole.below:
        entries = _entries(call.evaluator, directory, call.state)
        if entries is None:
            return None
        own = [entry for entry in entries if ".git" not in entry.split("/")]
        if (
            len(out) + len(own) > _MOST
            or any(_is_hidden(entry) for entry in own)
            or (len(own) < len(entries) and not hole.outside_git)
        ):
            # Which of them it will be is seen in the sandbox.
            return None
        root = hole.after if hole.relative else directory
        for name in (root, *(posixpath.join(root, entry) for entry in own)):
            parts = tuple(name if part is hole else part for part in field.parts)
            for path in call.paths(Field(parts, field.span)) if name else ():
                if not isinstance(path, KnownPath):
                    return None
                out[path.text] = None
    return list(out)


def settled(call: "Call", parsed: Parsed) -> None:
    """Names that were looked at are no options. How many they are, nobody knows: they stand where one and another would."""
    for arg in call.args:
        if arg.static is not None or (not arg.open and (arg.prefix or named(arg))):
            continue
        if as_word(call.evaluator, arg, call.state) is None:
            return
    parsed.uncertain = False
    parsed.operands = [
        operand for field in parsed.operands for operand in ((field, field) if field.open else (field,))
    ]


def as_word(evaluator: "Evaluator", field: Field, state: State) -> Text | None:
    """One of the words of an unquoted list of names, where none of them falls into several; None when they may."""
    hole = field.parts[0] if len(field.parts) == 1 else None
    return (hole,) if isinstance(hole, Hole) and hole.below and are_plain(evaluator, hole, state) else None


def line_of(call: "Call", lines: list[str]) -> Text:
    """Any one line of a known text, as far as lines of names go; empty when they are no such names."""
    if len(lines) > _MOST or any(not line or ".." in line.split("/") for line in lines):
        return ()
    absolute = [line.startswith("/") for line in lines]
    start = (
        "."
        if all(line.startswith("./") for line in lines)
        else posixpath.commonpath(lines)
        if all(absolute) or not any(absolute)
        else ""
    )
    if not start or start.startswith("-") or start == "/":
        return ()
    found = listed(
        call,
        plain(start, call.span),
        "a line of a list of names",
        outside_git=not any(".git" in line.split("/") for line in lines),
    )
    strange = any(set(line) & _SPLITS for line in lines)
    return tuple(replace(part, gone=True) if strange and isinstance(part, Hole) else part for part in found)
