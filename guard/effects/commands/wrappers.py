"""Programs that run the rest of their arguments: the command inside is judged as if it stood alone."""

from collections.abc import Callable

from guard.effects.call import Call
from guard.effects.options import Grammar, grammar
from guard.effects.state import State, Variable
from guard.effects.values import Field, Hole, Text, Wild, plain
from guard.model.dataclass import replace
from guard.model.effect import GainPrivilege, KillProcess, PersistEnv
from guard.model.paths import KnownPath

_ENV = grammar(
    "u unset C chdir S split-string block-signal",
    optional="block-signal default-signal ignore-signal",
    stops=True,
)
_SUDO = grammar(
    "u user g group h host p prompt C close-from D chdir r role t type T command-timeout U other-user R chroot a",
    stops=True,
)
_SHELL_SHORT = frozenset("abefhkmnptuvxBCEHPTilrsDc")


def _simple(rules: Grammar, skip: int = 0) -> Callable[[Call], None]:
    """Options, ``skip`` operands of its own, then the command."""

    def handle(call: Call) -> None:
        parsed = call.parse(rules)
        if parsed.unknown:
            call.opaque(f"an option that is not known: `{parsed.unknown[0]}`")
        call.write(*parsed.values("o", "output"))
        if len(parsed.operands) > skip:
            call.run(parsed.operands[skip:])
        elif parsed.uncertain:
            call.opaque("what it runs is not known before it runs")

    return handle


def _env(call: Call) -> None:
    parsed = call.parse(_ENV)
    state = call.state
    for field in parsed.values("u", "unset"):
        if field.static is not None:
            state = state.without_variable(field.static)
    for field in parsed.values("C", "chdir"):
        state = _moved(call, field, state)
    if parsed.has("S", "split-string"):
        for field in parsed.values("S", "split-string"):
            text = field.static
            if text is None or any(char in text for char in "$\\'\""):
                call.opaque("`env -S` with text that is split in its own way")
            else:
                call.run([plain(word, field.span) for word in text.split()] + parsed.operands, state=state)
        return
    operands = list(parsed.operands)
    while operands and "=" in operands[0].prefix:
        name, _, value = operands[0].prefix.partition("=")
        rest: Text = tuple(Hole("a pattern") if isinstance(p, Wild) else p for p in operands[0].parts[1:])
        state = state.with_variable(name, Variable(((value, *rest),), exported=True))
        call.evaluator.note_injection(name, state, call.span)
        operands.pop(0)
    if operands:
        call.run(operands, state=state)


def _moved(call: Call, field: Field, state: State) -> State:
    places = tuple(path.text for path in call.paths(field, state) if isinstance(path, KnownPath))
    return replace(state, cwd=places if field.static is not None else ())


def _sudo(call: Call) -> None:
    parsed = call.parse(_SUDO)
    call.say(GainPrivilege(detail=call.name))
    state = call.state
    for field in parsed.values("D", "chdir"):
        state = _moved(call, field, state)
    if parsed.has("R", "chroot"):
        call.opaque("runs it with another root directory")
    if parsed.has("e", "edit"):
        call.write(*parsed.operands)
        return
    operands = list(parsed.operands)
    while operands and "=" in operands[0].prefix and not operands[0].prefix.startswith(("/", ".")):
        name = operands[0].prefix.partition("=")[0]
        state = state.with_variable(name, Variable(((operands[0].prefix.partition("=")[2],),), exported=True))
        call.evaluator.note_injection(name, state, call.span)
        operands.pop(0)
    if operands:
        call.run(operands, state=state)
    elif parsed.has("i", "login", "s", "shell"):
        call.opaque("a shell that takes commands")


def _su(call: Call) -> None:
    parsed = call.parse(grammar("c command s shell g group G supp-group w"))
    call.say(GainPrivilege(detail=call.name))
    for field in parsed.values("c", "command"):
        call.run_text(field)
    if not parsed.has("c", "command"):
        call.opaque("a shell that takes commands")


def _shell(call: Call) -> None:
    """``bash -c TEXT``, ``bash FILE``, or commands on its standard input."""
    args = list(call.args)
    text_next = from_stdin = False
    while args:
        word = args[0].static
        if word is None:
            call.opaque("how this shell is started is not known before it runs")
            return
        if word in {"--", "-"}:
            args.pop(0)
            break
        if word.startswith("--"):
            if word in {"--rcfile", "--init-file"}:
                call.opaque("a shell that first runs another file")
                args.pop(0)
            elif word in {"--version", "--help"}:
                return
            args.pop(0)
        elif word[:1] in {"-", "+"} and len(word) > 1:
            args.pop(0)
            if any(char in "oO" for char in word[1:]) and args:
                args.pop(0)
            if "c" in word[1:] and word[0] == "-":
                text_next = True
            if "s" in word[1:] and word[0] == "-":
                from_stdin = True
            if "i" in word[1:] or "l" in word[1:]:
                call.opaque("a shell that first runs its start-up files")
            if not set(word[1:]) <= _SHELL_SHORT | {"o", "O"}:
                call.opaque(f"an option that is not known: `{word}`")
        else:
            break
    if call.name not in {"bash", "sh", "dash", "ash"}:
        call.opaque(f"`{call.name}` reads shell text in its own way")
    if text_next:
        if not args:
            return
        positional = tuple(_text(field) for field in args[2:])
        state = replace(call.state, functions=dict(call.state.functions), positional=positional)
        if len(args) > 1:
            state = replace(state, name=_text(args[1]))
        call.run_text(args[0], state=state)
    elif args and not from_stdin:
        call.run_file(args[0], args=args[1:], shell=True)
    else:
        call.evaluator.run_stdin(call, replace(call.state, positional=tuple(_text(field) for field in args)))


