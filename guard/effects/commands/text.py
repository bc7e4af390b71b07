"""``sed`` and ``awk``: small languages whose programs can write files and run commands."""

from guard.effects.call import Call
from guard.effects.options import grammar
from guard.effects.values import Field, Hole, plain
from guard.model.typed import Callable

_SED = grammar(
    "e expression f file l line-length",
    optional="i in-place",
    flags="n quiet silent debug E r regexp-extended s separate u unbuffered z null-data posix b binary follow-symlinks sandbox help version i in-place a H I",
)
_AWK = grammar(
    "F f v i l e E file field-separator assign include load source exec",
    optional="d D o p L h",
    flags="version help posix traditional re-interval csv k b c g h n N O P r S s t V M sandbox characters-as-bytes bignum non-decimal-data optimize "
    "no-optimize lint L use-lc-numeric W",
    stops=True,
)


def _sed(call: Call) -> None:
    # `-s`, `-n`, `-E`, `-r`, `-z`, `-u` take nothing; `-i` takes an attached suffix.
    parsed = call.parse(_SED)
    if parsed.has("help", "version"):
        return
    if parsed.unknown:
        call.opaque("an option of sed that is not known")
    elif parsed.uncertain:
        call.opaque("an argument that is not known before it runs may be an option")
    scripts = parsed.values("e", "expression")
    operands = parsed.operands
    files = parsed.values("f", "file")
    in_place = parsed.has("i", "in-place", "I")
    if not scripts and not files and operands:
        scripts, operands = operands[:1], operands[1:]
        if in_place and scripts[0].static == "" and operands:
            # `sed -i '' SCRIPT FILE` of macOS.
            scripts = [*scripts, operands[0]]
    if files:
        call.read(*files)
        call.opaque("runs a sed program from a file")
    texts = [script.static for script in scripts]
    if any(text is None for text in texts):
        call.opaque("a sed program that is not known before it runs")
    elif texts:
        from guard.effects.readers.sed import Sed  # noqa: PLC0415 - with the only program that needs it

        Sed(call, "\n".join(text for text in texts if text is not None)).read()
    if in_place:
        call.read(*operands)
        call.write(*operands, content=True)
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


def _awk(call: Call) -> None:
    parsed = call.parse(_AWK)
    if parsed.has("version", "help") or (parsed.has("V") and len(call.args) == 1):
        return
    if parsed.unknown:
        call.opaque("an option of awk that is not known")
    operands: list[Field] = list(parsed.operands)
    # `-i inplace` may find a file of that name here.
    if parsed.has("i", "include", "l", "load", "E", "exec", "d", "o", "p", "D") or (
        parsed.has("W") and call.statics != ["-W", "version"]
    ):
        call.opaque("an awk program with other parts")
    files = parsed.values("f", "file", "E", "exec")
    sources = parsed.values("e", "source")
    if files:
        call.read(*files)
        call.opaque("runs an awk program from a file")
    elif not sources and operands:
        sources = [operands.pop(0)]
    for source in sources:
        text = source.static
        if text is None:
            call.opaque("an awk program that is not known before it runs")
        else:
            from guard.effects.readers.awk import awk_program  # noqa: PLC0415 - with the only program that needs it

            awk_program(call, text)
    files = [field for field in operands if "=" not in field.prefix.split("/", 1)[0]]
    call.read(*files)
    if any("inplace" in (field.static or "") for field in parsed.values("i", "include")):
        call.write(*files)


HANDLERS: dict[str, Callable[[Call], None]] = {
    "sed": _sed, "gsed": _sed, "awk": _awk, "gawk": _awk, "mawk": _awk, "nawk": _awk,
}  # fmt: skip
