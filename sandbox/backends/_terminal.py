"""The sandbox's own terminal: made inside, relayed outside. The caller's never enters, so nobody can type into it from there.

Process 1 of the namespace holds the terminal as its session's leader, and the command is a group of that session: only
so can it be stopped with ctrl-Z (a group whose parent is in another session is never stopped by its terminal).
"""

import fcntl
import os
import signal
import struct
import termios
from dataclasses import dataclass
from typing import cast

_NO_SIZE = struct.pack("HHHH", 24, 80, 0, 0)
_TIOCSPTLCK, _TIOCGPTPEER = 0x40045431, 0x5441
_UNLOCK = struct.pack("i", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which of the command's descriptors are its terminal, and what that looks like."""

    numbers: tuple[int, ...]
    interactive: bool
    """Typing goes to it as well."""
    outer: int
    """The caller's terminal."""
    attributes: list[int | list[bytes | int]]
    size: bytes


def plan(stdin: int, stdout: int, stderr: int) -> Plan | None:
    """A terminal where the caller's output is one; typing only where input and output are."""
    outputs = tuple(n for n, descriptor in ((1, stdout), (2, stderr)) if os.isatty(descriptor))
    if not outputs:
        return None
    outer = stdout if 1 in outputs else stderr
    interactive = 1 in outputs and os.isatty(stdin)
    attributes = termios.tcgetattr(outer)
    if not interactive:
        # The caller's terminal processes the output as it is set to; twice would be once too often.
        attributes[1] = int(str(attributes[1])) & ~termios.OPOST
    return Plan(
        numbers=(0, *outputs) if interactive else outputs,
        interactive=interactive,
        outer=outer,
        attributes=attributes,
        size=size_of(outer),
    )


def size_of(terminal: int) -> bytes:
    try:
        return fcntl.ioctl(terminal, termios.TIOCGWINSZ, bytes(8))
    except OSError:
        return _NO_SIZE


def make(wanted: Plan, owner: tuple[int, int]) -> int:
    """In what will be its session's leader: put a new terminal on its descriptors. Returns the other end."""
    ours = os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    fcntl.ioctl(ours, _TIOCSPTLCK, _UNLOCK)
    theirs = fcntl.ioctl(ours, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    if os.geteuid() != owner[0]:
        os.fchown(theirs, owner[0], -1)
    termios.tcsetattr(theirs, termios.TCSANOW, wanted.attributes)
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, wanted.size)
    os.setsid()
    fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)
    for number in wanted.numbers:
        os.dup2(theirs, number, inheritable=True)
    os.close(theirs)
    return ours


def let_go() -> None:
    """In the leader, once the command has its own: the terminal must end with the last of those who use it."""
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    for number in (0, 1, 2):
        os.dup2(null, number, inheritable=False)
    os.close(null)


def come_forward(wanted: Plan) -> None:
    """In the command's process: a group of its own, in the foreground of the terminal."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(wanted.numbers[-1], os.getpid())


class Keyboard:
    """The caller's terminal while its keys go to the command: raw, and given back whenever we stop or end."""

    def __init__(self, outer: int, source: int) -> None:
        self._outer, self.source = outer, source
        self._before: list[int | list[bytes | int]] | None = None

    @property
    def open(self) -> bool:
        return self._before is not None

    def take(self) -> None:
        """Only in the foreground: in the background it is somebody else's."""
        try:
            if self._before is not None or os.tcgetpgrp(self._outer) != os.getpgrp():
                return
            before = termios.tcgetattr(self._outer)
            raw = [*before]
            raw[0] = int(str(before[0])) & ~(
                termios.IGNBRK | termios.BRKINT | termios.PARMRK | termios.ISTRIP | termios.INLCR
                | termios.IGNCR | termios.ICRNL | termios.IXON
            )  # fmt: skip
            raw[1] = int(str(before[1])) & ~termios.OPOST
            raw[3] = int(str(before[3])) & ~(
                termios.ECHO | termios.ECHONL | termios.ICANON | termios.ISIG | termios.IEXTEN
            )
            characters = list(cast("list[bytes | int]", before[6]))
            characters[termios.VMIN], characters[termios.VTIME] = 1, 0
            raw[6] = characters
            termios.tcsetattr(self._outer, termios.TCSADRAIN, raw)
        except (OSError, termios.error):
            return  # it is gone, or not ours: then there are no keys
        self._before = before

    def give_back(self) -> None:
        before, self._before = self._before, None
        if before is not None:
            try:
                termios.tcsetattr(self._outer, termios.TCSADRAIN, before)
            except (OSError, termios.error):
                return  # hung up
