"""One effect out of all that are judged alike: the places, names and flags that a condition can ask about. Pure."""

from guard.model.dataclass import dataclass
from guard.model.effect import (
    ChangeMode,
    Connect,
    ControlContainer,
    DeletePath,
    DestroyDatabase,
    GainPrivilege,
    InstallPackage,
    KillProcess,
    LinkPath,
    Listen,
    MutateCloud,
    Opaque,
    PersistEnv,
    PublishPackage,
    PublishVcs,
    ReadPath,
    ReadSecret,
    ResolvedEffect,
    RewriteVcs,
    RunProgram,
    TamperGuard,
    UseTool,
    WritePath,
)
from guard.model.facts import Facts
from guard.model.paths import UNRESOLVED_PLACE, ResolvedPath
from guard.model.typed import Any, Callable

TREES = frozenset({"fs.read", "fs.write", "fs.delete", "fs.perms"})
"""Effects that may take along what lies below."""
PLACED = TREES | {"fs.link", "secrets.read", "guard.tamper"}
NETWORK, BRANCHES = "net.connect", frozenset({"vcs.publish", "vcs.rewrite"})


@dataclass(frozen=True, slots=True)
class Where:
    """A path: its place, the other names of it, and what is known to lie below."""

    places: tuple[str, ...] = ("$W/x",)
    below: tuple[str, ...] = ()
    recursive: bool = False
    listed: bool = False
    lost: int = 0

    @property
    def weight(self) -> int:
        """Less is easier to see: one plain name, not far down."""
        every = (*self.places, *self.below)
        text = sum(len(place) + 3 * place.count("/") for place in every)
        odd = sum(not place.startswith("$W") for place in every) * 4
        return text + odd + 200 * (len(every) - 1) + 2 * self.recursive + 30 * self.listed

    def path(self, facts: Facts) -> ResolvedPath:
        first = self.places[0]
        if first == UNRESOLVED_PLACE:
            return ResolvedPath(given="$DIR", real="", place=first, unresolved="a variable", lost=self.lost)
        real = real_of(first, facts)
        return ResolvedPath(
            given=real,
            real=real,
            place=first,
            aliases=self.places[1:],
            below=self.below,
            listed=self.listed,
            lost=self.lost,
        )


def real_of(place: str, facts: Facts) -> str:
    """``$W/x`` as an absolute path."""
    roots = {"$W": facts.workspace, "$H": facts.home, "$T": facts.temp[0]}
    return roots.get(place[:2], place[:2]) + place[2:]


@dataclass(frozen=True, slots=True)
class Cell:
    effect: str
    where: Where = Where()
    target: Where | None = None
    """Where a new name leads to."""
    program: str = ""
    names: tuple[str, ...] = ()
    certain: bool = True
    observed: bool = False
    surprise: bool = False
    append: bool = False
    host: str = "example.com"
    package_host: bool = False
    """Whether this machine's package managers are configured to use the host."""
    upload: bool = False
    carries: tuple[str, ...] = ()
    branch: str = "topic"

    def resolved(self, facts: Facts) -> ResolvedEffect:
        """The effect itself, as the evaluator judges it."""
        shared: dict[str, Any] = {
            "program": self.program,
            "names": self.names or (self.program,),
            "certain": self.certain,
            "observed": self.observed,
            "surprise": self.surprise,
        }
        return _MADE[self.effect](self, facts, shared)


def _link(cell: Cell, facts: Facts, shared: dict[str, Any]) -> ResolvedEffect:
    target = cell.target or Where()
    return LinkPath(path=cell.where.path(facts), target=target.path(facts), **shared)


def _connect(cell: Cell, _: Facts, shared: dict[str, Any]) -> ResolvedEffect:
    return Connect(host=cell.host, upload=cell.upload, carries=cell.carries, **shared)


_MADE: dict[str, Callable[[Cell, Facts, dict[str, Any]], ResolvedEffect]] = {
    "fs.read": lambda c, f, s: ReadPath(path=c.where.path(f), recursive=c.where.recursive, **s),
    "fs.write": lambda c, f, s: WritePath(
        path=c.where.path(f), recursive=c.where.recursive, append=c.append, **s
    ),
    "fs.delete": lambda c, f, s: DeletePath(path=c.where.path(f), recursive=c.where.recursive, **s),
    "fs.perms": lambda c, f, s: ChangeMode(path=c.where.path(f), recursive=c.where.recursive, **s),
    "fs.link": _link,
    "secrets.read": lambda c, f, s: ReadSecret(path=c.where.path(f), **s),
    "guard.tamper": lambda c, f, s: TamperGuard(path=c.where.path(f), **s),
    "exec": lambda _c, _f, s: RunProgram(**s),
    "exec.opaque": lambda _c, _f, s: Opaque(reason="cannot say", **s),
    "tool.use": lambda _c, _f, s: UseTool(**s),
    "net.connect": _connect,
    "net.listen": lambda _c, _f, s: Listen(**s),
    "vcs.publish": lambda c, _f, s: PublishVcs(branch=c.branch, **s),
    "vcs.rewrite": lambda c, _f, s: RewriteVcs(branch=c.branch, **s),
    "pkg.install": lambda _c, _f, s: InstallPackage(**s),
    "pkg.publish": lambda _c, _f, s: PublishPackage(**s),
    "privilege": lambda _c, _f, s: GainPrivilege(**s),
    "container.control": lambda _c, _f, s: ControlContainer(**s),
    "db.destroy": lambda _c, _f, s: DestroyDatabase(**s),
    "cloud.mutate": lambda _c, _f, s: MutateCloud(**s),
    "proc.kill": lambda _c, _f, s: KillProcess(target="1", **s),
    "env.persist": lambda _c, _f, s: PersistEnv(**s),
}
