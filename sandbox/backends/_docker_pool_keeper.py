"""The process that keeps containers of one kind waiting. Ends by itself, with all of them, when nobody has come for a while.

Started by ``_docker_pool.start``. What it is told by files, see there.
"""

import contextlib
import fcntl
import json
import os
import select
import signal
import sys
import uuid
from typing import Any

from sandbox.backends import _docker_container, _docker_pool
from sandbox.backends._docker_container import Kind
from sandbox.backends._docker_handover import Elsewhere, Waiting
from sandbox.backends._docker_owner import OWNER, Fate, identity
from sandbox.backends._docker_pool import DONE, LOCK, MAX_AGE_S, PROBED, READY, STOP, TAKEN, WAKE
from sandbox.backends.docker import DockerBackend

_IDLE_S = 900.0
_TICK_S = 5.0
_SWEEP_S = 60.0


def main(text: str) -> None:
    told: Any = json.loads(text)
    kind: dict[str, Any] = told["kind"]
    kind["user"] = tuple(kind["user"])
    told["kind"] = Kind(**kind)
    keeper = Keeper(_docker_pool.Order(**told))
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    os.nice(10)
    if keeper.alone():
        keeper.keep()


class Keeper:
    def __init__(self, order: _docker_pool.Order) -> None:
        self._order, self._place, self._size = order, order.place, order.size
        self._backend = DockerBackend(host=order.host, image=order.image)
        self._client: Any = None
        self._lock = -1

    def alone(self) -> bool:
        """One keeper for each kind: the lock ends with its holder."""
        self._lock = os.open(f"{self._place}/{LOCK}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def keep(self) -> None:
        found = self._backend.probe()
        if not found.works:
            sys.stderr.write(f"{found.failed}\n")
            return
        self._client = self._backend.client()
        pipe = self._open(found.enforces, found.detail)
        last = swept = _docker_pool.now()
        try:
            self._backend.sweep()
            while (
                self._size
                and not os.path.lexists(f"{self._place}/{STOP}")
                and _docker_pool.now() < last + _IDLE_S
            ):
                self._tidy()
                self._fill()
                if self._woken(pipe):
                    last = _docker_pool.now()
                if _docker_pool.now() > swept + _SWEEP_S:
                    swept = _docker_pool.now()
                    self._backend.sweep()
        finally:
            # First nobody can wake us any more, so that who comes now starts another one.
            os.close(pipe)
            os.unlink(f"{self._place}/{WAKE}")
            for nonce in os.listdir(f"{self._place}/{READY}"):
                self._done(f"{READY}/{nonce}", nonce)
            self._tidy()

    def _open(self, enforces: frozenset[str], detail: str) -> int:
        told = {"host": self._order.host, "image": self._order.image, "detail": detail}
        told["ids"] = self._backend.ids().value
        new = f"{self._place}/{PROBED}.new"
        with open(new, "w", encoding="utf-8") as file:
            json.dump(told | {"enforces": sorted(enforces)}, file)
        os.rename(new, f"{self._place}/{PROBED}")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self._place}/{WAKE}")
        for nonce in os.listdir(f"{self._place}/{READY}"):  # of a keeper that was killed
            self._done(f"{READY}/{nonce}", nonce)
        os.mkfifo(f"{self._place}/{WAKE}", 0o600)
        # Both ends: else the pipe would be at its end whenever nobody writes.
        return os.open(f"{self._place}/{WAKE}", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def _woken(self, pipe: int) -> bool:
        if not select.select([pipe], [], [], _TICK_S)[0]:
            return False
        self._size = min(os.read(pipe, 4096)[-1], _docker_pool.MOST)
        return True

    def _fill(self) -> None:
        while self._size and len(os.listdir(f"{self._place}/{READY}")) < self._size:
            self._make()

    def _make(self) -> None:
        nonce = uuid.uuid4().hex
        labels = {
            OWNER: identity(os.getpid()),
            _docker_pool.POOL: self._place,
            _docker_pool.NONCE: nonce,
        }
        made = _docker_container.create(
            self._client, self._order.kind, name=f"execguard-{nonce[:16]}", nonce=nonce, labels=labels
        )
        made.start()
        made.reload()
        told = {"id": made.id, "pid": int(made.attrs["State"]["Pid"]), "made": _docker_pool.now()}
        new = f"{self._place}/new"
        with open(new, "w", encoding="ascii") as file:
            json.dump(told, file)
        os.rename(new, f"{self._place}/{READY}/{nonce}")

    def _done(self, file: str, nonce: str) -> None:
        with contextlib.suppress(FileNotFoundError):  # somebody took it
            os.rename(f"{self._place}/{file}", f"{self._place}/{DONE}/{nonce}")

    def _tidy(self) -> None:
        for file in os.listdir(f"{self._place}/{TAKEN}"):
            if _docker_pool.taker(file) is Fate.DEAD:
                self._done(f"{TAKEN}/{file}", file.partition(".")[0])
        for nonce in os.listdir(f"{self._place}/{READY}"):
            with contextlib.suppress(FileNotFoundError):
                told = self._told(f"{READY}/{nonce}")
                if _docker_pool.now() > told["made"] + MAX_AGE_S / 2 or not _waits(told["pid"], nonce):
                    self._done(f"{READY}/{nonce}", nonce)
        for nonce in os.listdir(f"{self._place}/{DONE}"):
            self._remove(self._told(f"{DONE}/{nonce}")["id"])
            os.unlink(f"{self._place}/{DONE}/{nonce}")

    def _told(self, file: str) -> dict[str, Any]:
        with open(f"{self._place}/{file}", encoding="ascii") as stream:
            told: dict[str, Any] = json.load(stream)
        return told

    def _remove(self, container: str) -> None:
        import docker.errors  # noqa: PLC0415 - the SDK costs 100 ms

        with contextlib.suppress(docker.errors.NotFound):
            self._client.containers.get(container).remove(force=True, v=True)


def _waits(pid: int, nonce: str) -> bool:
    """An engine that is started again has lost what it had."""
    try:
        Waiting(pid, nonce, patience_s=0.1).close()
    except Elsewhere:
        return False
    return True
