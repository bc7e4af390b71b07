"""Programs that take text for a shell: the text is read as the command line itself was."""

from guard.effects.call import Call
from guard.effects.commands.wrappers import doubts
from guard.effects.options import grammar
from guard.effects.values import Field, Hole, Text, plain
from guard.model.dataclass import replace
from guard.model.effect import GainPrivilege
from guard.model.typed import Callable

_SHORT = frozenset("abefhkmnptuvxBCEHPTilrsDcoO")
_READ_ALIKE = frozenset({"bash", "sh", "dash", "ash", "rbash"})
_LONG = frozenset(
    "debugger dump-po-strings dump-strings noediting noprofile norc posix pretty-print restricted verbose wordexp".split()
)


def _shell(call: Call) -> None:
    """``bash -c TEXT``, ``bash FILE``, or commands on its standard input."""
    args = list(call.args)
    flags = ""
    while args:
        word = args[0].static
        if args[0].stream is not None:
            break
        if word is None:
            call.opaque("how this shell is started is not known before it runs")
            return
        if word in {"--", "-"}:
            args.pop(0)
            break
        if word.startswith("--"):
            args.pop(0)
            if word in {"--version", "--help"}:
                return
            if word in {"--rcfile", "--init-file"}:
                call.opaque("a shell that first runs another file")
                del args[:1]
            elif word == "--login":
                flags += "l"
            elif word[2:] not in _LONG:
                call.opaque(f"an option that is not known: `{word}`")
        elif word[:1] in {"-", "+"} and len(word) > 1:
            args.pop(0)
            # Each `o` and `O` takes a word of its own, in order.
            del args[: sum(char in "oO" for char in word[1:])]
            if word[0] == "-":
                flags += word[1:]
            if not set(word[1:]) <= _SHORT:
                call.opaque(f"an option that is not known: `{word}`")
        else:
            break
    if call.name not in _READ_ALIKE:
        call.opaque(f"`{call.name}` reads shell text in its own way")
    if "i" in flags or ("l" in flags and ("HOME" in call.state.variables or "c" not in flags)):
        # With `-l TEXT` they are the person's own, the same that made the shell which the agent itself is given.
        call.opaque("a shell that first runs its start-up files")
    if "n" in flags and "i" not in flags and call.name in _READ_ALIKE:
        # It reads the commands and runs none.
        if "c" not in flags:
            call.read(*args[:1])
        return
    if "c" in flags:
        if not args:
            return
        positional = tuple(_text(field) for field in args[2:]) if not any(f.open for f in args[1:]) else None
        state = replace(call.state, functions=dict(call.state.functions), positional=positional)
        if len(args) > 1:
            state = replace(state, name=_text(args[1]))
        call.output = call.run_text(args[0], state=state)
    elif args and "s" not in flags:
        call.run_file(args[0], args=args[1:], shell=True)
    else:
        positional = tuple(_text(field) for field in args) if not any(f.open for f in args) else None
        call.evaluator.run_stdin(call, replace(call.state, positional=positional))


def _text(field: Field) -> Text:
    return tuple(p if isinstance(p, str | Hole) else Hole("a pattern or a pipe") for p in field.parts) or (
        "",
    )


def joined(call: Call, fields: list[Field]) -> Field:
    """The words as one text, as programs make it for a shell."""
    parts: list[object] = []
    for index, field in enumerate(fields):
        if index:
            parts.append(" ")
        parts.extend(field.parts)
    flat = "".join(part for part in parts if isinstance(part, str))
    if all(isinstance(part, str) for part in parts) and not any(field.open for field in fields):
        return plain(flat, call.span)
    return Field(tuple(parts), call.span, open=any(field.open for field in fields))  # type: ignore[arg-type]


# ---------------------------------------------------------------------- as another user or group

_SU = grammar(
    "c command s shell g group G supp-group w whitelist-environment session-command u user C T",
    flags="- l login m p preserve-environment f fast P pty h V help version T no-pty",
)


def _su(call: Call) -> None:
    # `runuser -u USER` stops at the command; `su` takes options after the user too.
    named = call.name == "runuser" and any((text or "").startswith(("-u", "--user")) for text in call.statics)
    parsed = call.parse(replace(_SU, stops=True) if named else _SU)
    if parsed.has("h", "V", "help", "version"):
        return
    call.say(GainPrivilege(detail=call.name))
    doubts(call, parsed)
    texts = parsed.values("c", "command", "session-command")
    for field in texts:
        call.run_text(field)
    operands = [field for field in parsed.operands if field.static != "-"]
    if named:
        call.run(operands)
        return
    if parsed.values("s", "shell"):
        call.opaque("a shell that it is told to use")
    if operands[1:]:
        # Arguments of the shell.
        call.run([plain("bash", call.span), *operands[1:]])
    elif not texts:
        call.evaluator.run_stdin(call, call.state)


