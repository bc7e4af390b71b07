"""What the processes of a pid namespace use together, read from its own /proc, within it or from outside."""

import os
from dataclasses import dataclass

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    tasks: int
    """Processes and threads, the first process not counted."""
    resident_bytes: int
    """Shared pages counted once per process: an upper bound that is cheap to read."""
    cpu_s: float


def measure(proc: str = "/proc") -> Usage:
    tasks, pages, ticks = 0, 0, 0
    for name in os.listdir(proc):
        if not name.isdigit() or name == "1":
            continue
        # The name in brackets may hold anything; the numbers start behind the last bracket.
        fields = _read(f"{proc}/{name}/stat").rpartition(b")")[2].split()
        if len(fields) > 21:
            tasks += int(fields[17])
            pages += max(int(fields[21]), 0)
            # Its own, and of what it waited for: a shell's ended children are counted nowhere else.
            ticks += sum(int(field) for field in fields[11:15])
    return Usage(tasks=tasks, resident_bytes=pages * _PAGE, cpu_s=ticks / _TICKS)


def buried_cpu_s(proc: str) -> float:
    """Of everything that the first process of the namespace has waited for."""
    fields = _read(f"{proc}/1/stat").rpartition(b")")[2].split()
    return (int(fields[13]) + int(fields[14])) / _TICKS if len(fields) > 14 else 0.0


def memory_bytes(proc: str = "/proc") -> int:
    """Anonymous and shared memory, shared pages divided among their users: exact, and slower to read."""
    total = 0
    for name in os.listdir(proc):
        if name.isdigit() and name != "1":
            for line in _read(f"{proc}/{name}/smaps_rollup").splitlines():
                if line.startswith((b"Pss_Anon:", b"Pss_Shmem:")):
                    total += int(line.split()[1]) * 1024
    return total


def _read(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""  # it ended meanwhile
