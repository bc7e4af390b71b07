"""Readers of code are total and bounded: whatever the text is, they say something, soon, and never raise."""

import random
import time
import tomllib
from pathlib import Path

import pytest

from guard.effects.evaluate import Evaluator
from guard.effects.state import State
from guard.model.facts import Facts

ROOT = Path(__file__).parent.parent.parent
CASES = [
    command
    for folder in (ROOT / "cases" / "decisions", ROOT / "effects" / "cases")
    for name in ("code", "sql", "scripts", "python", "perl", "node", "make")
    if (folder / f"{name}.toml").exists()
    for case in tomllib.loads((folder / f"{name}.toml").read_text())["case"]
    for command in case["commands"]
]
PIECES = "'\"`${}()[]<>/\\;|&#\n\t %@!=+-*~^,.:?" + "aexs0"
WAYS = (
    "python3 -c {}", "perl -ne {}", "perl -e {}", "ruby -e {}", "php -r {}", "node -e {}", "awk {}", "sed {}", "sed -i {} f", "psql -c {}", "mysql -e {}",
    "sqlite3 a.db {}", "duckdb -c {}", "mongosh --eval {}", "redis-cli {}", "printf %s {} > Makefile && make", "printf %s {} > package.json && npm test",
)  # fmt: skip


def read(command: str) -> Evaluator:
    evaluator = Evaluator(Facts(workspace="/work", home="/home/you", cwd="/work"))
    evaluator.analyse_text(command, State(cwd=("/work",)))
    return evaluator


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


@pytest.mark.parametrize("seed", range(40))
def test_mutants_of_the_cases_are_read_without_an_exception(seed: int) -> None:
    chooser = random.Random(seed)
    for command in chooser.sample(CASES, 60):
        at = chooser.randrange(len(command) + 1)
        read(command[:at] + chooser.choice(PIECES) + command[at + chooser.randrange(3) :])


@pytest.mark.parametrize("way", WAYS)
def test_any_text_is_read_without_an_exception(way: str) -> None:
    chooser = random.Random(way)
    for _ in range(60):
        text = "".join(chooser.choice(PIECES) for _ in range(chooser.randrange(60)))
        assert read(way.format(quoted(text))).effects


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "text",
    [
        "(" * 3000, "{" * 3000, "a" * 20000, "'" * 3001, "/*" * 2000, "$(" * 2000, "s/a/" * 3000, "a=" * 5000, "x," * 8000, '"#{' * 500, "[" * 900 + "]" * 900,
        "a: a\n\t$(a)\n" * 500, "x = x + x\n" * 600, "for i in range(60):\n for j in range(60):\n  x = [i, j]\n", "V = $(V)$(V)\nall:\n\t$(V)\n", "a = 'b' * 60000\n" * 50,
    ],
)  # fmt: skip
def test_what_grows_is_bounded(way: str, text: str) -> None:
    started = time.perf_counter()
    read(way.format(quoted(text)))

    assert time.perf_counter() - started < 2
