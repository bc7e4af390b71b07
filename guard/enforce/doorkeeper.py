"""The outer side of the door: a process that answers the hooks of one enclosed session, with decisions and nothing else.

Who asks may be hostile. Each connection is one question and one answer; what is late, long, half or malformed is a deny,
and so is what comes too often. It ends with the session, or with whoever started it.
"""

import contextlib
import os
import select
import signal
import socket
import sys
import time
from typing import Self

from guard.agents.codec import MAX_PAYLOAD, HookCall, PayloadError, Reply
from guard.agents.dialect import Dialect
from guard.agents.refusal import refusal
from guard.agents.table import AGENTS, dialect_of
from guard.audit.canonical import text_of
from guard.enforce.approvals import file_ask
from guard.enforce.approve import Nobody, approve
from guard.enforce.door import MAX_ANSWER, VERSION
from guard.enforce.observing import of_the_guard
from guard.enforce.pins import changed_record
from guard.enforce.pipeline import Guard, policy_now
from guard.engine.granted import is_granted
from guard.errors import GuardError
from guard.faults import Point, reached
from guard.model.dataclass import dataclass, replace
from guard.model.decision import Allow, Ask
from guard.model.jsons import dumps, loads
from guard.model.principal import Principal
from guard.model.proposal import Proposal, ShellProposal
from guard.model.typed import NoReturn
from guard.policy.pinned import held_to

MAX_CONNECTIONS = 32
MAX_LINE = MAX_PAYLOAD * 4 // 3 + 4096
MAX_HELD = 64 * 1024 * 1024
"""Of all questions that are not whole yet."""
PATIENCE_S = 5.0
"""For a question to arrive, and for its answer to be taken."""
DECISION_S = 15.0
BURST, RATE_PER_S, MOST = 200.0, 20.0, 50_000.0
"""Questions at once, on the long run, and of one session; a long one counts for several."""
_BYTES_OF_ONE = 16 * 1024
_END_S, _OLD_NS = 2.0, 60_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """For whom the door is kept. What a question itself says of that counts for nothing."""

    principal: Principal
    decision: int
    """Number of the record of the decision that let the session start."""
    uid: int
    """Who the session runs as."""
    judged_later: bool
    """Whether what it changes is judged before it reaches the workspace."""

    def note(self, guard: Guard, problem: str) -> None:
        """Record what went wrong; whoever asks is denied whether or not that can be written down."""
        with contextlib.suppress(GuardError):
            guard.log.append({"type": "guard.error", "decision": self.decision, "problem": text_of(problem)})


class _Late(Exception):
    pass


class Doorkeeper:
    """``with Doorkeeper(...)``: while it lasts, ``path`` is a socket at which decisions can be asked for."""

    def __init__(self, path: str, guard: Guard, asked: Asked) -> None:
        """``guard``: whose facts are those of the session."""
        self.path, self._guard, self._asked = path, guard, asked
        self._child = self._stopper = -1

    def __enter__(self) -> Self:
        """Raises OSError."""
        self._guard.places.make(os.path.dirname(self.path))
        listener = _listening(self.path, self._asked.uid)
        waits, self._stopper = os.pipe2(os.O_CLOEXEC)
        self._child = os.fork()
        if self._child == 0:
            _serve(listener, waits, self.path, Answers(self._guard, self._asked))
        reached(Point.DOORKEEPER_FORKED)
        os.close(waits)
        listener.close()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._stopper)
        handle = os.pidfd_open(self._child)
        if not select.select([handle], [], [], _END_S)[0]:
            os.kill(self._child, signal.SIGKILL)
        os.close(handle)
        status = os.waitstatus_to_exitcode(os.waitpid(self._child, 0)[1])
        if status:
            self._asked.note(
                self._guard,
                f"what answered the hooks of the session ended with {status}: they were denied since",
            )
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        reached(Point.DOORKEEPER_BURIED)


def _listening(path: str, uid: int) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    directory = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in os.listdir(directory):
            # Of a guard that was killed before anybody could have removed it.
            if _is_dead(directory, name):
                os.unlink(name, dir_fd=directory)
        # By its descriptor: an address is at most 107 bytes long, a home may be deeper.
        listener.bind(f"/proc/self/fd/{directory}/{os.path.basename(path)}")
    finally:
        os.close(directory)
    # Its directory is ours alone; inside, it is the only thing that is seen of it.
    os.chmod(path, 0o600)
    if os.getuid() != uid:
        os.chown(path, uid, -1)
    listener.listen(MAX_CONNECTIONS)
    reached(Point.DOOR_OPEN)
    return listener


def _is_dead(directory: int, name: str) -> bool:
    try:
        if time.time_ns() - os.stat(name, dir_fd=directory, follow_symlinks=False).st_mtime_ns < _OLD_NS:
            return False  # somebody may be about to listen
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
            probe.connect(f"/proc/self/fd/{directory}/{name}")
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False


