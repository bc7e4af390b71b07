"""Caches of sandboxed runs: one store for each workspace below the guard's state, seen by its later runs and nobody else."""

import contextlib
import hashlib
import os
import shutil

from guard.faults import Point, reached
from guard.model.dataclass import dataclass
from guard.model.facts import Facts
from guard.model.profile import RunProfile
from sandbox.backend import Run
from sandbox.cachestore import CONTENT, keep, size
from sandbox.spec import Cache

MOST_BYTES = 2 << 30
"""Of one cache of one workspace; when it is full it starts anew."""
_WORKSPACE = "workspace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept for one workspace."""

    id: str
    workspace: str
    caches: tuple[tuple[str, int], ...]
    """Place and bytes on disk."""


def _id(workspace: str) -> str:
    return hashlib.sha256(os.fsencode(workspace)).hexdigest()[:16]


def _name(place: str) -> str:
    return place.removeprefix("$H/").replace("%", "%25").replace("/", "%2F")


def _place(name: str) -> str:
    return "~/" + name.replace("%2F", "/").replace("%25", "%")


def given(
    profile: RunProfile, facts: Facts, stores: str, home: str
) -> tuple[tuple[Cache, ...], tuple[str, ...]]:
    """The caches of a run, with the machine's own seen below, and the store of each. ``home``: the one inside."""
    caches: list[Cache] = []
    where: list[str] = []
    for place in profile.caches:
        if any(place.startswith(other + "/") for other in profile.caches):
            continue  # it is in that one already
        store = os.path.join(stores, _id(facts.workspace), _name(place))
        own = facts.home + place.removeprefix("$H")
        lower = [os.path.join(store, CONTENT), own]
        caches.append(
            Cache(
                path=home + place.removeprefix("$H"),
                # A link is not followed: what it leads to is something else than was granted.
                lower=tuple(path for path in lower if os.path.isdir(path) and os.path.realpath(path) == path),
            )
        )
        where.append(store)
    return tuple(caches), tuple(where)


def keep_all(run: Run, stores: tuple[str, ...], workspace: str) -> None:
    """What cannot be kept is not: it is only a cache, and the next run makes it again."""
    for number, store in enumerate(stores):
        written = run.written(number)
        if written < 0:
            continue
        try:
            with contextlib.suppress(OSError):
                if keep(written, store, MOST_BYTES):
                    _note(os.path.dirname(store), workspace)
        finally:
            os.close(written)


def _note(directory: str, workspace: str) -> None:
    path = os.path.join(directory, _WORKSPACE)
    if not os.path.exists(path):
        with open(path, "wb") as file:
            file.write(os.fsencode(workspace))
        reached(Point.CACHE_NOTED)


def listed(stores: str) -> list[Kept]:
    """By workspace; raises OSError."""
    out: list[Kept] = []
    for one in sorted(os.listdir(stores)) if os.path.isdir(stores) else ():
        directory = os.path.join(stores, one)
        try:
            with open(os.path.join(directory, _WORKSPACE), "rb") as file:
                workspace = os.fsdecode(file.read(8192))
        except OSError:
            workspace = "?"
        caches = [
            (_place(name), _bytes(os.path.join(directory, name, CONTENT)))
            for name in sorted(os.listdir(directory))
            if name != _WORKSPACE
        ]
        out.append(Kept(id=one, workspace=workspace, caches=tuple(caches)))
    return out


def _bytes(path: str) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        return size(descriptor)
    finally:
        os.close(descriptor)


def clear(stores: str, id_: str) -> None:
    """Raises OSError."""
    shutil.rmtree(os.path.join(stores, id_))
