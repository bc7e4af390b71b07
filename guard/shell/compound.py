"""Compound commands: if, loops, case, functions and coprocesses. Source: POSIX 2.9.4, 2.9.5 and the bash manual 3.2.5."""

from __future__ import annotations

from guard.model.source import Span
from guard.shell.ast import (
    ArithmeticFor,
    Case,
    CaseItem,
    Command,
    Coproc,
    For,
    Function,
    Glob,
    If,
    Literal,
    Loop,
    Part,
    Script,
    Simple,
    Word,
)
from guard.shell.condition import ConditionReader
from guard.shell.cursor import ENDS_WORD, NAME, override

RESERVED = frozenset(
    "if then else elif fi do done case esac while until for select in function time coproc { } ! [[ ]]".split(
        " "
    )
)
_RESERVED_FIRST = frozenset(word[0] for word in RESERVED)
_COMPOUND = frozenset({"{", "if", "while", "until", "for", "case", "[[", "select"})
_FUNCTION_NAME = NAME | frozenset(".:+-@,%/")
_LONGEST = max(map(len, RESERVED))


class CompoundReader(ConditionReader):
    """Reads compound commands. ``CommandReader`` gives it lists."""

    def list_of(self, closer: str, words: frozenset[str]) -> Script:
        """Commands up to a closing character or one of ``words`` (neither is consumed)."""
        raise NotImplementedError

    def command(self, word: str) -> Command:
        """The command at the cursor, which begins with the reserved word ``word`` or with none."""
        raise NotImplementedError

    # ------------------------------------------------------------------ reserved words

    def reserved(self) -> str:
        """The reserved word at the cursor, or empty."""
        text, start, end = self.text, self.pos, self.end
        if start >= end or text[start] not in _RESERVED_FIRST:
            if text.startswith("\\\n", start, end):
                raise self.stop("a continuation before a command")
            return self._no_joined(start)
        at = start
        stop = min(end, start + _LONGEST + 1)
        while at < stop and text[at] not in ENDS_WORD:
            at += 1
        word = text[start:at]
        if "\\" in word:
            return self._no_joined(start)
        if word in RESERVED and not text.startswith(("<(", ">("), at):
            return word
        return ""

    def _no_joined(self, start: int) -> str:
        """A reserved word with a continuation in it would not be seen."""
        text, end = self.text, self.end
        at = text.find("\\\n", start, min(end, start + 40))
        if at < 0 or any(char in ENDS_WORD for char in text[start:at]):
            return ""
        while at < end and (text[at] not in ENDS_WORD or (text[at] == "\n" and text[at - 1] == "\\")):
            at += 1
        if text[start:at].replace("\\\n", "") in RESERVED:
            raise self.stop("a continuation inside a reserved word")
        return ""

    def take(self, *words: str) -> str:
        found = self.reserved()
        if found not in words:
            raise self.stop(f"`{words[0]}` is missing")
        self.pos += len(found)
        return found

    def body(self, closer: str, words: frozenset[str]) -> Script:
        """A list that must not be empty."""
        script = self.list_of(closer, words)
        if not script.items:
            raise self.stop("a command is missing")
        return script

    # ------------------------------------------------------------------ conditions and loops

    def if_(self) -> If:
        start = self.pos
        branches: list[tuple[Script, Script]] = []
        otherwise: Script | None = None
        word = self.take("if")
        while word in {"if", "elif"}:
            condition = self.body("", frozenset({"then"}))
            self.take("then")
            branches.append((condition, self.body("", frozenset({"elif", "else", "fi"}))))
            word = self.take("elif", "else", "fi")
        if word == "else":
            otherwise = self.body("", frozenset({"fi"}))
            self.take("fi")
        return If(tuple(branches), otherwise, self.redirects(), self.span(start))

    def loop(self, word: str) -> Loop:
        start = self.pos
        self.pos += len(word)
        condition = self.body("", frozenset({"do"}))
        return Loop(condition, self._do(), word == "until", self.redirects(), self.span(start))

    def _do(self) -> Script:
        self.take("do")
        body = self.body("", frozenset({"done"}))
        self.take("done")
        return body

    def _do_or_group(self) -> Script:
        """The body of a ``for``, which bash also takes in braces."""
        if self.reserved() != "{":
            return self._do()
        self.pos += 1
        body = self.body("", frozenset({"}"}))
        self.take("}")
        return body

    def for_(self, word: str) -> For | ArithmeticFor:
        start = self.pos
        self.pos += len(word)
        self.blanks()
        if word == "for" and self.at("(("):
            self.pos += 2
            text, parts = self._three()
            self.blanks()
            if self.peek() == ";":
                self.pos += 1
            self.newlines()
            return ArithmeticFor(text, parts, self._do_or_group(), self.redirects(), self.span(start))
        name = self.name()
        if not name or self.peek() not in {" ", "\t", "\n", ";"}:
            raise self.stop("a loop without a name")
        self.blanks()
        if self.peek() == "{":
            raise self.stop("a loop whose body begins where `in` or a line's end must stand")
        self.newlines()
        words: list[Word] | None = None
        if self.reserved() == "in":
            self.pos += 2
            words = []
            self.blanks()
            while self.peek() not in {"", ";", "\n"}:
                words.append(self.word())
                self.blanks()
            self.read_words(len(words))
        if self.peek() == ";":
            self.pos += 1
        self.newlines()
        return For(
            name,
            None if words is None else tuple(words),
            self._do_or_group(),
            self.redirects(),
            self.span(start),
            word == "select",
        )

    def _three(self) -> tuple[str, tuple[Part, ...]]:
        start = self.pos
        parts = [
            *self.arithmetic_until(";")[1],
            *self.arithmetic_until(";")[1],
            *self.arithmetic_until("))")[1],
        ]
        return self.text[start : self.pos - 2], tuple(parts)

    # ------------------------------------------------------------------ case

    def case(self) -> Case:
        start = self.pos
        self.take("case")
        self.blanks()
        word = self.word(braces=False)
        self.newlines()
        self.take("in")
        items: list[CaseItem] = []
        while True:
            self.newlines()
            if self.reserved() == "esac":
                break
            item, closed = self._case_item()
            items.append(item)
            if not closed:
                break
        self.newlines()
        self.take("esac")
        return Case(word, tuple(items), self.redirects(), self.span(start))

    def _case_item(self) -> tuple[CaseItem, bool]:
        """And whether it has a terminator, which the last one need not."""
        start = self.pos
        self.spend()
        if self.peek() == "(":
            self.pos += 1
            self.blanks()
        patterns = [self.word(braces=False)]
        self.blanks()
        while self.peek() == "|":
            self.pos += 1
            self.blanks()
            patterns.append(self.word(braces=False))
            self.blanks()
        if any(pattern.static == "esac" for pattern in patterns):
            raise self.stop("`esac` as a pattern")
        self.read_words(len(patterns))
        self.expect(")", "a pattern")
        body = self.list_of("", frozenset({"esac"}))
        terminator = next((text for text in (";;&", ";;", ";&") if self.at(text)), "")
        self.pos += len(terminator)
        span = self.span(start)
        return CaseItem(tuple(patterns), body, terminator or ";;", span), bool(terminator)

    # ------------------------------------------------------------------ functions and coprocesses

    def function(self) -> Function:
        start = self.pos
        self.take("function")
        self.blanks()
        begin = self.pos
        while self.pos < self.end and self.text[self.pos] in _FUNCTION_NAME:
            self.pos += 1
        name = self.text[begin : self.pos]
        if not name or name in RESERVED or self.peek() not in {" ", "\t", "\n", "("}:
            raise self.stop("a function without a plain name")
        self.blanks()
        if self.peek() == "(" and not self.at("(("):
            return self.function_after(name, start)
        return self._function_body(name, start)

    @override
    def function_after(self, name: str, start: int) -> Function:
        if name in RESERVED or not all(char in _FUNCTION_NAME for char in name):
            raise self.stop("a function without a plain name")
        self.pos += 1
        self.blanks()
        self.expect(")", "a function")
        return self._function_body(name, start)

    def _function_body(self, name: str, start: int) -> Function:
        self.newlines()
        word = self.reserved()
        if self.peek() != "(" and word not in _COMPOUND:
            raise self.stop("a function body that is not a compound command")
        body = self.command(word)
        return Function(name, body, self.fixed or Span(start, body.span.end))

    def coproc(self) -> Coproc:
        start = self.pos
        self.take("coproc")
        self.blanks()
        name = "COPROC"
        mark = self.pos
        if (candidate := self.name()) and self.peek() in {" ", "\t"}:
            self.blanks()
            if self.peek() == "(" or (word := self.reserved()) in _COMPOUND:
                name = candidate
            elif word:
                raise self.stop(f"`{word}` after the name of a coprocess")
            else:
                self.pos = mark
        else:
            self.pos = mark
        word = self.reserved()
        if name in RESERVED or word in {"coproc", "function", "time", "!"}:
            raise self.stop("a coprocess of an odd command")
        if self.inside and not word and self.peek() != "(":
            # bash 5.2 writes `coproc k` as `coproc COPROC k`, and runs that.
            raise self.stop("a coprocess of a simple command in a substitution")
        body = self.command(word)
        if isinstance(body, Function):
            raise self.stop("a coprocess of an odd command")
        if (
            isinstance(body, Simple)
            and len(body.words) > 1
            and "[" in self.text[body.words[1].span.start : body.words[1].span.end]
        ):
            raise self.stop("a bracket after the name of a coprocess")
        if (
            isinstance(body, Simple)
            and len(body.words) > 1
            and any(isinstance(part, Glob | Literal) and "[" in part.text for part in body.words[1].parts)
        ):
            raise self.stop("a bracket after the name of a coprocess")
        if isinstance(body, Simple) and len(body.words) > 1 and body.words[1].parts:
            second = body.words[1].parts[0]
            if isinstance(second, Literal) and not second.quoted and second.text in RESERVED:
                raise self.stop(f"`{second.text}` after the name of a coprocess")
        return Coproc(name, body, self.fixed or Span(start, body.span.end))
