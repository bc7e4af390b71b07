"""Starting the worker of one command, taking its output and answering its questions. Knows no policy."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import IO, Any

from guard.errors import GuardError
from guard.library.answers import Question, Ran, decision_of, outcome_of

_WORKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "worker.py")
_GRACE_S = 15.0
"""For a sandbox to be taken apart."""
_DRAIN_S = 2.0
"""For output of what the host still runs after the command itself has ended."""
Asked = Callable[[Question], bool]


class Running:
    """One command, run by :meth:`finish` in the thread that calls it; :meth:`stop` is for another one."""

    def __init__(self, asked: dict[str, Any], *, given: bytes, output_bytes: int, ask: Asked | None) -> None:
        self._asked, self._given, self._ask = asked, given, ask
        self._output_bytes = output_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._stopped = False

    def stop(self) -> None:
        """End it as SIGTERM does; what it has changed by then is judged as always. May be called from any thread, and again."""
        with self._lock:
            self._stopped = True
            process = self._process
        if process is None or process.poll() is not None:
            return
        process.terminate()
        killer = threading.Timer(_GRACE_S, process.kill)
        killer.daemon = True
        killer.start()

    def finish(self, timeout_s: float | None = None) -> Ran:
        """Raises GuardError when the guard failed: then nothing was run, or its changes were not applied."""
        here, there = socket.socketpair()
        with here:
            with there:
                process = self._start(there)
            timer = threading.Timer(timeout_s, self.stop) if timeout_s is not None else None
            if timer is not None:
                timer.daemon = True
                timer.start()
            outputs = [
                _Kept(stream, self._output_bytes) for stream in (process.stdout, process.stderr) if stream
            ]
            feeder = threading.Thread(target=_feed, args=(process.stdin, self._given), daemon=True)
            feeder.start()
            try:
                last = self._talk(here)
            finally:
                if timer is not None:
                    timer.cancel()
                if sys.exc_info()[0] is not None:
                    self.stop()
                here.close()
                process.wait()
                for output in outputs:
                    output.close()
        return self._ran(last, outputs, process.returncode)

    def _start(self, there: socket.socket) -> "subprocess.Popen[bytes]":
        if not sys.executable:
            raise GuardError(
                "this interpreter does not know its own path", help_="run commands with `guard exec`"
            )
        with self._lock:
            if self._stopped:
                raise GuardError("it was stopped before it was started")
            # -I: nothing of the workspace may load in a process that runs outside of the walls.
            self._process = subprocess.Popen(
                [sys.executable, "-I", _WORKER, str(there.fileno())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(there.fileno(),),
                # A terminal's Ctrl-C is for the program, which decides what it means for its commands.
                start_new_session=True,
            )
            return self._process

    def _talk(self, here: socket.socket) -> dict[str, Any]:
        # A connection that breaks has lost its last words, and that is said in the end.
        with (
            contextlib.suppress(ConnectionError),
            here.makefile("rw", encoding="utf-8", errors="surrogateescape") as channel,
        ):
            channel.write(json.dumps(self._asked) + "\n")
            channel.flush()
            for line in channel:
                message = json.loads(line)
                if "question" not in message:
                    return dict(message)
                approved = self._approved(message["question"])
                channel.write(json.dumps({"approved": approved}) + "\n")
                channel.flush()
        return {}

    def _approved(self, asked: dict[str, Any]) -> bool:
        if self._ask is None or self._stopped:
            return False
        question = Question(
            call=asked["call"],
            cwd=asked["cwd"],
            text=asked["text"],
            decision=decision_of(asked["decision"]),
            effects=tuple(asked["effects"]),
            digest=asked["digest"],
        )
        # Only a plain yes is one: not a string, not an object that happens to be true.
        return self._ask(question) is True

    def _ran(self, last: dict[str, Any], outputs: "list[_Kept]", status: int) -> Ran:
        if "failed" in last:
            raise GuardError(str(last["failed"]), help_=str(last.get("help") or "see `guard doctor`"))
        if "report" not in last:
            words = outputs[1].content()[0].decode(errors="backslashreplace").strip().splitlines()
            raise GuardError(
                f"the process of the command ended with {status} and without a report{f': {words[-1]}' if words else ''}",
                help_="what it changed in a sandbox was not applied; see `guard doctor`",
            )
        told = last["report"]
        (stdout, cut), (stderr, also_cut) = (output.content() for output in outputs)
        return Ran(
            decision=decision_of(told["decision"]),
            outcome=outcome_of(told["outcome"]),
            stdout=stdout,
            stderr=stderr,
            cut=cut + also_cut,
            stopped=self._stopped,
            report=told,
        )


class _Kept:
    """The beginning and the end of a stream, which is read to its end whatever is kept of it."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream, self._half = stream, max(limit // 2, 1)
        self._first, self._last = bytearray(), bytearray()
        self._dropped = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while block := os.read(self._stream.fileno(), 1 << 16):
                with self._lock:
                    room = self._half - len(self._first)
                    self._first += block[:room]
                    self._last += block[room:] if room > 0 else block
                    extra = len(self._last) - self._half
                    if extra > 0:
                        del self._last[:extra]
                        self._dropped += extra

    def close(self) -> None:
        self._thread.join(_DRAIN_S)
        if not self._thread.is_alive():
            self._stream.close()

    def content(self) -> tuple[bytes, int]:
        with self._lock:
            return bytes(self._first + self._last), self._dropped


def _feed(stream: IO[bytes] | None, given: bytes) -> None:
    if stream is None:
        return
    with contextlib.suppress(OSError):
        stream.write(given)
    with contextlib.suppress(OSError):
        stream.close()
