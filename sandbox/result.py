"""How a run ended, and what a backend can enforce."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited:
    """``status`` 0..255; 128+n when signal n ended the command."""

    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitHit:
    """Which limit ended it: ``wall``, ``cpu``, ``memory``, ``processes``, ``disk``, ``inodes``, ``output``."""

    limit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """We ended the whole tree because the caller got this signal."""

    signal: int


End: TypeAlias = Exited | LimitHit | Interrupted


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a backend enforces on this machine, found out by trying."""

    backend: str
    works: bool
    enforces: frozenset[str] = frozenset()
    """Of: user mount pid net ipc uts cgroup seccomp landlock cow memory processes cpu disk inodes output wall,
    ``hidden`` (programs that are denied) and ``noexec`` (nothing that was written can be started).
    """
    detail: str = ""
    """Version or engine, for the audit record."""
    failed: str = ""
    """What failed, and why, in words."""
    fix: str = ""
    """One line that a person can act on."""
