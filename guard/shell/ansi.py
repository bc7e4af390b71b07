"""``$'...'``: the C escapes, as bash decodes them. Pure text."""

_SIMPLE = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "?": "?",
}
_HEX = frozenset("0123456789abcdefABCDEF")


def decode(text: str, start: int, end: int) -> tuple[str, int] | None:
    """The value of the quote whose body begins at ``start``, and the place after its end; None if not exactly known."""
    out: list[str] = []
    at = start
    while at < end:
        char = text[at]
        if char == "'":
            return "".join(out), at + 1
        if char != "\\":
            out.append(char)
            at += 1
            continue
        code = text[at + 1 : at + 2]
        at += 2
        if code in _SIMPLE and code:
            out.append(_SIMPLE[code])
        elif code in {"x", "u", "U"} and code:
            digits = _take(text, at, _HEX, {"x": 2, "u": 4, "U": 8}[code])
            value = int(digits, 16) if digits else 0
            # A NUL ends the string in bash; bytes above 127 make characters only together with their neighbours.
            if (
                not digits
                or not value
                or (code == "x" and value > 0x7F)
                or value > 0x10FFFF
                or 0xD800 <= value < 0xE000
            ):
                return None
            out.append(chr(value))
            at += len(digits)
        elif code in "01234567" and code:
            digits = _take(text, at - 1, frozenset("01234567"), 3)
            value = int(digits, 8) & 0xFF
            if not value or value > 0x7F:
                return None
            out.append(chr(value))
            at += len(digits) - 1
        else:
            # `\c` and unknown escapes.
            return None
    return None


def _take(text: str, at: int, allowed: frozenset[str], most: int) -> str:
    end = at
    while end < len(text) and end - at < most and text[end] in allowed:
        end += 1
    return text[at:end]
