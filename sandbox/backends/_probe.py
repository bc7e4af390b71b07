"""Finds out what a backend can do by running ``true`` in its walls. Never raises."""

import os
from collections.abc import Callable

from sandbox.backend import Run
from sandbox.errors import SandboxError, SetupError
from sandbox.result import Capabilities, Exited
from sandbox.spec import SandboxSpec, Stdio

WORKSPACE = "/usr/share"
_BEFORE = "cannot build the sandbox: "


def tried(
    name: str,
    run: Callable[[SandboxSpec, Stdio], Run],
    enforces: frozenset[str],
    *,
    detail: str = "",
    workspace: str = WORKSPACE,
) -> Capabilities:
    """``enforces`` where it works."""

    def failed(why: str, fix: str) -> Capabilities:
        return Capabilities(backend=name, works=False, detail=detail, failed=why, fix=fix)

    spec = SandboxSpec(argv=("/bin/true",), workspace=workspace, cwd=workspace)
    try:
        # Not the caller's own: what is typed there meanwhile is for the command.
        with open(os.devnull, "r+b") as null:
            number = null.fileno()
            done = run(spec, Stdio(stdin=number, stdout=number, stderr=number))
    except SetupError as error:
        return failed(str(error).removeprefix(_BEFORE), error.fix or str(error))
    except (SandboxError, OSError) as error:
        return failed(str(error), "see dmesg")
    done.destroy()
    if done.end != Exited(status=0):
        return failed(f"`true` ended as {done.end}", "see dmesg")
    return Capabilities(backend=name, works=True, enforces=enforces, detail=detail)
