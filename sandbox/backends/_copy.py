"""A copy of the workspace to work in, for backends that cannot show it copy-on-write.

Nothing of the workspace is followed or run: symlinks are copied as such, files are opened without
following, and what is copied is bounded before it fills a disk.
"""

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field

from sandbox.errors import SetupError
from sandbox.trees import identity

_FICLONE = 0x40049409
_CHUNK = 64 << 20
_Identity = tuple[int, int, int, int]


@dataclass(slots=True)
class CopyStart:
    """What was copied: the ``Start`` of a tree that is a copy. Who edits the workspace meanwhile is not blamed on the command."""

    copied: dict[str, tuple[_Identity, _Identity]] = field(
        default_factory=dict[str, tuple[_Identity, _Identity]]
    )
    """By path: the original as it was, and the copy as it was made."""
    names: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Of each directory, by its path with a slash at the end (the top is empty)."""
    hidden: set[str] = field(default_factory=set[str])
    """Masked, not readable, or of a kind that is not copied: not looked at afterwards either."""

    def gone(self, prefix: str, lower: int, names: frozenset[str]) -> Iterable[str]:
        """What is no longer in the workspace either is nobody's deletion any more."""
        missing = (name for name in self.names.get(prefix, ()) if name not in names)
        return [name for name in missing if lower >= 0 and _there(name, lower)]

    def was(self, path: str, lower: int) -> os.stat_result | None:
        if path not in self.copied or lower < 0:
            return None
        name = path.rpartition("/")[2]
        return os.stat(name, dir_fd=lower, follow_symlinks=False) if _there(name, lower) else None

    def untouched(self, path: str, now: os.stat_result, was: os.stat_result | None) -> bool:
        del was
        known = self.copied.get(path)
        return known is not None and known[1] == identity(now)


def _there(name: str, directory: int) -> bool:
    try:
        os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


@dataclass(slots=True, kw_only=True)
class Copier:
    workspace: str
    target: str
    owner: tuple[int, int] | None
    """Whom the copy belongs to; None: us."""
    masked: frozenset[str]
    """Relative to the workspace."""
    max_bytes: int
    max_entries: int
    start: CopyStart = field(default_factory=CopyStart)
    bytes: int = 0
    entries: int = 0

    def copy(self) -> CopyStart:
        """Raises SetupError: too large, or no room."""
        try:
            source = os.open(self.workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            target = os.open(self.target, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                self._directory(source, target, "")
                self._finish(target, os.fstat(source))
            finally:
                os.close(source)
                os.close(target)
        except OSError as error:
            place = os.path.dirname(self.target)
            raise SetupError(
                f"cannot copy the workspace `{self.workspace}` to `{place}`: {(error.strerror or str(error)).lower()}",
                primitive="copy",
                fix=f"make room in {os.path.dirname(place)}"
                if error.errno in (errno.ENOSPC, errno.EDQUOT)
                else "see that all of the workspace can be read",
            ) from error
        return self.start

    def _directory(self, source: int, target: int, prefix: str) -> None:
        names = sorted(os.listdir(source))
        self.start.names[prefix] = names
        for name in names:
            path = prefix + name
            self.entries += 1
            if self.entries > self.max_entries:
                raise self._too_large(f"more than {self.max_entries} files")
            found = os.stat(name, dir_fd=source, follow_symlinks=False)
            if path in self.masked:
                self._placeholder(name, target, path, directory=stat.S_ISDIR(found.st_mode))
                continue
            try:
                self._one(name, source, target, path, found)
            except PermissionError:
                self._placeholder(name, target, path, directory=stat.S_ISDIR(found.st_mode))
                continue
            made = os.stat(name, dir_fd=target, follow_symlinks=False)
            self.start.copied[path] = (identity(found), identity(made))

    def _one(self, name: str, source: int, target: int, path: str, found: os.stat_result) -> None:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        match stat.S_IFMT(found.st_mode):
            case stat.S_IFDIR:
                with _closing(os.open(name, flags | os.O_DIRECTORY, dir_fd=source)) as inner:
                    os.mkdir(name, 0o700, dir_fd=target)
                    with _closing(os.open(name, flags | os.O_DIRECTORY, dir_fd=target)) as made:
                        self._directory(inner, made, path + "/")
                        self._finish(made, found)
            case stat.S_IFREG:
                with _closing(os.open(name, flags | os.O_NONBLOCK, dir_fd=source)) as inner:
                    create = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                    with _closing(os.open(name, create, 0o600, dir_fd=target)) as made:
                        self._content(inner, made, found)
                        self._finish(made, found)
            case stat.S_IFLNK:
                os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
                self._own(name, target)
                os.utime(
                    name,
                    ns=(found.st_atime_ns, found.st_mtime_ns),
                    dir_fd=target,
                    follow_symlinks=False,
                )
            case stat.S_IFIFO | stat.S_IFSOCK:
                os.mknod(name, found.st_mode, dir_fd=target)
                self._own(name, target)
            case _:  # a device: to copy it would be to hand it out
                self.start.hidden.add(path)
                self._placeholder(name, target, path, directory=False)

    def _content(self, source: int, target: int, found: os.stat_result) -> None:
        self.bytes += min(found.st_size, found.st_blocks * 512)
        if self.bytes > self.max_bytes:
            raise self._too_large(f"more than {self.max_bytes >> 20} MiB")
        try:
            fcntl.ioctl(target, _FICLONE, source)
        except OSError:
            os.ftruncate(target, found.st_size)
            _copy_data(source, target, found.st_size)

    def _finish(self, made: int, like: os.stat_result) -> None:
        if self.owner is not None:
            os.fchown(made, *self.owner)
        # Who cannot enter a directory of their own cannot compare it afterwards either.
        os.fchmod(made, stat.S_IMODE(like.st_mode))
        os.utime(made, ns=(like.st_atime_ns, like.st_mtime_ns))

    def _own(self, name: str, directory: int) -> None:
        if self.owner is not None:
            os.chown(name, *self.owner, dir_fd=directory, follow_symlinks=False)

    def _placeholder(self, name: str, target: int, path: str, *, directory: bool) -> None:
        self.start.hidden.add(path)
        with contextlib.suppress(FileExistsError):
            if directory:
                os.mkdir(name, 0o555, dir_fd=target)
            else:
                os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444, dir_fd=target))
            self._own(name, target)

    def _too_large(self, what: str) -> SetupError:
        return SetupError(
            f"the workspace `{self.workspace}` holds {what}, and without namespaces it has to be copied for each run",
            primitive="copy",
            fix="use another backend (see `guard doctor`), or work in a smaller directory",
        )


@contextlib.contextmanager
def _closing(descriptor: int) -> Generator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _copy_data(source: int, target: int, size: int) -> None:
    """The data and not the holes."""
    at = 0
    while at < size:
        try:
            begin = os.lseek(source, at, os.SEEK_DATA)
        except OSError:
            return  # ENXIO: only a hole is left
        end = os.lseek(source, begin, os.SEEK_HOLE)
        os.lseek(source, begin, os.SEEK_SET)
        os.lseek(target, begin, os.SEEK_SET)
        at = begin
        while at < end:
            moved = _some(source, target, min(_CHUNK, end - at))
            if moved == 0:
                return  # it shrank meanwhile
            at += moved


def _some(source: int, target: int, most: int) -> int:
    try:
        return os.copy_file_range(source, target, most)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP):
            raise
        data = os.read(source, min(most, 1 << 20))
        os.write(target, data)
        return len(data)
