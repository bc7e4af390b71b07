"""Words: runs of plain text, quotes, expansions, patterns, tildes and braces. Knows no commands.

Sources: POSIX 2.6, 2.13 and the bash manual 3.5.1, 3.5.2, 3.5.8.1.
"""

from __future__ import annotations

from guard.shell.ast import Glob, Literal, Parameter, Part, Tilde, Word
from guard.shell.braces import Mark, Piece, merged, with_braces
from guard.shell.cursor import ENDS_WORD, NAME, NAME_START, PLAIN, override
from guard.shell.expansions import ExpansionReader

_EXTGLOB = frozenset("?*+@!")
_USER = NAME | frozenset(".-+")
_PLAIN_IN_BRACKET = NAME | frozenset("-./:,@%+^!=*?~#{}[")


class WordReader(ExpansionReader):
    """Reads words."""

    @override
    def word(self, *, braces: bool = True, assignment: bool = False, extglob: bool = False) -> Word:
        """``assignment``: a value, which may be empty, where tildes follow colons and braces mean nothing."""
        return self.word_from(self.pos, [], braces=braces, assignment=assignment, extglob=extglob)

    def word_from(
        self, begin: int, pieces: list[Piece], *, braces: bool, assignment: bool, extglob: bool
    ) -> Word:
        """The rest of a word of which ``pieces`` are read already."""
        text, end = self.text, self.end
        start = at = run = self.pos
        marks = tilde_in_braces = joined = False
        no_bracket = -1
        """Up to here no bracket closes: looking again from each one would take quadratic time."""

        while at < end:
            char = text[at]
            if char in PLAIN and not (marks and char == ","):
                at += 1
                continue
            if char in ENDS_WORD and not (char in "<>" and text.startswith("(", at + 1, end)):
                if char == "(" and at > begin and text[at - 1] in "+@" and run < at:
                    if not (extglob or self.limits.extglob):
                        break
                    at -= 1
                    char = text[at]
                else:
                    break
            if char in "=]#":
                if joined and char == "=":
                    raise self.stop("a continuation in a word that is read in different ways")
                at += 1
                continue
            if char in "{,}" and not (braces and (marks or char == "{")):
                at += 1
                continue
            if char == "!" and not text.startswith("(", at + 1, end):
                at += 1
                continue
            if char == "[" and at < no_bracket:
                at += 1
                continue
            if joined and char in "~[<>":
                raise self.stop("a continuation in a word that is read in different ways")
            if char == "~" and run < at and text[at - 1] not in "=:":
                at += 1
                continue
            if char == "~":
                place = self._tilde_place(begin, at, run, pieces, assignment=assignment, braces=braces)
                if not place:
                    at += 1
                    continue
            if char > "\x7f":
                if not char.isprintable():
                    raise self.stop("a character that cannot be seen")
                at += 1
                continue
            # Everything that is more than its own character ends the run of plain text.
            if run < at:
                pieces.append(Literal(text[run:at], False, self.span(run, at)))
            self.pos = at
            following = text[at + 1] if at + 1 < end else ""
            if char == "'":
                pieces.append(self.single())
            elif char == '"':
                pieces += self.double()
            elif char == "$":
                if following == "'":
                    pieces.append(self.ansi())
                elif following == '"':
                    pieces += self.translated()
                else:
                    pieces.append(self.dollar(quoted=False))
            elif char == "\\":
                if not following:
                    raise self.stop("a backslash at the end")
                self.spend()
                self.pos += 2
                if following == "\n":
                    self._continuation(at, begin)
                    joined = True
                else:
                    pieces.append(Literal(following, True, self.span(at)))
            elif char in "<>":
                pieces.append(self.process_substitution())
            elif char in _EXTGLOB and following == "(":
                if not (extglob or self.limits.extglob):
                    raise self.stop("an extended pattern, which no line before this one has turned on")
                self.spend()
                pieces += self._extended()
            elif char in "*?":
                self.spend()
                self.pos += 1
                pieces.append(Glob(char, self.span(at)))
            elif char == "[":
                self.spend()
                bracket = self._bracket()
                if bracket is None:
                    no_bracket = self._word_end(at)
                    pieces.append(Literal("[", False, self.span(at)))
                else:
                    inside = "".join(part.text for part in bracket if isinstance(part, Glob))
                    if braces and ("{" in inside or "}" in inside or ("," in inside and marks)):
                        raise self.stop("braces and brackets in one another")
                    pieces += bracket
            elif char == "`":
                pieces.append(self.backticks(quoted=False, in_double=False))
            elif char == "~":
                tilde = self._tilde(colon=assignment or text.find("=", begin, at) >= 0)
                tilde_in_braces |= marks and tilde is not None
                if tilde is None:
                    self.pos += 1
                    pieces.append(Literal("~", False, self.span(at)))
                else:
                    pieces.append(tilde)
            elif char in "{,}":
                self.spend()
                marks = True
                self.pos += 1
                pieces.append(Mark(char, self.span(at)))
            else:
                raise self.stop(f"`{char}` in a word")
            at = run = self.pos

        if run < at:
            pieces.append(Literal(text[run:at], False, self.span(run, at)))
        self.pos = at
        if joined and at < end and text[at] in "<>":
            raise self.stop("a continuation in a word that is read in different ways")
        if not pieces and not assignment:
            raise self.stop("a word is missing")
        span = self.span(begin)
        if not marks:
            # Without a mark every piece is a part.
            parts = [piece for piece in pieces if not isinstance(piece, Mark)]
            return Word(merged(parts) if start != begin or len(parts) > 1 else tuple(parts), span)
        return Word(self._braced_parts(pieces, begin, at, tilde_in_braces=tilde_in_braces), span)

    def _continuation(self, at: int, begin: int) -> None:
        """Two lines are joined before bash looks at what they say."""
        self.no_heredoc("a continuation")
        text = self.text
        before = text[at - 1] if at > begin else ""
        after = text[at + 2] if at + 2 < self.end else ""
        if before == "$" or after == "\\" or (before in _EXTGLOB and before and after == "("):
            raise self.stop("a continuation inside an expansion")
        if at == begin or "=" in text[begin:at] or "~" in text[begin:at] or "[" in text[begin:at]:
            raise self.stop("a continuation in a word that is read in different ways")
        if after in {"=", "[", "(", "~", "+"} or (after in {"<", ">"} and after):
            raise self.stop("a continuation in a word that is read in different ways")

    def _braced_parts(
        self, pieces: list[Piece], begin: int, end: int, *, tilde_in_braces: bool
    ) -> tuple[Part, ...]:
        parts = with_braces(pieces, self.span(begin))
        if parts is None:
            raise self.stop("a brace sequence that is too large")
        if tilde_in_braces and any(isinstance(part, Tilde) for part in parts):
            raise self.stop("a tilde in braces that do not expand")
        if any(not isinstance(part, Literal) for part in parts):
            self._no_joined_names(pieces, self.text[begin:end])
        return merged(parts)

    def _no_joined_names(self, pieces: list[Piece], raw: str) -> None:
        """Braces are taken apart in the text: of ``$x{a,b}`` bash makes ``$xa`` and ``$xb``."""
        joined = any(
            raw[at] == "}" and (raw[at + 1] in NAME or raw[at + 1] in "{[") for at in range(len(raw) - 1)
        )
        for at, following in enumerate(pieces):
            if not at or not isinstance(following, Mark):
                continue
            piece = pieces[at - 1]
            bare = isinstance(piece, Parameter) and (
                self.fixed is not None or self.text[piece.span.end - 1] != "}"
            )
            dollar = isinstance(piece, Literal) and not piece.quoted and piece.text.endswith("$")
            if dollar or (bare and (following.text == "{" or joined)):
                raise self.stop("a parameter whose name braces make longer")

    # ------------------------------------------------------------------ tildes

    def _tilde_place(
        self, begin: int, at: int, run: int, pieces: list[Piece], *, assignment: bool, braces: bool
    ) -> bool:
        """Whether bash may expand a tilde here."""
        if at == begin:
            return True
        last = pieces[-1] if pieces else None
        if run == at:
            # Braces come first: each alternative of `{a,~/b}` is a word that begins anew.
            if braces and isinstance(last, Mark) and isinstance(pieces[0], Mark) and last.text in {"{", ","}:
                if self.text.startswith((",", "}"), at + 1):
                    self.pos = at
                    raise self.stop("a tilde at the edge of braces")
                return True
            return False
        before = self.text[at - 1]
        if before not in "=:":
            return False
        if assignment:
            return True
        # bash expands `dd of=~/x` too: any word that looks like an assignment.
        equals = self.text.find("=", begin, at)
        return (
            equals > begin
            and self.text[begin] in NAME_START
            and all(char in NAME for char in self.text[begin:equals])
        )

    def _tilde(self, *, colon: bool) -> Tilde | None:
        """``~``, ``~user``, ``~+``, ``~-`` before a slash or the end of the word; None if it is literal."""
        start = self.pos
        end = start + 1
        while end < self.end and self.text[end] in _USER:
            end += 1
        after = self.text[end] if end < self.end else ""
        if after and after not in ENDS_WORD and after != "/" and not (colon and after == ":"):
            # Before a colon or an equals sign bash expands some of them in any word.
            if self.text.startswith("\\\n", end) or after in "{,}:=":
                raise self.stop("a tilde that is read in different ways")
            # A quoted part makes it literal, an expansion does not take part in it.
            return None
        self.pos = end
        return Tilde(self.text[start + 1 : end], self.span(start))

    # ------------------------------------------------------------------ patterns

    def _word_end(self, at: int) -> int:
        while at < self.end and self.text[at] not in ENDS_WORD and self.text[at] not in "'\"\\$`":
            at += 1
        return at

    def _bracket(self) -> list[Part] | None:
        """``[...]`` as one pattern; None, one character on, for a bracket that never closes and is a plain character."""
        text, end, start = self.text, self.end, self.pos
        at = start + 1
        if at < end and text[at] in "!^":
            at += 1
        first = at
        while at < end:
            char = text[at]
            if char == "]" and at > first:
                self.pos = at + 1
                return [Glob(text[start : at + 1], self.span(start))]
            if char > "\x7f" and not char.isprintable():
                raise self.stop("a character that cannot be seen")
            if char == "[" and text.startswith("[:", at):
                close = text.find(":]", at + 2, min(at + 14, end))
                if close > 0 and text[at + 2 : close].isalpha():
                    at = close + 2
                    continue
            if char in "'\"\\$`":
                return self.bracket_with(first, "a quote or an expansion in a bracket that never closes")
            if char in ENDS_WORD:
                break
            at += 1
        self.pos = start + 1
        return None

    def bracket_with(self, first: int, unclosed: str, *, subscript: bool = False) -> list[Part]:
        """``[...]`` with quotes or expansions in it; as a ``subscript`` up to the matching bracket, blanks and all."""
        text, end, start = self.text, self.end, self.pos
        out: list[Part] = []
        pattern = text[start:first]
        begin = start
        self.pos = first
        depth = 0
        while True:
            at = self.pos
            char = text[at] if at < end else ""
            if char == "]" and (at > first or subscript) and depth == 0:
                if begin == start and pattern == text[start:first]:
                    raise self.stop("a bracket with nothing in it")
                self.pos = at + 1
                out.append(Glob(pattern + "]", self.span(begin)))
                return out
            if char == "[" and not subscript and text.startswith(("[:", "[=", "[."), at):
                close = text.find(":]", at + 2, min(at + 14, end))
                if close < 0 or not text[at + 2 : close].isalpha():
                    raise self.stop("a bracket in a bracket")
                pattern += text[at : close + 2]
                self.pos = close + 2
            elif char in {"'", '"'} or (char == "\\" and not text.startswith("\\\n", at)):
                quoted = (
                    self.double() if char == '"' else [self.single() if char == "'" else self._quoted_char()]
                )
                for part in quoted:
                    if isinstance(part, Literal):
                        if not part.text:
                            raise self.stop("a quote with nothing in it, in a bracket")
                        pattern += "".join(map(self._in_bracket, part.text))
                    else:
                        out += [Glob(pattern, self.span(begin, at)), part]
                        pattern, begin = "", self.pos
            elif char == "$" and text.startswith(("$'", '$"', "$`"), at):
                raise self.stop("a quote in a bracket")
            elif char in {"$", "`"} and char:
                part = (
                    self.dollar(quoted=False)
                    if char == "$"
                    else self.backticks(quoted=False, in_double=False)
                )
                if isinstance(part, Literal):
                    pattern += part.text
                else:
                    if pattern:
                        out.append(Glob(pattern, self.span(begin, at)))
                    out.append(part)
                    pattern, begin = "", self.pos
            elif char and (char in _PLAIN_IN_BRACKET or (subscript and char in " \t|;&()")):
                depth += subscript and char == "["
                at += 1
                while at < end and text[at] in PLAIN:
                    at += 1
                pattern += text[self.pos : at]
                self.pos = at
            elif char == "]" and subscript:
                depth -= 1
                pattern += char
                self.pos += 1
            elif char == "]" or (char in {"<", ">"} and subscript and not text.startswith("(", at + 1)):
                pattern += char
                self.pos += 1
            else:
                raise self.stop(unclosed)

    def _quoted_char(self) -> Literal:
        self.spend()
        self.pos += 2
        return Literal(self.text[self.pos - 1 : self.pos], True, self.span(self.pos - 2))

    def _in_bracket(self, char: str) -> str:
        if char in NAME:
            return char
        if not char.isprintable():
            raise self.stop("a character that cannot be seen in a bracket")
        return "\\" + char if char.isascii() else char

    def _extended(self) -> list[Part]:
        """``?( )`` and its kin. The patterns in it are words of their own; what is quoted stays quoted."""
        start = self.pos
        self.deeper()
        self.pos += 2
        out: list[Part] = [Glob(self.text[start : self.pos], self.span(start))]
        while (char := self.peek()) != ")":
            if char == "|":
                self.pos += 1
                out.append(Glob("|", self.span(self.pos - 1)))
            elif char == "" or char in " \t\n;&<>({}":
                raise self.stop("an extended pattern that is read in different ways")
            else:
                self.spend()
                before = self.pos
                out += self.word_from(before, [], braces=False, assignment=False, extglob=True).parts
                if any(isinstance(part, Tilde) for part in out):
                    raise self.stop("a tilde in an extended pattern")
        self.pos += 1
        if "," in self.text[start : self.pos] or "{" in self.text[start : self.pos].replace("${", ""):
            raise self.stop("braces in an extended pattern")
        out.append(Glob(")", self.span(self.pos - 1)))
        self.depth -= 1
        return out
