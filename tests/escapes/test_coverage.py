"""coverage.toml: everything that has to be tried is tried somewhere, and every case of the battery is there for something."""

import re
import tomllib
from pathlib import Path

import pytest

from sandbox.battery.case import load

ROOT = Path(__file__).parents[2]
ITEMS = tomllib.loads((Path(__file__).parent / "coverage.toml").read_text())["item"]
CASES = {case.id for section in load() for case in section.cases}


def span(letter: str, first: int, last: int, width: int = 2) -> list[str]:
    return [f"{letter}{number:0{width}}" for number in range(first, last + 1)]


WANTED = {
    "A": [*span("F", 1, 11), *span("A", 12, 18)],
    "B": [*span("F", 12, 15), *span("B", 5, 11, 1)],
    "C": [*span("R", 1, 7), "C8", "C9"],
    "D": [*span("G", 1, 9), *span("D", 10, 15)],
    "E": [*span("C", 1, 15), "E16", "E17", "E18"],
    "F": span("F", 1, 5, 1),
    "G": ["G"],
    "H": [*span("X", 1, 4), *span("H", 5, 9, 1)],
    "I": [*span("P", 1, 14), *span("I", 15, 21)],
    "J": [*span("N", 1, 9), *span("J", 10, 16)],
    "K": [*span("L", 1, 5), *span("K", 6, 10, 1)],
    "L": [*span("Z", 1, 12), "L13"],
    "M": ["M"],
    "N": ["N-mounts", "N-told", "N-fails", "N-policy", "N-shown", "N-before", "N-two"],
}


def named(item: str) -> list[str]:
    found = re.fullmatch(r"([A-Z])(\d+)-[A-Z](\d+)", item)
    return span(found[1], int(found[2]), int(found[3])) if found else [item]


def test_every_item_is_there_once_and_nothing_else():
    wanted = [item for items in WANTED.values() for item in items]
    there = [one for entry in ITEMS for one in named(entry["item"])]

    assert sorted(there) == sorted(wanted)


def test_every_case_of_the_battery_is_there_for_an_item():
    assert {case for entry in ITEMS for case in entry.get("cases", [])} == CASES


@pytest.mark.parametrize("entry", ITEMS, ids=lambda entry: entry["item"])
def test_an_item_has_cases_tests_or_a_reason(entry):
    assert set(entry) <= {"item", "about", "cases", "tests", "not_here"}
    assert entry.get("cases") or entry.get("tests") or entry.get("not_here")
    for place in entry.get("tests", []):
        file, _, words = place.partition("::")
        text = (ROOT / file).read_text()
        wanted = rf"^ *def {words}\b" if re.fullmatch(r"test_\w+", words) else re.escape(words)
        assert re.search(wanted, text, re.MULTILINE), place
