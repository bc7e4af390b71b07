"""Whether the kernel has ended a process of a container for want of memory: not every engine says so.

An engine removes the control group soon after its last process. So the counter is opened while somebody is in it, and
read as soon as everybody has ended.
"""

import os

_MOUNTED = "/sys/fs/cgroup"
_WORD = b"oom_kill"


class Killings:
    """``close`` must be called."""

    def __init__(self, pid: int) -> None:
        self._file = _opened(pid)
        # A rootless engine without control groups leaves a container in one that others are in too.
        self._before = self._count()
        self._seen = False

    def seen(self) -> bool:
        """False where it cannot be known."""
        self._seen = self._seen or self._count() > self._before
        return self._seen

    def _count(self) -> int:
        """0 where it cannot be known, and when the group is gone."""
        if self._file < 0:
            return 0
        try:
            lines = [line.split() for line in os.pread(self._file, 4096, 0).splitlines()]
        except OSError:
            return 0
        return next((int(words[1]) for words in lines if words[:1] == [_WORD] and words[1:]), 0)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _opened(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/cgroup", encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                _, controllers, path = line.rstrip("\n").split(":", 2)
                if "memory" in controllers.split(","):
                    name = f"{_MOUNTED}/memory{path}/memory.oom_control"
                elif not controllers:
                    name = f"{_MOUNTED}{path}/memory.events"
                else:
                    continue
                try:
                    return os.open(name, os.O_RDONLY | os.O_CLOEXEC)
                except OSError:
                    continue  # of two hierarchies beside each other, one counts memory
    except (OSError, ValueError):
        pass
    return -1
