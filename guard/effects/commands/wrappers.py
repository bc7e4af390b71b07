"""Programs that run the rest of their arguments: the command inside is judged as if it stood alone.

Each has its own option grammar, and it is closed: an option nobody has described may take the next word as its
argument, and then another word is the command. Those that take text for a shell are in `shells`.
"""

from guard.effects.call import Call
from guard.effects.options import Parsed, grammar
from guard.effects.state import State, Variable
from guard.effects.values import Field, Hole, Stream, Text, Wild, plain
from guard.model.dataclass import replace
from guard.model.effect import GainPrivilege, KillProcess, Listen
from guard.model.paths import KnownPath
from guard.model.typed import Callable, TypedDict, Unpack

_PRINTS = ("help", "version")
_DIGITS = frozenset("0123456789.,-+xXabcdefABCDEFsmhd")


class _Rules(TypedDict, total=False):
    """Options are space-separated, without dashes: one character short, more long."""

    takes: str
    optional: str
    flags: str
    prints: str
    """Options that make it print and run nothing, besides ``--help`` and ``--version``."""
    skip: int
    """Operands of its own before the command."""
    number: bool
    """Whether those are numbers: anything else may be the command already."""
    writes: str
    chdir: str
    acts: str
    """Options with which it acts on processes that are there, and runs nothing."""
    opaque: str
    """Options that load or run something of their own."""
    privilege: str
    """What it becomes."""
    shell: bool
    """Whether it starts a shell when no command is given."""
    any_long: bool
    """Whether every long option has its argument attached, so that none can hide the command."""


def wrapper(**given: Unpack[_Rules]) -> Callable[[Call], None]:
    """A handler for a program of this grammar."""
    row: _Rules = given
    prints = (*_PRINTS, *row.get("prints", "").split())
    flags = f"{row.get('flags', '')} {' '.join(prints)} {row.get('acts', '')} {row.get('opaque', '')}"
    rules = grammar(
        f"{row.get('takes', '')} {row.get('writes', '')} {row.get('chdir', '')}",
        optional=row.get("optional", ""),
        flags=None if row.get("any_long") else flags,
        stops=True,
    )
    writes, chdir = row.get("writes", "").split(), row.get("chdir", "").split()
    acts, opaque = row.get("acts", "").split(), row.get("opaque", "").split()

    def handle(call: Call) -> None:
        parsed = call.parse(rules)
        if parsed.has(*prints):
            return
        doubts(call, parsed)
        if "privilege" in row:
            call.say(GainPrivilege(detail=row["privilege"]))
        if parsed.has(*opaque):
            call.opaque("an option that loads or runs something")
        call.write(*parsed.values(*writes))
        state = call.state
        for field in parsed.values(*chdir):
            state = moved(call, field, state)
        if parsed.has(*acts):
            call.opaque("changes processes that are running already")
            return
        rest = parsed.operands
        skip = row.get("skip", 0)
        if not (row.get("number") and rest and not set(rest[0].static or "0") <= _DIGITS):
            rest = rest[skip:]
        if rest:
            call.output = call.run(rest, state=state)
        elif row.get("shell"):
            call.evaluator.run_stdin(call, state)

    return handle


def doubts(call: Call, parsed: Parsed) -> None:
    """Where the command begins cannot be told after an option nobody knows."""
    if parsed.unknown:
        call.opaque(f"an option that is not known: `{parsed.unknown[0]}`")
    elif parsed.uncertain:
        call.opaque("an argument that is not known before it runs may be an option")


def moved(call: Call, field: Field, state: State) -> State:
    """The state in another directory."""
    places = tuple(path.text for path in call.paths(field, state) if isinstance(path, KnownPath))
    return replace(state, cwd=places if field.static is not None else ())


