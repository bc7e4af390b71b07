"""Caches where nothing can be shown copy-on-write: copied as far as they are small, and what was written told apart."""

import contextlib
import os
import stat
from collections.abc import Iterator

from sandbox import cachestore
from sandbox.backends import _kernel
from sandbox.spec import MIB, Cache, SandboxSpec
from sandbox.trees import identity

MOST_BYTES, MOST_FILES = 256 * MIB, 20_000
"""Of all caches of one run together; one that is larger than what is left begins empty."""
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_Copied = dict[str, tuple[int, int, int, int]]


def fill(spec: SandboxSpec, place: str, owner: tuple[int, int] | None) -> list[_Copied]:
    """Copy each cache into the home of a run at ``place``, for ``owner``. Returns what each then holds, by path."""
    left = [MOST_BYTES, MOST_FILES]
    return [_fill(cache, os.path.relpath(cache.path, spec.home), place, owner, left) for cache in spec.caches]


def _fill(cache: Cache, path: str, place: str, owner: tuple[int, int] | None, left: list[int]) -> _Copied:
    copied: _Copied = {}
    with contextlib.suppress(OSError), contextlib.ExitStack() as opened:
        sources: list[int] = []
        for lower in cache.lower:  # what counts most is what has room first
            with contextlib.suppress(OSError):
                source = _kernel.open_real(lower, _DIRECTORY)
                opened.callback(os.close, source)
                if _has_room(source, left):
                    sources.append(source)
        if not sources:
            return copied
        os.makedirs(f"{place}/home/{path}", exist_ok=True)
        target = os.open(f"{place}/home/{path}", _DIRECTORY)
        opened.callback(os.close, target)
        apart = os.open(f"{place}/scratch", _DIRECTORY)
        opened.callback(os.close, apart)
        for source in reversed(sources):
            with contextlib.suppress(OSError):
                cachestore.pour(source, target, apart)
        if owner is not None:
            _give(f"{place}/home", owner)
        copied = {name: identity(found) for name, found in _files(target)}
    return copied


def _has_room(directory: int, left: list[int]) -> bool:
    """Whether it fits into what is left, which it then takes. Looks no further than that."""
    size, files = 0, 0
    for _name, found in _files(directory):
        size, files = size + found.st_blocks * 512, files + 1
        if size > left[0] or files > left[1]:
            return False
    left[0], left[1] = left[0] - size, left[1] - files
    return True


def _files(directory: int) -> Iterator[tuple[str, os.stat_result]]:
    """All but directories, by path; nothing is followed."""
    for where, _names, _files, here in os.fwalk(".", dir_fd=directory, follow_symlinks=False):
        with os.scandir(here) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    if not stat.S_ISDIR(found.st_mode):
                        yield os.path.normpath(f"{where}/{entry.name}"), found


def _give(directory: str, owner: tuple[int, int]) -> None:
    for _path, names, files, here in os.fwalk(directory, follow_symlinks=False):
        for name in (*names, *files):
            os.chown(name, *owner, dir_fd=here, follow_symlinks=False)


def written(place: str, path: str, copied: _Copied, owner: tuple[int, int] | None) -> int:
    """A descriptor of the cache at ``path`` below the home, less what is as it was copied; -1 for none.

    ``owner`` of the workspace, whom later runs may be.
    """
    try:
        home = os.open(f"{place}/home", _DIRECTORY)
    except OSError:
        return -1
    try:
        # What the command has made of its home is followed nowhere.
        found = _kernel.open_beneath(path, dir_fd=home, flags=os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return -1
    finally:
        os.close(home)
    for where, names, files, here in os.fwalk(".", dir_fd=found, follow_symlinks=False):
        for name in (*names, *files):
            with contextlib.suppress(OSError):
                now = os.stat(name, dir_fd=here, follow_symlinks=False)
                if not stat.S_ISDIR(now.st_mode) and copied.get(
                    os.path.normpath(f"{where}/{name}")
                ) == identity(now):
                    os.unlink(name, dir_fd=here)
                elif owner is not None:
                    os.chown(name, *owner, dir_fd=here, follow_symlinks=False)
    if owner is not None:
        os.fchown(found, *owner)
    return found
