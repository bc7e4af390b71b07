"""Putting back what a run changed, and how long that stays possible."""

import os
import secrets
import time

from guard.enforce.apply import Applied, Conflict, apply
from guard.enforce.changeset import discard, erase, list_sets, make_locked
from guard.enforce.manifest import INCOMPLETE, ChangeSet, Entry, read_set, write_manifest
from guard.enforce.nodes import copy_to
from guard.enforce.places import Places
from guard.errors import ApplyError
from guard.faults import Point, reached
from guard.model.dataclass import replace
from sandbox.changes import NodeKind, only_the_time

KEEP_SETS = 200
KEEP_BYTES = 2 * 1024**3
KEEP_S = 30 * 24 * 3600


def undo(id_: str, places: Places) -> Applied | Conflict:
    """Put back what set ``id_`` changed. It can itself be undone. UsageError: there is no such set."""
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
    id_ = f"{done.decision}-{secrets.token_hex(3)}"
    directory = os.path.join(places.journal, f"{id_}{INCOMPLETE}")
    entries = tuple(
        Entry(path=entry.path, before=entry.after, after=entry.before, number=entry.number)
        for entry in reversed(done.entries)
    )
    turned = replace(
        done, id=id_, directory=directory, entries=entries, why="", origin="", lock=make_locked(directory)
    )
    try:
        os.mkdir(os.path.join(directory, "old"), 0o700)
        os.mkdir(os.path.join(directory, "new"), 0o700)
        for entry in entries:
            if entry.after is None or entry.after.kind is not NodeKind.FILE:
                continue
            if only_the_time(entry.before, entry.after):
                continue
            target = os.path.join(directory, "new", str(entry.number))
            with done.old(entry)() as source:
                digest = copy_to(source, target)
            reached(Point.SET_FILLED)
            if digest != entry.after.sha256:
                raise ApplyError(  # noqa: TRY301 - cleaned up just below
                    f"{done.directory}: what was kept of `{entry.path}` is damaged",
                    help_="put that file back by hand",
                )
        write_manifest(turned)
    except BaseException:
        discard(turned)
        raise
    return turned


def prune(places: Places, now_s: float | None = None) -> int:
    """Drop the oldest of what could be undone, beyond the bounds. Returns how many."""
    now = time.time() if now_s is None else now_s  # noqa: TID251 - the edge: how old is a directory
    room, kept, dropped = KEEP_BYTES, 0, 0
    for id_ in reversed(list_sets(places.undo)):
        path = os.path.join(places.undo, id_)
        try:
            age = now - os.lstat(path).st_mtime
            room -= sum(item.stat(follow_symlinks=False).st_size for item in os.scandir(f"{path}/old"))
        except OSError:
            continue
        kept += 1
        if kept > 1 and (kept > KEEP_SETS or room < 0 or age > KEEP_S):
            erase(path)
            dropped += 1
    return dropped
