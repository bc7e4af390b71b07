"""What a person approved and wants remembered: a list beside the repository's policy, for a pull request to be made of.

It is no rule, and nothing reads it to decide. Appends only.
"""

import contextlib
import os
import stat
from time import gmtime, strftime

from guard.enforce.approvals import PendingAsk
from guard.errors import UsageError
from guard.faults import Point, reached
from guard.model.jsons import dumps

FILE = ".guard/suggestions.yaml"
MAX_BYTES = 1024 * 1024
_HEAD = (
    "# What people approved and asked to be remembered. No rule: `guard policy learn` proposes some from it,\n"
    "# and a pull request makes them law.\n"
)


def remember(ask: PendingAsk, by: str) -> str:
    """The file that it was added to. Raises UsageError where it has no place there, OSError."""
    if not ask.workspace:
        raise UsageError("what was asked belongs to no workspace", help_="approve it without remembering")
    root = os.open(ask.workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with contextlib.suppress(FileExistsError):
            os.mkdir(".guard", 0o755, dir_fd=root)
        # A link planted there would have us write where it leads.
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        directory = os.open(".guard", flags, dir_fd=root)
        try:
            _append(directory, ask, by)
        finally:
            os.close(directory)
    finally:
        os.close(root)
    return os.path.join(ask.workspace, FILE)


def _append(directory: int, ask: PendingAsk, by: str) -> None:
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open("suggestions.yaml", flags, 0o644, dir_fd=directory)
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode) or info.st_size > MAX_BYTES:
            raise UsageError(
                f"{FILE} is no file of at most {MAX_BYTES} bytes", help_="look what it is, and move it away"
            )
        text = _entry(ask, by)
        if not info.st_size:
            text = _HEAD + text
        elif os.pread(descriptor, 1, info.st_size - 1) != b"\n":
            text = "\n" + text
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
        reached(Point.SUGGESTION_WRITTEN)
    finally:
        os.close(descriptor)


def _entry(ask: PendingAsk, by: str) -> str:
    """One item of a YAML list; a JSON string is one of YAML's."""
    call = ask.shown["call"]
    text = call.get("text") or call.get("path") or ""
    values = (
        ("command", _word(text)),
        ("tool", _word(call.get("tool", ""))),
        ("cwd", _word(call.get("cwd", ""))),
        ("effects_digest", f"sha256:{ask.digest}"),
        ("decided", "ask"),
        ("rule", _word(ask.shown["decision"]["reason"]["rule"])),
        ("by", by),
        ("at", strftime("%Y-%m-%dT%H:%M:%SZ", gmtime())),
    )
    lines = [f"{name}: {dumps(value)}" for name, value in values]
    return "- " + "\n  ".join(lines) + "\n"


def _word(value: object) -> str:
    return value if isinstance(value, str) else "(not text)"
