"""``guard hook AGENT``: one tool call on standard input, the answer in the agent's dialect. Imports little, fails closed.

Whatever happens here, the process says deny rather than nothing: most clients run the call when a hook only crashes.
"""

import os
import sys

from guard.agents.refusal import refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from types import FrameType

    # Imported where they are used: a module of ours that does not load must end in a deny, not in a traceback.
    from guard.agents.codec import HookCall, Reply
    from guard.agents.dialect import Dialect
    from guard.enforce.pipeline import Guard
    from guard.engine.stages import Decided
    from guard.model.proposal import Proposal, ShellProposal
else:
    # The same functions and plain numbers; `signal` makes classes of them, which costs more than the alarm is worth.
    import _signal as signal

DEADLINE_S = 20.0
AGAIN_S = 0.05
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM)
REWRITES = "--rewrites"
"""This client was seen to run what it is answered. It is said by whoever registers the hook, because no payload does."""
SAYS_DONE = "--says-done"
DONE = 91
"""What ends with 0 need not be us: a shell that starts us with ``--says-done`` takes that, and only that, for an answer."""
_KNOWN = (REWRITES, SAYS_DONE)


def help_text() -> str:
    from guard.agents.table import AGENTS  # noqa: PLC0415 - nobody who is in a hurry asks for help

    agents = "\n".join(f"  {name:<14} {about}" for name, about in AGENTS.items())
    return f"""usage: guard hook AGENT [{REWRITES}] [{SAYS_DONE}] < PAYLOAD

Answer one tool call of an agent, in its own protocol. Register it with `guard install`, do not call it by hand.

agents:
{agents}

options:
  {REWRITES}     this version of the client runs the command that we answer with; without it the clients of which no
                 payload tells their version are denied what may only run in a sandbox
  {SAYS_DONE}    end with {DONE} instead of 0, for a shell that lets nothing else through: `guard install` writes it

exit codes: 0 the answer is on standard output (nothing = no objection), 2 denied, or denied because something went wrong
"""


class _Late(BaseException):
    """The deadline, or a signal: nothing may hold the answer back."""


def main(arguments: list[str]) -> int:
    """The exit code. Takes the standard descriptors over: nothing but the answer ever reaches standard output."""
    if arguments in (["--help"], ["-h"]):
        sys.stdout.write(help_text())
        sys.stdout.flush()
        return 0
    alarm = _Alarm()
    answer = 1
    try:
        try:
            alarm.set()
            answer = _own_output()
            stdout, stderr, status = _answer(arguments)
            alarm.settle()
            if alarm.why:
                stdout, stderr, status = _refusal(alarm.why)
        except BaseException as error:  # noqa: BLE001 - a crash of ours must not let the call run
            alarm.settle()
            stdout, stderr, status = _refusal(alarm.why or _words(error))
    except BaseException as late:  # noqa: BLE001 - as above; a signal between a crash and its refusal. There is no third before this line
        alarm.settle()
        stdout, stderr, status = _refusal(alarm.why or _words(late))
    status = _send(answer, stdout, stderr, status)
    return DONE if status == 0 and SAYS_DONE in arguments else status


def _answer(arguments: list[str]) -> tuple[bytes, bytes, int]:
    from guard.agents.table import AGENTS  # noqa: PLC0415 - inside the border

    agent, options = arguments[:1], arguments[1:]
    if not agent or agent[0] not in AGENTS or any(options.count(one) > _KNOWN.count(one) for one in options):
        given = " ".join(arguments) or "nothing"
        known = ", ".join(AGENTS)
        return (
            *refusal(
                f"`guard hook {given}`: unknown agent or option; use `guard hook AGENT` with one of {known}"
            ),
            2,
        )
    if door := os.environ.get("GUARD_DOOR"):
        return _asked_outside(door, agent[0])
    reply = respond(_payload(), agent[0], rewrites=REWRITES in options)
    return reply.stdout, reply.stderr, reply.status


def _asked_outside(door: str, agent: str) -> tuple[bytes, bytes, int]:
    """Inside an enclosed session there is no policy and no log: the guard outside has both."""
    from guard.enforce.door import DoorError, ask  # noqa: PLC0415 - only inside the walls

    try:
        return ask(door, agent, _payload(), DEADLINE_S)
    except DoorError as error:
        return (*refusal(str(error)), 2)


def _words(error: BaseException) -> str:
    return str(error) if isinstance(error, _Late) else f"{type(error).__name__}: {error}"


def _refusal(why: str) -> tuple[bytes, bytes, int]:
    return (*refusal(why), 2)


