"""Quotes and what follows a dollar, exactly as bash reads them, or not at all. Knows no words and no commands.

Sources: POSIX 2.2, 2.6 and the bash manual 3.1.2, 3.5; each refusal is a place where public parsers show another tree
than bash runs.
"""

from __future__ import annotations

from guard.shell.ansi import decode
from guard.shell.ast import (
    Arithmetic,
    Glob,
    Literal,
    Parameter,
    Part,
    ProcessSubstitution,
    Substitution,
    Tilde,
    Word,
)
from guard.shell.braces import merged
from guard.shell.cursor import DIGITS, NAME, NAME_START, Cursor, Stop

_SPECIAL = frozenset("?$!#@*-")
_ARITHMETIC = NAME | frozenset(" \t+-*/%<>=!&|^~?:,()#@.")
_SUBSCRIPT = NAME | frozenset(" +-*/%=!^~?:,#@.")
_IN_DOUBLE = frozenset('"\\$`')
_ESCAPABLE = frozenset('$`"\\')
_OPERATORS = {
    ":": (":-", ":=", ":?", ":+", ":"),
    "-": ("-",),
    "=": ("=",),
    "?": ("?",),
    "+": ("+",),
    "#": ("##", "#"),
    "%": ("%%", "%"),
    "/": ("//", "/#", "/%", "/"),
    "^": ("^^", "^"),
    ",": (",,", ","),
    "@": ("@",),
}
_DEFAULTS = frozenset({":-", ":=", ":?", ":+", "-", "=", "?", "+"})
_TRANSFORMS = frozenset("QEAKakuUL")
_PATTERN = frozenset("*?[\\")


