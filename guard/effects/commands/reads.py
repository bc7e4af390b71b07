"""Programs that look: what they read is all they do, unless an option says otherwise."""

from guard.effects.call import Call
from guard.effects.identity import lexical_path
from guard.effects.options import grammar
from guard.effects.shapes import shape
from guard.effects.values import Field, Hole, names_in, plain
from guard.model.effect import GainPrivilege
from guard.model.facts import LookPath, PathFact
from guard.model.paths import FileKind, KnownPath
from guard.model.typed import Callable

_ONLY_NAMES = ("l", "files-with-matches")
_GREP = "A B C m d D label include exclude exclude-dir after-context before-context context max-count binary-files color"


def _cat(call: Call) -> None:
    parsed = call.parse(_CAT)
    call.read(*parsed.operands)
    names = [field.static for field in parsed.operands]
    if (not names or names == ["-"]) and call.stdin is not None and not parsed.options:
        call.output = call.stdin
        return
    paths = [path for field in parsed.operands for path in call.paths(field)]
    known = [call.state.written.get(path.text) if isinstance(path, KnownPath) else None for path in paths]
    if known and all(file is not None and file.text is not None for file in known) and not parsed.options:
        call.output = tuple(file.text or "" for file in known if file is not None)


def _base64(call: Call) -> None:
    parsed = call.parse(_BASE64)
    call.read(*parsed.operands)
    text = call.stdin
    if not parsed.operands and text is not None and all(isinstance(part, str) for part in text):
        joined = "".join(part for part in text if isinstance(part, str))
        call.output = _transcoded(joined, decode=parsed.has("d", "D", "decode"))


def _transcoded(text: str, *, decode: bool) -> tuple[str | Hole, ...]:
    from base64 import b64decode, b64encode  # noqa: PLC0415 - only this program needs it

    try:
        if decode:
            return (b64decode("".join(text.split()), validate=True).decode(errors="surrogateescape"),)
        return (b64encode(text.encode()).decode() + "\n",)
    except ValueError:
        return (Hole("text that does not decode"),)


def _rev(call: Call) -> None:
    call.read(*call.args)
    text = call.stdin
    if not call.args and text is not None and all(isinstance(part, str) for part in text):
        joined = "".join(part for part in text if isinstance(part, str))
        call.output = ("\n".join(line[::-1] for line in joined.split("\n")),)


def _ts(call: Call) -> None:
    """Puts the time before each line, in one form that is given; a spooler of that name runs what it is given."""
    parsed = call.parse(grammar(flags="r i s m", stops=True))
    if parsed.unknown or parsed.uncertain or len(parsed.operands) > 1:
        call.opaque("a spooler of the same name takes these arguments for a command")
        call.run(parsed.operands)


def _env_readers(call: Call) -> None:
    """``printenv``: shows what the environment holds, keys included."""
    call.output = (Hole("the environment"),)


def _date(call: Call) -> None:
    parsed = call.parse(_DATE)
    call.read(*parsed.values("f", "file", "r", "reference"))
    # `date 010203042026` sets it, `+%s` is how it is printed; with `-j` nothing is set.
    sets = any(not field.prefix.startswith("+") for field in parsed.operands if field.static is not None)
    if parsed.has("s", "set") or (sets and not parsed.has("j")):
        call.say(GainPrivilege(detail="sets the clock"))


def _hostname(call: Call) -> None:
    parsed = call.parse(_DATE)
    if parsed.operands or parsed.has("F", "file", "b", "boot"):
        call.say(GainPrivilege(detail="sets the name of the machine"))


def _rg(call: Call) -> None:
    parsed = call.parse(_RG)
    if parsed.has("pre", "hostname-bin"):
        call.opaque("runs a program on every file")
        for field in parsed.values("pre", "hostname-bin"):
            call.run([field], stdin=())
    if parsed.has("pager", "ackrc"):
        call.opaque("runs a program, or reads its options from a file")
    if parsed.uncertain:
        call.opaque("an argument that is not known before it runs may be an option")
    call.read(*parsed.values("f", "file", "ignore-file", "path-to-ignore", "files-from"))
    operands = (
        parsed.operands
        if parsed.has("e", "regexp", "f", "file", "files", "type-list")
        else parsed.operands[1:]
    )
    if operands:
        call.read(*operands, recursive=True)
    elif call.stdin is None:
        call.read(_here(call), recursive=True)
    if parsed.has(*_ONLY_NAMES, "files", "files-without-match") and call.stdin is None:
        hidden = parsed.has("hidden", ".", "u", "unrestricted", "no-ignore")
        _say_names(call, operands, outside_git=not hidden)


