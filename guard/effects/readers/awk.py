"""What a program of ``awk`` does besides printing: pipes, files, ``system``, ``getline``."""

from guard.effects.call import Call
from guard.effects.readers.awk_tokens import Token, tokens_of
from guard.effects.values import Field, Hole, plain, static_text

_STREAMS = frozenset({"/dev/stdout", "/dev/stderr", "/dev/stdin", "-", "/dev/null", "/dev/tty"})
_UNKNOWN = Hole("a name that awk makes")
_MAX_TEXT = 64 * 1024


def awk_program(call: Call, source: str) -> None:
    """Say what ``source`` does."""
    tokens = tokens_of(source) if len(source) <= _MAX_TEXT else None
    if tokens is None:
        call.opaque("an awk program that cannot be read")
        return
    _Awk(call, _with_environment(call, tokens)).read()


def _with_environment(call: Call, tokens: list[Token]) -> list[Token]:
    """``ENVIRON["HOME"]`` as the text that it is, where the program only reads it and the value is known."""
    if not any(token.text == "ENVIRON" for token in tokens):
        return tokens
    out: list[Token] = []
    index = 0
    while index < len(tokens):
        part = tokens[index : index + 5]
        known = None
        if [token.text for token in part[:2]] == ["ENVIRON", "["] and len(part) > 3 and part[3].text == "]":
            assigned = len(part) > 4 and part[4].kind == "sign" and part[4].text.rstrip("=") != part[4].text
            values = call.evaluator.expander.variable(part[2].text, call.state).values
            if part[2].kind == "text" and part[2].exact and len(values) == 1 and not assigned:
                known = static_text(values[0])
        out.append(tokens[index] if known is None else Token("text", known))
        index += 1 if known is None else 4
    return out


