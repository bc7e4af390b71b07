"""What walls to build around one command. Says nothing of how."""

from dataclasses import dataclass, field

from sandbox.errors import SetupError

MIB = 1024 * 1024
MAX_HOSTS, MAX_PORTS = 256, 32
HOME = "/home/sandbox"


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
class Network:
    """Whom the command may talk to, through a proxy outside. With nothing granted everything is refused, and told.

    A host is ``NAME[:PORT]``, ``*.NAME[:PORT]`` (every name below NAME) or ``ADDRESS[:PORT]``; without a port, 80 and 443.
    Raises SetupError at construction.
    """

    hosts: tuple[str, ...] = ()
    """Reached at public addresses only, whatever the name resolves to."""
    private_hosts: tuple[str, ...] = ()
    """Their addresses may also be those of private networks; an address written out may be any but loopback."""
    loopback_ports: tuple[int, ...] = ()
    """Inside, 127.0.0.1:PORT is this port of the machine's own 127.0.0.1."""

    def __post_init__(self) -> None:
        if self.hosts or self.private_hosts:
            from sandbox.proxy.grants import grants_of  # noqa: PLC0415 - most runs have no grants

            grants_of(self.hosts, self.private_hosts)
        for index, port in enumerate(self.loopback_ports):
            if not 0 < port < 1 << 16:
                raise SetupError(
                    f"network.loopback_ports[{index}]: `{port}` is no port",
                    primitive="network",
                    fix="write a number from 1 to 65535",
                )
        if len(set(self.loopback_ports)) != len(self.loopback_ports) or len(self.loopback_ports) > MAX_PORTS:
            raise SetupError(
                f"network.loopback_ports: a port is named twice, or there are more than {MAX_PORTS}",
                primitive="network",
                fix="name each port once",
            )
        if len(self.hosts) + len(self.private_hosts) > MAX_HOSTS:
            raise SetupError(
                f"network.hosts: there are more than {MAX_HOSTS}", primitive="network", fix="use `*.NAME`"
            )

    @property
    def grants(self) -> bool:
        """Whether anything can be reached at all."""
        return bool(self.hosts or self.private_hosts or self.loopback_ports)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A directory of the machine that is seen inside in another place, and outlives the run; or a file, read-only.

    Or a socket that somebody outside listens on: what is inside can connect to it, and neither move nor remove it.
    """

    path: str
    """Inside, below ``SandboxSpec.home``."""
    source: str
    """On the machine; real, like every host path."""
    writable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A small file of /etc that is there inside and cannot be changed, whatever the machine has in its place."""

    path: str
    content: bytes
    executable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """The workspace itself, and no copy of it: what is written is written. Nothing is left for ``Run.changes``."""

    protected: tuple[str, ...] = ()
    """Paths below the workspace that can neither be written, made, removed nor moved inside. One that is absent is an
    empty directory while the run lasts; which is removed with it, whoever is killed."""
    pinned: tuple[str, ...] = ()
    """Directories that cannot be moved or removed, so that what is in them is where it was. Those above the protected
    ones are anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """A directory that starts as a view of others and whose written part can be kept; see ``sandbox.cachestore``."""

    path: str
    """Inside, below ``SandboxSpec.home``."""
    lower: tuple[str, ...] = ()
    """Directories of the machine to be seen in it, copy-on-write; the first that has a name counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSpec:
    """One run. All host paths are absolute and already real (no symlinks)."""

    argv: tuple[str, ...]
    workspace: str
    """Seen inside at the same path; copy-on-write unless ``direct`` says otherwise."""
    cwd: str
    """At or below ``workspace``."""
    env: tuple[tuple[str, str], ...] = ()
    """The whole environment inside, nothing is inherited. Backends drop loader and interpreter injection variables."""
    named: tuple[str, ...] = ()
    """Variables of ``env`` that a person asked for by name: of those that only say where a service is, none is dropped."""
    home: str = HOME
    """Path of an empty, writable, throwaway home inside."""
    read_only: tuple[str, ...] = ()
    """Extra host paths visible read-only at the same path (toolchains outside /usr)."""
    masked: tuple[str, ...] = ()
    """Paths at or below ``workspace`` that must not be readable inside."""
    hidden: tuple[str, ...] = ()
    """Files outside of ``workspace`` that can be neither read nor started inside: programs that are denied."""
    runs_what_it_writes: bool = True
    """False: nothing that lies where the command may write can be started or loaded, so a list of programs stays one."""
    direct: Direct | None = None
    """None: the workspace is seen copy-on-write."""
    places: tuple[Place, ...] = ()
    """None below another one, but what is read-only below what is written."""
    shown: tuple[Shown, ...] = ()
    caches: tuple[Cache, ...] = ()
    """None below another one. A backend that cannot give them leaves them empty: they are only caches."""
    limits: Limits = field(default_factory=Limits)
    network: Network | None = None
    """None: nothing but a loopback of its own, and nobody listens. Else the backend must have ``network``."""
    label: str = ""
    """Names the run on containers and in process lists; letters, digits, ``-``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stdio:
    """Descriptors of this process to be the command's 0, 1 and 2."""

    stdin: int = 0
    stdout: int = 1
    stderr: int = 2
