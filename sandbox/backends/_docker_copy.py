"""A run on an engine that sees none of our files: the workspace is sent to a fresh volume and what became of it is read back.

Two containers: the command's, and one that only holds the volume, a tmpfs of bounded size, while nobody runs.
"""

import contextlib
import os
import signal
import socket
import tempfile
import time
from collections.abc import Iterable
from typing import Any, BinaryIO, cast

from sandbox.backends import _docker_container, _signals
from sandbox.backends._docker_container import Kind
from sandbox.backends._docker_owner import OWNER, RUN, identity
from sandbox.backends._docker_points import DockerPoint, reached
from sandbox.backends._docker_stream import Carrier
from sandbox.backends._docker_tar import Packed, pack, unpack
from sandbox.changes import Changes
from sandbox.errors import ChangesError
from sandbox.result import Connections, End, Exited, LimitHit
from sandbox.spec import Limits, SandboxSpec, Stdio

_TOP = "layer"
_LOOK_S = 0.5


class CopyRun:
    """One run. ``destroy`` must be called."""

    def __init__(self, client: Any, spec: SandboxSpec, nonce: str) -> None:
        self._client, self._spec, self._nonce = client, spec, nonce
        self._labels = {OWNER: identity(os.getpid()), RUN: nonce[:16]}
        if spec.label:
            self._labels["execguard.label"] = spec.label
        self._containers: list[Any] = []
        self._volumes: list[Any] = []
        self._sent = Packed()
        self._spools: list[BinaryIO] = []
        self._looked = 0.0
        self._destroyed = False
        self._end: End = Exited(status=0)

    @property
    def end(self) -> End:
        return self._end

    def connections(self) -> Connections:
        return Connections()

    def written(self, cache: int) -> int:
        del cache
        return -1

    def start(self, kind: Kind, stdio: Stdio) -> None:
        """Send the workspace, run the command to its end. The SDK raises what it raises."""
        from docker.types import Mount  # noqa: PLC0415 - the SDK costs 100 ms

        spec = self._spec
        like = os.stat(spec.workspace)
        # Enough for what is sent, and then what the command may write.
        with tempfile.TemporaryFile() as tar:
            masked = frozenset(os.path.relpath(path, spec.workspace) for path in spec.masked)
            self._sent = pack(spec.workspace, masked, tar)
            room = spec.limits.disk_bytes + sum(node.size for node in self._sent.nodes.values())
            inodes = spec.limits.inodes + len(self._sent.nodes) + 16
            options = f"mode={like.st_mode & 0o7777:o},uid={like.st_uid},gid={like.st_gid},size={room},nr_inodes={inodes}"
            volume = self._client.volumes.create(
                f"execguard-{self._nonce[:16]}",
                driver="local",
                driver_opts={"type": "tmpfs", "device": "tmpfs", "o": options},
                labels=self._labels,
            )
            self._volumes.append(volume)
            held = Mount(f"/{_TOP}", volume.name, type="volume", no_copy=True)
            holder = self._make(kind, "-holder", (held,), {})
            holder.start()
            tar.seek(0)
            holder.put_archive(f"/{_TOP}", tar)
            reached(DockerPoint.SENT)
        seen = Mount(spec.workspace, volume.name, type="volume", no_copy=True)
        scratch = f"rw,exec,nosuid,nodev,size={spec.limits.disk_bytes},uid={kind.user[0]},gid={kind.user[1]}"
        tmpfs = {"/tmp": f"{scratch},mode=1777", spec.home: f"{scratch},mode=0700"}  # noqa: S108 - the sandbox's own
        runner = self._make(kind, "", (seen,), tmpfs)
        self._end = self._attend(runner, stdio)
        reached(DockerPoint.RETURNED)
        runner.remove(force=True, v=True)
        self._containers.remove(runner)

    def _make(self, kind: Kind, suffix: str, mounts: tuple[Any, ...], tmpfs: dict[str, str]) -> Any:
        made = _docker_container.create(
            self._client,
            kind,
            name=f"execguard-{self._nonce[:16]}{suffix}",
            nonce=self._nonce,
            labels=self._labels,
            mounts=mounts,
            tmpfs=tmpfs,
        )
        self._containers.append(made)
        return made

    def _attend(self, runner: Any, stdio: Stdio) -> End:
        stream = self._client.api.attach_socket(
            runner.id, {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        )
        attached = getattr(stream, "_sock", stream)
        try:
            with _signals.arriving() as arrived:
                runner.start()
                attached.sendall(_docker_container.order(self._spec))
                limits = self._spec.limits
                early = Carrier(attached, stdio, limits, arrived, lambda: self._over(runner, limits)).carry()
            if early is not None:
                # An engine that waits for us to read a flood does not hear that it is to end it.
                with contextlib.suppress(OSError):
                    attached.shutdown(socket.SHUT_RDWR)
                with contextlib.suppress(OSError):  # the SDK's: it ended by itself meanwhile
                    runner.kill()
        finally:
            # The SDK hands out a file over the socket of a response, and the response holds it open too.
            if (response := getattr(stream, "_response", None)) is not None:
                response.close()
            attached.close()
        status = int(runner.wait()["StatusCode"])
        if early is not None or status == 0:
            return early or Exited(status=0)
        runner.reload()
        if runner.attrs["State"].get("OOMKilled"):
            return LimitHit(limit="memory")
        if self._spec.limits.cpu_s is not None and status == 128 + signal.SIGXCPU:
            return LimitHit(limit="cpu")
        return self._full(status)

    def _full(self, status: int) -> End:
        """Whether there is room for one more file, and for one more byte."""
        if status == 128 + signal.SIGXFSZ:
            return LimitHit(limit="disk")
        holder = self._containers[0]
        found = holder.exec_run(["stat", "-f", "-c", "%f %d", f"/{_TOP}"])
        words: list[bytes] = bytes(found.output).split() if found.exit_code == 0 else []
        if len(words) == 2 and words[0] == b"0":
            return LimitHit(limit="disk")
        return LimitHit(limit="inodes") if len(words) == 2 and words[1] == b"0" else Exited(status=status)

    def _over(self, runner: Any, limits: Limits) -> str:
        """The engine refuses the process; that this ends the run is our doing."""
        if time.monotonic() < self._looked + _LOOK_S:
            return ""
        self._looked = time.monotonic()
        try:
            told: dict[str, dict[str, Any]] = self._client.api.stats(runner.id, stream=False, one_shot=True)
        except OSError:  # the SDK's: it ended meanwhile
            return ""
        tasks = int(told["pids_stats"].get("current", 0))
        used = int(told["cpu_stats"]["cpu_usage"].get("total_usage", 0))
        if limits.processes is not None and tasks > limits.processes:
            return "processes"
        return "cpu" if limits.cpu_s is not None and used / 1e9 >= limits.cpu_s + 1 else ""

    def changes(self) -> Changes:
        if self._destroyed:
            raise ChangesError("the run is destroyed")
        most = self._spec.limits.disk_bytes + sum(node.size for node in self._sent.nodes.values())
        try:
            chunks, _ = self._containers[0].get_archive(f"/{_TOP}", chunk_size=1 << 20)
        except OSError as error:
            raise ChangesError(f"the engine does not send the workspace back: {error}") from error
        return unpack(cast("BinaryIO", _Stream(chunks)), _TOP, self._sent, most, self._spool())

    def _spool(self) -> BinaryIO:
        self._spools.append(tempfile.TemporaryFile())  # noqa: SIM115 - closed with the run
        return self._spools[-1]

    def destroy(self) -> None:
        """Take everything off the engine. May be called twice."""
        self._destroyed = True
        for spool in self._spools:
            spool.close()
        for container in reversed(self._containers):
            # The SDK's, of an engine that has died or does not know it: the next start removes what there is.
            with contextlib.suppress(OSError):
                container.remove(force=True, v=True)
        for volume in reversed(self._volumes):
            with contextlib.suppress(OSError):
                volume.remove(force=True)
        self._containers, self._volumes = [], []
        self._client.close()


class _Stream:
    """Pieces of bytes as a file that is read once."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks, self._kept = iter(chunks), b""

    def read(self, size: int) -> bytes:
        while len(self._kept) < size and (chunk := next(self._chunks, b"")):
            self._kept += chunk
        data, self._kept = self._kept[:size], self._kept[size:]
        return data
