"""What a crash interrupted is finished or rolled back at the next start. Decides nothing: a judged set stays judged."""

import os

from guard.enforce.apply import go_back, go_forward, locked, ours
from guard.enforce.changeset import commit, erase, list_sets, look_at, release, taken
from guard.enforce.manifest import INCOMPLETE, ChangeSet, read_set, write_manifest
from guard.enforce.nodes import clear
from guard.enforce.places import Places
from guard.errors import ApplyError, UsageError
from guard.faults import Point, reached
from guard.model.dataclass import replace


def recover(places: Places) -> list[str]:
    """Finish what a crash interrupted. Returns what was done, in words; safe to call at any time, by many at once."""
    notes: list[str] = []
    for id_ in list_sets(places.journal):
        try:
            found = taken(read_set(places.journal, id_))
            if found is None:
                continue
            try:
                notes.append(_finish(found, places))
            finally:
                release(found)
        except UsageError:
            # Its own process gave it another place meanwhile.
            continue
        except (ApplyError, OSError) as error:
            notes.append(f"could not finish {id_}: {error}")
    notes += _shrink(places)
    for parent in (places.journal, places.held, places.undo):
        notes += _sweep(
            parent, "it was never complete" if parent == places.journal else "its removal was interrupted"
        )
    return notes


def _finish(found: ChangeSet, places: Places) -> str:
    with locked(places, found.workspace) as root:
        for entry in found.entries:
            clear(root, entry.path, found.id)
        strange = [e.path for e in found.entries if not ours(look_at(found, root, e), e)]
        if strange:
            # Somebody changed these after the crash: their work stays, ours is rolled back and waits for a person.
            why = f"interrupted, and `{strange[0]}` was changed since"
        else:
            try:
                go_forward(found, root)
            except OSError as error:
                why = f"interrupted, and then: {error}"
            else:
                commit(found, places.undo)
                return f"finished {found.id}: {len(found.entries)} changes that a crash had interrupted"
        go_back(found, root)
        if found.origin in list_sets(places.held):
            # All of it is still held there.
            erase(found.directory)
            return f"not applied {found.id}, a part of {found.origin}: {why}"
        held = replace(found, why=why)
        write_manifest(held)
        commit(held, places.held)
        return f"held {found.id}: {why}"


def _shrink(places: Places) -> list[str]:
    """A held set does not hold what was let in of it, also where a crash came between."""
    notes: list[str] = []
    for id_ in list_sets(places.held):
        try:
            own = taken(read_set(places.held, id_))
            if own is None:
                continue
            try:
                applied = _let_in(own, places)
                rest = tuple(entry for entry in own.entries if entry.number not in applied)
                if len(rest) == len(own.entries):
                    continue
                if rest:
                    write_manifest(replace(own, entries=rest))
                    reached(Point.REST_HELD)
                else:
                    erase(own.directory)
            finally:
                release(own)
        except (ApplyError, UsageError, OSError):
            # Damaged, or gone meanwhile: said where it is listed.
            continue
        notes.append(
            f"{id_} holds {len(own.entries) - len(rest)} changes less: they were let in before a crash"
        )
    return notes


def _let_in(held: ChangeSet, places: Places) -> frozenset[int]:
    """Numbers of the entries that parts of it have applied."""
    found: set[int] = set()
    for id_ in list_sets(places.undo):
        if id_.partition("-")[0] == str(held.decision):
            part = read_set(places.undo, id_)
            if part.origin == held.id:
                found |= {entry.number for entry in part.entries}
    return frozenset(found)


def _sweep(parent: str, why: str) -> list[str]:
    """Sets that were still being written belong to nobody once their writer is gone."""
    try:
        names = [name for name in os.listdir(parent) if name.endswith(INCOMPLETE)]
    except FileNotFoundError:
        return []
    notes: list[str] = []
    for name in names:
        path = os.path.join(parent, name)
        found = taken(
            ChangeSet(id=name, directory=path, workspace="", decision=-1, why="", command="", entries=())
        )
        if found is None:
            continue
        erase(path)
        release(found)
        notes.append(f"removed {name}: {why}")
    return notes
