"""Text to ``Script``, for the part of bash that is positively understood; the rest is ``Unread``. Total and bounded."""

from __future__ import annotations

from guard.model.source import Span
from guard.shell.ast import Item, Join, Pipeline, Script, Simple, Unread
from guard.shell.commands import CommandReader
from guard.shell.cursor import Stop

MAX_CHARACTERS = 64 * 1024
MAX_LINES = 2000
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def parse(text: str) -> Script:
    """Never raises. What could not be read is an ``Unread`` from there to the end."""
    problem = _contract(text)
    if problem:
        return Script((_unread(problem, 0, len(text), Join.FIRST),), Span(0, len(text)))
    reader = CommandReader(text)
    items: list[Item] = []
    lines: list[int] = []
    try:
        while True:
            line = reader.complete_line()
            if line is None:
                return Script(tuple(items), Span(0, len(text)), tuple(lines))
            if items and line:
                first = line[0]
                line[0] = Item(Join.THEN, first.pipeline, first.background)
                lines.append(len(items))
            items += line
            if not reader.limits.extglob and "extglob" in text:
                reader.limits.extglob = any(map(_turns_on_extglob, line))
    except Stop as stop:
        lines.append(len(items))
        # bash reads and runs line by line: lines before this one are what they are.
        join = Join.THEN if items else Join.FIRST
        items.append(_unread(stop.reason, reader.line_start, len(text), join, stop.pos))
    except RecursionError:
        lines.append(len(items))
        join = Join.THEN if items else Join.FIRST
        items.append(_unread("nested too deeply", reader.line_start, len(text), join, reader.pos))
    return Script(tuple(items), Span(0, len(text)), tuple(lines))


def _unread(reason: str, start: int, end: int, join: Join, at: int = 0) -> Item:
    span = Span(start, end)
    # A place in text that does not stand in the input is not one in the input.
    return Item(join, Pipeline((Unread(reason, span, min(max(at, start), end)),), negated=False, span=span))


def _turns_on_extglob(item: Item) -> bool:
    """``shopt -s extglob`` on a line of its own or in a list: if it is not reached, later patterns are syntax errors."""
    for command in item.pipeline.commands:
        if isinstance(command, Simple):
            words = [word.static for word in command.words]
            if words[:2] == ["shopt", "-s"] and "extglob" in words[2:]:
                return True
    return False


def _contract(text: str) -> str:
    """Why this text is not read at all; empty when it is."""
    if len(text) > MAX_CHARACTERS:
        return "the command is longer than 65536 characters"
    if text.count("\n") > MAX_LINES:
        return "the command has more than 2000 lines"
    if text.isascii() and text.isprintable():
        return ""
    for char in text:
        if char < " ":
            if char not in "\t\n":
                return "a control character"
        elif char > "~" and ("\x7f" <= char <= "\x9f" or char in _BIDI or "\ud800" <= char <= "\udfff"):
            return "a control character, a text direction mark or a byte that is not UTF-8"
    return ""