def respond(payload: bytes, agent: str = "claude-code", *, rewrites: bool = False) -> "Reply":
    """Stations 1 to 7. Raises nothing that a payload can cause."""
    from guard.agents.codec import PayloadError  # noqa: PLC0415 - inside the border
    from guard.agents.table import dialect_of  # noqa: PLC0415 - as above
    from guard.errors import GuardError  # noqa: PLC0415 - as above

    dialect = dialect_of(agent)
    try:
        return _judged(dialect, dialect.read(payload), rewrites=rewrites)
    except PayloadError as error:
        return dialect.refuse(f"{error}; check which client and event this hook is registered for")
    except GuardError as error:
        return dialect.refuse(f"{error}{f'; {error.help}' if error.help else ''}")
    except OSError as error:
        return dialect.refuse(f"{error.filename or 'the machine'}: {error.strerror or error}")
    except Exception as error:  # noqa: BLE001 - whatever goes wrong with us is a deny, in words, never an allow
        return dialect.refuse(f"{type(error).__name__}: {error}")


def _judged(dialect: "Dialect", call: "HookCall", *, rewrites: bool) -> "Reply":
    # Imported here: a payload that cannot be read is answered without the engine.
    from guard.enforce.levels import best_level  # noqa: PLC0415 - as above
    from guard.enforce.pipeline import Guard  # noqa: PLC0415 - as above
    from guard.enforce.places import Places  # noqa: PLC0415 - as above
    from guard.model.dataclass import replace  # noqa: PLC0415 - as above
    from guard.model.decision import Allow, Ask, Sandbox  # noqa: PLC0415 - as above
    from guard.model.proposal import ShellProposal  # noqa: PLC0415 - as above
    from guard.model.verdict import Level  # noqa: PLC0415 - as above

    call = replace(call, rewrites=call.rewrites and (rewrites or not dialect.rewrites_since))
    places = Places.from_environment()
    advises = dialect.advises and not call.rewrites and isinstance(call.proposal, ShellProposal)
    walls = best_level(places) if call.rewrites or advises else Level.ADVICE
    level = walls if call.rewrites else Level.ADVICE
    guard = Guard.open(
        cwd=call.proposal.cwd, workspace=_project(dialect.name, call.project), level=level, places=places
    )
    if not guard.facts.workspace:
        # Only a workspace can be put into a sandbox; a home or a system directory is none.
        guard = replace(guard, facts=replace(guard.facts, level=Level.ADVICE))
    guard = guard.for_session(call.proposal.principal)
    advises = advises and walls is Level.CONTAINED and bool(guard.facts.workspace)
    inner = _advised(call.proposal, guard) if advises else None
    if inner is not None:
        # The very words that we have told it to say: what they run is judged as what runs in a sandbox.
        guard = replace(guard, facts=replace(guard.facts, level=Level.CONTAINED))
        call = replace(call, proposal=inner)
    decided = guard.decide(call.proposal)
    told_how = advises and inner is None and _wants_walls_only(decided)
    if guard.policy.reviewer is not None and not guard.policy.observes and not told_how:
        decided = guard.read_again(decided)
    rewritten = ""
    # What a person has approved may run where there is no sandbox: they were told that there is none.
    contains = not decided.facts.granted or (call.rewrites and guard.level is Level.CONTAINED)
    if contains and isinstance(decided.decision, Allow) and isinstance(decided.decision.placement, Sandbox):
        from guard.enforce.contained import contained_command  # noqa: PLC0415 - only for commands that are contained

        rewritten = contained_command(call, guard.facts.workspace, guard.policy.held_to)
    if guard.policy.observes:
        from guard.enforce.observing import of_the_guard  # noqa: PLC0415 - only for who looks on

        if not of_the_guard(decided):
            guard.record(decided, mode="observe")
            # Not an allow: that would answer the agent's own question to its person.
            return dialect.no_opinion(call)
    number = guard.record(decided).seq
    if inner is not None and isinstance(decided.decision, Allow):
        from guard.enforce.approvals import lend  # noqa: PLC0415 - as above

        if decided.facts.granted:
            lend(decided, places)
        # `guard exec` decides again, and runs it.
        return dialect.no_opinion(call)
    if told_how:
        from guard.enforce.contained import contained_command  # noqa: PLC0415 - as above

        advice = replace(call, proposal=replace(call.proposal, call=""))
        rewritten = contained_command(advice, guard.facts.workspace, guard.policy.held_to)
        return dialect.answer(call, decided, rewritten)
    if isinstance(decided.decision, Ask):
        from guard.enforce.approvals import file_ask  # noqa: PLC0415 - only for questions

        # Where the agent has no prompt of its own, `guard approve` shows it.
        file_ask(decided, number, places)
    if isinstance(decided.decision, Allow) and decided.facts.granted:
        return _approved(guard, dialect, call, decided, number, rewritten)
    return dialect.answer(call, decided, rewritten)


