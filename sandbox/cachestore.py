"""Keeps what runs have written to a cache, in a directory that only later sandboxes see. The machine never uses it.

What a sandbox left is hostile: nothing is followed, special files are dropped, and size is bounded. A cache may lose
anything at any time; when it is full it starts anew.
"""

import contextlib
import fcntl
import os
import shutil
import stat

from sandbox.faults import Point, reached

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 20
_DEPTH = 64
_FILES = 200_000
CONTENT = "content"
_INCOMING = "incoming"


def keep(written: int, store: str, most_bytes: int) -> int:
    """Merge the written layer of a run into ``store``. Returns the bytes that were taken over; raises OSError."""
    wanted = size(written)
    if not wanted:
        return 0
    os.makedirs(store, mode=0o700, exist_ok=True)
    with open(os.path.join(store, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        content, incoming = os.path.join(store, CONTENT), os.path.join(store, _INCOMING)
        # What a crash left of one that was not yet part of the cache.
        shutil.rmtree(incoming, ignore_errors=True)
        reached(Point.CACHE_OPENED)
        if os.path.isdir(content):
            with _open(content) as kept:
                if size(kept) + wanted > most_bytes:
                    shutil.rmtree(content)
                    reached(Point.CACHE_EMPTIED)
        if wanted > most_bytes:
            return 0
        with contextlib.suppress(FileExistsError):
            os.mkdir(content, 0o755)
        _owned_like(os.fstat(written), content)
        os.mkdir(incoming, 0o700)
        try:
            with _open(content) as kept, _open(incoming) as apart:
                return _merge(written, kept, _Budget(apart), 0)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)


def pour(source: int, target: int, apart: int) -> None:
    """The same into any directory, where nothing is kept. ``apart`` is an empty one of its file system. Raises OSError."""
    _merge(source, target, _Budget(apart), 0)


class _Budget:
    def __init__(self, apart: int) -> None:
        self.apart = apart
        """Where a file is written before it has its name."""
        self.left = _FILES


class _open:  # noqa: N801 - reads as a statement
    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, _DIRECTORY)

    def __enter__(self) -> int:
        return self._descriptor

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


def size(directory: int) -> int:
    """Bytes on disk below, by a walk that follows nothing."""
    total = 0
    for _path, _names, files, here in os.fwalk(".", dir_fd=directory, follow_symlinks=False):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.stat(name, dir_fd=here, follow_symlinks=False).st_blocks * 512
    return total


def _merge(source: int, target: int, budget: _Budget, depth: int) -> int:
    taken = 0
    for name in sorted(os.listdir(source)):
        budget.left -= 1
        if budget.left < 0 or depth > _DEPTH:
            break
        info = os.stat(name, dir_fd=source, follow_symlinks=False)
        if stat.S_ISDIR(info.st_mode):
            taken += _directory(source, target, name, info, budget, depth)
        elif stat.S_ISREG(info.st_mode) and info.st_size <= info.st_blocks * 512 + 4096:  # not a sparse bomb
            _remove(target, name)
            taken += _file(source, target, name, info, budget.apart)
        elif stat.S_ISLNK(info.st_mode):
            link = os.readlink(name, dir_fd=source)
            if not link.startswith("/") and os.path.normpath("x/" * depth + link).split("/")[0] != "..":
                _remove(target, name)
                os.symlink(link, name, dir_fd=target)
        elif stat.S_ISCHR(info.st_mode) and info.st_rdev == 0:  # deleted
            _remove(target, name)
    return taken


def _directory(source: int, target: int, name: str, info: os.stat_result, budget: _Budget, depth: int) -> int:
    below = os.open(name, _DIRECTORY, dir_fd=source)
    try:
        with contextlib.suppress(OSError):
            if os.getxattr(below, "user.overlay.opaque") in (b"y", b"x"):
                _remove(target, name)
        if not _is_directory(target, name):
            _remove(target, name)
            os.mkdir(name, 0o700, dir_fd=target)
        kept = os.open(name, _DIRECTORY, dir_fd=target)
        try:
            os.fchmod(kept, stat.S_IMODE(info.st_mode) & 0o777 | 0o700)
            with contextlib.suppress(PermissionError):
                os.fchown(kept, info.st_uid, info.st_gid)
            return _merge(below, kept, budget, depth + 1)
        finally:
            os.close(kept)
    finally:
        os.close(below)


def _file(source: int, target: int, name: str, info: os.stat_result, apart: int) -> int:
    temporary = "file"
    reader = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=source)
    try:
        writer = os.open(
            temporary,
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC,
            0o600,
            dir_fd=apart,
        )
        try:
            taken = 0
            while chunk := os.read(reader, _CHUNK):
                taken += len(chunk)
                view = memoryview(chunk)
                while view:
                    view = view[os.write(writer, view) :]
            with contextlib.suppress(PermissionError):
                os.fchown(writer, info.st_uid, info.st_gid)
            os.fchmod(writer, stat.S_IMODE(info.st_mode) & 0o777 | 0o400)
            os.utime(writer, ns=(info.st_atime_ns, info.st_mtime_ns))
            reached(Point.CACHE_FILE_WRITTEN)
            os.rename(temporary, name, src_dir_fd=apart, dst_dir_fd=target)
            reached(Point.CACHE_FILE_PLACED)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary, dir_fd=apart)
            raise
        finally:
            os.close(writer)
    finally:
        os.close(reader)
    return taken


def _is_directory(target: int, name: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=target, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _remove(target: int, name: str) -> None:
    if _is_directory(target, name):
        shutil.rmtree(name, dir_fd=target)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=target)


def _owned_like(info: os.stat_result, path: str) -> None:
    """The command writes beside what is kept, so it must be its user's."""
    with contextlib.suppress(PermissionError):
        os.chown(path, info.st_uid, info.st_gid, follow_symlinks=False)
