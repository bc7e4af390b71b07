"""``sed`` and ``awk``: small languages whose programs can write files and run commands."""

from collections.abc import Callable

from guard.effects.call import Call
from guard.effects.options import grammar
from guard.effects.values import Field, Hole, plain

_AWK = grammar("F f v i l e file field-separator assign include load source", optional="d D o p", stops=True)


def _sed(call: Call) -> None:
    # `-s`, `-n`, `-E`, `-r`, `-z`, `-u` take nothing; `-i` takes an attached suffix.
    parsed = call.parse(grammar("e expression f file l line-length", optional="i in-place"))
    scripts = parsed.values("e", "expression")
    operands = parsed.operands
    files = parsed.values("f", "file")
    if not scripts and not files and operands:
        scripts, operands = operands[:1], operands[1:]
    if files:
        call.read(*files)
        call.opaque("runs a sed program from a file")
    for script in scripts:
        text = script.static
        if text is None:
            call.opaque("a sed program that is not known before it runs")
        else:
            _sed_program(call, text)
    if parsed.has("i", "in-place"):
        call.read(*operands)
        call.write(*operands)
        for suffix in parsed.values("i", "in-place"):
            call.write(*(_backup(field, suffix) for field in operands))
    else:
        call.read(*operands)


def _backup(file: Field, suffix: Field) -> Field:
    """Where ``-iSUFFIX`` keeps the old text: a ``*`` in it is the file's name, and a slash leads elsewhere."""
    path, kept = file.static, suffix.static
    if path is None or kept is None:
        return Field((Hole("a backup's name that is not known"),), file.span)
    directory, slash, name = path.rpartition("/")
    kept = kept.replace("*", name) if "*" in kept else name + kept
    return plain(kept if "/" in kept else f"{directory}{slash}{kept}", file.span)


def _sed_program(call: Call, text: str) -> None:
    """Follow the commands; stop at whatever is not plainly harmless."""
    at = 0
    while at < len(text):
        char = text[at]
        if char in " \t\n;{}!" or char.isdigit() or char in "$,~+":
            at += 1
        elif char in "/\\":
            delimiter = text[at + 1] if char == "\\" else "/"
            end = _delimited(text, at + (2 if char == "\\" else 1), delimiter)
            if end is None:
                call.opaque("a sed program that cannot be followed")
                return
            at = end
            while at < len(text) and text[at] in "IM":
                at += 1
        elif char in "sy":
            ended = _substitution(call, text, at)
            if ended is None:
                return
            at = ended
        elif char in "aic":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end + 1
        elif char in "rRwW":
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            name = plain(text[at + 1 : end].strip(), call.span)
            (call.read if char in "rR" else call.write)(name)
            at = end
        elif char in "=dDgGhHlnNpPxzF#qQ":
            if char == "#":
                end = text.find("\n", at)
                at = len(text) if end < 0 else end
            else:
                at += 1
        elif char in ":btT":
            end = min((i for i in (text.find(";", at), text.find("\n", at)) if i >= 0), default=len(text))
            at = end
        else:
            call.opaque("a sed command that runs something or cannot be followed")
            return


def _delimited(text: str, at: int, delimiter: str) -> int | None:
    """The place after the next unescaped delimiter outside brackets."""
    inside = False
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 2
            continue
        if char == "[" and not inside and delimiter != "[":
            inside = True
            if text[at + 1 : at + 2] == "^":
                at += 1
            if text[at + 1 : at + 2] == "]":
                at += 1
        elif char == "]":
            inside = False
        elif char == delimiter and not inside:
            return at + 1
        at += 1
    return None


def _substitution(call: Call, text: str, at: int) -> int | None:
    command, delimiter = text[at], text[at + 1 : at + 2]
    middle = _delimited(text, at + 2, delimiter) if delimiter and delimiter not in "\\\n" else None
    if middle is None:
        call.opaque("a sed program that cannot be followed")
        return None
    end = middle
    while end < len(text) and text[end] != delimiter:
        end += 2 if text[end] == "\\" else 1
    if end >= len(text):
        call.opaque("a sed program that cannot be followed")
        return None
    end += 1
    if command == "y":
        return end
    while end < len(text) and text[end] in "gpiIMmeE0123456789":
        if text[end] == "e":
            call.opaque("a sed substitution that runs its result")
            return None
        end += 1
    if text[end : end + 1] == "w":
        stop = text.find("\n", end)
        stop = len(text) if stop < 0 else stop
        call.write(plain(text[end + 1 : stop].strip(), call.span))
        return stop
    return end


def _awk(call: Call) -> None:
    parsed = call.parse(_AWK)
    if parsed.has("i", "include", "l", "load", "e", "source"):
        call.opaque("an awk program with other parts")
    operands: list[Field] = list(parsed.operands)
    files = parsed.values("f", "file")
    if files:
        call.read(*files)
        call.opaque("runs an awk program from a file")
    elif operands:
        text = operands.pop(0).static
        if text is None:
            call.opaque("an awk program that is not known before it runs")
        elif _awk_acts(text):
            call.opaque("an awk program that may write files or run commands")
    call.read(*[field for field in operands if "=" not in field.prefix.split("/", 1)[0]])


def _awk_acts(text: str) -> bool:
    """Whether the program could do more than print: pipes, redirections of ``print``, ``system``, ``getline``."""
    bare = _without_strings(text)
    if bare is None or "system" in bare or "getline" in bare or "@" in bare or "close" in bare:
        return True
    if "|" in bare.replace("||", ""):
        return True
    for piece in bare.split("print")[1:]:
        statement = piece
        for stop in (";", "}", "\n"):
            statement = statement.split(stop, 1)[0]
        depth = 0
        for char in statement:
            depth += {"(": 1, ")": -1}.get(char, 0)
            if char == ">" and depth <= 0:
                return True
    return False


def _without_strings(text: str) -> str | None:
    """The program without string and regular expression contents; None when a string never ends."""
    out: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == '"':
            at += 1
            while at < len(text) and text[at] != '"':
                at += 2 if text[at] == "\\" else 1
            if at >= len(text):
                return None
            out.append('""')
        elif char == "/" and (not "".join(out).rstrip() or "".join(out).rstrip()[-1] in "(,{;!~&|\n"):
            end = at + 1
            while end < len(text) and text[end] != "/":
                end += 2 if text[end] == "\\" else 1
            at = end
        elif char == "#":
            end = text.find("\n", at)
            at = len(text) if end < 0 else end - 1
        else:
            out.append(char)
        at += 1
    return "".join(out)


HANDLERS: dict[str, Callable[[Call], None]] = {
    "sed": _sed, "gsed": _sed, "awk": _awk, "gawk": _awk, "mawk": _awk, "nawk": _awk,
}  # fmt: skip
