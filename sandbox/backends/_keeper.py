"""Between us and a command that has no process namespace: gathers its orphans, watches limits, ends everybody.

Runs after ``fork``, like ``_init``. Its channel's end of file means that the caller died: then it ends the run and
removes its directory itself.
"""

import contextlib
import os
import resource
import select
import shutil
import signal
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.backends import _usage
from sandbox.faults import Point, reached
from sandbox.result import End, Exited, Interrupted, LimitHit
from sandbox.spec import Limits

_FIRST_TICK_S, _TICK_S, _GRACE_S = 0.02, 0.05, 2.0
_DISK_SHARE = 10
"""Looking at a tree may take a tenth of the time: a large one is looked at less often."""


@dataclass(slots=True)
class _Disk:
    """What a run has written, by looking: nothing bounds it in the kernel but the size of one file."""

    place: str
    limits: Limits
    before: tuple[int, int] = (0, 0)
    next_look: float = 0.0

    def full(self, members: list[str], *, now: bool = False) -> str:
        started = time.monotonic()
        if not now and started < self.next_look:
            return ""
        size, inodes = used(self.place)
        size += _nameless(members, os.stat(self.place).st_dev)
        ended = time.monotonic()
        self.next_look = ended + max(_TICK_S, (ended - started) * _DISK_SHARE)
        if size - self.before[0] >= self.limits.disk_bytes:
            return "disk"
        return "inodes" if inodes - self.before[1] >= self.limits.inodes else ""


def used(place: str) -> tuple[int, int]:
    """Bytes and inodes below ``place``."""
    size, inodes = 0, 0
    waiting = [place]
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    size, inodes = size + found.st_blocks * 512, inodes + 1
                    if stat.S_ISDIR(found.st_mode):
                        waiting.append(entry.path)
    return size, inodes


def _nameless(members: list[str], device: int) -> int:
    """Bytes of open files that have no name any more."""
    seen: dict[int, int] = {}
    for member in members:
        with contextlib.suppress(OSError):
            for number in os.listdir(f"/proc/{member}/fd"):
                with contextlib.suppress(OSError):
                    found = os.stat(f"/proc/{member}/fd/{number}")
                    if found.st_dev == device and found.st_nlink == 0 and stat.S_ISREG(found.st_mode):
                        seen[found.st_ino] = found.st_blocks * 512
    return sum(seen.values())


def descendants() -> list[str]:
    """Process ids of everybody below us. Orphans are below us too: we are their reaper."""
    found: list[str] = []
    waiting = [str(os.getpid())]
    while waiting:
        below = list(_children(waiting.pop()))
        found += below
        waiting += below
    return found


def _children(process: str) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{process}/task"):
            with (
                contextlib.suppress(OSError),
                open(f"/proc/{process}/task/{thread}/children", "rb") as file,
            ):
                yield from file.read().decode().split()


def until_end(command: int, channel: int, place: str, limits: Limits) -> End:
    """Return when the command has ended and nobody is left."""
    disk = _Disk(place, limits)
    disk.before = used(place)
    end, full = _wait(command, channel, disk, limits)
    end_everybody()
    full = full or disk.full([], now=True)
    return LimitHit(limit=full) if full and isinstance(end, Exited) else end


def _wait(command: int, channel: int, disk: _Disk, limits: Limits) -> tuple[End, str]:
    handle = os.pidfd_open(command)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(channel, select.POLLIN)
    deadline = None if limits.wall_s is None else time.monotonic() + limits.wall_s
    interrupted, tick, full = 0, _FIRST_TICK_S, ""
    while True:
        events = dict(poll.poll(tick * 1000))
        tick = _TICK_S
        now = time.monotonic()
        if channel in events:
            message = os.read(channel, 64)
            if not message:  # the caller died; nobody will read the copy
                end_everybody()
                shutil.rmtree(disk.place, ignore_errors=True)
                reached(Point.COPY_REMOVED)
                os._exit(1)
            if not interrupted:
                interrupted = message[0]
                for member in descendants():
                    _tell(member, interrupted)
                deadline = now + _GRACE_S
        if handle in events:
            _, status = os.waitpid(command, 0)
            return _ended(os.waitstatus_to_exitcode(status), interrupted), full
        if deadline is not None and now >= deadline:
            return (Interrupted(signal=interrupted) if interrupted else LimitHit(limit="wall")), full
        members = descendants()
        if over := _over(members, limits) or disk.full(members):
            return LimitHit(limit=over), full
        _reap(command)


def _ended(code: int, interrupted: int) -> End:
    if interrupted:
        return Interrupted(signal=interrupted)
    match code:
        case _ if code == -signal.SIGXCPU:
            return LimitHit(limit="cpu")
        case _ if code == -signal.SIGXFSZ:
            return LimitHit(limit="disk")
        case _:
            return Exited(status=code if code >= 0 else 128 - code)


def _over(members: list[str], limits: Limits) -> str:
    usage = _usage.measure(names=members)
    if limits.processes is not None and usage.tasks >= limits.processes:
        return "processes"
    if limits.cpu_s is not None:
        ours = os.times()
        if usage.cpu_s + ours.children_user + ours.children_system >= limits.cpu_s + 1:
            return "cpu"
    if (
        limits.memory_bytes is not None
        and usage.most_bytes > limits.memory_bytes
        and _usage.memory_bytes(names=members) > limits.memory_bytes
    ):
        return "memory"
    return ""


def _tell(member: str, number: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(int(member), number)


def _reap(command: int) -> None:
    """Bury orphans, but leave the command itself to its pidfd."""
    while True:
        try:
            waiting = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if waiting is None or waiting.si_pid == command:
            return
        os.waitpid(waiting.si_pid, 0)


def end_everybody() -> None:
    """First nobody can fork any more, then all are killed, until no child is left."""
    while True:
        members = descendants()
        for member in members:
            with contextlib.suppress(OSError, ValueError):
                resource.prlimit(int(member), resource.RLIMIT_NPROC, (0, 0))
        for member in members:
            _tell(member, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
