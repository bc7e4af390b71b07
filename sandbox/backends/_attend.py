"""The caller's side of a run: hears over a channel that it started and how it ended, and passes signals on."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable

from sandbox.backends import _init, _kernel
from sandbox.errors import SetupError
from sandbox.result import End, Exited, Interrupted, LimitHit
from sandbox.spec import Limits

BACKSTOP_S = 10.0
"""Past the wall clock, before we stop believing in the first process of the run."""


def attend(
    limits: Limits, channel: int, arrived: int, answer: Callable[[bytes, int], bool]
) -> tuple[End, int]:
    """How it ended, and the descriptor that was sent when it started. Raises SetupError.

    ``answer`` is given each message that says neither, with its descriptor, and returns whether it knew it.
    """
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    poll.register(arrived, select.POLLIN)
    wall = limits.wall_s
    deadline = None if wall is None else time.monotonic() + wall + BACKSTOP_S
    upper, interrupted = -1, 0
    try:
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            events = dict(poll.poll(None if left is None else left * 1000))
            if not events:
                return LimitHit(limit="wall"), upper
            if arrived in events:
                interrupted = os.read(arrived, 1)[0]
                with contextlib.suppress(OSError):
                    os.write(channel, bytes([interrupted]))
                deadline = time.monotonic() + BACKSTOP_S
            if channel not in events:
                continue
            message, descriptor = _receive(channel)
            match message[:1]:
                case _init.STARTED:
                    upper = descriptor
                case _init.ENDED:
                    return _init.decode_end(message), upper
                case _init.FAILED:
                    raise _init.decode_failure(message)  # noqa: TRY301 - the handler below only closes
                case kind if kind and answer(kind, descriptor):
                    pass
                case _ if upper < 0:
                    raise SetupError(  # noqa: TRY301 - the handler below only closes
                        "the first process of the sandbox died", primitive="launcher", fix="see dmesg"
                    )
                case _:
                    end = (
                        Interrupted(signal=interrupted)
                        if interrupted
                        else Exited(status=128 + signal.SIGKILL)
                    )
                    return end, upper
    except BaseException:
        if upper >= 0:
            os.close(upper)
        raise


def _receive(channel: int) -> tuple[bytes, int]:
    try:
        return _kernel.receive(channel)
    except ConnectionResetError:
        return b"", -1
