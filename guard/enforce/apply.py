"""Station 10, the copying: a change set reaches the workspace whole or not at all, and can be put back.

Nothing here follows a link. A crash at any point is finished, or thrown away, by :func:`recover` at the next start.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from guard.enforce.beneath import sync_filesystem
from guard.enforce.changeset import (
    ChangeSet,
    Entry,
    commit,
    discard,
    keep_old,
    list_sets,
    make_locked,
    read_set,
    write_manifest,
)
from guard.enforce.nodes import look, make, remove, same
from guard.enforce.places import Places
from guard.errors import ApplyError
from sandbox.changes import NodeKind

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
def locked(places: Places, workspace: str) -> Iterator[int]:
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
        try:
            yield root
        finally:
            os.close(root)
    finally:
        os.close(lock)


def apply(staged: ChangeSet, places: Places, since_ns: int = 0) -> Applied | Conflict:
    """Apply a staged or held set. On a conflict it stays where it is. OSError, ApplyError: nothing was applied.

    ``since_ns``: when the run began; what was changed by others after that is a conflict.
    """
    with locked(places, staged.workspace) as root:
        conflicts = keep_old(staged, root, since_ns)
        if conflicts:
            return Conflict(paths=tuple(conflicts))
        # From here on the set is complete in the journal: a crash is finished by the next start.
        journalled = commit(staged, places.journal)
        _carry_out(journalled, root)
        done = commit(journalled, places.undo)
    return Applied(undo=done.id, count=len(done.entries))


def _carry_out(found: ChangeSet, root: int) -> None:
    """Idempotent: what is already as it should be is left alone."""
    modes: list[Entry] = []
    for entry in found.entries:
        now = look(root, entry.path)
        if same(now, entry.after):
            continue
        if entry.after is None:
            remove(root, entry.path)
        else:
            make(root, entry.path, entry.after, found.new(entry), found.id)
            if entry.after.kind is NodeKind.DIRECTORY:
                modes.append(entry)
    for entry in reversed(modes):
        # A directory without write permission must get its mode after its content.
        if entry.after is not None:
            make(root, entry.path, entry.after, found.new(entry), found.id)
    sync_filesystem(root)


def undo(id_: str, places: Places) -> Applied | Conflict:
    """Put back what set ``id_`` changed. It can itself be undone."""
    done = read_set(places.undo, id_)
    turned = _turned(done, places)
    try:
        result = apply(turned, places)
    except BaseException:
        discard(turned)
        raise
    if isinstance(result, Conflict):
        discard(turned)
    else:
        discard(done)
    return result


def _turned(done: ChangeSet, places: Places) -> ChangeSet:
    """The opposite change set, staged in the journal."""
    import secrets  # noqa: PLC0415 - here only

    id_ = f"{done.decision}-{secrets.token_hex(3)}"
    directory = os.path.join(places.journal, f"{id_}.tmp")
    entries = tuple(
        Entry(path=entry.path, before=entry.after, after=entry.before, number=entry.number)
        for entry in reversed(done.entries)
    )
    turned = replace(done, id=id_, directory=directory, entries=entries, why="", lock=make_locked(directory))
    try:
        os.mkdir(os.path.join(directory, "old"), 0o700)
        os.mkdir(os.path.join(directory, "new"), 0o700)
        for entry in entries:
            source = os.path.join(done.directory, "old", str(entry.number))
            if entry.after is not None and entry.after.kind is NodeKind.FILE:
                shutil.copyfile(source, os.path.join(directory, "new", str(entry.number)))
        write_manifest(turned)
    except BaseException:
        discard(turned)
        raise
    return turned


def recover(places: Places) -> list[str]:
    """Finish what a crash interrupted. Returns what was done, in words; safe to call at any time."""
    notes: list[str] = []
    for id_ in list_sets(places.journal):
        try:
            found = read_set(places.journal, id_)
            with locked(places, found.workspace) as root:
                if not os.path.isdir(found.directory):
                    continue
                strange = [
                    entry.path
                    for entry in found.entries
                    if not same(now := look(root, entry.path), entry.after) and not same(now, entry.before)
                ]
                if strange:
                    # Somebody changed these after the crash: their work stays, the rest of the set waits for a person.
                    commit(
                        replace(found, why=f"interrupted, and `{strange[0]}` was changed since"), places.held
                    )
                    notes.append(f"held {id_}: interrupted, and {len(strange)} files were changed since")
                    continue
                _carry_out(found, root)
                commit(found, places.undo)
            notes.append(f"finished {id_}: {len(found.entries)} changes that a crash had interrupted")
        except (ApplyError, OSError) as error:
            notes.append(f"could not finish {id_}: {error}")
    for parent in (places.journal, places.held, places.undo):
        notes += _sweep(parent)
    return notes


def _sweep(parent: str) -> list[str]:
    """Sets that were still being written belong to nobody once their writer is gone."""
    try:
        names = [name for name in os.listdir(parent) if name.endswith(".tmp")]
    except FileNotFoundError:
        return []
    notes: list[str] = []
    for name in names:
        path = os.path.join(parent, name)
        if _writer_lives(path):
            continue
        shutil.rmtree(path, ignore_errors=True)
        notes.append(f"removed {name}: it was never complete")
    return notes


def _writer_lives(path: str) -> bool:
    """Whether the process that writes this set still runs: it holds a lock on the directory."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