def assigned(call: Call, operands: list[Field], state: State) -> tuple[list[Field], State]:
    """``NAME=VALUE`` words before a command, taken off it."""
    rest = list(operands)
    while rest and "=" in rest[0].prefix:
        name, _, value = rest[0].prefix.partition("=")
        tail: Text = tuple(Hole("a pattern") if isinstance(p, Wild) else p for p in rest[0].parts[1:])
        state = state.with_variable(name, Variable(((value, *tail),), exported=True))
        call.evaluator.note_injection(name, state, call.span)
        rest.pop(0)
    return rest, state


# ---------------------------------------------------------------------- env

_ENV = grammar(
    "u unset C chdir S split-string a argv0",
    optional="block-signal default-signal ignore-signal",
    flags="i ignore-environment 0 null v debug list-signal-handling help version",
    stops=True,
)


def _env(call: Call) -> None:
    args = _splitting(call, call.args)
    if args is None:
        call.opaque("`env -S` of text that is not known before it runs")
        return
    call.args = args
    parsed = call.parse(_ENV)
    if parsed.has("help", "version"):
        return
    doubts(call, parsed)
    state = call.state
    for field in parsed.values("u", "unset"):
        if field.static is not None:
            state = state.without_variable(field.static)
    for field in parsed.values("C", "chdir"):
        state = moved(call, field, state)
    operands = list(parsed.operands)
    if operands and operands[0].static == "-":
        # An old spelling of `-i`.
        operands.pop(0)
    operands, state = assigned(call, operands, state)
    if operands:
        call.output = call.run(operands, state=state)


def _splitting(call: Call, args: list[Field]) -> list[Field] | None:
    """The arguments with every ``-S TEXT`` replaced by the words that env makes of it; they may be options again."""
    out = list(args)
    at = 0
    for _ in range(64):
        text = out[at].static if at < len(out) else None
        if text is None or not text.startswith("-") or text in {"-", "--"}:
            return out
        name, attached, value = text.partition("=")
        if text.startswith("--"):
            head, splits = "", name.startswith("--s") and "--split-string".startswith(name)
            takes = name in {"--unset", "--chdir", "--argv0"} and not attached
        else:
            # In a bundle the first letter that takes an argument takes the rest of it.
            found = next((k for k, char in enumerate(text) if char in "uCaS"), len(text))
            head, value = text[:found] if found > 1 else "", text[found + 1 :]
            attached = value
            splits, takes = text[found : found + 1] == "S", found == len(text) - 1
        if not splits:
            at += 2 if takes else 1
            continue
        given = value if attached else out[at + 1].static if at + 1 < len(out) else None
        words = _split(call, given) if given is not None else None
        if words is None:
            return None
        before = [plain(head, out[at].span)] if head else []
        out[at : at + (1 if attached else 2)] = [*before, *words]
        at += len(before)
    return None


