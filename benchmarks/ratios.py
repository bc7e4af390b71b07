"""Measures things in turn within one run and prints them as ratios: a shared machine's seconds mean nothing alone."""

import argparse
import json
import os
import resource
import subprocess
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import NamedTuple


class Cost(NamedTuple):
    wall_ms: float
    cpu_ms: float


def spent() -> float:
    """Seconds of processor of this process and of its children that have ended; `os.times` counts hundredths."""
    each = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in each)


def process(argv: list[str], *, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Cost:
    """One child process: wall time, and user and system time of it and its children."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        argv, input=stdin, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Cost(wall_ms=wall * 1e3, cpu_ms=cpu * 1e3)


def compare(measures: Mapping[str, Callable[[], Cost]], rounds: int) -> dict[str, dict[str, float]]:
    """Medians, and the best wall time, which other work on the machine shows less in; the first is the base.

    One after the other in each round, so that noise meets all of them.
    """
    found: dict[str, list[Cost]] = {name: [] for name in measures}
    for name, measure in measures.items():
        measure()  # warm
        found[name].clear()
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    out: dict[str, dict[str, float]] = {}
    base: Cost | None = None
    base_best = 0.0
    for name, costs in found.items():
        p50 = Cost(median(c.wall_ms for c in costs), median(c.cpu_ms for c in costs))
        best = min(c.wall_ms for c in costs)
        base, base_best = base or p50, base_best or best
        out[name] = {
            "wall_ms": round(p50.wall_ms, 2),
            "cpu_ms": round(p50.cpu_ms, 2),
            "wall_ratio": round(p50.wall_ms / base.wall_ms, 2),
            "cpu_ratio": round(p50.cpu_ms / base.cpu_ms, 2) if base.cpu_ms else 0.0,
            "best_ms": round(best, 2),
            "best_ratio": round(best / base_best, 2),
        }
    return out


def arguments(description: str, rounds: int) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def show(title: str, table: dict[str, dict[str, float]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"benchmark": title, "cpus": os.cpu_count(), "p50": table}))
        return
    print(f"{title} (p50)")
    for name, row in table.items():
        print(f"  {name:<28}" + "  ".join(f"{key} {value:g}" for key, value in row.items()))
