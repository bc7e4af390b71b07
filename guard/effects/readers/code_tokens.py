"""Code of perl, ruby, php and JavaScript as tokens. Where a text or a pattern ends must be certain; else there is no answer."""

from guard.model.dataclass import dataclass

_MAX_DEPTH = 6
_MAX_TOKENS = 4000
_OPERATORS = {
    "perl": frozenset(
        "if unless and or not while until return x eq ne lt gt le ge cmp split grep map print push join".split()
    ),
    "ruby": frozenset("if unless and or not when while until return then else elsif do in case".split()),
    "javascript": frozenset("return typeof case do else in instanceof new delete void throw".split()),
    "php": frozenset("if and or not while return else echo print".split()),
}
"""Words after which a value begins. Only those that cannot name a variable."""
_PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">"}
_VARIABLE_SIGNS = frozenset("&`'+!@/\\,;.0^_|\"<>()[]$?:-=~%")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "e": "\x1b"}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    """``name``, ``var`` (with its sign), ``text``, ``number``, ``regex``, ``command`` (text that a shell runs) or ``sign``."""
    text: str
    exact: bool = True
    """Of a text: whether it is just this."""


class Unsure(Exception):
    """It depends on more than is known here."""


class Scanner:
    """``language``: perl, ruby, php or javascript."""

    def __init__(self, source: str, language: str, depth: int = 0) -> None:
        self.source = source
        self.language = language
        self.out: list[Token] = []
        self.at = 0
        self._depth = depth
        if depth > _MAX_DEPTH:
            raise Unsure

    def scan(self) -> list[Token]:
        """All tokens; raises :class:`Unsure`."""
        if self.language != "javascript" and any(
            line.startswith(("=", "__END__", "__DATA__")) for line in self.source.split("\n")
        ):
            raise Unsure
        while self.at < len(self.source):
            if len(self.out) > _MAX_TOKENS:
                raise Unsure
            self._one()
        return self.out

    def _one(self) -> None:
        source, at, language = self.source, self.at, self.language
        char = source[at]
        if char in " \t\r\n":
            if char == "\n" and language in {"ruby", "javascript"}:
                self._add("sign", "\n")
            self.at += 1
        elif char == "#" and language != "javascript":
            self._skip("\n")
        elif source.startswith(("//", "/*"), at) and language in {"javascript", "php"}:
            self._skip("\n" if source[at + 1] == "/" else "*/")
        elif char in "$@%&" and language in {"perl", "ruby", "php"} and self._variable(char):
            return
        elif char in "\"'`":
            self._text(char)
        elif char == "/" and language != "php":
            self._slash()
        elif char.isalpha() or char == "_" or (char == "$" and language == "javascript"):
            self._name()
        elif char.isdigit():
            self._number()
        elif char == "<" and language == "perl" and self._diamond():
            return
        elif source.startswith("<<", at) and language != "javascript":
            raise Unsure  # a heredoc, or a shift
        elif (
            (char == "?" and language == "ruby" and not source[at + 1 : at + 2].isspace())
            or (char == "\\" and language in {"javascript", "php"})
            or (source.startswith("?>", at) and language == "php")
        ):
            raise Unsure
        else:
            sign = next(
                (
                    s
                    for s in ("=>", "->", "&&", "||", "==", "=~", "!~", "::", "**", "++", "--")
                    if source.startswith(s, at)
                ),
                char,
            )
            self._add("sign", sign)
            self.at += len(sign)

    def _add(self, kind: str, text: str, *, exact: bool = True) -> None:
        self.out.append(Token(kind, text, exact))

    def _skip(self, until: str) -> None:
        end = self.source.find(until, self.at)
        self.at = len(self.source) if end < 0 else end + (len(until) if until != "\n" else 0)

    def _last(self) -> Token:
        return self.out[-1] if self.out else Token("sign", ";")

    def _operand(self) -> bool:
        """Whether what stands before is a value."""
        last = self._last()
        return (
            last.kind in {"var", "number", "text", "regex", "command"}
            or last.text in {")", "]"}
            or (last.kind == "name" and last.text not in _OPERATORS[self.language])
        )

    # ------------------------------------------------------------------ names and variables

    def _name(self) -> None:
        start = self.at
        extra = "_$" if self.language == "javascript" else "_"
        while self.at < len(self.source) and (
            self.source[self.at].isalnum() or self.source[self.at] in extra
        ):
            self.at += 1
        if (
            self.language == "ruby"
            and self.source[self.at : self.at + 1] in {"?", "!"}
            and self.source[self.at + 1 : self.at + 2] != "="
        ):
            self.at += 1
        name = self.source[start : self.at]
        following = self.source[self.at :].lstrip(" ")
        if self.language == "perl" and name in {"q", "qq", "qw", "m", "s", "tr", "y", "qr", "qx"}:
            key = following.startswith(("=>", ",")) or (
                following.startswith("}") and self._last().text == "{"
            )
            if (
                not key
                and following
                and not (following[0].isalnum() or (following[0] in "_;)=" and name != "s"))
            ):
                self._quote_like(name)
                return
            if not key:
                raise Unsure
        self._add("name", name)

    def _number(self) -> None:
        start = self.at
        while self.at < len(self.source) and (self.source[self.at].isalnum() or self.source[self.at] in "._"):
            if self.source.startswith("..", self.at):
                break
            if self.source[self.at] == "." and not self.source[self.at + 1 : self.at + 2].isdigit():
                break
            self.at += 1
        self._add("number", self.source[start : self.at])

    def _variable(self, sign: str) -> bool:
        source, at = self.source, self.at
        if sign in "%&" and (self.language != "perl" or source.startswith("&&", at)):
            return False
        # After a name, `%x` is a hash or what is left over: its letters are a name either way.
        if sign in "%&" and self._operand() and self._last().kind != "name":
            return False
        if sign == "@" and self.language == "php":
            return False
        end = at + 1
        if self.language == "perl" and source[end : end + 1] == "#" and sign == "$":
            end += 1
            if not (source[end : end + 1].isalpha() or source[end : end + 1] in {"_", "{", "$"}):
                raise Unsure
        while (
            source[end : end + 1] == "$"
            and self.language == "perl"
            and (source[end + 1 : end + 2].isalpha() or source[end + 1 : end + 2] in {"_", "{"})
        ):
            end += 1
        if source[end : end + 1] == "@" and self.language == "ruby":
            end += 1
        start = end
        while end < len(source) and (source[end].isalnum() or source[end] == "_"):
            end += 1
        if end == start:
            following = source[end : end + 1]
            if following == "{" and self.language == "perl":
                close = source.find("}", end)
                if close > 0 and source[end + 1 : close].replace("^", "").isidentifier():
                    self._add("var", sign + source[end + 1 : close])
                    self.at = close + 1
                    return True
                self._add("sign", sign)
                self.at = end
                return True
            if (
                sign in "%&"
                or not following
                or following not in _VARIABLE_SIGNS
                or self.language == "php"
                or (sign == "@" and following not in "-+_")
            ):
                return False
            end += 1
        self._add("var", source[at:end])
        self.at = end
        return True

    def _diamond(self) -> bool:
        end = self.source.find(">", self.at)
        inside = self.source[self.at + 1 : end].lstrip("$") if end > 0 else "?"
        if self._operand() or (inside and not inside.isidentifier()):
            return False
        self._add("name", "readline")
        if inside and not self.source[self.at + 1 : end].startswith("$"):
            self._add("name", inside)
        self.at = end + 1
        return True

    # ------------------------------------------------------------------ texts

    def _until(self, close: str, opening: str = "") -> str:
        """The raw text up to ``close``, which is then left behind."""
        start, depth = self.at, 0
        while self.at < len(self.source):
            char = self.source[self.at]
            if char == "\\":
                self.at += 2
                continue
            if opening and char == opening:
                depth += 1
            elif char == close:
                if depth == 0:
                    self.at += 1
                    return self.source[start : self.at - 1]
                depth -= 1
            self.at += 1
        raise Unsure

    def _text(self, quote: str) -> None:
        self.at += 1
        raw = self._until(quote)
        if quote == "`" and self.language != "javascript":
            self._interpolated(raw, "command")
        elif quote == "'":
            simple = self.language != "javascript"
            value = raw.replace("\\'", "'").replace("\\\\", "\\") if simple else _unescaped(raw)
            self._add("text", value, exact=simple or ("\\x" not in raw and "\\u" not in raw))
        else:
            if self.language == "javascript" and quote == '"' and "\n" in raw:
                raise Unsure
            self._interpolated(raw, "text", plain=self.language == "javascript" and quote == '"')

    def _interpolated(self, raw: str, kind: str, *, plain: bool = False) -> None:
        """A text in which values stand. Code in it is scanned like any other."""
        exact = "\\x" not in raw and "\\u" not in raw and not any(f"\\{digit}" in raw for digit in "1234567")
        if not plain:
            opening = {"ruby": "#{", "javascript": "${"}.get(self.language)
            if opening is not None:
                rest = raw
                while opening in rest:
                    exact = False
                    _, _, rest = rest.partition(opening)
                    inner = Scanner(rest, self.language, self._depth + 1)
                    inner.at = 0
                    code = inner._until("}", "{")
                    self.out += [
                        Token("sign", "("),
                        *Scanner(code, self.language, self._depth + 1).scan(),
                        Token("sign", ")"),
                        Token("sign", ";"),
                    ]
                    rest = rest[inner.at :]
            elif "$" in raw or "@" in raw:
                exact = not self._has_values(raw) and exact
        self._add(kind, _unescaped(raw), exact=exact)

    def _has_values(self, raw: str) -> bool:
        """Whether variables stand in it; raises where code may."""
        at, found = 0, False
        while at < len(raw):
            char = raw[at]
            if char == "\\":
                at += 2
                continue
            if char == "{" and raw[at + 1 : at + 2] == "$" and self.language == "php":
                raise Unsure
            if char in "$@" and (char == "$" or self.language == "perl"):
                rest = raw[at + 1 :]
                if rest[:1] == "{" and not rest[1:].partition("}")[0].isidentifier():
                    raise Unsure
                if rest[:1] in {"$", "@"} and self.language == "perl":
                    raise Unsure
                if (
                    rest[:1].isalpha()
                    or rest[:1] in {"_", "{"}
                    or (rest[:1].isdigit() or rest[:1] in {"&", "@"})
                ):
                    found = True
                    name = rest.index("}") + 1 if rest[:1] == "{" else 0
                    while rest[name : name + 1].isalnum() or rest[name : name + 1] in {"_", ":", "&", "@"}:
                        name += 1
                    after = rest[name:].removeprefix("->")
                    if after[:1] in {"[", "{"}:
                        inside = after[1:].partition("]" if after[0] == "[" else "}")[0]
                        if not inside.lstrip("-$").replace("'", "").replace("_", "a").isalnum():
                            raise Unsure
            at += 1
        return found

    # ------------------------------------------------------------------ patterns

    def _slash(self) -> None:
        last = self._last()
        if (
            last.kind in {"var", "number", "text", "regex"}
            or last.text == "]"
            or (last.text == ")" and self.language == "perl")
        ):
            self._add("sign", "/")
            self.at += 1
            return
        if last.text in {")", "}"} or (last.kind == "name" and last.text not in _OPERATORS[self.language]):
            raise Unsure
        self.at += 1
        self._pattern(self._until("/") if self.language != "javascript" else self._js_pattern())
        self._flags()

    def _js_pattern(self) -> str:
        start, inside = self.at, False
        while self.at < len(self.source) and self.source[self.at] != "\n":
            char = self.source[self.at]
            if char == "\\":
                self.at += 2
                continue
            if char == "[":
                inside = True
            elif char == "]":
                inside = False
            elif char == "/" and not inside:
                self.at += 1
                return self.source[start : self.at - 1]
            self.at += 1
        raise Unsure

    def _flags(self) -> str:
        start = self.at
        while self.at < len(self.source) and self.source[self.at].isalpha():
            self.at += 1
        return self.source[start : self.at]

    def _pattern(self, raw: str) -> None:
        if self.language == "perl":
            if any(code in raw for code in ("(?{", "(??{", "(?p{", "@{", "@$")):
                raise Unsure
            self._has_values(
                raw.replace("$)", ")").replace("$|", "|").replace("@", "\\@")
                if raw.count("@")
                else raw.replace("$)", ")").replace("$|", "|")
            )
        if self.language == "ruby" and "#{" in raw:
            raise Unsure
        self._add("regex", raw)

    def _quote_like(self, name: str) -> None:
        """``qw(...)``, ``s{...}{...}e`` of perl."""
        while self.source[self.at : self.at + 1] == " ":
            self.at += 1
        opening = self.source[self.at : self.at + 1]
        if not opening or (opening == "#" and self.source[self.at - 1] == " "):
            raise Unsure
        close = _PAIRS.get(opening, opening)
        pair = opening if opening in _PAIRS else ""
        self.at += 1
        first = self._until(close, pair)
        match name:
            case "q":
                self._add("text", first)
            case "qq":
                self._interpolated(first, "text")
            case "qx":
                self._interpolated(first, "command")
            case "qw":
                self._add("sign", "(")
                for index, word in enumerate(first.split()):
                    if index:
                        self._add("sign", ",")
                    self._add("text", word)
                self._add("sign", ")")
            case "m" | "qr":
                self._pattern(first)
                self._flags()
            case _:
                if pair:
                    while self.source[self.at : self.at + 1].isspace():
                        self.at += 1
                    opening = self.source[self.at : self.at + 1]
                    close = _PAIRS.get(opening, opening)
                    pair = opening if opening in _PAIRS else ""
                    self.at += 1
                second = self._until(close, pair)
                flags = self._flags()
                if name != "s":
                    self._add("regex", first)
                    return
                self._pattern(first)
                if flags.count("e") > 1:
                    raise Unsure
                if "e" in flags:
                    self.out += [
                        Token("sign", ";"),
                        Token("sign", "("),
                        *Scanner(second, "perl", self._depth + 1).scan(),
                        Token("sign", ")"),
                        Token("sign", ";"),
                        Token("regex", ""),
                    ]
                elif close != "'":
                    self._has_values(second)


def _unescaped(raw: str) -> str:
    if "\\" not in raw:
        return raw
    out: list[str] = []
    at = 0
    while at < len(raw):
        if raw[at] == "\\" and at + 1 < len(raw):
            out.append(_ESCAPES.get(raw[at + 1], raw[at + 1]))
            at += 2
        else:
            out.append(raw[at])
            at += 1
    return "".join(out)
