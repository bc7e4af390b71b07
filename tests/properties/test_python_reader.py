"""The reader of Python is total: whatever the code is, it says something and never raises."""

import random
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.effects.call import Call
from guard.effects.evaluate import Evaluator
from guard.effects.readers.python import Reader
from guard.effects.state import State
from guard.model.facts import Facts
from guard.model.source import Span

CASES = tomllib.loads((Path(__file__).parent.parent / "cases" / "decisions" / "python.toml").read_text())[
    "case"
]
SOURCES = [
    command.partition("-c '")[2].rstrip("'")
    for case in CASES
    for command in case["commands"]
    if "-c '" in command
]
PIECES = (
    "import os\n", "os.system('x')", "x = ", "for i in range(3):\n ", "def f(a, *b, c=1, **d):\n ", "return a\n", "f(", ")", "[", "]", "{", "}", "'~'", "lambda v: v", "+ 1", "\n",
    "print(", "with open('a') as f:\n ", "try:\n ", "except OSError:\n ", ".join(", "os.path.join('a', b)", "yield 1", "await x", "class A: pass\n", "*x, y = 1, 2\n", "x[0] = 1\n", "del x\n", "if x:\n ",
    "while True:\n ", "raise x\n", "async def g(): pass\n", "match x:\n case 1: pass\n", "(y := 5)", "f'{x!r:>{y}}'", "%", "@", "not x", "global x\n",
)  # fmt: skip


def read(source: str) -> Evaluator:
    evaluator = Evaluator(Facts(workspace="/w", home="/h", cwd="/w"))
    Reader(
        Call(evaluator, "python3", ("python3",), [], State(cwd=("/w",)), Span(0, 1)), shadowed_from="/w"
    ).read(source)
    return evaluator


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_any_text_of_python_is_read_without_an_exception(source: str) -> None:
    read(source)


@pytest.mark.parametrize("seed", range(40))
def test_mutants_of_the_cases_are_read_without_an_exception(seed: int) -> None:
    chooser = random.Random(seed)
    for source in SOURCES:
        at = chooser.randrange(len(source) + 1)
        read(source[:at] + chooser.choice(PIECES) + source[at + chooser.randrange(4) :])


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "(" * 5000,
        "[" * 300 + "]" * 300,
        "f = lambda: f()\nf()",
        "def f(): return f()\nf()",
        "x = 'a' * 10**9",
        "while True:\n x = [x]",
        "a=" * 2000 + "1",
        "'%s' % ('a' * 60000) * 10",
    ],
)
def test_what_would_not_end_ends(source: str) -> None:
    read(source)
