"""Between the command's outputs and the caller's: a counting relay where a limit asks for one, and the terminal.

Nothing is kept back: what can be read is written as soon as the caller takes it. Nothing here blocks, so that a caller
who does not read stops the command as a full pipe would, and neither limits nor signals.
"""

import contextlib
import fcntl
import os
import select
import stat
import termios
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.backends import _terminal
from sandbox.spec import Stdio

_CHUNK = 65536
_PIECE = 4096
"""A pipe that says it can be written takes this much without blocking."""


@dataclass(slots=True)
class _Lane:
    source: int
    target: int
    whole: bool
    """A regular file takes any amount."""
    owned: bool = True
    """Whether the source is to be closed by us."""
    pending: bytearray = field(default_factory=bytearray)
    ended: bool = False


class Streams:
    """One run's. ``given`` are the descriptors for the command; ``close_theirs`` once it has them."""

    def __init__(
        self, stdio: Stdio, most: int | None, make: Callable[[], tuple[int, int]] | None = None
    ) -> None:
        """``make`` gives both ends of a pipe that has a name; then there is one even where nothing is counted."""
        self._most, self._carried = most, 0
        self._make = make
        self.over = False
        """The output limit is passed: what fitted has been passed on."""
        self._lanes: list[_Lane] = []
        self._theirs: list[int] = []
        self.plan = _terminal.plan(stdio.stdin, stdio.stdout, stdio.stderr)
        self.keyboard: _terminal.Keyboard | None = None
        self._master = -1
        self._typed = bytearray()
        self._stdio = stdio
        in_terminal = self.plan.numbers if self.plan is not None else ()
        given = {0: stdio.stdin, 1: stdio.stdout, 2: stdio.stderr}
        if most is not None or make is not None:
            piped = [number for number in (1, 2) if number not in in_terminal]
            # One pipe where both go to one place, or their order would be lost.
            if len(piped) == 2 and _same(stdio.stdout, stdio.stderr):
                given[1] = given[2] = self._pipe(stdio.stdout)
            else:
                for number in piped:
                    given[number] = self._pipe(given[number])
        self.given = (given[0], given[1], given[2])

    def _pipe(self, target: int) -> int:
        reader, writer = os.pipe2(os.O_CLOEXEC) if self._make is None else self._make()
        os.set_blocking(reader, False)
        self._theirs.append(writer)
        self._lanes.append(_Lane(reader, target, stat.S_ISREG(os.fstat(target).st_mode)))
        return writer

    def close_theirs(self) -> None:
        for descriptor in self._theirs:
            os.close(descriptor)
        self._theirs.clear()

    def adopt(self, master: int) -> None:
        """The sandbox's terminal stands."""
        assert self.plan is not None
        os.set_blocking(master, False)
        self._master = master
        self._lanes.append(_Lane(master, self.plan.outer, whole=False, owned=False))
        if self.plan.interactive:
            self.keyboard = _terminal.Keyboard(self.plan.outer, self._stdio.stdin)
        self.resume()

    def resume(self) -> None:
        """At the start, and when we have been continued: the size may be another, and so may the foreground."""
        self.resize()
        if self.keyboard is not None:
            self.keyboard.give_back()
            self.keyboard.take()

    def pause(self) -> None:
        if self.keyboard is not None:
            self.keyboard.give_back()

    def resize(self) -> None:
        if self.plan is not None and self._master >= 0:
            with contextlib.suppress(OSError):
                fcntl.ioctl(self._master, termios.TIOCSWINSZ, _terminal.size_of(self.plan.outer))

    # ------------------------------------------------------------------ while it runs

    def watch(self, poll: select.poll) -> None:
        """What to wait for now."""
        wanted: dict[int, int] = {}
        for lane in self._lanes:
            if lane.ended and not lane.pending:
                continue
            if lane.pending:
                wanted[lane.target] = wanted.get(lane.target, 0) | select.POLLOUT
            else:
                wanted[lane.source] = wanted.get(lane.source, 0) | select.POLLIN
                if not lane.whole and lane.owned:
                    # Nobody reads any more: the command is to hear of it at its next write, not at the one after.
                    wanted.setdefault(lane.target, 0)
        if self.keyboard is not None and self.keyboard.open and self._master >= 0:
            if self._typed:
                wanted[self._master] = wanted.get(self._master, 0) | select.POLLOUT
            else:
                wanted[self.keyboard.source] = wanted.get(self.keyboard.source, 0) | select.POLLIN
        for descriptor, events in wanted.items():
            poll.register(descriptor, events)

    def serve(self, events: dict[int, int]) -> None:
        for lane in self._lanes:
            if events.get(lane.source, 0) & ~select.POLLOUT and not lane.pending and not lane.ended:
                self._read(lane)
            if lane.pending:
                self._write(lane)
            elif events.get(lane.target, 0) & select.POLLERR and lane.owned and not lane.ended:
                self._end(lane)
        if self.keyboard is not None and self.keyboard.open:
            if events.get(self.keyboard.source, 0) and not self._typed:
                self._type()
            if self._typed:
                with contextlib.suppress(BlockingIOError, OSError):
                    del self._typed[: os.write(self._master, self._typed)]

    def _read(self, lane: _Lane) -> None:
        try:
            chunk = os.read(lane.source, _CHUNK)
        except BlockingIOError:
            return
        except OSError:  # a terminal that nobody has open any more
            chunk = b""
        if not chunk:
            self._end(lane)
            return
        self._carried += len(chunk)
        if self._most is not None and self._carried > self._most:
            chunk = chunk[: max(0, len(chunk) - (self._carried - self._most))]
            self.over = True
            for other in self._lanes:
                self._end(other)
        lane.pending += chunk

    def _write(self, lane: _Lane) -> None:
        while lane.pending and (lane.whole or _takes(lane.target)):
            piece = lane.pending if lane.whole else lane.pending[:_PIECE]
            try:
                del lane.pending[: os.write(lane.target, piece)]
            except BlockingIOError:
                return
            except OSError:  # the reader left, or the disk is full: the command is to hear of it
                lane.pending.clear()
                self._end(lane)

    def _end(self, lane: _Lane) -> None:
        if not lane.ended:
            lane.ended = True
            if lane.owned:
                os.close(lane.source)

    def _type(self) -> None:
        assert self.keyboard is not None
        try:
            typed = os.read(self.keyboard.source, _PIECE)
        except OSError:
            typed = b""
        if not typed:  # it hung up; the signal that says so is on its way
            self.pause()
            self.keyboard = None
        self._typed += typed

    # ------------------------------------------------------------------ afterwards

    def drain(self, arrived: int) -> None:
        """Everybody inside has ended: pass on what they left. A signal is enough to give that up."""
        for lane in self._lanes:
            while not lane.ended:
                before = len(lane.pending)
                self._read(lane)
                if len(lane.pending) == before:
                    break
                if not self._push(lane, arrived):
                    return
            if not self._push(lane, arrived):
                return

    def _push(self, lane: _Lane, arrived: int) -> bool:
        while lane.pending:
            poll = select.poll()
            poll.register(lane.target, select.POLLOUT)
            poll.register(arrived, select.POLLIN)
            events = dict(poll.poll())
            if arrived in events:
                return False
            self._write(lane)
        return True

    def close(self) -> None:
        self.pause()
        self.close_theirs()
        for lane in self._lanes:
            self._end(lane)
        if self._master >= 0:
            os.close(self._master)
            self._master = -1


def _same(one: int, two: int) -> bool:
    first, second = os.fstat(one), os.fstat(two)
    return (first.st_dev, first.st_ino, first.st_rdev) == (second.st_dev, second.st_ino, second.st_rdev)


def _takes(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(0))
