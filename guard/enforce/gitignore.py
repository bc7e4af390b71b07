"""Which files a repository asks git to ignore, for counting only: nothing is permitted because it is ignored.

Source: git's ``gitignore(5)``. Reads ``.gitignore`` files and ``.git/info/exclude``; not the person's own global list.
"""

import os

from guard.model.typed import TYPE_CHECKING

if TYPE_CHECKING:
    import re

MAX_BYTES = 64 * 1024
MAX_PATTERNS = 1000


class Ignores:
    """The rules of one work tree; each file of them is read once."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._rules: dict[str, list[tuple[re.Pattern[str], bool, bool]]] = {}
        self._directories: dict[str, bool] = {root: False}

    def covers(self, path: str) -> bool:
        """Whether git ignores the file ``path`` (absolute, real, not in the index)."""
        parent = os.path.dirname(path)
        return self._directory(parent) or self._matches(path, directory=False)

    def _directory(self, path: str) -> bool:
        known = self._directories.get(path)
        if known is None:
            inside = path.startswith(self._root + "/")
            known = inside and (self._directory(os.path.dirname(path)) or self._matches(path, directory=True))
            self._directories[path] = known
        return known

    def _matches(self, path: str, *, directory: bool) -> bool:
        """The last pattern that speaks of it, of the innermost file that has one."""
        base = os.path.dirname(path)
        while True:
            relative = path[len(base) + 1 :]
            for pattern, negated, directories_only in reversed(self._of(base)):
                if (directory or not directories_only) and pattern.fullmatch(relative):
                    return not negated
            if base == self._root or not base.startswith(self._root):
                return False
            base = os.path.dirname(base)

    def _of(self, directory: str) -> "list[tuple[re.Pattern[str], bool, bool]]":
        rules = self._rules.get(directory)
        if rules is None:
            rules = list["tuple[re.Pattern[str], bool, bool]"]()
            if directory == self._root:
                rules += _read(os.path.join(directory, ".git", "info", "exclude"))
            rules += _read(os.path.join(directory, ".gitignore"))
            self._rules[directory] = rules
        return rules


def _read(path: str) -> "list[tuple[re.Pattern[str], bool, bool]]":
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, encoding="utf-8", errors="replace") as file:
            lines = file.read(MAX_BYTES).split("\n")
    except OSError:
        return []
    rules: list[tuple[re.Pattern[str], bool, bool]] = []
    for line in lines[:MAX_PATTERNS]:
        text = line.rstrip()
        if not text or text.startswith("#"):
            continue
        negated = text.startswith("!")
        text = text.removeprefix("!").removeprefix("\\")
        directories_only = text.endswith("/")
        pattern = text.rstrip("/")
        if pattern:
            rules.append((_compiled(pattern), negated, directories_only))
    return rules


def _compiled(pattern: str) -> "re.Pattern[str]":
    """A pattern with a slash in it is anchored where its file lies; others match at any depth."""
    import re  # noqa: PLC0415 - only who counts what git ignores needs patterns

    anchored = "/" in pattern
    parts = pattern.lstrip("/").split("/")
    out = "" if anchored else "(?:.*/)?"
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        if part == "**":
            out += ".*" if last else "(?:.*/)?"
            continue
        out += _part(part) + ("" if last else "/")
    return re.compile(out)


def _part(text: str) -> str:
    out = ""
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "*":
            # Stars in a row would take a time that grows with each of them.
            out += "" if out.endswith("[^/]*") else "[^/]*"
        elif char == "?":
            out += "[^/]"
        elif char == "[" and "]" in text[at + 1 :]:
            end = text.index("]", at + 1)
            inside = text[at:end]
            inside = ("^" + inside[1:]) if inside[:1] == "!" else inside
            out += "[" + inside.replace("\\", "\\\\").replace("[", "\\[") + "]"
            at = end + 1
        elif char == "\\" and at < len(text):
            out += _escaped(text[at])
            at += 1
        else:
            out += _escaped(char)
    return out


def _escaped(char: str) -> str:
    return char if char.isalnum() or char == "_" else "\\" + char
