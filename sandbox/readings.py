"""Reads what a machine says of itself, for ``diagnose``. Only after something has failed."""

import contextlib
import os
import re

from sandbox.diagnose import CONTAINERS, FILES, Readings


def take() -> Readings:
    """Never raises: what cannot be read is left out."""
    return Readings(
        uid=os.geteuid(),
        user=_user(),
        release=_release(os.uname().release),
        files={path: text for path in FILES if (text := _read(path)) is not None},
        filtered=re.search(r"^Seccomp:\s*[12]$", _read("/proc/self/status") or "", re.MULTILINE) is not None,
        container=any(os.path.exists(path) for path in CONTAINERS),
        changed_root=_changed_root(),
    )


def _read(path: str) -> str | None:
    with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
        return file.read(1 << 16).strip()
    return None


def _release(text: str) -> tuple[int, int]:
    found = re.match(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _user() -> str:
    import pwd  # noqa: PLC0415 - only after something has failed

    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def _changed_root() -> bool:
    """In a chroot that is no mount, no mount is at ``/``; in one that is, another process's root differs from ours."""
    places = [
        line.split(" ")[4]
        for line in (_read("/proc/self/mountinfo") or "").splitlines()
        if line.count(" ") > 4
    ]
    if places and "/" not in places:
        return True
    with contextlib.suppress(OSError):
        ours, first = os.stat("/"), os.stat("/proc/1/root/")
        return (ours.st_dev, ours.st_ino) != (first.st_dev, first.st_ino)
    return False
