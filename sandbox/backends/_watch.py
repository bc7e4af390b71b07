"""Waits, as pid 1 of the namespace, for the command to end and ends everybody when a limit is hit."""

import os
import select
import signal
import time

from sandbox.backends import _usage
from sandbox.faults import Point, reached
from sandbox.result import End, Exited, Interrupted, LimitHit
from sandbox.spec import Limits

_FIRST_TICK_S, _TICK_S = 0.02, 0.05
_GRACE_S = 2.0
STOPPED = b"Z"
"""Told on the channel, with the number of the signal: the command was stopped from its terminal."""


def until_end(command: int, channel: int, scratch: int, limits: Limits, *, terminal: bool = False) -> End:
    """Return when the command has ended and nobody is left. Its background processes end with it."""
    end = _wait(command, channel, scratch, limits, terminal=terminal)
    reached(Point.COMMAND_ENDED)
    _end_everybody()
    reached(Point.EVERYBODY_ENDED)
    return end


def _wait(command: int, channel: int, scratch: int, limits: Limits, *, terminal: bool) -> End:
    handle = os.pidfd_open(command)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(channel, select.POLLIN)
    started = time.monotonic()
    deadline = None if limits.wall_s is None else started + limits.wall_s
    interrupted, tick, full, stopped = 0, _FIRST_TICK_S, "", 0.0
    while True:
        events = dict(poll.poll(tick * 1000))
        tick = _TICK_S
        now = time.monotonic()
        if channel in events:
            message = os.read(channel, 64)
            if not message:  # the caller died; nobody will read the layer
                os._exit(1)
            if message[0] == signal.SIGTSTP:
                _signal_everybody(signal.SIGSTOP)
                stopped = stopped or now
            elif message[0] == signal.SIGCONT:
                _signal_everybody(signal.SIGCONT)
                # Time in which nobody could run does not count.
                deadline = deadline + (now - stopped) if stopped and deadline is not None else deadline
                stopped = 0.0
            elif not interrupted:
                interrupted = message[0]
                _signal_everybody(interrupted)
                deadline = now + _GRACE_S
        if handle in events:
            return _ended(command, interrupted, full or _exhausted(scratch))
        if terminal and not stopped and (by := _was_stopped(command)):
            stopped = now
            os.write(channel, STOPPED + bytes([by]))
        if deadline is not None and not stopped and now >= deadline:
            return Interrupted(signal=interrupted) if interrupted else LimitHit(limit="wall")
        full = full or _exhausted(scratch)
        usage = _usage.measure()
        over = _over(limits, usage)
        if over:
            return LimitHit(limit=over)
        if not full and limits.open_files is not None and usage.files >= limits.open_files:
            full = "open-files"
        _reap(command)


def _ended(command: int, interrupted: int, full: str) -> End:
    _, status = os.waitpid(command, 0)
    code = os.waitstatus_to_exitcode(status)
    if interrupted:
        return Interrupted(signal=interrupted)
    if code == -signal.SIGXCPU:
        return LimitHit(limit="cpu")
    if code == -signal.SIGXFSZ:
        return LimitHit(limit="disk")
    if code != 0 and full:
        return LimitHit(limit=full)
    return Exited(status=code if code >= 0 else 128 - code)


def _was_stopped(command: int) -> int:
    """The signal that has stopped it since we last asked, or 0."""
    try:
        found = os.waitid(os.P_PID, command, os.WSTOPPED | os.WNOHANG)
    except ChildProcessError:
        return 0
    return found.si_status if found is not None else 0


def _over(limits: Limits, usage: _usage.Usage) -> str:
    if limits.processes is not None and usage.tasks >= limits.processes:
        return "processes"
    if limits.cpu_s is not None:
        children = os.times()
        if usage.cpu_s + children.children_user + children.children_system >= limits.cpu_s + 1:
            return "cpu"
    # The cheap upper bound first; the exact sum only when that is over.
    if (
        limits.memory_bytes is not None
        and usage.most_bytes > limits.memory_bytes
        and _usage.memory_bytes() > limits.memory_bytes
    ):
        return "memory"
    return ""


def _exhausted(scratch: int) -> str:
    """Which quota of the writable layer is used up."""
    found = os.fstatvfs(scratch)
    if found.f_bfree == 0:
        return "disk"
    return "inodes" if found.f_ffree == 0 else ""


def _signal_everybody(number: int) -> None:
    try:
        os.kill(-1, number)
    except ProcessLookupError:
        return


def _reap(command: int) -> None:
    """Bury orphans, but leave the command itself to the pidfd."""
    while True:
        try:
            waiting = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if waiting is None or waiting.si_pid == command:
            return
        os.waitpid(waiting.si_pid, 0)


def _end_everybody() -> None:
    """Kill until no child is left: a fork between two kills is met by the next one."""
    while True:
        _signal_everybody(signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
