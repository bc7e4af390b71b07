"""A person at a terminal, for tests: types, waits for what is shown, changes the size, hangs up."""

import fcntl
import os
import pty
import select
import struct
import termios
import time
from collections.abc import Callable


class Person:
    """``work`` runs in a child whose controlling terminal is ours."""

    def __init__(self, work: Callable[[], int], *, rows: int = 24, columns: int = 80) -> None:
        ready, go = os.pipe()
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            try:
                os.close(go)
                os.read(ready, 1)  # the size is set
                os.close(ready)
                os._exit(work())
            finally:
                os._exit(99)
        os.close(ready)
        self.size(rows, columns)
        os.close(go)
        self.shown = b""
        self.everything = b""

    def size(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def types(self, text: bytes) -> None:
        os.write(self.terminal, text)

    def sees(self, what: bytes, *, within: float = 60) -> None:
        end = time.monotonic() + within
        while what not in self.shown:
            assert time.monotonic() < end, f"{what!r} did not appear in {self.everything!r}"
            assert self._read(), f"it ended without {what!r}: {self.everything!r}"
        self.shown = self.shown[self.shown.index(what) + len(what) :]

    def _read(self) -> bool:
        if not select.select([self.terminal], [], [], 0.2)[0]:
            return True
        try:
            part = os.read(self.terminal, 65536)
        except OSError:
            return False
        self.shown += part
        self.everything += part
        return bool(part)

    def status(self, *, within: float = 60) -> int:
        """Of the child, once it has ended."""
        end = time.monotonic() + within
        while self._read():
            assert time.monotonic() < end, f"it did not end: {self.everything!r}"
        return os.waitstatus_to_exitcode(os.waitpid(self.child, 0)[1])

    def hangs_up(self) -> None:
        os.close(self.terminal)
