"""Which policy files count here. Names only: reads nothing but whether they exist."""

import os

from guard.model.dataclass import dataclass

FLOOR = "/etc/guard/floor.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    kind: str
    """``floor``, ``profile``, ``repo`` or ``personal``."""
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySources:
    files: tuple[Source, ...]


def builtin_directory() -> str:
    """The packs that ship with us: in the wheel as ``guard/policies``, in a checkout beside the package."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    shipped = os.path.join(package, "policies", "builtin")
    return (
        shipped if os.path.isdir(shipped) else os.path.join(os.path.dirname(package), "policies", "builtin")
    )


def sources(workspace: str, config_dir: str) -> PolicySources:
    """All layers that count. A repository's file is found in its root only, never above it."""
    builtin = builtin_directory()
    files = [
        Source(kind="floor", path=os.path.join(builtin, "floor.yaml")),
        Source(kind="profile", path=os.path.join(builtin, "balanced.yaml")),
    ]
    if os.path.lexists(FLOOR):
        files.append(Source(kind="floor", path=FLOOR))
    if workspace:
        for name in (os.path.join(".guard", "policy.yaml"), os.path.join("policies", "guard.yaml")):
            path = os.path.join(workspace, name)
            if os.path.lexists(path):
                files.append(Source(kind="repo", path=path))
    personal = os.path.join(config_dir, "personal.yaml")
    if os.path.lexists(personal):
        files.append(Source(kind="personal", path=personal))
    return PolicySources(files=tuple(files))
