"""The page about sandboxes says what the code says."""

import json
import re
from pathlib import Path

from guard.enforce import walls
from sandbox.backends import bubblewrap, docker, landlock, local
from sandbox.backends.landlock import LandlockBackend
from sandbox.select import NAMES, PROMISE

PAGE = (Path(__file__).parents[2] / "docs" / "sandboxes.md").read_text()


def table() -> dict[str, dict[str, bool]]:
    """Capability to backend to what the page claims."""
    lines = PAGE.split("## What each enforces")[1].split("\n## ")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    names = [cell.strip("`") for cell in rows[0][2:]]
    assert {cell for row in rows[2:] for cell in row[2:]} == {"yes", "no"}
    return {
        row[0].strip("`"): dict(zip(names, (cell == "yes" for cell in row[2:]), strict=True))
        for row in rows[2:]
    }


def test_the_table_is_what_the_backends_claim():
    claims = {
        "local": local._ENFORCES | {"landlock"},
        "bubblewrap": bubblewrap.enforced() | {"landlock"},
        "landlock": landlock._ENFORCES,
        "docker": docker._ENFORCES,
    }
    found = table()

    assert {name: {row for row, cells in found.items() if cells[name]} for name in NAMES} == claims


def test_the_promise_is_what_is_asked_of_a_backend():
    (said,) = re.findall(r"\*\*The promise\*\* is `([^`]*)`", PAGE)

    assert set(said.split()) == PROMISE


def test_the_order_is_the_order_of_choice():
    listed = re.findall(r"^\| `(\w+)` \| ", PAGE.split("## What each enforces")[0], re.MULTILINE)

    assert tuple(listed) == NAMES


def test_the_setting_that_is_shown_accepts(tmp_path):
    accepting, waiting = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / walls.FILE).write_text(accepting)

    assert json.loads(accepting)
    assert walls.read(str(tmp_path)) == (frozenset({"landlock"}), "")

    (tmp_path / walls.FILE).write_text(waiting)

    assert walls.waiting(str(tmp_path)) == json.loads(waiting)["docker"]["waiting"]


def test_the_bounds_of_the_copy_are_as_said():
    backend = LandlockBackend()

    assert (backend._max_bytes, backend._max_entries) == (2 << 30, 200_000)
    assert "more than 2 GiB or 200,000 files" in PAGE


def test_the_example_of_the_double_runs():
    (text,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(text, {})


def test_only_what_keeps_the_promise_is_chosen_unasked():
    found = table()

    assert {name for name in NAMES if all(found[row][name] for row in PROMISE)} == {
        "local",
        "bubblewrap",
        "docker",
    }
