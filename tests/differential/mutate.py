"""Mutants of shell texts, and what real bash makes of those that the guard reads. Seeded: the same seed, the same mutants.

``python tests/differential/mutate.py --seconds 3600`` (``just mutate``) prints every silent miss it finds.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from guard.shell.ast import Script
from guard.shell.emit import emit
from guard.shell.parse import parse
from guard.shell.walk import command_names, same, unread

BASH = shutil.which("bash") or "/bin/bash"
ADVERSARIAL = Path(__file__).parents[1] / "shell" / "cases" / "adversarial.toml"
_TOKENS = (
    'k1 k2 k3 k4 \'k5\' "k6" $x ${x} "$x" $(k7) `k8` "$(k7)" ${x:-$(k3)} ${x:-k1} "${x:-`k2`}" $((1+2)) $(( ( ) (( )) '
    "{ } [[ ]] [ ] ; ;; & && | || |& < > >> <<E <<'E' <<-E <<< <( >( \nE\n >f 2>&1 >&2 {fd}> if then elif else fi while "
    "until do done for in case esac select function coproc time ! { } f() x= x=1 x+= a[1]= a=( ) ~ * ? [a] {a,b} {1..3} "
    "# #k9 \\ \\\n $' $\" ' \" ` $ ${ $( } == =~ -f -n @( !( ?( return break true"
).split(" ")
TOKENS = (*_TOKENS, "shopt -s extglob\n", "for x in ", "case x in ", " in x) ")
CHARACTERS = "k19 \n\t'\"`$\\(){}[]<>|&;#!~=*?+-@:,/E^%x"
# What these are given runs too, which is for the evaluator to know, not for the reader.
HANDS_ON = frozenset(
    "eval . source command builtin exec trap alias env let declare typeset local export readonly read printf mapfile test "
    "[ unset set shopt enable hash complete compgen bind fc getopts cd wait".split()
)


def mutants(seeds: list[str], seed: int) -> Iterator[str]:
    """Without end."""
    rng = random.Random(seed)
    while True:
        text = rng.choice(seeds)
        for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5))):
            text = mutant(text, rng, seeds)
        if len(text) < 2000:
            yield text


def mutant(text: str, rng: random.Random, seeds: list[str]) -> str:
    at = rng.randrange(len(text) + 1)
    match rng.randrange(10):
        case 0 | 1:
            return text[:at] + rng.choice(CHARACTERS) + text[at:]
        case 2 | 3:
            return text[:at] + text[at + rng.choice((1, 1, 1, 2, 4)) :]
        case 4:
            return text[:at] + rng.choice(CHARACTERS) + text[at + 1 :]
        case 5 | 6:
            token = rng.choice(TOKENS)
            return text[:at] + rng.choice(("", " ")) + token + rng.choice(("", " ")) + text[at:]
        case 7:
            end = min(len(text), at + rng.randrange(1, 12))
            to = rng.randrange(len(text) + 1)
            return text[:to] + text[at:end] + text[to:]
        case 8:
            other = rng.choice(seeds)
            return text[:at] + other[rng.randrange(len(other) + 1) :]
        case _:
            other = rng.choice(seeds)
            return (
                text[:at]
                + rng.choice(("$(", "`", '"', "${x:-", "(", "{ ", " "))
                + other
                + rng.choice((")", "`", '"', "}", ")", ";}", " "))
                + text[at:]
            )


# --------------------------------------------------------------------------- bash


@dataclass(frozen=True, slots=True)
class Run:
    ran: list[list[str]]
    out: str
    errors: str
    status: int | None


class Bash:
    """A process that runs texts; see ``bash_runner.py``."""

    def __init__(self, path: str = "") -> None:
        """``path``: directories of real programs, to be found after the canaries."""
        self._scratch = tempfile.TemporaryDirectory(prefix="guard-oracle-", ignore_cleanup_errors=True)
        runner = Path(self._scratch.name) / "runner.py"
        # A copy: whoever it becomes may not be able to read the checkout.
        shutil.copy(Path(__file__).with_name("bash_runner.py"), runner)
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(runner), BASH, self._scratch.name, *([path] if path else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, text: str, *options: str) -> Run:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([text, options]) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return Run(**answer)

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=20)
        self._scratch.cleanup()


def options(text: str) -> tuple[str, ...]:
    """``-n`` runs nothing, so a line that turns patterns on has to be said in another way."""
    return ("-O", "extglob") if "extglob" in text else ()


# --------------------------------------------------------------------------- judging


def hidden(script: Script, run: Run) -> list[str]:
    """Programs that bash started and the tree does not name."""
    names = command_names(script)
    if None in names or any(name in HANDS_ON for name in names):
        return []
    shown = {str(name).rsplit("/", 1)[-1] for name in names}
    return sorted({words[0].rsplit("/", 1)[-1] for words in run.ran} - shown)


def problem(text: str, bash: Bash) -> str:
    """What is wrong with how the guard reads this text; empty when nothing is, or when it does not read it."""
    script = parse(text)
    if unread(script):
        return ""
    syntax = bash.run(text, "-n", *options(text))
    if syntax.status != 0 or syntax.errors:
        return f"bash rejects it: {syntax.errors.strip()}"
    canonical = emit(script)
    if not same(parse(canonical), script):
        return f"canonical text reads otherwise: {canonical!r}"
    run = bash.run(text)
    if missed := hidden(script, run):
        return f"runs {missed}, which is not shown"
    again = bash.run(canonical)
    if run.status is None or again.status is None:
        return ""
    if sorted(run.ran) != sorted(again.ran) and not _depends_on_time(text):
        return f"canonical text runs otherwise: {canonical!r}: {run.ran} and {again.ran}"
    return ""


def _depends_on_time(text: str) -> bool:
    """Whether what is started depends on who is faster, or on the text itself."""
    return any(
        mark in text
        for mark in ("|", "&", ">", "<", "coproc", "$!", "$$", "${$", "$_", "${_", "${!", "$0", "${0", "$-")
    )


def seeds() -> list[str]:
    groups = tomllib.loads(ADVERSARIAL.read_text(encoding="utf-8"))["group"]
    return [text for group in groups for text in group["texts"]]


def problems(texts: Iterable[str], workers: int = 2) -> Iterator[tuple[str, str]]:
    """(text, what is wrong with it) of those with which something is."""
    shells = [Bash() for _ in range(workers)]

    def one(numbered: tuple[int, list[str]]) -> list[tuple[str, str]]:
        shell = shells[numbered[0]]
        return [(text, why) for text in numbered[1] if (why := problem(text, shell))]

    everything = list(texts)
    try:
        with ThreadPoolExecutor(workers) as pool:
            for found in pool.map(one, [(n, everything[n::workers]) for n in range(workers)]):
                yield from found
    finally:
        for shell in shells:
            shell.close()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    stream = mutants(seeds(), args.seed)
    end = time.monotonic() + args.seconds
    tried = read = bad = 0
    while time.monotonic() < end:
        batch = [next(stream) for _ in range(400)]
        tried += len(batch)
        accepted = [text for text in batch if not unread(parse(text))]
        read += len(accepted)
        for text, why in problems(accepted):
            bad += 1
            sys.stdout.write(f"{text!r}\n    {why}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{tried} mutants, {read} read and run, {bad} problems\n")
    return 1 if bad else 0


if __name__ == "__main__":
    raise SystemExit(main())
