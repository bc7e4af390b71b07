"""Archives: what goes in is read, what comes out is written, and names inside are not known."""

from guard.effects.call import Call
from guard.effects.options import Parsed, grammar
from guard.effects.values import Field, Hole, plain
from guard.model.typed import Callable

_TAR = grammar(
    "f C b g K L N T V X H I file directory files-from exclude exclude-from use-compress-program to-command checkpoint-action "
    "strip-components transform xform info-script new-volume-script rsh-command owner group owner-map group-map mode newer "
    "newer-mtime after-date mtime listed-incremental suffix F rmt-command level sparse-version index-file quoting-style "
    "quote-chars no-quote-chars pax-option format label blocking-factor record-size tape-length volno-file starting-file add-file "
    "exclude-ignore exclude-ignore-recursive exclude-tag exclude-tag-all exclude-tag-under warning sort hole-detection xattrs-include "
    "xattrs-exclude set-mtime-command set-mtime-format options passphrase",
    optional="checkpoint one-top-level backup atime-preserve totals occurrence",
    flags="c create x extract get t list r append u update A catenate concatenate d diff compare delete test-label z gzip gunzip "
    "ungzip j bzip2 J xz Z compress uncompress lzip lzma lzop zstd a auto-compress no-auto-compress v verbose k keep-old-files "
    "skip-old-files keep-newer-files overwrite overwrite-dir no-overwrite-dir keep-directory-symlink U unlink-first "
    "recursive-unlink W verify p preserve-permissions same-permissions s preserve-order same-order same-owner no-same-owner "
    "numeric-owner no-same-permissions delay-directory-restore no-delay-directory-restore m touch O to-stdout ignore-zeros i n seek "
    "no-seek S sparse B read-full-records M multi-volume force-local old-archive o portability posix acls no-acls selinux "
    "no-selinux xattrs no-xattrs P absolute-names h dereference hard-dereference l check-links one-file-system remove-files "
    "recursion no-recursion null no-null unquote no-unquote verbatim-files-from no-verbatim-files-from exclude-backups "
    "exclude-caches exclude-caches-all exclude-caches-under exclude-vcs exclude-vcs-ignores anchored no-anchored ignore-case "
    "no-ignore-case wildcards no-wildcards wildcards-match-slash no-wildcards-match-slash show-defaults show-omitted-dirs "
    "show-snapshot-field-ranges show-transformed-names show-stored-names block-number R utc full-time w interactive confirmation "
    "G incremental ignore-failed-read no-ignore-command-error ignore-command-error check-device no-check-device clamp-mtime restrict "
    "help usage version no-recursion E lz4 no-mac-metadata no-fflags fflags q fast-read",
)
_ZIP = grammar(
    "b i n P s t tt x Z O temp-path out output-file suffixes password split-size compression-method include exclude "
    "unzip-command TT from-date before-date",
    flags="r recurse-paths R recurse-patterns m move j junk-paths u update f freshen d delete q quiet v verbose T test y symlinks l ll D "
    "no-dir-entries F FF fix g grow o latest-time X strip-extra e encrypt A adjust-sfx J junk-sfx z archive-comment c entry-comments "
    "0 1 2 3 4 5 6 7 8 9 @ h help L license show-files filesync DF a h2 more-help version S k sc so",
)
_UNZIP = grammar("d P x I O", flags="l t v z p c f u n o j a aa b C L q qq X K V M W U UU N s D ^ : h hh")
_RUNS = (
    "to-command",
    "info-script",
    "F",
    "new-volume-script",
    "rsh-command",
    "rmt-command",
    "set-mtime-command",
)


def _asks(call: Call) -> bool:
    return call.statics[:1] in (["--help"], ["--version"], ["-h"], ["-V"], ["--usage"], ["-hh"])


def _doubts(call: Call, parsed: Parsed) -> None:
    if parsed.unknown:
        call.opaque(f"an option that is not known: `{parsed.unknown[0]}`")
    elif parsed.uncertain:
        call.opaque("an argument that is not known before it runs may be an option")


