"""Frozen answers about the world, gathered for one proposal, and the questions that lead to them.

Analysis is pure: it asks by returning lookups, and is run again with the answers until it asks nothing new.
"""

from guard.model.dataclass import dataclass, field
from guard.model.paths import FileKind
from guard.model.typed import TYPE_CHECKING, Any, Mapping, MappingProxyType, TypeAlias
from guard.model.verdict import Level

if TYPE_CHECKING:
    from guard.model.advice import Advice


@dataclass(frozen=True, slots=True)
class LookPath:
    """Where does this absolute path lead, following the last component too?"""

    path: str


@dataclass(frozen=True, slots=True)
class LookTree:
    """What lies at and below this path (bounded), and what of it could git not restore?"""

    path: str


@dataclass(frozen=True, slots=True)
class LookProgram:
    """Which executable does this name or path start, seen from ``cwd``?"""

    name: str
    cwd: str


@dataclass(frozen=True, slots=True)
class LookScript:
    """What does this file say, if it is a text we may read (bounded)?"""

    path: str


@dataclass(frozen=True, slots=True)
class LookGlob:
    """Which names match ``pattern`` from ``base`` as bash would expand it (bounded)?"""

    base: str
    pattern: str


@dataclass(frozen=True, slots=True)
class LookGit:
    """Which repository is ``path`` in, and in what state?"""

    path: str
    compare: bool = False
    """Whether its files have changed too: every one that is tracked has to be looked at."""


@dataclass(frozen=True, slots=True)
class LookGitRuns:
    """What would git run by itself in the repository around ``path``: hooks, and programs its configuration names?"""

    path: str


@dataclass(frozen=True, slots=True)
class LookModule:
    """Does the directory hold a Python module of this name?"""

    name: str
    directory: str


@dataclass(frozen=True, slots=True)
class LookSettings:
    """Which of these files lie in ``directory``, or in one above it up to ``top``, and what do they say?"""

    directory: str
    names: tuple[str, ...]
    """Relative to each of the directories."""
    top: str
    """The directory itself, or one above it."""


Lookup: TypeAlias = (
    LookPath
    | LookTree
    | LookProgram
    | LookScript
    | LookGlob
    | LookGit
    | LookGitRuns
    | LookModule
    | LookSettings
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PathFact:
    """``real`` follows every link; ``parent_real`` follows all but the last component."""

    real: str
    parent_real: str
    kind: FileKind
    is_link: bool = False
    mode: int = 0
    size: int = 0
    error: str = ""
    """Why we could not look; then ``kind`` is UNKNOWN."""
    names: int = 1
    """How many the file goes by: what is written through one is read by all."""
    repository: str = ""
    """The directory above it that git takes for a repository, when it is not called ``.git``; absolute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeFact:
    entries: tuple[str, ...]
    """Paths relative to the tree's root, in any order."""
    complete: bool
    unrecoverable: int
    """Files that git could not restore: untracked (ignored or not) or changed; -1 = unknown."""
    bytes: int = 0
    files: int = 0
    untracked: int = 0
    """Not ignored."""
    ignored: int = 0
    modified: int = 0
    untracked_bytes: int = 0
    ignored_bytes: int = 0
    modified_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramFact:
    path: str
    """Where the name leads before links are followed; empty when there is none."""
    real: str
    sha256: str = ""
    """Only for executables outside the system's own directories."""
    same_as: tuple[str, ...] = ()
    """Names of programs that policy speaks of and whose content is the same."""
    interpreter: str = ""
    """Of a ``#!`` script: the interpreter's basename."""
    system: bool = False
    """Whether it lies where no agent can have put it: the system's directories, or a toolchain on ``PATH``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptFact:
    text: str | None
    sha256: str = ""
    reason: str = ""
    """Why there is no text: absent, binary, too large, unreadable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobFact:
    matches: tuple[str, ...]
    """Absolute paths, sorted."""
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GitFact:
    root: str
    """Top of the work tree; empty when ``path`` is in no repository."""
    branch: str = ""
    upstream: str = ""
    default_branch: str = ""
    dirty: bool | None = None
    """None = unknown, or nobody asked."""
    aliases: tuple[tuple[str, str], ...] = ()
    remotes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GitRunsFact:
    hooks: tuple[str, ...] = ()
    """Names of hooks that are there and would run; ``*`` when they lie where nobody looked."""
    config: tuple[str, ...] = ()
    """Keys of the repository's own configuration that make git run or load something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleFact:
    found: bool
    """Whether there is one, or nobody could look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFact:
    found: tuple[tuple[str, ScriptFact], ...] = ()
    """Those that are there, the nearest first: absolute path and content."""


Answer: TypeAlias = (
    PathFact
    | TreeFact
    | ProgramFact
    | ScriptFact
    | GlobFact
    | GitFact
    | GitRunsFact
    | ModuleFact
    | SettingsFact
)


def _nothing_known() -> MappingProxyType[Any, Any]:
    return MappingProxyType({})


EVERYTHING_ELSE = "*"
"""As the name of forbidden programs: all that a list of what may start does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForbiddenProgram:
    """A program that the policy denies whatever it is asked to do, and where its bytes are on this machine."""

    name: str
    """As rules name it; ``sha256:...`` for one that is denied by content."""
    files: tuple[str, ...]
    """Real paths."""
    sha256: frozenset[str] = frozenset()
    """Of those files; empty where nobody needed to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that one decision depended on besides the proposal and the policy."""

    workspace: str
    """Real absolute path."""
    home: str
    """Real absolute path."""
    cwd: str
    """Where the command starts; absolute."""
    temp: tuple[str, ...] = ("/tmp", "/var/tmp")  # noqa: S108 - these are the names we judge, nothing is written
    user: str = ""
    uid: int = 0
    env: Mapping[str, str] = field(default_factory=_nothing_known)
    """Variables the command would inherit. Absent = unset."""
    guard_paths: tuple[str, ...] = ()
    """Real absolute paths of the guard's installation, state, configuration and socket."""
    forbidden: tuple[ForbiddenProgram, ...] = ()
    """Programs of this machine that the policy denies outright."""
    package_hosts: tuple[str, ...] = ()
    """Hosts this machine's package managers are configured to use."""
    level: Level = Level.ADVICE
    today: str = ""
    """ISO date, for exceptions that expire."""
    locked_by: str = ""
    """The rule that has denied this session too often; empty = it is open."""
    granted: frozenset[str] = frozenset()
    """Digests of what a person has approved and nobody has used: see ``guard.engine.granted``."""
    advice: "Advice | None" = None
    """What a model said about it: see ``guard.engine.advised``."""
    answers: Mapping[Lookup, Answer] = field(default_factory=_nothing_known)
