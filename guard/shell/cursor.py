"""A place in a text, and the rules for stopping. Knows characters, not grammar."""

from __future__ import annotations

from guard.model.source import Span
from guard.shell.ast import Part, Script, Word

__all__ = ["override"]  # the others are defined here; this one must be said to be for others

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import override
else:

    def override(method: object) -> object:
        """``typing.override`` comes with Python 3.12."""
        return method


MAX_DEPTH = 40
MAX_WORDS = 4096
MAX_PARTS = 4096
"""Quotes, expansions and commands, what takes longer twice: with ``MAX_WORDS``, it keeps every input under 50 ms."""
NAME_START = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
DIGITS = frozenset("0123456789")
NAME = NAME_START | DIGITS
PLAIN = NAME | frozenset("-./:,@%+^")
"""Characters of a word that mean only themselves, unless a bracket, brace or tilde came before."""
ENDS_WORD = frozenset(" \t\n;&|<>()")
END_PLAIN = frozenset(" \t\n;&|)")
"""What ends a word without having to be looked at: no redirection, no parenthesis that opens."""


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


class Limits:
    """What is left to read, shared by the readers of one text."""

    __slots__ = ("extglob", "parts", "translates", "words")

    def __init__(self) -> None:
        self.words = MAX_WORDS
        self.parts = MAX_PARTS
        self.translates: bool | None = None
        """Whether the text speaks of translations; None until somebody asks."""
        self.extglob = False
        """Whether an earlier line has said ``shopt -s extglob``: it changes how the lines after it are read."""


class Cursor:
    """Reads ``text`` from ``pos`` to ``end``. ``fixed``: every span is this one, for text that is not in the input as read."""

    def __init__(
        self,
        text: str,
        *,
        depth: int = 0,
        fixed: Span | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.text: str = text
        self.end: int = len(text)
        self.pos: int = 0
        self.begin: int = 0
        """Where the text that is read as one script begins."""
        self.depth: int = depth
        self.fixed: Span | None = fixed
        self.limits: Limits = limits or Limits()
        self.pending: list[Heredoc] = []
        self.inside: bool = False
        """Whether this is in a substitution, whose text bash writes anew from its tree before it runs it."""
        self.outer_pending: bool = False
        """Whether a here-document of an enclosing command waits for the next newline."""

    # ------------------------------------------------------------------ what the readers above this one give it

    def word(self, *, braces: bool = True, assignment: bool = False, extglob: bool = False) -> Word:
        """One word at the cursor."""
        raise NotImplementedError

    def script_until(self, closer: str) -> Script:
        """A list of commands up to ``closer``, which is consumed."""
        raise NotImplementedError

    def script_between(self, start: int, end: int) -> Script:
        """The script that stands between two places; the cursor is left at ``end``."""
        raise NotImplementedError

    def inner_script(self, text: str, span: Span) -> Script:
        """A script in text that does not stand in the input as it is read."""
        raise NotImplementedError

    def inner_body(self, text: str, span: Span) -> list[Part]:
        """The body of a here-document that does not stand in the input as it is read."""
        raise NotImplementedError

    # ------------------------------------------------------------------ places

    def span(self, start: int, end: int | None = None) -> Span:
        return self.fixed or Span(start, self.pos if end is None else end)

    def peek(self, ahead: int = 0) -> str:
        at = self.pos + ahead
        return self.text[at] if at < self.end else ""

    def at(self, text: str) -> bool:
        return self.text.startswith(text, self.pos, self.end)

    def stop(self, reason: str) -> Stop:
        return Stop(reason, self.pos)

    def expect(self, text: str, what: str) -> None:
        if not self.text.startswith(text, self.pos, self.end):
            raise self.stop(f"{what} without `{text}`")
        self.pos += len(text)

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.stop("nested too deeply")

    def spend(self) -> None:
        """One more quote, expansion or command."""
        self.limits.parts -= 1
        if self.limits.parts < 0:
            raise self.stop(f"more than {MAX_PARTS} quotes, expansions and commands")

    def read_words(self, count: int) -> None:
        self.limits.words -= count
        if self.limits.words < 0:
            raise self.stop(f"more than {MAX_WORDS} words")

    def name(self) -> str:
        """An identifier at the cursor, or empty."""
        text, start, end = self.text, self.pos, self.end
        at = start
        if at < end and text[at] in NAME_START:
            at += 1
            while at < end and text[at] in NAME:
                at += 1
        self.pos = at
        return text[start:at]

    def blanks(self) -> None:
        """Spaces, tabs, continuations and a comment."""
        text, end, pos = self.text, self.end, self.pos
        while pos < end:
            char = text[pos]
            if char in " \t":
                pos += 1
            elif char == "\\" and text.startswith("\\\n", pos, end):
                self.pos = pos
                self.no_heredoc("a continuation")
                pos += 2
            elif char == "#":
                self.pos = pos
                if pos > self.begin and text[pos - 1] not in " \t\n;&|()":
                    raise self.stop("`#` inside a word")
                found = text.find("\n", pos, end)
                pos = end if found < 0 else found
            else:
                break
        self.pos = pos

    def quoted_newlines(self, start: int, end: int) -> None:
        """A quote that spans lines would reach into the body of a waiting here-document."""
        if (self.pending or self.outer_pending) and self.text.find("\n", start, end) >= 0:
            raise self.stop("a newline in quotes while a here-document waits")

    def no_heredoc(self, what: str) -> None:
        if self.pending or self.outer_pending:
            raise self.stop(f"{what} while a here-document waits")
