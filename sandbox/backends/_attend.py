"""The caller's side of a run: hears over a channel that it started and how it ended, and passes signals on."""

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable

from sandbox.backends import _init, _kernel, _signals, _watch
from sandbox.backends._streams import Streams
from sandbox.errors import SetupError
from sandbox.faults import Point, reached
from sandbox.result import End, Exited, Interrupted, LimitHit
from sandbox.spec import Limits, Stdio

BACKSTOP_S = 10.0
"""Past the wall clock, before we stop believing in the first process of the run."""


Answer = Callable[[bytes, int], bool]


def _knows_nothing(_kind: bytes, _descriptor: int) -> bool:
    return False


def launch(
    first: Callable[[Streams, int, int], None],
    limits: Limits,
    stdio: Stdio,
    *,
    answers: Callable[[int, int], Answer] = lambda _child, _channel: _knows_nothing,
    afterwards: Callable[[bool], None] = lambda _killed: None,
) -> tuple[End, int]:
    """Fork, let the child be the ``first`` process of a run, attend it, and see that it has ended. As ``attend``.

    ``first`` is given the streams, its end of the channel and our process id, and never returns. ``answers`` is given
    its process id and our end, ``afterwards`` is called when it has ended, with whether it could not say how.
    """
    ours, theirs = _kernel.socket_pair()
    killed, kept = True, -1
    try:
        caller = os.getpid()
        with (
            _signals.arriving(_signals.JOB_CONTROL) as arrived,
            contextlib.closing(Streams(stdio, limits.output_bytes)) as streams,
        ):
            child = os.fork()
            if child == 0:
                first(streams, theirs, caller)
            reached(Point.LAUNCHER_FORKED)
            os.close(theirs)
            theirs = -1
            streams.close_theirs()
            try:
                end, kept = attend(limits, ours, arrived, answers(child, ours), streams)
                killed = end == Interrupted(signal=signal.SIGKILL)
                reached(Point.END_HEARD)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                reached(Point.LAUNCHER_BURIED)
                afterwards(killed)
            streams.drain(arrived)
            return (LimitHit(limit="output") if streams.over else end), kept
    except BaseException:
        if kept >= 0:
            os.close(kept)
        raise
    finally:
        os.close(ours)
        if theirs >= 0:
            os.close(theirs)


def attend(
    limits: Limits,
    channel: int,
    arrived: int,
    answer: Answer,
    streams: Streams,
) -> tuple[End, int]:
    """How it ended, and the descriptor that was sent when it started, or -1. Raises SetupError.

    ``answer`` is given each message that says neither, with its descriptor, and returns whether it knew it.
    """
    wall = limits.wall_s
    deadline = None if wall is None else time.monotonic() + wall + BACKSTOP_S
    upper, started, interrupted = -1, False, 0
    try:
        while True:
            poll = select.poll()
            poll.register(channel, select.POLLIN)
            poll.register(arrived, select.POLLIN)
            streams.watch(poll)
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            events = dict(poll.poll(None if left is None else left * 1000))
            if left == 0 and channel not in events:
                return LimitHit(limit="wall"), upper
            streams.serve(events)
            number = os.read(arrived, 1)[0] if arrived in events else 0
            if streams.over and not interrupted:
                number = int(signal.SIGKILL)
            match number:
                case 0:
                    pass
                case signal.SIGWINCH | signal.SIGCONT:
                    streams.resume()
                case signal.SIGTSTP:
                    _say(channel, number)
                    deadline = _stay_stopped(channel, streams, deadline)
                case _:
                    interrupted = number
                    _say(channel, interrupted)
                    deadline = time.monotonic() + BACKSTOP_S
            if channel not in events:
                continue
            message, descriptor = _receive(channel)
            match message[:1]:
                case _init.STARTED:
                    upper, started = descriptor, True
                    reached(Point.STARTED_HEARD)
                case _init.ENDED:
                    end = _init.decode_end(message)
                    # Who was told to end while the command did so by itself was told all the same.
                    unheard = interrupted and isinstance(end, Exited)
                    return (Interrupted(signal=interrupted) if unheard else end), upper
                case _init.FAILED:
                    raise _init.decode_failure(message)  # noqa: TRY301 - the handler below only closes
                case _init.TERMINAL:
                    streams.adopt(descriptor)
                case _watch.STOPPED:
                    # As the terminal would have done to all of the job.
                    deadline = _stay_stopped(channel, streams, deadline, group=True)
                case kind if kind and answer(kind, descriptor):
                    pass
                case _ if not started:
                    raise SetupError(  # noqa: TRY301 - the handler below only closes
                        "the first process of the sandbox died", primitive="launcher", fix="see dmesg"
                    )
                case _:
                    # Somebody ended our processes, and with them the command, whatever it was about to write.
                    return Interrupted(signal=interrupted or signal.SIGKILL), upper
    except BaseException:
        if upper >= 0:
            os.close(upper)
        raise


def _say(channel: int, number: int) -> None:
    with contextlib.suppress(OSError):
        os.write(channel, bytes([number]))


def _stay_stopped(
    channel: int, streams: Streams, deadline: float | None, *, group: bool = False
) -> float | None:
    """Stop as any program would, and once we are continued let the command go on. Returns the later deadline."""
    since = time.monotonic()
    streams.pause()
    # Outside of the main thread nobody stops: there, as where nobody could continue us, it goes on at once.
    with contextlib.suppress(ValueError):
        handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(0 if group else os.getpid(), signal.SIGTSTP)
        signal.signal(signal.SIGTSTP, handler)
    streams.resume()
    _say(channel, signal.SIGCONT)
    return None if deadline is None else deadline + time.monotonic() - since


def _receive(channel: int) -> tuple[bytes, int]:
    try:
        return _kernel.receive(channel)
    except ConnectionResetError:
        return b"", -1
