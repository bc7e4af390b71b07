"""Words: quoting and expansions, exactly as bash reads them, or not at all. Knows no commands.

Sources: POSIX 2.2, 2.6 and the bash manual; each refusal is a place where public parsers show another tree than bash runs.
"""

from guard.model.source import Span
from guard.shell.ansi import decode
from guard.shell.ast import (
    Arithmetic,
    Glob,
    Literal,
    Parameter,
    Part,
    ProcessSubstitution,
    Script,
    Substitution,
    Tilde,
    Word,
)
from guard.shell.braces import Mark, Piece, merged, with_braces
from guard.shell.cursor import DIGITS, ENDS_WORD, NAME, NAME_START, Cursor, Stop

_SPECIAL = frozenset("?$!#@*-")
_EXTGLOB = frozenset("?*+@!")
_USER = NAME | frozenset(".-+")
_ARITHMETIC = NAME | frozenset(" \t+-*/%<>=!&|^~?:,()#@.")
_OPERATORS = (
    ":-",
    ":=",
    ":?",
    ":+",
    "-",
    "=",
    "?",
    "+",
    "##",
    "#",
    "%%",
    "%",
    "//",
    "/#",
    "/%",
    "/",
    "^^",
    "^",
    ",,",
    ",",
    ":",
    "@",
)
_DEFAULTS = frozenset({":-", ":=", ":?", ":+", "-", "=", "?", "+"})


