"""The Docker engine as a backend: a hardened container over an overlay volume.

Two containers per run. The *keeper* only holds a tmpfs volume of bounded size mounted; the writable
layer lies there, so the quota is the kernel's. The *runner* sees the workspace through a second
volume of type overlay: lower the workspace, upper in the keeper's tmpfs. Both volumes are mounted
by the engine, so the engine must share our file system; a remote engine is refused by the probe.
"""

import contextlib
import os
import signal
import socket
import uuid
from dataclasses import replace
from typing import Any

from sandbox.backends import _admit, _caches, _netns, _signals, _usage
from sandbox.backends._docker_profile import profile
from sandbox.backends._docker_stream import Carrier
from sandbox.changes import Changes
from sandbox.diagnose import Readings, explain
from sandbox.environment import inside
from sandbox.errors import ChangesError, SetupError
from sandbox.images.build import HOST_USR, IMAGE
from sandbox.proxy.attend import Proxy
from sandbox.result import Capabilities, Connections, End, Exited, LimitHit
from sandbox.spec import Cache, Limits, Network, SandboxSpec, Stdio

_OWNER, _RUN = "execguard.owner", "execguard.run"
_ENFORCES = frozenset(
    (
        "mount",
        "pid",
        "net",
        "network",
        "ipc",
        "uts",
        "seccomp",
        "cow",
        "memory",
        "processes",
        "disk",
        "inodes",
    )
) | {"open-files", "output", "wall", "hidden", "caches"}
_TIMEOUT_S = 60
_WRAPPER = '"$@"; exit $?'
"""The command is a child of the shell: as process 1 it would be immune to its own signals."""


class DockerRun:
    """A finished run; the keeper still holds its layer."""

    def __init__(self, walls: "_Walls", spec: SandboxSpec, end: End) -> None:
        self._walls, self._spec, self._end = walls, spec, end
        self._destroyed = False

    @property
    def end(self) -> End:
        return self._end

    def connections(self) -> Connections:
        return self._walls.connections

    def changes(self) -> Changes:
        from sandbox.layer import read  # noqa: PLC0415 - not needed to start a command

        if self._destroyed:
            raise ChangesError("the run is destroyed")
        return read(self._walls.upper, self._spec.workspace)

    def written(self, cache: int) -> int:
        path = os.path.relpath(self._spec.caches[cache].path, self._spec.home)
        return -1 if self._destroyed else _caches.written(self._walls.upper, cache, path)

    def destroy(self) -> None:
        if not self._destroyed:
            self._destroyed = True
            self._walls.remove()


