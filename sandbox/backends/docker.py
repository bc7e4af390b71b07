"""The Docker engine as a backend: a hardened container that waits, is handed one command, and is thrown away.

Where the container's processes are ours to enter, what the command sees is mounted at the hand-over (see
``_docker_handover``), and nothing of a run is left on the engine but that one container.
"""

import contextlib
import os
import signal
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.backends import (
    _admit,
    _caches,
    _docker_channel,
    _docker_container,
    _docker_engine,
    _docker_handover,
    _docker_ids,
    _docker_memory,
    _docker_pool,
    _docker_wire,
    _netns,
    _signals,
    _terminal,
    _usage,
)
from sandbox.backends._docker_container import Kind
from sandbox.backends._docker_copy import CopyRun
from sandbox.backends._docker_ids import Ids, Users
from sandbox.backends._docker_owner import OWNER, RUN, Fate, fate, identity
from sandbox.backends._docker_points import DockerPoint, reached
from sandbox.backends._docker_pool import NONCE, POOL, Pool, Taken
from sandbox.changes import Changes
from sandbox.diagnose import Readings, explain
from sandbox.errors import ChangesError, SandboxError, SetupError
from sandbox.images.build import IMAGE
from sandbox.proxy.attend import Proxy
from sandbox.result import Capabilities, Connections, End, Exited, Interrupted, LimitHit
from sandbox.spec import Limits, Network, SandboxSpec, Stdio

_ENFORCES = frozenset(
    "mount pid net network ipc uts seccomp cow memory processes cpu open-files disk inodes output wall hidden noexec"
    " caches terminal".split()
)
_COPIES = _ENFORCES - set("network open-files hidden noexec caches terminal".split())
"""Of an engine whose containers are not ours to enter."""
_TIMEOUT_S = 60
_KILLED = 128 + signal.SIGKILL
_END_S = 10.0
"""After its outputs are closed, for the first process to end by itself."""


