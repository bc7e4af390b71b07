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
        self._seen = False

    def seen(self) -> bool:
        """False where it cannot be known."""
        if self._file >= 0 and not self._seen:
            try:
                lines = os.pread(self._file, 4096, 0).splitlines()
            except OSError:  # the group is gone
                return False
            self._seen = any(line.split()[:1] == [_WORD] and line.split()[1:] != [b"0"] for line in lines)
        return self._seen

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
