"""What filters print when what they are given is known: pure re-implementations, None wherever they would differ.

So that text on its way into a shell can be read, whatever it is sent through. Bounded; runs nothing.
"""

from guard.effects.call import Call
from guard.effects.options import grammar
from guard.effects.values import Hole, Text, static_text
from guard.model.typed import Callable

MAX_CHARS = 64 * 1024
NUMBER: Text = (Hole("a number", number=True),)


def computed(call: Call) -> Text | None:
    """What ``call`` prints, if that can be told; None when not."""
    counted = _NUMBERS.get(call.name)
    if counted is not None and counted(call):
        return (*NUMBER, "\n")
    named = _PATHS.get(call.name)
    if named is not None:
        return named(call)
    rule = _FILTERS.get(call.name)
    if rule is None or call.stdin is None:
        return None
    text = static_text(call.stdin)
    args = [field.static for field in call.args]
    if text is None or len(text) > MAX_CHARS or None in args:
        return None
    printed = rule(call, text, [arg for arg in args if arg is not None])
    return None if printed is None or len(printed) > MAX_CHARS else (printed,)


# --------------------------------------------------------------------------- numbers and names


def _counts(call: Call) -> bool:
    """``wc -l < f``: with a file's name the name is printed too."""
    options = [arg.static or "" for arg in call.args]
    return call.stdin is not None and len(options) == 1 and options[0] in {"-l", "-c", "-w", "-m", "-L"}


def _greps(call: Call) -> bool:
    parsed = call.parse(grammar("A B C m d D e f"))
    files = parsed.operands if parsed.has("e", "f") else parsed.operands[1:]
    alone = len(files) <= 1 and not any(field.open or field.static is None for field in files)
    return parsed.has("c", "count") and alone and not parsed.has("r", "R", "H", "recursive", "with-filename")


def _dates(call: Call) -> bool:
    return len(call.args) == 1 and call.args[0].static in {
        "+%s",
        "+%Y",
        "+%m",
        "+%d",
        "+%H",
        "+%M",
        "+%S",
        "+%j",
        "+%N",
        "+%s%N",
    }


def _ids(call: Call) -> bool:
    return len(call.args) == 1 and call.args[0].static in {"-u", "-g"}


def _sizes(call: Call) -> bool:
    statics = [arg.static for arg in call.args]
    return statics[:1] == ["-c"] and statics[1:2] in (["%s"], ["%a"], ["%Y"], ["%i"]) and len(statics) == 3


_NUMBERS: dict[str, Callable[[Call], bool]] = {
    "wc": _counts,
    "grep": _greps,
    "date": _dates,
    "nproc": lambda _: True,
    "id": _ids,
    "stat": _sizes,
}


def _dirname(call: Call) -> Text | None:
    names = [arg.static for arg in call.args]
    if not names or any(name is None or name.startswith("-") for name in names):
        return None
    out = ""
    for name in names:
        trimmed = (name or "").rstrip("/")
        head, slash, _ = trimmed.rpartition("/")
        out += ((head.rstrip("/") or "/") if slash else "/" if name and not trimmed else ".") + "\n"
    return (out,)


def _basename(call: Call) -> Text | None:
    names = [arg.static for arg in call.args]
    if not 1 <= len(names) <= 2 or any(name is None or name.startswith("-") for name in names):
        return None
    base = (names[0] or "").rstrip("/").rpartition("/")[2] or ("/" if names[0] else "")
    suffix = (names[1] or "") if len(names) == 2 else ""
    return ((base.removesuffix(suffix) if base != suffix else base) + "\n",)


_PATHS: dict[str, Callable[[Call], Text | None]] = {"dirname": _dirname, "basename": _basename}


# --------------------------------------------------------------------------- filters

Filter = Callable[[Call, str, list[str]], str | None]