def _text(field: Field) -> Text:
    from guard.effects.values import Hole  # noqa: PLC0415 - named here only

    return tuple(p if isinstance(p, str | Hole) else Hole("a pattern or a pipe") for p in field.parts) or (
        "",
    )


def _loader(call: Call) -> None:
    """The dynamic linker runs any file that it is given, executable or not."""
    parsed = call.parse(
        grammar(
            "library-path inhibit-rpath audit preload argv0 glibc-hwcaps-prepend glibc-hwcaps-mask",
            stops=True,
        )
    )
    if parsed.has("preload", "audit", "library-path", "inhibit-rpath"):
        call.opaque("loads libraries that it is told to")
    if parsed.has("list", "verify", "help", "version", "list-tunables", "list-diagnostics"):
        return
    if not parsed.operands:
        return
    first = parsed.operands[0]
    if first.static is not None and "/" not in first.static:
        first = plain("./" + first.static, first.span)
    call.run([first, *parsed.operands[1:]])


def _busybox(call: Call) -> None:
    if call.args and (call.args[0].static or "-").startswith("--"):
        if call.args[0].static in {"--list", "--help"}:
            return
        call.opaque("installs links to itself")
        return
    if call.args:
        call.run(call.args)


def _timeout(call: Call) -> None:
    _simple(grammar("k kill-after s signal", stops=True), skip=1)(call)


def _watch(call: Call) -> None:
    parsed = call.parse(grammar("n interval q", stops=True))
    if parsed.has("x", "exec"):
        call.run(parsed.operands)
    elif parsed.operands:
        call.run_text(_joined(call, parsed.operands))


def _joined(call: Call, fields: list[Field]) -> Field:
    parts: list[object] = []
    for index, field in enumerate(fields):
        if index:
            parts.append(" ")
        parts.extend(field.parts)
    return Field(tuple(parts), call.span, open=any(field.open for field in fields))  # type: ignore[arg-type]


def _flock(call: Call) -> None:
    parsed = call.parse(grammar("w timeout E conflict-exit-code c command", stops=True))
    call.write(*parsed.operands[:1], append=True)
    texts = parsed.values("c", "command")
    rest = parsed.operands[1:]
    if rest and rest[0].static in {"-c", "--command"} and len(rest) > 1:
        texts, rest = [rest[1]], []
    for field in texts:
        call.run_text(field)
    if rest:
        call.run(rest)


def _script(call: Call) -> None:
    parsed = call.parse(
        grammar("c command E I O B T m o log-in log-out log-io log-timing", optional="t timing")
    )
    call.write(
        *parsed.operands[:1], *parsed.values("I", "O", "B", "T", "log-in", "log-out", "log-io", "log-timing")
    )
    for field in parsed.values("c", "command"):
        call.run_text(field)
    if not parsed.has("c", "command"):
        call.opaque("a shell that takes commands")


def _entered(call: Call) -> None:
    """Namespaces and roots: the command sees another machine than the one we looked at."""
    call.say(GainPrivilege(detail=f"{call.name}: another set of namespaces or another root"))
    parsed = call.parse(
        grammar(
            "t target S setuid G setgid w wd wdns R root userspec groups map-user map-group propagation",
            stops=True,
        )
    )
    skip = 1 if call.name == "chroot" else 0
    if len(parsed.operands) > skip:
        call.opaque("paths inside it are not the paths that we can look at")
        call.run(parsed.operands[skip:])


def _traced(call: Call) -> None:
    parsed = call.parse(grammar("e o p s a b E I O P S u U X trace output attach", stops=True))
    call.write(*parsed.values("o", "output"))
    if parsed.has("p", "attach"):
        call.say(KillProcess(target="?"))
    if parsed.has("inject"):
        call.opaque("changes what system calls do")
    if parsed.operands:
        call.run(parsed.operands)


def _debugger(call: Call) -> None:
    call.opaque("runs commands of a debugger")


def _later(call: Call) -> None:
    """``at``, ``batch``: runs it when nobody looks."""
    call.say(PersistEnv(detail="a job that runs later"))
    text = call.stdin
    if text is not None and all(isinstance(part, str) for part in text) and text:
        call.run_text(text)
    else:
        call.opaque("a job whose commands are not known")


def _crontab(call: Call) -> None:
    parsed = call.parse(grammar("u s"))
    if parsed.has("l"):
        return
    call.say(PersistEnv(detail="jobs that run later"))
    call.read(*parsed.operands)


