"""Real bash runs what the reader reads: no command runs that the tree does not name, and the canonical text does the same.

``GUARD_MUTANTS`` sets how many mutants are tried; ``just mutate`` tries them for an hour.
"""

import os
import shutil
import subprocess
from itertools import islice
from pathlib import Path

import pytest

from guard.shell.parse import parse
from guard.shell.walk import command_names, simples, unread
from tests.differential.mutate import Bash, hidden, mutants, problems, seeds

MUTANTS = int(os.environ.get("GUARD_MUTANTS", "3000"))
SEED = 20261125
BASH = shutil.which("bash") or "/bin/bash"


def test_the_oracle_sees_what_bash_runs_and_what_a_tree_hides() -> None:
    bash = Bash()
    try:
        run = bash.run("k1 'a b' $(k3); nosuch; true | k0 || k5")
    finally:
        bash.close()

    assert sorted(words[0] for words in run.ran) == ["k0", "k1", "k3", "k5", "nosuch"]
    assert ["k1", "a b"] in run.ran
    assert hidden(parse("k1; nosuch"), run) == ["k0", "k3", "k5"]
    assert hidden(parse("$x"), run) == []


def test_most_adversarial_texts_are_read_so_that_they_prove_something() -> None:
    texts = seeds()
    read = [text for text in texts if not unread(parse(text))]

    assert len(set(texts)) >= 400
    assert len(read) >= 0.8 * len(texts)


def test_no_adversarial_text_runs_what_is_not_shown() -> None:
    assert list(problems(seeds())) == []


def test_no_mutant_runs_what_is_not_shown() -> None:
    assert list(problems(islice(mutants(seeds(), SEED), MUTANTS))) == []


@pytest.mark.parametrize("text", ["k1 $(k3)", "`k1`; k3", "cat <<E\n${x:-'$(k1)'}\nE"])
def test_every_command_of_a_text_is_named(text: str) -> None:
    names = set(command_names(parse(text)))
    bash = Bash()
    try:
        ran = {words[0] for words in bash.run(text).ran}
    finally:
        bash.close()

    assert ran
    assert ran <= names


def test_static_words_are_the_ones_bash_passes(tmp_path: Path) -> None:
    checks: list[tuple[str, str]] = []
    for text in [*seeds(), *islice(mutants(seeds(), SEED + 1), 20_000)]:
        if "extglob" in text or unread(script := parse(text)):
            continue
        for found in simples(script):
            for word in found.words[1:]:
                source = text[word.span.start : word.span.end]
                # Of a word inside backticks or a body with escapes only the place of the whole is known.
                if word.static is not None and "`" not in source and "\0" not in word.static:
                    again = [w for inner in simples(parse(f"show {source}")) for w in inner.words[1:]]
                    if len(again) == 1:
                        checks.append((source, word.static))
    checks = list(dict.fromkeys(checks))
    lines = "".join(f"show {source}\n" for source, _ in checks)
    (tmp_path / "words.sh").write_text(
        "show() { printf '%s\\0' \"$@\" $'\\001'; }\n" + lines, encoding="utf-8"
    )
    run = subprocess.run(
        [BASH, "--norc", "--noprofile", "words.sh"], cwd=tmp_path, capture_output=True, timeout=60, check=True
    )
    shown = [tuple(group.split("\0")[:-1]) for group in run.stdout.decode().split("\001\0")[:-1]]

    assert len(checks) > 900
    assert [pair for pair in zip(checks, shown, strict=True) if (pair[0][1],) != pair[1]] == []
