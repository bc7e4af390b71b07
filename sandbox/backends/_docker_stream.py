"""Carries stdin, stdout and stderr between our descriptors and an attached container."""

import contextlib
import os
import select
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.result import Interrupted, LimitHit
from sandbox.spec import Limits, Stdio

_CHUNK = 65536
_HEADER = 8
_TICK_S = 0.05


@dataclass(slots=True)
class Carrier:
    """Runs until the container closes its outputs, a limit is hit or a signal has arrived."""

    attached: socket.socket
    stdio: Stdio
    limits: Limits
    arrived: int
    """A descriptor with one byte for each signal the caller got."""
    over: Callable[[], str] = str
    """Names the limit that everything inside together has passed, or nothing."""
    _pending: bytearray = field(default_factory=bytearray)
    _carried: int = 0

    def carry(self) -> LimitHit | Interrupted | None:
        """None when the command closed its outputs by itself."""
        deadline = None if self.limits.wall_s is None else time.monotonic() + self.limits.wall_s
        watched = [self.attached.fileno(), self.arrived, self.stdio.stdin]
        looked = 0.0
        while True:
            left = _TICK_S if deadline is None else min(_TICK_S, deadline - time.monotonic())
            if left <= 0:
                return LimitHit(limit="wall")
            ready, _, _ = select.select(watched, [], [], left)
            if time.monotonic() >= looked + _TICK_S:
                looked = time.monotonic()
                if limit := self.over():
                    return LimitHit(limit=limit)
            if self.arrived in ready:
                return Interrupted(signal=os.read(self.arrived, 1)[0])
            if self.stdio.stdin in ready and not self._feed():
                watched.remove(self.stdio.stdin)
            if self.attached.fileno() in ready:
                received = self.attached.recv(_CHUNK)
                if not received:
                    return None
                self._pending += received
                if self._deliver():
                    return LimitHit(limit="output")

    def _feed(self) -> bool:
        """Pass on a piece of stdin; false at its end."""
        try:
            chunk = os.read(self.stdio.stdin, _CHUNK)
        except OSError:
            chunk = b""
        with contextlib.suppress(OSError):  # the command ended without reading all of it
            if chunk:
                self.attached.sendall(chunk)
            else:
                # Not the method of a TLS socket, which would stop to decrypt.
                socket.socket.shutdown(self.attached, socket.SHUT_WR)
        return bool(chunk)

    def _deliver(self) -> bool:
        """Write out the complete frames; true when the output limit is passed."""
        while len(self._pending) >= _HEADER:
            stream, size = struct.unpack(">BxxxI", self._pending[:_HEADER])
            if len(self._pending) < _HEADER + size:
                break
            body = bytes(self._pending[_HEADER : _HEADER + size])
            del self._pending[: _HEADER + size]
            self._carried += size
            most = self.limits.output_bytes
            over = 0 if most is None else max(0, self._carried - most)
            _write(self.stdio.stderr if stream == 2 else self.stdio.stdout, body[: size - over])
            if over:
                return True
        return False


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BrokenPipeError:
            return  # the reader left; the command goes on