def _serve(listener: socket.socket, waits: int, path: str, answers: "Answers") -> NoReturn:
    try:
        reached(Point.DOORKEEPER_BORN)
        # Nothing that is typed or sent to the session ends it, and it keeps nothing of ours open.
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP):
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, _late)
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        keep = {waits, listener.fileno()}
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 2 and int(name) not in keep:
                with contextlib.suppress(OSError):
                    os.close(int(name))
        Server(listener, waits, answers).run()
        answers.close()
        with contextlib.suppress(OSError):
            os.unlink(path)
        reached(Point.DOORKEEPER_ENDS)
    finally:
        os._exit(0)


def _late(_number: int, _frame: object) -> None:
    raise _Late


class _Talk:
    """One connection."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self.connection, self.until = connection, until
        self.heard = bytearray()
        self.to_say, self.answered = b"", False


class Server:
    """Many connections, one at a time decided."""

    def __init__(self, listener: socket.socket, waits: int, answers: "Answers") -> None:
        self._listener, self._waits, self._answers = listener, waits, answers
        self._talks: dict[int, _Talk] = {}

    def run(self) -> None:
        """Until the other end of ``waits`` is closed."""
        going_on = True
        while going_on:
            # An alarm may still go off when the decision is there.
            with contextlib.suppress(_Late):
                going_on = self._once()

    def _once(self) -> bool:
        poll = select.poll()
        poll.register(self._waits, select.POLLIN | select.POLLHUP)
        poll.register(self._listener, select.POLLIN)
        for number, talk in self._talks.items():
            poll.register(number, select.POLLOUT if talk.answered else select.POLLIN)
        events = dict(poll.poll(1000 if self._talks else None))
        if self._waits in events:
            return False
        if self._listener.fileno() in events:
            self._accept()
        for number in events:
            if number in self._talks:
                self._attend(number, self._talks[number])
        now = time.monotonic()
        for number in [number for number, talk in self._talks.items() if talk.until < now]:
            self._close(number)
        return True

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return  # who asked is gone, or there are no descriptors left: the next one may be luckier
        if not self._answers.is_theirs(connection):
            connection.close()
            return
        if len(self._talks) >= MAX_CONNECTIONS:
            # A hook says all it has to say at once; who has waited longest has not.
            self._close(min(self._talks, key=lambda number: self._talks[number].until))
        connection.setblocking(False)
        talk = _Talk(connection, time.monotonic() + PATIENCE_S)
        self._talks[connection.fileno()] = talk
        self._attend(connection.fileno(), talk)

    def _attend(self, number: int, talk: _Talk) -> None:
        try:
            if not talk.answered:
                self._hear(talk)
            if talk.answered:
                talk.to_say = talk.to_say[talk.connection.send(talk.to_say) :]
                if not talk.to_say:
                    self._close(number)
        except BlockingIOError:
            return
        except OSError:
            self._close(number)

    def _hear(self, talk: _Talk) -> None:
        part = talk.connection.recv(1 << 16)
        talk.heard += part
        if b"\n" in part:
            line, _, more = talk.heard.partition(b"\n")
            answer = self._answers.refused("there is more than one line") if more else self._ask(bytes(line))
        elif not part:
            answer = self._answers.refused("the question ends in the middle")
        elif len(talk.heard) > MAX_LINE or sum(len(talk.heard) for talk in self._talks.values()) > MAX_HELD:
            answer = self._answers.refused("the question is longer than any")
        else:
            return
        talk.heard.clear()
        # Whoever goes on talking is told so at once.
        with contextlib.suppress(OSError):
            talk.connection.shutdown(socket.SHUT_RD)
        talk.to_say, talk.answered, talk.until = answer, True, time.monotonic() + PATIENCE_S

    def _ask(self, line: bytes) -> bytes:
        signal.setitimer(signal.ITIMER_REAL, DECISION_S)
        try:
            return self._answers.answer(line)
        except _Late:
            return self._answers.refused(f"no decision within {DECISION_S:g} s")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _close(self, number: int) -> None:
        self._talks.pop(number).connection.close()


class _Passed:
    """Commands that a hook has asked about and that may run, each as often as it did; the oldest are forgotten."""

    MOST = 256

    def __init__(self) -> None:
        self._commands: list[str] = []

    def add(self, command: str) -> None:
        self._commands = [*self._commands[1 - self.MOST :], command]

    def take(self, command: str) -> bool:
        if command not in self._commands:
            return False
        self._commands.remove(command)
        return True


class Answers:
    """Stations 1 to 7 for one session."""

    def __init__(self, guard: Guard, asked: Asked) -> None:
        self._guard, self._asked = guard, asked
        self._left, self._filled, self._spent = BURST, time.monotonic(), 0.0
        self._turned_away = 0
        self._changed: tuple[str, Guard] | None = None
        self._told: set[str] = set()
        self._passed = _Passed()

    def is_theirs(self, connection: socket.socket) -> bool:
        """Whether somebody of the session's own user asks."""
        found = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return int.from_bytes(found[4:8], sys.byteorder) == self._asked.uid

    def answer(self, line: bytes) -> bytes:
        """Never raises for anything that a question can hold."""
        try:
            if not self._may_ask(len(line)):
                return self.refused("this session asks too often; it is not looked at any more, wait a while")
            return _line(self._judged(line))
        except PayloadError as error:
            return self.refused(f"{error}; check which client and event this hook is registered for")
        except GuardError as error:
            return self.refused(f"{error}{f'; {error.help}' if error.help else ''}")
        except _Late:
            raise
        except Exception as error:  # noqa: BLE001 - whatever goes wrong with us is a deny, in words, never an allow
            return self.refused(f"{type(error).__name__}: {error}")

    def refused(self, problem: str) -> bytes:
        return _line(_refused(problem))

    def close(self) -> None:
        """Record how many were turned away."""
        if self._turned_away:
            self._asked.note(
                self._guard,
                f"{self._turned_away} questions of the session came too often and were denied unread",
            )

    def _judged(self, line: bytes) -> Reply:
        agent, payload, already = _question(line)
        dialect = dialect_of(agent)
        call = dialect.read(payload)
        # Its own word for who it is would let it count on another's account, or begin anew at each denial.
        principal = replace(self._asked.principal, subagent=call.proposal.principal.subagent)
        proposal = replace(call.proposal, principal=principal)
        guard = self._under_both()
        if already is not None and self._passed.take(already):
            # The shell that a client starts for what its hook has asked about: a person was asked then, if need be.
            return dialect.no_opinion(call)
        reply, passes = self._said(guard, dialect, call, proposal)
        if passes and already is None and isinstance(proposal, ShellProposal):
            self._passed.add(proposal.command)
        return reply

    def _said(self, guard: Guard, dialect: Dialect, call: HookCall, proposal: Proposal) -> tuple[Reply, bool]:
        """The answer, and whether the client may go on after it: at once, or when its person says yes."""
        decided = guard.decide(proposal)
        if guard.policy.observes and not of_the_guard(decided):
            guard.record(decided, mode="observe")
            return dialect.no_opinion(replace(call, proposal=proposal)), True
        decided = guard.read_again(decided)
        number = guard.record(decided).seq
        if is_granted(decided.decision):
            if approve(decided, number, Nobody(), guard) is not None:
                return dialect.approved(call, decided), True
            decided = guard.read_again(guard.decide(proposal, granted=False))
            number = guard.record(decided).seq
        if isinstance(decided.decision, Ask):
            file_ask(decided, number, guard.places)
        reply = dialect.answer_inside(
            replace(call, proposal=proposal), decided, judged_later=self._asked.judged_later
        )
        asks = isinstance(decided.decision, Ask) and dialect.asks(call)
        return reply, asks or isinstance(decided.decision, Allow)

    def _under_both(self) -> Guard:
        """Under the law that the session began under, and no looser than what stands on the disk now. Raises AuditError."""
        guard, principal = self._guard, self._asked.principal
        now, problem = policy_now(guard.facts.workspace, guard.places)
        if now.digest == guard.policy.digest:
            return guard
        if self._changed is None or self._changed[0] != now.digest:
            both = guard.under(held_to(guard.policy, now), problem)
            if now.digest not in self._told:
                guard.log.append(
                    changed_record(
                        principal.agent,
                        principal.session,
                        guard.facts.workspace,
                        guard.policy.digest,
                        now.digest,
                        both.policy.digest,
                    )
                )
                self._told.add(now.digest)
            self._changed = now.digest, both
        return self._changed[1]

    def _may_ask(self, length: int) -> bool:
        now = time.monotonic()
        self._left = min(BURST, self._left + RATE_PER_S * (now - self._filled))
        self._filled = now
        price = min(1 + length / _BYTES_OF_ONE, BURST / 2)
        if self._left < price or self._spent + price > MOST:
            if not self._turned_away:
                self._asked.note(
                    self._guard, "the session asks too often: what it asks is denied unread for a while"
                )
            self._turned_away += 1
            return False
        self._left -= price
        self._spent += price
        return True


