"""Turns the caller's signals into bytes on a pipe while a run is attended."""

import contextlib
import os
import signal
from collections.abc import Callable, Generator
from types import FrameType

_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
JOB_CONTROL = (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH)
"""For who can stop and continue what runs, and tell it the size of its terminal."""
_Handler = Callable[[int, FrameType | None], object] | int | signal.Handlers | None


@contextlib.contextmanager
def arriving(also: tuple[signal.Signals, ...] = ()) -> Generator[int]:
    """A descriptor that one byte arrives on for each signal to forward; none do outside the main thread.

    What nobody has read at the end, because the run had just ended, goes to whoever heard of signals before.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    before: dict[signal.Signals, _Handler] = {}
    try:
        for number in (*_FORWARDED, *also):
            if signal.getsignal(number) is not signal.SIG_IGN:  # nohup stays nohup
                before[number] = signal.signal(
                    number, lambda got, _frame: os.write(writer, bytes([got])) and None
                )
    except ValueError:
        before.clear()  # not the main thread: signals are its business
    try:
        yield reader
    finally:
        for number, handler in before.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)
        os.close(writer)
        with open(reader, "rb", buffering=0) as pipe:
            unread = pipe.read(64) or b""
        for late in unread:
            signal.raise_signal(late)
