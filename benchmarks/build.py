"""A build that reads 20,000 small files and writes as many, inside `local` against outside, in the same run. Goal: 1.3."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

from ratios import Cost, arguments, compare, show

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)
# This directory has a file with the package's name.
sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != os.path.join(ROOT, "benchmarks")]

from sandbox.backends.local import LocalBackend  # noqa: E402 - after the path
from sandbox.spec import Limits, SandboxSpec, Stdio  # noqa: E402

FILES, IN_A_DIRECTORY = 20_000, 200
# As a compiler does: look for what is there already, read, write beside it under another name, rename.
BUILD = """
import hashlib, os
for directory, _, names in os.walk("src"):
    out = "out" + directory[3:]
    os.makedirs(out, exist_ok=True)
    for name in names:
        made = f"{out}/{name}.o"
        if os.path.exists(made):
            continue
        with open(f"{directory}/{name}", "rb") as source:
            text = source.read()
        with open(made + ".tmp", "wb") as target:
            target.write(hashlib.sha256(text).digest() * 40)
        os.rename(made + ".tmp", made)
"""


def main() -> None:
    args = arguments(__doc__ or "", 5)
    with tempfile.TemporaryDirectory() as place, open(os.devnull, "r+b") as null:
        workspace = os.path.realpath(place)
        for number in range(FILES):
            directory = f"{workspace}/src/{number // IN_A_DIRECTORY}"
            os.makedirs(directory, exist_ok=True)
            with open(f"{directory}/{number}.c", "w", encoding="ascii") as source:
                source.write(f"int f{number}(void) {{ return {number}; }}\n" * 20)
        argv = ("/usr/bin/python3", "-I", "-c", BUILD)
        spec = SandboxSpec(
            argv=argv,
            workspace=workspace,
            cwd=workspace,
            env=(("PATH", "/usr/bin:/bin"),),
            limits=Limits(wall_s=600, disk_bytes=1 << 30, inodes=100_000),
        )
        stdio = Stdio(stdin=null.fileno(), stdout=null.fileno(), stderr=null.fileno())
        walls = LocalBackend()

        def outside() -> Cost:
            before, started = os.times(), time.perf_counter()
            subprocess.run(argv, cwd=workspace, check=True)
            cost = _since(before, started)
            shutil.rmtree(f"{workspace}/out")
            return cost

        def inside() -> Cost:
            before, started = os.times(), time.perf_counter()
            run = walls.run(spec, stdio)
            cost = _since(before, started)
            written = len(run.changes().entries)
            run.destroy()
            if written < FILES:
                raise SystemExit(f"the build inside wrote {written} of {FILES} files: {run.end}")
            return cost

        table = compare({"outside": outside, "sandbox local": inside}, args.rounds)
    show(f"a build of {FILES} files, without reading the changes", table, as_json=args.json)


def _since(before: os.times_result, started: float) -> Cost:
    wall, after = time.perf_counter() - started, os.times()
    return Cost(wall_ms=wall * 1e3, cpu_ms=(sum(after[:4]) - sum(before[:4])) * 1e3)


if __name__ == "__main__":
    main()
