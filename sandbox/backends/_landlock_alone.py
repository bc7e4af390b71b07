"""Landlock as the only wall, where there are no namespaces: what may be read, run and written, and nothing else."""

import ctypes
import os
import stat
import struct

from sandbox.backends import _kernel
from sandbox.backends._landlock import abi

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE = 1 << 4, 1 << 5
_MAKE_ALL = 0b1111111 << 6
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


def restrict(*, writable: tuple[str, ...], readable: tuple[str, ...], devices: tuple[str, ...]) -> None:
    """Allow what is named and nothing else: reading, running, writing, TCP, and signals to those outside.

    Raises OSError. Does not hold chmod, chown, utimes and setxattr: no version of Landlock does.
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
    for paths, rights in ((readable, reading), (writable, handled), (devices, of_files & ~_EXECUTE)):
        for path in paths:
            _allow(rules, path, rights, of_files)
    _kernel.syscall(_kernel.LANDLOCK_RESTRICT, rules, 0, what="landlock")
    os.close(rules)


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
