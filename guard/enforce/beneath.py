"""Opening files below a directory without ever following a link out of it, even while somebody swaps its parts.

``openat2(2)`` with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS: the kernel does the checking.
"""

import ctypes
import errno
import os

_OPENAT2 = 437
_NO_MAGICLINKS = 0x02
_NO_SYMLINKS = 0x04
_BENEATH = 0x08
_libc = ctypes.CDLL(None, use_errno=True)


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def open_beneath(root: int, path: str, flags: int) -> int:
    """A descriptor for ``path`` below the directory ``root``. OSError: ELOOP or EXDEV when a link is in the way."""
    how = _OpenHow(flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0, _BENEATH | _NO_SYMLINKS | _NO_MAGICLINKS)
    for _ in range(64):
        result: int = _libc.syscall(
            _OPENAT2, root, ctypes.c_char_p(os.fsencode(path or ".")), ctypes.byref(how), ctypes.sizeof(how)
        )
        if result >= 0:
            return result
        number = ctypes.get_errno()
        # EAGAIN: a rename somewhere raced with the walk; the kernel asks to try again.
        if number not in {errno.EINTR, errno.EAGAIN}:
            raise OSError(number, os.strerror(number), path)
    raise OSError(errno.EAGAIN, "the directory does not stand still", path)


def open_directory(root: int, path: str) -> int:
    """A directory below ``root``, for use as ``dir_fd``. The root itself for an empty path."""
    return open_beneath(root, path, os.O_RDONLY | os.O_DIRECTORY)


def sync_filesystem(descriptor: int) -> None:
    """Everything written to this file system so far is on disk when it returns."""
    if _libc.syncfs(descriptor) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