class DockerRun:
    """A finished run. The container is dead; its writable layer lives as long as ``upper``."""

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
    def __init__(self, *, host: str = "", image: str = IMAGE, pool: Pool | None = None) -> None:
        self._host, self._image, self._pool = host, image, pool
        self._probed: Capabilities | None = None
        self._ids: Ids | None = None
        self._bounded: frozenset[str] | None = None
        self._elsewhere = False
        """Known once it has been tried: its containers are not ours to enter."""

    @property
    def name(self) -> str:
        return "docker"

    def probe(self) -> Capabilities:
        if self._probed is None and self._pool is not None:
            # A keeper that runs has tried it, and would lose a container to our trying.
            found = _docker_pool.probed(self._pool, self._engine(), self._image)
            if found is not None:
                self._probed, self._ids = found
        if self._probed is None:
            self._probed = self._try()
        return self._probed

    def _try(self) -> Capabilities:
        detail = ""
        enforces = _ENFORCES
        try:
            client = self.client()
            try:
                engine = _docker_engine.engine(client.version())
                detail = f"{engine.told()}, image {self._image}"
                info: dict[str, Any] = client.info()
                self._ids = _docker_ids.of(info)
                unlimited = _docker_engine.unlimited(info)
            finally:
                client.close()
            try:
                end = self._run_true(Network())
            except SetupError as error:
                if error.primitive not in {"setns", "proxy", "network"}:
                    raise
                end = self._run_true(None)
                enforces = _COPIES if self._elsewhere else _ENFORCES - {"network"}
                detail += ", sent a copy" if self._elsewhere else ""
        except SetupError as error:
            return Capabilities(
                backend=self.name, works=False, detail=detail, failed=str(error), fix=error.fix or str(error)
            )
        except Exception as error:  # noqa: BLE001 - probing never raises, and the SDK raises its transports' errors
            return Capabilities(
                backend=self.name,
                works=False,
                detail=detail,
                failed=str(told := _docker_engine.unanswered(error)),
                fix=told.fix,
            )
        if not engine.tells_limits and self._bounded is not None:
            unlimited |= frozenset({"memory", "processes"}) - self._bounded
        if unlimited:
            enforces -= unlimited
            primitive = (
                "cgroup v1"
                if self._ids is Ids.ROOTLESS and str(info.get("CgroupVersion")) == "1"
                else "cgroup"
            )
            cause = explain(primitive, 0, Readings(uid=os.geteuid()))
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
        with tempfile.TemporaryDirectory(prefix="execguard-probe-") as made, open(os.devnull, "r+b") as null:
            place = os.path.realpath(made)
            number = null.fileno()
            spec = SandboxSpec(argv=("true",), workspace=place, cwd=place, network=network)
            run = self.run(spec, Stdio(stdin=number, stdout=number, stderr=number))
        run.destroy()
        return run.end

    def run(self, spec: SandboxSpec, stdio: Stdio) -> DockerRun | CopyRun:
        if not self._elsewhere:
            _admit.refuse(spec, stdio, _ENFORCES)
            try:
                return self._run(spec, stdio)
            except _docker_handover.Elsewhere:
                self._elsewhere = True
        _admit.refuse(spec, stdio, _COPIES)
        return self._run_copy(spec, stdio)

    def _run(self, spec: SandboxSpec, stdio: Stdio) -> DockerRun:
        walls = _Walls(self.client, self._engine(), self._image, self._pool, uuid.uuid4().hex, self.ids())
        try:
            try:
                if spec.network is not None:
                    spec = walls.offer(spec, spec.network)
                walls.build(spec)
                self._bounded = walls.bounded
                end = walls.attend(spec, stdio)
                walls.end_proxy()
            except OSError as error:  # as all that the SDK raises about an engine that answers
                raise _docker_engine.refused(error) from error
        except BaseException:
            walls.remove()
            raise
        return DockerRun(walls, spec, end)

    def _run_copy(self, spec: SandboxSpec, stdio: Stdio) -> CopyRun:
        run = CopyRun(client := self.client(), spec, uuid.uuid4().hex)
        try:
            try:
                _docker_engine.require_volumes(_docker_engine.engine(client.version()))
                digest, labels = _image(client, self._image)
                like = os.stat(spec.workspace)
                owner = like.st_uid, like.st_gid
                run.start(_docker_container.kind(spec, digest, labels, owner), stdio)
            except OSError as error:
                raise _docker_engine.refused(error) from error
        except BaseException:
            run.destroy()
            raise
        return run

    def ids(self) -> Ids:
        """Whose users a container's are. Raises SetupError."""
        if self._ids is None:
            client = self.client()
            try:
                self._ids = _docker_ids.of(client.info())
            except OSError as error:
                raise _docker_engine.unanswered(error) from error
            finally:
                client.close()
        return self._ids

    def sweep(self) -> int:
        """Remove containers and volumes whose owner no longer runs. A keeper that runs does so by itself."""
        if self._pool is not None and any(map(_docker_pool.kept, _docker_pool.places(self._pool))):
            return 0
        import docker.errors  # noqa: PLC0415 - see run

        removed = 0
        client = self.client()
        try:
            for labels, forget in _owned(client):
                if _left(labels):
                    with contextlib.suppress(docker.errors.APIError):
                        forget()
                        removed += 1
        finally:
            client.close()
        return removed

    def left(self) -> int:
        """How much crashed runs left on the engine."""
        client = self.client()
        try:
            return sum(_left(labels) for labels, _ in _owned(client))
        finally:
            client.close()

    def _engine(self) -> str:
        return self._host or os.environ.get("DOCKER_HOST", "")

    def client(self) -> Any:
        """Of the SDK, to be closed. Raises SetupError."""
        try:
            import docker  # noqa: PLC0415 - see run
            import docker.errors  # noqa: PLC0415 - see run
        except ImportError as error:
            raise SetupError(
                "the Docker SDK is not installed",
                primitive="docker SDK",
                fix="pip install 'execguard[docker]'",
            ) from error
        host = self._engine()
        try:
            if host:
                return docker.DockerClient(base_url=host, timeout=_TIMEOUT_S)
            return docker.from_env(timeout=_TIMEOUT_S)
        except docker.errors.DockerException as error:
            raise _docker_engine.unanswered(error) from error


def _owned(client: Any) -> list[tuple[dict[str, str], Any]]:
    """The labels of everything here that is the guard's, and what removes it; containers before what they stand on."""
    containers = client.containers.list(all=True, ignore_removed=True, filters={"label": OWNER})
    volumes = client.volumes.list(filters={"label": OWNER})
    return [
        *((one.labels, lambda one=one: one.remove(force=True, v=True)) for one in containers),
        *((one.attrs.get("Labels") or {}, lambda one=one: one.remove(force=True)) for one in volumes),
    ]


def _left(labels: dict[str, str]) -> bool:
    """Whether nobody who lives owns it. A container that was taken from a pool is its taker's."""
    dead = fate(labels.get(OWNER, "")) is Fate.DEAD
    return dead and not (POOL in labels and _docker_pool.holds(labels[POOL], labels.get(NONCE, "")))


