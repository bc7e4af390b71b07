"""Commands, lists and compound commands. Reads what bash reads, or stops."""

from typing import TYPE_CHECKING

from guard.model.source import Span
from guard.shell.ast import (
    ArithmeticCommand,
    ArithmeticFor,
    Assignment,
    Case,
    CaseItem,
    Command,
    Coproc,
    For,
    Function,
    Group,
    If,
    Item,
    Join,
    Literal,
    Loop,
    Part,
    Pipeline,
    Redirect,
    RedirectOp,
    Script,
    Simple,
    Subshell,
    Word,
)
from guard.shell.braces import merged
from guard.shell.condition import ConditionReader
from guard.shell.cursor import DIGITS, NAME, NAME_START, Heredoc

if TYPE_CHECKING:
    from typing_extensions import override
else:

    def override(method: object) -> object:
        """``typing.override`` comes with Python 3.12."""
        return method


RESERVED = frozenset(
    "if then else elif fi do done case esac while until for select in function time coproc { } ! [[ ]]".split(
        " "
    )
)
_CLOSERS = frozenset({"!", "then", "else", "elif", "fi", "do", "done", "esac", "}", "in", "]]"})
_REDIRECTS = ("&>>", "&>", "<<<", "<<", "<&", "<>", "<", ">>", ">|", ">&", ">")
_DECLARES = frozenset({"declare", "typeset", "local", "export", "readonly", "alias"})
_FUNCTION_NAME = NAME | frozenset(".:+-@")
_OPS = {op.value: op for op in RedirectOp}


