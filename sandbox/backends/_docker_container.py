"""A hardened container that waits for one command on its stdin: how it is made, and how the command is told."""

import hashlib
import json
import os
import shlex
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.backends._docker_engine import engine, filter_option, unraised
from sandbox.backends._docker_profile import profile
from sandbox.environment import inside
from sandbox.errors import SetupError
from sandbox.images.build import HOST_USR
from sandbox.spec import SandboxSpec

_WAITER = 'IFS= read -r line || exit 125; eval "$line"; exit $?'
"""A shell reads a line byte by byte, so that what follows it is the command's. The command is a child of the shell:
as process 1 it would be immune to its own signals."""
_FORM = 3
"""Raised when what a container is made of changes, so that none of an older guard is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """All that is fixed when a container starts. Two of one kind are alike; none of it tells of a workspace."""

    image: str
    """The digest: a name may mean another image tomorrow."""
    host_usr: bool
    user: tuple[int, int]
    memory_bytes: int | None
    processes: int | None
    open_files: int | None
    cpu_s: int | None
    disk_bytes: int
    memfd: bool

    def key(self) -> str:
        told = json.dumps(
            [_FORM, asdict(self), profile(os.uname().machine, memfd=self.memfd)], sort_keys=True
        )
        return hashlib.sha256(told.encode()).hexdigest()[:24]


def kind(spec: SandboxSpec, image: str, labels: dict[str, str], user: tuple[int, int]) -> Kind:
    limits = spec.limits
    return Kind(
        image=image,
        host_usr=HOST_USR in labels,
        user=user,
        memory_bytes=limits.memory_bytes,
        processes=limits.processes,
        open_files=limits.open_files,
        cpu_s=limits.cpu_s,
        disk_bytes=limits.disk_bytes,
        memfd=spec.runs_what_it_writes,
    )


def create(
    client: Any,
    of: Kind,
    *,
    name: str,
    nonce: str,
    labels: dict[str, str],
    mounts: tuple[Any, ...] = (),
    tmpfs: dict[str, str] | None = None,
) -> Any:
    """Make it, and do not start it. The SDK raises what it raises."""
    from docker.types import Mount, Ulimit  # noqa: PLC0415 - the SDK costs 100 ms

    usr = [Mount("/usr", "/usr", type="bind", read_only=True)] if of.host_usr else []
    by = engine(client.version())
    hard = unraised(by) | {"core": 0, "fsize": of.disk_bytes}
    if of.open_files is not None:
        hard["nofile"] = of.open_files
    ulimits = [Ulimit(name=name, soft=most, hard=most) for name, most in hard.items()]
    if of.cpu_s is not None:
        ulimits.append(Ulimit(name="cpu", soft=of.cpu_s, hard=of.cpu_s + 2))
    with filter_option(by, profile(os.uname().machine, memfd=of.memfd)) as option:
        return client.containers.create(
            of.image,
            ["/bin/sh", "-c", _WAITER, "execguard", nonce],
            entrypoint=[],
            name=name,
            labels=labels,
            user=f"{of.user[0]}:{of.user[1]}",
            working_dir="/",
            environment={"PATH": "/usr/local/bin:/usr/bin:/bin"},
            mounts=[*usr, *mounts],
            tmpfs=tmpfs or {},
            network_mode="none",
            # Where the engine would map users for whoever does not say otherwise.
            userns_mode="host",
            # The shell that waits hears no other: an engine that is stopped or started again would wait for it.
            stop_signal="SIGKILL",
            hostname="sandbox",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true", option],
            read_only=True,
            ipc_mode="private",
            pids_limit=None if of.processes is None else of.processes + 1,
            mem_limit=of.memory_bytes,
            memswap_limit=of.memory_bytes,
            ulimits=ulimits,
            stdin_open=True,
            tty=False,
            detach=False,
            # The engine's own process beside the command would be one that no limit of ours counts.
            init=False,
            log_config={"Type": "none"},
        )


def order(spec: SandboxSpec) -> bytes:
    """The line that the waiting shell reads. What it says is seen by nobody but that container."""
    env = inside(spec.env, home=spec.home, cwd=spec.cwd, proxied=spec.network is not None)
    for text in (*spec.argv, *env, *env.values(), spec.cwd):
        if "\0" in text:
            raise SetupError("a NUL byte can be no part of a command or its environment", primitive="spec")
    argv = list(spec.argv)
    if "=" in argv[0]:  # `env` would take it for a variable
        argv = ["sh", "-c", 'exec "$@"', "sh", *argv]
    words = ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in env.items()), *argv]
    told = f"cd {_quoted(spec.cwd)} && {' '.join(map(_quoted, words))}"
    return os.fsencode(f"{_NEWLINE}{told}\n" if "$newline" in told else f"{told}\n")


_NEWLINE = r"newline=$(printf '\n.'); newline=${newline%.}; "


def _quoted(text: str) -> str:
    return '"$newline"'.join(map(shlex.quote, text.split("\n")))