def _tar(call: Call) -> None:
    if _asks(call) and call.statics != ["-h"] and call.statics[0] != "-V":
        return
    args = list(call.args)
    first = args[0].static if args else None
    if first and not first.startswith("-") and first.isalnum():
        args = _old_style(args)
    call.args = args
    parsed = call.parse(_TAR)
    _doubts(call, parsed)
    for field in parsed.values("I", "use-compress-program"):
        words = (field.static or "").split()
        if not words or set(field.text) & set("'\"\\$`"):
            call.opaque("runs another program for the archive")
        else:
            call.run([plain(word, field.span) for word in words], stdin=())
    for field in parsed.values("checkpoint-action"):
        if field.static is None or field.static.startswith("exec="):
            call.run_text((field.static.removeprefix("exec="),) if field.static is not None else field)
    for field in parsed.values(*_RUNS):
        call.run_text(field)
    archive = [f for f in parsed.values("f", "file") if f.static != "-"]
    for field in archive:
        if ":" in (field.static or "") and not parsed.has("force-local"):
            # `host:file` is an archive on another machine.
            call.connect((field.static or "?").partition(":")[0].rpartition("@")[2] or "?", upload=True)
            call.opaque("an archive on another machine")
    into = parsed.values("C", "directory", "one-top-level") or [plain(".", call.span)]
    call.read(*parsed.values("T", "files-from", "X", "exclude-from"))
    call.write(*parsed.values("index-file", "g", "listed-incremental", "volno-file"))
    if parsed.has("T", "files-from"):
        call.read(Field((Hole("names from a file"),), call.span), recursive=True)
    if parsed.has("x", "extract", "get"):
        call.read(*archive)
        if not parsed.has("O", "to-stdout"):
            call.write(*_places(into), recursive=True)
        if parsed.has("P", "absolute-names"):
            call.opaque("writes wherever the archive says")
    elif parsed.has("t", "list", "d", "diff", "compare", "test-label"):
        call.read(*archive)
    elif parsed.has("c", "create", "r", "append", "u", "update", "A", "catenate", "concatenate", "delete"):
        call.write(*archive)
        for place in _places(into):
            call.read(*_below(place, parsed.operands), *parsed.values("add-file"), recursive=True)
        if parsed.has("remove-files"):
            for place in _places(into):
                call.delete(*_below(place, parsed.operands), recursive=True)
    elif not parsed.has("help", "version", "usage", "show-defaults"):
        call.opaque("an operation on an archive that is not known")


def _old_style(args: list[Field]) -> list[Field]:
    """``tar xzf FILE``: letters without a dash, whose arguments follow in their order."""
    letters = args[0].static or ""
    rest = args[1:]
    out: list[Field] = []
    for letter in letters:
        out.append(plain("-" + letter, args[0].span))
        if letter in _TAR.takes and rest:
            out.append(rest.pop(0))
    return [*out, *rest]


def _places(into: list[Field]) -> list[Field]:
    """Each ``-C`` starts where the one before ended."""
    out: list[Field] = []
    for field in into:
        before = out[-1].static if out else None
        text = field.static
        if before not in {None, "."} and text is not None and not text.startswith("/"):
            out.append(plain(f"{before}/{text}", field.span))
        else:
            out.append(field)
    return out


def _below(directory: Field, operands: list[Field]) -> list[Field]:
    base = directory.static
    if base == ".":
        return operands
    return [
        (
            Field((Hole("below a directory that is not known"),), field.span)
            if base is None
            else plain(f"{base}/{field.static}", field.span)
        )
        if field.static and not field.static.startswith("/")
        else field
        for field in operands
    ]


