"""bubblewrap as a backend, for machines that let it have namespaces and not us. Only from 0.12 on.

The walls are those of ``local`` as far as bubblewrap builds them: its own overlay with a writable
layer in memory, our seccomp filter by descriptor, no network but its own loopback. What it lacks,
limits, is kept from outside (``_bwrap_run``). No Landlock, no bound on pseudo-terminals.
"""

import contextlib
import os
import subprocess
from dataclasses import replace

from sandbox.backends import _admit, _bwrap_args, _bwrap_run, _init, _narrower, _seccomp, _signals
from sandbox.changes import Changes
from sandbox.errors import ChangesError, SandboxError, SetupError
from sandbox.proxy.attend import Proxy
from sandbox.result import Capabilities, Connections, End, Exited
from sandbox.spec import Network, SandboxSpec, Stdio

OLDEST = (0, 12)
PLACES = ("/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap", "/run/current-system/sw/bin/bwrap")
"""Not PATH: an agent may have put a program of that name there."""
_ENFORCES: frozenset[str] = frozenset(
    "user mount pid net network ipc uts cgroup seccomp cow memory processes cpu disk inodes wall hidden".split()
)


class BubblewrapRun:
    """A finished run; ``merged`` keeps its file system alive."""

    def __init__(self, spec: SandboxSpec, end: End, merged: int, hidden: frozenset[str]) -> None:
        self._spec, self._end, self._merged, self._hidden = spec, end, merged, hidden
        self._connections = Connections()

    @property
    def end(self) -> End:
        return self._end

    def connections(self) -> Connections:
        return self._connections

    def met(self, connections: Connections) -> None:
        self._connections = connections

    def changes(self) -> Changes:
        from sandbox.trees import Merged, read  # noqa: PLC0415 - hashing is not needed to start a command

        if self._merged < 0:
            raise ChangesError("the run is destroyed")
        return read(self._merged, self._spec.workspace, Merged(), hidden=self._hidden)

    def written(self, cache: int) -> int:  # noqa: ARG002 - it has none
        return -1

    def destroy(self) -> None:
        merged, self._merged = self._merged, -1
        if merged >= 0:
            os.close(merged)

    def __del__(self) -> None:
        self.destroy()


class BubblewrapBackend:
    def __init__(self, *, program: str = "") -> None:
        """``program`` instead of the system's bubblewrap; its version is looked at all the same."""
        self._program = program
        self._probed: Capabilities | None = None

    @property
    def name(self) -> str:
        return "bubblewrap"

    def probe(self) -> Capabilities:
        """Run ``true`` in the walls, once per process."""
        if self._probed is None:
            self._probed = self._try()
        return self._probed

    def _try(self) -> Capabilities:
        detail = ""
        try:
            program, version = self._found()
            detail = f"bubblewrap {'.'.join(map(str, version))} at {program}"
            _check(program, version)
            place = "/usr/share"
            with open(os.devnull, "r+b") as null:
                number = null.fileno()
                run = self.run(
                    SandboxSpec(argv=("true",), workspace=place, cwd=place, network=Network()),
                    Stdio(stdin=number, stdout=number, stderr=number),
                )
            run.destroy()
        except SetupError as error:
            return Capabilities(
                backend=self.name, works=False, detail=detail, failed=str(error), fix=error.fix
            )
        except (SandboxError, OSError) as error:
            return Capabilities(
                backend=self.name, works=False, detail=detail, failed=str(error), fix="see dmesg"
            )
        if run.end != Exited(status=0):
            return Capabilities(
                backend=self.name,
                works=False,
                detail=detail,
                failed=f"`true` ended as {run.end}",
                fix="see dmesg",
            )
        return Capabilities(backend=self.name, works=True, enforces=_ENFORCES, detail=detail)

    def _found(self) -> tuple[str, tuple[int, ...]]:
        program = self._program or next((path for path in PLACES if os.access(path, os.X_OK)), "")
        if not program:
            raise SetupError(
                "bubblewrap is not installed",
                primitive="bubblewrap",
                fix="install bubblewrap 0.12 or newer (Debian 13: apt install bubblewrap)",
            )
        return program, _version(program)

    def run(self, spec: SandboxSpec, stdio: Stdio) -> BubblewrapRun:
        _admit.refuse(spec, stdio, _ENFORCES)
        if spec.network is None:
            return self._run(spec, stdio, None)
        proxy = Proxy(spec.network)
        try:
            run = self._run(replace(spec, env=proxy.environment(spec.env)), stdio, proxy)
        finally:
            connections = proxy.finish()
        run.met(connections)
        return run

    def _run(self, spec: SandboxSpec, stdio: Stdio, proxy: Proxy | None) -> BubblewrapRun:
        program, version = self._found()
        _check(program, version)
        privileged = os.geteuid() == 0
        owner = _init.owner_of(spec.workspace, privileged=privileged)
        handed = _bwrap_run.Handed()
        try:
            words = _bwrap_args.options(spec, owner, handed.take)
            for filter_program in (_seccomp.program(), _narrower.program(_narrower.SHARED_MEMORY)):
                words += ["--add-seccomp-fd", str(handed.take(filter_program))]
            with _signals.arriving() as arrived:
                started, go = _bwrap_run.start(
                    program,
                    words,
                    spec,
                    stdio,
                    handed,
                    owner if privileged else None,
                    own_root=privileged and _init.refused_namespaces(),
                )
                try:
                    if proxy is not None:
                        _bwrap_run.offer(proxy, started, go)
                    end = _bwrap_run.watch(started, go, arrived, spec.limits)
                except BaseException:
                    os.close(started.merged)
                    raise
                finally:
                    for descriptor in (started.handle, started.proc, *started.sized):
                        os.close(descriptor)
        except OSError as error:
            raise SetupError(f"bubblewrap: {error}", primitive="bubblewrap", fix="see dmesg") from error
        finally:
            handed.close()
        return BubblewrapRun(spec, end, started.merged, _covered(spec))

    def sweep(self) -> int:
        """Nothing survives a crash: every mount and process lives in a namespace that died with us."""
        return 0


def _covered(spec: SandboxSpec) -> frozenset[str]:
    """Paths below the workspace where something else was mounted."""
    covered = [*_bwrap_args.masked(spec), *spec.read_only]
    return frozenset(
        os.path.relpath(path, spec.workspace) for path in covered if _admit.below(path, spec.workspace)
    )


def _version(program: str) -> tuple[int, ...]:
    said = ""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(
            [program, "--version"], capture_output=True, check=False, timeout=10, env={}, cwd="/"
        )
        said = done.stdout.decode(errors="replace").strip()
    name, _, number = said.partition(" ")
    parts = number.split(".")
    if name != "bubblewrap" or len(parts) < 2 or not all(part.isdecimal() for part in parts):
        raise SetupError(
            f"`{program}` does not say which bubblewrap it is: `{said[:100]}`",
            primitive="bubblewrap",
            fix="install bubblewrap 0.12 or newer",
        )
    return tuple(int(part) for part in parts)


def _check(program: str, version: tuple[int, ...]) -> None:
    if version[: len(OLDEST)] < OLDEST:
        raise SetupError(
            f"bubblewrap {'.'.join(map(str, version))} at `{program}` follows a symlink of the workspace when it makes"
            " mount points, and so writes outside of the walls (CVE-2026-87766)",
            primitive="bubblewrap version",
            fix="install bubblewrap 0.12 or newer (Debian 13: apt install bubblewrap)",
        )
