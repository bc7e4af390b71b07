"""Where a path leads, one component at a time, as the kernel would follow it for the command. Reads, never writes.

Not ``os.path.realpath``: the doors of ``/proc`` lead elsewhere for the command than for us, and a component that we
may not look at must not look like one that is absent.
"""

import errno
import os
import stat

from guard.enforce.gitdirs import repository_around
from guard.model.facts import PathFact
from guard.model.paths import FileKind

MAX_LINKS = 40
MAX_PATH = 16 * 1024
"""No system call takes more than 4096 bytes at once; a path may be walked in several steps."""
_STANDARD_STREAMS = frozenset({"stdin", "stdout", "stderr"})


def look_path(path: str) -> PathFact:
    """``path`` is absolute. Total: what cannot be followed is a fact with an ``error``."""
    return walk(path)[0]


def walk(path: str) -> tuple[PathFact, os.stat_result | None, os.stat_result | None]:
    """:func:`look_path`, what was seen at its end, and of the directory that holds it, if that was seen on the way."""
    if "\0" in path:
        return _failed("a path that holds a NUL byte"), None, None
    if len(path) > MAX_PATH:
        return _failed("a path that is longer than any file's"), None, None
    pending = [part for part in reversed(path.split("/")) if part]
    real: list[str] = []
    above = ""
    parent_real = ""
    links = 0
    is_link = False
    info: os.stat_result | None = None
    seen: os.stat_result | None = None
    holder: os.stat_result | None = None
    absent = blocked = False
    while pending:
        part = pending.pop()
        # Targets of links are pushed on top, so the bottom of the stack is the last component as written.
        last = not pending and not parent_real
        if part == ".":
            continue
        if part == "..":
            if real:
                above = above[: -len(real.pop()) - 1]
            # `mkdir a; rm a/../x`: what is absent now may be there by then, so `..` is followed all the same.
            info, absent = None, False
            seen = holder = None
            continue
        door = _door(real, part) if len(real) >= 2 and real[0] == "proc" else None
        if door is not None:
            if isinstance(door, str):
                return _failed(door), None, None
            real, above = [], ""
            seen = holder = None
            continue
        here = f"{above}/{part}"
        if last:
            parent_real = here
        if absent or blocked:
            real.append(part)
            above = here
            continue
        try:
            info = os.lstat(here)
        except OSError as error:
            real.append(part)
            above = here
            info = None
            if error.errno in {errno.ENOENT, errno.ENOTDIR}:
                absent = True
            elif error.errno in {errno.ENAMETOOLONG, errno.ELOOP}:
                return _failed(f"`{_short(here)}`: {error.strerror}"), None, None
            else:
                blocked = True
            continue
        if not stat.S_ISLNK(info.st_mode):
            holder, seen = seen, info
            real.append(part)
            above = here
            continue
        seen = holder = None
        is_link = is_link or last
        links += 1
        if links > MAX_LINKS:
            return _failed("too many symbolic links"), None, None
        target = _read_link(here, real, part)
        if target is None:
            return _failed(f"`{_short(here)}` is a link that cannot be read"), None, None
        info = None
        if target.startswith("/"):
            real, above = [], ""
        pending.extend(p for p in reversed(target.split("/")) if p)
    text = above or "/"
    if info is None and not absent and not blocked:
        info, blocked = _stat(text)
    around = repository_around(text)
    if not around and parent_real != text:
        around = repository_around(parent_real)
    fact = PathFact(
        real=text,
        parent_real=parent_real or text,
        kind=_kind(info, blocked=blocked),
        is_link=is_link,
        mode=stat.S_IMODE(info.st_mode) if info is not None else 0,
        size=info.st_size if info is not None else 0,
        names=info.st_nlink if info is not None and stat.S_ISREG(info.st_mode) else 1,
        repository=around,
    )
    return fact, info, holder


def _door(real: list[str], part: str) -> str | tuple[()] | None:
    """The magic links of ``/proc/PID``: () = back to the root, text = leads elsewhere for the command, None = no door.

    ``real``: two names or more, the first of them ``proc``.
    """
    if len(real) == 2 or (len(real) == 4 and real[2] == "task"):
        if part == "root":
            return ()
        if part in {"cwd", "exe"}:
            return f"`/{'/'.join(real)}/{part}` leads to what another process says"
    if len(real) == 3 and real[2] in {"fd", "map_files"}:
        return "a path through another process's open files"
    return None


def _read_link(here: str, real: list[str], part: str) -> str | None:
    if real == ["dev"] and part in _STANDARD_STREAMS:
        # Our own standard streams are not the command's; to both they are streams, not files.
        return "/dev/tty"
    try:
        return os.readlink(here)
    except OSError:
        return None


def _stat(path: str) -> tuple[os.stat_result | None, bool]:
    try:
        return os.lstat(path), False
    except OSError as error:
        return None, error.errno not in {errno.ENOENT, errno.ENOTDIR}


def _kind(info: os.stat_result | None, *, blocked: bool) -> FileKind:
    if info is None:
        return FileKind.UNKNOWN if blocked else FileKind.ABSENT
    if stat.S_ISREG(info.st_mode):
        return FileKind.FILE
    if stat.S_ISDIR(info.st_mode):
        return FileKind.DIRECTORY
    return FileKind.OTHER


def _failed(why: str) -> PathFact:
    return PathFact(real="", parent_real="", kind=FileKind.UNKNOWN, error=why)


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