def _zip(call: Call) -> None:
    if _asks(call):
        return
    # `-T`, `-TT CMD`, `-ll`: options of two letters that are no bundle.
    args: list[Field] = []
    for field in call.args:
        text = field.static or ""
        if text.startswith("-") and not text.startswith("--") and "TT" in text:
            call.opaque("runs another program to test the archive")
            call.run_text((text.partition("TT")[2].lstrip("="),))
            args.append(plain("-TT" if text.endswith("TT") else "-T", field.span))
        elif text in {"-sf", "-FS"}:
            args.append(plain({"-sf": "--show-files", "-FS": "--filesync"}[text], field.span))
        else:
            args.append(field)
    for at, field in enumerate(args[1:]):
        if args[at].static == "-TT":
            call.run_text(field)
    skip = [i for i, field in enumerate(args) if field.static == "-TT"]
    call.args = [field for i, field in enumerate(args) if i not in skip and i - 1 not in skip]
    parsed = call.parse(_ZIP)
    _doubts(call, parsed)
    if parsed.has("unzip-command"):
        call.opaque("runs another program to test the archive")
    out = parsed.values("O", "out", "output-file")
    archive, members = parsed.operands[:1], parsed.operands[1:]
    if parsed.has("sf", "show-files"):
        call.read(*archive)
        return
    call.write(*(out or archive))
    if parsed.has("d", "delete"):
        return
    if parsed.has("@"):
        call.read(Field((Hole("names on its input"),), call.span))
    call.read(*members, recursive=parsed.has("r", "recurse-paths", "R", "recurse-patterns"))
    if parsed.has("m", "move"):
        call.delete(*members, recursive=True)


_ZIPINFO = frozenset(f"-Z{letter}" for letter in ("", *"12smlvhMtz"))


def _unzip(call: Call) -> None:
    if _asks(call):
        return
    if (call.statics[:1] or [None])[0] in _ZIPINFO:
        # As `zipinfo`: it lists.
        call.read(*[field for field in call.args if not (field.static or "").startswith("-")][:1])
        return
    parsed = call.parse(_UNZIP)
    _doubts(call, parsed)
    call.read(*parsed.operands[:1])
    if parsed.has(":"):
        call.opaque("writes wherever the archive says")
    if not parsed.has("l", "t", "v", "z", "p", "c", "Z"):
        call.write(*(parsed.values("d") or [plain(".", call.span)]), recursive=True)


_GZIP = grammar(
    "S suffix T threads M memlimit memory memlimit-compress memlimit-decompress memlimit-mt-decompress F format C check block-size "
    "block-list flush-timeout lzma1 lzma2 o D output-dir-flat output-dir-mirror filelist patch-from trace priority b e B p",
    optional="files files0 lzma2 rsyncable sparse",
    flags="c stdout to-stdout d decompress uncompress k keep f force h help l list L license n no-name N name q quiet r recursive t "
    "test v verbose V version fast best synchronous z compress e extreme Q no-warn robot info-memory H long-help 0 1 2 3 4 5 6 7 8 9 "
    "single-stream no-sparse ignore-check no-sync rm ultra long adapt no-progress progress check no-check content-size "
    "single-thread auto-threads exclude-compressed no-content-size no-dictID x s small repetitive-fast repetitive-best a rsyncable",
)
_ENDINGS = {
    "gzip": ".gz",
    "bzip2": ".bz2",
    "xz": ".xz",
    "zstd": ".zst",
    "pigz": ".gz",
    "lz4": ".lz4",
    "lzma": ".lzma",
    "compress": ".Z",
}


def _gzip(call: Call) -> None:
    if _asks(call):
        return
    rules = _GZIP
    if call.name in {"zstd", "unzstd"}:
        rules = grammar(
            " ".join(_GZIP.takes - {"S", "T", "F", "C", "e"}),
            optional="T B M long",
            flags=" ".join(_GZIP.flags or ()) + " S C",
        )
    elif call.name != "xz":
        rules = grammar(
            " ".join(
                _GZIP.takes - {"o", "D", "C", "e", "B", "F", "T"}
                | (frozenset({"p"}) if call.name == "pigz" else frozenset[str]())
            ),
            flags=" ".join(_GZIP.flags or ()),
        )
    parsed = call.parse(rules)
    _doubts(call, parsed)
    deep = parsed.has("r", "recursive")
    call.read(*parsed.operands, recursive=deep)
    call.read(*parsed.values("D", "patch-from", "filelist", "files", "files0"))
    if parsed.has("filelist", "files", "files0"):
        call.opaque("works on files that a list names")
    named = parsed.values("o", "trace")
    call.write(*[field for field in named if field.static != "-"])
    call.write(*parsed.values("output-dir-flat", "output-dir-mirror"), recursive=True)
    if parsed.has("c", "stdout", "to-stdout", "l", "list", "t", "test", "b"):
        return
    if deep:
        call.write(*parsed.operands, recursive=True)
        return
    if parsed.values("o"):
        return
    for field in parsed.operands:
        text = field.static
        if text is not None and text != "-":
            down = call.name.startswith(("gun", "bun", "un")) or parsed.has("d", "decompress", "uncompress")
            call.write(
                plain(text.rsplit(".", 1)[0] if down else text + _ENDINGS.get(call.name, ".gz"), field.span)
            )
        # The original goes, its content stays in the other file.
        call.write(field, append=True)


