"""Landlock as the only wall, where there are no namespaces: what may be read, run and written, and nothing else."""

import contextlib
import ctypes
import os
import stat
import struct
from collections.abc import Iterator

from sandbox.backends import _kernel
from sandbox.backends._landlock import abi

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE = 1 << 4, 1 << 5
_MAKE_ALL = 0b1111111 << 6
_MAKE_DEVICE = 1 << 6 | 1 << 11
"""A whiteout is a device that everybody may make (Linux 5.8)."""
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_BIND_TCP, _CONNECT_TCP = 1, 2
_SCOPE_ABSTRACT_UNIX, _SCOPE_SIGNAL = 1, 2
_RULE_PATH_BENEATH = 1
OLDEST = 3
"""Before it truncation is not held, so Landlock alone would be no wall."""
SIGNALS = 6
"""From here on nobody outside can be sent a signal."""


def why_none() -> int:
    """The error number that asking for its version gives; 0 where there is one."""
    try:
        _kernel.syscall(_kernel.LANDLOCK_CREATE, None, 0, 1, what="landlock")
    except OSError as error:
        return error.errno or 0
    return 0


def restrict(
    *,
    writable: tuple[str, ...],
    readable: tuple[str, ...],
    devices: tuple[str, ...],
    hidden: tuple[str, ...] = (),
) -> None:
    """Allow what is named and nothing else: reading, running, writing, TCP, and signals to those outside.

    ``hidden`` are real paths of files below ``readable`` that are not. Raises OSError.
    Does not hold chmod, chown, utimes and setxattr: no version of Landlock does.
    """
    version = abi()
    if version < OLDEST:
        raise OSError(95, f"version {version} is too old", "landlock")
    reading = _EXECUTE | _READ_FILE | _READ_DIR
    handled = reading | _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_ALL | _REFER | _TRUNCATE
    handled |= _IOCTL_DEV if version >= 5 else 0
    network = _BIND_TCP | _CONNECT_TCP if version >= 4 else 0
    scoped = _SCOPE_ABSTRACT_UNIX | _SCOPE_SIGNAL if version >= SIGNALS else 0
    size = 24 if version >= SIGNALS else 16 if version >= 4 else 8
    described = struct.pack("QQQ", handled, network, scoped)[:size]
    buffer = ctypes.create_string_buffer(described, size)
    rules = _kernel.syscall(_kernel.LANDLOCK_CREATE, buffer, size, 0, what="landlock")
    of_files = _EXECUTE | _READ_FILE | _WRITE_FILE | _TRUNCATE | (handled & _IOCTL_DEV)
    for paths, rights in ((writable, handled & ~_MAKE_DEVICE), (devices, of_files & ~_EXECUTE)):
        for path in paths:
            _allow(rules, path, rights, of_files)
    for path, below in _less(readable, hidden) if hidden else ((path, True) for path in readable):
        _allow(rules, path, reading if below else _READ_DIR, of_files)
    _kernel.syscall(_kernel.LANDLOCK_RESTRICT, rules, 0, what="landlock")
    os.close(rules)


def _less(readable: tuple[str, ...], hidden: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Places without ``hidden``, and whether what is below each is granted too: what holds one is listed instead.

    A rule is upon the file and not upon its name, so another name of a hidden file is not named either.
    """
    files = {(found.st_dev, found.st_ino) for path in hidden if (found := _stat(path)) is not None}
    above = {
        "/".join(parts[:count])
        for path in hidden
        for parts in [path.split("/")]
        for count in range(2, len(parts))
    }
    waiting = [os.path.realpath(path) for path in readable]
    while waiting:
        path = waiting.pop()
        found = _stat(path)
        if found is None or (found.st_dev, found.st_ino) in files:
            continue
        yield path, path not in above
        if path in above:
            with contextlib.suppress(OSError), os.scandir(path) as entries:
                # Where a symlink leads is granted by itself, or not.
                waiting += [entry.path for entry in entries if not entry.is_symlink()]


def _stat(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except OSError:
        return None


def _allow(rules: int, path: str, rights: int, of_files: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return  # what cannot be opened cannot be granted
    if not stat.S_ISDIR(os.fstat(place).st_mode):
        rights &= of_files
    beneath = ctypes.create_string_buffer(struct.pack("=Qi", rights, place), 12)
    _kernel.syscall(_kernel.LANDLOCK_ADD, rules, _RULE_PATH_BENEATH, beneath, 0, what="landlock")
    os.close(place)
