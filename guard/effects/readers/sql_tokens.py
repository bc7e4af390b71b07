"""SQL as tokens: comments are gone, strings and quoted names are apart from words. Knows nothing of what statements do."""

from guard.model.dataclass import dataclass

_MAX_TOKENS = 12_000
_MYSQL_SHORT = frozenset("gGcpsqwWhH?#xtnC")
_BACKSLASH = frozenset({"mysql", "clickhouse", "snowflake"})


@dataclass(frozen=True, slots=True)
class Token:
    kind: str
    """``word`` (lower case), ``name`` (quoted), ``text``, ``number``, ``sign``, ``meta`` (a line for the client)."""
    text: str


def split_statements(source: str, dialect: str) -> list[list[Token]] | None:
    """Statements as lists of tokens; None when it cannot be told where a string or a comment ends."""
    out: list[list[Token]] = [[]]
    at, end = 0, len(source)
    count = 0
    while at < end:
        count += 1
        if count > _MAX_TOKENS:
            return None
        char = source[at]
        two = source[at : at + 2]
        if char in " \t\r\n\f\v":
            at += 1
        elif (two == "--" and (dialect != "mysql" or source[at + 2 : at + 3] in {"", " ", "\t", "\n"})) or (
            char == "#" and dialect == "mysql"
        ):
            at = _line(source, at)
        elif two == "/*":
            after = _comment(source, at, nested=dialect == "psql")
            if after is None:
                return None
            if (
                source[at + 2 : at + 3] in {"!", "M", "+"}
                and dialect == "mysql"
                and "!" in source[at + 2 : at + 4]
            ):
                # MySQL runs what stands in these.
                inner = split_statements(source[at + 3 : after - 2].lstrip("!0123456789"), dialect)
                if inner is None:
                    return None
                for part in inner:
                    out[-1].extend(part)
            at = after
        elif char == ";":
            out.append([])
            at += 1
        elif char == "\\" and dialect == "mysql" and source[at + 1 : at + 2] in _MYSQL_SHORT:
            # `\G` ends a statement, and the next one may follow on the same line.
            out.append([])
            at += 2
        elif char == "'" or (char == '"' and dialect == "mysql"):
            escapes = dialect in _BACKSLASH or (dialect == "psql" and source[at - 1 : at] in {"E", "e"})
            after = _quoted(source, at, char, escapes=escapes)
            if after is None:
                return None
            out[-1].append(Token("text", source[at + 1 : after - 1].replace(char * 2, char)))
            at = after
        elif char in '"`[' and not (char == "[" and dialect not in {"sqlite", "sqlcmd"}):
            after = _quoted(source, at, "]" if char == "[" else char, escapes=False)
            if after is None:
                return None
            out[-1].append(Token("name", source[at + 1 : after - 1]))
            at = after
        elif char == "$" and dialect in {"psql", "duckdb"} and (tag := _dollar(source, at)):
            close = source.find(tag, at + len(tag))
            if close < 0:
                return None
            out[-1].append(Token("text", source[at + len(tag) : close]))
            at = close + len(tag)
        elif char == "\\" or (
            char == "." and dialect in {"sqlite", "duckdb"} and not out[-1] and _starts_line(source, at)
        ):
            line = _line(source, at)
            out[-1:] = [*([out[-1]] if out[-1] else []), [Token("meta", source[at:line])], []]
            at = line
        elif char.isalpha() or char in "_@" or ord(char) > 127:
            start = at
            while at < end and (source[at].isalnum() or source[at] in "_@$" or ord(source[at]) > 127):
                at += 1
            out[-1].append(Token("word", source[start:at].lower()))
        elif char.isdigit():
            start = at
            while at < end and (source[at].isalnum() or source[at] in "._"):
                at += 1
            out[-1].append(Token("number", source[start:at]))
        else:
            out[-1].append(Token("sign", char))
            at += 1
    return [tokens for tokens in out if tokens]


def _starts_line(source: str, at: int) -> bool:
    return source[:at].rstrip(" \t")[-1:] in {"", "\n", ";"}


def _line(source: str, at: int) -> int:
    end = source.find("\n", at)
    return len(source) if end < 0 else end


def _comment(source: str, at: int, *, nested: bool) -> int | None:
    depth = 0
    while at < len(source):
        if source.startswith("/*", at) and (nested or depth == 0):
            depth += 1
            at += 2
        elif source.startswith("*/", at):
            depth -= 1
            at += 2
            if depth == 0:
                return at
        else:
            at += 1
    return None


def _quoted(source: str, at: int, close: str, *, escapes: bool) -> int | None:
    at += 1
    while at < len(source):
        if escapes and source[at] == "\\":
            at += 2
            continue
        if source[at] == close:
            if source[at + 1 : at + 2] == close and close != "]":
                at += 2
                continue
            return at + 1
        at += 1
    return None


def _dollar(source: str, at: int) -> str:
    """``$tag$`` that begins here, or nothing."""
    end = source.find("$", at + 1)
    tag = source[at + 1 : end]
    return source[at : end + 1] if end > 0 and (not tag or (tag.isidentifier() and len(tag) < 64)) else ""
