"""Lists, pipelines and the choice of a command. Reads what bash reads, or stops. Source: POSIX 2.9 and 2.10."""

from __future__ import annotations

from guard.model.source import Span
from guard.shell.ast import (
    ArithmeticCommand,
    Command,
    Group,
    Item,
    Join,
    Part,
    Pipeline,
    Script,
    Simple,
    Subshell,
)
from guard.shell.compound import CompoundReader
from guard.shell.cursor import override

_CLOSERS = frozenset({"!", "then", "else", "elif", "fi", "do", "done", "esac", "}", "in", "]]"})
_NO_WORDS: frozenset[str] = frozenset()
_FIRST, _THEN = Join.FIRST, Join.THEN


class CommandReader(CompoundReader):
    """Reads scripts."""

    line_start = 0
    """Where the line being read began."""

    # ------------------------------------------------------------------ scripts in scripts

    @override
    def script_until(self, closer: str) -> Script:
        outer, waited = self.pending, self.outer_pending
        self.outer_pending = waited or bool(outer)
        self.pending = []
        before, self.inside = self.inside, True
        self.deeper()
        script = self.list_of(closer, _NO_WORDS)
        if self.pending:
            raise self.stop("a here-document whose body is not inside its substitution")
        self.expect(closer, "a substitution")
        self.depth -= 1
        self.inside = before
        self.pending, self.outer_pending = outer, waited
        return script

    @override
    def script_between(self, start: int, end: int) -> Script:
        outer, waited, after, begin = self.pending, self.outer_pending, self.end, self.begin
        self.outer_pending = waited or bool(outer)
        self.pending = []
        self.pos, self.end, self.begin = start, end, start
        before, self.inside = self.inside, True
        self.deeper()
        script = self.whole()
        self.inside = before
        self.depth -= 1
        self.end, self.begin = after, begin
        self.pending, self.outer_pending = outer, waited
        return script

    @override
    def inner_script(self, text: str, span: Span) -> Script:
        return self._reader(text, span).whole()

    @override
    def inner_body(self, text: str, span: Span) -> list[Part]:
        return self._reader(text, span).double_quoted("")

    def _reader(self, text: str, span: Span) -> CommandReader:
        reader = CommandReader(text, depth=self.depth, fixed=self.fixed or span, limits=self.limits)
        reader.inside = True
        reader.deeper()
        return reader

    def whole(self) -> Script:
        """Everything to the end."""
        script = self.list_of("", _NO_WORDS)
        if self.pos < self.end:
            raise self.stop(f"`{self.peek()}` where no command can begin")
        self.bodies(at_end=True)
        return script

    # ------------------------------------------------------------------ lists

    def complete_line(self) -> list[Item] | None:
        """What bash reads before it runs anything: to a newline outside all constructs. None at the end."""
        self.newlines()
        if self.pos >= self.end:
            return None
        self.line_start = self.pos
        items: list[Item] = []
        while True:
            more = self._and_or(_THEN if items else _FIRST, items)
            self.blanks()
            if self.pos >= self.end:
                self.bodies(at_end=True)
                return items
            if self.text[self.pos] == "\n":
                self._newline()
                return items
            if not more:
                raise self.stop(f"`{self.peek()}` where no command can begin")

    @override
    def list_of(self, closer: str, words: frozenset[str]) -> Script:
        start = self.pos
        items: list[Item] = []
        more = True
        while more:
            self.newlines()
            if self._closed(closer, words):
                break
            more = self._and_or(_THEN if items else _FIRST, items)
        return Script(tuple(items), self.span(start))

    def _and_or(self, join: Join, items: list[Item]) -> bool:
        """Pipelines joined by ``&&`` and ``||``, and their separator; whether another list may follow."""
        text, end = self.text, self.end
        first = len(items)
        items.append(Item(join, self.pipeline()))
        while True:
            self.blanks()
            if self.pos >= end:
                return False
            separator = text[self.pos]
            if separator not in "&|":
                break
            if text.startswith("&&", self.pos, end):
                join = Join.AND
            elif text.startswith("||", self.pos, end):
                join = Join.OR
            else:
                break
            self.pos += 2
            self.newlines()
            items.append(Item(join, self.pipeline()))
        if separator == "\n":
            return True
        if separator == ";" and not text.startswith((";;", ";&"), self.pos, end):
            self.pos += 1
            return True
        if separator == "&":
            self.pos += 1
            items[first:] = [Item(item.join, item.pipeline, True) for item in items[first:]]
            return True
        return False

    def _closed(self, closer: str, words: frozenset[str]) -> bool:
        if self.pos >= self.end:
            return True
        char = self.text[self.pos]
        if char == closer or (char == ";" and self.text.startswith((";;", ";&"), self.pos, self.end)):
            return True
        return bool(words) and self.reserved() in words

    @override
    def newlines(self) -> None:
        """Blanks, comments and newlines; bodies of here-documents begin at a newline."""
        while True:
            self.blanks()
            if self.pos >= self.end or self.text[self.pos] != "\n":
                return
            self._newline()

    def _newline(self) -> None:
        if self.outer_pending:
            raise self.stop("a newline while a here-document of an outer command waits")
        self.pos += 1
        self.bodies(at_end=False)

    # ------------------------------------------------------------------ pipelines

    def pipeline(self) -> Pipeline:
        start = self.pos
        negated = timed = False
        while (word := self.reserved()) and word in {"!", "time"}:
            self.spend()
            self.pos += len(word)
            if word == "!" and self.limits.extglob and self.peek() == "(":
                raise self.stop("`!(`, which an option makes a pattern")
            self.blanks()
            if word == "!":
                negated = not negated
                continue
            timed = True
            for option in ("-p", "--"):
                if self.at(option) and self.peek(2) in {" ", "\t", "\n", ";", "&", "|", ""}:
                    self.pos += 2
                    self.blanks()
        if timed and self.peek() in {"(", "{"} and self._opens(start):
            # bash rejects most of these, and takes `time` in the others for something else.
            raise self.stop("`time` of a group at the beginning of another")
        if timed and self.peek() in {"&", "|"}:
            raise self.stop("`time` of nothing")
        if (timed or negated) and self._ends_command():
            if negated:
                # In a substitution bash writes it anew as `! `, which it then cannot read.
                raise self.stop("`!` of nothing")
            nothing = Simple((), (), (), self.span(start))
            return Pipeline((nothing,), negated, self.span(start), (), timed)
        command = self.command(word)
        text, end = self.text, self.end
        self.blanks()
        if self.pos >= end or text[self.pos] != "|" or text.startswith("||", self.pos, end):
            return Pipeline((command,), negated, self._until(start, command), (), timed)
        commands = [command]
        stderr: list[bool] = []
        while self.pos < end and text[self.pos] == "|" and not text.startswith("||", self.pos, end):
            both = text.startswith("|&", self.pos, end)
            self.pos += 2 if both else 1
            stderr.append(both)
            self.newlines()
            command = self.command(self.reserved())
            commands.append(command)
            self.blanks()
        return Pipeline(tuple(commands), negated, self._until(start, command), tuple(stderr), timed)

    def _until(self, start: int, command: Command) -> Span:
        return self.fixed or Span(start, command.span.end)

    def _opens(self, start: int) -> bool:
        """Whether only a parenthesis or a pipe stands before ``start``."""
        at = start - 1
        while at >= 0 and self.text[at] in " \t\n":
            at -= 1
        return at >= 0 and self.text[at] in "(|"

    def _ends_command(self) -> bool:
        """Where bash takes a lone ``!`` or ``time`` for a command."""
        if self.peek() in {"", "\n"}:
            return True
        return self.peek() == ";" and not self.at(";;") and not self.at(";&")

    # ------------------------------------------------------------------ commands

    @override
    def command(self, word: str) -> Command:
        if not word and self.peek() != "(":
            return self.simple()
        self.deeper()
        self.spend()
        self.spend()
        start = self.pos
        result: Command
        match word:
            case "":
                result = self._round(start)
            case "{":
                self.pos += 1
                body = self.body("", frozenset({"}"}))
                self.take("}")
                result = Group(body, self.redirects(), self.span(start))
            case "if":
                result = self.if_()
            case "while" | "until":
                result = self.loop(word)
            case "for" | "select":
                result = self.for_(word)
            case "case":
                result = self.case()
            case "[[":
                result = self.condition()
            case "function":
                result = self.function()
            case "coproc":
                result = self.coproc()
            case _ if word in _CLOSERS:
                raise self.stop(f"`{word}` where no command can end")
            case _:
                raise self.stop(f"`{word}` where it means nothing")
        self.depth -= 1
        return result

    def _round(self, start: int) -> Command:
        """``( ... )`` or ``(( ... ))``."""
        if self.at("(("):
            self.pos += 2
            text, parts = self.arithmetic_until("))")
            return ArithmeticCommand(text, parts, self.redirects(), self.span(start))
        if self.at("(\\\n("):
            raise self.stop("a continuation after `(`")
        self.pos += 1
        body = self.body(")", frozenset())
        self.expect(")", "a subshell")
        return Subshell(body, self.redirects(), self.span(start))
