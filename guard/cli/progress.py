"""How far something long has come: one line that is written over, on a terminal only, gone in the end."""

import sys
from types import TracebackType
from typing import Self

from guard.cli.output import visible


class Progress:
    def __init__(self, what: str, most: int) -> None:
        self._what = visible(what, 60)
        self._most = most
        self._done = 0
        self._shown = sys.stderr.isatty() and most > 0

    def __enter__(self) -> Self:
        self._write("")
        return self

    def step(self, note: str = "") -> None:
        self._done += 1
        self._write(f", {note}" if note else "")

    def _write(self, note: str) -> None:
        if self._shown:
            sys.stderr.write(f"\r\x1b[K{self._what} {self._done} of {self._most}{note}")
            sys.stderr.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Whoever interrupts is told so on a line of its own.
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
