"""Landlock as a second wall: even if a mount were wrong, writes stay in the writable places. Best effort."""

import ctypes
import os
import struct

from sandbox.backends import _kernel

_WRITE_FILE, _REMOVE_DIR, _REMOVE_FILE = 1 << 1, 1 << 4, 1 << 5
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


def restrict_writes(writable: tuple[str, ...]) -> None:
    """Allow writes only beneath ``writable``; does nothing on a kernel without Landlock."""
    version = abi()
    if version < 2:  # version 1 forbids every rename between directories, which breaks builds
        return
    handled = _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_ALL | _REFER
    handled |= _TRUNCATE if version >= 3 else 0
    scoped = _SCOPE_ABSTRACT_UNIX | _SCOPE_SIGNAL if version >= 6 else 0
    described = struct.pack("QQQ", handled, 0, scoped)[: 24 if version >= 6 else 8]
    buffer = ctypes.create_string_buffer(described, len(described))
    rules = _kernel.syscall(_kernel.LANDLOCK_CREATE, buffer, len(described), 0, what="landlock")
    for path in writable:
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        beneath = ctypes.create_string_buffer(struct.pack("=Qi", handled, place), 12)
        _kernel.syscall(_kernel.LANDLOCK_ADD, rules, _RULE_PATH_BENEATH, beneath, 0, what="landlock")
        os.close(place)
    _kernel.syscall(_kernel.LANDLOCK_RESTRICT, rules, 0, what="landlock")
    os.close(rules)