def _approved(
    guard: "Guard", dialect: "Dialect", call: "HookCall", decided: "Decided", number: int, rewritten: str
) -> "Reply":
    """What a person has approved in another terminal: taken here, or by the command that is run instead."""
    from guard.enforce.approvals import lend  # noqa: PLC0415 - as above
    from guard.enforce.approve import Nobody, approve  # noqa: PLC0415 - as above

    if rewritten:
        lend(decided, guard.places)
        return dialect.answer(call, decided, rewritten)
    if approve(decided, number, Nobody(), guard) is not None:
        return dialect.approved(call, decided)
    decided = guard.read_again(guard.decide(call.proposal, granted=False))
    guard.record(decided)
    return dialect.answer(call, decided, "")


def _advised(proposal: "Proposal", guard: "Guard") -> "ShellProposal | None":
    """What the words run that we tell a client to say; None for any other words, and be it by one blank."""
    from guard.enforce.contained import contained  # noqa: PLC0415 - only for commands that are contained
    from guard.model.dataclass import replace  # noqa: PLC0415 - with the engine
    from guard.model.proposal import ShellProposal  # noqa: PLC0415 - as above

    if not isinstance(proposal, ShellProposal):
        return None
    ours = replace(proposal, call="", command="")
    start = contained(ours, guard.facts.workspace, guard.policy.held_to).removesuffix("''")
    if not proposal.command.startswith(start):
        return None
    from shlex import split  # noqa: PLC0415 - only for our own words

    try:
        (command,) = split(proposal.command[len(start) :])
    except ValueError:
        return None
    inner = replace(proposal, command=command)
    words = contained(replace(inner, call=""), guard.facts.workspace, guard.policy.held_to)
    return inner if words == proposal.command else None


def _wants_walls_only(decided: "Decided") -> bool:
    from guard.engine.decide import CONTAINMENT_RULE  # noqa: PLC0415 - as above
    from guard.model.decision import Ask  # noqa: PLC0415 - as above

    return isinstance(decided.decision, Ask) and decided.decision.reasons[0].rule == CONTAINMENT_RULE


def _project(agent: str, said: str) -> str:
    """The session's own directory; the payload's follows wherever the model goes."""
    from guard.enforce.pipeline import workspace_of  # noqa: PLC0415 - with the engine
    from guard.enforce.places import home_of  # noqa: PLC0415 - as above

    # Only its own client's: another agent may have been started from one.
    project = said or (os.environ.get("CLAUDE_PROJECT_DIR", "") if agent == "claude-code" else "")
    home = os.path.realpath(home_of(os.environ))
    return workspace_of(project if project.startswith("/") else os.getcwd(), home)


def _payload() -> bytes:
    from guard.agents.codec import MAX_PAYLOAD  # noqa: PLC0415 - inside the border

    blocks: list[bytes] = []
    size = 0
    while block := os.read(0, 1 << 16):
        blocks.append(block)
        size += len(block)
        if size > MAX_PAYLOAD:
            break
    return b"".join(blocks)


class _Alarm:
    """Goes off until it is heard. What it raises in a callback of the interpreter's own, while a module loads say, is lost."""

    def __init__(self) -> None:
        self.why = ""
        self._settled = False

    def set(self) -> None:
        for number in _SIGNALS:
            signal.signal(number, self._late)
        signal.setitimer(signal.ITIMER_REAL, DEADLINE_S)

    def settle(self) -> None:
        """A signal from here on must not tear the answer."""
        self._settled = True
        for number in _SIGNALS:
            # An interpreter that ends takes its handlers away, but not this: nothing kills us between answer and exit.
            signal.signal(number, signal.SIG_IGN)

    def _late(self, number: int, _frame: "FrameType | None") -> None:
        if self._settled or (self.why and number != signal.SIGALRM):
            return
        if not self.why:
            self.why = (
                f"no answer within {DEADLINE_S:g} s"
                if number == signal.SIGALRM
                else f"interrupted by signal {number}"
            )
            signal.setitimer(signal.ITIMER_REAL, AGAIN_S, AGAIN_S)
        raise _Late(self.why)


def _own_output() -> int:
    """A descriptor that only the answer goes to; -1 when nobody gave us a standard output.

    What a library or a child prints goes to standard error: one stray line before the answer would void it.
    """
    given = [_is_open(number) for number in range(3)]
    if not all(given):
        # A file opened later must not become a standard descriptor.
        null = os.open(os.devnull, os.O_RDWR)
        os.set_inheritable(null, null < len(given))
        for number in range(3):
            if not given[number] and null != number:
                os.dup2(null, number)
    answer = os.dup(1) if given[1] else -1
    os.dup2(2, 1)
    return answer


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _send(answer: int, stdout: bytes, stderr: bytes, status: int) -> int:
    """Exit 2 is the deny that needs no output: for whatever cannot be said."""
    try:
        if answer < 0:
            status = 2
        while stdout and answer >= 0:
            stdout = stdout[os.write(answer, stdout) :]
    except OSError:
        status = 2
    try:
        if stderr:
            os.write(2, stderr)
    except OSError:
        status = 2
    return status
