"""Reads an overlayfs writable layer against the workspace below it and says what changed. Changes nothing there.

The layer was written by a command nobody trusts: every name is opened relative to its parent's
descriptor and never through a symlink, and what is read is bounded.
"""

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from sandbox.changes import Change, Changes, Created, Deleted, Modified, Node, NodeKind, only_the_time
from sandbox.errors import ChangesError

MAX_ENTRIES = 200_000
MAX_HASHED_BYTES = 8 << 30
_CHUNK = 1 << 20
MAX_DEPTH = 128
_OPAQUE = ("user.overlay.opaque", "trusted.overlay.opaque")
_WHITEOUT = ("user.overlay.whiteout", "trusted.overlay.whiteout")
_KINDS = {
    stat.S_IFREG: NodeKind.FILE,
    stat.S_IFDIR: NodeKind.DIRECTORY,
    stat.S_IFLNK: NodeKind.SYMLINK,
    stat.S_IFIFO: NodeKind.FIFO,
    stat.S_IFSOCK: NodeKind.SOCKET,
}


class OverBudgetError(Exception):
    """Stops the walk; becomes ``Changes.truncated``."""


@dataclass(slots=True)
class Reading:
    """Two trees are walked together; what is found is collected here."""

    max_entries: int
    max_bytes: int
    deleted: list[Change] = field(default_factory=list[Change])
    written: list[Change] = field(default_factory=list[Change])
    hashed: int = 0
    problem: str = ""

    def add(self, change: Change) -> None:
        if len(self.deleted) + len(self.written) >= self.max_entries:
            raise OverBudgetError(f"more than {self.max_entries:,} changes")
        (self.deleted if isinstance(change, Deleted) else self.written).append(change)

    def marked(self, path: str, mark: str) -> None:
        """The directory ``path``, just entered or not changed itself, has an attribute that it must not have."""
        last = self.written[-1] if self.written else None
        if last is not None and last.path == path and not isinstance(last, Deleted):
            self.written[-1] = replace(last, after=replace(last.after, mark=mark))
            return
        node = Node(kind=NodeKind.DIRECTORY, mode=0o755, mark=mark)
        self.add(Modified(path=path, before=replace(node, mark=""), after=node))


def read(
    upper: int, workspace: str, *, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_HASHED_BYTES
) -> Changes:
    """Changes of the layer that descriptor ``upper`` is open on. Raises ChangesError."""
    try:
        lower = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise ChangesError(f"cannot read the workspace `{workspace}`: {error.strerror}") from error
    reading = Reading(max_entries, max_bytes)
    try:
        _compare(reading, upper, lower, "", opaque=False, depth=0)
    except OverBudgetError as error:
        reading.problem = str(error)
    except OSError as error:
        raise ChangesError(f"cannot read the writable layer: {error}") from error
    finally:
        os.close(lower)
    return Changes(
        entries=(*reading.deleted, *reading.written), open_after=Opener(upper), truncated=reading.problem
    )


class Opener:
    """``Changes.open_after``. Walks by descriptors: a symlink put in the way raises instead of leading out.

    Keeps the last directory open: files come directory by directory.
    """

    def __init__(self, upper: int) -> None:
        self._upper = upper
        self._head = ""
        self._kept = -1

    def __call__(self, path: str) -> BinaryIO:
        head, _, name = path.rpartition("/")
        parents = head.split("/") if head else []
        if not all(part not in ("", ".", "..") for part in (*parents, name)):
            raise ChangesError(f"`{path}` is not a path below the workspace")
        try:
            if self._kept >= 0 and self._head == head:
                return os.fdopen(_open_file(name, self._kept), "rb", buffering=0)
            return self._walk(head, parents, name)
        except OSError as error:
            raise ChangesError(f"cannot read `{path}` in the writable layer: {error.strerror}") from error

    def _walk(self, head: str, parents: list[str], name: str) -> BinaryIO:
        self._forget()
        with contextlib.ExitStack() as open_parents:
            current, locked = self._upper, False
            for part in parents:
                mode = os.stat(part, dir_fd=current, follow_symlinks=False).st_mode
                locked = locked or mode & 0o700 != 0o700
                current = open_parents.enter_context(directory_of(part, current))
            opened = os.fdopen(_open_file(name, current), "rb", buffering=0)
            if not locked:
                self._head, self._kept = head, os.dup(current)
            return opened

    def _forget(self) -> None:
        if self._kept >= 0:
            os.close(self._kept)
            self._kept = -1

    def __del__(self) -> None:
        self._forget()


