"""A change set as a unified diff for people, in git's extended form. Shows every character for what it is; bounded."""

import errno
import hashlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from difflib import unified_diff

from guard.cli.output import style, visible
from guard.enforce.beneath import open_beneath
from guard.enforce.manifest import ChangeSet, Entry
from sandbox.changes import Node, NodeKind, only_the_time

MAX_SHOWN = 256 * 1024
"""Bytes of one version of a file."""
MAX_LINES = 4000
"""Changed lines of all files together; after that only what happened to a file is shown."""
_TYPES = {
    NodeKind.FILE: 0o100000,
    NodeKind.SYMLINK: 0o120000,
    NodeKind.DIRECTORY: 0o040000,
    NodeKind.FIFO: 0o010000,
    NodeKind.SOCKET: 0o140000,
    NodeKind.DEVICE: 0o020000,
}


def renames(found: ChangeSet) -> dict[str, str]:
    """New path to old path, for files that went and came with the same content."""
    gone: dict[str, list[str]] = {}
    for entry in found.entries:
        before = entry.before
        if entry.after is None and before is not None and before.kind is NodeKind.FILE and before.size:
            gone.setdefault(before.sha256, []).append(entry.path)
    out: dict[str, str] = {}
    for entry in found.entries:
        after = entry.after
        if entry.before is None and after is not None and gone.get(after.sha256):
            out[entry.path] = gone[after.sha256].pop(0)
    return out


def difference(found: ChangeSet) -> Iterator[str]:
    """Lines, escaped, with colours where these can be seen."""
    came_from = renames(found)
    moved = frozenset(came_from.values())
    left = MAX_LINES
    for entry in found.entries:
        if entry.path in moved:
            continue
        if entry.surprise:
            yield style(f"! not foreseen: {visible(entry.path)}", "yellow")
        origin = came_from.get(entry.path, "")
        yield style(f"diff --git a/{visible(origin or entry.path)} b/{visible(entry.path)}", "bold")
        yield from (style(line, "bold") for line in _header(entry, origin))
        lines = [] if origin else _content(found, entry)
        if len(lines) > left:
            yield f"({len(lines)} lines, not shown: the whole would be more than {MAX_LINES})"
            continue
        left -= len(lines)
        yield from map(_coloured, lines)


def _header(entry: Entry, origin: str) -> Iterator[str]:
    before, after = entry.before, entry.after
    if origin:
        yield "similarity index 100%"
        yield f"rename from {visible(origin)}"
        yield f"rename to {visible(entry.path)}"
    elif before is None and after is not None:
        yield f"new {_word(after)} mode {_mode(after)}"
    elif before is not None and after is None:
        yield f"deleted {_word(before)} mode {_mode(before)}"
    elif before is not None and after is not None and _mode(before) != _mode(after):
        yield f"old mode {_mode(before)}"
        yield f"new mode {_mode(after)}"
        if before.kind is not after.kind:
            yield f"({_word(before)} becomes {_word(after)})"
    elif before is not None and after is not None and only_the_time(before, after):
        yield f"old time {_time(before)}"
        yield f"new time {_time(after)}"


def _word(node: Node) -> str:
    return node.kind.value


def _mode(node: Node) -> str:
    # A link has no mode of its own.
    return f"{_TYPES[node.kind] | (0 if node.kind is NodeKind.SYMLINK else node.mode):06o}"


def _time(node: Node) -> str:
    seconds, rest = divmod(node.mtime_ns, 1_000_000_000)
    try:
        shown = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    except (OverflowError, ValueError, OSError):
        return f"{node.mtime_ns} ns"  # a year that no calendar has
    return f"{shown}.{rest:09}Z"


def _content(found: ChangeSet, entry: Entry) -> list[str]:
    before, after = entry.before, entry.after
    if (
        before is not None
        and after is not None
        and (before.sha256, before.target) == (after.sha256, after.target)
    ):
        return []
    old = _Version(before, lambda: _in_workspace(found, entry))
    new = _Version(after, lambda: os.open(found.ready(entry), _FLAGS))
    notes = (
        [] if old.is_as_recorded else ["! the workspace has another version of it by now: compared with that"]
    )
    if old.lines is None or new.lines is None:
        sizes = ", ".join(
            f"{name} {node.size} bytes {node.sha256[:12]}"
            for name, node in (("before", before), ("after", after))
            if node is not None and node.kind is NodeKind.FILE
        )
        return [*notes, f"Binary files differ, or are too large to show ({sizes})"]
    name = visible(entry.path)
    ends = ("/dev/null" if before is None else f"a/{name}", "/dev/null" if after is None else f"b/{name}")
    return [*notes, *unified_diff(old.lines, new.lines, *ends, lineterm="")]


_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW


def _in_workspace(found: ChangeSet, entry: Entry) -> int:
    """No link on the way is followed: the command may have made one, and somebody may have since."""
    root = os.open(found.workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        return open_beneath(root, entry.path, os.O_RDONLY | os.O_NONBLOCK)
    finally:
        os.close(root)


class _Version:
    """The lines of one side. None when it is not text that can be shown; a link is the text of where it leads."""

    def __init__(self, node: Node | None, opened: Callable[[], int]) -> None:
        self.lines: list[str] | None = []
        self.is_as_recorded = True
        if node is None:
            return
        if node.kind is NodeKind.SYMLINK:
            self.lines = [node.target]
        if node.kind is not NodeKind.FILE:
            return
        try:
            data, size = _read(opened())
        except OSError:
            self.is_as_recorded = False
            return
        whole = len(data) <= MAX_SHOWN
        self.is_as_recorded = size == node.size and (
            not whole or hashlib.sha256(data).hexdigest() == node.sha256
        )
        self.lines = _lines(data) if whole and b"\0" not in data else None


def _read(descriptor: int) -> tuple[bytes, int]:
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        data = b""
        while len(data) <= MAX_SHOWN and (block := os.read(descriptor, MAX_SHOWN + 1 - len(data))):
            data += block
        return data, info.st_size
    finally:
        os.close(descriptor)


def _lines(data: bytes) -> list[str]:
    if not data:
        return []
    # Not `splitlines`: a form feed or U+2028 within a line begins a new one for nobody else.
    *lines, last = os.fsdecode(data).split("\n")
    return [*lines, last, "\\ No newline at end of file"] if last else lines


def _coloured(line: str) -> str:
    shown = visible(line)
    match line[:1]:
        case "+":
            return style(shown, "green")
        case "-":
            return style(shown, "red")
        case "@":
            return style(shown, "cyan")
        case "!":
            return style(shown, "yellow")
        case _:
            return shown