def _lines(text: str) -> list[str]:
    """Without their ends; a last line without one counts."""
    lines = text.split("\n")
    return lines[:-1] if lines and not lines[-1] else lines


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _count(args: list[str], letters: str) -> tuple[str, str] | None:
    """``-n 3``, ``-n3``, ``-3``, ``--lines=3``: the letter and its value; ten lines without any."""
    match args:
        case []:
            return "n", "10"
        case [one] if one[:1] == "-" and one[1:].isdigit():
            return "n", one[1:]
        case [one] if one[:1] == "-" and one[1:2] in letters and len(one) > 2:
            return one[1], one[2:]
        case [one, value] if one[:1] == "-" and one[1:] in letters:
            return one[1:], value
        case [one] if one.startswith("--lines="):
            return "n", one.partition("=")[2]
        case [one] if one.startswith("--bytes="):
            return "c", one.partition("=")[2]
        case _:
            return None


def _head(_: Call, text: str, args: list[str]) -> str | None:
    found = _count(args, "nc")
    if found is None or not found[1].lstrip("-").isdigit() or not text.isascii():
        return None
    number = int(found[1])
    if found[0] == "c":
        return text[:number]
    return "".join(text.splitlines(keepends=True)[:number]) if _plain_lines(text) else None


def _tail(_: Call, text: str, args: list[str]) -> str | None:
    found = _count(args, "nc")
    if found is None or not found[1].lstrip("+-").isdigit() or not text.isascii() or not _plain_lines(text):
        return None
    letter, value = found
    pieces = list(text) if letter == "c" else text.splitlines(keepends=True)
    if value.startswith("+"):
        return "".join(pieces[max(0, int(value) - 1) :])
    number = int(value.lstrip("-"))
    return "".join(pieces[-number:]) if number else ""


def _plain_lines(text: str) -> bool:
    """Whether Python sees the lines that others see."""
    return not any(char in text for char in "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")


def _tac(_: Call, text: str, args: list[str]) -> str | None:
    if args or (text and not text.endswith("\n")):
        return None
    return _joined(_lines(text)[::-1])


def _sort(_: Call, text: str, args: list[str]) -> str | None:
    if args not in ([], ["-u"], ["-r"]) or not text.isascii():
        return None
    lines = _lines(text)
    if len(set(lines)) > 1:
        # In which order letters come, the language of the machine decides.
        return None
    return _joined(lines[:1] if args == ["-u"] else lines)


def _uniq(_: Call, text: str, args: list[str]) -> str | None:
    if args:
        return None
    lines = _lines(text)
    return _joined([line for at, line in enumerate(lines) if not at or line != lines[at - 1]])


def _grep(_: Call, text: str, args: list[str]) -> str | None:
    options = {arg for arg in args if arg.startswith("-")}
    patterns = [arg for arg in args if not arg.startswith("-")]
    if (
        len(patterns) != 1
        or not options <= {"-F", "-v", "-E", "--"}
        or set(patterns[0]) & set("\\.*[]^$+?(){}|")
    ):
        return None
    wanted = "-v" not in options
    return _joined([line for line in _lines(text) if (patterns[0] in line) == wanted])


def _cut(_: Call, text: str, args: list[str]) -> str | None:
    delimiter, picked, kind = "\t", "", ""
    rest = list(args)
    while rest:
        option = rest.pop(0)
        letter, value = option[1:2], option[2:]
        if option[:1] != "-" or letter not in tuple("dfcb"):
            return None
        if not value:
            if not rest:
                return None
            value = rest.pop(0)
        if letter == "d":
            delimiter = value
        else:
            kind, picked = letter, value
    if len(delimiter) != 1 or not kind or not text.isascii():
        return None
    out: list[str] = []
    for line in _lines(text):
        parts = line.split(delimiter) if kind == "f" else list(line)
        if kind == "f" and len(parts) == 1:
            out.append(line)
            continue
        chosen = _chosen(picked, len(parts))
        if chosen is None:
            return None
        out.append((delimiter if kind == "f" else "").join(parts[at] for at in chosen))
    return _joined(out)


