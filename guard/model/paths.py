"""Paths before and after the look at the world. Does not look itself."""

from guard.model.dataclass import dataclass, field
from guard.model.enums import Enum
from guard.model.typed import TypeAlias


@dataclass(frozen=True, slots=True)
class KnownPath:
    """An absolute path as the command spells it, symlinks and ``..`` not yet followed."""

    text: str


@dataclass(frozen=True, slots=True)
class UnresolvedPath:
    """A path that could be anything: the top of the path lattice, never the absence of a path."""

    text: str
    """As written, for people."""
    reason: str


SymbolicPath: TypeAlias = KnownPath | UnresolvedPath


def read_differently(path: str) -> str:
    """What about ``path``, not empty, some clients keep and others expand, cut off or put another spelling for."""
    if path[0] == "~":
        return "a path that begins with `~`"
    # ` /etc/x` is below the workspace by its spelling, and is /etc/x to whoever trims it.
    if any(char.isspace() or char == "\ufeff" for char in (path[0], path[-1])):
        return "a path with white space around it"
    scheme, colon, rest = path.partition(":")
    if colon and scheme.isascii() and (rest.startswith("//") or scheme.lower() == "file"):
        return "a path that is an address"
    if not path.isascii():
        from unicodedata import is_normalized  # noqa: PLC0415 - few names are not ASCII

        if not is_normalized("NFC", path):
            return "a path that is not in Unicode's usual form"
        if any(char.isspace() and char != " " for char in path):
            return "a path with a space that is not the usual one"
    return ""


class FileKind(Enum):
    """What a path named at the moment we looked."""

    ABSENT = "absent"
    FILE = "file"
    DIRECTORY = "directory"
    OTHER = "other"
    """Device, socket, FIFO."""
    UNKNOWN = "unknown"
    """We could not look."""


UNRESOLVED_PLACE = "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What a delete or an overwrite would take, as it was when we looked."""

    files: int
    bytes: int
    untracked: int = 0
    """Files that git does not know; ``ignored`` are not among them."""
    ignored: int = 0
    modified: int = 0
    """Files that git knows with another content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedPath:
    """Where a path really leads, in the spelling that policy globs are written in.

    Hashing looks at where it leads only: two that differ in the rest are rare, and ``below`` may be long.
    """

    given: str
    """As the command names it, after expansion."""
    real: str
    """Absolute, every symlink and ``..`` followed; empty when unresolved."""
    place: str
    """``$W/...`` workspace, ``$H/...`` home, ``$T/...`` temporary, ``/...`` anything else, ``?`` unresolved."""
    kind: FileKind = field(default=FileKind.UNKNOWN, hash=False)
    below: tuple[str, ...] = field(default=(), hash=False)
    """For a recursive effect: places strictly below ``place`` that were listed, and every root that lies below it."""
    listed: bool = field(default=False, hash=False)
    """Whether ``below`` is the whole tree; if not, anything may lie below."""
    lost: int = field(default=0, hash=False)
    """For a delete or overwrite: files below that git cannot bring back; -1 when nobody knows."""
    loss: Loss | None = field(default=None, hash=False)
    """The same in numbers, for people; None when nobody has counted."""
    unresolved: str = field(default="", hash=False)
    """Why it could not be resolved; empty when it was."""
    aliases: tuple[str, ...] = field(default=(), hash=False)
    """Other places the same file must be judged as: the path as written when it differs from ``place``
    (deleting a link deletes the link, writing through it writes the target)."""
