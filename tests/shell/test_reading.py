"""Texts and what bash makes of them, from ``cases/reading.toml``."""

import tomllib
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

from guard.shell.ast import Simple
from guard.shell.emit import emit
from guard.shell.parse import parse
from guard.shell.walk import unread

CASES = tomllib.loads((Path(__file__).parent / "cases" / "reading.toml").read_text(encoding="utf-8"))["case"]


def commands(node: object) -> list[list[str]]:
    if isinstance(node, tuple):
        return [found for child in node for found in commands(child)]
    if not is_dataclass(node):
        return []
    here = []
    if isinstance(node, Simple) and node.words:
        here = [["?" if word.static is None else word.static for word in node.words]]
    return here + [found for field in fields(node) for found in commands(getattr(node, field.name))]


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
