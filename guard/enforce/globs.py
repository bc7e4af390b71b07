"""Pathname expansion as bash does it without options: no ``globstar``, no ``dotglob``.

Bounded: beyond so many names that were looked at nobody knows what matches, which is judged as anything.
"""

import os

from guard.model.facts import GlobFact
from guard.model.typed import Callable

MAX_MATCHES = 2048
MAX_SEEN = 20_000
_UNKNOWN = GlobFact(matches=(), complete=False)


def look_glob(base: str, pattern: str) -> GlobFact:
    """``matches`` are ``base`` joined with each match in the spelling that the shell would give it."""
    start = "/" if pattern.startswith("/") else base.rstrip("/") + "/"
    found = [start]
    parts = pattern.removeprefix("/").split("/")
    seen = 0
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        following: list[str] = []
        for head in found:
            # A name that is asked for, or a directory that is opened.
            seen += 1
            if seen > MAX_SEEN:
                return _UNKNOWN
            if not part:
                if last and os.path.isdir(head):
                    following.append(head)
                elif not last:
                    following.append(head + "/")
                continue
            if not _is_pattern(part):
                name = _unescaped(part)
                if os.path.lexists(head + name):
                    following.append(head + name + ("" if last else "/"))
                continue
            try:
                matcher = _matcher(part)
                with os.scandir(head) as entries:
                    names = [
                        ".",
                        "..",
                        *[entry.name for _, entry in zip(range(MAX_SEEN - seen + 1), entries, strict=False)],
                    ]
            except NotADirectoryError:
                continue
            except (OSError, ValueError):
                return _UNKNOWN
            seen += len(names)
            if seen > MAX_SEEN:
                return _UNKNOWN
            for name in sorted(names):
                if name.startswith(".") and not part.startswith("."):
                    continue
                if matcher(name):
                    following.append(head + name + ("" if last else "/"))
        found = following
        if len(found) > MAX_MATCHES:
            return _UNKNOWN
    return GlobFact(matches=tuple(sorted(dict.fromkeys(found))), complete=True)


def _is_pattern(part: str) -> bool:
    """Whether an unescaped ``*``, ``?`` or ``[`` is in it."""
    escaped = False
    for char in part:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char in "*?[":
            return True
    return False


def _unescaped(part: str) -> str:
    out: list[str] = []
    escaped = False
    for char in part:
        if char == "\\" and not escaped:
            escaped = True
            continue
        out.append(char)
        escaped = False
    return "".join(out) + ("\\" if escaped else "")


def _matcher(pattern: str) -> Callable[[str], object]:
    """A test for one path component. Raises ValueError for what bash may read in another way."""
    import re  # noqa: PLC0415 - as much as the whole decision, and most commands hold no pattern

    out: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        match char:
            case "\\" if at < len(pattern):
                out.append(re.escape(pattern[at]))
                at += 1
            case "*":
                out.append("[^/]*")
            case "?":
                out.append("[^/]")
            case "[":
                text, at = _bracket(pattern, at)
                out.append(text)
            case "(" | "|" | ")":
                raise ValueError("an extended pattern")
            case _:
                out.append(re.escape(char))
    return re.compile("".join(out), re.DOTALL).fullmatch


def _bracket(pattern: str, at: int) -> tuple[str, int]:
    start = at
    if pattern[at : at + 1] in {"!", "^"}:
        at += 1
    end = pattern.find("]", at + 1)
    body = pattern[at:end]
    if end < 0 or any(char in body for char in "[\\:/"):
        raise ValueError("a bracket expression with classes, escapes or no end")
    inside = (
        body.replace("^", "\\^")
        .replace("]", "\\]")
        .replace("&", "\\&")
        .replace("~", "\\~")
        .replace("|", "\\|")
    )
    return f"[{'^' if at > start else ''}{inside}]", end + 1
