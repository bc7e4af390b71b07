"""Some of a held set: what a person lets in file by file becomes a set of its own, the rest stays held."""

import os
import secrets

from guard.enforce.apply import Applied, Conflict, apply
from guard.enforce.changeset import discard, make_locked, release, taken
from guard.enforce.manifest import INCOMPLETE, ChangeSet, Entry, write_manifest
from guard.enforce.nodes import copy_to
from guard.enforce.places import Places
from guard.errors import ApplyError, UsageError
from guard.faults import Point, reached
from guard.model.dataclass import replace
from guard.model.typed import Iterable
from sandbox.changes import NodeKind, only_the_time


def chosen(found: ChangeSet, paths: Iterable[str]) -> tuple[Entry, ...]:
    """The entries that ``paths`` mean, with all that these need: what lies below them, and directories made for them.

    UsageError for a path that the set does not hold.
    """
    by_path = {entry.path: entry for entry in found.entries}
    wanted: set[str] = set()
    for given in paths:
        path = os.path.normpath(given)
        below = {other for other in by_path if other == path or other.startswith(path + "/") or path == "."}
        if not below:
            raise UsageError(
                f"`{given}` is not among the changes of {found.id}",
                help_=f"see `guard changes show {found.id}`",
            )
        wanted |= below
    # A file needs the directory that is made for it, and what has to go before a directory can be made.
    for path in tuple(wanted):
        parts = path.split("/")
        for count in range(1, len(parts)):
            head = "/".join(parts[:count])
            parent = by_path.get(head)
            if parent is not None and (parent.before is None or _swaps(parent)):
                wanted.add(head)
                if _swaps(parent):
                    wanted |= {other for other in by_path if other.startswith(head + "/")}
    return tuple(entry for entry in found.entries if entry.path in wanted)


def _swaps(entry: Entry) -> bool:
    return entry.before is not None and entry.after is not None and entry.before.kind is not entry.after.kind


def apply_some(found: ChangeSet, entries: tuple[Entry, ...], places: Places) -> Applied | Conflict:
    """Let ``entries`` in; the others stay held under the same id. Nothing is applied, and nothing lost, when it fails."""
    own = taken(found)
    if own is None:
        raise ApplyError(f"`{found.id}` is being applied or dropped already", help_="look again")
    try:
        part = _part(own, entries, places)
        try:
            result = apply(part, places)
        except BaseException:
            discard(part)
            raise
        if isinstance(result, Conflict):
            discard(part)
            return result
        numbers = frozenset(entry.number for entry in entries)
        rest = replace(own, entries=tuple(entry for entry in own.entries if entry.number not in numbers))
        if rest.entries:
            write_manifest(rest)
            reached(Point.REST_HELD)
        else:
            discard(replace(rest, lock=-1))
        return result
    finally:
        release(own)


def _part(found: ChangeSet, entries: tuple[Entry, ...], places: Places) -> ChangeSet:
    id_ = f"{found.decision}-{secrets.token_hex(3)}"
    directory = os.path.join(places.journal, f"{id_}{INCOMPLETE}")
    part = replace(
        found,
        id=id_,
        directory=directory,
        entries=entries,
        why="",
        origin=found.id,
        lock=make_locked(directory),
    )
    try:
        for name in ("new", "old"):
            os.mkdir(os.path.join(directory, name), 0o700)
        for entry in entries:
            if entry.after is None or entry.after.kind is not NodeKind.FILE:
                continue
            if only_the_time(entry.before, entry.after):
                continue
            source = found.ready(entry)
            if os.path.islink(source):
                # The content stays what it is: it comes from what is replaced.
                os.symlink(os.readlink(source), part.ready(entry))
                reached(Point.SET_FILLED)
                continue
            with open(source, "rb", buffering=0) as content:
                digest = copy_to(content, part.ready(entry))
            reached(Point.SET_FILLED)
            if digest != entry.after.sha256:
                raise ApplyError(  # noqa: TRY301 - cleaned up just below
                    f"{found.directory}: what was kept of `{entry.path}` is damaged",
                    help_=f"drop it: `guard changes drop {found.id}`",
                )
        write_manifest(part)
    except BaseException:
        discard(part)
        raise
    return part
