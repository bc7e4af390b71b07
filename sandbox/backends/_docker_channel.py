"""Between a container that waits on this machine and the caller: pipes and a terminal of the run's own, past the engine.

The engine would carry the streams too, but it says that they have ended only when it has put the container away, and
it reads whatever is printed before a limit of ours can.
"""

import contextlib
import fcntl
import os
import select
import signal
import termios
import time
from collections.abc import Callable

from sandbox.backends import _docker_handover, _terminal
from sandbox.backends._docker_points import DockerPoint, reached
from sandbox.backends._streams import Streams
from sandbox.errors import SetupError
from sandbox.result import Interrupted, LimitHit
from sandbox.spec import Limits, Stdio

_CHUNK = 65536
_TICK_S = 0.05
_OPEN_S = 20.0
_GO = "go"
_RESIZED = (signal.SIGWINCH, signal.SIGCONT)


class Channel:
    """One run's. ``close`` must be called."""

    def __init__(
        self,
        waiting: _docker_handover.Waiting,
        handed: _docker_handover.Handed,
        stdio: Stdio,
        limits: Limits,
        owner: tuple[int, int],
    ) -> None:
        self._waiting, self._handed, self._stdio, self._limits = waiting, handed, stdio, limits
        self._place = os.open(
            "../shm", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=handed.upper
        )
        self._owner, self._names = owner, dict[int, str]()
        self.streams = Streams(stdio, limits.output_bytes, self._output)
        self._feed, self._go = -1, -1
        self._pending = b""

    def _output(self) -> tuple[int, int]:
        name = f"out{len(self._names)}"
        reader = self._named(name)
        writer = os.open(name, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._place)
        self._names[writer] = name
        return reader, writer

    def _named(self, name: str) -> int:
        """A pipe that the container sees, open for reading."""
        os.mkfifo(name, 0o600, dir_fd=self._place)
        os.chown(name, *self._owner, dir_fd=self._place)
        return os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._place)

    def tell(self, order: bytes) -> None:
        """Have the waiting shell open the streams, and then give it its order. Raises SetupError."""
        plan = self.streams.plan
        in_terminal = plan.numbers if plan is not None else ()
        words: list[str] = []
        names = [*self._names.values(), _GO]
        for number in (0, 1, 2):
            if number in in_terminal:
                words.append(f"{number}<>{self._handed.terminal_name}")
            elif number:
                words.append(f"{number}>/dev/shm/{self._names[self.streams.given[number]]}")
        if plan is not None:
            self._dress(plan)
        if 0 not in in_terminal:
            os.close(self._named("in"))
            # Both ends: the shell must not wait for us.
            self._feed = os.open("in", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._place)
            names.append("in")
            words.append("</dev/shm/in")
        os.close(self._named(_GO))
        words.append(f"3</dev/shm/{_GO}")
        first = f'trap : INT QUIT; exec {" ".join(words)}; IFS= read -r line <&3; exec 3<&-; eval "$line"\n'
        # Without the trap some shells would end as ctrl-C does although the command took it and ended otherwise.
        reached(DockerPoint.OPENED)
        with _docker_handover.opened_input(self._waiting) as shell:
            os.write(shell, first.encode())
        self._wait_for_shell()
        self.streams.close_theirs()
        for name in names:
            os.unlink(name, dir_fd=self._place)
        if self._feed >= 0:
            writer = os.open(f"/proc/self/fd/{self._feed}", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.close(self._feed)
            self._feed = writer
        if plan is not None:
            os.close(self._handed.theirs)
            self.streams.adopt(self._handed.master)
        os.set_blocking(self._go, True)
        view = memoryview(order)
        while view:
            view = view[os.write(self._go, view) :]
        os.close(self._go)
        self._go = -1

    def _dress(self, plan: _terminal.Plan) -> None:
        termios.tcsetattr(self._handed.theirs, termios.TCSANOW, plan.attributes)
        fcntl.ioctl(self._handed.theirs, termios.TIOCSWINSZ, plan.size)

    def _wait_for_shell(self) -> None:
        deadline = time.monotonic() + _OPEN_S
        while self._go < 0:
            try:
                # There is no reader until the shell has opened all the others.
                self._go = os.open(_GO, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._place)
            except OSError as error:
                if self._waiting.ended(0.0005) or time.monotonic() > deadline:
                    raise SetupError(
                        "the container's shell did not take its command",
                        primitive="hand-over",
                        fix="use an image whose /bin/sh is a POSIX shell",
                    ) from error

    def carry(self, arrived: int, over: Callable[[], str]) -> LimitHit | Interrupted | None:
        """Until the first process has ended (None), a limit is hit or a signal has arrived."""
        wall = self._limits.wall_s
        deadline = None if wall is None else time.monotonic() + wall
        looked = time.monotonic()
        while True:
            left = _TICK_S if deadline is None else min(_TICK_S, deadline - time.monotonic())
            if left <= 0:
                return LimitHit(limit="wall")
            poll = select.poll()
            poll.register(self._waiting.handle, select.POLLIN)
            poll.register(arrived, select.POLLIN)
            self.streams.watch(poll)
            if self._feed >= 0 and self._pending:
                poll.register(self._feed, select.POLLOUT)
            elif self._feed >= 0:
                poll.register(self._stdio.stdin, select.POLLIN)
            events = dict(poll.poll(left * 1000))
            if arrived in events and (number := os.read(arrived, 1)[0]) not in _RESIZED:
                return Interrupted(signal=number)
            if arrived in events:
                self.streams.resume()
            self.streams.serve(events)
            if self.streams.over:
                return LimitHit(limit="output")
            if self._waiting.handle in events:
                return None
            if self._feed >= 0 and (self._feed in events or self._stdio.stdin in events):
                self._pass_on()
            if time.monotonic() >= looked + _TICK_S:
                looked = time.monotonic()
                if limit := over():
                    return LimitHit(limit=limit)

    def _pass_on(self) -> None:
        """A piece of the caller's input; at its end the command's ends too."""
        if not self._pending:
            with contextlib.suppress(OSError):
                self._pending = os.read(self._stdio.stdin, _CHUNK)
            if not self._pending:
                os.close(self._feed)
                self._feed = -1
                return
        try:
            self._pending = self._pending[os.write(self._feed, self._pending) :]
        except BlockingIOError:
            return
        except OSError:  # nobody reads it any more
            os.close(self._feed)
            self._feed, self._pending = -1, b""

    def drain(self, arrived: int) -> bool:
        """Everybody inside has ended: pass on what they left. False when that passes the limit."""
        self.streams.drain(arrived)
        return not self.streams.over

    def close(self) -> None:
        self.streams.close()
        for descriptor in (self._feed, self._go, self._place):
            if descriptor >= 0:
                os.close(descriptor)
        self._feed = self._go = self._place = -1
