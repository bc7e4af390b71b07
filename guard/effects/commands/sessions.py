"""Programs that run something later, or in another terminal or session than ours."""

from guard.effects.call import Call
from guard.effects.commands.shells import joined
from guard.effects.commands.wrappers import doubts
from guard.effects.options import grammar
from guard.effects.values import Field, plain, static_text
from guard.model.effect import KillProcess, PersistEnv
from guard.model.typed import Callable


def _text_given(call: Call, text: str | None, why: str) -> None:
    if text is None:
        call.opaque(why)
    else:
        call.run_text((text,))


def _later(call: Call) -> None:
    """``at``, ``batch``: runs it when nobody looks."""
    parsed = call.parse(grammar("f q t", flags="V l m M r d v b c"))
    if parsed.has("l", "V", "c"):
        return
    doubts(call, parsed)
    call.say(PersistEnv(detail="a job that runs later"))
    if parsed.has("r", "d"):
        return
    files = parsed.values("f")
    for field in files:
        call.run_file(field, args=[], shell=True)
    if not files:
        known = static_text(call.stdin) if call.stdin is not None else None
        _text_given(call, known, "a job whose commands are not known")


def _crontab(call: Call) -> None:
    """Five fields, then a command; a table replaces the one before."""
    parsed = call.parse(grammar("u s n", flags="l r e i V T c"))
    if call.statics in (["-h"], ["--help"], ["--version"]):
        return
    if parsed.has("l", "V") and not parsed.has("r", "e"):
        return
    doubts(call, parsed)
    call.say(PersistEnv(detail="jobs that run later"))
    call.read(*parsed.operands)
    if parsed.has("e"):
        call.opaque("opens an editor")
    known = static_text(call.stdin) if call.stdin is not None else None
    if known is None or parsed.has("r", "e"):
        return
    for line in known.splitlines():
        words = line.split(None, 1 if line.startswith("@") else 5)
        if words and not line.lstrip().startswith("#"):
            call.run_text((words[-1],))


_UNIT = grammar(
    "p property u unit uid gid nice E setenv M machine H host slice on-active on-boot on-startup on-unit-active on-unit-inactive "
    "on-calendar timer-property path-property socket-property description service-type working-directory background",
    flags="scope user system remain-after-exit send-sighup no-block wait t pty P pipe q quiet G collect r S shell d same-dir slice-inherit "
    "no-ask-password expand-environment ignore-failure T pty-late v verbose h help version",
    optional="expand-environment",
    stops=True,
)


def _unit(call: Call) -> None:
    parsed = call.parse(_UNIT)
    if parsed.has("h", "help", "version"):
        return
    doubts(call, parsed)
    call.say(PersistEnv(detail="a unit that runs outside of what we can see"))
    call.opaque("runs it outside of the session")
    if parsed.operands:
        call.run(parsed.operands)


# ---------------------------------------------------------------------- terminals

_TMUX = grammar("c f L S T", flags="2 C D l N u v V h", stops=True)
_TMUX_LOOKS = frozenset(
    "ls list-sessions lsw list-windows lsp list-panes lsc list-clients lsk list-keys lscm list-commands lsb list-buffers has "
    "has-session capturep capture-pane showb show-buffer show show-options showenv show-environment showw show-window-options info "
    "server-info display display-message showmsgs show-messages start start-server".split()
)
_TMUX_RUNS = frozenset(
    "new new-session neww new-window splitw split-window respawnp respawn-pane respawnw respawn-window run run-shell if if-shell "
    "pipep pipe-pane popup display-popup confirm confirm-before bind bind-key set-hook source source-file set set-option".split()
)
_TMUX_RULES = grammar("b c e F f n s S t T x y l h w H W p N I", stops=True)
_KEYS = frozenset("Enter C-m C-j KPEnter".split())


def _tmux(call: Call) -> None:
    parsed = call.parse(_TMUX)
    if parsed.has("V", "h"):
        return
    doubts(call, parsed)
    for field in parsed.values("c"):
        call.run_text(field)
    if parsed.has("f"):
        call.opaque("a configuration that may run programs")
    commands: list[list[Field]] = [[]]
    for field in parsed.operands:
        text = field.static
        if text == ";":
            commands.append([])
        elif text is not None and text.endswith(";") and not text.endswith("\\;"):
            commands[-1].append(plain(text[:-1], field.span))
            commands.append([])
        else:
            commands[-1].append(field)
    for words in commands:
        _tmux_command(call, words)


def _tmux_command(call: Call, words: list[Field]) -> None:
    verb = words[0].static if words else "new-session"
    if verb in _TMUX_LOOKS and not any("#(" in field.text or field.static is None for field in words):
        return
    if verb is not None and verb.startswith(("kill-", "detach")):
        call.say(KillProcess(target="a session of tmux"))
        return
    call.opaque("commands in a terminal that we do not see")
    call.args = words[1:]
    if verb in {"send", "send-keys"}:
        # What is typed stands as it would after a prompt.
        typed = [field for field in call.parse(_TMUX_RULES).operands if field.static not in _KEYS]
        if typed and all(field.static is not None for field in typed):
            call.run_text(
                ("".join(field.static or "" if field.static != "Space" else " " for field in typed),)
            )
    elif verb in _TMUX_RUNS:
        operands = call.parse(_TMUX_RULES).operands
        if operands:
            call.run_text(joined(call, operands))
            for field in operands if len(operands) > 1 else []:
                if " " in (field.static or ""):
                    call.run_text(field)


def _screen(call: Call) -> None:
    args = list(call.args)
    statics = call.statics
    if statics[:1] in (["-ls"], ["-list"], ["-v"], ["--version"], ["--help"]):
        return
    call.opaque("commands in a terminal that we do not see")
    sent = statics.index("-X") if "-X" in statics else -1
    if sent >= 0:
        rest = args[sent + 1 :]
        if rest and rest[0].static in {"quit", "kill"}:
            call.say(KillProcess(target="a session of screen"))
        elif rest and rest[0].static in {"stuff", "exec", "screen", "eval"}:
            texts = [field.static for field in rest[1:]]
            if all(text is not None for text in texts):
                call.run_text(
                    (" ".join(text.replace("\\n", "\n").replace("^M", "\n") for text in texts if text),)
                )
        return
    while args and (args[0].static or "").startswith("-"):
        word = args.pop(0).static or ""
        if word[-1] in "cehpsStT" and word not in {"-ls", "-list"}:
            del args[:1]
    if args:
        call.run(args)


def _unseen(call: Call) -> None:
    if call.statics not in (["--version"], ["--help"], ["list-sessions"], ["ls"]):
        call.opaque("commands in a terminal that we do not see")


HANDLERS: dict[str, Callable[[Call], None]] = {
    "at": _later, "batch": _later, "crontab": _crontab, "systemd-run": _unit, "run0": _unit,
    "tmux": _tmux, "screen": _screen, "zellij": _unseen, "byobu": _tmux, "dtach": _unseen, "abduco": _unseen,
}  # fmt: skip
