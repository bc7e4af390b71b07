"""What walls to build around one command. Says nothing of how."""

from dataclasses import dataclass, field

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """On by default; None = not limited. What happens at each is an outcome with the limit's name."""

    wall_s: float | None = 600.0
    cpu_s: int | None = None
    memory_bytes: int | None = 4096 * MIB
    processes: int | None = 512
    open_files: int | None = 4096
    disk_bytes: int = 1024 * MIB
    """Of the writable layer."""
    inodes: int = 200_000
    """Of the writable layer."""
    output_bytes: int | None = None
    """Of stdout and stderr together; only enforced where the backend carries the output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSpec:
    """One run. All host paths are absolute and already real (no symlinks)."""

    argv: tuple[str, ...]
    workspace: str
    """Seen copy-on-write inside, at the same path."""
    cwd: str
    """At or below ``workspace``."""
    env: tuple[tuple[str, str], ...] = ()
    """The whole environment inside, nothing is inherited. Backends drop loader and interpreter injection variables."""
    home: str = "/home/sandbox"
    """Path of an empty, writable, throwaway home inside."""
    read_only: tuple[str, ...] = ()
    """Extra host paths visible read-only at the same path (toolchains outside /usr)."""
    masked: tuple[str, ...] = ()
    """Paths at or below ``workspace`` that must not be readable inside."""
    hidden: tuple[str, ...] = ()
    """Files outside of ``workspace`` that can be neither read nor started inside: programs that are denied."""
    runs_what_it_writes: bool = True
    """False: nothing that lies where the command may write can be started or loaded, so a list of programs stays one."""
    limits: Limits = field(default_factory=Limits)
    label: str = ""
    """Names the run on containers and in process lists; letters, digits, ``-``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stdio:
    """Descriptors of this process to be the command's 0, 1 and 2."""

    stdin: int = 0
    stdout: int = 1
    stderr: int = 2
