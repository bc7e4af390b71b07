"""Waits, from beside the command, for it to end, and ends everybody when a limit is hit. Its parent runs this.

Who belongs to a run, and how they are reached, is an ``Everybody``: all of a process namespace, or who descends from us.
"""

import os
import select
import signal
import time
from typing import Protocol

from sandbox.backends import _usage
from sandbox.faults import Point, reached
from sandbox.result import End, Exited, Interrupted, LimitHit
from sandbox.spec import Limits

_FIRST_TICK_S, _TICK_S = 0.02, 0.05
_GRACE_S = 2.0
STOPPED = b"Z"
"""Told on the channel, with the number of the signal: the command was stopped from its terminal."""


class Everybody(Protocol):
    """The processes of one run, less the one that watches."""

    def measure(self) -> _usage.Usage: ...

    def memory_bytes(self) -> int: ...

    def signal(self, number: int) -> None: ...

    def end(self) -> None:
        """Kill until nobody is left."""
        ...

    def exhausted(self) -> str:
        """A quota of the writable layer that is used up, so that the kernel grants no more; or empty."""
        ...

    def passed(self, *, ended: bool = False) -> str:
        """One that only we keep, or empty: nobody may go on. ``ended``: nobody is left, so look once more."""
        ...

    def abandon(self) -> None:
        """The caller died: nobody will read the layer. Never returns."""
        ...


class Namespace:
    """Everybody of the process namespace whose first process we are. ``scratch`` holds all they can write to."""

    def __init__(self, scratch: int) -> None:
        self._scratch = scratch

    def measure(self) -> _usage.Usage:
        return _usage.measure()

    def memory_bytes(self) -> int:
        return _usage.memory_bytes()

    def signal(self, number: int) -> None:
        try:
            os.kill(-1, number)
        except ProcessLookupError:
            return

    def end(self) -> None:
        """A fork between two kills is met by the next one."""
        while True:
            self.signal(signal.SIGKILL)
            if not bury():
                return

    def exhausted(self) -> str:
        found = os.fstatvfs(self._scratch)
        if found.f_bfree == 0:
            return "disk"
        return "inodes" if found.f_ffree == 0 else ""

    def passed(self, *, ended: bool = False) -> str:
        del ended
        return ""

    def abandon(self) -> None:
        os._exit(1)


def bury() -> bool:
    """Wait for one child, and for all that have ended too. False: there is none."""
    try:
        os.waitpid(-1, 0)
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def until_end(
    command: int, channel: int, everybody: Everybody, limits: Limits, *, terminal: bool = False
) -> End:
    """Return when the command has ended and nobody is left. Its background processes end with it."""
    end = _wait(command, channel, everybody, limits, terminal=terminal)
    reached(Point.COMMAND_ENDED)
    everybody.end()
    reached(Point.EVERYBODY_ENDED)
    passed = everybody.passed(ended=True) if isinstance(end, Exited) else ""
    return LimitHit(limit=passed) if passed else end


def _wait(command: int, channel: int, everybody: Everybody, limits: Limits, *, terminal: bool) -> End:
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
            if not message:
                everybody.abandon()
            elif message[0] == signal.SIGTSTP:
                everybody.signal(signal.SIGSTOP)
                stopped = stopped or now
            elif message[0] == signal.SIGCONT:
                everybody.signal(signal.SIGCONT)
                # Time in which nobody could run does not count.
                deadline = deadline + (now - stopped) if stopped and deadline is not None else deadline
                stopped = 0.0
            elif not interrupted:
                interrupted = message[0]
                everybody.signal(interrupted)
                deadline = now + _GRACE_S
        if handle in events:
            return _ended(command, interrupted, full or everybody.exhausted())
        if terminal and not stopped and (by := _was_stopped(command)):
            stopped = now
            os.write(channel, STOPPED + bytes([by]))
        if deadline is not None and not stopped and now >= deadline:
            return Interrupted(signal=interrupted) if interrupted else LimitHit(limit="wall")
        full = full or everybody.exhausted()
        usage = everybody.measure()
        over = _over(limits, usage, everybody) or everybody.passed()
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


def _over(limits: Limits, usage: _usage.Usage, everybody: Everybody) -> str:
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
        and everybody.memory_bytes() > limits.memory_bytes
    ):
        return "memory"
    return ""


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