_SPLIT_ESCAPES = {"f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "#": "#", "$": "$", "_": " ", '"': '"', "'": "'", "\\": "\\"}  # fmt: skip


def _split(call: Call, text: str) -> list[Field] | None:
    """As ``env -S`` splits: blanks, both quotes, its own escapes, ``${NAME}``; None for what it rejects."""
    words: list[Field] = []
    parts: list[str | Hole | Stream] | None = None
    quote = ""
    at = 0
    while at < len(text):
        char = text[at]
        at += 1
        if char in "'\"" and quote in {"", char}:
            quote = "" if quote else char
            parts = [] if parts is None else parts
        elif char == "\\" and at < len(text) and not (quote == "'" and text[at] not in "\\'"):
            follows = text[at]
            at += 1
            if follows == "c":
                break
            if follows not in _SPLIT_ESCAPES:
                return None
            if follows == "_" and not quote:
                _word(call, words, parts)
                parts = None
            else:
                parts = [*(parts or []), _SPLIT_ESCAPES[follows]]
        elif char == "$" and quote != "'":
            name, closed, _ = text[at + 1 :].partition("}")
            if text[at : at + 1] != "{" or not closed or not name.isidentifier():
                return None
            at += len(name) + 2
            values = call.evaluator.expander.variable(name, call.state).values
            parts = [*(parts or []), *(values[0] if len(values) == 1 else (Hole("a variable"),))]
        elif char in " \t\n\v\f\r" and not quote:
            _word(call, words, parts)
            parts = None
        elif char == "#" and parts is None and not quote:
            break
        else:
            parts = [*(parts or []), char]
    if quote:
        return None
    _word(call, words, parts)
    return words


def _word(call: Call, words: list[Field], parts: list[str | Hole | Stream] | None) -> None:
    if parts is None:
        return
    if all(isinstance(part, str) for part in parts):
        words.append(plain("".join(part for part in parts if isinstance(part, str)), call.span))
    else:
        words.append(Field(tuple(parts), call.span))


# ---------------------------------------------------------------------- becoming somebody else

_SUDO = grammar(
    "u user g group h host p prompt C close-from D chdir r role t type T command-timeout U other-user R chroot a",
    optional="preserve-env",
    flags="A askpass b background B bell E preserve-env e edit H set-home K remove-timestamp k reset-timestamp l list n "
    "non-interactive P preserve-groups S stdin s shell i login v validate N no-update V version help L",
    stops=True,
)


def _sudo(call: Call) -> None:
    parsed = call.parse(_SUDO)
    if parsed.has("V", "version", "help") or call.statics == ["-h"]:
        # With anything beside it `-h` is the name of a host.
        return
    call.say(GainPrivilege(detail=call.name))
    doubts(call, parsed)
    state = call.state
    for field in parsed.values("D", "chdir"):
        state = moved(call, field, state)
    if parsed.has("R", "chroot"):
        call.opaque("runs it with another root directory")
    if parsed.has("e", "edit"):
        call.write(*parsed.operands)
        return
    operands, state = assigned(call, parsed.operands, state)
    if operands and not parsed.has("l", "list"):
        call.output = call.run(operands, state=state)
    if parsed.has("i", "login", "s", "shell"):
        # The words are joined again for a shell, which expands what it finds in them.
        call.opaque("a shell that takes commands", typed=True)


# ---------------------------------------------------------------------- other namespaces, roots and machines

_ENTERED = grammar(
    "S setuid G setgid wdns userspec groups map-user map-group map-users map-groups propagation setgroups monotonic boottime "
    "load-interp t target keep-caps",
    optional="m mount u uts i ipc n net p pid U user C cgroup T time w wd R root kill-child mount-proc mount-binfmt r map-root-user "
    "c map-current-user map-auto f fork",
    flags="F no-fork preserve-credentials follow-context Z e env a all user-parent skip-chdir h V help version l kill-child "
    "keep-caps map-auto",
    stops=True,
)
_PLACES = frozenset({"w", "wd", "R", "root"})
_UNSHARED = replace(_ENTERED, takes=_ENTERED.takes | _PLACES, optional=_ENTERED.optional - _PLACES)
"""Here the directory is not optional."""


def _entered(call: Call) -> None:
    """Namespaces and roots: the command sees another machine than the one we looked at."""
    parsed = call.parse(_UNSHARED if call.name == "unshare" else _ENTERED)
    if parsed.has("version", "help") or (call.name != "chroot" and parsed.has("V", "h")):
        return
    call.say(GainPrivilege(detail=f"{call.name}: another set of namespaces or another root"))
    doubts(call, parsed)
    rest = parsed.operands[1 if call.name in {"chroot", "proot"} else 0 :]
    call.opaque("paths inside it are not the paths that we can look at")
    state = call.state
    for field in parsed.values(*_PLACES):
        paths = call.paths(field)
        known = tuple(path.text for path in paths if isinstance(path, KnownPath))
        state = replace(state, cwd=known if len(known) == len(paths) else ())
    if rest:
        call.run(rest, state=state)
    else:
        call.evaluator.run_stdin(call, state)


_BWRAP_TWO = frozenset(
    "bind bind-try dev-bind dev-bind-try ro-bind ro-bind-try bind-fd ro-bind-fd setenv file bind-data ro-bind-data symlink chmod "
    "overlay".split()
)
_BWRAP_NONE = frozenset(
    "unshare-all share-net unshare-user unshare-user-try unshare-ipc unshare-pid unshare-net unshare-uts unshare-cgroup "
    "unshare-cgroup-try disable-userns assert-userns-disabled clearenv new-session die-with-parent as-pid-1 help version".split()
)
_BWRAP_ONE = frozenset(
    "args argv0 level-prefix userns userns2 pidns uid gid hostname chdir unsetenv lock-file sync-fd tmpfs dev proc mqueue dir "
    "remount-ro overlay-src tmp-overlay ro-overlay exec-label file-label seccomp add-seccomp-fd block-fd userns-block-fd "
    "info-fd json-status-fd cap-add cap-drop perms size".split()
)


def _bwrap(call: Call) -> None:
    call.say(GainPrivilege(detail="another set of namespaces"))
    call.opaque("paths inside it are not the paths that we can look at")
    args = list(call.args)
    while args and (args[0].static or "").startswith("--"):
        name = (args.pop(0).static or "")[2:]
        if not name:
            break
        if name not in _BWRAP_NONE:
            del args[: 2 if name in _BWRAP_TWO else 1]
    if args:
        call.run(args)


def _firejail(call: Call) -> None:
    call.say(GainPrivilege(detail="another set of namespaces"))
    call.opaque("paths inside it are not the paths that we can look at")
    rest = [field for field in call.args if not (field.static or "").startswith("--")]
    if rest and rest[0].static == "-c":
        rest = rest[1:]
        if len(rest) == 1:
            call.run_text(rest[0])
            return
    if rest:
        call.run(rest)


def _setarch(call: Call) -> None:
    rules = grammar(
        optional="show",
        flags="B 32bit F fdpic-funcptrs I short-inode L addr-compat-layout R addr-no-randomize S whole-seconds T sticky-timeouts "
        "X read-implies-exec Z mmap-page-zero 3 3gb 4gb uname-2.6 v verbose list h V help version",
        stops=True,
    )
    parsed = call.parse(rules)
    if call.name == "setarch" and parsed.operands:
        # Its first word is a machine; options may follow it.
        doubts(call, parsed)
        call.args = parsed.operands[1:]
        parsed = call.parse(rules)
    if parsed.has("h", "V", "help", "version", "list"):
        return
    doubts(call, parsed)
    if parsed.operands:
        call.run(parsed.operands)
    else:
        call.evaluator.run_stdin(call, call.state)


def _capsh(call: Call) -> None:
    """What follows ``--`` are arguments of a shell."""
    call.say(GainPrivilege(detail="other capabilities"))
    statics = call.statics
    for stop in ("--", "=="):
        if stop in statics:
            rest = call.args[statics.index(stop) + 1 :]
            call.run([plain("bash" if stop == "--" else "capsh", call.span), *rest])
            return
    if any(text is None for text in statics):
        call.opaque("how it is started is not known before it runs")


# ---------------------------------------------------------------------- watching what runs

_TRACED = grammar(
    "a columns b detach-on e E env I interruptible o output O summary-syscall-overhead p attach P trace-path s string-limit S "
    "summary-sort-by u user U summary-columns X const-print-style trace abbrev verbose raw signal signals status read write fault "
    "inject kvm syscall-limit argv0 l library n indent F config w where x A D",
    optional="decode-fds stack-trace quiet silent silence quieter tips daemonize strings-in-hex decode-pids",
    flags="A c C d f h i k N q r t T v V w x y Y z Z D L S n output-append-mode summary-only summary debug follow-forks "
    "output-separately instruction-pointer syscall-number relative-timestamps timestamps syscall-times no-abbrev summary-wall-clock "
    "successful-only failed-only seccomp-bpf absolute-timestamps help version secontext always-show-pid",
    stops=True,
)


def _traced(call: Call) -> None:
    rules = _TRACED
    if call.name == "strace":
        # These take an argument in ltrace only.
        rules = replace(rules, takes=rules.takes - set("lnFwxAD"))
    parsed = call.parse(rules)
    if parsed.has("h", "V", "help", "version"):
        return
    doubts(call, parsed)
    for field in parsed.values("o", "output"):
        if field.prefix[:1] in {"|", "!"}:
            call.run_text((field.prefix[1:], *(p for p in field.parts[1:] if not isinstance(p, Wild))))
        else:
            call.write(field)
    if parsed.has("p", "attach"):
        call.say(KillProcess(target="?"))
    if parsed.has("inject", "fault") or any(
        field.static is None or field.static.partition("=")[0] in {"inject", "fault"}
        for field in parsed.values("e")
    ):
        call.opaque("changes what system calls do")
    state = call.state
    for field in parsed.values("E", "env"):
        _, state = assigned(call, [field], state)
    if parsed.operands:
        call.run(parsed.operands, state=state)


_PERF = grammar(
    "e event C cpu F freq c count I interval-print r repeat m mmap-pages call-graph G cgroup D delay u uid x field-separator "
    "j branch-filter p pid t tid o output filter M metrics z compression-level clockid max-size W",
    flags="a all-cpus g s stat d detailed v verbose q quiet n null i no-inherit big-num B no-big-num A no-aggr S sync topdown "
    "no-buffering append per-socket per-core table T timestamp R raw-samples N no-buildid-cache",
    stops=True,
)


def _perf(call: Call) -> None:
    action = call.args[0].static if call.args else ""
    if action in {
        "list",
        "report",
        "script",
        "annotate",
        "diff",
        "version",
        "--version",
        "help",
        "--help",
        "evlist",
        "",
    }:
        if action in {"script", "report"}:
            call.opaque("can run scripts on what was recorded")
        return
    call.args = call.args[1:]
    parsed = call.parse(_PERF)
    if action not in {"stat", "record", "trace"}:
        call.opaque("nothing is known about this use of perf")
    doubts(call, parsed)
    if parsed.has("p", "pid", "t", "tid", "a", "all-cpus"):
        call.opaque("looks into programs that are running already")
    call.write(
        *(parsed.values("o", "output") or ([plain("perf.data", call.span)] if action == "record" else []))
    )
    if parsed.operands:
        call.run(parsed.operands)


def _valgrind(call: Call) -> None:
    parsed = call.parse(grammar(stops=True))
    if parsed.has("help", "version", "h"):
        return
    doubts(call, parsed)
    call.write(
        *[value for name, value in parsed.options if value is not None and name.endswith(("-file", "-out"))]
    )
    if parsed.operands:
        call.run(parsed.operands)


def _debugger(call: Call) -> None:
    if call.statics not in (["--version"], ["--help"], ["-v"], ["-h"]):
        call.opaque("runs commands of a debugger")
    own = call.statics[: call.statics.index("--args") if "--args" in call.statics else None]
    if any(
        text is not None
        and (text.startswith(("-p", "--pid", "--attach")) or "attach" in text or text.isdigit())
        for text in own
    ):
        # Whoever is attached to does what it is told: `call (int)system(...)`.
        call.say(KillProcess(target="?"))


def _direnv(call: Call) -> None:
    """``direnv exec DIRECTORY COMMAND``: the directory's own file first, then the command."""
    _debugger(call)
    verb = call.statics[0] if call.args else None
    if verb in {"exec", "allow", "permit", "grant", "reload", "export"}:
        from guard.effects.loads import load  # noqa: PLC0415 - only where a directory sets up its own environment

        outer = call.state
        if verb == "exec" and len(call.args) > 1:
            paths = call.paths(call.args[1])
            known = tuple(path.text for path in paths if isinstance(path, KnownPath))
            call.state = replace(outer, cwd=known if len(known) == len(paths) else ())
        load(call, "envrc")
        call.state = outer
        if call.after is not None:
            call.after = replace(call.after, cwd=outer.cwd)
    if verb == "exec":
        call.run(call.args[2:])


# ---------------------------------------------------------------------- other ways to give a program another name


def _loader(call: Call) -> None:
    """The dynamic linker runs any file that it is given, executable or not."""
    parsed = call.parse(
        grammar(
            "library-path inhibit-rpath audit preload argv0 glibc-hwcaps-prepend glibc-hwcaps-mask",
            flags="list verify inhibit-cache list-tunables list-diagnostics help version",
            stops=True,
        )
    )
    doubts(call, parsed)
    if parsed.has("preload", "audit", "library-path", "inhibit-rpath", "glibc-hwcaps-prepend"):
        call.opaque("loads libraries that it is told to")
    if parsed.has("list", "verify", "help", "version", "list-tunables", "list-diagnostics"):
        return
    if not parsed.operands:
        return
    first = parsed.operands[0]
    if first.static is not None and "/" not in first.static:
        first = plain("./" + first.static, first.span)
    call.output = call.run([first, *parsed.operands[1:]])


def _multicall(call: Call) -> None:
    args = list(call.args)
    first = args[0].static if args else ""
    if first is not None and first.startswith("--coreutils-prog"):
        _, equals, name = first.partition("=")
        call.run([plain(name, call.span), *args[1:]] if equals else args[1:])
    elif first is not None and first.startswith("--"):
        if first not in {"--list", "--list-full", "--help", "--version"}:
            call.opaque("installs links to itself")
    elif first in _OWN_SERVERS:
        call.say(Listen())
        call.opaque("a server of its own, for the files that it is given")
    elif args:
        call.output = call.run(args)


_OWN_SERVERS = frozenset(
    "httpd ftpd tftpd telnetd inetd tcpsvd udpsvd crond dnsd udhcpd syslogd klogd".split()
)
"""Applets that are called like another program, or like none that is described."""


def _daemon(call: Call) -> None:
    """``start-stop-daemon``: what it starts is named by an option, its arguments follow ``--``."""
    parsed = call.parse(
        grammar(
            "x exec a startas p pidfile n name u user g group c chuid d chdir r chroot N nicelevel P procsched I iosched k umask "
            "s signal R retry notify-timeout O output pid ppid",
            flags="S start K stop T status H help V version C no-close b background notify-await t test o oknodo q quiet m "
            "make-pidfile remove-pidfile v verbose",
        )
    )
    if parsed.has("H", "help", "V", "version"):
        return
    doubts(call, parsed)
    call.write(*parsed.values("O", "output"))
    if parsed.has("K", "stop"):
        call.say(KillProcess(target="?"))
    if parsed.has("c", "chuid", "r", "chroot"):
        call.say(GainPrivilege(detail="another user or another root"))
    program = parsed.values("a", "startas") or parsed.values("x", "exec")
    if program and parsed.has("S", "start"):
        call.run([program[-1], *parsed.operands])


def _through_proxy(call: Call) -> None:
    """Where it connects to is chosen by a configuration, not by what the program is told."""
    call.connect("?", upload=True)
    wrapper(takes="f u p a P", flags="q i d shell isolate")(call)


def _with_password(call: Call) -> None:
    call.read(*call.parse(grammar("p f d P", flags="e v h V", stops=True)).values("f"))
    wrapper(takes="p f d P", flags="e v h", prints="h V")(call)


def _autossh(call: Call) -> None:
    call.say(Listen())
    args = list(call.args)
    while args and (args[0].static or "") in {"-f", "-V"}:
        args.pop(0)
    if args and (args[0].static or "").startswith("-M"):
        del args[: 2 if args[0].static == "-M" else 1]
    call.run([plain("ssh", call.span), *args])


def _run_parts(call: Call) -> None:
    parsed = call.parse(
        grammar(
            "a arg u umask regex",
            flags="test list v verbose d debug report reverse exit-on-error new-session stdin lsbsysinit h V",
        )
    )
    if not parsed.has("test", "list", "h", "V", "help", "version"):
        call.opaque("runs every program in a directory")


def _on_change(call: Call) -> None:
    """``entr``: runs it again whenever a file changes whose name it got; ``/_`` is that name."""
    parsed = call.parse(grammar(flags="a c d n p r s x z", stops=True))
    doubts(call, parsed)
    named = Field((Hole("a file that changed"),), call.span)
    if parsed.has("s"):
        for field in parsed.operands[:1]:
            call.run_text(field)
    elif parsed.operands:
        call.run([named if field.static == "/_" else field for field in parsed.operands], stdin=())


_UL = "h V"
HANDLERS: dict[str, Callable[[Call], None]] = {
    "env": _env, "genv": _env,
    "sudo": _sudo, "doas": wrapper(takes="C u a", flags="L n s", privilege="doas", shell=True), "dzdo": _sudo,
    "pkexec": wrapper(takes="user", flags="disable-internal-agent keep-cwd", privilege="pkexec", shell=True),
    "gosu": wrapper(skip=1, privilege="another user"), "su-exec": wrapper(skip=1, privilege="another user"), "setuidgid": wrapper(skip=1, privilege="another user"), "s6-setuidgid": wrapper(skip=1, privilege="another user"), "pfexec": wrapper(privilege="another user"),
    "chpst": wrapper(privilege="another user", takes="u U b e / C n l L m d o p f c r t", flags="v V P 0 1 2", chdir="C"),
    "nice": wrapper(takes="n adjustment", flags="0 1 2 3 4 5 6 7 8 9"), "gnice": wrapper(takes="n adjustment"),
    "nohup": wrapper(), "setsid": wrapper(flags="c ctty f fork w wait", prints=_UL),
    "stdbuf": wrapper(takes="i o e input output error"), "gstdbuf": wrapper(takes="i o e input output error"),
    "unbuffer": wrapper(flags="p"), "time": wrapper(takes="f format", writes="o output", flags="a append p portability v verbose q quiet l h", prints="V"),
    "gtime": wrapper(takes="f format", writes="o output", flags="a append p portability v verbose q quiet", prints="V"),
    "timeout": wrapper(takes="k s kill-after signal", flags="foreground preserve-status v verbose p f", skip=1, number=True),
    "gtimeout": wrapper(takes="k s kill-after signal", flags="foreground preserve-status v verbose p f", skip=1, number=True),
    "ionice": wrapper(takes="c n class classdata p pid P pgid u uid", flags="t ignore", acts="p pid P pgid u uid", prints=_UL),
    "chrt": wrapper(takes="T sched-runtime P sched-period D sched-deadline", flags="a all-tasks m max v verbose b batch d deadline e ext f fifo i idle "
                    "o other r rr R reset-on-fork", acts="p pid", skip=1, number=True, prints=_UL),
    "taskset": wrapper(flags="a all-tasks c cpu-list", acts="p pid", skip=1, number=True, prints=_UL),
    "numactl": wrapper(takes="i interleave w weighted-interleave p preferred P preferred-many m membind C physcpubind N cpunodebind",
                       flags="a all l localalloc b balancing s show H hardware", opaque="S shm f file"),
    "prlimit": wrapper(takes="p pid o output", optional="c core d data e nice f fsize i sigpending l memlock m rss n nofile q msgqueue r rtprio s "
                       "stack t cpu u nproc v as x locks y rttime", flags="noheadings raw verbose", acts="p pid", prints=_UL),
    "choom": wrapper(takes="n adjust p pid", acts="p pid", prints=_UL), "caffeinate": wrapper(takes="t w", flags="d i m s u"),
    "uclampset": wrapper(takes="m M p pid", flags="a s R v", acts="p pid s", prints=_UL), "coresched": wrapper(takes="s d t"),
    "setpriv": wrapper(takes="ambient-caps inh-caps bounding-set ruid euid rgid egid reuid regid groups securebits pdeathsig ptracer selinux-label "
                       "apparmor-profile landlock-access landlock-rule seccomp-filter", flags="nnp no-new-privs clear-groups keep-groups init-groups "
                       "reset-env", prints="d dump list-caps h V", privilege="setpriv: other users, groups or capabilities"),
    "setarch": _setarch, "linux64": _setarch, "linux32": _setarch, "i386": _setarch, "x86_64": _setarch, "uname26": _setarch,
    "catchsegv": wrapper(), "eatmydata": wrapper(), "faketime": wrapper(takes="m p f x", flags="exclude-monotonic", skip=1),
    "xvfb-run": wrapper(takes="e f n p s w error-file auth-file server-num xauth-protocol server-args wait", flags="a auto-servernum l listen-tcp",
                        prints="h"),
    "dbus-run-session": wrapper(takes="config-file dbus-daemon", opaque="dbus-daemon config-file"), "dbus-launch": wrapper(any_long=True),
    "fakeroot": wrapper(takes="l lib f faked i s b fd-base", flags="u unknown-is-real", opaque="l lib f faked", prints="h v", shell=True),
    "fakechroot": wrapper(takes="l lib d elfloader s use-system-libs e environment c config-dir b bindir", opaque="l d e c b", shell=True),
    "chronic": wrapper(flags="v e"), "rlwrap": wrapper(flags="a A c C i n N r R s v e", opaque="z filter"),
    "cpulimit": wrapper(takes="l limit p pid e exe P path c cpu m", flags="z lazy i include-children f foreground v verbose k kill r restore s", acts="p pid e exe P path"),
    "daemonize": wrapper(takes="p l u E", flags="a v", writes="e o", chdir="c"), "daemon": wrapper(any_long=True, takes="n o O E F r u X"),
    "setlock": wrapper(flags="n N x X", skip=1), "softlimit": wrapper(takes="a c d f l m o p r s t"), "envdir": wrapper(skip=1, opaque="d"),
    "envuidgid": wrapper(skip=1, privilege="another user"), "pgrphack": wrapper(), "tini": wrapper(takes="p e", flags="s v w g h l"), "dumb-init": wrapper(takes="r rewrite", flags="c single-child v verbose", prints="h V"),
    "catatonit": wrapper(flags="g P L"), "systemd-inhibit": wrapper(takes="what who why mode", flags="no-pager no-legend list", prints="h"),
    "systemd-cat": wrapper(takes="t identifier p priority stderr-priority level-prefix"), "cgexec": wrapper(takes="g", flags="sticky"),
    "torsocks": _through_proxy, "torify": _through_proxy, "proxychains": _through_proxy, "proxychains4": _through_proxy, "tsocks": _through_proxy,
    "sshpass": _with_password, "autossh": _autossh, "start-stop-daemon": _daemon, "run-parts": _run_parts,
    "unshare": _entered, "nsenter": _entered, "chroot": _entered, "proot": _entered, "systemd-nspawn": _debugger, "bwrap": _bwrap, "firejail": _firejail,
    "capsh": _capsh, "strace": _traced, "ltrace": _traced, "perf": _perf, "gdb": _debugger, "lldb": _debugger, "rr": _debugger, "valgrind": _valgrind,
    "ld.so": _loader, "ld-linux.so": _loader, "ld-linux-x86-64.so": _loader, "ld-linux-aarch64.so": _loader, "ld-musl-x86_64.so": _loader,
    "busybox": _multicall, "toybox": _multicall, "coreutils": _multicall, "entr": _on_change, "direnv": _direnv, "nix-shell": _debugger,
    "winpty": wrapper(any_long=True),
}  # fmt: skip
