"""Texts that change several files at once, read strictly: what cannot be read whole is no patch. Pure; knows no client.

A line that this reads as content and a client's own reader as a heading would be a file that nobody judged. So a line
that could be either is refused, and so is everything after which the two could differ.
"""

from guard.model.dataclass import dataclass
from guard.model.proposal import Replacement
from guard.model.typed import TypeAlias

MAX_FILES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    path: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    path: str
    edits: tuple[Replacement, ...]
    to: str = ""
    """Its new name; empty when it keeps its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    path: str


Change: TypeAlias = Added | Changed | Removed


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPatch:
    """Why it is none, with the line."""

    problem: str


class _Broken(Exception):
    pass


_HEADINGS = ("***", "---", "+++", "@@", "diff ", "=======", "<<<<<<<", ">>>>>>>")


class _Lines:
    def __init__(self, text: str) -> None:
        # Only `\n` ends a line: `splitlines` knows nine more ends, and few clients do.
        self._lines = text.removesuffix("\n").split("\n")
        self.at = 0
        for number, line in enumerate(self._lines):
            # Those that do must not find a heading where others see the rest of a line.
            if any(part.lstrip().startswith(_HEADINGS) for part in line.splitlines()[1:]):
                raise _Broken(f"line {number + 1}: what some take for a line of its own would be a heading")

    def peek(self) -> str | None:
        return self._lines[self.at] if self.at < len(self._lines) else None

    def take(self) -> str:
        line = self.peek()
        if line is None:
            raise _Broken("it ends in the middle")
        self.at += 1
        return line

    def broken(self, problem: str) -> _Broken:
        return _Broken(f"line {self.at + 1}: {problem}")


_BEGIN, _END = "*** Begin Patch", "*** End Patch"
_ADD, _DELETE, _UPDATE, _MOVE = "*** Add File: ", "*** Delete File: ", "*** Update File: ", "*** Move to: "
_LAST = "*** End of File"


def read_patch(text: str) -> tuple[Change, ...] | NoPatch:
    """The form that begins with ``*** Begin Patch``."""
    try:
        return _patch(_Lines(text.strip("\n")))
    except _Broken as error:
        return NoPatch(problem=str(error))


def _patch(lines: _Lines) -> tuple[Change, ...]:
    if lines.take().rstrip() != _BEGIN:
        raise _Broken(f"it does not begin with `{_BEGIN}`")
    changes: list[Change] = []
    while True:
        line = lines.take()
        if line.rstrip() == _END:
            break
        if len(changes) >= MAX_FILES:
            raise lines.broken(f"it changes more than {MAX_FILES} files")
        if line.startswith(_ADD):
            changes.append(Added(path=_name(lines, line, _ADD), content=_added(lines)))
        elif line.startswith(_DELETE):
            changes.append(Removed(path=_name(lines, line, _DELETE)))
        elif line.startswith(_UPDATE):
            changes.append(_updated(lines, _name(lines, line, _UPDATE)))
        else:
            lines.at -= 1
            raise lines.broken("neither a file nor the end of the patch")
    if lines.peek() is not None:
        raise lines.broken(f"something stands after `{_END}`")
    if not changes:
        raise _Broken("it changes no file")
    return tuple(changes)


def _name(lines: _Lines, line: str, heading: str) -> str:
    name = line[len(heading) :].removesuffix("\r")
    if not name or name != name.strip() or _is_odd(name):
        lines.at -= 1
        raise lines.broken(
            "the name of the file is empty, or has white space around it or a control character"
        )
    return name


def _is_odd(name: str) -> bool:
    """Whether it holds a control character, or what some take for the end of a line."""
    return any(ord(char) < ord(" ") for char in name) or len(name.splitlines()) > 1


def _added(lines: _Lines) -> str:
    content: list[str] = []
    while (line := lines.peek()) is not None and line.startswith("+"):
        content.append(lines.take()[1:])
    return "".join(f"{line}\n" for line in content)


def _updated(lines: _Lines, path: str) -> Changed:
    to = ""
    if (line := lines.peek()) is not None and line.startswith(_MOVE):
        to = _name(lines, lines.take(), _MOVE)
    edits: list[Replacement] = []
    while (line := lines.peek()) is not None and not line.startswith("***"):
        # The first part may stand without its `@@`.
        if line.rstrip() == "@@" or line.startswith("@@ "):
            lines.take()
        elif edits:
            raise lines.broken("a part of an update that does not begin with `@@`")
        edits.append(_hunk(lines))
    if not edits and not to:
        raise lines.broken(f"`{path}` is updated with nothing")
    return Changed(path=path, edits=tuple(edits), to=to)


def _hunk(lines: _Lines) -> Replacement:
    old: list[str] = []
    new: list[str] = []
    while (line := lines.peek()) is not None and (line in {"", "\r"} or line[0] in " +-"):
        lines.take()
        if line in {"", "\r"} or line[0] == " ":
            old.append(line[1:])
            new.append(line[1:])
        elif line[0] == "-":
            old.append(line[1:])
        else:
            new.append(line[1:])
    # Headings of parts may follow each other, each naming what the next is in.
    if not old and not new and not ((line := lines.peek()) is not None and line.startswith("@@")):
        raise lines.broken("a part of an update without a line")
    if (line := lines.peek()) is not None and line.rstrip() == _LAST:
        lines.take()
    return Replacement(old="\n".join(old), new="\n".join(new))


_NOTHING = "/dev/null"
_SAID = (
    "index ",
    "similarity index ",
    "dissimilarity index ",
    "old mode ",
    "new mode ",
    "new file mode ",
    "deleted file mode ",
    "create file mode ",
)

_NO_FILES = (" 120000", " 160000")
"""Modes of links and of other repositories."""


def read_unified(text: str) -> tuple[Change, ...] | NoPatch:
    """What ``diff -u`` and ``git diff`` write."""
    try:
        return _unified(_Lines(text.strip("\n")))
    except _Broken as error:
        return NoPatch(problem=str(error))


def _unified(lines: _Lines) -> tuple[Change, ...]:
    changes: list[Change] = []
    while lines.peek() is not None:
        if len(changes) >= MAX_FILES:
            raise lines.broken(f"it changes more than {MAX_FILES} files")
        moved_from = moved_to = ""
        git = False
        line = lines.take()
        if line.startswith("diff --git "):
            git = True
            while (said := lines.peek()) is not None and not said.startswith(("--- ", "diff --git ")):
                lines.take()
                if said.startswith("rename from "):
                    moved_from = said.removeprefix("rename from ")
                elif said.startswith("rename to "):
                    moved_to = said.removeprefix("rename to ")
                elif not said.startswith(_SAID) or said.endswith(_NO_FILES):
                    # Binary parts, copies, links, quoted names: nobody has to read them here.
                    lines.at -= 1
                    raise lines.broken("a line that is not known between the names of a file and its changes")
            if said is None or not said.startswith("--- "):
                if not moved_from or not moved_to:
                    raise lines.broken("a file without changes")
                changes.append(Changed(path=moved_from, edits=(), to=moved_to))
                continue
            line = lines.take()
        if not line.startswith("--- "):
            lines.at -= 1
            raise lines.broken("no `---` line with the name of a file")
        old = _named(lines, line)
        line = lines.take()
        if not line.startswith("+++ "):
            lines.at -= 1
            raise lines.broken("no `+++` line with the name of a file")
        new = _named(lines, line)
        if git or (old[:2], new[:2]) == ("a/", "b/"):
            old, new = old.removeprefix("a/"), new.removeprefix("b/")
        edits = _sized_hunks(lines)
        if moved_from or moved_to:
            if (old, new) != (moved_from, moved_to):
                raise lines.broken("a file that is renamed has other names above its changes")
            changes.append(Changed(path=old, edits=edits, to=new))
        elif old == _NOTHING:
            # Without a heading of git's nobody can tell whether `b/` is a directory: it is judged as both.
            changes.extend(
                Added(path=path, content=edits[0].new)
                for path in dict.fromkeys((new.removeprefix("b/"), new))
            )
        elif new == _NOTHING:
            changes.extend(Removed(path=path) for path in dict.fromkeys((old.removeprefix("a/"), old)))
        else:
            # Which of two names is meant, readers do not agree on.
            changes.append(Changed(path=old, edits=edits, to="" if old == new else new))
    if not changes:
        raise _Broken("it changes no file")
    return tuple(changes)


def _named(lines: _Lines, line: str) -> str:
    name = line[4:].split("\t", 1)[0].removesuffix("\r")
    if not name or name != name.strip() or name.startswith('"') or _is_odd(name):
        lines.at -= 1
        raise lines.broken("the name of the file is empty, quoted, or has white space around it")
    return _NOTHING if name in {"a/dev/null", "b/dev/null"} else name


def _sized_hunks(lines: _Lines) -> tuple[Replacement, ...]:
    edits: list[Replacement] = []
    while (line := lines.peek()) is not None and line.startswith("@@ -"):
        old_lines, new_lines = _sizes(lines, lines.take())
        old: list[str] = []
        new: list[str] = []
        while len(old) < old_lines or len(new) < new_lines:
            line = lines.take()
            sign, rest = line[:1], line[1:]
            if sign in {" ", ""}:
                old.append(rest)
                new.append(rest)
            elif sign == "-":
                old.append(rest)
            elif sign == "+":
                new.append(rest)
            elif sign != "\\":
                lines.at -= 1
                raise lines.broken("a line of a change that is neither kept, removed nor added")
            if len(old) > old_lines or len(new) > new_lines:
                raise lines.broken("a change has more lines than it says")
        while (line := lines.peek()) is not None and line.startswith("\\"):
            lines.take()
        edits.append(Replacement(old="\n".join(old), new="\n".join(new)))
    if not edits:
        raise lines.broken("a file without changes")
    return tuple(edits)


def _sizes(lines: _Lines, line: str) -> tuple[int, int]:
    """``@@ -first,count +first,count @@``."""
    words = line.split(" ")
    counts: list[int] = []
    if len(words) >= 4 and words[3] == "@@" and words[1][:1] == "-" and words[2][:1] == "+":
        for word in words[1:3]:
            first, comma, count = word[1:].partition(",")
            # `int` takes `1_0` and digits of other scripts.
            if first.isascii() and first.isdigit() and (not comma or (count.isascii() and count.isdigit())):
                counts.append(int(count[:9]) if comma else 1)
    if len(counts) != 2:
        lines.at -= 1
        raise lines.broken("a change that does not say how many lines it has")
    return counts[0], counts[1]


_SEARCH = ("------- SEARCH", "<<<<<<< SEARCH")
_MIDDLE = "======="
_REPLACE = ("+++++++ REPLACE", ">>>>>>> REPLACE")


def read_blocks(text: str) -> tuple[Replacement, ...] | NoPatch:
    """Blocks of ``SEARCH`` and ``REPLACE`` in one file."""
    try:
        return _blocks(_Lines(text.strip("\n")))
    except _Broken as error:
        return NoPatch(problem=str(error))


def _blocks(lines: _Lines) -> tuple[Replacement, ...]:
    edits: list[Replacement] = []
    while lines.peek() is not None:
        if not (line := lines.take()).strip():
            continue
        if line.rstrip() not in _SEARCH:
            lines.at -= 1
            raise lines.broken("no `------- SEARCH` line")
        old = _until(lines, (_MIDDLE,))
        new = _until(lines, _REPLACE)
        edits.append(Replacement(old="\n".join(old), new="\n".join(new)))
    if not edits:
        raise _Broken("it changes nothing")
    return tuple(edits)


def _until(lines: _Lines, ends: tuple[str, ...]) -> list[str]:
    found: list[str] = []
    while (line := lines.take()).rstrip() not in ends:
        found.append(line)
    return found
