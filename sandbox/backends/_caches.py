"""Caches in the home inside: copy-on-write views, whose written part outlives the command until the run is destroyed."""

import contextlib
import os
from dataclasses import dataclass

from sandbox.backends import _kernel
from sandbox.spec import SandboxSpec


@dataclass(frozen=True, slots=True)
class Opened:
    number: int
    path: str
    lowers: tuple[int, ...]


def name_of(number: int) -> str:
    """Of the directory beside the workspace's upper layer that holds what was written."""
    return f"cache{number}"


def opened(spec: SandboxSpec) -> list[Opened]:
    """Take hold of what lies below, before anything is mounted. What begins empty is a plain part of the home."""
    out: list[Opened] = []
    for number, cache in enumerate(spec.caches):
        lowers: list[int] = []
        for path in cache.lower:
            with contextlib.suppress(OSError):
                lowers.append(_kernel.open_real(path, os.O_PATH | os.O_DIRECTORY))
        if lowers:
            out.append(Opened(number, cache.path, tuple(lowers)))
    return out


def mount(caches: list[Opened], root: int, scratch: int, spec: SandboxSpec, owner: tuple[int, int]) -> None:
    """A cache that cannot be mounted is an empty directory: it is only a cache."""
    for cache in caches:
        own, work = name_of(cache.number), f"work-{name_of(cache.number)}"
        for name in (own, work):
            os.mkdir(name, 0o755, dir_fd=scratch)
        if os.getuid() != owner[0]:
            os.chown(own, *owner, dir_fd=scratch)
        _make(scratch, os.path.relpath(cache.path, spec.home), owner)
        base = f"/proc/self/fd/{scratch}"
        lowers = ":".join(f"/proc/self/fd/{lower}" for lower in cache.lowers)
        options = f"lowerdir={lowers},upperdir={base}/{own},workdir={base}/{work},userxattr,index=off"
        place = _kernel.open_beneath(cache.path.lstrip("/"), dir_fd=root)
        with contextlib.suppress(OSError):
            flags = (
                _kernel.MS_NOSUID | _kernel.MS_NODEV | (0 if spec.runs_what_it_writes else _kernel.MS_NOEXEC)
            )
            _kernel.mount("cache", f"/proc/self/fd/{place}", "overlay", flags, options)
        os.close(place)
        for lower in cache.lowers:
            os.close(lower)


def _make(scratch: int, path: str, owner: tuple[int, int]) -> None:
    """Directories in the home, which is ours alone until the command runs."""
    current = os.open("home", os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=scratch)
    for name in path.split("/"):
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o755, dir_fd=current)
            if os.getuid() != owner[0]:
                os.chown(name, *owner, dir_fd=current)
        below = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=current)
        os.close(current)
        current = below
    os.close(current)


def written(upper: int, number: int, path: str) -> int:
    """A descriptor of what the run has written there, or -1. ``upper``: of the workspace; ``path``: below the home."""
    scratch = os.open("..", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=upper)
    try:
        try:
            return os.open(name_of(number), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=scratch)
        except FileNotFoundError:
            # What the command has made of its home is followed nowhere.
            return _kernel.open_beneath(f"home/{path}", dir_fd=scratch, flags=os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return -1
    finally:
        os.close(scratch)
