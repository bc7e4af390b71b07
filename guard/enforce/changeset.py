"""A change set as a directory: a manifest and the contents before and after. The form in which changes wait,
are applied after a crash, and are undone.

    journal/ID.tmp   being written: thrown away by recovery
    journal/ID       complete: recovery finishes it
    held/ID          waits for a person
    undo/ID          applied: holds what is needed to put it back
"""

import contextlib
import errno
import fcntl
import os
import secrets

from guard.effects.environments import leads_to_interpreter
from guard.enforce.beneath import sync_filesystem
from guard.enforce.manifest import INCOMPLETE, MANIFEST, ChangeSet, Entry, write_manifest
from guard.enforce.nodes import changed_at, copy_out, copy_to, look, parent_of, same
from guard.errors import ApplyError
from guard.faults import Point, reached
from guard.model.dataclass import replace
from sandbox.changes import Change, Changes, Created, Deleted, Node, NodeKind, only_the_time


def entries_of(changes: Changes, surprises: frozenset[str] = frozenset()) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            path=change.path,
            before=_before(change),
            after=_after(change),
            number=number,
            surprise=change.path in surprises,
        )
        for number, change in enumerate(changes.entries)
    )


def _before(change: Change) -> Node | None:
    return None if isinstance(change, Created) else change.before


def _after(change: Change) -> Node | None:
    return None if isinstance(change, Deleted) else change.after


def refused(changes: Changes, workspace: str) -> str:
    """Why this change set may never be applied without a person, whatever the policy says; empty when it may."""
    if changes.truncated:
        return f"the changes could not be read in full: {changes.truncated}"
    entries = entries_of(changes)
    for entry in entries:
        if _deceives(entry.path):
            return "a name holds control or text direction characters"
        after = entry.after
        if after is None or after.kind is not NodeKind.SYMLINK:
            continue
        if _deceives(after.target):
            return f"the link `{entry.path}` leads to a name with control or text direction characters"
        if not _stays(entry.path, after.target, workspace) and not leads_to_interpreter(
            entry.path, after.target
        ):
            return f"the link `{entry.path}` leads out of the workspace, to `{after.target}`"
    return never_applied(entries)


_DECEIVING = (
    (0x00, 0x1F),
    (0x7F, 0x9F),
    (0x61C, 0x61C),
    (0x200E, 0x200F),
    (0x2028, 0x202E),
    (0x2066, 0x2069),
    (0xFFF9, 0xFFFB),
    (0xE0000, 0xE007F),
)
"""Control characters of both ranges, line separators, what turns the direction of text, tags that nobody sees."""


def _deceives(text: str) -> bool:
    """Whether a terminal or a reviewer would see something else than what stands there."""
    if text.isascii() and text.isprintable():
        return False
    return any(first <= ord(char) <= last for char in text for first, last in _DECEIVING)


def _stays(path: str, target: str, workspace: str) -> bool:
    """By name, and by where the links that are there already lead."""
    parts = [part for part in target.split("/") if part not in {"", "."}]
    climbs = parts.count("..")
    if parts[:climbs] != [".."] * climbs:
        # `d/../../x` climbs from wherever the link `d` leads, which the name does not tell.
        return False
    where = os.path.normpath(os.path.join(workspace, os.path.dirname(path), target))
    return all(
        place == workspace or place.startswith(workspace.rstrip("/") + "/")
        for place in (where, os.path.realpath(where))
    )


def never_applied(entries: tuple[Entry, ...]) -> str:
    """What not even a person lets out of a sandbox this way; empty when there is nothing of the kind."""
    for entry in entries:
        after = entry.after
        if after is None:
            continue
        if after.kind in {NodeKind.FIFO, NodeKind.SOCKET, NodeKind.DEVICE}:
            return f"`{entry.path}` is a {after.kind.value}"
        if after.mark:
            return f"`{entry.path}` has {after.mark}"
        if after.kind is NodeKind.FILE and after.mode & 0o6000:
            return f"`{entry.path}` runs with the rights of its owner (set-id)"
    return ""