class WordReader(Cursor):
    """Reads words. ``CommandReader`` gives it scripts inside substitutions."""

    def script_until(self, closer: str) -> Script:
        """A list of commands up to ``closer``, which is consumed."""
        raise NotImplementedError

    def inner_script(self, text: str, span: Span) -> Script:
        """A script in text that does not stand in the input as it is read."""
        raise NotImplementedError

    # ------------------------------------------------------------------ words

    def word(self, *, braces: bool = True, assignment: bool = False, start: int | None = None) -> Word:
        """One word at the cursor. ``assignment``: a value, where tildes follow colons and braces mean nothing."""
        begin = self.pos if start is None else start
        pieces: list[Piece] = []
        plain: list[str] = []
        tilde_ok = True
        named = assignment
        in_braces = False

        def flush() -> None:
            if plain:
                pieces.append(Literal("".join(plain), quoted=False))
                plain.clear()

        while self.pos < self.end:
            char = self.text[self.pos]
            if char in ENDS_WORD:
                if char in "<>" and self.peek(1) == "(":
                    if self.pos != begin:
                        raise self.stop("a process substitution inside a word")
                    pieces.append(self._process_substitution())
                    tilde_ok = False
                    continue
                break
            if char == "~" and not tilde_ok and pieces and not plain and self._leads(pieces):
                # Braces come first: each alternative of `{a,~/b}` is a word that begins anew.
                if self.peek(1) in {",", "}"}:
                    raise self.stop("a tilde at the edge of braces")
                tilde_ok = in_braces = True
            if char == "~" and tilde_ok:
                flush()
                if (tilde := self._tilde(colon=named)) is not None:
                    pieces.append(tilde)
                    tilde_ok = False
                    continue
            tilde_ok = False
            if char in _EXTGLOB and self.peek(1) == "(":
                raise self.stop("an extended pattern")
            match char:
                case "\\":
                    if self.peek(1) == "\n":
                        raise self.stop("a continuation inside a word")
                    if not self.peek(1):
                        raise self.stop("a backslash at the end")
                    flush()
                    pieces.append(Literal(self.peek(1), quoted=True))
                    self.pos += 2
                case "'":
                    flush()
                    pieces.append(self._single())
                case '"':
                    flush()
                    pieces.extend(self._double())
                case "$":
                    flush()
                    if self.peek(1) == "'":
                        pieces.append(self._ansi())
                    elif self.peek(1) == '"':
                        raise self.stop('a translated string `$"`')
                    else:
                        pieces.append(self._dollar(quoted=False))
                case "`":
                    flush()
                    pieces.append(self._backticks(quoted=False, in_double=False))
                case "*" | "?":
                    flush()
                    pieces.append(Glob(char))
                    self.pos += 1
                case "[":
                    flush()
                    pieces.append(bracket := self._bracket())
                    if braces and isinstance(bracket, Glob) and _splits(bracket.text, pieces):
                        raise self.stop("braces and brackets in one another")
                case "{" | "," | "}" if braces:
                    flush()
                    pieces.append(Mark(char))
                    self.pos += 1
                case _:
                    if not char.isascii() and not char.isprintable():
                        raise self.stop("a character that cannot be seen")
                    plain.append(char)
                    self.pos += 1
                    if char == "=" and not named and not pieces and _is_name("".join(plain[:-1])):
                        # bash expands `dd of=~/x` too: any word that looks like an assignment.
                        named = tilde_ok = True
                    elif char == ":" and named:
                        tilde_ok = True
        flush()
        if self.pos == begin and not pieces and start is None:
            raise self.stop("a word is missing")
        span = self.span(begin)
        parts = with_braces(pieces, span) if braces else [p for p in pieces if not isinstance(p, Mark)]
        if parts is None:
            raise self.stop("a brace sequence that is too large")
        if in_braces and any(isinstance(part, Tilde) for part in parts):
            raise self.stop("a tilde in braces that do not expand")
        return Word(merged(parts), span)

    @staticmethod
    def _leads(pieces: list[Piece]) -> bool:
        """Whether the word begins with a brace, and the next character begins one of its alternatives."""
        return isinstance(pieces[0], Mark) and isinstance(pieces[-1], Mark) and pieces[-1].text in {"{", ","}

    def part(self) -> list[Part]:
        """One quoted or expanded part at the cursor, where anything else would be odd."""
        match self.peek():
            case "\\" if self.peek(1) not in {"", "\n"}:
                self.pos += 2
                return [Literal(self.text[self.pos - 1], quoted=True)]
            case "'":
                return [self._single()]
            case '"':
                return [piece for piece in self._double() if not isinstance(piece, Mark)]
            case "$" if self.peek(1) not in {"'", '"'}:
                return [self._dollar(quoted=True)]
            case _:
                raise self.stop(f"`{self.peek()}` in a pattern")

    def _tilde(self, *, colon: bool) -> Tilde | None:
        """``~``, ``~user``, ``~+``, ``~-`` before a slash or the end of the word; None if it is literal."""
        end = self.pos + 1
        while end < self.end and self.text[end] in _USER:
            end += 1
        after = self.text[end] if end < self.end else ""
        if after and after not in ENDS_WORD and after != "/" and not (colon and after == ":"):
            # A quoted part makes it literal, an expansion does not take part in it.
            return None
        tilde = Tilde(self.text[self.pos + 1 : end], self.span(self.pos, end))
        self.pos = end
        return tilde

    def _bracket(self) -> Part:
        """``[...]`` as one pattern; a bracket that never closes is a plain character."""
        end = self.pos + 1
        if end < self.end and self.text[end] in "!^":
            end += 1
        first = end
        while end < self.end:
            char = self.text[end]
            if char == "]" and end > first:
                text = self.text[self.pos : end + 1]
                self.pos = end + 1
                return Glob(text)
            if char in ENDS_WORD:
                break
            if char in "'\"\\$`":
                raise self.stop("quotes or expansions in a bracket expression")
            end += 1
        self.pos += 1
        return Literal("[", quoted=False)

    def _process_substitution(self) -> ProcessSubstitution:
        start = self.pos
        reads = self.text[self.pos] == "<"
        self.pos += 2
        script = self.script_until(")")
        return ProcessSubstitution(script, reads, self.span(start))

    # ------------------------------------------------------------------ quotes

    def _single(self) -> Literal:
        end = self.text.find("'", self.pos + 1)
        if end < 0:
            raise self.stop("a quote `'` that never ends")
        self.quoted_newlines(self.pos, end)
        text = self.text[self.pos + 1 : end]
        self.pos = end + 1
        return Literal(text, quoted=True)

    def _ansi(self) -> Literal:
        decoded = decode(self.text, self.pos + 2)
        if decoded is None:
            raise self.stop("a `$'` string that is not exactly known")
        self.quoted_newlines(self.pos, decoded[1])
        self.pos = decoded[1]
        return Literal(decoded[0], quoted=True)

    def _double(self) -> list[Piece]:
        start = self.pos
        self.pos += 1
        parts = self.double_quoted('"')
        self.quoted_newlines(start, self.pos)
        self.pos += 1
        return [*parts] if parts else [Literal("", quoted=True)]

    def double_quoted(self, closer: str) -> list[Part]:
        """Text with expansions as between double quotes, up to ``closer`` (empty = to the end)."""
        parts: list[Part] = []
        plain: list[str] = []

        def flush() -> None:
            if plain:
                parts.append(Literal("".join(plain), quoted=True))
                plain.clear()

        while True:
            if self.pos >= self.end:
                if closer:
                    raise self.stop("a quote that never ends")
                flush()
                return parts
            char = self.text[self.pos]
            if char == closer:
                flush()
                return parts
            if char == "\\":
                following = self.peek(1)
                if following == "\n":
                    self._no_heredoc("a continuation")
                    self.pos += 2
                    if self.peek() and self.peek() in "({" and plain and plain[-1] == "$":
                        raise self.stop("a continuation after `$`")
                    continue
                if following and following in '$`"\\' and not (following == '"' and not closer):
                    plain.append(following)
                    self.pos += 2
                else:
                    plain.append("\\")
                    self.pos += 1
            elif char == "$":
                if self.peek(1) in {closer, "'", '"'}:
                    plain.append("$")
                    self.pos += 1
                else:
                    flush()
                    parts.append(self._dollar(quoted=True))
            elif char == "`":
                flush()
                parts.append(self._backticks(quoted=True, in_double=closer == '"'))
            else:
                plain.append(char)
                self.pos += 1

    # ------------------------------------------------------------------ expansions

    def _dollar(self, *, quoted: bool) -> Part:
        start = self.pos
        following = self.peek(1)
        if following == "\\" and self.peek(2) == "\n":
            raise self.stop("a continuation after `$`")
        if following == "(":
            if self.peek(2) == "(":
                return self._arithmetic(quoted=quoted)
            self.pos += 2
            script = self.script_until(")")
            return Substitution(script, quoted, self.span(start))
        if following == "{":
            return self._braced(quoted=quoted)
        if following == "[":
            raise self.stop("old arithmetic `$[`")
        if following and following in NAME_START:
            self.pos += 1
            name = self.name()
            return Parameter(name, quoted, self.span(start))
        if following and (following in DIGITS or following in _SPECIAL):
            self.pos += 2
            return Parameter(following, quoted, self.span(start))
        self.pos += 1
        return Literal("$", quoted=quoted)

    def _backticks(self, *, quoted: bool, in_double: bool) -> Substitution:
        start = self.pos
        out: list[str] = []
        at = self.pos + 1
        while at < self.end:
            char = self.text[at]
            if char == "`":
                self.quoted_newlines(start, at)
                self.pos = at + 1
                span = self.span(start)
                return Substitution(self.inner_script("".join(out), span), quoted, span)
            if char == "\\":
                following = self.text[at + 1 : at + 2]
                if following == "\n":
                    raise Stop("a continuation in backticks", at)
                if following and (following in "$`\\" or (following == '"' and in_double)):
                    out.append(following)
                    at += 2
                    continue
            out.append(char)
            at += 1
        raise self.stop("a backtick that never ends")

    def _arithmetic(self, *, quoted: bool) -> Arithmetic:
        start = self.pos
        self.pos += 3
        text, parts = self.arithmetic_until("))")
        return Arithmetic(text, parts, quoted, self.span(start))

    def arithmetic_until(self, closer: str) -> tuple[str, tuple[Part, ...]]:
        """An arithmetic expression up to ``closer`` at depth 0, which is consumed, and the expansions in it."""
        start = self.pos
        parts: list[Part] = []
        depth = 0
        while self.pos < self.end:
            char = self.text[self.pos]
            if depth == 0 and self.at(closer):
                text = self.text[start : self.pos]
                self.pos += len(closer)
                return text, tuple(parts)
            if char == "(":
                depth += 1
            elif char == ")":
                depth -= 1
                if depth < 0:
                    raise self.stop("`((` that is not arithmetic")
            if char == "$":
                parts.append(self._dollar(quoted=True))
            elif char == "`":
                parts.append(self._backticks(quoted=True, in_double=False))
            elif char in _ARITHMETIC:
                self.pos += 1
            else:
                raise self.stop(f"`{char}` in arithmetic")
        raise self.stop("arithmetic that never ends")

    def _braced(self, *, quoted: bool) -> Parameter:
        start = self.pos
        self.pos += 2
        self.deeper()
        length = indirect = False
        if self.peek() == "#" and self.peek(1) not in {"}", ":", "-", "=", "?", "+", "#", "%", "/", ""}:
            length = True
            self.pos += 1
        elif self.peek() == "!" and self.peek(1) and self.peek(1) in NAME:
            indirect = True
            self.pos += 1
        name = self._parameter_name()
        subscript = self._subscript() if self.peek() == "[" else None
        if indirect and self.peek() in {"*", "@"} and self.peek(1) == "}":
            self.pos += 1
        operator, operand, replacement = "", None, None
        if self.peek() != "}":
            if length:
                raise self.stop("an operator after `${#`")
            operator, operand, replacement = self._operation(quoted=quoted)
        self.expect("}", "`${`")
        self.depth -= 1
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

    def _subscript(self) -> Word:
        """``[...]``: arithmetic for plain arrays, so only what cannot run anything."""
        start = self.pos
        self.pos += 1
        end = self.text.find("]", self.pos)
        text = self.text[self.pos : end]
        if end < 0 or not text:
            raise self.stop("a subscript that never ends")
        if text not in {"@", "*"} and not all(char in NAME or char in "$-+ " for char in text):
            raise self.stop("a subscript that may run something")
        parts: list[Part] = []
        while self.pos < end:
            if self.text[self.pos] == "$":
                parts.append(self._dollar(quoted=True))
            else:
                parts.append(Literal(self.text[self.pos], quoted=True))
                self.pos += 1
        self.pos = end + 1
        return Word(merged(parts), self.span(start))

    def _operation(self, *, quoted: bool) -> tuple[str, Word, Word | None]:
        operator = next((op for op in _OPERATORS if self.at(op)), "")
        if not operator:
            raise self.stop(f"`{self.peek()}` in `${{`")
        self.pos += len(operator)
        closers = "}"
        if operator[0] == "/":
            closers = "/}"
        elif operator == ":":
            closers = ":}"
        operand = self._operand(closers, operator, quoted=quoted)
        replacement = None
        if self.peek() in {"/", ":"} and len(closers) > 1:
            self.pos += 1
            replacement = self._operand("}", operator, quoted=quoted)
        if operator == "@" and operand.static not in {"Q", "E", "A", "K", "a", "k", "u", "U", "L"}:
            raise self.stop("a transformation that may run something")
        return operator, operand, replacement

    def _operand(self, closers: str, operator: str, *, quoted: bool) -> Word:
        """The text after an operator. Inside double quotes a single quote does not quote: there it is refused."""
        start = self.pos
        pieces: list[Part] = []
        if not quoted and self.peek() == "~" and operator in _DEFAULTS:
            self._operand_tilde(pieces)
        pattern = operator not in _DEFAULTS
        while True:
            if self.pos >= self.end:
                raise self.stop("`${` that never ends")
            char = self.text[self.pos]
            if char in closers:
                return Word(merged(pieces), self.span(start))
            if char in "{(<>\n" or (char == "\\" and (self.peek(1) == "\n" or pattern or quoted)):
                raise self.stop("an operand of `${` that is read in different ways")
            match char:
                case "\\":
                    pieces.append(Literal(self.peek(1), quoted=True))
                    self.pos += 2
                case "'" if not quoted:
                    pieces.append(self._checked(self._single(), pattern=pattern))
                case '"' if not quoted:
                    pieces.extend(
                        self._checked(part, pattern=pattern)
                        for part in self._double()
                        if not isinstance(part, Mark)
                    )
                case "'" | '"':
                    raise self.stop("a quote in an operand of a quoted `${`")
                case "$":
                    pieces.append(self._dollar(quoted=quoted))
                case "`":
                    pieces.append(self._backticks(quoted=quoted, in_double=False))
                case _:
                    pieces.append(Literal(char, quoted=quoted))
                    self.pos += 1

    def _operand_tilde(self, pieces: list[Part]) -> None:
        if self.peek(1) not in {"/", "}"}:
            raise self.stop("a tilde in an operand of `${`")
        pieces.append(Tilde("", self.span(self.pos, self.pos + 1)))
        self.pos += 1

    def _checked(self, part: Part, *, pattern: bool) -> Part:
        if pattern and isinstance(part, Literal) and any(char in "*?[\\" for char in part.text):
            raise self.stop("a quoted pattern character in an operand of `${`")
        return part


def _splits(bracket: str, pieces: list[Piece]) -> bool:
    """Whether brace expansion, which comes first and knows no brackets, could cut this one in two."""
    opened = any(isinstance(piece, Mark) and piece.text == "{" for piece in pieces)
    return "{" in bracket or "}" in bracket or ("," in bracket and opened)


def _is_name(text: str) -> bool:
    return bool(text) and text[0] in NAME_START and all(char in NAME for char in text)
