"""What a C compiler's arguments mean. Closed lists: what is not known to be harmless may load a plug-in or write a file."""

from guard.effects.call import Call
from guard.effects.options import Parsed
from guard.effects.values import Field, Wild, plain

_TAKES = frozenset(
    "o x I L D U l include imacros isystem iquote idirafter isysroot MF MT MQ arch target T u framework F z e std-default".split()
)
_ALONE = frozenset(
    "c S E v s P C w pthread shared static rdynamic pipe MMD MD MM M MP MG pie no-pie static-pie static-libgcc static-libstdc++ nostdlib nostdinc "
    "nostdinc++ nodefaultlibs nostartfiles dumpversion dumpmachine dumpfullversion dumpspecs dM dD dI dN ansi pedantic pedantic-errors ### "
    "undef trigraphs bundle dynamiclib -verbose r no-canonical-prefixes Qunused-arguments".split()
)
_BEGINNINGS = (
    "O",
    "std=",
    "D",
    "U",
    "I",
    "L",
    "l",
    "m",
    "F",
    "isystem",
    "iquote",
    "print-",
    "target=",
    "stdlib=",
    "-sysroot=",
    "-target=",
    "-std=",
    "-param=",
    "x",
)
_VALUED_F = (
    "sanitize visibility max-errors diagnostics-color diagnostics-show-option stack-protector ffp-contract fp-contract inline-limit "
    "template-depth constexpr-depth constexpr-steps constexpr-loop-limit abi-version macro-prefix-map file-prefix-map debug-prefix-map "
    "cf-protection trivial-auto-var-init lto message-length stack-limit no-sanitize strict-flex-arrays zero-call-used-regs "
    "patchable-function-entry float-store excess-precision char8_t error-limit ms-compatibility-version tls-model input-charset exec-charset "
    "color-diagnostics modules-ts coroutines-ts stack-clash-protection align-functions align-loops tabstop".split()
)
_RISKY_F = (
    "plugin",
    "dump",
    "profile",
    "save",
    "callgraph",
    "time-trace",
    "pass-plugin",
    "opt-info",
    "crash",
    "auto-profile",
    "modules",
    "use-ld",
)
_WARNINGS = (
    "Werror=",
    "Wno-error=",
    "Wformat",
    "Wimplicit-fallthrough=",
    "Wstrict-overflow=",
    "Wshadow=",
    "Wunused-",
    "Warray-bounds=",
    "gdwarf",
    "gz=",
)
_LINKERS = frozenset({"bfd", "gold", "lld", "mold", "ld"})
_LINKER_ALONE = frozenset(
    "--as-needed --no-as-needed --gc-sections --start-group --end-group -Bstatic -Bdynamic -Bsymbolic -Bsymbolic-functions --whole-archive "
    "--no-whole-archive --no-undefined --export-dynamic -E --strip-all -s --build-id -dead_strip -O1 -O2 --allow-multiple-definition --icf=all "
    "--warn-common --fatal-warnings --print-gc-sections --verbose --trace --enable-new-dtags --disable-new-dtags --hash-style=gnu -x -v --stats".split()
)
_LINKER_TAKES = frozenset(
    {
        "-rpath",
        "-z",
        "-soname",
        "-h",
        "--soname",
        "-install_name",
        "-undefined",
        "-rpath-link",
        "--rpath",
        "-e",
        "-u",
    }
)
_NO_OUTPUT = frozenset(
    {"E", "M", "MM", "fsyntax-only", "###", "dumpversion", "dumpmachine", "dumpfullversion", "dumpspecs"}
)


def compiles(call: Call, parsed: Parsed) -> None:
    """``gcc`` and its likes: sources are read, and one output, or one for each source, is written."""
    del parsed
    sources: list[Field] = []
    outputs: list[Field] = []
    flags: set[str] = set()
    pending = ""
    for field in call.args:
        text = field.static
        if pending:
            _taken(call, pending, field, outputs)
            pending = ""
        elif text is None:
            _unknown(call, field, sources)
        elif text == "-":
            if call.stdin is None:
                call.opaque("compiles what is typed into it", typed=True)
            sources.append(field)
        elif not text.startswith("-"):
            if text.startswith("@"):
                call.opaque(f"more arguments stand in `{text[1:]}`")
            sources.append(field)
        elif text[1:] in _TAKES:
            pending = text[1:]
        elif text[1:2] == "o" and len(text) > 2 and not text.startswith("-object"):
            outputs.append(plain(text[2:], field.span))
        else:
            flags.add(text[1:])
            _flag(call, text[1:], field)
    call.read(*sources)
    call.write(*outputs)
    if (
        not outputs
        and sources
        and not flags & _NO_OUTPUT
        and not any(flag.startswith("print-") for flag in flags)
    ):
        _defaults(call, sources, flags)


def _taken(call: Call, option: str, value: Field, outputs: list[Field]) -> None:
    match option:
        case "o" | "MF":
            if value.static is None and value.open:
                call.opaque("an output that is not known")
            outputs.append(value)
        case "include" | "imacros" | "T":
            call.read(value)
        case _:
            pass