def stage(
    changes: Changes,
    *,
    parent: str,
    workspace: str,
    decision: int,
    why: str,
    command: str,
    surprises: frozenset[str] = frozenset(),
) -> ChangeSet:
    """Write everything into ``parent/ID.tmp``; the layer is not needed any more. OSError: nothing is left behind.

    ``surprises``: paths that nothing said of the command foretold.
    """
    id_ = f"{decision}-{secrets.token_hex(3)}"
    directory = os.path.join(parent, f"{id_}{INCOMPLETE}")
    entries = entries_of(changes, surprises)
    lock = make_locked(directory)
    staged = ChangeSet(
        id=id_,
        directory=directory,
        workspace=workspace,
        decision=decision,
        why=why,
        command=command,
        entries=entries,
        lock=lock,
    )
    try:
        os.mkdir(os.path.join(directory, "new"), 0o700)
        os.mkdir(os.path.join(directory, "old"), 0o700)
        for entry in entries:
            after = entry.after
            if only_the_time(entry.before, after):
                continue
            if after is not None and after.kind is NodeKind.FILE and _content_differs(entry):
                with changes.open_after(entry.path) as source:
                    # Mostly the mode that it will have: one call less, a file at a time.
                    digest = copy_to(source, f"{directory}/new/{entry.number}", after.mode & 0o777 | 0o600)
                if digest != after.sha256:
                    raise ApplyError(  # noqa: TRY301 - cleaned up just below
                        f"`{entry.path}` changed while it was read", help_="run the command again"
                    )
            elif after is not None and after.kind is NodeKind.FILE:
                os.symlink("../old/" + str(entry.number), os.path.join(directory, "new", str(entry.number)))
            reached(Point.SET_FILLED)
        write_manifest(staged)
    except BaseException:
        discard(staged)
        raise
    return staged


def make_locked(directory: str) -> int:
    """A new private directory, locked as long as its writer lives."""
    os.makedirs(os.path.dirname(directory), mode=0o700, exist_ok=True)
    os.mkdir(directory, 0o700)
    lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    fcntl.flock(lock, fcntl.LOCK_EX)
    reached(Point.SET_MADE)
    return lock


def _content_differs(entry: Entry) -> bool:
    before = entry.before
    return (
        before is None
        or entry.after is None
        or before.kind is not NodeKind.FILE
        or before.sha256 != entry.after.sha256
    )


def look_at(found: ChangeSet, root: int, entry: Entry) -> Node | None:
    """What an entry's path is now. Nothing, when a link that the set itself makes or replaces is in the way."""
    try:
        return look(root, entry.path)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        by_path = {other.path: other for other in found.entries}
        head = parent_of(entry.path)[0]
        while head:
            other = by_path.get(head)
            with contextlib.suppress(OSError):
                now = look(root, head)
                if now is not None and now.kind is NodeKind.SYMLINK:
                    if other is not None and (same(now, other.before) or same(now, other.after)):
                        return None
                    break
            head = parent_of(head)[0]
        raise


