"""Directories that a zone names and the workspace does not have, where it has one with nearly that name. Reads names only."""

import os

from guard.model.typed import Iterator
from guard.policy.lint.document import Document
from guard.policy.lint.finding import Finding, finding
from guard.policy.lint.near import near
from guard.policy.match import expand_braces

MOST = 2_000
"""Names of one directory; in a larger one nobody looks for a slip of the pen."""
PATTERNS = 200
"""Of one file: who names more directories did not write them by hand."""


def near_misses(document: Document, workspace: str) -> Iterator[Finding]:
    if sum(len(patterns) for _, patterns in document.layer.zones) > PATTERNS:
        return
    for name, patterns in document.layer.zones:
        for number, pattern in enumerate(patterns):
            for single in expand_braces(pattern):
                slip = _slip(single, workspace)
                if slip:
                    wrong, meant = slip
                    yield finding(
                        "GP035",
                        document.at(("zones", name, number)),
                        f"there is no `{wrong}` in the workspace, and there is `{meant}`",
                        f"write `{pattern.replace(wrong, meant, 1)}` if that is meant",
                    )
                    break


def _slip(pattern: str, workspace: str) -> tuple[str, str] | None:
    """The part of the pattern that is not there, and what it should perhaps be."""
    parts = pattern.split("/")
    if parts[0] != "$W":
        return None
    at: list[str] = []
    for part in parts[1:]:
        if "*" in part or "?" in part or not part:
            return None
        here = os.path.join(workspace, *at)
        if not os.path.lexists(os.path.join(here, part)):
            meant = near(part, _names(here))
            return ("/".join([*at, part]), "/".join([*at, meant])) if meant else None
        at.append(part)
    return None


def _names(directory: str) -> list[str]:
    try:
        with os.scandir(directory) as entries:
            found = [entry.name for entry, _ in zip(entries, range(MOST), strict=False)]
    except OSError:
        return []
    return found if len(found) < MOST else []
