"""Commands in containers that wait, and in the local sandbox, against `docker run --rm` of the same image, in one run.

tests/sandbox/with_dockerd.sh .venv/bin/python benchmarks/docker.py
"""

import os
import sys
import tempfile
import time

from ratios import Cost, arguments, compare, process, show

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, ROOT)
# A file beside this one has the package's name.
sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != os.path.join(ROOT, "benchmarks")]

from sandbox.backend import Backend  # noqa: E402 - after the path
from sandbox.backends import _docker_pool  # noqa: E402 - as above
from sandbox.backends.docker import DockerBackend  # noqa: E402 - as above
from sandbox.backends.local import LocalBackend  # noqa: E402 - as above
from sandbox.images.build import IMAGE  # noqa: E402 - as above
from sandbox.spec import SandboxSpec, Stdio  # noqa: E402 - as above

_FULL_S = 60.0


def main() -> None:
    args = arguments(__doc__ or "", 20)
    host = os.environ.get("GUARD_TEST_DOCKER_HOST", "") or os.environ.get("DOCKER_HOST", "")
    with (
        tempfile.TemporaryDirectory() as directory,
        tempfile.TemporaryDirectory() as workspace,
        open(os.devnull, "r+b") as null,
    ):
        real = os.path.realpath(workspace)
        spec = SandboxSpec(argv=("/bin/true",), workspace=real, cwd=real, env=(("PATH", "/usr/bin:/bin"),))
        stdio = Stdio(stdin=null.fileno(), stdout=null.fileno(), stderr=null.fileno())
        pool = _docker_pool.Pool(size=1, directory=f"{directory}/waiting")
        warm, cold = DockerBackend(host=host, pool=pool), DockerBackend(host=host)
        shared = ["docker", *(["--host", host] if host else []), "run", "--rm", "--network=none"]
        command = [*shared, "-v", "/usr:/usr:ro", "-v", f"{real}:{real}", "-w", real, IMAGE, "/bin/true"]

        def contained(walls: Backend) -> Cost:
            before, started = os.times(), time.perf_counter()
            walls.run(spec, stdio).destroy()
            wall, after = time.perf_counter() - started, os.times()
            return Cost(wall_ms=wall * 1e3, cpu_ms=(sum(after[:4]) - sum(before[:4])) * 1e3)

        def handed_over() -> Cost:
            _wait_until_full(pool)
            return contained(warm)

        contained(warm)  # leaves a keeper behind
        try:
            measures = {
                "docker run --rm": lambda: process(command),
                "handed to one that waits": handed_over,
                "started cold": lambda: contained(cold),
                "sandbox local": lambda: contained(LocalBackend()),
            }
            table = compare(measures, args.rounds)
        finally:
            _docker_pool.end_all(pool)
            _wait_until_gone(pool)
    show("one command, start to exit, without reading changes", table, as_json=args.json)


def _wait_until_full(pool: _docker_pool.Pool) -> None:
    end = time.monotonic() + _FULL_S
    while not any(os.listdir(f"{place}/{_docker_pool.READY}") for place in _docker_pool.places(pool)):
        if time.monotonic() > end:
            sys.exit(f"no container waits after {_FULL_S:g} s; see {pool.directory}/*/log")
        time.sleep(0.05)
    time.sleep(0.5)  # the keeper has put away the one before


def _wait_until_gone(pool: _docker_pool.Pool) -> None:
    end = time.monotonic() + _FULL_S
    while any(map(_docker_pool.kept, _docker_pool.places(pool))) and time.monotonic() < end:
        time.sleep(0.05)


if __name__ == "__main__":
    main()