def keep_old(staged: ChangeSet, root: int, since_ns: int = 0) -> list[str]:
    """Copy what will be replaced into the set. Returns the paths that are not what the run saw: conflicts.

    A run sees the workspace as it is at every moment, so what changed after ``since_ns``, its start, it saw before or
    after nobody knows when.
    """
    conflicts: list[str] = []
    absent: set[str] = set()
    for entry in staged.entries:
        if entry.before is None and parent_of(entry.path)[0] in absent:
            # Where there is no directory, there is nothing in it; it is made by us, or that fails.
            if entry.after is not None and entry.after.kind is NodeKind.DIRECTORY:
                absent.add(entry.path)
            continue
        try:
            now = look_at(staged, root, entry)
            touched = since_ns and now is not None and changed_at(root, entry.path) > since_ns
            timed = only_the_time(entry.before, entry.after)
            if touched or not same(now, entry.before) or (timed and only_the_time(now, entry.before)):
                conflicts.append(entry.path)
            elif timed:
                # What is put back is in the manifest.
                continue
            elif now is None and entry.after is not None and entry.after.kind is NodeKind.DIRECTORY:
                absent.add(entry.path)
            elif now is not None and now.kind is NodeKind.FILE:
                target = os.path.join(staged.directory, "old", str(entry.number))
                with contextlib.suppress(FileNotFoundError):
                    # Of an attempt that did not get far: it may be half a file.
                    os.unlink(target)
                if copy_out(root, entry.path, target) != now.sha256:
                    conflicts.append(entry.path)
                reached(Point.OLD_KEPT)
        except OSError as error:
            if error.errno not in _MOVED:
                raise
            conflicts.append(entry.path)
    return conflicts


def forget_old(staged: ChangeSet) -> None:
    """Of an attempt that came to nothing; the next one copies again."""
    for entry in staged.entries:
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(staged.directory, "old", str(entry.number)))
            reached(Point.OLD_FORGOTTEN)


_MOVED = frozenset({errno.ELOOP, errno.EXDEV, errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EAGAIN})
"""Errors that say that the workspace is not what it was, rather than that we cannot write."""


def commit(staged: ChangeSet, target: str) -> ChangeSet:
    """Give a complete set its place, durably: ``target`` is ``journal``, ``held`` or ``undo``. The lock stays."""
    os.makedirs(target, mode=0o700, exist_ok=True)
    descriptor = os.open(staged.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync_filesystem(descriptor)
    finally:
        os.close(descriptor)
    reached(Point.SET_SYNCED)
    return move(staged, os.path.join(target, staged.id))


def move(found: ChangeSet, place: str) -> ChangeSet:
    os.rename(found.directory, place)
    reached(Point.SET_MOVED)
    _sync(os.path.dirname(place))
    reached(Point.SET_PLACED)
    return replace(found, directory=place)


def _sync(directory: str) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def erase(directory: str) -> None:
    """A set, or one of its two parts: never deeper than that. What cannot be removed stays.

    A complete set first loses the name that says so: half of one must be nobody's to apply, and recovery ends it.
    """
    if os.path.lexists(os.path.join(directory, MANIFEST)) and not directory.endswith(INCOMPLETE):
        with contextlib.suppress(OSError):
            os.rename(directory, directory + INCOMPLETE)
            directory += INCOMPLETE
            reached(Point.SET_DOOMED)
    for path in (os.path.join(directory, "new"), os.path.join(directory, "old"), directory):
        with contextlib.suppress(OSError):
            for name in os.listdir(path):
                with contextlib.suppress(OSError):
                    os.unlink(os.path.join(path, name))
            os.rmdir(path)
            reached(Point.SET_ERASED)


def discard(found: ChangeSet) -> None:
    erase(found.directory)
    release(found)


def release(found: ChangeSet) -> None:
    """The writer is done with it."""
    if found.lock >= 0:
        os.close(found.lock)


def taken(found: ChangeSet) -> ChangeSet | None:
    """The set, locked by us; None while somebody else works on it, or when it is gone."""
    try:
        lock = os.open(found.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # It may have been given another place between the two calls.
        here = os.stat(found.directory)
    except OSError:
        os.close(lock)
        return None
    if not os.path.samestat(here, os.fstat(lock)):
        os.close(lock)
        return None
    return replace(found, lock=lock)


def list_sets(parent: str) -> list[str]:
    """Ids, oldest first."""
    try:
        names = [name for name in os.listdir(parent) if not name.endswith(INCOMPLETE)]
    except FileNotFoundError:
        return []
    return sorted(names, key=lambda name: _age(os.path.join(parent, name)))


def _age(path: str) -> int:
    try:
        return os.lstat(path).st_mtime_ns
    except FileNotFoundError:
        # Given another place by another process just now.
        return 0