class CommandReader(ConditionReader):
    """Reads scripts."""

    line_start = 0
    """Where the line being read began."""

    # ------------------------------------------------------------------ lists

    @override
    def script_until(self, closer: str) -> Script:
        outer, waited = self.pending, self.outer_pending
        self.outer_pending = waited or bool(outer)
        self.pending = []
        self.deeper()
        script = self.list_of(closers=(closer,))
        if self.pending:
            raise self.stop("a here-document whose body is not inside its substitution")
        self.expect(closer, "a substitution")
        self.depth -= 1
        self.pending, self.outer_pending = outer, waited
        return script

    @override
    def inner_script(self, text: str, span: Span) -> Script:
        reader = CommandReader(text, self.depth, fixed=self.fixed or span)
        reader.deeper()
        return reader.whole()

    def whole(self) -> Script:
        """Everything to the end."""
        script = self.list_of(closers=())
        if self.pos < self.end:
            raise self.stop(f"`{self.peek()}` where no command can begin")
        self._bodies(at_end=True)
        return script

    def complete_line(self) -> list[Item] | None:
        """What bash reads before it runs anything: to a newline outside all constructs. None at the end."""
        self.newlines()
        if self.pos >= self.end:
            return None
        self.line_start = self.pos
        items: list[Item] = []
        while True:
            more = self._and_or(Join.THEN if items else Join.FIRST, items)
            self.blanks()
            if self.pos >= self.end:
                self._bodies(at_end=True)
                return items
            if self.peek() == "\n":
                self._newline()
                return items
            if not more:
                raise self.stop(f"`{self.peek()}` where no command can begin")

    def list_of(self, closers: tuple[str, ...], words: frozenset[str] = frozenset()) -> Script:
        """Commands up to a closing operator or one of ``words`` (neither is consumed)."""
        start = self.pos
        items: list[Item] = []
        more = True
        while more:
            self.newlines()
            if self._closed(closers, words):
                break
            more = self._and_or(Join.THEN if items else Join.FIRST, items)
        return Script(tuple(items), self.span(start))

    def _and_or(self, join: Join, items: list[Item]) -> bool:
        """Pipelines joined by ``&&`` and ``||``, and their separator; whether another list may follow."""
        group = [Item(join, self.pipeline())]
        while True:
            self.blanks()
            follow = Join.AND if self.at("&&") else Join.OR if self.at("||") else None
            if follow is None:
                break
            self.pos += 2
            self.newlines()
            group.append(Item(follow, self.pipeline()))
        separator = self.peek()
        more = separator in {"&", ";", "\n"} and bool(separator) and not self.at(";;") and not self.at(";&")
        if separator == "&":
            group = [Item(item.join, item.pipeline, background=True) for item in group]
        if more and separator != "\n":
            self.pos += 1
        items += group
        return more

    def _closed(self, closers: tuple[str, ...], words: frozenset[str]) -> bool:
        if self.pos >= self.end:
            return True
        if any(self.at(closer) for closer in closers) or self.at(";;") or self.at(";&"):
            return True
        return bool(words) and self.reserved() in words

    @override
    def newlines(self) -> None:
        """Blanks, comments and newlines; bodies of here-documents begin at a newline."""
        while True:
            self.blanks()
            if self.peek() != "\n":
                return
            self._newline()

    def _newline(self) -> None:
        if self.outer_pending:
            raise self.stop("a newline while a here-document of an outer command waits")
        self.pos += 1
        self._bodies(at_end=False)

    def reserved(self) -> str:
        """The reserved word at the cursor, or empty."""
        end = self.pos
        while end < self.end and self.text[end] not in " \t\n;&|<>()":
            end += 1
        if self.text.startswith(("<(", ">("), end):
            # The substitution is a part of this word.
            return ""
        word = self.text[self.pos : end]
        return word if word in RESERVED else ""

    def take(self, *words: str) -> str:
        found = self.reserved()
        if found not in words:
            raise self.stop(f"`{words[0]}` is missing")
        self.pos += len(found)
        return found

    # ------------------------------------------------------------------ pipelines

    def pipeline(self) -> Pipeline:
        start = self.pos
        negated = timed = False
        while (word := self.reserved()) in {"!", "time"}:
            self.pos += len(word)
            self.blanks()
            if word == "!":
                negated = not negated
                continue
            timed = True
            for option in ("-p", "--"):
                if self.at(option) and self.peek(2) in {" ", "\t", "\n", ";", ""}:
                    self.pos += 2
                    self.blanks()
        commands: list[Command] = []
        stderr: list[bool] = []
        if (timed or negated) and self._ends_command():
            commands.append(Simple((), (), (), self.span(start)))
            return Pipeline(tuple(commands), negated, self.span(start), timed=timed)
        while True:
            commands.append(self.command())
            self.blanks()
            if self.peek() != "|" or self.at("||"):
                break
            both = self.at("|&")
            self.pos += 2 if both else 1
            stderr.append(both)
            self.newlines()
        return Pipeline(tuple(commands), negated, self.span(start), tuple(stderr), timed)

    def _ends_command(self) -> bool:
        """Where bash takes a lone ``!`` or ``time`` for a command."""
        return self.peek() in {"", "\n", ";"} and not self.at(";;") and not self.at(";&")

    # ------------------------------------------------------------------ commands

    def command(self) -> Command:
        self.deeper()
        start = self.pos
        word = self.reserved()
        result: Command
        if self.at("(("):
            self.pos += 2
            text, parts = self.arithmetic_until("))")
            result = ArithmeticCommand(text, parts, self.redirects(), self.span(start))
        elif self.peek() == "(":
            self.pos += 1
            body = self.body((")",), frozenset())
            self.expect(")", "a subshell")
            result = Subshell(body, self.redirects(), self.span(start))
        elif word == "{":
            self.pos += 1
            body = self.body((), frozenset({"}"}))
            self.take("}")
            result = Group(body, self.redirects(), self.span(start))
        elif word == "if":
            result = self._if()
        elif word in {"while", "until"}:
            self.pos += len(word)
            condition = self.body((), frozenset({"do"}))
            result = Loop(condition, self._do(), word == "until", self.redirects(), self.span(start))
        elif word in {"for", "select"}:
            result = self._for(word)
        elif word == "case":
            result = self._case()
        elif word == "[[":
            result = self.condition()
        elif word == "function":
            result = self._function()
        elif word == "coproc":
            result = self._coproc()
        elif word in _CLOSERS:
            raise self.stop(f"`{word}` where no command can end")
        else:
            result = self._simple()
        self.depth -= 1
        return result

    def body(self, closers: tuple[str, ...], words: frozenset[str]) -> Script:
        """A list that must not be empty."""
        script = self.list_of(closers, words)
        if not script.items:
            raise self.stop("a command is missing")
        return script

    def _do(self) -> Script:
        self.take("do")
        body = self.body((), frozenset({"done"}))
        self.take("done")
        return body

    def _if(self) -> If:
        start = self.pos
        branches: list[tuple[Script, Script]] = []
        otherwise: Script | None = None
        word = self.take("if")
        while word in {"if", "elif"}:
            condition = self.body((), frozenset({"then"}))
            self.take("then")
            branches.append((condition, self.body((), frozenset({"elif", "else", "fi"}))))
            word = self.take("elif", "else", "fi")
        if word == "else":
            otherwise = self.body((), frozenset({"fi"}))
            self.take("fi")
        return If(tuple(branches), otherwise, self.redirects(), self.span(start))

    def _for(self, word: str) -> For | ArithmeticFor:
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
            return ArithmeticFor(text, parts, self._do(), self.redirects(), self.span(start))
        name = self.name()
        if not name or self.peek() not in {" ", "\t", "\n", ";"}:
            raise self.stop("a loop without a name")
        self.newlines()
        words: list[Word] | None = None
        if self.reserved() == "in":
            self.pos += 2
            words = []
            self.blanks()
            while self.peek() not in {"", ";", "\n"}:
                words.append(self.word())
                self.blanks()
        if self.peek() == ";":
            self.pos += 1
        self.newlines()
        return For(
            name,
            None if words is None else tuple(words),
            self._do(),
            self.redirects(),
            self.span(start),
            select=word == "select",
        )

    def _three(self) -> tuple[str, tuple[Part, ...]]:
        start = self.pos
        parts = [
            *self.arithmetic_until(";")[1],
            *self.arithmetic_until(";")[1],
            *self.arithmetic_until("))")[1],
        ]
        return self.text[start : self.pos - 2], tuple(parts)

    def _case(self) -> Case:
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
            self.expect(")", "a pattern")
            body = self.list_of((), frozenset({"esac"}))
            terminator = next((text for text in (";;&", ";;", ";&") if self.at(text)), "")
            self.pos += len(terminator)
            items.append(CaseItem(tuple(patterns), body, terminator or ";;"))
            if not terminator:
                break
        self.newlines()
        self.take("esac")
        return Case(word, tuple(items), self.redirects(), self.span(start))

    def _function(self) -> Function:
        start = self.pos
        self.take("function")
        self.blanks()
        begin = self.pos
        while self.pos < self.end and self.text[self.pos] in _FUNCTION_NAME:
            self.pos += 1
        name = self.text[begin : self.pos]
        if not name or name in RESERVED:
            raise self.stop("a function without a plain name")
        self.blanks()
        if self.peek() == "(":
            self.pos += 1
            self.blanks()
            self.expect(")", "a function")
        return self._function_body(name, start)

    def _function_body(self, name: str, start: int) -> Function:
        self.newlines()
        if self.peek() != "(" and self.reserved() not in {
            "{",
            "if",
            "while",
            "until",
            "for",
            "case",
            "[[",
            "select",
        }:
            raise self.stop("a function body that is not a compound command")
        return Function(name, self.command(), self.span(start))

    def _coproc(self) -> Coproc:
        start = self.pos
        self.take("coproc")
        self.blanks()
        name = "COPROC"
        mark = self.pos
        if candidate := self.name():
            self.blanks()
            if self.peek() == "(" or self.reserved() in {"{", "if", "while", "until", "for", "case"}:
                name = candidate
            else:
                self.pos = mark
        if name in RESERVED or self.reserved() in {"coproc", "function", "time"}:
            raise self.stop("a coprocess of an odd command")
        return Coproc(name, self.command(), self.span(start))

    # ------------------------------------------------------------------ simple commands

    def _simple(self) -> Command:
        start = self.pos
        assignments: list[Assignment] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        while True:
            self.blanks()
            if (redirect := self.redirect()) is not None:
                redirects.append(redirect)
                continue
            if self.peek() in {"", "\n", ";", "&", "|", ")"}:
                break
            if self.peek() == "(":
                return self._definition(start, assignments, words, redirects)
            if self.peek() in {"<", ">"} and self.peek(1) != "(":
                raise self.stop("a redirection that is not known")
            if not words and (assignment := self._assignment()) is not None:
                assignments.append(assignment)
                continue
            words.append(self.word())
            if self.peek() == "(" and words[0].static in _DECLARES:
                raise self.stop("an array in a declaration")
        if not assignments and not words and not redirects:
            raise self.stop("a command is missing")
        return Simple(tuple(assignments), tuple(words), tuple(redirects), self.span(start))

    def _definition(
        self, start: int, assignments: list[Assignment], words: list[Word], redirects: list[Redirect]
    ) -> Function:
        name = words[0].static if len(words) == 1 else None
        plain = name is not None and all(isinstance(p, Literal) and not p.quoted for p in words[0].parts)
        if (
            assignments
            or redirects
            or name is None
            or not plain
            or not all(c in _FUNCTION_NAME for c in name)
        ):
            raise self.stop("`(` where none can stand")
        self.pos += 1
        self.blanks()
        self.expect(")", "a function")
        return self._function_body(name, start)

    def _assignment(self) -> Assignment | None:
        start = self.pos
        name = self.name()
        subscript = None
        if not name:
            return None
        if self.peek() == "[":
            subscript = self._subscript_if_assignment()
            if subscript is None:
                self.pos = start
                return None
        append = self.at("+=")
        if not append and self.peek() != "=":
            self.pos = start
            return None
        self.pos += 2 if append else 1
        if self.peek() == "(":
            if subscript is not None:
                raise self.stop("an array in an array")
            return Assignment(name, None, self._array(), append, None, self.span(start))
        value = self.word(braces=False, assignment=True, start=self.pos)
        return Assignment(name, value, (), append, subscript, self.span(start))

    def _subscript_if_assignment(self) -> Word | None:
        end = self.text.find("]", self.pos)
        inside = self.text[self.pos : end] if end >= 0 else self.text[self.pos :]
        if end < 0 or self.text[end + 1 : end + 2] not in {"=", "+"}:
            # bash reads on for the bracket over blanks, where a pattern would end.
            if end < 0 or any(char in "$`'\"\\ \t\n;&|<>()" for char in inside):
                raise self.stop("a subscript that may run something")
            return None
        return self._subscript()

    def _array(self) -> tuple[Word, ...]:
        self.pos += 1
        words: list[Word] = []
        while True:
            self.newlines()
            if self.peek() == ")":
                self.pos += 1
                return tuple(words)
            if self.peek() == "[":
                raise self.stop("an array with subscripts")
            if self.peek() in {"", ";", "&", "|", "<", ">", "("}:
                raise self.stop("an array that never ends")
            words.append(self.word())

    # ------------------------------------------------------------------ redirections

    @override
    def redirects(self) -> tuple[Redirect, ...]:
        """Redirections after a compound command."""
        out: list[Redirect] = []
        while True:
            self.blanks()
            redirect = self.redirect()
            if redirect is None:
                return tuple(out)
            out.append(redirect)

    def redirect(self) -> Redirect | None:
        """A redirection at the cursor, or None."""
        start = self.pos
        fd: int | str | None = None
        at = self.pos
        while at < self.end and self.text[at] in DIGITS:
            at += 1
        if at > self.pos and at - self.pos < 6 and at < self.end and self.text[at] in "<>":
            fd = int(self.text[self.pos : at])
        elif self.peek() == "{" and self.peek(1) and self.peek(1) in NAME_START:
            close = self.text.find("}", self.pos)
            inside = self.text[self.pos + 1 : close]
            if (
                close > 0
                and all(c in NAME for c in inside)
                and self.text[close + 1 : close + 2] in {"<", ">"}
            ):
                fd, at = inside, close + 1
            else:
                return None
        else:
            at = self.pos
        operator = next((op for op in _REDIRECTS if self.text.startswith(op, at)), "")
        if not operator or (fd is not None and operator[0] == "&"):
            return None
        if operator in {"<", ">"} and self.text[at + 1 : at + 2] == "(":
            return None
        self.pos = at + len(operator)
        if operator == "<<":
            return self._heredoc(fd, start)
        self.blanks()
        if self.peek() in {"<", ">"} and self.peek(1) != "(":
            raise self.stop("a redirection to nothing")
        target = self.word(braces=operator != "<<<")
        return Redirect(_OPS[operator], fd, target, self.span(start))

    def _heredoc(self, fd: int | str | None, start: int) -> Redirect:
        strip = self.peek() == "-"
        if strip:
            self.pos += 1
        self.blanks()
        word = self.word(braces=False)
        delimiter = word.static
        if delimiter is None or "\n" in delimiter:
            raise self.stop("a here-document with a delimiter that is not plain")
        quoted = any(isinstance(part, Literal) and part.quoted for part in word.parts)
        body = Word((), self.span(start))
        self.pending.append(Heredoc(delimiter, body, quoted=quoted, strip=strip))
        return Redirect(RedirectOp.HEREDOC, fd, body, self.span(start))

    def _bodies(self, *, at_end: bool) -> None:
        """Read the bodies that begin here."""
        waiting, self.pending = self.pending, []
        if waiting and at_end:
            raise self.stop("a here-document without a body")
        for heredoc in waiting:
            lines: list[str] = []
            start = self.pos
            while True:
                if self.pos >= self.end:
                    raise self.stop(f"a here-document without its end `{heredoc.delimiter}`")
                end = self.text.find("\n", self.pos)
                end = self.end if end < 0 else end
                line = self.text[self.pos : end]
                self.pos = min(end + 1, self.end)
                line = line.lstrip("\t") if heredoc.strip else line
                if line == heredoc.delimiter:
                    break
                trailing = len(line) - len(line.rstrip("\\"))
                if not heredoc.quoted and trailing % 2:
                    raise self.stop("a continuation in a here-document")
                lines.append(line + "\n")
                if end >= self.end:
                    raise self.stop(f"a here-document without its end `{heredoc.delimiter}`")
            self._fill(heredoc, "".join(lines), self.span(start))

    def _fill(self, heredoc: Heredoc, body: str, span: Span) -> None:
        parts: tuple[Part, ...]
        if heredoc.quoted:
            parts = (Literal(body, quoted=True),)
        else:
            reader = CommandReader(body, self.depth, fixed=self.fixed or span)
            reader.deeper()
            parts = merged(reader.double_quoted(""))
        # The word was handed out before its text was reached; nobody has looked at it yet.
        object.__setattr__(heredoc.word, "parts", parts)
