"""What an action would do to the world: the closed vocabulary that analysis predicts, sandboxes observe and policy judges.

Adding an effect is a new version of the policy schema. ``Opaque`` is the top: it could be anything.
"""

from guard.model.dataclass import dataclass, field
from guard.model.paths import ResolvedPath, SymbolicPath
from guard.model.source import Span
from guard.model.typed import TYPE_CHECKING, TypeAlias, TypeVar

P = TypeVar("P", SymbolicPath, ResolvedPath)

MOVES = "moves it away"
DISCARDS = "discards changes"
DISCARDS_STAGED = "discards changes, staged ones too"
STASHES = "puts changes away"
CLEANS_UNTRACKED = "what git does not know"
CLEANS_IGNORED = "what git ignores"
CLEANS_BOTH = "what git does not know, and what it ignores"
CLEANS = (CLEANS_UNTRACKED, CLEANS_IGNORED, CLEANS_BOTH)

if TYPE_CHECKING:
    from typing import Generic
else:

    class Generic:
        """Of ``ReadPath[P]`` only type checkers want to know; the real one costs a tenth of a millisecond a class."""

        __slots__ = ()

        def __class_getitem__(cls, _: object) -> type:
            return cls


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    program: str = ""
    """Who does it: the command's name as understood, e.g. ``rm``."""
    names: tuple[str, ...] = field(default=(), hash=False)
    """Every name that ``program`` goes by: as written, resolved, and programs with the same content."""
    span: Span | None = None
    """Where in the proposed text; None when it was observed rather than read."""
    certain: bool = field(default=True, hash=False)
    """False when it happens only on some path through the command."""
    observed: bool = field(default=False, hash=False)
    """Seen in a sandbox rather than predicted."""
    surprise: bool = field(default=False, hash=False)
    """Observed and not covered by any prediction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPath(_Base, Generic[P]):
    """Policy name ``fs.read``."""

    path: P
    recursive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePath(_Base, Generic[P]):
    """Policy name ``fs.write``: create, overwrite, append."""

    path: P
    recursive: bool = False
    append: bool = False
    detail: str = ""
    """Which part of what stands there it takes: ``MOVES``, ``DISCARDS``, ``DISCARDS_STAGED``, ``STASHES``; empty = all of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletePath(_Base, Generic[P]):
    """Policy name ``fs.delete``: remove, move away, or discard work that nothing else holds."""

    path: P
    recursive: bool = False
    detail: str = ""
    """One of ``CLEANS``: only some of the files in the directory of ``path``; empty = ``path`` itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeMode(_Base, Generic[P]):
    """Policy name ``fs.perms``: mode, owner, attributes."""

    path: P
    recursive: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPath(_Base, Generic[P]):
    """Policy name ``fs.link``: a new name ``path`` that leads to ``target``."""

    path: P
    target: P


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSecret(_Base, Generic[P]):
    """Policy name ``secrets.read``: key material by a way that is not a plain file read."""

    path: P
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TamperGuard(_Base, Generic[P]):
    """Policy name ``guard.tamper``: the guard's own files, process, socket or registration."""

    path: P
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgram(_Base):
    """Policy name ``exec``: start a program that is understood (the rest of it is in the other effects)."""

    arguments: tuple[str, ...] = ()
    sha256: str = ""
    """Of the executable, when it lies outside the system's own directories."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque(_Base):
    """Policy name ``exec.opaque``: cannot say; could be anything."""

    reason: str
    typed: bool = field(default=False, hash=False)
    """It does what is typed into it while it runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UseTool(_Base):
    """Policy name ``tool.use``: a tool of a server, which is its ``program``, does what nobody can see from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect(_Base):
    """Policy name ``net.connect``. ``host`` is ``?`` when it cannot be told."""

    host: str
    port: int = 0
    """0 = the scheme's own port or unknown."""
    upload: bool = False
    """Whether it sends local data."""
    carries: tuple[str, ...] = ()
    """What is known to be sent: ``file:PLACE``, ``tree:PLACE``, ``variable:NAME``, ``environment``, ``secret:WHAT``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen(_Base):
    """Policy name ``net.listen``."""

    host: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishVcs(_Base):
    """Policy name ``vcs.publish``. ``branch`` is ``?`` when it cannot be told."""

    branch: str
    remote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteVcs(_Base):
    """Policy name ``vcs.rewrite``: history or refs that are lost or changed for others."""

    branch: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallPackage(_Base):
    """Policy name ``pkg.install``."""

    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPackage(_Base):
    """Policy name ``pkg.publish``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GainPrivilege(_Base):
    """Policy name ``privilege``."""

    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlContainer(_Base):
    """Policy name ``container.control``."""

    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DestroyDatabase(_Base):
    """Policy name ``db.destroy``."""

    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MutateCloud(_Base):
    """Policy name ``cloud.mutate``."""

    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KillProcess(_Base):
    """Policy name ``proc.kill``."""

    target: str
    """A pid, a job, a name or ``?``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersistEnv(_Base):
    """Policy name ``env.persist``: what later shells, jobs or git commands will run or be set to."""

    detail: str = ""


PathEffect: TypeAlias = (
    ReadPath[P] | WritePath[P] | DeletePath[P] | ChangeMode[P] | LinkPath[P] | ReadSecret[P] | TamperGuard[P]
)
OtherEffect: TypeAlias = (
    RunProgram
    | Opaque
    | UseTool
    | Connect
    | Listen
    | PublishVcs
    | RewriteVcs
    | InstallPackage
    | PublishPackage
    | GainPrivilege
    | ControlContainer
    | DestroyDatabase
    | MutateCloud
    | KillProcess
    | PersistEnv
)
if TYPE_CHECKING:
    Effect: TypeAlias = PathEffect[P] | OtherEffect
    SymbolicEffect: TypeAlias = Effect[SymbolicPath]
    ResolvedEffect: TypeAlias = Effect[ResolvedPath]
else:
    Effect = SymbolicEffect = ResolvedEffect = PathEffect | OtherEffect

EFFECT_NAMES: dict[type, str] = {
    ReadPath: "fs.read",
    WritePath: "fs.write",
    DeletePath: "fs.delete",
    ChangeMode: "fs.perms",
    LinkPath: "fs.link",
    ReadSecret: "secrets.read",
    TamperGuard: "guard.tamper",
    RunProgram: "exec",
    Opaque: "exec.opaque",
    UseTool: "tool.use",
    Connect: "net.connect",
    Listen: "net.listen",
    PublishVcs: "vcs.publish",
    RewriteVcs: "vcs.rewrite",
    InstallPackage: "pkg.install",
    PublishPackage: "pkg.publish",
    GainPrivilege: "privilege",
    ControlContainer: "container.control",
    DestroyDatabase: "db.destroy",
    MutateCloud: "cloud.mutate",
    KillProcess: "proc.kill",
    PersistEnv: "env.persist",
}
"""Effect class to the name it has in policy files and records."""


def effect_name(effect: ResolvedEffect | SymbolicEffect) -> str:
    """The effect's name in policy files and records, e.g. ``fs.delete``."""
    return EFFECT_NAMES[type(effect)]
