"""Which runs have begun and not ended. What a crash leaves without an end is given one by the next start, in the log.

One file for each in ``runs``, locked as long as its process lives: so that nobody takes a living run for a dead one.
"""

import contextlib
import fcntl
import os
from enum import Enum

from guard.audit.canonical import Json, text_of
from guard.audit.log import AuditLog
from guard.enforce.beneath import open_directory
from guard.enforce.changeset import list_sets
from guard.enforce.manifest import read_set
from guard.enforce.nodes import parent_of
from guard.enforce.places import Places
from guard.errors import AuditError, GuardError
from guard.faults import Point, reached
from guard.model.dataclass import dataclass
from guard.model.jsons import dumps, loads
from guard.temporary import temporary

_ENDING = ".run"
_MAX_BYTES = 4 << 20


class Where(Enum):
    """On what a run works, which is what a crash leaves of it."""

    COPY = "copy"
    WORKSPACE = "workspace"
    HOST = "host"


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    path: str
    lock: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """A run whose guard was ended before it could say what became of it."""

    decision: int
    problem: str
    undo: str
    held: str


def begin(
    places: Places, decision: int, workspace: str, where: Where, absent: frozenset[str] = frozenset()
) -> Begun:
    """Raises AuditError: what could not be missed must not begin.

    ``absent``: absolute paths below the workspace at which empty directories may stand meanwhile.
    """
    path = os.path.join(places.runs, f"{decision}{_ENDING}")
    data = {"workspace": workspace, "where": where.value, "absent": sorted(absent)}
    try:
        places.make(places.runs)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        early = temporary(path)
        lock = os.open(early, flags, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            os.write(lock, dumps(data).encode(errors="surrogateescape"))
            # Under this name it is looked at by others, who must find it locked.
            os.rename(early, path)
            reached(Point.RUN_MARKED)
        except BaseException:
            os.close(lock)
            raise
    except OSError as error:
        raise AuditError(
            f"{path}: what is begun cannot be noted: {(error.strerror or str(error)).lower()}",
            help_="free space or repair permissions; until then nothing is run",
        ) from error
    return Begun(path=path, lock=lock)


def end(begun: Begun) -> None:
    """Its outcome is recorded."""
    with contextlib.suppress(OSError):
        os.unlink(begun.path)
        reached(Point.RUN_UNMARKED)
    os.close(begun.lock)


def close_interrupted(places: Places, log: AuditLog) -> list[Interrupted]:
    """Record how each ended that a crash interrupted, and put away what it left in the workspace. Raises AuditError."""
    try:
        names = [name for name in os.listdir(places.runs) if name.endswith(_ENDING)]
    except FileNotFoundError:
        return []
    found: list[Interrupted] = []
    for name in sorted(names):
        begun = _taken(os.path.join(places.runs, name))
        if begun is None:
            continue
        number = name.removesuffix(_ENDING)
        one = _close(places, log, begun, int(number)) if number.isdigit() else None
        if one is not None:
            found.append(one)
    return found


def _taken(path: str) -> Begun | None:
    """Locked by us; None while its process lives, or when it is gone."""
    try:
        lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.stat(path), os.fstat(lock)):
            return Begun(path=path, lock=lock)
    except OSError:
        pass
    os.close(lock)
    return None


def _close(places: Places, log: AuditLog, begun: Begun, decision: int) -> Interrupted | None:
    try:
        data = loads(os.read(begun.lock, _MAX_BYTES).decode(errors="surrogateescape"))
        workspace, where = str(data["workspace"]), Where(data["where"])
        absent = [str(path) for path in data["absent"]]
    except (ValueError, KeyError, TypeError):
        workspace, where, absent = "", Where.COPY, []
    if absent and not _put_away(workspace, absent):
        # Another session protects the same: it ends later, and so does this.
        os.close(begun.lock)
        return None
    seen = _recorded(log, decision)
    if "outcome" in seen:
        end(begun)
        return None
    undo, held = (_set_of(parent, decision) for parent in (places.undo, places.held))
    problem = f"the guard was ended while this ran: {_fate(where, undo, held)}"
    record: dict[str, Json] = {
        "type": "run.interrupted",
        "decision": decision,
        "problem": text_of(problem),
        "undo": undo,
        "held": held,
    }
    log.append(record)
    end(begun)
    return Interrupted(decision=decision, problem=problem, undo=undo, held=held)


def _fate(where: Where, undo: str, held: str) -> str:
    if undo:
        return f"its changes are applied, `guard undo {undo}` puts them back"
    if held:
        return f"its changes are held, see `guard changes show {held}`"
    match where:
        case Where.COPY:
            return "what it changed in its copy of the workspace is gone, the workspace is as it was"
        case Where.WORKSPACE:
            return "what it changed in the workspace is there, and nobody has looked at all of it"
        case Where.HOST:
            return "it ran on the machine itself, may still run, and what it changed is there"


def _recorded(log: AuditLog, decision: int) -> frozenset[str]:
    """The types of the records that belong to it."""
    found: set[str] = set()
    # Where a line cannot be read that is for ``guard audit verify`` to say: what is not found is recorded anew.
    with contextlib.suppress(AuditError):
        for record in log.records():
            if record.get("decision") == decision:
                found.add(str(record.get("type")))
    return frozenset(found)


def _set_of(parent: str, decision: int) -> str:
    for id_ in reversed(list_sets(parent)):
        with contextlib.suppress(GuardError, OSError):
            if id_.partition("-")[0] == str(decision) and read_set(parent, id_).decision == decision:
                return id_
    return ""


def _put_away(workspace: str, paths: list[str]) -> bool:
    """Empty directories only: nothing can be lost. False while another session needs them."""
    try:
        root = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return True
    try:
        try:
            fcntl.flock(root, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        for path in sorted(paths, reverse=True):
            with contextlib.suppress(OSError):
                head, name = parent_of(os.path.relpath(path, workspace))
                directory = open_directory(root, head)
                try:
                    os.rmdir(name, dir_fd=directory)
                    reached(Point.ABSENT_PUT_AWAY)
                finally:
                    os.close(directory)
        return True
    finally:
        os.close(root)