def _chosen(ranges: str, size: int) -> list[int] | None:
    """``2,4-`` as indexes below ``size``, in their own order; None for anything else."""
    chosen: set[int] = set()
    for item in ranges.split(","):
        first, dash, last = item.partition("-")
        if (first and not first.isdigit()) or (last and not last.isdigit()) or not (first or last):
            return None
        start = int(first or "1")
        end = int(last) if last else (size if dash else start)
        chosen.update(range(start - 1, min(end, size)))
    return sorted(at for at in chosen if 0 <= at < size)


def _tr(_: Call, text: str, args: list[str]) -> str | None:
    deletes = squeezes = inverts = False
    sets = list(args)
    while sets and sets[0].startswith("-") and len(sets[0]) > 1:
        letters = sets.pop(0)[1:]
        if set(letters) - set("dscC"):
            return None
        deletes, squeezes = deletes or "d" in letters, squeezes or "s" in letters
        inverts = inverts or "c" in letters.lower()
    expanded = [_set(item) for item in sets]
    if not expanded or any(item is None for item in expanded):
        return None
    first = expanded[0] or ""
    if deletes and not squeezes and len(expanded) == 1:
        return "".join(char for char in text if (char in first) == inverts)
    if inverts or deletes:
        return None
    if squeezes and len(expanded) == 1:
        return _squeezed(text, first)
    if len(expanded) != 2 or not expanded[1]:
        return None
    second = expanded[1] + expanded[1][-1] * max(0, len(first) - len(expanded[1]))
    table: dict[int, str] = {}
    for old, new in zip(first, second, strict=False):
        table[ord(old)] = new
    moved = text.translate(table)
    return _squeezed(moved, second) if squeezes else moved


def _squeezed(text: str, chars: str) -> str:
    out = ""
    for char in text:
        if not (char in chars and out.endswith(char)):
            out += char
    return out


_LOWER, _UPPER, _DIGITS = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
_CLASSES = {
    "lower": _LOWER, "upper": _UPPER, "digit": _DIGITS, "alpha": _UPPER + _LOWER, "alnum": _DIGITS + _UPPER + _LOWER,
    "space": "\t\n\v\f\r ", "blank": "\t ", "xdigit": _DIGITS + "ABCDEFabcdef",
}  # fmt: skip
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "f": "\f", "v": "\v"}


def _set(text: str) -> str | None:
    """The characters of a ``tr`` set, in order."""
    out: list[str] = []
    at = 0
    while at < len(text):
        if text.startswith("[:", at) and ":]" in text[at:]:
            end = text.index(":]", at)
            known = _CLASSES.get(text[at + 2 : end])
            if known is None:
                return None
            out.extend(known)
            at = end + 2
            continue
        char = text[at]
        if char == "[" and "*" in text[at:] and "]" in text[at:]:
            return None
        if char == "\\":
            following = text[at + 1 : at + 2]
            if following.isdigit():
                digits = 1
                while digits < 3 and text[at + 1 + digits : at + 2 + digits] in tuple("01234567"):
                    digits += 1
                out.append(chr(int(text[at + 1 : at + 1 + digits], 8) & 255))
                at += 1 + digits
                continue
            out.append(_ESCAPED.get(following, following))
            at += 2
            continue
        if text[at + 1 : at + 2] == "-" and at + 2 < len(text) and text[at + 2] not in "\\[":
            if text[at + 2] < char:
                return None
            out.extend(chr(code) for code in range(ord(char), ord(text[at + 2]) + 1))
            at += 3
        else:
            out.append(char)
            at += 1
    return "".join(out)


def _sed(_: Call, text: str, args: list[str]) -> str | None:
    """``s/old/new/`` of plain text, several of them with ``;`` or ``-e``."""
    scripts: list[str] = []
    rest = list(args)
    while rest:
        word = rest.pop(0)
        if word in {"-e", "--expression"} and rest:
            scripts.append(rest.pop(0))
        elif word in {"-E", "-r"}:
            continue
        elif word.startswith("-") or scripts:
            return None
        else:
            scripts.append(word)
    if not scripts or not _plain_lines(text):
        return None
    lines: list[str] = _lines(text)
    for script in scripts:
        left = script.strip()
        while left:
            step = _substitution(left)
            if step is None:
                return None
            old, new, every, left = step
            lines = [line.replace(old, new, -1 if every else 1) for line in lines]
    return _joined(lines) if text.endswith("\n") or not text else _joined(lines)[:-1]


