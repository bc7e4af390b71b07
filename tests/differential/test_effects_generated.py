"""Prediction against real programs, by the thousand: whatever changes in a tree was predicted, or said to be anything."""

import itertools
import os
from pathlib import Path

import pytest

from tests.differential.commands import cases, mutants
from tests.differential.toy import Toy

CHUNK = 120
SEED = int(os.environ.get("GUARD_SEED", "20"))
SYSTEMATIC = list(dict.fromkeys(cases()))
SOME = SYSTEMATIC[:: int(os.environ.get("GUARD_EVERY", "3"))]
MUTANTS = list(itertools.islice(mutants(SEED), 600))
ALL = [*SOME, *MUTANTS]


@pytest.mark.parametrize("start", range(0, len(ALL), CHUNK))
def test_every_change_was_predicted(start: int, tmp_path: Path) -> None:
    toy = Toy(tmp_path)
    wrong: list[tuple[str, set[str]]] = []
    understood = 0
    commands = ALL[start : start + CHUNK]
    for command in commands:
        missed, read, _ = toy.missed(command)
        understood += read
        if missed:
            wrong.append((command, missed))

    assert wrong == []
    # What is said to be anything proves nothing: most of it must be understood.
    assert understood > len(commands) * 0.6


def test_there_are_enough_of_them() -> None:
    assert len(ALL) >= 2000
    assert len(SYSTEMATIC) >= 5000