def _say_names(call: Call, operands: list[Field], *, outside_git: bool = False) -> None:
    from guard.effects.names import all_listed  # noqa: PLC0415 - only where names are printed

    starts = operands or [Field((), call.span)]
    found = all_listed(call, starts, "names of files in which it finds something", outside_git=outside_git)
    call.output = found or call.output


_LS_PLAIN = frozenset("1 t r S U v X d p c u sort time reverse directory color".split())


def _ls(call: Call) -> None:
    """Names, sizes and dates: nothing of what is in the files."""
    parsed = call.parse(_LS)
    if not {name for name, _ in parsed.options} <= _LS_PLAIN or not all(
        (field.static or "always") == "never" for field in parsed.values("color")
    ):
        return
    operands = parsed.operands
    kinds = [FileKind.FILE if parsed.has("d", "directory") else _kind(call, field) for field in operands]
    if operands and all(kind in {FileKind.FILE, FileKind.ABSENT} for kind in kinds):
        # Of what is not there it prints nothing.
        found = [field for field, kind in zip(operands, kinds, strict=True) if kind is FileKind.FILE]
        _say_names(call, found or operands)
    elif not operands or kinds == [FileKind.DIRECTORY]:
        # As they are printed they are relative to it, and none of them is hidden.
        where = call.paths(operands[0] if operands else plain(".", call.span))
        below = tuple(path.text for path in where if isinstance(path, KnownPath))
        if below and len(below) == len(where):
            name = Hole("names in a directory", below=below, relative=True, outside_git=True)
            call.output = (name,)


def _kind(call: Call, field: Field) -> FileKind:
    paths = call.paths(field)
    only = paths[0] if len(paths) == 1 else None
    if not isinstance(only, KnownPath) or lexical_path(only.text) in call.state.written:
        return FileKind.UNKNOWN
    fact = call.evaluator.ask(LookPath(only.text))
    return fact.kind if isinstance(fact, PathFact) else FileKind.UNKNOWN


def passing(handle: Callable[[Call], None], adds: str = "") -> Callable[[Call], None]:
    """A filter: names that come in and nothing else are names that go out, but for options that add to the lines."""

    def filtered(call: Call) -> None:
        handle(call)
        names = names_in(call.stdin)
        given = "".join(field.static or "?" for field in call.args if (field.static or "-").startswith("-"))
        # With a file of its own it prints what that holds.
        if names and not call.opens and not set(given) & set("?z" + adds):
            call.output = tuple(names)

    return filtered


def _here(call: Call) -> Field:
    return Field((".",), call.span)


def _grep(call: Call) -> None:
    parsed = call.parse(_GREP_RULES)
    deep = parsed.has("r", "R", "recursive", "dereference-recursive")
    call.read(*parsed.values("f", "file", "exclude-from"))
    operands = parsed.operands if parsed.has("e", "regexp", "f", "file") else parsed.operands[1:]
    if operands:
        call.read(*operands, recursive=deep)
    elif deep:
        call.read(_here(call), recursive=True)
    if parsed.has(*_ONLY_NAMES, "L", "files-without-match") and (operands or deep):
        _say_names(call, operands)


def _ldd(call: Call) -> None:
    """A program can name its own loader, and that is run to find out what it needs."""
    parsed = call.parse(_PLAIN)
    call.read(*parsed.operands)
    paths = [path for field in parsed.operands for path in call.paths(field)]
    if not all(
        isinstance(p, KnownPath) and lexical_path(p.text).startswith(("/usr/", "/bin/", "/lib"))
        for p in paths
    ):
        call.opaque("asks a program's own loader what it loads")


def _jq(call: Call) -> None:
    """``--arg NAME VALUE``, ``--rawfile NAME FILE``: options of two words."""
    args: list[Field] = []
    rest = list(call.args)
    while rest:
        field = rest.pop(0)
        if field.static in {"--arg", "--argjson"}:
            del rest[:2]
        elif field.static in {"--slurpfile", "--rawfile", "--argfile"}:
            call.read(*rest[1:2])
            del rest[:2]
        else:
            args.append(field)
    call.args = args
    parsed = call.parse(_JQ)
    call.read(*parsed.values("f", "from-file", "L"))
    operands = parsed.operands
    if parsed.has("args", "jsonargs"):
        operands = operands[:1]
    if not parsed.has("f", "from-file"):
        text = operands[0].static if operands else ""
        if text is None or any(word in text for word in ("import", "include", "get_search_list", "load")):
            call.opaque("a filter that is not known, or that loads files")
        operands = operands[1:]
    call.read(*operands)


