"""``[[ ... ]]``: its own small grammar, where bash rejects what no operator joins. Source: bash manual 6.4."""

from __future__ import annotations

from guard.shell.ast import Condition, Literal, Part, Word
from guard.shell.braces import merged
from guard.shell.cursor import PLAIN
from guard.shell.simple import SimpleReader

_UNARY = frozenset("-" + letter for letter in "abcdefghknoprstuvwxzGLNORS")
_MATCHES = frozenset({"=", "==", "!="})
_BINARY = _MATCHES | frozenset(
    {"-nt", "-ot", "-ef", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "=~", "<", ">"}
)
_AFTER_CLOSE = frozenset(" \t\n;&|)<>")
_ENDS_SIDE = frozenset({"", "\n", ";", "&", "|", "(", ")"})
_IN_REGEX = PLAIN | frozenset("{}*?[]!#~=")


class ConditionReader(SimpleReader):
    """Reads conditions."""

    def condition(self) -> Condition:
        start = self.pos
        self.pos += 2
        words: list[Word] = []
        self._either(words)
        if not self._closes():
            raise self.stop("an odd `[[`")
        self.pos += 2
        self.read_words(len(words))
        return Condition(tuple(words), self.redirects(), self.span(start))

    def _closes(self) -> bool:
        after = self.peek(2)
        return self.at("]]") and (not after or after in _AFTER_CLOSE)

    def _either(self, words: list[Word]) -> None:
        """Terms joined by ``&&`` and ``||``; what they mean together is not the reader's business."""
        self.deeper()
        while True:
            self.newlines()
            self._term(words)
            self.newlines()
            operator = next((text for text in ("&&", "||") if self.at(text)), "")
            if not operator:
                break
            words.append(self._operator(operator))
        self.depth -= 1

    def _term(self, words: list[Word]) -> None:
        self.spend()
        while self.peek() == "!" and self.peek(1) in {" ", "\t"}:
            words.append(self._operator("!"))
            self.blanks()
        if self.peek() == "(":
            words.append(self._operator("("))
            self._either(words)
            if self.peek() != ")":
                raise self.stop("`(` without `)` in `[[`")
            words.append(self._operator(")"))
            return
        first = self._side()
        words.append(first)
        self.blanks()
        if _plain(first) in _UNARY:
            words.append(self._side())
            return
        if self._closes() or self.peek() == ")" or self.at("&&") or self.at("||"):
            return
        if self.peek() in {"<", ">"} and self.peek(1) != "(":
            operator = self._operator(self.peek())
        else:
            operator = self._side()
        text = _plain(operator)
        if text not in _BINARY:
            raise self.stop("two words without an operator in `[[`")
        words.append(operator)
        self.blanks()
        words.append(self._regex() if text == "=~" else self._side(extglob=text in _MATCHES))

    def _operator(self, text: str) -> Word:
        start = self.pos
        self.pos += len(text)
        span = self.span(start)
        return Word((Literal(text, False, span),), span)

    def _side(self, *, extglob: bool = False) -> Word:
        char = self.peek()
        if self._closes() or char in _ENDS_SIDE or (char in "<>" and self.peek(1) != "("):
            raise self.stop("an operand is missing in `[[`")
        start = self.pos
        word = self.word(braces=False, extglob=extglob)
        if self.pos < self.end and self.text[self.pos] in "<>":
            self.no_descriptor(start)
        return word

    def _regex(self) -> Word:
        """The right side of ``=~``, where balanced parentheses, and what is between them, are plain."""
        if self._closes():
            raise self.stop("`=~` without a pattern")
        text, start = self.text, self.pos
        parts: list[Part] = []
        depth = 0
        while self.pos < self.end:
            begin = at = self.pos
            while at < self.end and (
                (char := text[at]) in _IN_REGEX or char in "()|" or (depth and char in " \t<>;&")
            ):
                if char in "<>" and text.startswith("(", at + 1, self.end):
                    self.pos = at
                    raise self.stop("a process substitution in a pattern")
                depth += 1 if char == "(" else -1 if char == ")" else 0
                if depth < 0:
                    break
                at += 1
            if at > begin:
                self.pos = at
                parts.append(Literal(text[begin:at], False, self.span(begin)))
            if at >= self.end or depth < 0:
                break
            char = text[at]
            if char in " \t\n;&<>":
                break
            parts += self._quoted_or_expanded()
            self._balanced(text[at : self.pos])
        if not parts or depth > 0:
            raise self.stop("a pattern of `=~` that is read in different ways")
        return Word(merged(parts), self.span(start))

    def _quoted_or_expanded(self) -> list[Part]:
        text, start = self.text, self.pos
        char, following = self.peek(), self.peek(1)
        if char == "\\" and following not in {"", "\n"}:
            self.pos += 2
            return [Literal(following, True, self.span(start))]
        if char == "'":
            return [self.single()]
        if char == '"':
            return self.double()
        if char == "$" and following == "'":
            return [self.ansi()]
        if char == "$" and following != '"':
            return [self.dollar(quoted=False)]
        if char == "`":
            return [self.backticks(quoted=False, in_double=False)]
        if char > "\x7f" and char.isprintable():
            self.pos += 1
            return [Literal(text[start], False, self.span(start))]
        raise self.stop(f"`{char}` in a pattern")


def _plain(word: Word) -> str:
    """The text of a word without any quote, which alone can be an operator."""
    if any(not isinstance(part, Literal) or part.quoted for part in word.parts):
        return ""
    return word.static or ""
