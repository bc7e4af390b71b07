"""What differs between the engines that speak Docker's language. Which one it is, the engine says itself."""

import contextlib
import os
import resource
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, cast

from sandbox.errors import SetupError

_PODMAN = "Podman Engine"
_RAISED = {"nproc": resource.RLIMIT_NPROC, "nofile": resource.RLIMIT_NOFILE}
_MOST_TOLD = 600
_KNOWN = (
    (
        "setrlimit",
        "setrlimit",
        "give the engine CAP_SYS_RESOURCE, or higher limits: `LimitNOFILE=`, `LimitNPROC=` of its service",
    ),
    (
        "cgroups in hybrid mode",
        "cgroup",
        'umount /sys/fs/cgroup/unified, or set `runtime = "runc"` in /etc/containers/containers.conf',
    ),
    (
        "opening seccomp profile failed",
        "seccomp",
        "use a Podman of this machine, of this user or of root: it reads the system call filter from a file of ours in /tmp",
    ),
)
"""What engines say where one of the machine's primitives fails them, its name, and what to do."""


@dataclass(frozen=True, slots=True)
class Engine:
    name: str
    version: str
    filter_by_path: bool
    """It reads the system call filter from a file that it opens itself, where Docker takes the text."""
    raises_limits: bool
    """Limits that it is not told of it raises to numbers of its own, and starts nothing where it may not."""
    bounded_volumes: bool
    """A volume of its can be memory of a size."""
    tells_limits: bool
    """It says which limits it does not keep; else it is looked whether they stand."""

    def told(self) -> str:
        return f"{self.name} {self.version}"


def engine(version: dict[str, Any]) -> Engine:
    """Of the answer to which version it is."""
    parts = cast("list[dict[str, Any]]", version.get("Components") or [])
    podman = any(one.get("Name") == _PODMAN for one in parts)
    name, number = "Podman" if podman else "engine", str(version.get("Version", "?"))
    return Engine(
        name,
        number,
        filter_by_path=podman,
        raises_limits=podman,
        bounded_volumes=not podman,
        tells_limits=not podman,
    )


def unraised(of: Engine) -> dict[str, int]:
    """Limits to tell it besides those of a run, so that it raises none.

    They are what every process here has, and no run relies on them: its processes are counted by the control group.
    """
    if not of.raises_limits:
        return {}
    with open("/proc/sys/kernel/pid_max", encoding="ascii") as file:
        most = int(file.read())  # Podman has no more itself, whatever it was given
    limits = {name: resource.getrlimit(number)[1] for name, number in _RAISED.items()}
    limits = {name: hard for name, hard in limits.items() if hard != resource.RLIM_INFINITY}
    return limits | {"nproc": min(most, limits.get("nproc", most))}


def require_volumes(of: Engine) -> None:
    """Raises SetupError where a copy of a workspace could not be bounded: Podman takes no size of a volume in memory."""
    if not of.bounded_volumes:
        raise SetupError(
            f"the containers of this {of.name} may not be entered, and it cannot be sent a copy",
            primitive="setns",
            fix="use a Podman of this machine as who it belongs to, or the local backend",
        )


@contextlib.contextmanager
def filter_option(of: Engine, profile: str) -> Generator[str]:
    """The security option for the time of one creation: what was read then is kept with the container."""
    if not of.filter_by_path:
        yield f"seccomp={profile}"
        return
    # Nobody else's, so that the engine reads what we wrote; and of a random name, so that an engine on another machine
    # finds nothing rather than something else.
    with tempfile.TemporaryDirectory(prefix="execguard-filter-") as made:
        path = os.path.join(os.path.realpath(made), "seccomp.json")
        with open(path, "x", encoding="ascii") as file:
            file.write(profile)
        yield f"seccomp={path}"


def refused(error: BaseException) -> SetupError:
    """Of an engine that answers and does not do what it was asked. It tells why in words only."""
    told = str(error)
    primitive, fix = next(((one, fix) for words, one, fix in _KNOWN if words in told), ("engine", ""))
    return SetupError(f"the engine cannot build the sandbox: {_short(told)}", primitive=primitive, fix=fix)


def _short(told: str) -> str:
    """Some engines repeat in their answer all that they were sent."""
    return told if len(told) <= _MOST_TOLD else f"{told[: _MOST_TOLD // 2]} ... {told[-_MOST_TOLD // 2 :]}"


def unlimited(info: dict[str, Any]) -> frozenset[str]:
    """Limits that the engine takes without a word and does not keep, as without delegated control groups."""
    names = {"MemoryLimit": "memory", "PidsLimit": "processes"}
    return frozenset(ours for theirs, ours in names.items() if info.get(theirs) is False)


def unanswered(error: BaseException) -> SetupError:
    """The SDK wraps the transport's error several times: what counts is the number at the bottom."""
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and one not in seen:
            seen.append(one)
            waiting += [one.__cause__, one.__context__, *one.args]
    code = next((one.errno for one in reversed(seen) if isinstance(one, OSError) and one.errno), 0)
    text = f"no Docker engine answers: {os.strerror(code) if code else error}"
    told = SetupError(text, primitive="engine", code=code).explained()
    return told if told.fix else SetupError(text, primitive="engine", fix="start dockerd, or set DOCKER_HOST")