def _refused(problem: str) -> Reply:
    stdout, stderr = refusal(problem)
    return Reply(stdout=stdout, stderr=stderr, status=2)


def _question(line: bytes) -> tuple[str, bytes, str | None]:
    """Who asks, what its client sent, and for a shell the command as its hook would have seen it. Raises PayloadError."""
    from binascii import Error, a2b_base64  # noqa: PLC0415 - beside its only use

    try:
        found = loads(line.decode("ascii"))
        version, agent, payload = (
            found["version"],
            found["agent"],
            a2b_base64(found["payload"], strict_mode=True),
        )
        already = found.pop("already", None)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, Error):
        raise PayloadError("the question is malformed") from None
    if (
        type(version) is not int
        or version != VERSION
        or agent not in AGENTS
        or len(found) != 3
        or not _is_text(already)
    ):
        raise PayloadError(
            "the hook inside is of another version, or for another agent, than the guard outside"
        )
    return agent, payload, already


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _line(reply: Reply) -> bytes:
    said = {
        "stdout": reply.stdout.decode("latin-1"),
        "stderr": reply.stderr.decode("latin-1"),
        "status": reply.status,
    }
    line = dumps(said).encode() + b"\n"
    if len(line) > MAX_ANSWER:
        return _line(_refused("the answer is too long to be said"))
    return line
