"""Station 10, the copying: a change set reaches the workspace whole or not at all.

Nothing here follows a link. A crash at any point is finished or rolled back by :mod:`guard.enforce.journal`.
"""

import errno
import fcntl
import hashlib
import os
from collections.abc import Generator
from contextlib import contextmanager

from guard.enforce.beneath import sync_filesystem
from guard.enforce.changeset import (
    commit,
    erase,
    forget_old,
    keep_old,
    look_at,
    move,
    never_applied,
    release,
    taken,
)
from guard.enforce.manifest import ChangeSet, Entry
from guard.enforce.nodes import clear, create, make, remove, same, set_time, take_back
from guard.enforce.places import Places
from guard.errors import ApplyError
from guard.faults import Point, reached
from guard.model.dataclass import dataclass
from sandbox.changes import Node, NodeKind, only_the_time

LOCK_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """``undo``: the id to put it back with."""

    undo: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Nothing was applied: these are not what the run saw."""

    paths: tuple[str, ...]


@contextmanager
def locked(places: Places, workspace: str) -> Generator[int]:
    """The workspace's descriptor, while nobody else of us changes it. ApplyError when somebody holds on to it."""
    import time  # noqa: PLC0415 - waiting only

    places.make(places.runs)
    name = hashlib.sha256(os.fsencode(workspace)).hexdigest()[:32]
    lock = os.open(
        os.path.join(places.runs, f"{name}.lock"),
        os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW,
        0o600,
    )
    try:
        end = time.monotonic() + LOCK_TIMEOUT_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > end:
                    raise ApplyError(
                        f"{workspace}: another run is applying its changes", help_="try again"
                    ) from None
                time.sleep(0.01)
        root = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
        reached(Point.SET_LOCKED)
        try:
            yield root
        finally:
            os.close(root)
    finally:
        os.close(lock)


def apply(staged: ChangeSet, places: Places, since_ns: int = 0) -> Applied | Conflict:
    """Apply a staged or held set. Conflict, OSError, ApplyError: nothing was applied, and it stays where it is.

    ``since_ns``: when the run began; what was changed by others after that is a conflict.
    """
    if never := never_applied(staged.entries):
        raise ApplyError(
            f"{never}: that never leaves the sandbox", help_=f"drop it: `guard changes drop {staged.id}`"
        )
    if staged.lock < 0:
        own = taken(staged)
        if own is None:
            raise ApplyError(f"`{staged.id}` is being applied or dropped already", help_="look again")
        try:
            return _apply(own, places, since_ns)
        finally:
            release(own)
    result = _apply(staged, places, since_ns)
    if isinstance(result, Applied):
        release(staged)
    return result


def _apply(staged: ChangeSet, places: Places, since_ns: int) -> Applied | Conflict:
    with locked(places, staged.workspace) as root:
        try:
            conflicts = keep_old(staged, root, since_ns)
            if conflicts:
                forget_old(staged)
                return Conflict(paths=tuple(conflicts))
            # From here on the set is complete in the journal: a crash is finished, or rolled back, by the next start.
            journalled = commit(staged, places.journal)
        except OSError:
            # What lacked may be room: leave enough to hold the set.
            forget_old(staged)
            raise
        try:
            go_forward(journalled, root)
        except (OSError, ApplyError):
            go_back(journalled, root)
            move(journalled, staged.directory)
            raise
        done = commit(journalled, places.undo)
    # What was new is in the workspace now; to put it back only what was old is needed.
    erase(os.path.join(done.directory, "new"))
    return Applied(undo=done.id, count=len(done.entries))


def go_forward(found: ChangeSet, root: int) -> None:
    """Idempotent. Raises ApplyError or OSError as soon as something is neither as it was nor as it will be."""
    _unseal(found, root, [(entry, entry.before, entry.after) for entry in found.entries])
    directories: list[tuple[Entry, Node]] = []
    for entry in found.entries:
        after = entry.after
        if (
            entry.before is None
            and after is not None
            and after.kind is NodeKind.FILE
            and create(root, entry.path, after, found.ready(entry))
        ):
            continue
        now = look_at(found, root, entry)
        if not ours(now, entry):
            raise ApplyError(f"`{entry.path}` was changed by somebody else meanwhile", help_="run it again")
        if same(now, entry.after):
            if after is not None and only_the_time(entry.before, after):
                set_time(root, entry.path, after)
            continue
        if entry.after is None:
            remove(root, entry.path)
            continue
        make(root, entry.path, _open(entry.after), found.new(entry), found.id, found.ready(entry))
        if entry.after.kind is NodeKind.DIRECTORY:
            directories.append((entry, entry.after))
    _close(found, root, directories)


def go_back(found: ChangeSet, root: int) -> None:
    """Undo what an interrupted application did. What somebody else has changed since is left alone."""
    _unseal(found, root, [(entry, entry.after, entry.before) for entry in found.entries])
    directories: list[tuple[Entry, Node]] = []
    for entry in reversed(found.entries):
        clear(root, entry.path, found.id)
        now = look_at(found, root, entry)
        if same(now, entry.before) or not ours(now, entry):
            if entry.before is not None and only_the_time(entry.before, entry.after) and ours(now, entry):
                set_time(root, entry.path, entry.before)
            continue
        if entry.before is None:
            _remove_ours(root, entry.path)
            continue
        make(root, entry.path, _open(entry.before), found.old(entry), found.id)
        if entry.before.kind is NodeKind.DIRECTORY:
            directories.append((entry, entry.before))
    _close(found, root, directories)
    for entry in found.entries:
        if entry.after is not None and entry.after.kind is NodeKind.FILE:
            take_back(found.ready(entry), entry.after.sha256)


def _remove_ours(root: int, path: str) -> None:
    try:
        remove(root, path)
    except OSError as error:
        # Somebody has put a file into a directory that we made: theirs stays, and so does the directory.
        if error.errno != errno.ENOTEMPTY:
            raise


def _unseal(found: ChangeSet, root: int, goes: list[tuple[Entry, Node | None, Node | None]]) -> None:
    """A directory that nobody may write into, and that goes, must first let go of what is in it."""
    for entry, was, will in sorted(goes, key=lambda item: item[0].path):
        if was is None or was.kind is not NodeKind.DIRECTORY or was.mode & 0o700 == 0o700:
            continue
        stays = will is not None and will.kind is NodeKind.DIRECTORY
        if not stays and same(look_at(found, root, entry), was):
            make(root, entry.path, _open(was), found.new(entry), found.id)


def _open(node: Node) -> Node:
    """A directory can be written into until everything in it is done."""
    if node.kind is not NodeKind.DIRECTORY:
        return node
    return Node(kind=node.kind, mode=node.mode | 0o700)


def _close(found: ChangeSet, root: int, directories: list[tuple[Entry, Node]]) -> None:
    for entry, node in reversed(directories):
        if node.mode & 0o700 != 0o700:
            make(root, entry.path, node, found.new(entry), found.id)
    sync_filesystem(root)
    reached(Point.TREE_SYNCED)


def ours(now: Node | None, entry: Entry) -> bool:
    """Whether an object is as it was, as it will be, or on our way from one to the other."""
    before, after = entry.before, entry.after
    if same(now, before) or same(now, after):
        return True
    if now is None:
        # A directory takes the place of something else, or the other way round, in two steps.
        return before is not None and after is not None and before.kind is not after.kind
    return now.kind is NodeKind.DIRECTORY and any(
        node is not None and node.kind is NodeKind.DIRECTORY and now.mode in {0o700, node.mode | 0o700}
        for node in (before, after)
    )
