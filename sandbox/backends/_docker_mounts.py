"""What an engine has mounted writable in a container, although its root is read-only: it is outside of every limit.

Docker does so with /dev and with volumes that an image declares, Podman with /run, /tmp and /var/tmp as well.
"""

import contextlib
import os

from sandbox.backends import _kernel

_NOBODY_FILLS = frozenset("proc sysfs devpts mqueue cgroup cgroup2".split())
"""Kinds of file system that hold no files of a command's, or have bounds of their own."""


def writable(pid: int) -> list[str]:
    """Where, as the container's processes see it."""
    found: list[str] = []
    with open(f"/proc/{pid}/mountinfo", "rb") as file:
        for line in file:
            mount, _, system = line.partition(b" - ")
            place, options = mount.split()[4:6]
            if b"rw" in options.split(b",") and os.fsdecode(system.split()[0]) not in _NOBODY_FILLS:
                first, *rest = place.split(b"\\")  # blanks and backslashes are written in octal
                found.append(
                    os.fsdecode(first + b"".join(bytes([int(one[:3], 8)]) + one[3:] for one in rest))
                )
    return found


def opened(places: list[str]) -> list[int]:
    """From inside, before anything of ours covers them. What is covered already can be reached by nobody."""
    found: list[int] = []
    for place in places:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            found.append(os.open(place, os.O_PATH | os.O_CLOEXEC))
    return found


def close_up(mounts: list[int]) -> None:
    """Nothing can be written there any more, nor started. Devices can be written to as before."""
    for mount in mounts:
        _kernel.set_attributes(mount, _kernel.ATTR_RDONLY | _kernel.ATTR_NOEXEC, recursive=False)
        os.close(mount)
