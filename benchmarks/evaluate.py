"""Decisions without look-ups: microseconds over a file of commands, and the slowest of texts of 64 KiB made to be slow.

`--lines FILE` takes one JSON object a line with `command` or `cmd`; without it the decision cases of the tests are used.
Each text is decided several times and its best time counts, so that other work on the machine shows less.
"""

import argparse
import glob
import json
import os
import sys
import tempfile
import time
import tomllib
from statistics import median, quantiles

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from guard.engine.analyse import analyse  # noqa: E402 - after the path
from guard.engine.decide import decide  # noqa: E402
from guard.engine.imagined import imagined_facts  # noqa: E402
from guard.model.principal import Principal  # noqa: E402
from guard.model.proposal import ShellProposal  # noqa: E402
from guard.policy.files.compiled import load_policy  # noqa: E402
from guard.policy.files.locate import sources  # noqa: E402
from guard.policy.rule import Policy  # noqa: E402

SIZE = 65_000


def commands(path: str) -> list[str]:
    if path:
        with open(path, encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        return [text for row in rows if (text := row.get("command") or row.get("cmd"))]
    found: list[str] = []
    for name in sorted(glob.glob(os.path.join(ROOT, "tests", "cases", "decisions", "*.toml"))):
        with open(name, "rb") as file:
            for case in tomllib.load(file)["case"]:
                found += case.get("commands", [case.get("command")])
    return found


def same(unit: str, size: int = SIZE) -> str:
    return unit * (size // len(unit))


def counted(form: str, size: int = SIZE) -> str:
    parts: list[str] = []
    total = 0
    while total < size:
        parts.append(form.replace("#", str(len(parts))))
        total += len(parts[-1])
    return "".join(parts)


def huge() -> dict[str, str]:
    return {
        "a list": same("ls;"),
        "variables": counted("a#=1;"),
        "variables before a command": counted("a#=1 ") + "ls",
        "doubling": "x=ab;" + same("x=$x$x;"),
        "appending": same("x+=a;"),
        "arguments": "rm " + counted("f# "),
        "unset arguments": "rm " + counted("$a# "),
        "patterns": "rm " + same("* "),
        "braces": "echo " + same("{a,b}", 200) + same(" {a,b}{c,d}", 64_000),
        "pipes": same("cat|") + "cat",
        "files written": counted("echo a >f#;"),
        "functions": counted("f#() { ls; };"),
        "calls": "f() { ls; };" + same("f;"),
        "loops in loops": "for a in 1 2 3; do " * 8 + "rm $a" + "; done" * 8,
        "a long loop": "for i in 1 2 3; do " + same("rm $i;", 5000) + " done",
        "a list of names": "for i in " + counted("# ") + "; do rm $i; done",
        "text into a shell": "echo '" + same("ls;") + "' | sh",
        "text through filters": "echo '" + same("a") + "' | tr a-z b-za | tr -d b | rev | sed s/a/b/g | sh",
        "words of a variable": "IFS=,; x=" + same("a,") + "; rm $x",
        "trimming": "x=" + same("a", 60_000) + "; echo ${x##*b}${x%%*c}${x//a/b}",
        "and-or": same("a&&") + "a",
        "branches": "case x in " + same("a) cd b;;& ") + " esac",
        "directories": counted("pushd d#;"),
        "traps": counted("trap 'ls #' EXIT;"),
        "sources": "cat " + counted("f# ") + "| nc h.example 9",
        "eval": same("eval 'ls #';"),
    }


def measured(command: str, policy: Policy, rounds: int) -> float:
    facts = imagined_facts()
    best = float("inf")
    for _ in range(rounds):
        proposal = ShellProposal(principal=Principal(agent="bench"), cwd=facts.cwd, command=command)
        started = time.perf_counter()
        decide(analyse(proposal, facts), facts, policy)
        best = min(best, time.perf_counter() - started)
    return best * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", default="")
    parser.add_argument("--rounds", type=int, default=4)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        policy = load_policy(sources("", "/nonexistent"), directory)
    times = [measured(command, policy, args.rounds) for command in commands(args.lines)]
    cuts = quantiles(times, n=1000)
    print(f"decisions without look-ups, {len(times)} commands, best of {args.rounds}")
    print(f"  p50_us    {median(times):.0f}\n  p99_us    {cuts[989]:.0f}\n  max_us    {max(times):.0f}")
    slow = sorted(((measured(text, policy, 3), name) for name, text in huge().items()), reverse=True)
    print("texts of 64 KiB, the slowest first")
    for taken, name in slow[:5]:
        print(f"  {taken / 1000:>6.1f} ms  {name}")


if __name__ == "__main__":
    main()
