"""The table of docs/crash.md: which point is tried where. The tests hold it, the code and themselves together."""

import functools
import re

import guard.faults
import sandbox.faults

from .world import ROOT

_ROW = re.compile(r"^\| `([A-Z_]+)` \| (.*) \| (.*) \|$", re.MULTILINE)


@functools.cache
def rows() -> dict[str, tuple[str, tuple[str, ...]]]:
    """What each point says, and the names of what is killed there."""
    found = _ROW.findall((ROOT / "docs" / "crash.md").read_text())
    return {name: (words, tuple(one for one in tried.split(", ") if one)) for name, words, tried in found}


def tried(where: str) -> set[guard.faults.Point | sandbox.faults.Point]:
    points = (*guard.faults.Point, *sandbox.faults.Point)
    return {point for point in points if where in rows()[point.name][1]}