class DockerBackend:
    def __init__(self, *, host: str = "", image: str = IMAGE) -> None:
        self._host, self._image = host, image
        self._probed: Capabilities | None = None

    @property
    def name(self) -> str:
        return "docker"

    def probe(self) -> Capabilities:
        if self._probed is None:
            self._probed = self._try()
        return self._probed

    def _try(self) -> Capabilities:
        detail = ""
        enforces = _ENFORCES
        try:
            client = self._client()
            try:
                version: dict[str, Any] = client.version()
                detail = f"engine {version.get('Version', '?')}, image {self._image}"
                unlimited = _unlimited(client.info())
            finally:
                client.close()
            try:
                end = self._run_true(Network())
            except SetupError as error:
                if error.primitive not in {"setns", "proxy"}:
                    raise
                end = self._run_true(None)
                enforces -= {"network"}
        except SetupError as error:
            return Capabilities(
                backend=self.name, works=False, detail=detail, failed=str(error), fix=error.fix or str(error)
            )
        except Exception as error:  # noqa: BLE001 - probing never raises, and the SDK raises its transports' errors
            return Capabilities(
                backend=self.name,
                works=False,
                detail=detail,
                failed=str(told := _unanswered(error)),
                fix=told.fix,
            )
        if unlimited:
            enforces -= unlimited
            cause = explain("cgroup", 0, Readings(uid=os.geteuid()))
            detail += f", no limit of {' and '.join(sorted(unlimited))}: {cause.fix if cause else ''}"
        if end != Exited(status=0):
            return Capabilities(
                backend=self.name,
                works=False,
                detail=detail,
                failed=f"`true` ended as {end}",
                fix="see dmesg",
            )
        return Capabilities(backend=self.name, works=True, enforces=enforces, detail=detail)

    def _run_true(self, network: Network | None) -> End:
        spec = SandboxSpec(argv=("true",), workspace="/usr/share", cwd="/usr/share", network=network)
        with open(os.devnull, "r+b") as null:
            number = null.fileno()
            run = self.run(spec, Stdio(stdin=number, stdout=number, stderr=number))
        run.destroy()
        return run.end

    def run(self, spec: SandboxSpec, stdio: Stdio) -> DockerRun:
        import docker.errors  # noqa: PLC0415 - the SDK costs 100 ms and is optional

        _admit.refuse(spec, stdio, _ENFORCES)
        walls = _Walls(self._client(), self._image, uuid.uuid4().hex[:16])
        try:
            try:
                if spec.network is not None:
                    spec = walls.offer(spec, spec.network)
                walls.build(spec)
                end = walls.attend(spec, stdio)
                walls.end_proxy()
            except (docker.errors.DockerException, OSError) as error:
                raise SetupError(
                    f"the engine cannot build the sandbox: {error}", primitive="engine"
                ) from error
        except BaseException:
            walls.remove()
            raise
        return DockerRun(walls, spec, end)

    def sweep(self) -> int:
        """Remove containers and volumes whose owner no longer runs."""
        import docker.errors  # noqa: PLC0415 - see run

        removed = 0
        client = self._client()
        try:
            for container in client.containers.list(all=True, filters={"label": _OWNER}):
                if not _alive(container.labels.get(_OWNER, "")):
                    with contextlib.suppress(docker.errors.APIError):
                        container.remove(force=True, v=True)
                        removed += 1
            for volume in client.volumes.list(filters={"label": _OWNER}):
                if not _alive(_label(volume.attrs)):
                    with contextlib.suppress(docker.errors.APIError):
                        volume.remove(force=True)
                        removed += 1
        finally:
            client.close()
        return removed

    def _client(self) -> Any:
        try:
            import docker  # noqa: PLC0415 - see run
            import docker.errors  # noqa: PLC0415 - see run
        except ImportError as error:
            raise SetupError(
                "the Docker SDK is not installed",
                primitive="docker SDK",
                fix="pip install 'execguard[docker]'",
            ) from error
        host = self._host or os.environ.get("DOCKER_HOST", "")
        if host and not host.startswith("unix://"):
            raise SetupError(
                f"the engine at `{host}` does not share this machine's files",
                primitive="local engine",
                fix="use an engine on this machine (unix:// socket), or the local backend",
            )
        try:
            if host:
                return docker.DockerClient(base_url=host, timeout=_TIMEOUT_S)
            return docker.from_env(timeout=_TIMEOUT_S)
        except docker.errors.DockerException as error:
            raise _unanswered(error) from error


def _unlimited(info: dict[str, Any]) -> frozenset[str]:
    """Limits that the engine takes without a word and does not keep, as without delegated control groups."""
    names = {"MemoryLimit": "memory", "PidsLimit": "processes"}
    return frozenset(ours for theirs, ours in names.items() if info.get(theirs) is False)


def _unanswered(error: BaseException) -> SetupError:
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