class ExpansionReader(Cursor):
    """Reads quotes and expansions."""

    # ------------------------------------------------------------------ quotes

    def single(self) -> Literal:
        self.spend()
        start = self.pos
        end = self.text.find("'", start + 1, self.end)
        if end < 0:
            raise self.stop("a quote `'` that never ends")
        self.quoted_newlines(start, end)
        self.pos = end + 1
        return Literal(self.text[start + 1 : end], True, self.span(start))

    def ansi(self) -> Literal:
        self.spend()
        start = self.pos
        decoded = decode(self.text, start + 2, self.end)
        if decoded is None:
            raise self.stop("a `$'` string that is not exactly known")
        self.quoted_newlines(start, decoded[1])
        self.pos = decoded[1]
        return Literal(decoded[0], True, self.span(start))

    def double(self) -> list[Part]:
        """A quote at the cursor; never empty."""
        self.spend()
        text, start = self.text, self.pos
        end = text.find('"', start + 1, self.end)
        plain = text[start + 1 : end]
        if end >= 0 and not ("$" in plain or "\\" in plain or "`" in plain):
            self.quoted_newlines(start, end)
            self.pos = end + 1
            return [Literal(plain, True, self.span(start))]
        self.pos = start + 1
        parts = self.double_quoted('"')
        self.pos += 1
        self.quoted_newlines(start, self.pos)
        return parts or [Literal("", True, self.span(start))]

    def translated(self) -> list[Part]:
        """``$"..."``: as without the dollar, unless a translation is set up that could hold anything."""
        limits = self.limits
        if limits.translates is None:
            # Once for the text: to look at each of many strings would take quadratic time.
            limits.translates = "TEXTDOMAIN" in self.text
        if limits.translates:
            raise self.stop("a string whose translation is not known")
        self.pos += 1
        return self.double()

    def double_quoted(self, closer: str) -> list[Part]:
        """Text with expansions as between double quotes, up to ``closer`` (empty = to the end)."""
        text, end = self.text, self.end
        parts: list[Part] = []
        plain = ""
        begin = at = self.pos
        run = at

        while at < end:
            char = text[at]
            if char not in _IN_DOUBLE or (char == '"' and not closer):
                at += 1
                continue
            plain += text[run:at]
            if char == '"':
                break
            self.pos = at
            if char == "\\":
                following = text[at + 1] if at + 1 < end else ""
                if following == "\n":
                    self.no_heredoc("a continuation")
                    at += 2
                    if plain.endswith("$"):
                        raise self.stop("a continuation after `$`")
                elif following in _ESCAPABLE and following and not (following == '"' and not closer):
                    plain += following
                    at += 2
                else:
                    plain += "\\"
                    at += 1
            elif char == "$":
                following = text[at + 1] if at + 1 < end else ""
                if following == closer or following in {"'", '"', ""}:
                    plain += "$"
                    at += 1
                else:
                    if plain:
                        parts.append(Literal(plain, True, self.span(begin)))
                        plain = ""
                    parts.append(self.dollar(quoted=True))
                    begin = at = self.pos
            else:
                if plain:
                    parts.append(Literal(plain, True, self.span(begin)))
                    plain = ""
                parts.append(self.backticks(quoted=True, in_double=closer == '"'))
                begin = at = self.pos
            run = at
        else:
            if closer:
                raise self.stop("a quote that never ends")
            plain += text[run:end]
            at = end
        self.pos = at
        if plain:
            parts.append(Literal(plain, True, self.span(begin)))
        return list(merged(parts)) if len(parts) > 1 else parts

    # ------------------------------------------------------------------ substitutions

    def dollar(self, *, quoted: bool) -> Part:
        """A dollar that no quote follows."""
        start = self.pos
        text, end = self.text, self.end
        following = text[start + 1] if start + 1 < end else ""
        if following in NAME_START and following:
            self.spend()
            at = start + 2
            while at < end and text[at] in NAME:
                at += 1
            self.pos = at
            if text.startswith("\\\n", at, end):
                raise self.stop("a continuation after a name")
            return Parameter(text[start + 1 : at], quoted, self.span(start))
        if following == "(":
            self.spend()
            if text.startswith("(", start + 2, end):
                self.pos += 3
                inside, parts = self.arithmetic_until("))")
                return Arithmetic(inside, parts, quoted, self.span(start))
            if text.startswith("\\\n", start + 2, end):
                raise self.stop("a continuation after `$(`")
            self.pos += 2
            script = self.script_until(")")
            return Substitution(script, quoted, self.span(start))
        if following == "{":
            self.spend()
            return self._braced(quoted=quoted)
        if following == "[":
            self.spend()
            self.pos += 2
            inside, parts = self.arithmetic_until("]")
            if "]" in inside:
                raise self.stop("a bracket in old arithmetic `$[`")
            return Arithmetic(inside, parts, quoted, self.span(start))
        if following and (following in DIGITS or following in _SPECIAL):
            self.spend()
            self.pos += 2
            if following == "$" and self.peek() in {"{", "(", "["}:
                # To find the end of a quote bash takes the second dollar for the beginning of `${`.
                raise self.stop(f"`$${self.peek()}`, which is read in different ways")
            return Parameter(following, quoted, self.span(start))
        if text.startswith("\\\n", start + 1, end):
            raise self.stop("a continuation after `$`")
        self.pos += 1
        # `$` before a backtick would become `$(` in the canonical text, were it not quoted there.
        return Literal("$", quoted or following == "`", self.span(start))

    def backticks(self, *, quoted: bool, in_double: bool) -> Substitution:
        self.spend()
        text, start = self.text, self.pos
        at = text.find("`", start + 1, self.end)
        if at < 0:
            raise self.stop("a backtick that never ends")
        if quoted:
            self._ends_alike(text[start:at])
        if text.find("\\", start, at) < 0:
            self.quoted_newlines(start, at)
            script = self.script_between(start + 1, at)
            self.pos = at + 1
            return Substitution(script, quoted, self.span(start))
        out: list[str] = []
        at = start + 1
        while at < self.end:
            char = text[at]
            if char == "`":
                self.quoted_newlines(start, at)
                self.pos = at + 1
                span = self.span(start)
                return Substitution(self.inner_script("".join(out), span), quoted, span)
            if char == "\\" and at + 1 < self.end:
                following = text[at + 1]
                if following == "\n":
                    at += 2
                    continue
                if following in "$`\\" or (following == '"' and in_double):
                    out.append(following)
                    at += 2
                    continue
            out.append(char)
            at += 1
        raise self.stop("a backtick that never ends")

    def _ends_alike(self, raw: str) -> None:
        """To find the end of a double quote bash looks for that of ``$(`` and ``${`` in quotes of the backticks, too."""
        for opens, first, last in (("$(", "(", ")"), ("${", "{", "}")):
            if opens in raw and raw.count(first) != raw.count(last):
                raise self.stop(f"backticks in quotes, in which `{opens}` does not end")

    def process_substitution(self) -> ProcessSubstitution:
        self.spend()
        start = self.pos
        reads = self.text[start] == "<"
        self.pos += 2
        return ProcessSubstitution(self.script_until(")"), reads, self.span(start))

    # ------------------------------------------------------------------ arithmetic

    def arithmetic_until(self, closer: str) -> tuple[str, tuple[Part, ...]]:
        """An arithmetic expression up to ``closer`` at depth 0, which is consumed, and the expansions in it."""
        text, end, start = self.text, self.end, self.pos
        parts: list[Part] = []
        rounds = squares = 0
        while self.pos < end:
            char = text[self.pos]
            if rounds == 0 and squares == 0 and char == closer[0] and text.startswith(closer, self.pos, end):
                inside = text[start : self.pos]
                self.quoted_newlines(start, self.pos)
                self.pos += len(closer)
                return inside, tuple(parts)
            if char == "$":
                if text.startswith(("$'", '$"'), self.pos, end):
                    raise self.stop("a quote in arithmetic")
                begin = self.pos
                parts.append(self.dollar(quoted=True))
                if text.startswith(("${", "$("), begin):
                    self._balanced(text[begin : self.pos])
                if text.startswith("$`", begin):
                    raise self.stop("`$` before a backtick in arithmetic")
                if closer == "]" and "[" in text[begin : self.pos]:
                    raise self.stop("a bracket in old arithmetic `$[`")
                continue
            if char == "`":
                begin = self.pos
                parts.append(self.backticks(quoted=True, in_double=False))
                self._balanced(text[begin : self.pos])
                continue
            if char == '"':
                parts += [part for part in self.double() if not isinstance(part, Literal)]
                continue
            if char == "(":
                rounds += 1
            elif char == ")":
                rounds -= 1
                if rounds < 0:
                    raise self.stop("`((` that is not arithmetic")
            elif char == "[":
                squares += 1
            elif char == "]":
                squares -= 1
                if squares < 0:
                    raise self.stop("`]` in arithmetic")
            elif char == "\\":
                if not text.startswith("\\\n", self.pos, end):
                    raise self.stop("a backslash in arithmetic")
                self.pos += 1
            elif char not in _ARITHMETIC and char != "\n":
                raise self.stop(f"`{char}` in arithmetic")
            elif char == "#" and (self.pos == start or text[self.pos - 1] in " \t\n"):
                raise self.stop("`#` in arithmetic where a comment could begin")
            self.pos += 1
        raise self.stop("arithmetic that never ends")

    def _balanced(self, raw: str) -> None:
        """To find the end of arithmetic, or of a pattern of ``=~``, bash counts parentheses in what is expanded too, and
        takes ` #` for a comment.
        """
        depth = 0
        for char in raw:
            depth += 1 if char == "(" else -1 if char == ")" else 0
            if depth < 0:
                break
        if depth or any(mark in raw for mark in (" #", "\t#", "\n#")):
            raise self.stop("an operand in arithmetic that is read in different ways")

    def subscript(self) -> Word:
        """``[...]`` after a name: arithmetic, or the key of an associative array."""
        start = self.pos
        self.pos += 1
        parts: list[Part] = []
        depth = 0
        while True:
            char = self.peek()
            if char == "]" and depth == 0:
                break
            if char == "$" and self.peek(1) not in {"'", '"', "`"}:
                parts.append(self.dollar(quoted=True))
                continue
            if char == "`":
                parts.append(self.backticks(quoted=True, in_double=False))
                continue
            if char in {'"', "'"}:
                parts += self._quoted_key(char)
                continue
            if char == "[":
                depth += 1
            elif char == "]":
                depth -= 1
            elif not char or char not in _SUBSCRIPT:
                raise self.stop("a subscript that may run something")
            parts.append(Literal(char, True, self.span(self.pos, self.pos + 1)))
            self.pos += 1
        if not parts:
            raise self.stop("an empty subscript")
        self.pos += 1
        return Word(merged(parts), self.span(start))

    def _quoted_key(self, mark: str) -> list[Part]:
        """With its quotes: arithmetic knows them not, and the key of an associative array loses them."""
        start = self.pos
        inside = self.double() if mark == '"' else [self.single()]
        for part in inside:
            if isinstance(part, Literal) and any(char in "[]$`\\'\"\n" for char in part.text):
                raise self.stop("a subscript with odd quotes")
        quote = Literal(mark, True, self.span(start))
        return [quote, *inside, quote]

    # ------------------------------------------------------------------ parameters

    def _braced(self, *, quoted: bool) -> Parameter:
        start = self.pos
        self.pos += 2
        self.deeper()
        length = indirect = False
        first, second = self.peek(), self.peek(1)
        if first == "#" and (
            second not in {"}", ":", "-", "=", "?", "+", "#", "%", "/", "", "@", "*"}
            or (second in {"@", "*", "#", "?", "-"} and self.peek(2) == "}")
        ):
            length = True
            self.pos += 1
        elif first == "!" and second and second in NAME:
            indirect = True
            self.pos += 1
        name = self._parameter_name()
        subscript = self.subscript() if self.peek() == "[" else None
        if subscript is not None and name[0] not in NAME_START:
            raise self.stop("a subscript of a parameter that has none")
        prefix = indirect and self.peek() in {"*", "@"} and self.peek(1) == "}"
        if prefix and subscript is not None:
            raise self.stop("names that begin like an element")
        if prefix:
            # The names that begin so: which, only bash can tell.
            self.pos += 1
        operator, operand, replacement = "", None, None
        if self.peek() != "}":
            if length:
                raise self.stop("an operator after `${#`")
            operator, operand, replacement = self._operation(quoted=quoted)
        self.expect("}", "`${`")
        self.depth -= 1
        if prefix:
            name += self.text[self.pos - 2]
        return Parameter(
            name, quoted, self.span(start), operator, operand, replacement, length, indirect, subscript
        )

    def _parameter_name(self) -> str:
        name = self.name()
        if not name:
            begin = self.pos
            while self.pos < self.end and self.text[self.pos] in DIGITS:
                self.pos += 1
            name = self.text[begin : self.pos]
        if not name and self.peek() in _SPECIAL and self.peek():
            name = self.peek()
            self.pos += 1
        if not name:
            raise self.stop("`${` without a name")
        return name

    def _operation(self, *, quoted: bool) -> tuple[str, Word, Word | None]:
        self.spend()
        operators = _OPERATORS.get(self.peek(), ())
        operator = next((op for op in operators if self.at(op)), "")
        if not operator:
            raise self.stop(f"`{self.peek()}` in `${{`")
        self.pos += len(operator)
        replacement = None
        if operator in _DEFAULTS:
            return operator, self._default(quoted=quoted, failing=operator[-1] == "?"), None
        if operator == ":":
            operand = self._offset()
            if self.peek() == ":":
                self.pos += 1
                replacement = self._offset()
            return operator, operand, replacement
        operand = self._pattern("/" if operator[0] == "/" else "")
        if operator[0] == "/" and self.peek() == "/":
            self.pos += 1
            replacement = self._pattern("", replaces=True)
        if operator == "@" and operand.static not in _TRANSFORMS:
            raise self.stop("a transformation that may run something")
        return operator, operand, replacement

    def _default(self, *, quoted: bool, failing: bool) -> Word:
        """The word after ``:-`` and its kin, up to ``}``. Inside double quotes a single quote does not quote."""
        start = self.pos
        parts: list[Part] = []
        if not quoted and self.peek() == "~":
            parts.append(self._operand_tilde())
        while (char := self.peek()) != "}":
            if not char:
                raise self.stop("`${` that never ends")
            if char == '"':
                begin = self.pos
                parts += self.double()
                if quoted and "\\" in self.text[begin : self.pos]:
                    raise self.stop("a backslash in quotes in an operand of a quoted `${`")
            elif char == "'":
                if quoted and failing:
                    # What is said when the parameter is missing is expanded as if no quote were around it.
                    raise self.stop("a quote in the message of a quoted `${`")
                parts += self._not_a_quote() if quoted else [self.single()]
            elif char == "\\":
                parts += self._escape(quoted=quoted)
            elif char in "$`":
                parts += self._expansion(quoted=quoted)
            elif char in "<>" and self.peek(1) == "(" and not quoted:
                parts.append(self.process_substitution())
            elif char == "{" and not quoted:
                raise self.stop("a brace in an operand of `${`")
            elif char in "<>" and self.peek(1) == "(":
                raise self.stop("a process substitution, or none, in an operand of a quoted `${`")
            else:
                parts.append(self._run("}\"'\\$`<>{", quoted=quoted))
        self.quoted_newlines(start, self.pos)
        return Word(merged(parts), self.span(start))

    def _run(self, until: str, *, quoted: bool) -> Literal:
        """At least one character, which means itself."""
        start = self.pos
        self.pos += 1
        while self.pos < self.end and self.text[self.pos] not in until:
            self.pos += 1
        return Literal(self.text[start : self.pos], quoted, self.span(start))

    def _escape(self, *, quoted: bool) -> list[Part]:
        start = self.pos
        following = self.peek(1)
        if not following:
            raise self.stop("a backslash at the end")
        self.pos += 2
        if following == "\n":
            self.no_heredoc("a continuation")
            if self.text[start - 1] in "<>":
                raise self.stop("a continuation in an operand that is read in different ways")
            return []
        if quoted and following not in '$`"\\}':
            if following == "'":
                raise Stop("a quote in an operand of a quoted `${`", start)
            self.pos = start + 1
            return [Literal("\\", True, self.span(start))]
        return [Literal(following, True, self.span(start))]

    def _expansion(self, *, quoted: bool) -> list[Part]:
        if self.peek() == "`":
            return [self.backticks(quoted=quoted, in_double=quoted)]
        following = self.peek(1)
        if following == '"':
            if quoted:
                raise self.stop('a `$"` in an operand of a quoted `${`')
            return self.translated()
        if following == "'":
            if quoted:
                raise self.stop("a `$'` in an operand of a quoted `${`")
            return [self.ansi()]
        return [self.dollar(quoted=quoted)]

    def _not_a_quote(self) -> list[Part]:
        """``'...'`` in an operand inside double quotes: bash looks for its end, yet expands what is between."""
        start = self.pos
        close = self.text.find("'", start + 1, self.end)
        inner = self.text[start:close]
        if close < 0 or "<(" in inner or ">(" in inner or any(char in '"\\`{}' for char in inner):
            raise self.stop("a quote in an operand of a quoted `${`")
        outer, self.end = self.end, close
        self.pos += 1
        inside = self.double_quoted("")
        self.end = outer
        self.pos = close + 1
        mark = Literal("'", True, self.span(start))
        return [mark, *inside, mark]

    def _operand_tilde(self) -> Tilde:
        if self.peek(1) not in {"/", "}"}:
            raise self.stop("a tilde in an operand of `${`")
        self.pos += 1
        return Tilde("", self.span(self.pos - 1))

    def _pattern(self, closer: str, *, replaces: bool = False) -> Word:
        """A pattern or what replaces it, up to ``}`` or ``closer``: quotes quote here, inside double quotes too."""
        start = self.pos
        parts: list[Part] = []
        if replaces and self.peek() == "~":
            raise self.stop("a tilde in an operand of `${`")
        while (char := self.peek()) != "}" and (not closer or char != closer):
            if not char:
                raise self.stop("`${` that never ends")
            if char == '"':
                parts += self.double()
            elif char == "'":
                parts.append(self.single())
            elif char == "\\":
                parts += self._escape(quoted=False)
            elif char == "$" and self.peek(1) == "'":
                parts.append(self.ansi())
            elif char == "$" and self.peek(1) == '"':
                raise self.stop('a `$"` in a pattern')
            elif char == "$":
                parts.append(self.dollar(quoted=False))
            elif char == "`":
                parts.append(self.backticks(quoted=False, in_double=False))
            elif char == "[" and not replaces:
                parts.append(self._simple_bracket())
            elif char in "*?" and not replaces:
                self.pos += 1
                parts.append(Glob(char, self.span(self.pos - 1)))
            elif char in "{<>~" or (char == "(" and self.pos > start and self.text[self.pos - 1] in "?*+@!"):
                raise self.stop("an operand of `${` that is read in different ways")
            else:
                parts.append(self._run(closer + "}\"'\\$`*?[{<>~(", quoted=False))
        self.quoted_newlines(start, self.pos)
        return Word(merged(parts), self.span(start))

    def _simple_bracket(self) -> Part:
        """``[...]`` of plain characters; anything else is not read here."""
        start = at = self.pos
        at += 1
        if at < self.end and self.text[at] in "!^":
            at += 1
        first = at
        while at < self.end:
            char = self.text[at]
            if self.text.startswith("[:", at) and (close := self.text.find(":]", at + 2, at + 12)) > 0:
                at = close + 2
                continue
            if char == "]" and at > first:
                self.pos = at + 1
                return Glob(self.text[start : at + 1], self.span(start))
            if char in "/}\"'\\$`{<>~(\n[":
                break
            at += 1
        raise self.stop("a bracket in an operand of `${`")

    def _offset(self) -> Word:
        """Arithmetic up to ``:`` or ``}``."""
        start = self.pos
        parts: list[Part] = []
        depth = 0
        while (char := self.peek()) not in {"}", ":"} or depth:
            if char == "$" and self.peek(1) not in {"'", '"'}:
                parts.append(self.dollar(quoted=True))
                continue
            if not char or char in "?}" or char not in _ARITHMETIC:
                raise self.stop("an offset in `${` that is read in different ways")
            depth += 1 if char == "(" else -1 if char == ")" else 0
            if depth < 0:
                raise self.stop("an offset in `${` that is read in different ways")
            parts.append(Literal(char, False, self.span(self.pos, self.pos + 1)))
            self.pos += 1
        return Word(merged(parts), self.span(start))
