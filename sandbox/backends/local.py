"""The embedded backend: namespaces, overlayfs on a bounded tmpfs, seccomp, Landlock. No daemon, no root.

The writable layer lives in a tmpfs that only the namespace and one descriptor of ours hold: when the
run is destroyed, or this process is killed, the kernel frees it. Nothing is ever left on disk.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO

from sandbox.backends import _admit, _attend, _caches, _init, _landlock, _probe, _seccomp
from sandbox.backends._streams import Streams
from sandbox.changes import Changes
from sandbox.errors import ChangesError, SetupError
from sandbox.proxy.attend import Proxy
from sandbox.result import Capabilities, Connections, End
from sandbox.spec import SandboxSpec, Stdio

_ENFORCES: frozenset[str] = frozenset(
    (
        "user mount pid net network ipc uts cgroup seccomp cow memory processes cpu open-files disk inodes output wall"
        " hidden noexec direct places caches terminal"
    ).split()
)


def enforced() -> frozenset[str]:
    """What these walls hold on this kernel."""
    return _ENFORCES | frozenset(("landlock",) if _landlock.abi() >= 2 else ())


class LocalRun:
    """A finished run; ``upper`` keeps its writable layer alive."""

    def __init__(self, spec: SandboxSpec, end: End, upper: int) -> None:
        self._spec, self._end, self._upper = spec, end, upper
        self._connections = Connections()

    @property
    def end(self) -> End:
        return self._end

    def changes(self) -> Changes:
        from sandbox.layer import read  # noqa: PLC0415 - hashing is not needed to start a command

        if self._upper < 0:
            raise ChangesError("the run is destroyed")
        if self._spec.direct is not None:
            return Changes(entries=(), open_after=_nothing)
        return read(self._upper, self._spec.workspace)

    def connections(self) -> Connections:
        return self._connections

    def met(self, connections: Connections) -> None:
        self._connections = connections

    def written(self, cache: int) -> int:
        path = os.path.relpath(self._spec.caches[cache].path, self._spec.home)
        return _caches.written(self._upper, cache, path) if self._upper >= 0 else -1

    def destroy(self) -> None:
        upper, self._upper = self._upper, -1
        if upper >= 0:
            os.close(upper)

    def __del__(self) -> None:
        self.destroy()


def _nothing(path: str) -> BinaryIO:
    raise ChangesError(f"nothing was copied, so there is no new `{path}`")


class LocalBackend:
    def __init__(self, *, lent: Callable[[], None] | None = None) -> None:
        """``lent``: enters a user namespace to be used instead of one of our own; see ``_lend``."""
        self._lent = lent
        self._probed: Capabilities | None = None

    @property
    def name(self) -> str:
        return "local"

    def probe(self) -> Capabilities:
        """Run ``true`` in the walls, once per process."""
        if self._probed is None:
            self._probed = self._try()
        return self._probed

    def _try(self) -> Capabilities:
        return _probe.tried(
            self.name, self.run, enforced(), detail=f"Linux {os.uname().release}, landlock {_landlock.abi()}"
        )

    def run(self, spec: SandboxSpec, stdio: Stdio) -> LocalRun:
        _admit.refuse(spec, stdio, _ENFORCES)
        if spec.direct is not None:
            from sandbox.backends import _absent  # noqa: PLC0415 - few runs are

            if os.stat(spec.workspace).st_uid == 0:
                raise SetupError(
                    f"`{spec.workspace}` belongs to root: a program that is written there with the setuid bit is root's",
                    primitive="direct",
                    fix="give the workspace to an ordinary user (chown -R), or use a copied one",
                )
            with _absent.held(spec.workspace, spec.direct.protected) as protected:
                return self._with_network(
                    replace(spec, direct=replace(spec.direct, protected=protected)), stdio
                )
        return self._with_network(spec, stdio)

    def _with_network(self, spec: SandboxSpec, stdio: Stdio) -> LocalRun:
        if spec.network is None:
            return self._run(spec, stdio, None)
        proxy = Proxy(spec.network)
        try:
            run = self._run(replace(spec, env=proxy.environment(spec.env)), stdio, proxy)
        finally:
            connections = proxy.finish()
        run.met(connections)
        return run

    def _run(self, spec: SandboxSpec, stdio: Stdio, proxy: Proxy | None) -> LocalRun:
        _seccomp.program()  # once for every run of this process

        def first(streams: Streams, channel: int, caller: int) -> None:
            _init.enter(spec, streams.given, channel, caller, streams.plan, self._lent)

        # Its death is that of pid 1 of the namespace, and so of everything in it.
        end, upper = _attend.launch(
            first, spec.limits, stdio, answers=lambda child, channel: _answer(child, channel, proxy)
        )
        return LocalRun(spec, end, upper)

    def sweep(self) -> int:
        """Nothing survives a crash: every mount and process lives in a namespace that died with us."""
        return 0


def _answer(child: int, channel: int, proxy: Proxy | None) -> Callable[[bytes, int], bool]:
    """What the first process asks for while it builds."""
    listeners: list[int] = []

    def answer(kind: bytes, descriptor: int) -> bool:
        match kind:
            case _init.MAPS:
                _init.map_everyone(child)
                os.write(channel, _init.MAPS)
            case _init.LISTENING if proxy is not None:
                listeners.append(descriptor)
                if len(listeners) == len(proxy.ports):
                    proxy.serve(listeners)
                    os.write(channel, _init.LISTENING)
            case _:
                return False
        return True

    return answer