def _image(client: Any, name: str) -> tuple[str, dict[str, str]]:
    """Digest and labels. Raises SetupError."""
    import docker.errors  # noqa: PLC0415 - the SDK costs 100 ms

    try:
        image = client.images.get(name)
    except docker.errors.ImageNotFound:
        raise SetupError(
            f"the engine has no image `{name}`", primitive="image", fix="python -m sandbox.images.build"
        ) from None
    return str(image.id), image.labels or {}


def _remove(client: Any, container: str) -> None:
    import docker.errors  # noqa: PLC0415 - the SDK costs 100 ms

    with contextlib.suppress(docker.errors.NotFound):
        client.api.remove_container(container, force=True, v=True)


class _Walls:
    """Everything one run has on the engine, and its removal."""

    def __init__(
        self, connect: Callable[[], Any], host: str, image: str, pool: Pool | None, run: str, ids: Ids
    ) -> None:
        self._connect, self._connected = connect, None
        self._host, self._image, self._pool, self._nonce, self._ids = host, image, pool, run, ids
        self._labels = {OWNER: identity(os.getpid()), RUN: run[:16]}
        self._container = ""
        self._kind: Kind | None = None
        self._taken: Taken | None = None
        self._waiting: _docker_handover.Waiting | None = None
        self._users = Users(inside=(0, 0), outside=(0, 0))
        self._killings: _docker_memory.Killings | None = None
        self.bounded: frozenset[str] | None = None
        """Limits of memory and processes that stand, where it was looked."""
        self._proxy: Proxy | None = None
        self._many_files = False
        self.upper = -1
        self.connections = Connections()

    @property
    def _client(self) -> Any:
        """Only where one is needed: the SDK costs more than a hand-over."""
        if self._connected is None:
            self._connected = self._connect()
        return self._connected

    def _on_socket(self) -> bool:
        return self._pool is not None and self._host.startswith("unix://")

    def offer(self, spec: SandboxSpec, network: Network) -> SandboxSpec:
        """Start the proxy; returns the spec that tells the command of it."""
        self._proxy = Proxy(network)
        return replace(spec, env=self._proxy.environment(spec.env))

    def end_proxy(self) -> None:
        if self._proxy is not None:
            self.connections = self._proxy.finish()

    def build(self, spec: SandboxSpec) -> None:
        """A container that waits, with everything in it that the command is to see."""
        # Without the SDK, where all that is to be known is which image it is today.
        short = (
            _docker_wire.image(self._host.removeprefix("unix://"), self._image) if self._on_socket() else None
        )
        digest, tags = short or _image(self._client, self._image)
        self._users = _docker_ids.users(self._ids, os.stat(spec.workspace))
        kind = _docker_container.kind(spec, digest, tags, self._users.inside)
        self._kind = kind
        if self._pool is not None and self._pool.size and (taken := _docker_pool.take(self._pool, kind)):
            self._taken, self._container, self._waiting = taken, taken.container, taken.waiting
            reached(DockerPoint.TAKEN)
        else:
            self._waiting = self._start(kind, spec.label)
        self._killings = _docker_memory.Killings(self._waiting.pid)
        if self._ids is Ids.ROOTLESS:
            self.bounded = _docker_memory.bounded(self._waiting.pid, kind.memory_bytes, kind.processes)
        reached(DockerPoint.FOUND)
        _docker_ids.check(self._waiting.pid, self._users)
        if self._proxy is not None:
            # Whoever answers in the container's network does so before the command starts.
            self._proxy.serve(_netns.listeners(self._waiting.pid, self._proxy.ports))
            reached(DockerPoint.LISTENING)

    def _start(self, kind: Kind, label: str) -> _docker_handover.Waiting:
        labels = self._labels | ({"execguard.label": label} if label else {})
        made = _docker_container.create(
            self._client, kind, name=f"execguard-{self._nonce[:16]}", nonce=self._nonce, labels=labels
        )
        self._container = str(made.id)
        reached(DockerPoint.CREATED)
        made.start()
        reached(DockerPoint.STARTED)
        made.reload()
        pid = int(made.attrs["State"]["Pid"])
        if not pid:  # as if it were elsewhere, and it is nowhere
            raise SetupError(
                "the container ended before it had its command",
                primitive="hand-over",
                fix="see what `docker events` says about it, and try again",
            )
        return _docker_handover.Waiting(pid, self._nonce)

    def attend(self, spec: SandboxSpec, stdio: Stdio) -> End:
        """Hand the command over, carry its streams, and say how it ended."""
        assert self._waiting is not None
        order = _docker_container.order(spec)
        plan = _terminal.plan(stdio.stdin, stdio.stdout, stdio.stderr)
        also = _signals.JOB_CONTROL[1:] if plan is not None else ()
        with _signals.arriving(also) as arrived:
            handed = _docker_handover.into(self._waiting, spec, self._users.inside, terminal=plan is not None)
            self.upper = handed.upper
            reached(DockerPoint.HANDED)
            channel = _docker_channel.Channel(self._waiting, handed, stdio, spec.limits, self._users.outside)
            with contextlib.closing(channel):
                channel.tell(order)
                reached(DockerPoint.TOLD)
                early = channel.carry(arrived, lambda: self._over(spec.limits))
                end = self._ended(spec, early)
                reached(DockerPoint.ENDED)
                return end if channel.drain(arrived) else LimitHit(limit="output")

    def _ended(self, spec: SandboxSpec, early: End | None) -> End:
        """Everybody inside ends with the first process, which we watch ourselves: an engine can be killed."""
        assert self._waiting is not None
        assert self._killings is not None
        killed = self._killings.seen()
        if early is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._waiting.handle, signal.SIGKILL)
            if not self._waiting.ended(_END_S):
                raise SandboxError("the container cannot be ended: its changes are dropped")
        if early is not None:
            return early
        if (own := self._waiting.status()) == 0:
            return Exited(status=0)
        status, out_of_memory = self._told(own)
        if out_of_memory or killed:
            return LimitHit(limit="memory")
        if own is None and status == _KILLED:
            # Or the command ended so: an engine says no more, and half of a run is not a whole one.
            own = -signal.SIGKILL
        # Nobody inside can end the first process by a signal: not the command was killed, but the sandbox.
        if own is not None and own < 0:
            return Interrupted(signal=-own)
        return self._end(status, spec) if status else Exited(status=0)

    def _told(self, own: int | None) -> tuple[int, bool]:
        """What the engine says of the end, and whether memory was the reason. ``own``: what we know without it."""
        try:
            container = self._client.containers.get(self._container)
            status = int(container.wait()["StatusCode"])
            container.reload()
            return status, bool(container.attrs["State"].get("OOMKilled"))
        except (OSError, SetupError):  # it was killed too
            if own is None:
                raise
            return own, False

    def _over(self, limits: Limits) -> str:
        """The kernel refuses the process or the file; that this ends the run is our doing."""
        assert self._waiting is not None
        proc = f"/proc/{self._waiting.pid}/root/proc"
        try:
            usage, buried = _usage.measure(proc), _usage.buried_cpu_s(proc)
        except OSError:  # it ended meanwhile
            return ""
        if limits.processes is not None and usage.tasks >= limits.processes:
            return "processes"
        if limits.cpu_s is not None and usage.cpu_s + buried >= limits.cpu_s + 1:
            return "cpu"
        self._many_files = self._many_files or (
            limits.open_files is not None and usage.files >= limits.open_files
        )
        return ""

    def _end(self, status: int, spec: SandboxSpec) -> End:
        if spec.limits.cpu_s is not None and status == 128 + signal.SIGXCPU:
            return LimitHit(limit="cpu")
        if self._many_files:
            return LimitHit(limit="open-files")
        quota = os.fstatvfs(self.upper)
        if quota.f_bfree == 0 or status == 128 + signal.SIGXFSZ:
            return LimitHit(limit="disk")
        full = quota.f_ffree <= _docker_handover.OWN_INODES
        return LimitHit(limit="inodes") if full else Exited(status=status)

    def remove(self) -> None:
        """Take everything off the engine. May be called twice."""
        self.end_proxy()
        if self.upper >= 0:
            os.close(self.upper)
            self.upper = -1
        container, self._container = self._container, ""
        try:
            if container and not self._left_to_keeper():
                # An engine that has died meanwhile takes nothing from a run that has ended: what it still has bears
                # our name, and the next start removes it.
                with contextlib.suppress(OSError, SetupError):
                    _remove(self._client, container)
            reached(DockerPoint.REMOVED)
        finally:
            if self._waiting is not None:
                self._waiting.close()
            if self._killings is not None:
                self._killings.close()
            if self._connected is not None:
                self._connected.close()

    def _left_to_keeper(self) -> bool:
        """Only now, when nobody waits for us any more, the pool is filled again."""
        if self._pool is None or self._kind is None:
            return False
        if not self._pool.size:
            _docker_pool.end_all(self._pool)
            return False
        if self._taken is not None:
            left = self._taken.throw_away(self._pool.size)
        else:
            left = False
            if _docker_pool.wake(f"{self._pool.directory}/{self._kind.key()}", self._pool.size):
                return False
        if not left:
            _docker_pool.start(self._pool, self._host, self._image, self._kind)
        return left
