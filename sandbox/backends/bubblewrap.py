"""bubblewrap as a backend, for machines that let it have a user namespace and not us. Only from 0.12 on.

It lends that namespace, and nothing else: the walls in it are those of ``local``, built by the same code.
"""

import contextlib
import functools
import os
import subprocess

from sandbox.backends import _lend, _probe
from sandbox.backends.local import LocalBackend, LocalRun, enforced
from sandbox.errors import SetupError
from sandbox.result import Capabilities
from sandbox.spec import SandboxSpec, Stdio

OLDEST = (0, 12)
PLACES = ("/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap", "/run/current-system/sw/bin/bwrap")
"""Not PATH: an agent may have put a program of that name there."""


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
        except SetupError as error:
            return Capabilities(
                backend=self.name, works=False, detail=detail, failed=str(error), fix=error.fix
            )
        return _probe.tried(self.name, self.run, enforced(), detail=detail)

    def _found(self) -> tuple[str, tuple[int, ...]]:
        program = self._program or next((path for path in PLACES if os.access(path, os.X_OK)), "")
        if not program:
            raise SetupError(
                "bubblewrap is not installed",
                primitive="bubblewrap",
                fix="install bubblewrap 0.12 or newer (Debian 13: apt install bubblewrap)",
            )
        return program, _version(program)

    def run(self, spec: SandboxSpec, stdio: Stdio) -> LocalRun:
        program, version = self._found()
        _check(program, version)
        return LocalBackend(lent=functools.partial(_lend.enter_namespace_of, program)).run(spec, stdio)

    def sweep(self) -> int:
        """Nothing survives a crash: every mount and process lives in a namespace that died with us."""
        return 0


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