@contextlib.contextmanager
def directory_of(name: str, parent: int) -> Generator[int]:
    """A directory of the layer, readable and searchable while we are in it, whatever the command made of it."""
    flags = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    opened = os.open(name, flags | os.O_PATH, dir_fd=parent)
    try:
        with (
            _lent(opened, 0o700),
            _closing(os.open(f"/proc/self/fd/{opened}", flags ^ os.O_NOFOLLOW)) as found,
        ):
            yield found
    finally:
        os.close(opened)


@contextlib.contextmanager
def _lent(opened: int, bits: int) -> Generator[None]:
    """Lend ourselves a permission that the command took away (chmod 000), and take it back."""
    mode = stat.S_IMODE(os.fstat(opened).st_mode)
    if mode & bits == bits or os.geteuid() == 0:
        yield
        return
    os.chmod(f"/proc/self/fd/{opened}", mode | bits)
    try:
        yield
    finally:
        os.chmod(f"/proc/self/fd/{opened}", mode)


@contextlib.contextmanager
def _closing(descriptor: int) -> Generator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def _open_file(name: str, parent: int, *, unlock: bool = True) -> int:
    """Open a regular file and nothing else: it is looked at before it is opened, and again afterwards."""
    if not stat.S_ISREG(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
        raise OSError(errno.EINVAL, "not a regular file", name)
    try:
        opened = os.open(name, _READ, dir_fd=parent)
    except PermissionError:
        if not unlock:
            raise
        return _unlocked(name, parent)
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise OSError(errno.EINVAL, "not a regular file", name)
    return opened


def _unlocked(name: str, parent: int) -> int:
    with _closing(os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)) as found:
        if not stat.S_ISREG(os.fstat(found).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", name)
        with _lent(found, 0o400):
            return os.open(f"/proc/self/fd/{found}", os.O_RDONLY | os.O_CLOEXEC)


def _compare(reading: Reading, upper: int, lower: int, prefix: str, *, opaque: bool, depth: int) -> None:
    """One directory of the layer against the same directory below (-1: there is none)."""
    if depth > MAX_DEPTH:
        raise OverBudgetError(f"directories deeper than {MAX_DEPTH}")
    names = names_of(reading, upper, prefix)
    if opaque and lower >= 0:
        for name in sorted(set(names_of(reading, lower, prefix, of="workspace")) - set(names)):
            delete(reading, lower, name, prefix + name, depth)
    for name in names:
        path = prefix + name
        now = os.stat(name, dir_fd=upper, follow_symlinks=False)
        was = stat_of(name, lower)
        if _is_whiteout(name, upper, now):
            if was is not None:
                delete(reading, lower, name, path, depth)
            continue
        both = was is not None and stat.S_ISDIR(was.st_mode) and stat.S_ISDIR(now.st_mode)
        if was is not None and stat.S_ISDIR(was.st_mode) and not both:
            delete_below(reading, lower, name, path, depth)
        enter_change(reading, upper, lower, name, path, now, was)
        if stat.S_ISDIR(now.st_mode):
            with contextlib.ExitStack() as opened:
                inner = opened.enter_context(directory_of(name, upper))
                below = opened.enter_context(lower_directory(name, lower, path)) if both else -1
                hidden = _has_mark(inner, _OPAQUE, value=b"y")
                if mark := mark_of(inner):
                    reading.marked(path, mark)
                _compare(reading, inner, below, path + "/", opaque=hidden, depth=depth + 1)


@contextlib.contextmanager
def lower_directory(name: str, parent: int, path: str) -> Generator[int]:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        opened = os.open(name, flags, dir_fd=parent)
    except PermissionError:
        raise OverBudgetError(f"directory `{path}` of the workspace cannot be read") from None
    with _closing(opened):
        yield opened


def enter_change(
    reading: Reading,
    upper: int,
    lower: int,
    name: str,
    path: str,
    now: os.stat_result,
    was: os.stat_result | None,
) -> None:
    after = _node(reading, name, upper, now, unlock=True)
    if was is None:
        reading.add(Created(path=path, after=after))
        return
    before = _node(reading, name, lower, was, unlock=False)
    same = (before.kind, before.mode, before.sha256, before.target) == (
        after.kind,
        after.mode,
        after.sha256,
        after.target,
    )
    # A device number is the content of a device; two that look alike are still held by whoever judges.
    if not same or after.kind is NodeKind.DEVICE or only_the_time(before, after):
        reading.add(Modified(path=path, before=before, after=after))


def delete(reading: Reading, parent: int, name: str, path: str, depth: int) -> None:
    found = os.stat(name, dir_fd=parent, follow_symlinks=False)
    if stat.S_ISDIR(found.st_mode):
        delete_below(reading, parent, name, path, depth)
    reading.add(Deleted(path=path, before=_node(reading, name, parent, found, unlock=False)))


def delete_below(reading: Reading, parent: int, name: str, path: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise OverBudgetError(f"directories deeper than {MAX_DEPTH}")
    with lower_directory(name, parent, path) as directory:
        for child in names_of(reading, directory, path, of="workspace"):
            delete(reading, directory, child, f"{path}/{child}", depth + 1)


def _node(reading: Reading, name: str, parent: int, found: os.stat_result, *, unlock: bool) -> Node:
    mode = stat.S_IMODE(found.st_mode)
    kind = _KINDS.get(stat.S_IFMT(found.st_mode), NodeKind.DEVICE)
    match kind:
        case NodeKind.FILE:
            digest, mark = _digest(reading, name, parent, found.st_size, unlock=unlock)
            return Node(
                kind=kind,
                mode=mode,
                size=found.st_size,
                sha256=digest,
                mtime_ns=found.st_mtime_ns,
                mark=mark if unlock else "",
            )
        case NodeKind.SYMLINK:
            target = os.readlink(name, dir_fd=parent)
            digest = hashlib.sha256(os.fsencode(target)).hexdigest()
            return Node(
                kind=kind,
                mode=mode,
                size=found.st_size,
                sha256=digest,
                target=target,
                mtime_ns=found.st_mtime_ns,
            )
        case NodeKind.DIRECTORY | NodeKind.FIFO | NodeKind.SOCKET | NodeKind.DEVICE:
            return Node(kind=kind, mode=mode, mtime_ns=found.st_mtime_ns)


def _digest(reading: Reading, name: str, parent: int, size: int, *, unlock: bool) -> tuple[str, str]:
    """SHA-256 of a file, and what its attributes say that no file of a workspace may."""
    reading.hashed += size
    if size > reading.max_bytes:
        raise OverBudgetError(f"`{name}` has {size:,} bytes, and {reading.max_bytes:,} are compared at most")
    if reading.hashed > reading.max_bytes:
        raise OverBudgetError(f"more than {reading.max_bytes:,} bytes to compare")
    digest = hashlib.sha256()
    try:
        opened = _open_file(name, parent, unlock=unlock)
    except PermissionError:
        raise OverBudgetError(f"`{name}` in the workspace cannot be read") from None
    try:
        while chunk := os.read(opened, _CHUNK):
            digest.update(chunk)
            if len(chunk) < _CHUNK:
                break
        return digest.hexdigest(), mark_of(opened)
    finally:
        os.close(opened)


_OWN_MARKS = ("origin", "opaque", "impure", "nlink", "protattr", "uuid", "upper")


def mark_of(opened: int) -> str:
    """Attributes that give rights, or that speak to overlayfs and are not what it writes by itself; empty for none."""
    try:
        names = os.listxattr(opened)
    except OSError:
        return ""
    for name in names:
        if name == "security.capability":
            return "file capabilities"
        for root in ("user.overlay.", "trusted.overlay."):
            if name.startswith(root) and name.removeprefix(root) not in _OWN_MARKS:
                return f"a forged overlay mark ({name})"
    return ""


def stat_of(name: str, parent: int) -> os.stat_result | None:
    if parent < 0:
        return None
    try:
        return os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None


def names_of(reading: Reading, directory: int, path: str, *, of: str = "layer") -> list[str]:
    """Names in a directory, in order. A directory of millions is over budget before it is in our memory."""
    names: list[str] = []
    with os.scandir(directory) as found:
        for entry in found:
            names.append(entry.name)
            if len(names) > 2 * reading.max_entries:
                raise OverBudgetError(
                    f"more than {2 * reading.max_entries:,} names in one directory of the {of}, `{path or '.'}`"
                )
    names.sort()
    return names


def _is_whiteout(name: str, parent: int, found: os.stat_result) -> bool:
    if stat.S_ISCHR(found.st_mode):
        return found.st_rdev == 0
    if stat.S_ISREG(found.st_mode) and found.st_size == 0:
        try:
            opened = _open_file(name, parent)
        except OSError:
            return False
        try:
            return _has_mark(opened, _WHITEOUT)
        finally:
            os.close(opened)
    return False


def _has_mark(opened: int, names: tuple[str, ...], *, value: bytes = b"") -> bool:
    for name in names:
        try:
            if os.getxattr(opened, name) == value or not value:
                return True
        except OSError:
            continue  # no such mark, or trusted.* as an ordinary user
    return False
