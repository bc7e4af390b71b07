"""What a sandboxed run is given and where it ends, worked out of all layers. Says nothing of how a sandbox does it."""

from guard.model.dataclass import dataclass

LIMITS = ("wall", "cpu", "memory", "processes", "open-files", "disk", "inodes", "output")
"""Seconds, seconds, bytes, processes and threads, files of one process, bytes, files and bytes."""
_BYTES = frozenset({"memory", "disk", "output"})
_SECONDS = frozenset({"wall", "cpu"})
_UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    name: str
    """One of :data:`LIMITS`."""
    value: int
    profile: str = ""
    layer: str = ""
    source: str = ""
    """``file:line`` of where it was set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProfile:
    """Grants are united over everything that a command does; of each limit the strictest counts."""

    names: tuple[str, ...] = ()
    """The profiles that went into it, sorted; the base that every run has is not among them."""
    hosts: tuple[str, ...] = ()
    """Names, ``*`` patterns, addresses and networks to be reached; ``package-index`` as it is: the facts know it."""
    ports: tuple[int, ...] = ()
    """Of services on the machine's own loopback."""
    caches: tuple[str, ...] = ()
    """Places below ``$H`` that are kept from run to run."""
    read_only: tuple[str, ...] = ()
    """Places to be seen: below ``$H`` or absolute."""
    environment: tuple[str, ...] = ()
    """Names with ``*`` of variables to be passed on."""
    requires: tuple[str, ...] = ()
    """What the backend must enforce."""
    limits: tuple[Limit, ...] = ()

    def limit(self, name: str) -> Limit | None:
        return next((limit for limit in self.limits if limit.name == name), None)


def amount(name: str, value: int) -> str:
    """A limit's value for people: ``10 min``, ``4 GiB``, ``512``."""
    if name in _BYTES:
        for size, unit in _UNITS:
            if value >= size and value % size == 0:
                return f"{value // size} {unit}"
        return f"{value} bytes"
    if name in _SECONDS:
        if value >= 3600 and value % 3600 == 0:
            return f"{value // 3600} h"
        return f"{value // 60} min" if value >= 60 and value % 60 == 0 else f"{value} s"
    return str(value)
