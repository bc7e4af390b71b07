"""Programs of ``sed``: which files they name, and what they run. What is not plainly harmless is opaque."""

from guard.effects.call import Call
from guard.effects.values import plain

_ALONE = frozenset("=dDgGhHnNpPxzF")
_NUMBERED = frozenset("lLqQ")
_FLAGS = frozenset("gpiIMm0123456789")


class _Unread(Exception):
    pass


class Sed:
    """One reading of one program, its ``-e`` parts joined by newlines as sed does."""

    def __init__(self, call: Call, text: str) -> None:
        self._call = call
        self._text = text
        self._at = 0

    def read(self) -> None:
        try:
            while self._at < len(self._text):
                self._command()
        except _Unread as problem:
            self._call.opaque(f"a sed program that cannot be followed: {problem}")
            # What it would run if the rest were read otherwise is said all the same.

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _line(self) -> str:
        """The rest of the line, which is then left behind."""
        end = self._text.find("\n", self._at)
        end = len(self._text) if end < 0 else end
        line, self._at = self._text[self._at : end], end + 1
        return line

    def _blank(self, also: str = "") -> None:
        while self._peek() and (self._peek().isspace() or self._peek() in also):
            self._at += 1

    def _command(self) -> None:
        self._blank(";")
        self._addresses()
        self._blank("!")
        char = self._peek()
        self._at += 1
        match char:
            case "":
                return
            case "#":
                self._line()
            case "{" | "}":
                return
            case "s":
                self._substitution()
            case "y":
                delimiter = self._delimiter()
                self._until(delimiter, regex=False)
                self._until(delimiter, regex=False)
                self._end()
            case "a" | "i" | "c":
                self._text_of()
            case ":" | "b" | "t" | "T":
                while self._peek() and self._peek() not in ";\n":
                    self._at += 1
            case "r" | "R" | "w" | "W":
                self._file(self._line().strip(), write=char in "wW")
            case "e":
                self._run(self._line().strip())
            case "v":
                self._line()
            case _ if char in _ALONE:
                self._end()
            case _ if char in _NUMBERED:
                while self._peek().isdigit() or self._peek() in {" ", "\t"}:
                    self._at += 1
                self._end()
            case _:
                raise _Unread(f"`{char}`")

    def _end(self) -> None:
        while self._peek() in {" ", "\t"}:
            self._at += 1
        if self._peek() not in {"", ";", "\n", "}", "#"}:
            raise _Unread(f"`{self._peek()}` after a command")

    def _addresses(self) -> None:
        for turn in range(2):
            char = self._peek()
            if char.isdigit() or char == "$" or (turn and char in {"+", "~"}):
                self._at += 1
                while self._peek() and (self._peek().isdigit() or self._peek() == "~"):
                    self._at += 1
            elif char in {"/", "\\"}:
                self._at += 1
                delimiter = char if char == "/" else self._delimiter()
                self._until(delimiter, regex=True)
                while self._peek() in {"I", "M"}:
                    self._at += 1
            elif turn:
                raise _Unread("an address")
            while self._peek() in {" ", "\t"}:
                self._at += 1
            if self._peek() != ",":
                return
            self._at += 1
            self._blank()

    def _delimiter(self) -> str:
        char = self._peek()
        if char in {"", "\n", "\\"}:
            raise _Unread("a delimiter")
        self._at += 1
        return char

    def _until(self, delimiter: str, *, regex: bool) -> str:
        start = self._at
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == "\\":
                self._at += 2
            elif char == delimiter:
                self._at += 1
                return self._text[start : self._at - 1]
            elif char == "[" and regex:
                self._bracket(delimiter)
            else:
                self._at += 1
        raise _Unread("a part without an end")

    def _bracket(self, delimiter: str) -> None:
        """``[...]``: a delimiter in it ends the part for some versions and not for others."""
        at = self._at + 1
        if self._text[at : at + 1] == "^":
            at += 1
        if self._text[at : at + 1] == "]":
            at += 1
        while at < len(self._text) and self._text[at] not in {"]", "\n"}:
            if self._text[at] == "[" and self._text[at + 1 : at + 2] in {":", ".", "="}:
                close = self._text.find(self._text[at + 1] + "]", at + 2)
                if close < 0:
                    raise _Unread("a bracket expression")
                at = close + 1
            at += 1
        inside = self._text[self._at : at]
        if delimiter in inside or at >= len(self._text) or self._text[at] == "\n":
            raise _Unread("a delimiter in a bracket expression")
        self._at = at + 1

    def _substitution(self) -> None:
        delimiter = self._delimiter()
        self._until(delimiter, regex=True)
        replacement = self._until(delimiter, regex=False)
        runs = False
        while self._peek() in _FLAGS | {"e"} and self._peek():
            runs = runs or self._peek() == "e"
            self._at += 1
        if runs:
            if not set(replacement) & set("&\\"):
                self._call.run_text((replacement,))
            self._call.opaque("a sed substitution that runs its result")
        if self._peek() == "w":
            self._at += 1
            self._file(self._line().strip(), write=True)
            return
        self._end()

    def _text_of(self) -> None:
        """``a TEXT`` to the end of the line; ``a\\`` and the lines after it, as long as each ends in a backslash."""
        while self._peek() in {" ", "\t"}:
            self._at += 1
        if self._peek() == "\\":
            self._at += 1
            while self._peek() in {" ", "\t"}:
                self._at += 1
            if self._peek() == "\n":
                self._at += 1
        while self._at < len(self._text):
            char = self._text[self._at]
            self._at += 2 if char == "\\" else 1
            if char == "\n":
                return

    def _file(self, name: str, *, write: bool) -> None:
        if not name:
            raise _Unread("a file without a name")
        if name in {"/dev/stdout", "/dev/stderr", "/dev/stdin"}:
            return
        if write:
            self._call.write(plain(name, self._call.span))
        else:
            self._call.read(plain(name, self._call.span))

    def _run(self, command: str) -> None:
        if command:
            self._call.run_text((command,))
        else:
            self._call.opaque("a sed command that runs the line that was read")