def _7z(call: Call) -> None:
    if not call.args or _asks(call):
        return
    options = [
        field
        for field in call.args
        if (field.static or field.prefix).startswith("-") and field.static != "--"
    ]
    operands = [field for field in call.args if field not in options and field.static != "--"]
    action = operands[0].static if operands else ""
    known = [option.static or "" for option in options]
    if any(option.static is None for option in options) or any(field.open for field in operands):
        call.opaque("an argument that is not known before it runs may be an option")
    into = [plain(text[2:] or ".", call.span) for text in known if text.startswith("-o")] or [
        plain(".", call.span)
    ]
    if any(text.startswith(("-sfx", "-spf")) for text in known):
        call.opaque("names in the archive are taken as they are, or a program is put before it")
    if action in {"l", "t", "h", "i", "b"}:
        call.read(*operands[1:])
    elif action in {"x", "e"}:
        call.read(*operands[1:2])
        if "-so" not in known:
            call.write(*into, recursive=True)
    elif action in {"a", "u", "d", "rn"}:
        call.write(*operands[1:2])
        if action in {"a", "u"}:
            call.read(*operands[2:], recursive=True)
        if "-sdel" in known:
            call.delete(*operands[2:], recursive=True)
    else:
        call.opaque("an operation on an archive that is not known")


def _zipinfo(call: Call) -> None:
    call.read(*call.parse(grammar("x")).operands[:1])


def _ar_like(call: Call) -> None:
    """``cpio``: names come in, an archive goes out, or the other way round."""
    parsed = call.parse(
        grammar(
            "F I O M H C E R D file format block-size io-size owner pattern-file directory rsh-command message",
            flags="i extract o create p pass-through t list d make-directories v verbose m preserve-modification-time u unconditional 0 null "
            "a reset-access-time A append L dereference l link B c k n numeric-uid-gid no-absolute-filenames absolute-filenames "
            "no-preserve-owner q quiet s b S r rename f nonmatching to-stdout only-verify-crc sparse V dot help version usage",
        )
    )
    if parsed.has("help", "version", "usage"):
        return
    _doubts(call, parsed)
    if parsed.has("rsh-command"):
        call.opaque("runs another program for the archive")
    named = parsed.values("F", "file", "I", "O")
    if parsed.has("t", "list") and not parsed.has("o", "create", "p"):
        call.read(*named)
        return
    call.read(*parsed.values("I", "E", "pattern-file"))
    call.write(*parsed.values("F", "file", "O"))
    if parsed.has("p", "pass-through"):
        call.write(*parsed.operands, recursive=True)
    if parsed.has("i", "extract"):
        call.opaque("writes wherever the archive says")
        call.write(*(parsed.values("D", "directory") or [plain(".", call.span)]), recursive=True)
    else:
        call.read(Field((Hole("names on its input"),), call.span))


HANDLERS: dict[str, Callable[[Call], None]] = {
    "tar": _tar, "bsdtar": _tar, "gtar": _tar, "zip": _zip, "unzip": _unzip, "zipinfo": _zipinfo, "cpio": _ar_like,
    **dict.fromkeys("gzip gunzip bzip2 bunzip2 xz unxz zstd unzstd pigz unpigz lz4 unlz4 lzma unlzma compress uncompress".split(), _gzip),
    **dict.fromkeys("7z 7za 7zr 7zz".split(), _7z),
}  # fmt: skip
