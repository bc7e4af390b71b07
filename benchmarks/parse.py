"""How long reading a command takes: p50 and p99 over one-liners, the longest inputs, and what importing the reader costs.

``benchmarks/parse.py [LINES.jsonl]``: lines of ``{"command": ...}``; without a file, one-liners of our own. The ratio is to
``shlex.split`` on the same texts in the same run, so that two machines can be compared.
"""

import json
import shlex
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from guard.shell.parse import MAX_CHARACTERS, parse  # noqa: E402 - the checkout's own

ROUNDS = 5
OWN = (
    "ls -la", "git status --short", "cd src && make -j4 test", "grep -rn 'TODO' --include='*.py' . | head -20",
    "find . -name '*.pyc' -delete", 'for f in *.log; do gzip "$f"; done', "python -m pytest -q tests/test_a.py::test_b",
    'echo "built at $(date +%F)" >> build.log', "cat <<'EOF' > notes.txt\nfirst\nsecond\nEOF", 'export PATH="$HOME/bin:$PATH"',
    "docker run --rm -v \"$PWD\":/work -w /work image:1 sh -c 'make all'", "[[ -f .env ]] && source .env || true",
    "tar -czf out.tar.gz --exclude=node_modules .", "curl -fsSL https://example.org/a.json | jq -r '.items[].name'",
    "sed -i 's/old/new/g' src/*.c", "if [ -d build ]; then rm -rf build; fi", "npm run build 2>&1 | tee build.log",
)  # fmt: skip
REPEATED = (
    "a ", "a;", "a\n", "$x", '"$x" ', "*", "{a,b}", "'' ", "\\a", "[a", "$((1))", "`a` ", ">f ", "<<E\n", "$(", "((", "if ",
    "${x:-", "a[1]=2 ", 'a["x"]', "(", "[[ a && ", "case a in a) b;; esac;", '"a$', "{a,", "a=(b ", "@(a|", "[$x",
)  # fmt: skip


def texts() -> list[str]:
    if len(sys.argv) > 1:
        lines = Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()
        return [json.loads(line)["command"] for line in lines if line.strip()]
    cases = tomllib.loads(
        (ROOT / "tests" / "shell" / "cases" / "adversarial.toml").read_text(encoding="utf-8")
    )
    return [*OWN * 20, *(text for group in cases["group"] for text in group["texts"])]


def measured(read: Callable[[str], object], inputs: list[str]) -> list[float]:
    """Microseconds, the best of some rounds for each text, sorted."""
    best = [float("inf")] * len(inputs)
    for _ in range(ROUNDS):
        for at, text in enumerate(inputs):
            started = time.perf_counter_ns()
            with suppress(ValueError):
                read(text)
            best[at] = min(best[at], (time.perf_counter_ns() - started) / 1000)
    return sorted(best)


def at(sorted_: list[float], share: float) -> float:
    return sorted_[min(len(sorted_) - 1, int(len(sorted_) * share))]


def worst() -> list[tuple[float, str]]:
    out: list[tuple[float, str]] = []
    for piece in REPEATED:
        text = ("echo " + piece * MAX_CHARACTERS)[:MAX_CHARACTERS]
        out.append((min(measured(parse, [text])) / 1000, piece))
    return sorted(out, reverse=True)


def start_up(code: str) -> float:
    """Milliseconds, the best of many."""
    best = float("inf")
    for _ in range(15):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}"],
            check=True,
        )
        best = min(best, (time.perf_counter() - started) * 1000)
    return best


def main() -> None:
    inputs = texts()
    ours, theirs = measured(parse, inputs), measured(shlex.split, inputs)
    print(f"{len(inputs)} texts")
    for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0)):
        mine, base = at(ours, share), at(theirs, share)
        print(f"  {name}  parse {mine:8.1f} us   shlex.split {base:8.1f} us   ratio {mine / base:.2f}")
    print(f"the slowest of {len(REPEATED)} texts of {MAX_CHARACTERS} characters")
    for spent, piece in worst()[:5]:
        print(f"  {spent:6.1f} ms  {piece!r} again and again")
    bare, loaded = start_up("pass"), start_up("import guard.shell.parse")
    print(
        f"start-up  bare {bare:.1f} ms   with guard.shell.parse {loaded:.1f} ms   ratio {loaded / bare:.2f}"
    )


if __name__ == "__main__":
    main()
