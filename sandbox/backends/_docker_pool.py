"""Containers that wait: who takes one, and how their keeper is found, woken or started. Asks the engine nothing.

A directory for each kind holds a file for each container: in ``ready`` while it waits, in ``taken`` under its taker's
name, in ``done`` when it is to be thrown away. To move the file is to own the container, and one mover succeeds.
"""

import contextlib
import json
import os
import sys
import time
from dataclasses import asdict, dataclass

from sandbox.backends import _kernel
from sandbox.backends._docker_container import Kind
from sandbox.backends._docker_handover import Elsewhere, Waiting
from sandbox.backends._docker_ids import Ids
from sandbox.backends._docker_owner import Fate, fate, identity
from sandbox.result import Capabilities

MOST = 8
"""Containers of one kind."""
_MOST_KINDS = 4
MAX_AGE_S = 1800.0
READY, TAKEN, DONE, WAKE, PROBED, LOCK, LOG, STOP = (
    "ready",
    "taken",
    "done",
    "wake",
    "probed.json",
    "lock",
    "log",
    "stop",
)
POOL, NONCE = "execguard.pool", "execguard.nonce"
_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_PROGRAM = "import sys; sys.path.append(sys.argv[1]); from sandbox.backends._docker_pool_keeper import main; main(sys.argv[2])"
_KEPT = (
    "PATH",
    "HOME",
    "DOCKER_HOST",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
    "DOCKER_CONTEXT",
    "SSH_AUTH_SOCK",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """What the person allows. ``size`` 0 ends the keepers that run."""

    size: int
    directory: str
    """Nobody else's; made where it is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a keeper is told when it starts."""

    place: str
    host: str
    image: str
    kind: Kind
    size: int

    def text(self) -> str:
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Taken:
    """A container that is ours: it has had no command, and gets one at most."""

    container: str
    nonce: str
    waiting: Waiting
    place: str
    file: str

    def throw_away(self, size: int) -> bool:
        """Leave its removal to the keeper; false where none runs."""
        with contextlib.suppress(OSError):
            os.rename(f"{self.place}/{TAKEN}/{self.file}", f"{self.place}/{DONE}/{self.nonce}")
        return wake(self.place, size)


def take(pool: Pool, kind: Kind) -> Taken | None:
    """One that waits, or None. Never one that somebody else had."""
    place = f"{pool.directory}/{kind.key()}"
    mine = identity(os.getpid())
    for nonce in _names(f"{place}/{READY}"):
        file = f"{nonce}.{mine}"
        try:
            os.rename(f"{place}/{READY}/{nonce}", f"{place}/{TAKEN}/{file}")
        except OSError:
            continue  # somebody else was faster
        try:
            with open(f"{place}/{TAKEN}/{file}", encoding="ascii") as stream:
                told = json.load(stream)
            if now() - float(told["made"]) < MAX_AGE_S:
                waiting = Waiting(int(told["pid"]), nonce, patience_s=0.1)
                if not waiting.ended(0):
                    return Taken(str(told["id"]), nonce, waiting, place, file)
                waiting.close()
        except (OSError, ValueError, KeyError, TypeError, Elsewhere):
            pass  # it has ended, or its file is not what we wrote
        with contextlib.suppress(OSError):
            os.rename(f"{place}/{TAKEN}/{file}", f"{place}/{DONE}/{nonce}")
    return None


def taker(file: str) -> Fate:
    return fate(file.partition(".")[2])


def holds(place: str, nonce: str) -> bool:
    """Whether a container whose keeper has gone still has somebody who took it and lives."""
    return any(
        file.startswith(f"{nonce}.") and taker(file) is not Fate.DEAD for file in _names(f"{place}/{TAKEN}")
    )


def wake(place: str, size: int) -> bool:
    """Have the keeper look; false where none runs."""
    try:
        pipe = os.open(f"{place}/{WAKE}", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        with contextlib.suppress(BlockingIOError):  # it has enough to read
            os.write(pipe, bytes([size]))
    finally:
        os.close(pipe)
    return True


def kept(place: str) -> bool:
    try:
        os.close(os.open(f"{place}/{WAKE}", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def places(pool: Pool) -> list[str]:
    return [f"{pool.directory}/{name}" for name in _names(pool.directory)]


def end_all(pool: Pool) -> None:
    """Have every keeper throw its containers away and end."""
    for place in places(pool):
        with contextlib.suppress(OSError):
            # For one that is just starting, and cannot be woken yet.
            os.close(os.open(f"{place}/{STOP}", os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        wake(place, 0)


def probed(pool: Pool, host: str, image: str) -> tuple[Capabilities, Ids] | None:
    """What a keeper that runs has found out by trying, and whose users the engine's are."""
    for place in places(pool):
        if not kept(place):
            continue
        try:
            with open(f"{place}/{PROBED}", encoding="utf-8") as file:
                told = json.load(file)
            if (told["host"], told["image"]) == (host, image):
                found = Capabilities(
                    backend="docker",
                    works=True,
                    enforces=frozenset(map(str, told["enforces"])),
                    detail=f"{told['detail']}, waiting containers",
                )
                return found, Ids(told["ids"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def start(pool: Pool, host: str, image: str, kind: Kind) -> None:
    """Start a keeper, unless there are enough. It outlives us, and holds nothing of ours open."""
    place = f"{pool.directory}/{kind.key()}"
    if sum(map(kept, places(pool))) >= _MOST_KINDS:
        return
    for path in (pool.directory, place, *(f"{place}/{name}" for name in (READY, TAKEN, DONE))):
        os.makedirs(path, 0o700, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(f"{place}/{STOP}")
    order = Order(place=place, host=host, image=image, kind=kind, size=min(pool.size, MOST))
    env = {name: os.environ[name] for name in _KEPT if name in os.environ} | {"LC_ALL": "C.UTF-8"}
    argv = [sys.executable, "-I", "-c", _PROGRAM, _ROOT, order.text()]
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            null = os.open(os.devnull, os.O_RDWR)
            log = os.open(f"{place}/{LOG}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            for number, descriptor in enumerate((null, null, log)):
                os.dup2(descriptor, number)
            _kernel.close_from(3)
            os.chdir("/")
            if os.fork() == 0:
                os.execve(sys.executable, argv, env)  # noqa: S606 - our own program, with words of ours
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def now() -> float:
    """Goes on while the machine sleeps, and nobody can set it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _names(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []
