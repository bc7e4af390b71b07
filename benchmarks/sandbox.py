"""Start to exit of `true`: each working sandbox and a bare bubblewrap, in the same run. Goal: local within 2.5 of it."""

import os
import shutil
import sys
import tempfile
import time

from ratios import Cost, arguments, compare, process, show, spent

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)
# This file has the package's name; the directory it lies in must not be searched first.
sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != os.path.join(ROOT, "benchmarks")]

from sandbox.backend import Backend  # noqa: E402 - after the path
from sandbox.select import NAMES, backend  # noqa: E402
from sandbox.spec import SandboxSpec, Stdio  # noqa: E402

# The line that its own manual gives, with every namespace; no filter of system calls, no limits, no layer, no changes.
BARE = (
    "--unshare-all",
    "--die-with-parent",
    "--new-session",
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
)


def main() -> None:
    args = arguments(__doc__ or "", 30)
    with tempfile.TemporaryDirectory() as workspace, open(os.devnull, "r+b") as null:
        real = os.path.realpath(workspace)
        spec = SandboxSpec(argv=("/bin/true",), workspace=real, cwd=real, env=(("PATH", "/usr/bin:/bin"),))
        stdio = Stdio(stdin=null.fileno(), stdout=null.fileno(), stderr=null.fileno())

        def contained(walls: Backend) -> Cost:
            before, started = spent(), time.perf_counter()
            walls.run(spec, stdio).destroy()
            wall, after = time.perf_counter() - started, spent()
            return Cost(wall_ms=wall * 1e3, cpu_ms=(after - before) * 1e3)

        measures = {"fork and exec": lambda: process(["/bin/true"])}
        program = os.environ.get("GUARD_TEST_BWRAP") or shutil.which("bwrap")
        if program:
            bare = [program, *BARE, "--bind", real, real, "--chdir", real, "/bin/true"]
            measures["bubblewrap alone"] = lambda: process(bare)
        else:
            print("not measured: bubblewrap alone: there is no bwrap", file=sys.stderr)
        tables: list[dict[str, dict[str, float]]] = []
        # Each fork copies what has been loaded: `local` is measured as a guard starts it, without the other backends.
        for names in (("local",), tuple(name for name in NAMES if name != "local")):
            these = dict(measures) if not tables else {"fork and exec": measures["fork and exec"]}
            for name in names:
                walls = backend(name)
                found = walls.probe()
                if found.works:
                    these[f"sandbox {name}"] = lambda walls=walls: contained(walls)
                else:
                    print(f"not measured: {name}: {found.failed}", file=sys.stderr)
            tables.append(compare(these, args.rounds))
    for table in tables:
        show("sandbox start, without reading changes", table, as_json=args.json)


if __name__ == "__main__":
    main()
