"""Texts and what bash makes of them, from ``cases/reading.toml``."""

import tomllib
from pathlib import Path

import pytest

from guard.shell.ast import Script
from guard.shell.emit import emit
from guard.shell.parse import parse
from guard.shell.walk import simples, unread

CASES = tomllib.loads((Path(__file__).parent / "cases" / "reading.toml").read_text(encoding="utf-8"))["case"]


def commands(script: Script) -> list[list[str]]:
    return [
        ["?" if word.static is None else word.static for word in found.words] for found in simples(script)
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_a_text_is_read_as_bash_reads_it_or_not_at_all(case: dict[str, object]) -> None:
    script = parse(str(case["text"]))
    if case.get("unread"):
        assert unread(script)
        with pytest.raises(ValueError, match="not read"):
            emit(script)
    else:
        assert unread(script) == ()
        assert commands(script) == case["words"]


def test_lines_before_the_one_that_cannot_be_read_are_kept() -> None:
    script = parse("rm a\nfi")
    assert commands(script) == [["rm", "a"]]
    assert len(unread(script)) == 1
