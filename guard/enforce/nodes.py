"""One file-system object at a time: what it is now, and making it what it should be. Relative to a descriptor only."""

import contextlib
import errno
import hashlib
import os
import stat
from typing import BinaryIO

from guard.enforce.beneath import open_beneath, open_directory
from guard.faults import Point, reached
from guard.model.typed import Callable
from sandbox.changes import Node, NodeKind

_BLOCK = 1 << 20
TEMPORARY = ".guard-"
"""Prefix of files that are not yet what they will be; what a crash leaves of them is removed by recovery."""


def parent_of(path: str) -> tuple[str, str]:
    head, _, name = path.rpartition("/")
    return head, name


def look(root: int, path: str) -> Node | None:
    """What ``path`` is now; None when there is nothing. OSError when a link stands in the way."""
    head, name = parent_of(path)
    try:
        parent = open_directory(root, head)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        return look_in(parent, name)
    finally:
        os.close(parent)


def look_in(parent: int, name: str) -> Node | None:
    """What ``name`` in the directory ``parent`` is now."""
    try:
        info = os.lstat(name, dir_fd=parent)
        mode = stat.S_IMODE(info.st_mode)
        if stat.S_ISLNK(info.st_mode):
            target = os.readlink(name, dir_fd=parent)
            digest = hashlib.sha256(os.fsencode(target)).hexdigest()
            return Node(kind=NodeKind.SYMLINK, mode=mode, size=info.st_size, sha256=digest, target=target)
        if stat.S_ISREG(info.st_mode):
            digest = _digest(parent, name)
            return Node(
                kind=NodeKind.FILE, mode=mode, size=info.st_size, sha256=digest, mtime_ns=info.st_mtime_ns
            )
        return Node(kind=_KINDS.get(stat.S_IFMT(info.st_mode), NodeKind.DEVICE), mode=mode)
    except FileNotFoundError:
        return None


_KINDS = {stat.S_IFDIR: NodeKind.DIRECTORY, stat.S_IFIFO: NodeKind.FIFO, stat.S_IFSOCK: NodeKind.SOCKET}
_ALL_KINDS = {**_KINDS, stat.S_IFREG: NodeKind.FILE, stat.S_IFLNK: NodeKind.SYMLINK}