def _substitution(script: str) -> tuple[str, str, bool, str] | None:
    if len(script) < 4 or script[0] != "s":
        return None
    parts = script[2:].split(script[1], 2)
    if len(parts) != 3 or not parts[0]:
        return None
    old, new, tail = parts
    flags, _, left = tail.partition(";")
    if flags.strip() not in {"", "g"} or set(old) & set("\\.*[]^$+?(){}|") or set(new) & set("\\&\n"):
        return None
    return old, new, flags.strip() == "g", left.strip()


def _awk(_: Call, text: str, args: list[str]) -> str | None:
    """``{print $2, $3}`` and nothing more."""
    separator: str | None = None
    rest = list(args)
    if rest and rest[0].startswith("-F"):
        separator = rest.pop(0)[2:] or (rest.pop(0) if rest else "")
        if len(separator) != 1 or separator in "\\.*[]^$+?(){}|":
            return None
    if len(rest) != 1 or not _plain_lines(text):
        return None
    body = rest[0].strip()
    if not (body.startswith("{") and body.endswith("}")):
        return None
    words = body[1:-1].strip().removesuffix(";")
    if not words.startswith("print"):
        return None
    names = [name.strip() for name in words.removeprefix("print").split(",")]
    out: list[str] = []
    for line in _lines(text):
        fields = [line, *(line.split(separator) if separator not in {None, " "} else line.split())]
        picked: list[str] = []
        for name in names:
            if name in {"", "$0"}:
                index = 0
            elif name[:1] == "$" and name[1:].isdigit():
                index = int(name[1:])
            elif name == "$NF":
                index = len(fields) - 1
            else:
                return None
            picked.append(fields[index] if index < len(fields) else "")
        out.append(" ".join(picked))
    return _joined(out)


def _xxd(_: Call, text: str, args: list[str]) -> str | None:
    letters = {letter for arg in args for letter in arg.removeprefix("-")}
    if not args or not letters <= set("rp") or "r" not in letters or "p" not in letters:
        return None
    try:
        return bytes.fromhex("".join(text.split())).decode(errors="surrogateescape")
    except ValueError:
        return None


def _openssl(_: Call, text: str, args: list[str]) -> str | None:
    given = set(args)
    if (
        not given
        or args[0] not in {"base64", "enc"}
        or not given <= {"base64", "enc", "-base64", "-a", "-d", "-A"}
    ):
        return None
    if args[0] == "enc" and not given & {"-base64", "-a"}:
        return None
    from base64 import b64decode, b64encode  # noqa: PLC0415 - rare

    try:
        if "-d" in given:
            return b64decode("".join(text.split()), validate=True).decode(errors="surrogateescape")
    except ValueError:
        return None
    return b64encode(text.encode()).decode() + "\n"


def _unpacked(call: Call, text: str, args: list[str]) -> str | None:
    decodes = call.name in {"gunzip", "zcat"} or bool({"-d", "--decompress", "-dc", "-cd"} & set(args))
    if not decodes or not set(args) <= {"-d", "-c", "-dc", "-cd", "--decompress", "--stdout", "-"}:
        return None
    import zlib  # noqa: PLC0415 - rare

    try:
        packed = text.encode("utf-8", "surrogateescape")
        return zlib.decompressobj(wbits=31).decompress(packed, MAX_CHARS).decode()
    except (ValueError, zlib.error):
        return None


_FILTERS: dict[str, Filter] = {
    "head": _head,
    "tail": _tail,
    "tac": _tac,
    "sort": _sort,
    "uniq": _uniq,
    "grep": _grep,
    "fgrep": _grep,
    "cut": _cut,
    "tr": _tr,
    "sed": _sed,
    "awk": _awk,
    "gawk": _awk,
    "mawk": _awk,
    "xxd": _xxd,
    "openssl": _openssl,
    "gunzip": _unpacked,
    "zcat": _unpacked,
    "gzip": _unpacked,
}
