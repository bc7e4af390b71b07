"""Simple commands: assignments, words and redirections in any order. Source: POSIX 2.9.1."""

from __future__ import annotations

from guard.model.source import Span
from guard.shell.ast import ArrayValue, Assignment, Command, Literal, Part, Redirect, Simple, Word
from guard.shell.braces import Piece
from guard.shell.cursor import END_PLAIN, MAX_WORDS, NAME, NAME_START, PLAIN
from guard.shell.redirects import RedirectReader

_DECLARES = frozenset({"declare", "typeset", "local", "export", "readonly", "alias"})
_ENDS = frozenset("\n;&|)")


class SimpleReader(RedirectReader):
    """Reads simple commands. ``CommandReader`` gives it functions."""

    def newlines(self) -> None:
        """Blanks, comments and newlines."""
        raise NotImplementedError

    def function_after(self, name: str, start: int) -> Command:
        """A function whose name has been read; the cursor is at its parentheses."""
        raise NotImplementedError

    def simple(self) -> Command:
        start = at = self.pos
        text, end, fixed = self.text, self.end, self.fixed
        words: list[Word] = []
        assignments: list[Assignment] = []
        redirects: list[Redirect] = []
        for _ in range(MAX_WORDS):
            while at < end and (text[at] == " " or text[at] == "\t"):
                at += 1
            if at >= end:
                self.pos = at
                break
            # The common word, plain from end to end, is read here and nowhere else.
            char = text[at]
            if char in PLAIN:
                begin = at
                at += 1
                while at < end and text[at] in PLAIN:
                    at += 1
                if at >= end or text[at] in END_PLAIN:
                    span = fixed or Span(begin, at)
                    words.append(Word((Literal(text[begin:at], False, span),), span))
                    continue
                at = begin
            elif char in _ENDS and not (char == "&" and text.startswith("&>", at, end)):
                self.pos = at
                break
            self.pos = at
            if char in "\\#":
                self.blanks()
                if self.pos != at:
                    at = self.pos
                    continue
            if (redirect := self.redirect()) is not None:
                redirects.append(redirect)
            elif not words and char in NAME_START and self._assignments(assignments, words):
                pass
            elif char == "(":
                return self._definition(start, assignments, words, redirects)
            elif char in "<>" and not text.startswith("(", at + 1, end):
                raise self.stop("a redirection that is not known")
            else:
                words.append(self.word())
                if self.pos < end and text[self.pos] == "(" and text[self.pos - 1] == "=":
                    if redirects:
                        raise self.stop("an array after a redirection")
                    self._array_argument(words)
            at = self.pos
        else:
            raise self.stop(f"more than {MAX_WORDS} words")
        self.read_words(len(words) + len(assignments))
        self.spend()
        if not (words or assignments or redirects):
            raise self.stop("a command is missing")
        return Simple(tuple(assignments), tuple(words), tuple(redirects), self._until_last(start))

    def _until_last(self, start: int) -> Span:
        at = self.pos
        while at > start and self.text[at - 1] in " \t":
            at -= 1
        return self.span(start, at)

    def _definition(
        self, start: int, assignments: list[Assignment], words: list[Word], redirects: list[Redirect]
    ) -> Command:
        name = words[0].static if len(words) == 1 else None
        plain = name is not None and all(isinstance(p, Literal) and not p.quoted for p in words[0].parts)
        if assignments or redirects or name is None or not plain:
            raise self.stop("`(` where none can stand")
        return self.function_after(name, start)

    # ------------------------------------------------------------------ assignments

    def _assignments(self, assignments: list[Assignment], words: list[Word]) -> bool:
        """An assignment, or a first word that begins like one of an element; False if the cursor is at neither."""
        start = self.pos
        name = self.name()
        subscript: Word | None = None
        if self.peek() == "[":
            self.spend()
            after = self._after_bracket()
            if after is None:
                # bash reads `name[` up to its bracket over blanks and all, and only then looks for `=`.
                words.append(self._bracketed(start, name))
                return True
            subscript = self.subscript()
            if self.pos != after:
                raise self.stop("a subscript that may run something")
        append = self.at("+=")
        if not append and self.peek() != "=":
            if self.at("\\\n"):
                raise self.stop("a continuation after a name")
            self.pos = start
            return False
        self.pos += 2 if append else 1
        if self.at("\\\n"):
            raise self.stop("a continuation in an assignment")
        if self.peek() == "(":
            if subscript is not None:
                raise self.stop("an array in an array")
            elements, subscripts = self._array()
            assignments.append(Assignment(name, None, elements, append, None, self.span(start), subscripts))
            return True
        value = self.word(braces=False, assignment=True)
        assignments.append(Assignment(name, value, (), append, subscript, self.span(start)))
        return True

    def _after_bracket(self) -> int | None:
        """Where the text goes on after the bracket at the cursor, if an assignment follows it."""
        text, end, at = self.text, self.end, self.pos + 1
        while at < end and text[at] in NAME:
            at += 1
        if text.startswith("]", at, end):
            return at + 1 if text.startswith(("=", "+="), at + 1, end) else None
        saved, depth = self.pos, self.depth
        pending = len(self.pending)
        self.bracket_with(self.pos + 1, "a subscript that may run something", subscript=True)
        after, self.pos, self.depth = self.pos, saved, depth
        del self.pending[pending:]
        return after if self.text.startswith(("=", "+="), after, self.end) else None

    def _bracketed(self, start: int, name: str) -> Word:
        first = self.pos
        pieces: list[Piece] = [Literal(name, False, self.span(start, first))]
        pieces += self.bracket_with(first + 1, "a bracket that never ends", subscript=True)
        inside = self.text[first : self.pos]
        if "{" in inside and ("," in inside or ".." in inside):
            raise self.stop("braces and brackets in one another")
        return self.word_from(start, pieces, braces=True, assignment=False, extglob=False)

    def _array(self) -> tuple[tuple[Word, ...], tuple[Word | None, ...]]:
        """``( ... )``, with ``[sub]=`` before some of its words."""
        self.pos += 1
        words: list[Word] = []
        subscripts: list[Word | None] = []
        while True:
            self.newlines()
            char = self.peek()
            if char == ")":
                self.pos += 1
                if self.pos < self.end and self.text[self.pos] not in " \t\n;&|)":
                    raise self.stop("a word after an array")
                self.read_words(len(words))
                return tuple(words), tuple(subscripts) if any(subscripts) else ()
            if char in {"", ";", "&", "|", "("} or (char in "<>" and self.peek(1) != "("):
                raise self.stop("an array that never ends")
            subscript = None
            if char == "[":
                subscript = self.subscript()
                if not self.at("="):
                    raise self.stop("an element of an array that is read in different ways")
                self.pos += 1
            if subscript is None:
                words.append(self.word())
            else:
                words.append(self.word(braces=False, assignment=True))
            subscripts.append(subscript)
            if self.peek() == "(":
                raise self.stop("an array in an array")

    def _array_argument(self, words: list[Word]) -> None:
        """``declare name=( ... )``: the parentheses belong to the word."""
        word = words[-1]
        text = word.static
        if (
            words[0].static not in _DECLARES
            or len(words[0].parts) != 1
            or words[0].parts[0] != Literal(words[0].static or "", False, words[0].parts[0].span)
            or len(words) < 2
            or text is None
            or len(word.parts) != 1
            or word.parts[0] != Literal(text, False, word.parts[0].span)
        ):
            raise self.stop("`(` where none can stand")
        name = text[:-2] if text.endswith("+=") else text[:-1]
        if not name or name[0] not in NAME_START or any(char not in NAME for char in name):
            raise self.stop("`(` where none can stand")
        start = self.pos
        elements, subscripts = self._array()
        value: Part = ArrayValue(elements, subscripts, self.span(start))
        words[-1] = Word((*word.parts, value), self.span(word.span.start))
