"""A change set of many files: read from the layer, judged, applied, put back, each against `cp -a` of the same files.

python benchmarks/changes.py [--files 50000] [--rounds 3] [--json]

The files are made by a real run in the local sandbox. `cp -a` reads and writes the same tree on the same disk.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from ratios import Cost, show

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)
# This file has the package's name; the directory it lies in must not be searched first.
sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != os.path.join(ROOT, "benchmarks")]

from guard.enforce.apply import Applied, apply  # noqa: E402 - after the path
from guard.enforce.changeset import stage  # noqa: E402
from guard.enforce.pipeline import Guard  # noqa: E402
from guard.enforce.places import Places  # noqa: E402
from guard.enforce.undo import undo  # noqa: E402
from guard.model.decision import Allow  # noqa: E402
from guard.model.principal import Principal  # noqa: E402
from guard.model.proposal import ShellProposal  # noqa: E402
from guard.model.verdict import Level  # noqa: E402
from sandbox.backends.local import LocalBackend  # noqa: E402
from sandbox.spec import MIB, Limits, SandboxSpec, Stdio  # noqa: E402

MAKE = """
import os, sys
count, size = int(sys.argv[1]), int(sys.argv[2])
for number in range(count):
    if number % 100 == 0:
        os.makedirs(f"d{number // 5000}/e{number // 100}")
    with open(f"d{number // 5000}/e{number // 100}/f{number}.txt", "wb") as file:
        file.write(b"%08d" % number * (size // 8))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--bytes", type=int, default=2048, help="of each file")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dir", default=None, help="where: a directory on a real disk")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    found: dict[str, list[Cost]] = {}
    for _ in range(args.rounds):
        with tempfile.TemporaryDirectory(dir=args.dir) as directory:
            for name, cost in one_round(os.path.realpath(directory), args.files, args.bytes).items():
                found.setdefault(name, []).append(cost)
    table = {name: ratios(costs, found["cp -a"]) for name, costs in found.items()}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    title = f"{args.files} files of {args.bytes} bytes against cp -a, {memory} MiB at most"
    show(title, table, as_json=args.json)


def ratios(costs: list[Cost], base: list[Cost]) -> dict[str, float]:
    """Of each round against ``cp -a`` of the same round."""
    pairs = list(zip(costs, base, strict=True))
    return {
        "wall_ms": round(median(cost.wall_ms for cost in costs), 1),
        "cpu_ms": round(median(cost.cpu_ms for cost in costs), 1),
        "wall_ratio": round(median(cost.wall_ms / other.wall_ms for cost, other in pairs), 2),
        "cpu_ratio": round(median(cost.cpu_ms / other.cpu_ms for cost, other in pairs), 2),
    }


def measured(act: Callable[[], Any]) -> tuple[Any, Cost]:
    before, started = os.times(), time.perf_counter()
    result = act()
    wall, after = time.perf_counter() - started, os.times()
    return result, Cost(wall_ms=wall * 1e3, cpu_ms=(sum(after[:4]) - sum(before[:4])) * 1e3)


def one_round(directory: str, files: int, size: int) -> dict[str, Cost]:
    workspace = os.path.join(directory, "home", "work")
    os.makedirs(workspace)
    places = Places(state=os.path.join(directory, "home", "state"), config=os.path.join(directory, "config"))
    guard = Guard.open(
        cwd=workspace,
        home=os.path.join(directory, "home"),
        env={"PATH": "/usr/bin:/bin"},
        workspace=workspace,
        level=Level.CONTAINED,
        places=places,
    )
    principal = Principal(agent="benchmark")
    decided = guard.decide(ShellProposal(principal=principal, cwd=workspace, command="./unread"))
    with open(os.devnull, "r+b") as null:
        spec = SandboxSpec(
            argv=("python3", "-c", MAKE, str(files), str(size)),
            workspace=workspace,
            cwd=workspace,
            env=(("PATH", "/usr/local/bin:/usr/bin:/bin"),),
            limits=Limits(disk_bytes=8192 * MIB, inodes=1_000_000),
        )
        run = LocalBackend().run(spec, Stdio(stdin=null.fileno(), stdout=null.fileno(), stderr=2))
    try:
        changes, read = measured(run.changes)
        if changes.truncated or len(changes.entries) < files:
            raise SystemExit(f"not all of it was read: {len(changes.entries)} {changes.truncated} {run.end}")

        judged, judging = measured(lambda: guard.judge_changes(decided, changes))
        if not isinstance(judged.decision, Allow):
            raise SystemExit(f"not allowed: {judged.decision.reasons[0]}")

        def arrive() -> Any:
            staged = stage(
                changes, parent=places.journal, workspace=workspace, decision=1, why="", command="x"
            )
            return apply(staged, places)

        os.sync()
        result, applied = measured(arrive)
    finally:
        run.destroy()
    if not isinstance(result, Applied):
        raise SystemExit(f"not applied: {result}")
    os.sync()
    copy = ["cp", "-a", workspace, os.path.join(directory, "copy")]
    _, base = measured(lambda: subprocess.run(copy, check=True))
    _, durable = measured(os.sync)
    undone, back = measured(lambda: undo(result.undo, places))
    if not isinstance(undone, Applied) or os.listdir(workspace):
        raise SystemExit("not put back")
    both = Cost(base.wall_ms + durable.wall_ms, base.cpu_ms + durable.cpu_ms)
    return {
        "cp -a": base,
        "cp -a; sync": both,
        "read": read,
        "judge": judging,
        "apply": applied,
        "undo": back,
    }


if __name__ == "__main__":
    main()
