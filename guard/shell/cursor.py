"""A place in a text, and the rules for stopping. Knows characters, not grammar."""

from guard.model.source import Span
from guard.shell.ast import Word

MAX_DEPTH = 40
NAME_START = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
NAME = NAME_START | frozenset("0123456789")
DIGITS = frozenset("0123456789")
ENDS_WORD = frozenset(" \t\n;&|<>()")


class Stop(Exception):
    """Something that is not positively understood, at ``pos``."""

    def __init__(self, reason: str, pos: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.pos = pos


class Heredoc:
    """A here-document whose body has not been reached yet. ``word`` is filled in when it is."""

    __slots__ = ("delimiter", "quoted", "strip", "word")

    def __init__(self, delimiter: str, word: Word, *, quoted: bool, strip: bool) -> None:
        self.delimiter = delimiter
        self.word = word
        self.quoted = quoted
        self.strip = strip


class Cursor:
    """``fixed``: every span is this one, for text that does not stand in the input as it is read."""

    def __init__(self, text: str, depth: int = 0, fixed: Span | None = None) -> None:
        self.text = text
        self.end = len(text)
        self.pos = 0
        self.depth: int = depth
        self.fixed = fixed
        self.pending: list[Heredoc] = []
        self.outer_pending = False
        """Whether a here-document of an enclosing command waits for the next newline."""

    def span(self, start: int, end: int | None = None) -> Span:
        return self.fixed or Span(start, self.pos if end is None else end)

    def peek(self, ahead: int = 0) -> str:
        at = self.pos + ahead
        return self.text[at] if at < self.end else ""

    def at(self, text: str) -> bool:
        return self.text.startswith(text, self.pos)

    def stop(self, reason: str) -> Stop:
        return Stop(reason, self.pos)

    def expect(self, text: str, what: str) -> None:
        if not self.at(text):
            raise self.stop(f"{what} without `{text}`")
        self.pos += len(text)

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.stop("nested too deeply")

    def name(self) -> str:
        """An identifier at the cursor, or empty."""
        start = self.pos
        if self.peek() in NAME_START and self.peek():
            while self.pos < self.end and self.text[self.pos] in NAME:
                self.pos += 1
        return self.text[start : self.pos]

    def blanks(self) -> None:
        """Spaces, tabs, continuations and a comment."""
        continued = False
        while self.pos < self.end:
            char = self.text[self.pos]
            if char in " \t":
                self.pos += 1
            elif char == "\\" and self.peek(1) == "\n":
                self._no_heredoc("a continuation")
                self.pos += 2
                continued = True
            elif char == "#":
                if continued:
                    raise self.stop("a comment after a continuation")
                if self.pos and self.text[self.pos - 1] not in " \t\n;&|()":
                    raise self.stop("`#` inside a word")
                while self.pos < self.end and self.text[self.pos] != "\n":
                    self.pos += 1
            else:
                return

    def quoted_newlines(self, start: int, end: int) -> None:
        """A quote that spans lines would reach into the body of a waiting here-document."""
        if self.text.find("\n", start, end) >= 0:
            self._no_heredoc("a newline in quotes")

    def _no_heredoc(self, what: str) -> None:
        if self.pending or self.outer_pending:
            raise self.stop(f"{what} while a here-document waits")