def _group(call: Call) -> None:
    """``sg GROUP [-c] TEXT``."""
    if call.statics in (["--help"], ["--version"], ["-h"], ["-V"]):
        return
    call.say(GainPrivilege(detail=call.name))
    rest = [field for field in call.args if field.static not in {"-", "-c"}][1:]
    if call.name == "sg" and rest:
        call.run_text(joined(call, rest))
    else:
        call.evaluator.run_stdin(call, call.state)


# ---------------------------------------------------------------------- text or words


def _watch(call: Call) -> None:
    parsed = call.parse(
        grammar(
            "n interval q equexit s shotsdir",
            optional="d differences",
            flags="d differences b beep c color C no-color e errexit f follow g chgexit p precise r no-rerun t no-title w no-wrap x exec "
            "h v help version no-linewrap",
            stops=True,
        )
    )
    if parsed.has("h", "v", "help", "version"):
        return
    doubts(call, parsed)
    if parsed.has("s", "shotsdir"):
        call.write(*parsed.values("s", "shotsdir"), recursive=True)
    if parsed.has("x", "exec"):
        call.run(parsed.operands)
    elif parsed.operands:
        call.run_text(joined(call, parsed.operands))


def _flock(call: Call) -> None:
    parsed = call.parse(
        grammar(
            "w wait timeout E conflict-exit-code c command",
            flags="s shared x e exclusive u unlock n nb nonblock o close F no-fork verbose h V help version fcntl",
            stops=True,
        )
    )
    if parsed.has("h", "V", "help", "version"):
        return
    doubts(call, parsed)
    texts = parsed.values("c", "command")
    rest = parsed.operands[1:]
    if not (not rest and not texts and parsed.operands and (parsed.operands[0].static or "").isdigit()):
        # A number alone is a descriptor that is open already.
        call.write(*parsed.operands[:1], append=True)
    if rest and rest[0].static in {"-c", "--command"}:
        texts, rest = rest[1:2], []
    for field in texts:
        call.run_text(field)
    if rest:
        call.run(rest)


def _script(call: Call) -> None:
    parsed = call.parse(
        grammar(
            "c command E echo I log-in O log-out B log-io T log-timing m logging-format o output-limit",
            optional="t timing",
            flags="a append e return f flush force q quiet h V help version t timing k p r d",
        )
    )
    if parsed.has("h", "V", "help", "version"):
        return
    doubts(call, parsed)
    files = ("I", "O", "B", "T", "log-in", "log-out", "log-io", "log-timing")
    named = [*parsed.operands[:1], *parsed.values(*files, "t", "timing")]
    call.write(*(named or [plain("typescript", call.span)]))
    texts = parsed.values("c", "command")
    for field in texts:
        call.run_text(field)
    if parsed.operands[1:]:
        # On macOS the command follows the file.
        call.run(parsed.operands[1:])
    elif not texts:
        call.evaluator.run_stdin(call, call.state)


def _timed(call: Call) -> None:
    """``hyperfine``: every operand is text for a shell, and so are what it runs before and after."""
    parsed = call.parse(
        grammar(
            "w warmup m min-runs M max-runs r runs s setup p prepare c cleanup C conclude P parameter-scan D parameter-step-size L "
            "parameter-list S shell u time-unit export-asciidoc export-csv export-json export-markdown export-orgmode n "
            "command-name style sort output input reference",
            optional="i ignore-failure",
            flags="N i ignore-failure show-output h help V version",
        )
    )
    if parsed.has("h", "V", "help", "version"):
        return
    doubts(call, parsed)
    if parsed.has("P", "parameter-scan", "L", "parameter-list", "S", "shell"):
        call.opaque("puts values into the text that it runs")
    call.write(*[value for name, value in parsed.options if name.startswith("export-") and value is not None])
    for field in parsed.values("output"):
        if field.static not in {"null", "pipe", "inherit"}:
            call.write(field)
    for field in parsed.values("input"):
        if field.static != "null":
            call.read(field)
    for field in (
        *parsed.values("s", "setup", "p", "prepare", "c", "cleanup", "C", "conclude", "reference"),
        *parsed.operands,
    ):
        call.run_text(field)


def _spoken_to(call: Call) -> None:
    if call.statics not in (["--version"], ["-v"]):
        call.opaque("starts programs and types into them")


# ---------------------------------------------------------------------- parallel

