"""Programs of ``awk`` as tokens: text, regular expressions, names, signs. Knows nothing of what they do."""

from guard.model.dataclass import dataclass

_MAX_TOKENS = 4000
_WORDS_BEFORE_REGEX = frozenset("print printf return case do else exit".split())
_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "\\": "\\",
    '"': '"',
    "/": "/",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "v": "\v",
    "f": "\f",
}
_SIGNS = (
    "**=",
    "|&",
    ">>",
    "&&",
    "||",
    "==",
    "!=",
    "<=",
    ">=",
    "++",
    "--",
    "+=",
    "-=",
    "*=",
    "/=",
    "%=",
    "^=",
    "!~",
    "**",
)


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    """``name``, ``number``, ``text``, ``regex`` or ``sign`` (a newline is one)."""
    text: str
    exact: bool = True
    """Whether a text's value is certain."""


def tokens_of(source: str) -> list[Token] | None:
    """None when it cannot be told where a string or a regular expression ends."""
    out: list[Token] = []
    opened: list[str] = []
    closes_test = False
    at = 0
    while at < len(source):
        if len(out) > _MAX_TOKENS:
            return None
        char = source[at]
        if char in " \t\r":
            at += 1
        elif source.startswith("\\\n", at):
            at += 2
        elif char == "#":
            end = source.find("\n", at)
            at = len(source) if end < 0 else end
        elif char == '"':
            found = _string(source, at)
            if found is None:
                return None
            at, token = found
            out.append(token)
        elif char == "/" and (regex := _is_regex(out, closes_test=closes_test)) is not False:
            close = _regex(source, at)
            if regex is None or close is None:
                return None
            out.append(Token("regex", source[at + 1 : close - 1]))
            at = close
        elif char.isalpha() or char == "_":
            start = at
            while at < len(source) and (source[at].isalnum() or source[at] == "_"):
                at += 1
            out.append(Token("name", source[start:at]))
        elif char.isdigit() or (char == "." and source[at + 1 : at + 2].isdigit()):
            start = at
            while at < len(source) and (source[at].isalnum() or source[at] == "."):
                at += 1
            out.append(Token("number", source[start:at]))
        else:
            sign = next((sign for sign in _SIGNS if source.startswith(sign, at)), char)
            if sign == "(":
                opened.append(out[-1].text if out and out[-1].kind == "name" else "")
            elif sign == ")":
                closes_test = (opened.pop() if opened else "") in {"if", "while", "for"}
            out.append(Token("sign", sign))
            at += len(sign)
    return out


def _is_regex(out: list[Token], *, closes_test: bool) -> bool | None:
    """Whether a slash begins a regular expression; None when that depends on what nobody tells here."""
    last = out[-1] if out else Token("sign", "\n")
    if last.kind in {"number", "text", "regex"}:
        return False
    if last.kind == "name":
        if last.text in _WORDS_BEFORE_REGEX:
            return True
        return None if last.text in {"length", "getline", "in", "next", "delete", "BEGIN", "END"} else False
    if last.text == ")":
        return closes_test
    if last.text in {"]", "$", "++", "--"}:
        return False if last.text == "]" else None
    return True


def _string(source: str, at: int) -> tuple[int, Token] | None:
    value: list[str] = []
    exact = True
    at += 1
    while at < len(source):
        char = source[at]
        if char == '"':
            return at + 1, Token("text", "".join(value), exact)
        if char == "\n":
            return None
        if char == "\\":
            following = source[at + 1 : at + 2]
            if following in _ESCAPES:
                value.append(_ESCAPES[following])
            else:
                exact = False
            at += 2
            continue
        value.append(char)
        at += 1
    return None


def _regex(source: str, at: int) -> int | None:
    """The place after the slash that ends it. A slash in brackets ends it for some versions and not for others."""
    at += 1
    inside = False
    while at < len(source):
        char = source[at]
        if char == "\\":
            at += 2
            continue
        if char == "\n":
            return None
        if char == "[" and not inside:
            inside = True
            at += 2 if source[at + 1 : at + 2] in {"]", "^"} else 1
            if source[at - 1] == "^" and source[at : at + 1] == "]":
                at += 1
            continue
        if char == "]":
            inside = False
        elif char == "/":
            if inside:
                return None
            return at + 1
        at += 1
    return None
