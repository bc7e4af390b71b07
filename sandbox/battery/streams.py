"""What an attempt has for standard input and output: pipes of ours, or files or the terminal of the host."""

import contextlib
import os
import threading
import tty
from typing import Self

from sandbox.battery.scene import LOGGED, Scene
from sandbox.spec import Stdio

MOST_OUTPUT = 16 << 20


class Streams:
    """Pipes and files of ours, or files or the terminal of the host."""

    def __init__(self, kind: str, made: Scene) -> None:
        self._kind, self._made = kind, made
        self._open: list[int] = []
        self._shown = bytearray()
        self._reader: threading.Thread | None = None

    def __enter__(self) -> Self:
        match self._kind:
            case "files":
                given = os.open(f"{self._made.host}/home/input", os.O_RDONLY)
                out = os.open(self._made.log, os.O_WRONLY | os.O_APPEND)
                self._open = [given, out]
            case "terminal":
                master, slave = os.openpty()
                tty.setraw(slave)
                given = out = slave
                self._open = [slave, master]
                self._reader = threading.Thread(target=self._drain, args=(master,), daemon=True)
                self._reader.start()
            case _:
                given = os.open(os.devnull, os.O_RDONLY)
                out = os.memfd_create("execguard-battery-output", os.MFD_CLOEXEC)
                self._open = [given, out]
        self.stdio = Stdio(stdin=given, stdout=out, stderr=out)
        return self

    def _drain(self, master: int) -> None:
        while True:
            try:
                chunk = os.read(master, 65536)
            except OSError:
                return
            self._shown += chunk

    def close(self) -> tuple[str, list[str]]:
        """What was written, and what became of the host's own ends."""
        wrong: list[str] = []
        match self._kind:
            case "files":
                with open(self._made.log, encoding="utf-8", errors="replace") as file:
                    out = file.read()
                if not out.startswith(LOGGED):
                    wrong.append("changed: what the caller's output file held")
                out = out.removeprefix(LOGGED)
            case "terminal":
                slave = self._open[0]
                os.set_blocking(slave, False)
                with contextlib.suppress(BlockingIOError):
                    wrong.append(f"typed into the terminal: {os.read(slave, 100)!r}")
                os.close(slave)
                self._open = self._open[1:]
                if self._reader is not None:
                    self._reader.join(5)
                out = self._shown.decode(errors="replace")
            case _:
                out = os.pread(self._open[1], MOST_OUTPUT, 0).decode(errors="replace")
        return out, wrong

    def __exit__(self, *_: object) -> None:
        for descriptor in self._open:
            os.close(descriptor)
