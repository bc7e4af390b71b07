"""``[[ ... ]]``: its own small grammar, where bash rejects what no operator joins. Source: bash manual 6.4."""

from guard.shell.ast import Condition, Literal, Part, Redirect, Word
from guard.shell.words import WordReader

_UNARY = frozenset("-" + letter for letter in "abcdefghknoprstuvwxzGLNORS")
_BINARY = frozenset(
    {"=", "==", "!=", "-nt", "-ot", "-ef", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "=~", "<", ">"}
)
_AFTER_CLOSE = frozenset(" \t\n;&|)<>")


class ConditionReader(WordReader):
    """Reads conditions. ``CommandReader`` gives it newlines and redirections."""

    def newlines(self) -> None:
        """Blanks, comments and newlines."""
        raise NotImplementedError

    def redirects(self) -> tuple[Redirect, ...]:
        """Redirections after a compound command."""
        raise NotImplementedError

    def condition(self) -> Condition:
        start = self.pos
        self.pos += 2
        words: list[Word] = []
        self._either(words)
        if not self._closes():
            raise self.stop("an odd `[[`")
        self.pos += 2
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
            self.blanks()
            operator = next((text for text in ("&&", "||") if self.at(text)), "")
            if not operator:
                break
            words.append(self._operator(operator))
        self.depth -= 1

    def _term(self, words: list[Word]) -> None:
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
        words.append(self._regex() if text == "=~" else self._side())

    def _operator(self, text: str) -> Word:
        start = self.pos
        self.pos += len(text)
        return Word((Literal(text, quoted=False),), self.span(start))

    def _side(self) -> Word:
        if self._closes() or self.peek() in {"", "\n", ";", "&", "|", "(", ")", "<", ">"}:
            raise self.stop("an operand is missing in `[[`")
        return self.word(braces=False)

    def _regex(self) -> Word:
        """The right side of ``=~``, where balanced parentheses and bars are plain."""
        if self._closes():
            raise self.stop("`=~` without a pattern")
        start = self.pos
        parts: list[Part] = []
        depth = 0
        while self.pos < self.end and self.text[self.pos] not in " \t\n;&<>":
            char = self.text[self.pos]
            depth += {"(": 1, ")": -1}.get(char, 0)
            if depth < 0:
                break
            if char.isalnum() or char in "()|{},*?[]+^.#!@~_-/:=%":
                parts.append(Literal(char, quoted=False))
                self.pos += 1
            else:
                parts += self.part()
        if not parts or depth > 0:
            raise self.stop("a pattern of `=~` that is read in different ways")
        return Word(tuple(parts), self.span(start))


def _plain(word: Word) -> str:
    """The text of a word without any quote, which alone can be an operator."""
    if any(not isinstance(part, Literal) or part.quoted for part in word.parts):
        return ""
    return word.static or ""
