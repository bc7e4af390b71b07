"""What the processes of a run use together: those of a pid namespace, read from its own /proc, or those named."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

_PAGE = os.sysconf("SC_PAGE_SIZE")
_MESSAGE = 64
"""What the kernel holds for one message besides its text, at least."""
_PER_TABLE_BYTE = 512
"""A page of table describes 512 pages."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    tasks: int
    """Processes and threads, the first process not counted."""
    most_bytes: int
    """Shared pages counted once per process, tables as if all space were used: an upper bound that is cheap to read."""
    cpu_s: float
    files: int
    """Open in the one process that has most."""


def measure(proc: str = "/proc", names: Iterable[str] | None = None) -> Usage:
    tasks, pages, space, ticks, files = 0, 0, 0, 0, 0
    for name in _everybody(proc) if names is None else names:
        # The name in brackets may hold anything; the numbers start behind the last bracket.
        fields = _read(f"{proc}/{name}/stat").rpartition(b")")[2].split()
        if len(fields) > 21:
            tasks += int(fields[17])
            pages += max(int(fields[21]), 0)
            space += max(int(fields[20]), 0)
            # Its own, and of what it waited for: a shell's ended children are counted nowhere else.
            ticks += sum(int(field) for field in fields[11:15])
            files = max(files, _open_files(f"{proc}/{name}/fd"))
    return Usage(
        tasks=tasks,
        most_bytes=pages * _PAGE + space // _PER_TABLE_BYTE + _between_processes(proc, names),
        cpu_s=ticks / _TICKS,
        files=files,
    )


def _open_files(directory: str) -> int:
    try:
        # Their number is the directory's size since Linux 6.2.
        return os.stat(directory).st_size or len(os.listdir(directory))
    except OSError:
        return 0


def buried_cpu_s(proc: str) -> float:
    """Of everything that the first process of the namespace has waited for."""
    fields = _read(f"{proc}/1/stat").rpartition(b")")[2].split()
    return (int(fields[13]) + int(fields[14])) / _TICKS if len(fields) > 14 else 0.0


def memory_bytes(proc: str = "/proc", names: Iterable[str] | None = None) -> int:
    """Anonymous and shared memory, shared pages divided among their users, and the tables that describe it.

    Exact, and slower to read.
    """
    total = _between_processes(proc, names)
    for name in _everybody(proc) if names is None else names:
        found = _read(f"{proc}/{name}/smaps_rollup")
        if not found:  # a process can hide this from its own user, and cannot hide what it has resident
            fields = _read(f"{proc}/{name}/statm").split()
            total += int(fields[1]) * _PAGE if len(fields) > 1 else 0
        total += _sum(found, (b"Pss_Anon:", b"Pss_Shmem:"))
        total += _sum(_read(f"{proc}/{name}/status"), (b"VmPTE:",))
    return total


def _everybody(proc: str) -> list[str]:
    return [name for name in os.listdir(proc) if name.isdigit() and name != "1"]


def _sum(text: bytes, names: tuple[bytes, ...]) -> int:
    return sum(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(names))


def _between_processes(proc: str, names: Iterable[str] | None) -> int:
    """System V memory and messages, which stay when no process holds them. Memory in use is counted twice."""
    if proc != "/proc" or names is not None:
        return 0  # from outside, these files speak of our own namespace
    messages = _column("/proc/sysvipc/msg", b"cbytes") + _column("/proc/sysvipc/msg", b"qnum") * _MESSAGE
    return _column("/proc/sysvipc/shm", b"rss") + messages


def _column(path: str, name: bytes) -> int:
    head, *lines = _read(path).splitlines() or [b""]
    names = head.split()
    if name not in names:
        return 0
    place = names.index(name)
    return sum(int(line.split()[place]) for line in lines)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""  # it ended meanwhile
