"""How a run ended, and what a backend can enforce."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Exited:
    """``status`` 0..255; 128+n when signal n ended the command."""

    status: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitHit:
    """Which limit ended it: ``wall``, ``cpu``, ``memory``, ``processes``, ``open-files``, ``disk``, ``inodes``, ``output``."""

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
    """Of: user mount pid net network ipc uts cgroup seccomp landlock cow memory processes cpu disk inodes output wall,
    ``hidden`` (programs that are denied) and ``noexec`` (nothing that was written can be started).
    ``terminal`` (one of the command's own where the caller's output is one).
    ``direct`` (a workspace that is not copied, less what is protected) and ``places`` (directories that outlive a run).
    ``net``: no way out by itself. ``network``: the grants of ``spec.network``, and nothing else.
    """
    detail: str = ""
    """Version or engine, for the audit record."""
    failed: str = ""
    """What failed, and why, in words."""
    fix: str = ""
    """One line that a person can act on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One decision of the proxy. All texts may hold what the command made up, bounded and not escaped."""

    host: str
    """As understood; as asked for where it could not be."""
    port: int
    via: str
    """``http``, ``connect``, ``socks5`` or ``loopback``."""
    allowed: bool
    why: str = ""
    """A code for machines: ``not-granted``, ``address``, ``bad-host``, ``bad-request``, ``no-token``, ``sni``,
    ``not-tls``, ``host-header``, ``unresolvable``, ``unreachable``, ``bad-answer``. Empty where all went well."""
    detail: str = ""
    """In words."""
    address: str = ""
    """The one that was dialled."""
    sent: int = 0
    received: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    entries: tuple[Connection, ...] = ()
    more: int = 0
    """How many further ones were not written down."""
    problem: str = ""
    """Why ``entries`` may not be all."""