def _unknown(call: Call, field: Field, sources: list[Field]) -> None:
    globbed = not field.open and all(isinstance(part, str | Wild) for part in field.parts)
    if field.prefix[:1] not in ("", "-", "@") or (globbed and isinstance(field.parts[0], Wild)):
        sources.append(field)
    elif field.prefix.startswith(("-I", "-D", "-L", "-l", "-U")):
        pass
    else:
        call.opaque("an argument that is not known before it runs may be an option")


def _flag(call: Call, flag: str, field: Field) -> None:
    if flag in _ALONE or flag.startswith(_BEGINNINGS):
        return
    if flag.startswith("Wl,"):
        _linker(call, flag[3:].split(","), field)
    elif flag.startswith(("Wa,", "Wp,")):
        call.opaque(f"`-{flag}` goes to another program")
    elif flag.startswith(_WARNINGS) or (flag[0] in "Wg" and "=" not in flag):
        return
    elif flag.startswith("fuse-ld="):
        if flag[8:] not in _LINKERS:
            call.opaque(f"`-{flag}` names the linker")
    elif flag.startswith("f"):
        name, _, value = flag[1:].partition("=")
        if name.removeprefix("no-").startswith(_RISKY_F) or (value and name not in _VALUED_F):
            call.opaque(f"`-{flag}` may load or write something")
    else:
        call.opaque(f"nothing is known about `{call.name} -{flag}`")


def _linker(call: Call, words: list[str], field: Field) -> None:
    expected = False
    for word in words:
        if expected:
            expected = False
        elif word in _LINKER_TAKES:
            expected = True
        elif word.startswith(("-Map=", "--Map=")):
            call.write(plain(word.partition("=")[2], field.span))
        elif word not in _LINKER_ALONE and not word.startswith(
            ("-rpath=", "-soname=", "--soname=", "--build-id=", "-z", "--version-script=", "--defsym=", "-l")
        ):
            call.opaque(f"nothing is known about `-Wl,{word}`")


def _defaults(call: Call, sources: list[Field], flags: set[str]) -> None:
    kind = ".o" if "c" in flags else ".s" if "S" in flags else ""
    if not kind:
        call.write(plain("a.out", call.span))
        return
    for field in sources:
        text = field.static
        if text is None:
            call.write(plain(".", field.span), recursive=True)
        else:
            base = text.rpartition("/")[2]
            call.write(plain((base.rpartition(".")[0] or base) + kind, field.span))


def beside(call: Call, parsed: Parsed) -> None:
    """``rustc``: without an output it writes a program of the source's name here."""
    if parsed.has("o", "out-dir"):
        return
    for field in parsed.operands:
        text = field.static
        if text is None or text == "-":
            call.opaque("compiles what is not known")
        else:
            call.write(plain(text.rpartition("/")[2].removesuffix(".rs"), field.span))


def archives(call: Call, parsed: Parsed) -> None:
    """``ar rcs lib.a x.o``: the letters come first."""
    words = parsed.operands
    letters = words[0].static if words else None
    if letters is None or parsed.uncertain or parsed.has("plugin", "M"):
        if call.args:
            call.opaque("an archive that is not known")
        return
    main = letters.lstrip("-")[:1]
    match main:
        case "t" | "p":
            call.read(*words[1:2])
        case "x":
            call.read(*words[1:2])
            call.write(plain(".", call.span), recursive=True)
        case _:
            call.write(*words[1:2])
            call.read(*words[2:])


def jar(call: Call, parsed: Parsed) -> None:
    """``jar tf a.jar`` lists; ``xf`` unpacks here; ``cf`` writes."""
    first = (call.statics[0] or "?") if call.args else "?"
    letters = (
        first.lstrip("-")
        if not first.startswith("--")
        else {"list": "t", "extract": "x", "create": "c", "update": "u", "describe-module": "d"}.get(
            first[2:], "?"
        )
    )
    files = call.args[1:2]
    named = parsed.values("file")
    match letters[:1]:
        case "t" | "d":
            call.read(*(named or files))
        case "x":
            call.read(*(named or files))
            call.write(plain(".", call.span), recursive=True)
        case "c" | "u":
            call.write(*(named or files))
            call.read(
                *[field for field in call.args[2:] if not (field.static or "").startswith("-")],
                recursive=True,
            )
        case _:
            call.opaque("an archive that is not known")


_PROTO_OWN = frozenset(
    "cpp java python pyi csharp objc php ruby kotlin rust descriptor_set dependency".split()
)


def protoc(call: Call, parsed: Parsed) -> None:
    """``--python_out=DIR`` is built in; any other language is a program found on the path."""
    for name, value in parsed.options:
        if not name.endswith("_out"):
            continue
        if name.removesuffix("_out") not in _PROTO_OWN:
            call.opaque(f"`--{name}` runs a plug-in")
        if value is not None:
            where = value.static
            call.write(
                value if where is None else plain(where.rpartition(":")[2], value.span),
                recursive=not name.startswith("d"),
            )


_JAVA_TELLS = frozenset(
    "-version --version -showversion --show-version -fullversion --full-version -h -? -help --help -X --help-extra "
    "-Xinternalversion -XshowSettings -XshowSettings:all -XshowSettings:vm -XshowSettings:properties".split()
)


def java(call: Call, parsed: Parsed) -> None:
    """An agent that an option names is loaded before a version is told, so that must stand alone."""
    del parsed
    if not all(text in _JAVA_TELLS for text in call.statics):
        call.opaque("runs Java code")
