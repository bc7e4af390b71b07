"""Processes and users of the machine as seen from a run that shares them: identities, counts, survivors."""

import contextlib
import os
import signal
import time

_FROM_THE_WHOLE = 0x70000000
"""Far above what anybody has been given, and below the numbers that mean "nobody"."""
_NOBODY = 65534
_PAUSE_S = 0.01


def identity() -> tuple[int, int] | None:
    """As root: a user id to which nothing on this machine belongs; None where we have no second one."""
    most = min(_mapped("uid_map"), _mapped("gid_map"))
    if most > _FROM_THE_WHOLE + 0x100000:
        first, count = _FROM_THE_WHOLE, 0x100000
    elif most > _NOBODY:
        first, count = 61184, 65520 - 61184  # what systemd keeps for users that exist only while they run
    else:
        return None
    taken = _users()
    for offset in range(count):
        number = first + (os.getpid() + offset) % count
        if number not in taken:
            return number, number
    return None


def _mapped(name: str) -> int:
    """The ids from 0 on that mean something here."""
    with contextlib.suppress(OSError, ValueError, IndexError), open(f"/proc/self/{name}", "rb") as file:
        for line in file:
            inside, _outside, count = (int(word) for word in line.split())
            if inside == 0:
                return count
    return 0


def _users() -> set[int]:
    found: set[int] = set()
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                found.add(os.stat(f"/proc/{name}").st_uid)
    return found


def tasks_of(user: int) -> int:
    """Processes and threads that run as ``user``."""
    total = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                if os.stat(f"/proc/{name}").st_uid == user:
                    total += len(os.listdir(f"/proc/{name}/task"))
    return total


def process(number: int) -> str:
    """A process by number and start time: numbers are used again."""
    with open(f"/proc/{number}/stat", "rb") as file:
        return f"{number}-{file.read().rpartition(b')')[2].split()[19].decode()}"


def runs(known: str) -> bool:
    number = known.partition("-")[0]
    try:
        return number.isdigit() and process(int(number)) == known
    except OSError:
        return False


def end_marked(name: str, value: str, *, quiet: int = 1) -> None:
    """Kill who was started with this variable, until ``quiet`` looks in a row have found nobody.

    Who is just becoming another program shows no variables for a moment: one look is not enough where somebody may be.
    """
    wanted = f"{name}={value}".encode()
    nobody = 0
    for _ in range(20 + quiet):
        found = [number for number in os.listdir("/proc") if number.isdigit() and _has(number, wanted)]
        for number in found:
            with contextlib.suppress(OSError):
                os.kill(int(number), signal.SIGKILL)
        nobody = 0 if found else nobody + 1
        if nobody >= quiet:
            return
        time.sleep(_PAUSE_S if quiet > 1 else 0)


def _has(number: str, wanted: bytes) -> bool:
    if number == str(os.getpid()):
        return False
    with contextlib.suppress(OSError), open(f"/proc/{number}/environ", "rb") as file:
        return wanted in file.read().split(b"\0")
    return False
