"""Reads a whole tree that a command wrote in, a copy, and says what changed. Changes nothing there.

Where there is no overlay layer of ours to read, everything is looked at; nothing is hashed but what was touched.
"""

import contextlib
import os
import stat
from collections.abc import Iterable
from typing import Protocol

from sandbox import layer
from sandbox.changes import Changes
from sandbox.errors import ChangesError


class Start(Protocol):
    """What stood in the workspace when the run began."""

    def gone(self, prefix: str, lower: int, names: frozenset[str]) -> Iterable[str]:
        """Names that were in this directory and are none of ``names``. ``lower`` is -1 where it was none."""
        ...

    def was(self, path: str, lower: int) -> os.stat_result | None:
        """What ``path`` was. Its last part is looked up in the directory ``lower``."""
        ...

    def untouched(self, path: str, now: os.stat_result, was: os.stat_result | None) -> bool:
        """Whether nobody can have written to what ``now`` describes."""
        ...


def identity(found: os.stat_result) -> tuple[int, int, int, int]:
    return (found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def read(
    now: int,
    workspace: str,
    start: Start,
    *,
    hidden: frozenset[str] = frozenset(),
    max_entries: int = layer.MAX_ENTRIES,
    max_bytes: int = layer.MAX_HASHED_BYTES,
) -> Changes:
    """Changes of the tree that descriptor ``now`` is open on. ``hidden`` paths are not looked at.

    Raises ChangesError.
    """
    try:
        lower = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise ChangesError(f"cannot read the workspace `{workspace}`: {error.strerror}") from error
    reading = layer.Reading(max_entries, max_bytes)
    try:
        _compare(reading, start, hidden, now, lower, "", 0)
    except layer.OverBudgetError as error:
        reading.problem = str(error)
    except OSError as error:
        raise ChangesError(f"cannot read what the command left: {error}") from error
    finally:
        os.close(lower)
    return Changes(
        entries=(*reading.deleted, *reading.written), open_after=layer.Opener(now), truncated=reading.problem
    )


def _compare(
    reading: layer.Reading,
    start: Start,
    hidden: frozenset[str],
    now: int,
    lower: int,
    prefix: str,
    depth: int,
) -> None:
    if depth > layer.MAX_DEPTH:
        raise layer.OverBudgetError(f"directories deeper than {layer.MAX_DEPTH}")
    names = sorted(os.listdir(now))
    for name in start.gone(prefix, lower, frozenset(names)):
        if prefix + name not in hidden:
            layer.delete(reading, lower, name, prefix + name, depth)
    for name in names:
        path = prefix + name
        if path in hidden:
            continue
        found = os.stat(name, dir_fd=now, follow_symlinks=False)
        was = start.was(path, lower)
        directory = stat.S_ISDIR(found.st_mode)
        both = directory and was is not None and stat.S_ISDIR(was.st_mode)
        if was is not None and stat.S_ISDIR(was.st_mode) and not both:
            layer.delete_below(reading, lower, name, path, depth)
        untouched = not both and start.untouched(path, found, was)
        if untouched and not directory:
            continue
        if not untouched:
            layer.enter_change(reading, now, lower, name, path, found, was)
        if directory:
            with contextlib.ExitStack() as opened:
                inner = opened.enter_context(layer.directory_of(name, now))
                below = opened.enter_context(layer.lower_directory(name, lower, path)) if both else -1
                _compare(reading, start, hidden, inner, below, path + "/", depth + 1)