def _digest(parent: int, name: str) -> str:
    digest = hashlib.sha256()
    with open(open_beneath(parent, name, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def changed_at(root: int, path: str) -> int:
    """When content, mode or name of a file last changed, ns: the kernel's own time, which nobody can set.

    0 for a directory: its time also changes with what is in it, and that has entries of its own.
    """
    head, name = parent_of(path)
    parent = open_directory(root, head)
    try:
        info = os.lstat(name, dir_fd=parent)
    finally:
        os.close(parent)
    return 0 if stat.S_ISDIR(info.st_mode) else info.st_ctime_ns


def same(now: Node | None, wanted: Node | None) -> bool:
    """Whether two looks saw the same thing: kind, mode and content; times do not count."""
    if now is None or wanted is None:
        return now is wanted
    if now.kind is not wanted.kind:
        return False
    if now.kind is NodeKind.SYMLINK:
        return now.target == wanted.target
    return now.mode == wanted.mode and now.sha256 == wanted.sha256


def copy_out(root: int, path: str, target: str) -> str:
    """The content of a regular file below ``root`` to a new private file; its SHA-256."""
    with open(open_beneath(root, path, os.O_RDONLY | os.O_NONBLOCK), "rb") as source:
        return copy_to(source, target)


def copy_to(source: BinaryIO, target: str, mode: int = 0o600) -> str:
    """All of ``source`` to a new file; the SHA-256 of what was written. ``target`` lies in a private directory."""
    digest = hashlib.sha256()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    try:
        _copy(source, descriptor, digest.update)
    finally:
        os.close(descriptor)
    return digest.hexdigest()


def _copy(source: BinaryIO, descriptor: int, note: Callable[[bytes], object]) -> None:
    """All of ``source`` to an empty file. What is empty stays a hole: a sparse terabyte must not become a real one."""
    size = written = 0
    while block := source.read(_BLOCK):
        note(block)
        size += len(block)
        if len(block) == _BLOCK and block.count(0) == _BLOCK:
            continue
        if written != size - len(block):
            os.lseek(descriptor, size - len(block), os.SEEK_SET)
        done = os.write(descriptor, block)
        while done < len(block):
            done += os.write(descriptor, memoryview(block)[done:])
        written = size
    if written != size:
        os.ftruncate(descriptor, size)


def remove(root: int, path: str) -> None:
    """Remove one object. Nothing there is fine; OSError for a directory that somebody has put something into."""
    head, name = parent_of(path)
    try:
        parent = open_directory(root, head)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        info = os.lstat(name, dir_fd=parent)
        if stat.S_ISDIR(info.st_mode):
            os.rmdir(name, dir_fd=parent)
        else:
            os.unlink(name, dir_fd=parent)
        reached(Point.OBJECT_REMOVED)
    except FileNotFoundError:
        return
    finally:
        os.close(parent)


def clear(root: int, path: str, token: str) -> None:
    """Remove what a crash may have left beside ``path`` while it was being made."""
    with contextlib.suppress(OSError):
        remove(root, os.path.join(parent_of(path)[0], f"{TEMPORARY}{token}"))


def make(
    root: int, path: str, node: Node, content: Callable[[], BinaryIO], token: str, ready: str = ""
) -> None:
    """Make ``path`` be ``node``: a file or link appears whole, by rename. ``token`` names what is not yet ready.

    ``ready``: a file of ours with this very content, given away by a link where the file system can.
    """
    head, name = parent_of(path)
    parent = open_directory(root, head)
    try:
        now = _kind_in(parent, name)
        if now is not None and (now is NodeKind.DIRECTORY) != (node.kind is NodeKind.DIRECTORY):
            remove(parent, name)
            now = None
        match node.kind:
            case NodeKind.DIRECTORY:
                _make_directory(root, parent, name, node, exists=now is not None)
            case NodeKind.SYMLINK:
                temporary = f"{TEMPORARY}{token}"
                remove(parent, temporary)
                os.symlink(node.target, temporary, dir_fd=parent)
                reached(Point.OBJECT_PREPARED)
                os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
                reached(Point.OBJECT_MADE)
            case NodeKind.FILE:
                if not (ready and _give(root, parent, name, node, ready, f"{TEMPORARY}{token}", now)):
                    _make_file(root, parent, name, node, content, f"{TEMPORARY}{token}")
            case NodeKind.FIFO | NodeKind.SOCKET | NodeKind.DEVICE:
                raise ValueError(f"a {node.kind.value} is never made")
    finally:
        os.close(parent)


def _kind_in(parent: int, name: str) -> NodeKind | None:
    try:
        mode = os.lstat(name, dir_fd=parent).st_mode
    except FileNotFoundError:
        return None
    return _ALL_KINDS.get(stat.S_IFMT(mode), NodeKind.DEVICE)


_NO_LINK = frozenset(
    {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL, errno.EACCES}
)


def _give(
    root: int, parent: int, name: str, node: Node, ready: str, temporary: str, now: NodeKind | None
) -> bool:
    """``name`` becomes a link to the file ``ready``: no byte is written twice. False where that cannot be done."""
    try:
        info = os.lstat(ready)
        if not stat.S_ISREG(info.st_mode):
            return False
        owner = _owner(root, parent, name)
        if (info.st_uid, info.st_gid) != owner:
            os.chown(ready, *owner, follow_symlinks=False)
        # Set-id and sticky bits never come out of a sandbox.
        if stat.S_IMODE(info.st_mode) != node.mode & 0o777:
            os.chmod(ready, node.mode & 0o777)
        if node.mtime_ns:
            os.utime(ready, ns=(node.mtime_ns, node.mtime_ns), follow_symlinks=False)
        if now is None:
            os.link(ready, name, dst_dir_fd=parent)
            reached(Point.OBJECT_GIVEN)
            return True
        remove(parent, temporary)
        os.link(ready, temporary, dst_dir_fd=parent)
        reached(Point.OBJECT_PREPARED)
    except OSError as error:
        if error.errno in _NO_LINK:
            return False
        raise
    os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
    reached(Point.OBJECT_GIVEN)
    # Two names of one file are left where they are by rename(2).
    remove(parent, temporary)
    return True


def create(root: int, path: str, node: Node, ready: str) -> bool:
    """Give the file ``ready`` away as ``path``, where nothing is: whole, in one step. False when that cannot be done."""
    head, name = parent_of(path)
    parent = open_directory(root, head)
    try:
        return _give(root, parent, name, node, ready, "", None)
    except FileExistsError:
        return False
    finally:
        os.close(parent)


def take_back(ready: str, sha256: str) -> None:
    """What was given away by a link and is not there any more, or is somebody else's now, becomes our own again.

    If it has been written to meanwhile it is not what was judged, and goes.
    """
    try:
        info = os.lstat(ready)
        if not stat.S_ISREG(info.st_mode):
            return
        os.chmod(ready, 0o600)
        if info.st_nlink < 2:
            return
        with open(ready, "rb", buffering=0) as source:
            digest = copy_to(source, f"{ready}.own")
    except FileNotFoundError:
        return
    os.rename(f"{ready}.own", ready)
    reached(Point.OBJECT_TAKEN_BACK)
    if digest != sha256:
        os.unlink(ready)


def set_time(root: int, path: str, node: Node) -> None:
    """Give a file the time of ``node``, and change nothing else. A link that took its place gets the time itself."""
    head, name = parent_of(path)
    parent = open_directory(root, head)
    try:
        read_ns = os.lstat(name, dir_fd=parent).st_atime_ns
        os.utime(name, ns=(read_ns, node.mtime_ns), dir_fd=parent, follow_symlinks=False)
        reached(Point.OBJECT_TIMED)
    finally:
        os.close(parent)


def _make_directory(root: int, parent: int, name: str, node: Node, *, exists: bool) -> None:
    if not exists:
        os.mkdir(name, 0o700, dir_fd=parent)
    made = open_directory(parent, name)
    try:
        _own(made, _owner(root, parent, name))
        # The group's bit is what the directory above gives to all that is made in it.
        inherited = os.fstat(made).st_mode & stat.S_ISGID
        os.fchmod(made, node.mode & 0o1777 | inherited)
        reached(Point.OBJECT_MADE)
    finally:
        os.close(made)


def _make_file(
    root: int, parent: int, name: str, node: Node, content: Callable[[], BinaryIO], temporary: str
) -> None:
    remove(parent, temporary)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(temporary, flags, 0o600, dir_fd=parent)
    try:
        try:
            with content() as source:
                _copy(source, descriptor, len)
            _own(descriptor, _owner(root, parent, name))
            # Set-id and sticky bits never come out of a sandbox.
            os.fchmod(descriptor, node.mode & 0o777)
            if node.mtime_ns:
                os.utime(descriptor, ns=(node.mtime_ns, node.mtime_ns))
        finally:
            os.close(descriptor)
        reached(Point.OBJECT_PREPARED)
        os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
        reached(Point.OBJECT_MADE)
    except BaseException:
        remove(parent, temporary)
        raise


def _owner(root: int, parent: int, name: str) -> tuple[int, int]:
    """Whose ``name`` is to be. What is there keeps its owner and group, if those of the workspace may write to it.

    What is new belongs to whom the workspace belongs to, and to the group of a directory that gives its group on.
    """
    ours, above = os.fstat(root), os.fstat(parent)
    uid = ours.st_uid if os.geteuid() == 0 else os.geteuid()
    try:
        now = os.lstat(name, dir_fd=parent)
    except FileNotFoundError:
        now = None
    if now is not None and not stat.S_ISLNK(now.st_mode):
        group_writes = now.st_mode & stat.S_IWGRP and now.st_gid in (ours.st_gid, above.st_gid)
        if now.st_uid == uid or group_writes or now.st_mode & stat.S_IWOTH:
            return now.st_uid, now.st_gid
    if above.st_mode & stat.S_ISGID:
        return uid, above.st_gid
    return uid, ours.st_gid if os.geteuid() == 0 else os.getegid()


def _own(descriptor: int, owner: tuple[int, int]) -> None:
    """An ordinary user gives nothing away, and a group only if it is one of its own."""
    now = os.fstat(descriptor)
    if (now.st_uid, now.st_gid) == owner:
        return
    if os.geteuid() == 0:
        os.fchown(descriptor, *owner)
        return
    with contextlib.suppress(PermissionError):
        os.fchown(descriptor, -1, owner[1])