_PARALLEL = grammar(
    "j jobs P max-procs a arg-file arg-sep S sshlogin sshloginfile slf C colsep d delimiter I J profile L max-lines n max-args N "
    "max-replace-args s max-chars W workdir wd E basefile bf joblog results res tmpdir tempdir sshdelay delay retries timeout halt "
    "memfree memsuspend load nice tagstring tag-string rpl recstart recend block env return trc "
    "transferfile tf trim header limit compress-program decompress-program arg-file-sep "
    "argfilesep argsep termseq template tmpl semaphorename id semaphoretimeout st "
    "U i l ssh sql sqlmaster sqlworker total-jobs total process-slot-var seqreplace",
    optional="i l e replace eof U",
    flags="0 null k keep-order v verbose dry-run dryrun eta progress bar ungroup u group t r no-run-if-empty no-notice silent x X m xargs "
    "q quote will-cite citation lb line-buffer linebuffer tag plus resume resume-failed retry-failed pipe pipepart pipe-part "
    "keeporder files help h version V bibtex shuf link linkinputsource rain color ctrlc skip-first-line nn number-of-cpus "
    "number-of-cores number-of-threads",
    stops=True,
)
_SOURCES = frozenset({":::", ":::+", "::::", "::::+"})


def _parallel(call: Call) -> None:
    """The words make a template; what fills it comes after ``:::``, from files or from standard input; a shell runs each."""
    parsed = call.parse(_PARALLEL)
    if parsed.has("help", "h", "version", "V", "citation", "bibtex", "number-of-cpus", "number-of-cores"):
        return
    doubts(call, parsed)
    remote = parsed.has("S", "sshlogin", "sshloginfile", "slf", "sqlmaster", "sqlworker", "sql", "ssh")
    odd = parsed.has(
        "I",
        "J",
        "profile",
        "U",
        "rpl",
        "C",
        "colsep",
        "env",
        "header",
        "compress-program",
        "pipe",
        "pipepart",
        "m",
        "X",
        "xargs",
    )
    if (
        remote
        or odd
        or parsed.has("a", "arg-file", "d", "delimiter", "W", "workdir", "wd", "template", "tmpl")
    ):
        call.opaque("fills a template in a way that is not followed")
    call.read(*parsed.values("a", "arg-file"))
    call.write(*parsed.values("joblog", "results", "res"))
    if remote:
        call.connect("?", upload=True)
    operands = parsed.operands
    at = next((i for i, field in enumerate(operands) if field.static in _SOURCES), len(operands))
    template, rest = operands[:at], operands[at:]
    items = _items(call, rest)
    if any(field.static in {"::::", "::::+"} for field in rest):
        call.read(*[field for field in rest if field.static not in _SOURCES])
    if parsed.has("dry-run", "dryrun"):
        return
    if items is None:
        if template:
            # What is put in is data, but a shell reads the line that comes out.
            call.opaque("puts text that is not known into what a shell runs")
            call.run_text(_without(call, template))
        else:
            call.opaque("runs the lines that it reads")
        return
    several = sum(field.static in _SOURCES for field in rest) > 1
    for item in items:
        if several:
            call.opaque("combines several lists")
        call.run_text(_filled(call, template, item) if template else plain(item, call.span))


def _items(call: Call, rest: list[Field]) -> list[str] | None:
    if any(field.static in {"::::", "::::+"} for field in rest):
        return None
    if rest:
        texts = [field.static for field in rest if field.static not in _SOURCES]
        known = [text for text in texts if text is not None]
        return known[:64] if len(known) == len(texts) else None
    if call.stdin is None or not all(isinstance(part, str) for part in call.stdin):
        return None
    lines = "".join(part for part in call.stdin if isinstance(part, str)).splitlines()
    return lines if len(lines) <= 64 else None


def _filled(call: Call, template: list[Field], item: str) -> Field:
    quoted = "'" + item.replace("'", "'\\''") + "'"
    text = joined(call, template)
    known = text.static
    if known is None:
        return text
    if any(mark in known for mark in ("{.", "{/", "{#", "{%", "{1", "{2", "{3", "{=", "{+", "{-")):
        return Field((Hole("a template that is not followed"),), call.span)
    return plain(known.replace("{}", quoted) if "{}" in known else f"{known} {quoted}", call.span)


def _without(call: Call, template: list[Field]) -> Field:
    text = joined(call, template)
    known = text.static
    return plain(known.replace("{}", "./x"), call.span) if known is not None else text


HANDLERS: dict[str, Callable[[Call], None]] = {
    **dict.fromkeys("bash sh dash ash rbash zsh ksh mksh fish csh tcsh pwsh elvish nu xonsh osh oil yash".split(), _shell),
    "su": _su, "runuser": _su, "sg": _group, "newgrp": _group, "watch": _watch, "flock": _flock, "script": _script,
    "hyperfine": _timed, "expect": _spoken_to, "parallel": _parallel, "gparallel": _parallel,
}  # fmt: skip
