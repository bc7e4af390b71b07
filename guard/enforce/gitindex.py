"""What git could bring back, read from the index itself: no git process runs on a repository nobody trusts.

Source: git's ``Documentation/gitformat-index``. Runs nothing, writes nothing; whatever is odd is not recoverable.
"""

import os
import stat

from guard.model.dataclass import dataclass

MAX_INDEX_BYTES = 16 * 1024 * 1024
MAX_HASHED_BYTES = 4 * 1024 * 1024
_ASSUME_VALID = 0x8000
_EXTENDED = 0x4000
_STAGE = 0x3000
_INTENT_TO_ADD = 0x2000
_SKIP_WORKTREE = 0x4000


@dataclass(frozen=True, slots=True)
class Entry:
    """One tracked file as git saw it last."""

    mtime_s: int
    mtime_ns: int
    inode: int
    size: int
    mode: int
    sha1: bytes
    trusted: bool
    """Whether stat data can stand for the content: no assume-valid, skip-worktree, conflict, intent-to-add."""


class GitIndex:
    """The index of one work tree."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.entries: dict[str, int] = {}
        """Where each tracked name stands in the index: what is said there is read when it is asked for."""
        self._data = b""
        self.readable = False
        self._written_ns = 0
        directory = git_directory(root)
        if directory:
            self._read(os.path.join(directory, "index"))

    def knows(self, path: str) -> bool:
        """Whether git keeps some content of ``path`` (absolute, real)."""
        return path[len(self.root) :].lstrip("/") in self.entries

    def recoverable(self, path: str, info: os.stat_result) -> bool:
        """Whether the index holds exactly what ``path`` (absolute, real) holds now."""
        at = self.entries.get(path[len(self.root) :].lstrip("/"))
        entry = None if at is None else _entry(self._data, at)
        if entry is None or not entry.trusted or stat.S_IFMT(info.st_mode) != stat.S_IFMT(entry.mode):
            return False
        if entry.size != info.st_size & 0xFFFFFFFF:
            return False
        seen = entry.mtime_s * 1_000_000_000 + entry.mtime_ns
        if seen == info.st_mtime_ns and entry.inode == info.st_ino & 0xFFFFFFFF and seen < self._written_ns:
            return True
        # Touched, or written in the same tick as the index ("racily clean"): only the content can tell.
        return _blob_sha1(path, info) == entry.sha1

    def _read(self, path: str) -> None:
        try:
            with open(path, "rb") as file:
                info = os.fstat(file.fileno())
                if info.st_size > MAX_INDEX_BYTES:
                    return
                data = file.read(MAX_INDEX_BYTES)
        except OSError:
            return
        self._written_ns = info.st_mtime_ns
        try:
            self._parse(data)
        except (IndexError, ValueError):
            self.entries.clear()
            return
        self.readable = True

    def _parse(self, data: bytes) -> None:
        version, count = _number(data, 4), _number(data, 8)
        if len(data) < 32 or data[:4] != b"DIRC" or version not in {2, 3, 4}:
            raise ValueError("not an index that we know")
        at = 12
        name = b""
        entries = self.entries
        for _ in range(count):
            start = at
            if at + 62 + 20 > len(data):
                raise ValueError("cut short")
            at += 64 if data[start + 60] & 0x40 else 62
            if version == 4:
                cut, at = _varint(data, at)
                end = data.index(b"\0", at)
                name = name[: len(name) - cut] + data[at:end]
                at = end + 1
            else:
                end = data.index(b"\0", at)
                name = data[at:end]
                at = start + ((end - start + 8) & ~7)
            entries[os.fsdecode(name)] = start
        self._data = data


def _entry(data: bytes, at: int) -> Entry:
    flags = int.from_bytes(data[at + 60 : at + 62], "big")
    trusted = not flags & (_ASSUME_VALID | _STAGE)
    if flags & _EXTENDED:
        more = int.from_bytes(data[at + 62 : at + 64], "big")
        trusted = trusted and not more & (_INTENT_TO_ADD | _SKIP_WORKTREE)
    return Entry(
        mtime_s=_number(data, at + 8),
        mtime_ns=_number(data, at + 12),
        inode=_number(data, at + 20),
        mode=_number(data, at + 24),
        size=_number(data, at + 36),
        sha1=data[at + 40 : at + 60],
        trusted=trusted,
    )


def git_directory(root: str) -> str:
    """The repository of the work tree ``root``, following a ``.git`` file; empty when there is none."""
    path = os.path.join(root, ".git")
    try:
        if stat.S_ISDIR(os.lstat(path).st_mode):
            return path
        with open(path, "rb") as file:
            line = os.fsdecode(file.read(4096)).strip()
    except OSError:
        return ""
    if not line.startswith("gitdir:"):
        return ""
    return os.path.join(root, line.removeprefix("gitdir:").strip())


def work_tree(path: str) -> str:
    """The innermost directory at or above ``path`` that holds a ``.git``; empty when there is none."""
    while True:
        if os.path.lexists(os.path.join(path, ".git")):
            return path
        parent = os.path.dirname(path)
        if parent == path:
            return ""
        path = parent


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Git's offset encoding: seven bits a byte, each continuation adds one."""
    byte = data[at]
    value = byte & 0x7F
    at += 1
    while byte & 0x80:
        byte = data[at]
        value = ((value + 1) << 7) | (byte & 0x7F)
        at += 1
    return value, at


def _blob_sha1(path: str, info: os.stat_result) -> bytes:
    if info.st_size > MAX_HASHED_BYTES:
        return b""
    import hashlib  # noqa: PLC0415 - 3 ms that only a touched file is worth

    try:
        if stat.S_ISLNK(info.st_mode):
            content = os.fsencode(os.readlink(path))
        else:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(descriptor, "rb") as file:
                content = file.read(MAX_HASHED_BYTES + 1)
    except OSError:
        return b""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).digest()