class _Walls:
    """Everything one run has on the engine, and its removal."""

    def __init__(self, client: Any, image: str, run: str) -> None:
        self._client, self._image = client, image
        self._name = f"execguard-{run}"
        self._labels = {_OWNER: _identity(os.getpid()), _RUN: run}
        self._containers: list[Any] = []
        self._volumes: list[Any] = []
        self._runner: Any = None
        self._proxy: Proxy | None = None
        self._inside, self._many_files = "", False
        self.upper = -1
        self.connections = Connections()

    def offer(self, spec: SandboxSpec, network: Network) -> SandboxSpec:
        """Start the proxy; returns the spec that tells the command of it."""
        self._proxy = Proxy(network)
        return replace(spec, env=self._proxy.environment(spec.env))

    def end_proxy(self) -> None:
        if self._proxy is not None:
            self.connections = self._proxy.finish()

    def build(self, spec: SandboxSpec) -> None:
        import docker.errors  # noqa: PLC0415 - see DockerBackend.run

        try:
            image = self._client.images.get(self._image)
        except docker.errors.ImageNotFound:
            raise SetupError(
                f"the engine has no image `{self._image}`",
                primitive="image",
                fix="python -m sandbox.images.build",
            ) from None
        host_usr = HOST_USR in (image.labels or {})
        limits = spec.limits
        options = f"mode=0700,size={limits.disk_bytes},nr_inodes={limits.inodes}"
        layer = self._volume("layer", {"type": "tmpfs", "device": "tmpfs", "o": options})
        keeper = self._keep(layer, host_usr=host_usr)
        if self._proxy is not None:
            # In the network that the runner joins: whoever answers there does so before the command starts.
            keeper.reload()
            self._proxy.serve(_netns.listeners(int(keeper.attrs["State"]["Pid"]), self._proxy.ports))
        where = str(layer.attrs["Mountpoint"])
        owner = self._prepare(where, spec.workspace)
        overlay = f"lowerdir={_escaped(spec.workspace)},upperdir={where}/upper,workdir={where}/work,userxattr,index=off"
        view = self._volume("view", {"type": "overlay", "device": "overlay", "o": overlay})
        # One that begins empty costs more than it is worth: it is part of the home, which the engine forgets.
        caches = {
            cache.path: self._cache(where, number, cache, owner)
            for number, cache in enumerate(spec.caches)
            if any(map(os.path.isdir, cache.lower))
        }
        self._runner = self._create(spec, view, owner, keeper, caches, host_usr=host_usr)
        keeper.reload()

    def attend(self, spec: SandboxSpec, stdio: Stdio) -> End:
        """Start the command, carry its streams, and say how it ended."""
        api = self._client.api
        stream = api.attach_socket(self._runner.id, {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
        attached = getattr(stream, "_sock", stream)
        try:
            with _signals.arriving() as arrived:
                self._runner.start()
                self._inside = self._proc()
                early = Carrier(
                    attached, stdio, spec.limits, arrived, lambda: self._over(spec.limits)
                ).carry()
            if early is not None:
                # An engine that waits for us to read a flood does not hear that it is to end it.
                with contextlib.suppress(OSError):
                    attached.shutdown(socket.SHUT_RDWR)
                self._kill()
            status = int(self._runner.wait()["StatusCode"])
        finally:
            # The SDK hands out a file over the socket of a response, and the response holds it open too.
            if (response := getattr(stream, "_response", None)) is not None:
                response.close()
            attached.close()
        if early is not None:
            return early
        self._runner.reload()
        return self._end(status, out_of_memory=bool(self._runner.attrs["State"].get("OOMKilled")), spec=spec)

    def _proc(self) -> str:
        """The /proc of the inside, where the engine shows us its processes."""
        self._runner.reload()
        path = f"/proc/{self._runner.attrs['State'].get('Pid', 0)}/root/proc"
        return path if os.path.isdir(f"{path}/1") else ""

    def _over(self, limits: Limits) -> str:
        """The kernel refuses the process or the file; that this ends the run is our doing."""
        try:
            usage = _usage.measure(self._inside) if self._inside else None
            buried = _usage.buried_cpu_s(self._inside) if self._inside else 0.0
        except OSError:  # it ended meanwhile
            return ""
        if usage is None:
            return ""
        if limits.processes is not None and usage.tasks >= limits.processes:
            return "processes"
        if limits.cpu_s is not None and usage.cpu_s + buried >= limits.cpu_s + 1:
            return "cpu"
        self._many_files = self._many_files or (
            limits.open_files is not None and usage.files >= limits.open_files
        )
        return ""

    def _kill(self) -> None:
        import docker.errors  # noqa: PLC0415 - see DockerBackend.run

        with contextlib.suppress(docker.errors.APIError):  # it ended by itself meanwhile
            self._runner.kill()

    def _end(self, status: int, *, out_of_memory: bool, spec: SandboxSpec) -> End:
        if status == 0:
            return Exited(status=0)
        if out_of_memory:
            return LimitHit(limit="memory")
        if spec.limits.cpu_s is not None and status == 128 + signal.SIGXCPU:
            return LimitHit(limit="cpu")
        if self._many_files:
            return LimitHit(limit="open-files")
        quota = os.fstatvfs(self.upper)
        if quota.f_bfree == 0 or status == 128 + signal.SIGXFSZ:
            return LimitHit(limit="disk")
        return LimitHit(limit="inodes") if quota.f_ffree == 0 else Exited(status=status)

    def remove(self) -> None:
        """Take everything off the engine, the runner before what it stands on. May be called twice."""
        import docker.errors  # noqa: PLC0415 - see DockerBackend.run

        self.end_proxy()
        if self.upper >= 0:
            os.close(self.upper)
            self.upper = -1
        for container in reversed(self._containers):
            with contextlib.suppress(docker.errors.NotFound):
                container.remove(force=True, v=True)
        for volume in reversed(self._volumes):
            with contextlib.suppress(docker.errors.NotFound):
                volume.remove(force=True)
        self._containers, self._volumes = [], []
        self._client.close()

    def _volume(self, name: str, options: dict[str, str]) -> Any:
        volume = self._client.volumes.create(
            f"{self._name}-{name}", driver="local", driver_opts=options, labels=self._labels
        )
        self._volumes.append(volume)
        return volume

    def _usr(self, *, host_usr: bool) -> list[Any]:
        from docker.types import Mount  # noqa: PLC0415 - see DockerBackend.run

        return [Mount("/usr", "/usr", type="bind", read_only=True)] if host_usr else []

    def _keep(self, layer: Any, *, host_usr: bool) -> Any:
        """A container that does nothing but hold the tmpfs mounted."""
        from docker.types import Mount  # noqa: PLC0415 - see DockerBackend.run

        keeper = self._client.containers.create(
            self._image,
            ["/bin/sleep", "infinity"],
            name=f"{self._name}-keeper",
            labels=self._labels,
            mounts=[*self._usr(host_usr=host_usr), Mount("/layer", layer.name, type="volume", no_copy=True)],
            network_mode="none",
            hostname="sandbox",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            read_only=True,
            pids_limit=4,
            mem_limit=32 << 20,
            stop_signal="SIGKILL",
        )
        self._containers.append(keeper)
        keeper.start()
        return keeper

    def _prepare(self, where: str, workspace: str) -> tuple[int, int]:
        """Make the layer's directories look like the workspace; returns whom the command runs as."""
        like = os.stat(workspace)
        try:
            for name in ("upper", "work"):
                os.mkdir(f"{where}/{name}", 0o755)
            self.upper = os.open(f"{where}/upper", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise SetupError(
                f"the engine's volume at `{where}` cannot be written from here: {error.strerror}",
                primitive="volume",
                fix="run the guard as root beside the engine, or use the local backend",
            ) from error
        os.fchmod(self.upper, like.st_mode & 0o7777)
        os.fchown(self.upper, like.st_uid, like.st_gid)
        os.utime(self.upper, ns=(like.st_atime_ns, like.st_mtime_ns))
        return like.st_uid, like.st_gid

    def _cache(self, where: str, number: int, cache: Cache, owner: tuple[int, int]) -> Any:
        """A volume that is a copy-on-write view of the cache."""
        own = f"{where}/{_caches.name_of(number)}"
        for path in (own, f"{own}-work"):
            os.mkdir(path, 0o755)
        os.chown(own, *owner)
        lower = ":".join(_escaped(path) for path in cache.lower if os.path.isdir(path))
        options = f"lowerdir={lower},upperdir={own},workdir={own}-work,userxattr,index=off"
        return self._volume(_caches.name_of(number), {"type": "overlay", "device": "overlay", "o": options})

    def _create(
        self,
        spec: SandboxSpec,
        view: Any,
        owner: tuple[int, int],
        keeper: Any,
        caches: dict[str, Any],
        *,
        host_usr: bool,
    ) -> Any:
        from docker.types import Mount, Ulimit  # noqa: PLC0415 - see DockerBackend.run

        limits = spec.limits
        mounts = [
            *self._usr(host_usr=host_usr),
            Mount(spec.workspace, view.name, type="volume", no_copy=True),
        ]
        mounts += [Mount(path, volume.name, type="volume", no_copy=True) for path, volume in caches.items()]
        mounts += [Mount(path, path, type="bind", read_only=True) for path in spec.read_only]
        mounts += [mask for path in (*spec.masked, *spec.hidden) if (mask := _mask(path)) is not None]
        ulimits = [Ulimit(name="core", soft=0, hard=0)]
        ulimits += [Ulimit(name="fsize", soft=limits.disk_bytes, hard=limits.disk_bytes)]
        if limits.open_files is not None:
            ulimits.append(Ulimit(name="nofile", soft=limits.open_files, hard=limits.open_files))
        if limits.cpu_s is not None:
            ulimits.append(Ulimit(name="cpu", soft=limits.cpu_s, hard=limits.cpu_s + 2))
        scratch = f"rw,exec,nosuid,nodev,size={limits.disk_bytes},uid={owner[0]},gid={owner[1]}"
        runner = self._client.containers.create(
            self._image,
            ["/bin/sh", "-c", _WRAPPER, "sh", *spec.argv],
            name=self._name,
            labels=self._labels | ({"execguard.label": spec.label} if spec.label else {}),
            user=f"{owner[0]}:{owner[1]}",
            working_dir=spec.cwd,
            environment=inside(spec.env, home=spec.home, cwd=spec.cwd, proxied=spec.network is not None),
            mounts=mounts,
            tmpfs={"/tmp": f"{scratch},mode=1777", spec.home: f"{scratch},mode=0700"},  # noqa: S108 - the sandbox's own
            **_network(spec, keeper),
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true", f"seccomp={profile(os.uname().machine)}"],
            read_only=True,
            ipc_mode="private",
            pids_limit=None if limits.processes is None else limits.processes + 1,
            mem_limit=limits.memory_bytes,
            memswap_limit=limits.memory_bytes,
            ulimits=ulimits,
            stdin_open=True,
            tty=False,
            detach=False,
        )
        self._containers.append(runner)
        return runner


def _network(spec: SandboxSpec, keeper: Any) -> dict[str, str]:
    """None at all, or the keeper's, which has a loopback and what we made to listen on it."""
    if spec.network is None:
        return {"network_mode": "none", "hostname": "sandbox"}
    return {"network_mode": f"container:{keeper.id}"}


def _mask(path: str) -> Any:
    """A mount that hides ``path``, or None where there is nothing to hide."""
    from docker.types import Mount  # noqa: PLC0415 - see DockerBackend.run

    if not os.path.lexists(path):
        return None
    if os.path.realpath(path) != path:
        raise SetupError(
            f"`{path}` is to be hidden but is reached through a symlink",
            primitive="mask",
            fix="mask the real path",
        )
    if os.path.isdir(path):
        return Mount(path, "", type="tmpfs", tmpfs_size=4096, tmpfs_mode=0o555)
    return Mount(path, "/dev/null", type="bind", read_only=True)


def _escaped(path: str) -> str:
    """Overlayfs splits at colons and the engine at commas; the first can be escaped, the second cannot."""
    if "," in path:
        raise SetupError(
            f"the engine cannot mount a workspace with a comma in its name: `{path}`",
            primitive="overlay volume",
            fix="rename it, or use the local backend",
        )
    return path.replace("\\", "\\\\").replace(":", "\\:")


def _label(attributes: dict[str, dict[str, str] | None]) -> str:
    return (attributes.get("Labels") or {}).get(_OWNER, "")


def _identity(pid: int) -> str:
    """A process by number and start time: numbers are used again."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return f"{pid}:{file.read().rpartition(b')')[2].split()[19].decode()}"


def _alive(identity: str) -> bool:
    pid = identity.partition(":")[0]
    try:
        return pid.isdigit() and _identity(int(pid)) == identity
    except OSError:
        return False
