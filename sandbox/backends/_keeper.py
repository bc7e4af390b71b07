"""Who belongs to a run that has no process namespace: all that descend from us. Gathers orphans, and ends everybody.

Runs after ``fork``, like ``_init``. When the caller dies it ends the run and removes its directory itself.
"""

import contextlib
import os
import resource
import shutil
import signal
import stat
import time
from collections.abc import Iterator

from sandbox.backends import _usage, _watch
from sandbox.faults import Point, reached
from sandbox.spec import Limits

_TICK_S = 0.05
_DISK_SHARE = 10
"""Looking at a tree may take a tenth of the time: a large one is looked at less often."""


class Descendants:
    """A ``_watch.Everybody``. What it has written below ``place`` is looked at: the kernel bounds only one file."""

    def __init__(self, place: str, limits: Limits) -> None:
        self._place, self._limits = place, limits
        self._before = used(place)
        self._next_look = 0.0

    def measure(self) -> _usage.Usage:
        return _usage.measure(names=descendants())

    def memory_bytes(self) -> int:
        return _usage.memory_bytes(names=descendants())

    def signal(self, number: int) -> None:
        for member in descendants():
            _tell(member, number)

    def end(self) -> None:
        end_everybody()

    def exhausted(self) -> str:
        return ""

    def passed(self, *, ended: bool = False) -> str:
        started = time.monotonic()
        if not ended and started < self._next_look:
            return ""
        size, inodes = used(self._place)
        if not ended:
            size += _nameless(descendants(), os.stat(self._place).st_dev)
        now = time.monotonic()
        self._next_look = now + max(_TICK_S, (now - started) * _DISK_SHARE)
        if size - self._before[0] >= self._limits.disk_bytes:
            return "disk"
        return "inodes" if inodes - self._before[1] >= self._limits.inodes else ""

    def abandon(self) -> None:
        end_everybody()
        shutil.rmtree(self._place, ignore_errors=True)
        reached(Point.COPY_REMOVED)
        os._exit(1)


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


def _tell(member: str, number: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(int(member), number)


def end_everybody() -> None:
    """First nobody can fork any more, then all are killed, until no child is left."""
    while True:
        members = descendants()
        for member in members:
            with contextlib.suppress(OSError, ValueError):
                resource.prlimit(int(member), resource.RLIMIT_NPROC, (0, 0))
        for member in members:
            _tell(member, signal.SIGKILL)
        if not _watch.bury():
            return
