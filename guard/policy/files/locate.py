"""Which policy files count here. Names only: reads nothing but whether they exist."""

import os

from guard.model.dataclass import dataclass

FLOOR = "/etc/guard/floor.yaml"
FLOOR_KEY = "/etc/guard/floor.pub"
"""Where it stands, the floor must be signed by it."""
PACKS = (
    "files", "git", "network", "secrets", "packages", "privilege", "containers", "databases", "cloud", "persistence", "processes",
    "agents",
)  # fmt: skip
PROFILES = ("observe", "balanced", "strict")
"""From the loosest to the strictest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    kind: str
    """``pack``, ``profile``, ``floor``, ``repo`` or ``personal``. Of the profiles one counts: see `read_layers`."""
    path: str
    content: bytes | None = None
    """What it says, where ``path`` is no file but something in a repository's history."""
    reviewed: bool = True
    """Whether it comes from where other people have seen it; what lies in a work tree does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySources:
    files: tuple[Source, ...]
    seals: tuple[Source, ...] = ()
    """The public key that the floor must be signed by, and the signature; none where signing is not configured."""


def builtin_directory() -> str:
    """The packs that ship with us: in the wheel as ``guard/policies``, in a checkout beside the package."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    shipped = os.path.join(package, "policies", "builtin")
    return (
        shipped if os.path.isdir(shipped) else os.path.join(os.path.dirname(package), "policies", "builtin")
    )


def builtin() -> tuple[Source, ...]:
    """What ships with us: the packs, and the profiles of which one is in force."""
    directory = builtin_directory()
    packs = [Source(kind="pack", path=f"{directory}/{name}/policy.yaml") for name in PACKS]
    return (*packs, *(Source(kind="profile", path=f"{directory}/profiles/{name}.yaml") for name in PROFILES))


REPO_FILES = (".guard/policy.yaml", "policies/guard.yaml")


def in_work_tree(workspace: str) -> tuple[Source, ...]:
    """The repository's files as they lie there. They are found in its root only, never above it."""
    if not workspace:
        return ()
    paths = [os.path.join(workspace, name) for name in REPO_FILES]
    return tuple(Source(kind="repo", path=path, reviewed=False) for path in paths if os.path.lexists(path))


def sources(workspace: str, config_dir: str, repo: tuple[Source, ...] | None = None) -> PolicySources:
    """All layers that count. ``repo``: the repository's, where they are not those of its work tree."""
    files = list(builtin())
    sealed = os.path.lexists(FLOOR_KEY)
    # A floor that is gone where it has to be signed is not the same as none.
    if sealed or os.path.lexists(FLOOR):
        files.append(Source(kind="floor", path=FLOOR))
    files += in_work_tree(workspace) if repo is None else repo
    personal = os.path.join(config_dir, "personal.yaml")
    if os.path.lexists(personal):
        files.append(Source(kind="personal", path=personal))
    seals = (("floor-key", FLOOR_KEY), ("floor-signature", f"{FLOOR}.sig")) if sealed else ()
    return PolicySources(
        files=tuple(files), seals=tuple(Source(kind=kind, path=path) for kind, path in seals)
    )
