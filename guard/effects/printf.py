"""``printf`` and ``echo -e`` computed on known text, so that what they feed to a shell can be read. Runs nothing."""

_ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "f": "\f",
    "v": "\v",
    "\\": "\\",
    '"': '"',
    "'": "'",
}


def unescape(text: str) -> str:
    """Backslash escapes as bash's ``printf`` and ``echo -e`` read them (``\\c`` ends the text)."""
    out: list[str] = []
    index = 0
    while index < len(text):
        char = text[index]
        index += 1
        if char != "\\" or index >= len(text):
            out.append(char)
            continue
        code = text[index]
        index += 1
        if code in _ESCAPES:
            out.append(_ESCAPES[code])
        elif code == "c":
            break
        elif code == "x":
            digits = _take(text, index, "0123456789abcdefABCDEF", 2)
            out.append(chr(int(digits, 16)) if digits else "\\x")
            index += len(digits)
        elif code in "uU":
            digits = _take(text, index, "0123456789abcdefABCDEF", 4 if code == "u" else 8)
            value = int(digits, 16) if digits else -1
            out.append(chr(value) if 0 <= value <= 0x10FFFF else "\\" + code)
            index += len(digits)
        elif code in "01234567":
            start = index if code == "0" else index - 1
            digits = _take(text, start, "01234567", 3)
            out.append(chr(int(digits or "0", 8) & 255))
            index = start + len(digits)
        else:
            out.append("\\" + code)
    return "".join(out)


def _take(text: str, start: int, allowed: str, most: int) -> str:
    end = start
    while end < len(text) and end - start < most and text[end] in allowed:
        end += 1
    return text[start:end]


def format_printf(template: str, args: list[str]) -> str | None:
    """What ``printf template args...`` prints, or None when a conversion is not one of ``%s %b %d %i %c %%``."""
    out: list[str] = []
    rest = list(args)
    first = True
    while first or rest:
        before = len(rest)
        text = _format_once(template, rest)
        if text is None:
            return None
        out.append(text)
        first = False
        if len(rest) == before:
            break
    return "".join(out)


def _format_once(template: str, rest: list[str]) -> str | None:
    out: list[str] = []
    index = 0
    plain: list[str] = []

    def flush() -> None:
        out.append(unescape("".join(plain)))
        plain.clear()

    while index < len(template):
        char = template[index]
        if char == "\\":
            plain.append(template[index : index + 2])
            index += 2
            continue
        if char != "%":
            plain.append(char)
            index += 1
            continue
        flush()
        code = template[index + 1 : index + 2]
        index += 2
        match code:
            case "%":
                out.append("%")
            case "s":
                out.append(rest.pop(0) if rest else "")
            case "b":
                out.append(unescape(rest.pop(0)) if rest else "")
            case "c":
                out.append(rest.pop(0)[:1] if rest else "")
            case "d" | "i":
                number = rest.pop(0) if rest else "0"
                if not number.lstrip("+-").isdigit():
                    return None
                out.append(str(int(number)))
            case _:
                return None
    flush()
    return "".join(out)