class _Awk:
    def __init__(self, call: Call, tokens: list[Token]) -> None:
        self._call = call
        self._tokens = tokens
        self._constants = self._assigned_once()
        self._guessed = False
        """Whether a text that was put together may be another one."""

    def read(self) -> None:
        call, tokens = self._call, self._tokens
        for index, token in enumerate(tokens):
            following = tokens[index + 1] if index + 1 < len(tokens) else Token("sign", "\n")
            if token.kind == "sign":
                if token.text == "@":
                    call.opaque("an awk program with other parts, or calls by name")
                elif token.text == "|&":
                    call.opaque("an awk program that speaks with a program")
                    self._command(self._text_at(index + 1))
                elif token.text == "|":
                    self._pipe(index, following)
            elif token.kind == "name":
                self._name(index, token.text, following)
        self._printed()

    def _name(self, index: int, name: str, following: Token) -> None:
        match name:
            case "system":
                if following.text != "(":
                    self._call.opaque("an awk program that may run something")
                    return
                self._command(self._text_at(index + 2, until=")"))
            case "getline":
                at = index + 1
                # `getline line < "file"`
                while (
                    at < len(self._tokens)
                    and at < index + 6
                    and self._tokens[at].text not in {"<", ";", "\n", "}", ")"}
                ):
                    at += 1
                if at < len(self._tokens) and self._tokens[at].text == "<":
                    self._file(self._text_at(at + 1), write=False)
            case "ENVIRON" if following.text != "[" or (
                self._tokens[index + 2 : index + 3] and self._tokens[index + 2].kind != "text"
            ):
                self._call.secret("the environment of this session")
            case "ARGV" if any(token.text in {"=", "+="} for token in self._tokens[index + 1 : index + 8]):
                self._call.read(Field((_UNKNOWN,), self._call.span))
            case "extension" | "load":
                self._call.opaque("an awk program that loads code")
            case _:
                pass

    # ------------------------------------------------------------------ where output goes

    def _printed(self) -> None:
        """``print ... > FILE``, ``print ... | COMMAND``: outside of parentheses, up to the end of the statement."""
        tokens = self._tokens
        index = 0
        while index < len(tokens):
            if tokens[index].kind != "name" or tokens[index].text not in {"print", "printf"}:
                index += 1
                continue
            depth, index = 0, index + 1
            while index < len(tokens):
                token = tokens[index]
                if token.kind == "sign":
                    depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token.text, 0)
                    if depth <= 0 and token.text in {";", "\n", "}"}:
                        break
                    if depth <= 0 and token.text in {">", ">>"}:
                        self._file(self._text_at(index + 1), write=True, append=token.text == ">>")
                index += 1

    def _pipe(self, index: int, following: Token) -> None:
        if following.kind == "name" and following.text == "getline":
            start = index - 1
            while start >= 0 and (
                self._tokens[start].kind == "text" or self._tokens[start].text in self._constants
            ):
                start -= 1
            before = self._tokens[start] if start >= 0 else Token("sign", "\n")
            begins = before.kind == "sign" and before.text in {";", "\n", "{", "}", "(", "!", "&&", "||"}
            self._command(self._text_at(start + 1, until="|") if begins else None)
        else:
            self._command(self._text_at(index + 1))

    def _text_at(self, index: int, until: str = "") -> str | None:
        """The value of the texts that stand here side by side; None when something else stands among them."""
        out: list[str] = []
        self._guessed = False
        bracketed = self._tokens[index : index + 1] and self._tokens[index].text == "("
        if bracketed:
            index += 1
        while index < len(self._tokens):
            token = self._tokens[index]
            if token.kind == "text" and token.exact:
                out.append(token.text)
            elif token.kind == "name" and token.text in self._constants:
                # A parameter of a function, or `-v`, may give it another value.
                self._guessed = True
                out.append(self._constants[token.text])
            elif token.kind == "sign" and (
                token.text in {";", "\n", "}", until} or (token.text in {")", "|"} and out)
            ):
                return "".join(out) if out else None
            else:
                return None
            # Without brackets, what belongs together differs between versions.
            self._guessed = self._guessed or (len(out) > 1 and not bracketed and until != ")")
            index += 1
        return "".join(out) if out else None

    def _assigned_once(self) -> dict[str, str]:
        """Variables with one assignment, of a text alone. Others could be anything."""
        values: dict[str, str] = {}
        often: set[str] = set()
        for index, token in enumerate(self._tokens[:-1]):
            if token.kind != "name":
                continue
            following = self._tokens[index + 1]
            if following.text == "=" and following.kind == "sign":
                after = self._tokens[index + 3] if index + 3 < len(self._tokens) else Token("sign", "\n")
                value = self._tokens[index + 2] if index + 2 < len(self._tokens) else after
                if (
                    token.text in values
                    or value.kind != "text"
                    or not value.exact
                    or after.text not in {";", "\n", "}"}
                ):
                    often.add(token.text)
                values[token.text] = value.text
            elif following.text in {"++", "--", "+=", "-=", "in"}:
                often.add(token.text)
        return {name: value for name, value in values.items() if name not in often}

    # ------------------------------------------------------------------ effects

    def _command(self, command: str | None) -> None:
        if command is None:
            self._call.opaque("an awk program that runs what it makes")
            return
        self._call.run_text((command,))
        if self._guessed:
            self._call.opaque("an awk program that runs what it makes")
        if command.split()[:1] and command.split()[0].rpartition("/")[2] in {
            "sh",
            "bash",
            "dash",
            "zsh",
            "xargs",
            "parallel",
        }:
            self._call.opaque("an awk program that sends text to a shell")

    def _file(self, name: str | None, *, write: bool, append: bool = False) -> None:
        if name in _STREAMS:
            return
        if name is not None and name.startswith("/inet"):
            parts = name.split("/")
            self._call.connect(parts[4] if len(parts) > 4 else "?", upload=True)
            return
        field = plain(name, self._call.span) if name is not None else Field((_UNKNOWN,), self._call.span)
        if write:
            self._call.write(field, append=append)
            if self._guessed:
                self._call.write(Field((_UNKNOWN,), self._call.span))
        else:
            self._call.read(field)