def _yq(call: Call) -> None:
    parsed = call.parse(_YQ)
    operands = [field for field in parsed.operands if field.static not in {"e", "ea", "eval", "eval-all"}]
    text = operands[0].static if operands else ""
    if text is None or "load" in text or parsed.has("f", "from-file", "s", "split-exp"):
        call.opaque("an expression that is not known, or that loads or splits files")
    files = operands if parsed.has("expression") else operands[1:]
    call.read(*(files if operands and _missing(call, operands[0]) else operands))
    if parsed.has("i", "inplace", "in-place"):
        call.write(*files)


def _missing(call: Call, field: Field) -> bool:
    """Whether no file has this name: only then is the first operand of ``yq`` surely an expression."""
    facts = [
        call.evaluator.ask(LookPath(path.text)) if isinstance(path, KnownPath) else None
        for path in call.paths(field)
    ]
    made = any(isinstance(path, KnownPath) and path.text in call.state.written for path in call.paths(field))
    return not made and all(isinstance(fact, PathFact) and fact.kind is FileKind.ABSENT for fact in facts)


def _only_tests(call: Call) -> None:
    """``[`` and ``test`` look at files without reading them."""
    del call


def _sort(call: Call) -> None:
    parsed = call.parse(_SORT)
    for field in parsed.values("compress-program"):
        # Each of its files is written through it, and read through it with `-d`.
        call.run([field, plain("-d", call.span)], stdin=())
    call.read(*parsed.operands, *parsed.values("files0-from", "random-source"))
    if parsed.has("files0-from"):
        call.read(Field((Hole("names from a file"),), call.span))
    if parsed.uncertain:
        call.opaque("an argument that is not known before it runs may be an option")
    call.write(*parsed.values("o", "output"))


def _tr(call: Call) -> None:
    parsed = call.parse(_PLAIN)
    text = call.stdin
    sets = [field.static for field in parsed.operands]
    if text is None or not all(isinstance(part, str) for part in text) or len(sets) != 2:
        return
    joined = "".join(part for part in text if isinstance(part, str))
    first, second = (_set(item) if item is not None else None for item in sets)
    if parsed.options or not first or not second:
        return
    padded = second + second[-1] * max(0, len(first) - len(second))
    call.output = (joined.translate({ord(a): b for a, b in zip(first, padded, strict=False)}),)


def _set(text: str) -> str | None:
    """A ``tr`` set of plain characters and ranges; None when it is more than that."""
    if "[" in text or "\\" in text:
        return None
    out: list[str] = []
    at = 0
    while at < len(text):
        if text[at + 1 : at + 2] == "-" and at + 2 < len(text):
            out.extend(chr(code) for code in range(ord(text[at]), ord(text[at + 2]) + 1))
            at += 3
        else:
            out.append(text[at])
            at += 1
    return "".join(out)


def _less(call: Call) -> None:
    parsed = call.parse(_LESS)
    call.read(*parsed.operands, *parsed.values("k", "lesskey-file", "T", "tag-file"))
    call.write(*parsed.values("o", "O", "log-file", "LOG-FILE"))
    if any(field.static and field.static.startswith("+") for field in call.args):
        call.opaque("runs commands of the pager")


def _passing_shape(adds: str = "", **kwargs: object) -> Callable[[Call], None]:
    return passing(shape(**kwargs), adds)


_CAT = grammar()
_PLAIN = grammar()
_JQ = grammar("indent f from-file L")
_YQ = grammar(
    "o p I output-format input-format indent f from-file s split-exp expression w width arg argjson t"
)
_BASE64 = grammar("w wrap")
_DATE = grammar("d date f file r reference s set I F", optional="iso-8601 rfc-3339")
_GREP_RULES = grammar(f"{_GREP} e regexp f file exclude-from")
_RG = grammar(
    "e regexp f file A B C m g glob iglob t type T type-not type-add j threads max-depth d M max-columns r replace "
    "sort sortr color colors context-separator encoding E engine max-filesize ignore-file pre pre-glob hostname-bin "
    "path-separator pager ackrc path-to-ignore files-from after-context before-context context max-count"
)
_LS = grammar(
    "I w T ignore hide width tabsize block-size sort time time-style format indicator-style quoting-style",
    optional="color hyperlink classify",
)
_SORT = grammar(
    "k key t field-separator S buffer-size T temporary-directory o output files0-from random-source "
    "compress-program parallel batch-size sort"
)
_LESS = grammar("b h j k o O p P t T x y z D lesskey-file log-file LOG-FILE tag-file")

