"""Our path patterns as regular expressions of the RE2 kind. Exact: what a place is in, and what lies below it.

A place is compared without a final ``/``: the root is the empty text.
"""

from guard.model.dataclass import dataclass
from guard.model.names import short_parts
from guard.model.typed import Iterable
from guard.policy.match import ANY, expand_braces

_SPECIAL = frozenset("\\.+*?()|[]{}^$")


@dataclass(frozen=True, slots=True)
class Expressions:
    """Of a zone; none: nothing is."""

    inside: tuple[str, ...]
    may: tuple[str, ...]
    """Places below which something of the zone may lie."""
    must: tuple[str, ...]
    """Places of which all that lies below is in the zone."""


def expressions(patterns: Iterable[str], *, folded: bool = False) -> Expressions:
    """``folded``: of a zone whose names count however a disk may spell them, 8.3 names included."""
    inside: dict[str, None] = {}
    may: dict[str, None] = {}
    must: dict[str, None] = {}
    for pattern in patterns:
        for single in expand_braces(pattern):
            parts = _parts(single)
            whole = _of(parts, folded=folded)
            inside[whole] = None
            if parts[-1] == "**":
                must[whole] = may[whole] = None
            for length in range(1, len(parts)):
                # What comes before a `**` is in what comes up to it: that may stand for nothing.
                if parts[length] != "**":
                    may[_of(parts[:length], folded=folded)] = None
    return Expressions(tuple(inside), tuple(may), tuple(must))


def wildcard_expression(pattern: str) -> str:
    """``*`` any run of characters, ``?`` any one."""
    return "(?s)^" + "".join({"*": ".*", "?": "."}.get(char) or quoted(char) for char in pattern) + "$"


def quoted(text: str) -> str:
    return "".join("\\" + char if char in _SPECIAL else char for char in text)


def _parts(pattern: str) -> list[str]:
    out: list[str] = []
    for part in pattern.rstrip("/").split("/"):
        if part != "**" or out[-1:] != ["**"]:
            out.append(part)
    return out


def _of(parts: list[str], *, folded: bool) -> str:
    """``a/**/b``: each part behind its ``/``; what stands for any number of parts may stand for none."""
    text = ""
    first = True
    for number, part in enumerate(parts):
        if part != "**":
            text += ("" if first else "/") + _part(part, folded=folded and number > 0)
            first = False
        elif not first:
            text += "(?:/[^/]*)*"
        elif number == len(parts) - 1:
            text += "[^/]*(?:/[^/]*)*"
        else:
            text += "(?:[^/]*/)*"
    return f"(?s)^{text}$"


def _part(part: str, *, folded: bool) -> str:
    if part == ANY:
        return quoted(part)
    if "*" in part or "?" in part:
        return "".join({"*": "[^/]*", "?": "[^/]"}.get(char) or quoted(char) for char in part)
    stem, kind = short_parts(part) if folded else ("", "")
    if not stem:
        return quoted(part)
    hashed = f"|{quoted(stem[:2])}[0-9a-f]{{4}}" if len(stem) >= 2 else ""
    ending = f"\\.{quoted(kind)}" if kind else "\\.?"
    return f"(?:{quoted(part)}|(?:{quoted(stem)}{hashed})~[0-9]+{ending})"
