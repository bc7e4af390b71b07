"""Chooses the walls: the first backend that works and enforces what is required. Never "none"."""

import os
from typing import TYPE_CHECKING

from sandbox.backend import Backend
from sandbox.errors import NoBackend
from sandbox.result import Capabilities

if TYPE_CHECKING:
    from sandbox.backends._docker_pool import Pool

NAMES = ("local", "bubblewrap", "landlock", "docker")
"""In the order of preference: what starts fastest first."""
PROMISE = frozenset("mount pid net ipc seccomp cow memory processes disk inodes wall".split())
"""What it takes that nothing a command does reaches the machine, unless somebody accepts less.

The home directory and the guard's files, other processes, the network and shared memory are out of reach; changes wait
in a layer; and no limit but these keeps a loop from filling memory, the process table or a disk.
"""

_made: dict[str, Backend] = {}
_waiting = (0, "")


def keep_waiting(size: int, directory: str) -> None:
    """How many containers of a kind the docker backend keeps started beforehand, and where it notes them.

    Before ``backend`` is asked for it; ``directory`` is this user's alone. 0 throws away those that wait.
    """
    global _waiting  # noqa: PLW0603 - as ``_made``: one of each in a process
    _waiting = (size, directory)


def backend(name: str) -> Backend:
    """The one instance of this backend in this process. Raises NoBackend for an unknown name."""
    if name not in _made:
        match name:
            case "local":
                from sandbox.backends.local import LocalBackend  # noqa: PLC0415 - import only what is chosen

                _made[name] = LocalBackend()
            case "bubblewrap":
                from sandbox.backends.bubblewrap import BubblewrapBackend  # noqa: PLC0415 - as above

                _made[name] = BubblewrapBackend()
            case "landlock":
                from sandbox.backends.landlock import LandlockBackend  # noqa: PLC0415 - as above

                _made[name] = LandlockBackend()
            case "docker":
                from sandbox.backends.docker import DockerBackend  # noqa: PLC0415 - import only what is chosen

                _made[name] = DockerBackend(pool=_pool())
            case _:
                raise NoBackend(f"no backend is called `{name}`; there are: {', '.join(NAMES)}")
    return _made[name]


def _pool() -> "Pool | None":
    size, directory = _waiting
    if not size and not os.path.isdir(directory):
        return None
    from sandbox.backends._docker_pool import Pool  # noqa: PLC0415 - few have one

    return Pool(size=size, directory=directory)


def probe_all() -> tuple[Capabilities, ...]:
    """What every known backend can do here, found out by trying."""
    return tuple(backend(name).probe() for name in NAMES)


def choose(
    preferred: tuple[str, ...] = (),
    required: frozenset[str] = frozenset(),
    accepted: frozenset[str] = frozenset(),
) -> Backend:
    """The first backend of ``preferred`` (or of all) that works and enforces what it must. Raises NoBackend.

    That is ``PROMISE`` and ``required``; of a backend whose name is in ``accepted``, only ``required``.
    """
    reasons: list[str] = []
    for name in preferred or NAMES:
        candidate = backend(name)
        found = candidate.probe()
        missing = (required if name in accepted else required | PROMISE) - found.enforces
        if found.works and not missing:
            return candidate
        reasons.append(_reason(found, name, missing, required))
    asked = f" that enforces {', '.join(sorted(required))}" if required else ""
    raise NoBackend(f"no sandbox works here{asked}\n" + "\n".join(reasons))


def _reason(found: Capabilities, name: str, missing: frozenset[str], required: frozenset[str]) -> str:
    if not found.works:
        return f"{name}: {found.failed}" + (f"\n  help: {found.fix}" if found.fix else "")
    lacking = f"{name}: does not enforce {', '.join(sorted(missing))}"
    if missing & required:
        return lacking
    # Only the promise is lacking, which is for a person to give up.
    return f"{lacking}\n  help: to accept this weaker wall, name it in sandbox.json (docs/sandboxes.md)"
