"""Redirections and here-documents. Source: POSIX 2.7 and the bash manual 3.6."""

from __future__ import annotations

from guard.model.source import Span
from guard.shell.ast import Literal, Part, Redirect, RedirectOp, Word
from guard.shell.braces import merged
from guard.shell.cursor import DIGITS, ENDS_WORD, NAME, NAME_START, Heredoc
from guard.shell.words import WordReader

_REDIRECTS = {
    "<": ("<<<", "<<", "<&", "<>", "<"),
    ">": (">>", ">|", ">&", ">"),
    "&": ("&>>", "&>"),
}
_OPS = {op.value: op for op in RedirectOp}
_BEGINS = frozenset("<>&{") | DIGITS


class RedirectReader(WordReader):
    """Reads redirections, and the bodies of here-documents when their line ends."""

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
        text, end, start = self.text, self.end, self.pos
        if start >= end or text[start] not in _BEGINS:
            return None
        fd: int | str | None = None
        at = start
        char = text[at]
        if char in DIGITS:
            while at < end and text[at] in DIGITS:
                at += 1
            if at >= end or text[at] not in "<>":
                return None
            if at - start > 6 and not text.startswith("(", at + 1):
                raise self.stop("a file descriptor that is too large")
            fd = int(text[start:at]) if at - start <= 6 else None
        elif char == "{":
            at += 1
            if at >= end or text[at] not in NAME_START:
                return None
            while at < end and text[at] in NAME:
                at += 1
            if text.startswith("[", at):
                raise self.stop("an element of an array as a file descriptor")
            if not text.startswith(("}<", "}>"), at, end):
                return None
            fd = text[start + 1 : at]
            at += 1
        char = text[at]
        operator = next((op for op in _REDIRECTS[char] if text.startswith(op, at, end)), "")
        if not operator or (len(operator) == 1 and text.startswith("(", at + 1, end)):
            return None
        self.spend()
        self.spend()
        self.pos = at + len(operator)
        if text.startswith("\\\n", self.pos, end):
            raise self.stop("a continuation after a redirection operator")
        if operator == "<<":
            return self._heredoc(fd, start)
        self.blanks()
        if self.pos < end and text[self.pos] in "<>" and not text.startswith("(", self.pos + 1):
            raise self.stop("a redirection to nothing")
        if operator[-1] == "&" and self.at("-") and self.peek(1) and self.peek(1) not in ENDS_WORD:
            # bash closes the descriptor and takes what follows for a word of its own.
            raise self.stop("a word directly after `&-`")
        self.read_words(1)
        target = self._target(braces=operator != "<<<")
        if operator == ">&" and any(
            isinstance(part, Literal) and ("$" in part.text or "`" in part.text) for part in target.parts
        ):
            # bash expands the name of the file, quoted as it may be, and then expands what it got.
            raise self.stop("a name after `>&` that is expanded twice")
        return Redirect(_OPS[operator], fd, target, self.span(start))

    def _target(self, *, braces: bool) -> Word:
        start = self.pos
        target = self.word(braces=braces)
        if self.pos < self.end and self.text[self.pos] in "<>":
            self.no_descriptor(start)
        return target

    def no_descriptor(self, start: int) -> None:
        """A number or ``{name}`` right before a redirection is its descriptor, not a word of its own."""
        raw = self.text[start : self.pos]
        if raw[0] == "{" or all(char in DIGITS for char in raw):
            raise self.stop("a descriptor where a word is needed")

    # ------------------------------------------------------------------ here-documents

    def _heredoc(self, fd: int | str | None, start: int) -> Redirect:
        strip = self.peek() == "-"
        if strip:
            self.pos += 1
        self.blanks()
        begin = self.pos
        word = self._target(braces=False)
        raw = self.text[begin : self.pos]
        delimiter = word.static
        if delimiter is None or "\n" in raw or "`" in raw or raw.find("$") not in {-1, len(raw) - 1}:
            raise self.stop("a here-document with a delimiter that is not plain")
        quoted = any(isinstance(part, Literal) and part.quoted for part in word.parts)
        body = Word((), self.span(start))
        self.pending.append(Heredoc(delimiter, body, quoted=quoted, strip=strip))
        return Redirect(RedirectOp.HEREDOC, fd, body, self.span(start))

    def bodies(self, *, at_end: bool) -> None:
        """Read the bodies that begin here."""
        if not self.pending:
            return
        waiting, self.pending = self.pending, []
        if at_end:
            raise self.stop("a here-document without a body")
        for heredoc in waiting:
            self._body(heredoc)

    def _body(self, heredoc: Heredoc) -> None:
        text, start = self.text, self.pos
        lines: list[str] = []
        as_read = True
        while True:
            if self.pos >= self.end:
                raise self.stop(f"a here-document without its end `{heredoc.delimiter}`")
            first = self.pos
            line = self._line()
            while not heredoc.quoted and (len(line) - len(line.rstrip("\\"))) % 2:
                if self.pos >= self.end:
                    raise self.stop(f"a here-document without its end `{heredoc.delimiter}`")
                # Joined before bash looks for the end.
                as_read = False
                line = line[:-1] + self._line()
            if heredoc.strip and line.startswith("\t"):
                as_read = False
                line = line.lstrip("\t")
            if line == heredoc.delimiter:
                break
            if self.inside and line.startswith(heredoc.delimiter) and ")" in line:
                # There bash lets a line end the body that only begins with its end.
                raise self.stop("a line of a here-document that may end its substitution")
            if self.pos >= self.end and not text.endswith("\n", 0, self.end):
                raise self.stop(f"a here-document without its end `{heredoc.delimiter}`")
            lines.append(line + "\n")
        self._fill(heredoc, "".join(lines), Span(start, first), as_read=as_read)

    def _line(self) -> str:
        start = self.pos
        end = self.text.find("\n", start, self.end)
        end = self.end if end < 0 else end
        self.pos = min(end + 1, self.end)
        return self.text[start:end]

    def _fill(self, heredoc: Heredoc, body: str, place: Span, *, as_read: bool) -> None:
        parts: tuple[Part, ...]
        span = self.fixed or place
        if heredoc.quoted:
            parts = (Literal(body, True, span),)
        elif as_read:
            # The body is parsed where it stands, so that what is found in it has a place.
            after, outer, self.end = self.pos, self.end, place.end
            self.pos = place.start
            parts = merged(self.double_quoted(""))
            self.pos, self.end = after, outer
        else:
            parts = merged(self.inner_body(body, span))
        # The word was handed out before its text was reached; nobody has looked at it yet.
        object.__setattr__(heredoc.word, "parts", parts)
        object.__setattr__(heredoc.word, "span", span)
