"""Chooses the walls: the first backend that works and enforces what is required. Never "none"."""

from sandbox.backend import Backend
from sandbox.errors import NoBackend
from sandbox.result import Capabilities

NAMES = ("local", "bubblewrap", "docker")
"""In the order of preference: what starts fastest first."""

_made: dict[str, Backend] = {}


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
            case "docker":
                from sandbox.backends.docker import DockerBackend  # noqa: PLC0415 - import only what is chosen

                _made[name] = DockerBackend()
            case _:
                raise NoBackend(f"no backend is called `{name}`; there are: {', '.join(NAMES)}")
    return _made[name]


def probe_all() -> tuple[Capabilities, ...]:
    """What every known backend can do here, found out by trying."""
    return tuple(backend(name).probe() for name in NAMES)


def choose(preferred: tuple[str, ...] = (), required: frozenset[str] = frozenset()) -> Backend:
    """The first backend of ``preferred`` (or of all) that works and enforces ``required``. Raises NoBackend."""
    reasons: list[str] = []
    for name in preferred or NAMES:
        candidate = backend(name)
        found = candidate.probe()
        missing = required - found.enforces
        if found.works and not missing:
            return candidate
        if found.works:
            reasons.append(f"{name}: does not enforce {', '.join(sorted(missing))}")
        else:
            reasons.append(f"{name}: {found.failed}" + (f"\n  help: {found.fix}" if found.fix else ""))
    raise NoBackend("no sandbox works here\n" + "\n".join(reasons))
