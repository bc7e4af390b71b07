"""What real bash runs is what the evaluator said would run: programs that run programs, and mutants of such commands.

Every canary that ran must be among the programs that were predicted, or the prediction must have said that it cannot tell.
That nothing is known about a canary itself does not count as saying so. ``GUARD_CANARIES`` sets how many mutants are tried.
"""

import os
import random
import shlex
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pytest

from guard.effects.evaluate import Evaluator
from guard.effects.state import State
from guard.model.effect import Opaque, RunProgram
from guard.model.facts import Facts
from tests.differential.mutate import Bash, Run, mutants

MUTANTS = int(os.environ.get("GUARD_CANARIES", "400"))
SEED = 20261125
SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CANARIES = frozenset(f"k{number}" for number in range(10))
GROUPS = tomllib.loads(Path(__file__).with_name("canaries.toml").read_text())["group"]
TEXTS = [text for group in GROUPS for text in group["texts"]]
# What could leave something behind or take long, whatever a mutation makes of it.
UNFIT = (
    "tmux",
    "yes",
    "watch",
    "nohup",
    "setsid",
    "start-stop-daemon",
    "dbus",
    "systemd",
    "npm",
    "node",
    "strace",
    "valgrind",
    "fakeroot",
)


def predicted(text: str) -> tuple[set[str], bool]:
    """The canaries that would run, and whether it said that anything could."""
    work = "/scratch/work"
    evaluator = Evaluator(Facts(workspace=work, home="/scratch/home", cwd=work))
    evaluator.analyse_text(text, State(cwd=(work,)))
    names = {name for effect in evaluator.effects if isinstance(effect, RunProgram) for name in effect.names}
    unknown = any(
        isinstance(effect, Opaque) and effect.program not in CANARIES for effect in evaluator.effects
    )
    return names & CANARIES, unknown


def hidden(text: str, run: Run) -> list[str]:
    """Canaries that ran and were not said to."""
    names, unknown = predicted(text)
    ran = {words[0] for words in run.ran} & CANARIES
    return [] if unknown else sorted(ran - names)


def misses(texts: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Texts that ran what nobody predicted. Two shells at a time."""

    def work(share: list[str]) -> list[tuple[str, list[str]]]:
        bash = Bash(path=SYSTEM)
        try:
            return [(text, missed) for text in share if (missed := hidden(text, bash.run(text)))]
        finally:
            bash.close()

    with ThreadPoolExecutor(2) as pool:
        for found in pool.map(work, [texts[::2], texts[1::2]]):
            yield from found


def nested(rng: random.Random) -> Iterator[str]:
    """One example inside another, in place of its canary."""
    plain = [text for text in TEXTS if not any(word in text for word in UNFIT)]
    while True:
        outer, inner = rng.choice(plain), rng.choice(plain)
        yield outer.replace("k1", f"bash -c {shlex.quote(inner)}" if rng.random() < 0.5 else inner, 1)


def test_the_oracle_sees_what_runs_and_what_a_prediction_hides() -> None:
    bash = Bash(path=SYSTEM)
    try:
        run = bash.run("env k1 a; nice k3")
    finally:
        bash.close()

    assert sorted(words[0] for words in run.ran) == ["k1", "k3"]
    assert hidden("env k1", run) == ["k3"]
    assert hidden("env k1; $x", run) == []


def test_enough_is_told_by_name_to_prove_something() -> None:
    told = [text for text in TEXTS if predicted(text)[0] and not predicted(text)[1]]

    assert len(set(TEXTS)) >= 300
    assert len(told) >= 0.5 * len(TEXTS)


def test_no_example_runs_what_was_not_predicted() -> None:
    assert list(misses(TEXTS)) == []


def test_no_mutant_runs_what_was_not_predicted() -> None:
    rng = random.Random(SEED)
    seeds = [text for text in TEXTS if not any(word in text for word in UNFIT)]
    both = [next(nested(rng)) for _ in range(MUTANTS // 2)]
    # A mutant that names a program which leaves something behind, or waits, is none of ours to try.
    fit = (text for text in mutants(seeds, SEED) if not any(word in text for word in UNFIT))

    assert list(misses([*both, *islice(fit, MUTANTS // 2)])) == []


@pytest.mark.parametrize(
    "text",
    ["env -S 'k1 a'", "echo k1 | xargs env", "find . -maxdepth 0 -exec k1 ';'", "echo azE= | base64 -d | sh"],
)
def test_what_can_be_read_is_told_by_name(text: str) -> None:
    assert predicted(text) == ({"k1"}, False)
