"""Archives: what goes in is read, what comes out is written, and names inside are not known."""

from collections.abc import Callable

from guard.effects.call import Call
from guard.effects.options import grammar
from guard.effects.values import Field, plain

_TAR = grammar(
    "f C b g K L M N T V X H I file directory files-from exclude exclude-from use-compress-program to-command "
    "checkpoint-action strip-components transform xform info-script new-volume-script rsh-command owner group mode "
    "newer mtime listed-incremental one-top-level suffix",
    optional="checkpoint one-top-level",
)
_ZIP = grammar("b i n P s t T tt x Z ll unzip-command")
_UNZIP = grammar("d P x")
_RUNS = (
    "I",
    "use-compress-program",
    "to-command",
    "checkpoint-action",
    "info-script",
    "F",
    "new-volume-script",
    "rsh-command",
)


def _tar(call: Call) -> None:
    args = list(call.args)
    first = args[0].static if args else None
    if first and not first.startswith("-") and first.isalnum():
        # The old style: `tar xzf file`.
        args[0] = plain("-" + first, args[0].span)
    call.args = args
    parsed = call.parse(_TAR)
    if parsed.has(*_RUNS):
        call.opaque("runs another program for the archive")
    archive = [f for f in parsed.values("f", "file") if f.static != "-"]
    into = parsed.values("C", "directory") or [plain(".", call.span)]
    call.read(*parsed.values("T", "files-from", "X", "exclude-from"))
    if parsed.has("x", "extract", "get"):
        call.read(*archive)
        if not parsed.has("O", "to-stdout"):
            call.write(*into, recursive=True)
        if parsed.has("P", "absolute-names"):
            call.opaque("writes wherever the archive says")
    elif parsed.has("t", "list", "d", "diff", "compare"):
        call.read(*archive)
    elif parsed.has("c", "create", "r", "append", "u", "update", "A", "catenate"):
        call.write(*archive)
        call.read(*_below(into[-1], parsed.operands), recursive=True)
        if parsed.has("remove-files"):
            call.delete(*parsed.operands, recursive=True)
    else:
        call.opaque("an operation on an archive that is not known")


def _below(directory: Field, operands: list[Field]) -> list[Field]:
    base = directory.static
    if base in {None, "."}:
        return operands
    return [
        plain(f"{base}/{field.static}", field.span)
        if field.static and not field.static.startswith("/")
        else field
        for field in operands
    ]


def _zip(call: Call) -> None:
    parsed = call.parse(_ZIP)
    if parsed.has("T", "TT", "unzip-command"):
        call.opaque("runs another program to test the archive")
    call.write(*parsed.operands[:1])
    call.read(*parsed.operands[1:], recursive=parsed.has("r", "recurse-paths", "R"))
    if parsed.has("m", "move"):
        call.delete(*parsed.operands[1:], recursive=True)


def _unzip(call: Call) -> None:
    parsed = call.parse(_UNZIP)
    call.read(*parsed.operands[:1])
    if not parsed.has("l", "t", "v", "z", "p", "Z"):
        call.write(*(parsed.values("d") or [plain(".", call.span)]), recursive=True)


def _gzip(call: Call) -> None:
    parsed = call.parse(grammar("S suffix T threads M"))
    deep = parsed.has("r", "recursive")
    call.read(*parsed.operands, recursive=deep)
    if parsed.has("c", "stdout", "to-stdout", "l", "list", "t", "test"):
        return
    if deep:
        call.write(*parsed.operands, recursive=True)
        return
    for field in parsed.operands:
        text = field.static
        if text is not None:
            other = (
                text.rsplit(".", 1)[0]
                if call.name in {"gunzip", "bunzip2", "unxz", "unzstd"} or parsed.has("d", "decompress")
                else f"{text}.gz"
            )
            call.write(plain(other, field.span))
        # The original goes, its content stays in the other file.
        call.write(field, append=True)


def _7z(call: Call) -> None:
    operands = [field for field in call.args if not (field.static or "-").startswith("-")]
    action = operands[0].static if operands else ""
    if action in {"l", "t", "h", "i"}:
        call.read(*operands[1:])
    elif action in {"x", "e"}:
        call.read(*operands[1:2])
        call.write(plain(".", call.span), recursive=True)
    elif action in {"a", "u"}:
        call.write(*operands[1:2])
        call.read(*operands[2:], recursive=True)
    else:
        call.opaque("an operation on an archive that is not known")


HANDLERS: dict[str, Callable[[Call], None]] = {
    "tar": _tar,
    "bsdtar": _tar,
    "gtar": _tar,
    "zip": _zip,
    "unzip": _unzip,
    "gzip": _gzip,
    "gunzip": _gzip,
    "bzip2": _gzip,
    "bunzip2": _gzip,
    "xz": _gzip,
    "unxz": _gzip,
    "zstd": _gzip,
    "unzstd": _gzip,
    "7z": _7z,
}
