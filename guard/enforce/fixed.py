"""Which files of a workspace nobody may change in a session that works in it directly. Looks, and changes nothing."""

import os

from guard.enforce.gitdirs import looks_like_one
from guard.errors import UsageError
from guard.model.dataclass import dataclass
from guard.model.typed import Callable
from guard.policy.protected import ZONES
from guard.policy.zones import ZoneTable

_ZONES = ("agent-config", "vcs-internals")
"""What somebody obeys or runs unasked. Build files are what an agent is there to write."""
_ABSENT = (
    ".claude", ".codex", ".cursor", ".devcontainer", ".envrc", ".gemini", ".git", ".git/hooks", ".githooks", ".github/workflows",
    ".husky", ".idea", ".mcp.json", ".opencode", ".qwen", ".vscode", ".windsurf",
)  # fmt: skip
"""Must not come to be, where the directory they lie in is there: an empty directory stands there meanwhile."""
_NOT_LOOKED_INTO = frozenset({"node_modules", "objects", "__pycache__"})
_MOST_LOOKED_AT, _MOST_AFTERWARDS = 200_000, 2_000_000
"""The session itself may have made many, to hide one among them."""
_ANY = "\x01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    protected: tuple[str, ...]
    """Absolute. Present or not."""
    pinned: tuple[str, ...]
    absent: frozenset[str]
    """Of ``protected``: what is not there, and is held by an empty directory."""


def listed_in(workspace: str) -> Callable[[str], bool]:
    """Whether an absolute path below the workspace is one of those that somebody obeys, there or not."""
    listed = _listed()
    return lambda path: listed("$W" + path[len(workspace) :])


def appeared(before: Fixed, workspace: str) -> tuple[str, ...]:
    """What has come to be in a session, of what nobody may change in one. Raises UsageError, OSError."""
    known = frozenset(before.protected)
    now = fixed(workspace, _MOST_AFTERWARDS).protected
    return tuple(sorted(path for path in now if path not in known and os.path.lexists(path)))


def _listed() -> Callable[[str], bool]:
    table = ZoneTable({name: ZONES[name] for name in _ZONES})
    bits = table.bits(_ZONES)
    return lambda place: bool(table.membership(place).inside & bits)


def fixed(workspace: str, most: int = _MOST_LOOKED_AT) -> Fixed:
    """Raises UsageError when there is too much to look at."""
    listed = _listed()
    protected: dict[str, None] = {}
    pinned: dict[str, None] = {}
    looked = 0
    waiting = [workspace]
    while waiting:
        directory = waiting.pop()
        bare = directory != workspace and not directory.endswith(".git") and looks_like_one(directory)
        with os.scandir(directory) as entries:
            for entry in entries:
                looked += 1
                if looked > most:
                    raise UsageError(
                        f"{workspace} has more than {most} files to look at for those to protect",
                        help_="use --workspace staged, where every change is judged",
                    )
                place = "$W" + entry.path[len(workspace) :]
                if not entry.is_dir(follow_symlinks=False):
                    if listed(place) or (bare and entry.name in {"config", "commondir"}):
                        protected |= _with_target(entry, workspace)
                    continue
                if listed(f"{place}/{_ANY}") or (bare and entry.name == "hooks"):
                    protected[entry.path] = None
                    continue
                if listed(place):
                    pinned[entry.path] = None
                if entry.name not in _NOT_LOOKED_INTO:
                    waiting.append(entry.path)
    missing = frozenset(
        path
        for name in _ABSENT
        if not os.path.lexists(path := os.path.join(workspace, name)) and os.path.isdir(os.path.dirname(path))
    )
    return Fixed(
        protected=(*protected, *sorted(missing - protected.keys())), pinned=tuple(pinned), absent=missing
    )


def _with_target(entry: os.DirEntry[str], workspace: str) -> dict[str, None]:
    """A link, and what it leads to: that is what is obeyed."""
    out: dict[str, None] = {entry.path: None}
    if entry.is_symlink():
        real = os.path.realpath(entry.path)
        if real.startswith(workspace.rstrip("/") + "/") and os.path.lexists(real):
            out[real] = None
    return out
