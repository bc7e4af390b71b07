"""Decisions in one process: microseconds, and as a ratio to `json.loads` of a payload.

Over the decision cases of the tests, or with `GUARD_BENCH_LINES=FILE` over one JSON object a line with `command` or `cmd`.
"""

import glob
import json
import os
import sys
import tempfile
import time
import tomllib
from statistics import median, quantiles

from ratios import arguments

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)

from guard.enforce.pipeline import Guard  # noqa: E402 - after the path
from guard.enforce.places import Places  # noqa: E402
from guard.model.principal import Principal  # noqa: E402
from guard.model.proposal import ShellProposal  # noqa: E402


def commands() -> list[str]:
    found: list[str] = []
    if lines := os.environ.get("GUARD_BENCH_LINES"):
        with open(lines, encoding="utf-8") as file:
            rows = [json.loads(line) for line in file if line.strip()]
        return [text for row in rows if (text := row.get("command") or row.get("cmd"))]
    for path in sorted(glob.glob(os.path.join(ROOT, "tests", "cases", "decisions", "*.toml"))):
        with open(path, "rb") as file:
            found += [case["command"] for case in tomllib.load(file)["case"] if "command" in case]
    return found


def main() -> None:
    args = arguments(__doc__ or "", 5)
    with tempfile.TemporaryDirectory() as home:
        workspace = os.path.join(home, "app")
        os.mkdir(workspace)
        guard = Guard.open(cwd=workspace, home=home, places=Places.from_environment(home=home))
        proposals = [
            ShellProposal(principal=Principal(agent="bench"), cwd=workspace, command=line)
            for line in commands()
        ]
        times: list[float] = []
        base: list[float] = []
        payload = json.dumps(
            {"tool_name": "Bash", "tool_input": {"command": "git status && ls -la"}, "cwd": "/w"}
        )
        for round_ in range(args.rounds + 1):
            for proposal in proposals:
                started = time.perf_counter()
                guard.decide(proposal)
                middle = time.perf_counter()
                json.loads(payload)
                if round_:  # the first round warms
                    times.append((middle - started) * 1e6)
                    base.append((time.perf_counter() - middle) * 1e6)
    cuts = quantiles(times, n=100)
    out = {
        "commands": len(proposals),
        "decisions": len(times),
        "p50_us": round(median(times), 1),
        "p99_us": round(cuts[98], 1),
        "json_loads_p50_us": round(median(base), 2),
        "p50_ratio": round(median(times) / median(base), 1),
    }
    if args.json:
        print(json.dumps({"benchmark": "decide", **out}))
    else:
        print("decision in process, with its look-ups")
        for key, value in out.items():
            print(f"  {key:<20}{value}")


if __name__ == "__main__":
    main()
