"""What a run did to the writable layer, before anybody applies, holds or discards it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import BinaryIO, TypeAlias


class NodeKind(Enum):
    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symlink"
    FIFO = "fifo"
    SOCKET = "socket"
    DEVICE = "device"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One file-system object as it stands. ``sha256`` of a file's bytes or a link's target, hex; empty otherwise."""

    kind: NodeKind
    mode: int
    """Permission bits with setuid, setgid, sticky: 0 to 0o7777."""
    size: int = 0
    sha256: str = ""
    target: str = ""
    """Of a symlink."""
    mtime_ns: int = 0
    mark: str = ""
    """Attributes that must not leave a sandbox, in words: file capabilities, forged overlay marks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    path: str
    """Relative to the workspace, ``/`` between parts, undecodable bytes as surrogate escapes."""
    after: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Modified:
    """Content, mode or kind differs; or the time of a file alone (:func:`only_the_time`)."""

    path: str
    before: Node
    after: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """Every file below a deleted directory has an entry of its own, children before parents."""

    path: str
    before: Node


Change: TypeAlias = Created | Modified | Deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The change set in an order that can be applied: deletions children first, creations parents first."""

    entries: tuple[Change, ...]
    open_after: Callable[[str], BinaryIO]
    """Opens the new content of a created or modified regular file, by ``path``. Valid until the run is destroyed."""
    truncated: str = ""
    """Why the set is not complete (over budget, unreadable); then it must not be applied."""


def only_the_time(before: Node | None, after: Node | None) -> bool:
    """Whether a file has everything but the time of its last change from before. Of what is no file, times do not count."""
    return (
        before is not None
        and after is not None
        and before.kind is after.kind is NodeKind.FILE
        and (before.mode, before.sha256, before.mark) == (after.mode, after.sha256, after.mark)
        and before.mtime_ns != after.mtime_ns
    )
