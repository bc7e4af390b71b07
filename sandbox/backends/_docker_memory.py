"""What the control group of a container says: limits that stand, and processes ended for want of memory.

Not every engine says so.

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


def bounded(pid: int, memory_bytes: int | None, processes: int | None) -> frozenset[str]:
    """Which limits stand in its control group, or in one that this is in, as they were asked for.

    An engine may take a limit, say that it keeps it, and drop it.
    """
    wanted = {
        "memory": (("memory.max", "memory.limit_in_bytes"), memory_bytes),
        "processes": (("pids.max",), None if processes is None else processes + 1),
    }
    return frozenset(
        name
        for name, (files, most) in wanted.items()
        if most is not None and any(_says(place, files, most) for place in _groups(pid))
    )


def _says(place: str, files: tuple[str, ...], most: int) -> bool:
    while place != _MOUNTED:
        for name in files:
            try:
                with open(f"{place}/{name}", encoding="ascii") as file:
                    if file.read().strip() == str(most):
                        return True
            except OSError:
                continue
        place = os.path.dirname(place)
    return False


def _groups(pid: int) -> list[str]:
    """The directories of its control groups, where they are mounted as they are everywhere."""
    found: list[str] = []
    try:
        with open(f"/proc/{pid}/cgroup", encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                _, controllers, path = line.rstrip("\n").split(":", 2)
                found.append(os.path.normpath(f"{_MOUNTED}/{controllers}/{path}"))
    except (OSError, ValueError):
        return []
    return [place for place in found if place.startswith(f"{_MOUNTED}/")]


def _opened(pid: int) -> int:
    for place in _groups(pid):
        for name in ("memory.oom_control", "memory.events"):
            try:
                return os.open(f"{place}/{name}", os.O_RDONLY | os.O_CLOEXEC)
            except OSError:
                continue  # of two hierarchies beside each other, one counts memory
    return -1
