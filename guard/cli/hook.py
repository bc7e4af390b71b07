"""``guard hook AGENT``: one tool call on standard input, the answer in the agent's dialect. Imports little, fails closed.

Whatever happens here, the process says deny rather than nothing: most clients run the call when a hook only crashes.
"""

import os
import signal
import sys
from types import FrameType

from guard.agents import claude_code
from guard.agents.codec import MAX_PAYLOAD, HookCall, PayloadError, Reply
from guard.errors import GuardError

DEADLINE_S = 20.0
AGENTS = ("claude-code",)
HELP = """usage: guard hook AGENT < PAYLOAD

Answer one tool call of an agent, in its own protocol. Register it, do not call it by hand.

agents:
  claude-code    Claude Code, event PreToolUse, matcher "*"

exit codes: 0 the answer is on standard output (nothing = no objection), 2 denied because something went wrong
"""


class _Late(BaseException):
    """The deadline, or a signal: nothing may hold the answer back."""


def main(arguments: list[str]) -> int:
    """The exit code. Nothing but the answer is ever written to standard output."""
    if arguments in (["--help"], ["-h"]):
        sys.stdout.write(HELP)
        return 0
    try:
        _alarm()
        if len(arguments) != 1 or arguments[0] not in AGENTS:
            given = " ".join(arguments) or "nothing"
            reply = claude_code.refuse(f"`guard hook {given}`: unknown agent; use `guard hook claude-code`")
        else:
            reply = respond(_payload())
    except _Late as late:
        reply = claude_code.refuse(str(late))
    except BaseException as error:  # noqa: BLE001 - a crash of ours must not let the call run
        reply = claude_code.refuse(f"{type(error).__name__}: {error}")
    return _send(reply)


def respond(payload: bytes) -> Reply:
    """Stations 1 to 7. Raises nothing that a payload can cause."""
    try:
        call = claude_code.read(payload)
    except PayloadError as error:
        return claude_code.refuse(f"{error}; check which client and event this hook is registered for")
    # Imported here: a payload that cannot be read is answered without the engine.
    from guard.enforce.levels import best_level  # noqa: PLC0415
    from guard.enforce.pipeline import Guard  # noqa: PLC0415
    from guard.enforce.places import Places  # noqa: PLC0415
    from guard.model.decision import Allow, Sandbox  # noqa: PLC0415
    from guard.model.verdict import Level  # noqa: PLC0415

    try:
        places = Places.from_environment()
        level = best_level(places) if call.rewrites else Level.ADVICE
        guard = Guard.open(cwd=call.proposal.cwd, workspace=_project(), level=level, places=places)
        decided = guard.decide(call.proposal)
        rewritten = ""
        if isinstance(decided.decision, Allow) and isinstance(decided.decision.placement, Sandbox):
            rewritten = contained_command(call, guard.facts.workspace)
        guard.record(decided)
    except GuardError as error:
        return claude_code.refuse(f"{error}{f'; {error.help}' if error.help else ''}")
    except OSError as error:
        return claude_code.refuse(f"{error.filename or 'the machine'}: {error.strerror}")
    return claude_code.answer(call, decided, rewritten)


def contained_command(call: HookCall, workspace: str) -> str:
    """The command that decides again and runs this one in a sandbox."""
    from shlex import quote  # noqa: PLC0415 - only for commands that are contained

    proposal = call.proposal
    words = [*guard_command(), "exec", "--workspace", workspace or proposal.cwd, "--cwd", proposal.cwd]
    if proposal.call:
        words += ["--call", proposal.call]
    command = call.arguments["command"]
    return " ".join(quote(word) for word in [*words, "--", command])


def guard_command() -> list[str]:
    """How to start us again, from any directory and with any PATH."""
    program = os.path.abspath(sys.argv[0]) if sys.argv and sys.argv[0] else ""
    if os.path.basename(program) == "guard" and os.access(program, os.X_OK):
        return [program]
    return [sys.executable, "-I", "-m", "guard"]


def _project() -> str:
    """The session's own directory; the payload's follows wherever the model goes."""
    from guard.enforce.pipeline import workspace_of  # noqa: PLC0415 - with the engine

    project = os.environ.get("CLAUDE_PROJECT_DIR", "")
    home = os.path.realpath(os.path.expanduser("~"))
    return workspace_of(project if project.startswith("/") else os.getcwd(), home)


def _payload() -> bytes:
    blocks: list[bytes] = []
    size = 0
    while block := os.read(0, 1 << 16):
        blocks.append(block)
        size += len(block)
        if size > MAX_PAYLOAD:
            break
    return b"".join(blocks)


def _alarm() -> None:
    def late(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGALRM:
            raise _Late(f"no answer within {DEADLINE_S:g} s")
        raise _Late(f"interrupted by signal {number}")

    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, late)
    signal.setitimer(signal.ITIMER_REAL, DEADLINE_S)


def _send(reply: Reply) -> int:
    """One write each: never half an answer."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        if reply.stderr:
            os.write(2, reply.stderr)
        rest = reply.stdout
        while rest:
            rest = rest[os.write(1, rest) :]
    except OSError:
        # Nobody reads us: exit 2 is the deny that needs no output.
        return 2
    return reply.status