def _unit(call: Call) -> None:
    call.say(PersistEnv(detail="a unit that runs outside of what we can see"))
    parsed = call.parse(
        grammar(
            "p property u unit uid gid nice E setenv M machine slice on-active on-boot on-calendar description",
            stops=True,
        )
    )
    call.opaque("runs it outside of the session")
    if parsed.operands:
        call.run(parsed.operands)


def _terminal(call: Call) -> None:
    statics = call.statics
    if any(
        text
        in {
            "ls",
            "list-sessions",
            "-ls",
            "-list",
            "-V",
            "display-message",
            "list-windows",
            "list-panes",
            "has-session",
        }
        for text in statics
    ):
        return
    call.opaque("commands in a terminal that we do not see")


def _guard(call: Call) -> None:
    """The guard itself: what an agent may ask of it, and what only a person may do."""
    names = [field.static for field in call.args if not (field.static or "-").startswith("-")]
    action = names[0] if names else ""
    if action in {"check", "explain", "audit", "doctor", "demo", "completion", None, ""} or call.statics in (
        ["--help"],
        ["--version"],
    ):
        return
    if action == "exec":
        rest = call.statics
        if "--" in rest:
            # It is judged again when it gets there; what it would be told to run is judged here too.
            inner = call.args[rest.index("--") + 1 :]
            call.run_text(inner[0]) if len(inner) == 1 else call.run(inner)
        if any(
            text is None or text.startswith(("--level", "--workspace", "--ask"))
            for text in rest[: rest.index("--") if "--" in rest else None]
        ):
            _tamper(call, "chooses its own protection")
        return
    if action == "changes" and len(names) > 1 and names[1] in {"list", "show"}:
        return
    if action == "policy" and len(names) > 1 and names[1] in {"check", "show", "schema"}:
        call.read(*[field for field in call.args[2:] if not (field.static or "-").startswith("-")])
        return
    _tamper(call, f"`guard {action}` is for a person to run")


def _tamper(call: Call, detail: str) -> None:
    from guard.model.effect import TamperGuard  # noqa: PLC0415 - rare
    from guard.model.paths import UnresolvedPath  # noqa: PLC0415 - rare

    call.emit(
        TamperGuard(
            path=UnresolvedPath("guard", "the guard itself"),
            detail=detail,
            program=call.name,
            names=call.names,
            span=call.span,
        )
    )


_PLAIN = grammar(stops=True)
HANDLERS: dict[str, Callable[[Call], None]] = {
    "env": _env, "sudo": _sudo, "doas": _sudo, "pkexec": _sudo, "run0": _sudo, "gosu": _sudo, "su-exec": _sudo, "su": _su, "runuser": _su,
    "nice": _simple(grammar("n adjustment", stops=True)), "nohup": _simple(_PLAIN), "setsid": _simple(_PLAIN),
    "stdbuf": _simple(grammar("i o e input output error", stops=True)),
    "unbuffer": _simple(_PLAIN), "time": _simple(grammar("o f output format", stops=True)), "timeout": _timeout, "gtimeout": _timeout,
    "ionice": _simple(grammar("c n p class classdata pid P u", stops=True)), "chrt": _simple(grammar("p T P D", stops=True), skip=1),
    "taskset": _simple(grammar("p", stops=True), skip=1), "caffeinate": _simple(grammar("t w", stops=True)),
    "setarch": _simple(_PLAIN), "linux64": _simple(_PLAIN), "linux32": _simple(_PLAIN), "prlimit": _simple(grammar("p", stops=True)),
    "catchsegv": _simple(_PLAIN), "xvfb-run": _simple(grammar("n s f e w p", stops=True)), "dbus-run-session": _simple(_PLAIN),
    "fakeroot": _simple(_PLAIN), "eatmydata": _simple(_PLAIN), "chronic": _simple(_PLAIN), "ts": _simple(_PLAIN),
    "hyperfine": _debugger, "watch": _watch, "flock": _flock, "script": _script, "expect": _debugger,
    "unshare": _entered, "nsenter": _entered, "chroot": _entered, "proot": _entered, "bwrap": _entered, "firejail": _entered,
    "systemd-nspawn": _entered, "capsh": _entered, "setpriv": _entered,
    "strace": _traced, "ltrace": _traced, "perf": _debugger, "gdb": _debugger, "lldb": _debugger, "valgrind": _simple(_PLAIN),
    "bash": _shell, "sh": _shell, "dash": _shell, "ash": _shell, "zsh": _shell, "ksh": _shell, "mksh": _shell, "fish": _shell,
    "csh": _shell, "tcsh": _shell, "rbash": _shell, "pwsh": _shell,
    "ld.so": _loader, "ld-linux.so": _loader, "ld-linux-x86-64.so": _loader, "ld-linux-aarch64.so": _loader, "ld-musl-x86_64.so": _loader,
    "busybox": _busybox, "toybox": _busybox,
    "at": _later, "batch": _later, "crontab": _crontab, "systemd-run": _unit, "tmux": _terminal, "screen": _terminal, "zellij": _terminal,
    "guard": _guard, "execguard": _guard, "entr": _debugger, "direnv": _debugger, "nix-shell": _debugger,
}  # fmt: skip