HANDLERS: dict[str, Callable[[Call], None]] = {
    "cat": _cat,
    "tac": _passing_shape(takes="s separator"),
    "nl": shape(
        takes="b d f h i l n s v w body-numbering section-delimiter footer-numbering header-numbering line-increment join-blank-lines number-format number-separator starting-line-number number-width"
    ),
    "head": _passing_shape("c", takes="n c lines bytes"),
    "tail": _passing_shape("cf", takes="n c s lines bytes pid sleep-interval max-unchanged-stats"),
    "less": _less,
    "more": _less,
    "wc": shape(names_from="files0-from"),
    "sort": passing(_sort),
    "uniq": _passing_shape("cD", takes="f s w skip-fields skip-chars check-chars", last_writes=True),
    "cut": shape(takes="b c d f bytes characters delimiter fields output-delimiter"),
    "paste": shape(takes="d delimiters"),
    "join": shape(takes="a e j o t v 1 2"),
    "comm": shape(takes="output-delimiter"),
    "tr": _tr,
    "rev": _rev,
    "fold": shape(takes="w width"),
    "pr": shape(
        takes="D h l o W w N date-format header length indent width page-width first-line-number",
        optional="e i n s S",
    ),
    "fmt": shape(takes="w g p width goal prefix"),
    "column": shape(takes="s t o c N n O H R W separator output-separator table-columns"),
    "expand": shape(takes="t tabs"),
    "unexpand": shape(takes="t tabs"),
    "od": shape(takes="A j N S t w address-radix skip-bytes read-bytes strings format"),
    "hexdump": shape(takes="e n s", reads="f"),
    "hd": shape(takes="e n s", reads="f"),
    "strings": shape(takes="n t e T s bytes radix encoding"),
    "file": shape(
        takes="F P e separator",
        reads="m f magic-file files-from",
        operands="skip",
        opaque="C compile",
        why="writes a compiled file",
    ),
    "ls": _ls,
    "dir": shape(takes="I w T", operands="skip"),
    "vdir": shape(takes="I w T", operands="skip"),
    "exa": shape(takes="L I s t", operands="skip"),
    "eza": shape(takes="L I s t", operands="skip"),
    "stat": shape(operands="skip"),
    "tree": shape(
        takes="L P I H T charset filelimit sort timefmt infofile gitfile",
        writes="o",
        operands="skip",
        reads="fromfile",
    ),
    "du": shape(reads="X exclude-from files0-from", operands="skip"),
    "df": shape(takes="B t x block-size type exclude-type", operands="skip"),
    "grep": passing(_grep, "cobnHTfCABe"),
    "egrep": passing(_grep, "cobnHTfCABe"),
    "fgrep": passing(_grep, "cobnHTfCABe"),
    "zgrep": _grep,
    "rg": passing(_rg, "cobnHTfCABerNpIl0"),
    "ag": _rg,
    "ack": _rg,
    "diff": shape(takes="I x X F S C U W label from-file to-file show-function-line", deep="r recursive"),
    "cmp": shape(takes="i n ignore-initial bytes"),
    "colordiff": shape(takes="U C", deep="r recursive"),
    "base64": _base64,
    "base32": shape(takes="w"),
    "md5sum": shape(),
    "sha1sum": shape(),
    "sha224sum": shape(),
    "sha256sum": shape(),
    "sha384sum": shape(),
    "sha512sum": shape(),
    "b2sum": shape(),
    "cksum": shape(takes="a algorithm"),
    "sum": shape(),
    "zcat": shape(),
    "bzcat": shape(),
    "xzcat": shape(),
    "zless": _less,
    "jq": _jq,
    "yq": _yq,
    "bat": shape(takes="l r H theme style language line-range", opaque="pager config-file config-dir"),
    "batcat": shape(takes="l r H theme style language line-range", opaque="pager config-file config-dir"),
    "realpath": shape(takes="relative-to relative-base", operands="skip"),
    "readlink": shape(operands="skip"),
    "basename": shape(takes="s suffix", operands="skip"),
    "dirname": shape(operands="skip"),
    "cal": shape(operands="skip"),
    "shuf": _passing_shape(takes="n head-count i input-range random-source", writes="o output"),
    "tsort": shape(),
    "iconv": shape(takes="f t from-code to-code", writes="o output"),
    "cloc": shape(always_deep=True, default="."),
    "tokei": shape(always_deep=True, default="."),
    "wdiff": shape(),
    "nm": shape(takes="f format t radix target ifunc-chars", opaque="plugin"),
    "objdump": shape(takes="j M"),
    "readelf": shape(takes="x p"),
    "ldd": _ldd,
    "size": shape(),
    "xxd": shape(takes="c g l s o cols seek len", last_writes=True),
    "date": _date,
    "hostname": _hostname,
    "printenv": _env_readers,
    "[": _only_tests,
    "look": shape(first="skip"),
    "csvlook": shape(),
    "mdcat": shape(),
    "glow": shape(),
    "getfacl": shape(),
    "lsattr": shape(),
    "namei": shape(operands="skip"),
    "ts": _ts,
    "inotifywait": shape(
        takes="e event t timeout exclude excludei include includei format timefmt fromfile",
        writes="o outfile",
    ),
}
