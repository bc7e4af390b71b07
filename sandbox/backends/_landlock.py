"""Landlock as a second wall: even if a mount were wrong, writes stay in the writable places. Best effort."""

import ctypes
import errno
import fcntl
import os
import struct

from sandbox.backends import _kernel

_WRITE_FILE, _READ_FILE, _REMOVE_DIR, _REMOVE_FILE = 1 << 1, 1 << 2, 1 << 4, 1 << 5
_MAKE_ALL = 0b1111111 << 6
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_SCOPE_ABSTRACT_UNIX, _SCOPE_SIGNAL = 1, 2
_RULE_PATH_BENEATH = 1


def abi() -> int:
    """Version of Landlock in this kernel, 0 without."""
    try:
        return _kernel.syscall(_kernel.LANDLOCK_CREATE, None, 0, 1, what="landlock")
    except OSError:
        return 0


def restrict(writable: tuple[str, ...], given: tuple[int, ...]) -> None:
    """Allow writes only beneath ``writable``, and reading only beneath ``/``; nothing on a kernel without Landlock.

    A descriptor of the caller can be opened anew by its name in ``/proc``, with other rights: an output file could be
    read that way, an input file written. ``given`` may be opened again for what they are open for, and no more.
    """
    version = abi()
    if version < 2:  # version 1 forbids every rename between directories, which breaks builds
        return
    truncate = _TRUNCATE if version >= 3 else 0
    writing = _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_ALL | _REFER | truncate
    scoped = _SCOPE_ABSTRACT_UNIX | _SCOPE_SIGNAL if version >= 6 else 0
    described = struct.pack("QQQ", writing | _READ_FILE, 0, scoped)[: 24 if version >= 6 else 8]
    buffer = ctypes.create_string_buffer(described, len(described))
    rules = _kernel.syscall(_kernel.LANDLOCK_CREATE, buffer, len(described), 0, what="landlock")
    for path, allowed in (("/", _READ_FILE), *((path, writing) for path in writable)):
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        _allow(rules, place, allowed)
        os.close(place)
    for descriptor in given:
        _allow_again(rules, descriptor, truncate)
    _kernel.syscall(_kernel.LANDLOCK_RESTRICT, rules, 0, what="landlock")
    os.close(rules)


def _allow(rules: int, place: int, allowed: int) -> None:
    beneath = ctypes.create_string_buffer(struct.pack("=Qi", allowed, place), 12)
    _kernel.syscall(_kernel.LANDLOCK_ADD, rules, _RULE_PATH_BENEATH, beneath, 0, what="landlock")


def _allow_again(rules: int, descriptor: int, truncate: int) -> None:
    """``echo x > /dev/stdout`` and ``cat /dev/stdin`` open what the command has already."""
    try:
        mode = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE
    except OSError:
        return  # closed
    allowed = 0 if mode == os.O_WRONLY else _READ_FILE
    allowed |= 0 if mode == os.O_RDONLY else _WRITE_FILE | truncate
    try:
        _allow(rules, descriptor, allowed)
    except OSError as error:
        if error.errno not in {errno.EBADFD, errno.EBADF}:
            raise
        # A pipe, socket or memory file: they have no place, and Landlock asks nothing about them.
