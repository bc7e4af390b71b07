"""Landlock as a backend, where there are no namespaces: a weaker wall around a copy of the workspace.

Nothing but the copy, a home and a directory for temporary files can be written to; of the machine only
what ``local`` shows can be read; no socket reaches anybody. What it does not hold, and does not claim:
the permissions, owner and times of files outside that belong to the same user; who else runs here and
what their command lines say; /tmp and /dev/shm under their own names; the size of the disk but by
looking; survivors of a killed watcher. As root the command gets a user id of its own, to which nothing
outside belongs.
"""

import contextlib
import os
import shutil
import signal
import tempfile
from dataclasses import replace

from sandbox.backends import (
    _admit,
    _attend,
    _command,
    _copied_caches,
    _copy,
    _init,
    _keeper,
    _kernel,
    _landlock,
    _landlock_alone,
    _narrower,
    _probe,
    _seccomp,
    _strangers,
    _terminal,
    _visible,
    _watch,
)
from sandbox.backends._streams import Streams
from sandbox.changes import Changes
from sandbox.environment import inside
from sandbox.errors import ChangesError, SetupError
from sandbox.faults import Point, reached
from sandbox.leftovers import BASES, PREFIX
from sandbox.result import Capabilities, Connections, End
from sandbox.spec import Limits, SandboxSpec, Stdio

_ENFORCES: frozenset[str] = frozenset(
    "landlock seccomp net cow memory processes cpu open-files output wall hidden caches terminal".split()
)
_MARK = "EXECGUARD_RUN"
_SURE = 5
"""Looks in a row without anybody, before we believe that nobody of a run is left."""
_DEVICES = tuple(f"/dev/{name}" for name in _visible.DEVICES)


class LandlockRun:
    """A finished run; its directory still exists."""

    def __init__(
        self,
        spec: SandboxSpec,
        end: End,
        place: str,
        start: _copy.CopyStart,
        caches: list[dict[str, tuple[int, int, int, int]]],
    ) -> None:
        self._spec, self._end, self._place, self._start, self._caches = spec, end, place, start, caches
        self._tree = os.open(f"{place}/ws", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)

    @property
    def end(self) -> End:
        return self._end

    def changes(self) -> Changes:
        from sandbox.trees import read  # noqa: PLC0415 - hashing is not needed to start a command

        if self._tree < 0:
            raise ChangesError("the run is destroyed")
        return read(self._tree, self._spec.workspace, self._start, hidden=frozenset(self._start.hidden))

    def connections(self) -> Connections:
        return Connections()

    def written(self, cache: int) -> int:
        if self._tree < 0:
            return -1
        owner = _init.owner_of(self._spec.workspace, privileged=True) if os.geteuid() == 0 else None
        path = os.path.relpath(self._spec.caches[cache].path, self._spec.home)
        return _copied_caches.written(self._place, path, self._caches[cache], owner)

    def destroy(self) -> None:
        tree, self._tree = self._tree, -1
        if tree >= 0:
            os.close(tree)
            _remove(self._place)

    def __del__(self) -> None:
        self.destroy()


class LandlockBackend:
    def __init__(self, *, max_bytes: int = 2 << 30, max_entries: int = 200_000) -> None:
        """How much of a workspace is copied at most."""
        self._max_bytes, self._max_entries = max_bytes, max_entries
        self._probed: Capabilities | None = None

    @property
    def name(self) -> str:
        return "landlock"

    def probe(self) -> Capabilities:
        """Run ``true`` in the walls, once per process."""
        if self._probed is None:
            self._probed = self._try()
        return self._probed

    def _try(self) -> Capabilities:
        detail = f"Linux {os.uname().release}, landlock {_landlock.abi()}"
        try:
            # As that of a run, so that ``sweep`` finds it after a crash.
            place = tempfile.mkdtemp(prefix=_prefix(), dir=os.path.realpath(BASES[-1]))
            reached(Point.COPY_PLACED)
        except OSError as error:
            return Capabilities(
                backend=self.name, works=False, detail=detail, failed=str(error), fix="mkdir -m 1777 /tmp"
            )
        try:
            return _probe.tried(
                self.name,
                self.run,
                _ENFORCES,
                detail=detail,
                workspace=os.path.realpath(place),
            )
        finally:
            os.rmdir(place)

    def run(self, spec: SandboxSpec, stdio: Stdio) -> LandlockRun:
        _admit.refuse(spec, stdio, _ENFORCES)
        _refuse_old()
        identity = _strangers.identity() if os.geteuid() == 0 else None
        place = _make_place(spec.workspace, identity)
        try:
            start = self._copy(spec, place, identity)
            caches = _copied_caches.fill(spec, place, identity) if spec.caches else []
            reached(Point.COPY_FILLED)
            end = _run(spec, stdio, place, identity)
            return LandlockRun(spec, end, place, start, caches)
        except BaseException:
            _remove(place)
            raise

    def _copy(self, spec: SandboxSpec, place: str, identity: tuple[int, int] | None) -> _copy.CopyStart:
        return _copy.Copier(
            workspace=spec.workspace,
            target=f"{place}/ws",
            owner=identity,
            masked=frozenset(os.path.relpath(path, spec.workspace) for path in spec.masked),
            max_bytes=self._max_bytes,
            max_entries=self._max_entries,
        ).copy()

    def sweep(self) -> int:
        """Remove the directories of crashed runs, and end whoever still works in one."""
        removed = 0
        for base in BASES:
            with contextlib.suppress(OSError), os.scandir(base) as entries:
                for entry in entries:
                    if entry.name.startswith(PREFIX) and _is_left(entry):
                        _strangers.end_marked(_MARK, entry.path, quiet=_SURE)
                        _remove(entry.path)
                        removed += 1
        return removed


def _refuse_old() -> None:
    version = _landlock.abi()
    if version >= _landlock_alone.OLDEST:
        return
    if version == 0:
        raise SetupError("no Landlock", primitive="landlock", code=_landlock_alone.why_none()).explained()
    raise SetupError(
        f"Landlock of this kernel is version {version}, which does not hold truncation",
        primitive="landlock",
        fix="run Linux 6.2 or newer",
    )


def _prefix() -> str:
    """By which everybody sees whose it is."""
    return f"{PREFIX}{_strangers.process(os.getpid())}-"


def _make_place(workspace: str, identity: tuple[int, int] | None) -> str:
    base = next(
        (path for path in BASES if os.path.isdir(path) and not _admit.below(path + "/x", workspace)), ""
    )
    if not base:
        raise SetupError(
            f"no place for a copy of `{workspace}` outside of it",
            primitive="copy",
            fix="mkdir -m 1777 /var/tmp",
        )
    try:
        place = tempfile.mkdtemp(prefix=_prefix(), dir=os.path.realpath(base))
        for name in ("ws", "home", "scratch"):
            os.mkdir(f"{place}/{name}", 0o700)
    except OSError as error:
        raise SetupError(
            f"no place for a copy of `{workspace}` in {base}: {(error.strerror or str(error)).lower()}",
            primitive="copy",
            fix=f"make room in {base}",
        ) from error
    if identity is not None:
        for name in ("", "/home", "/scratch"):
            os.chown(place + name, *identity)
    reached(Point.COPY_PLACED)
    return place


def _is_left(entry: "os.DirEntry[str]") -> bool:
    """Ours, and made by a process that no longer runs."""
    owner = "-".join(entry.name.removeprefix(PREFIX).split("-")[:2])
    mine = os.geteuid() in (0, entry.stat(follow_symlinks=False).st_uid)
    return mine and entry.is_dir(follow_symlinks=False) and not _strangers.runs(owner)


def _remove(place: str) -> None:
    """All of it, whatever permissions the command took away; nothing of the directory it lies in, which is everybody's."""
    seen: set[str] = set()

    def unlock(_function: object, path: str, _error: object) -> None:
        if path in seen or path == place:
            return
        seen.add(path)
        with contextlib.suppress(OSError):
            os.chmod(os.path.dirname(path), 0o700)
            if os.path.isdir(path) and not os.path.islink(path):
                os.chmod(path, 0o700)
                shutil.rmtree(path, onerror=unlock)
            else:
                os.unlink(path)

    with contextlib.suppress(OSError):
        if os.path.isdir(place) and not os.path.islink(place):
            os.chmod(place, 0o700)
    shutil.rmtree(place, onerror=unlock)
    shutil.rmtree(place, ignore_errors=True)
    reached(Point.COPY_REMOVED)


def _run(spec: SandboxSpec, stdio: Stdio, place: str, identity: tuple[int, int] | None) -> End:
    cwd = place + "/ws" + spec.cwd.removeprefix(spec.workspace)
    environment = inside(spec.env, home=f"{place}/home", cwd=cwd)
    environment |= {"TMPDIR": f"{place}/scratch", _MARK: place}
    moved = replace(spec, workspace=f"{place}/ws", cwd=cwd, limits=_bounded(spec.limits, identity))
    readable = _readable(spec)

    def first(streams: Streams, channel: int, caller: int) -> None:
        _keep(moved, streams, channel, caller, place, environment, readable, identity, spec.limits)

    def afterwards(killed: bool) -> None:
        # Nobody, unless our watcher was killed.
        _strangers.end_marked(_MARK, place, quiet=_SURE if killed else 1)
        reached(Point.KEEPER_BURIED)

    end, _nothing = _attend.launch(first, spec.limits, stdio, afterwards=afterwards)
    return end


def _bounded(limits: Limits, identity: tuple[int, int] | None) -> Limits:
    """The kernel counts all processes of a user, so those that are there already are added."""
    if limits.processes is None or identity is not None:
        return limits
    return replace(limits, processes=limits.processes + _strangers.tasks_of(os.getuid()))


def _readable(spec: SandboxSpec) -> tuple[str, ...]:
    paths = ["/usr", "/proc", *(f"/{name}" for name in _visible.TOP_LEVEL)]
    paths += [f"/etc/{name}" for name in (*_visible.ETC_FILES, *_visible.ETC_TREES, "passwd", "group")]
    paths += spec.read_only
    if not spec.masked:
        # Its bytes are in the copy anyway, and programs of a virtual environment name each other by path.
        paths.append(spec.workspace)
    return tuple(paths)


def _keep(
    spec: SandboxSpec,
    streams: Streams,
    channel: int,
    caller: int,
    place: str,
    environment: dict[str, str],
    readable: tuple[str, ...],
    identity: tuple[int, int] | None,
    limits: Limits,
) -> None:
    """In the first child: start the command and watch it. Never returns."""
    try:
        reached(Point.KEEPER_BORN)
        terminal = streams.plan
        for number in _init.IGNORED:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if terminal is None:
            os.setsid()
        _init.arrange(streams.given, channel)
        if os.getppid() != caller:
            os._exit(1)
        _kernel.adopt_orphans()
        _kernel.hide_memory()
        reached(Point.KEEPER_BOUND)
        filters = (
            _narrower.program(_narrower.OF_THE_MACHINE, alone=True),
            _seccomp.program(),
        )
        if terminal is not None:
            other_end = _terminal.make(terminal, identity or (os.geteuid(), os.getegid()))
            _kernel.send(_init.CHANNEL, _init.TERMINAL, other_end)
            os.close(other_end)
            reached(Point.TERMINAL_MADE)
        everybody = _keeper.Descendants(place, limits)
        report, told = os.pipe2(os.O_CLOEXEC)
        command = os.fork()
        if command == 0:
            _become(spec, told, place, environment, readable, identity, filters, terminal)
        reached(Point.KEPT_FORKED)
        os.close(told)
        problem = os.read(report, 4096)  # empty when execve closed the other end
        os.close(report)
        if problem:
            raise SetupError(  # noqa: TRY301 - the handler below tells the caller
                f"cannot confine the command: {problem.decode(errors='replace')}", primitive="confine"
            )
        if terminal is not None:
            _terminal.let_go()
        os.write(_init.CHANNEL, _init.STARTED)
        reached(Point.KEPT_STARTED)
        end = _watch.until_end(
            command,
            _init.CHANNEL,
            everybody,
            limits,
            terminal=terminal is not None,
        )
        reached(Point.KEPT_ENDED)
        os.write(_init.CHANNEL, _init.encode_end(end))
    except BaseException as error:  # noqa: BLE001 - a forked child must never run its parent's code
        with contextlib.suppress(OSError):
            _keeper.end_everybody()
        _init.fail(_init.CHANNEL, error)
    os._exit(0)


def _become(
    spec: SandboxSpec,
    told: int,
    place: str,
    environment: dict[str, str],
    readable: tuple[str, ...],
    identity: tuple[int, int] | None,
    filters: tuple[bytes, ...],
    terminal: _terminal.Plan | None,
) -> None:
    watcher = os.getppid()
    try:
        reached(Point.KEPT_BORN)
        os.dup2(told, _command.REPORT, inheritable=False)
        _command.step_down(spec.limits, identity, terminal, capable=os.geteuid() == 0)
        _kernel.die_with_parent()
        if os.getppid() != watcher:
            os._exit(1)
        os.chdir(spec.cwd)
        own = (os.ttyname(terminal.numbers[-1]),) if terminal is not None else ()
        _landlock_alone.restrict(
            writable=(f"{place}/ws", f"{place}/home", f"{place}/scratch"),
            readable=readable,
            devices=(*_DEVICES, *own),
            hidden=spec.hidden,
        )
        _kernel.close_from(_command.REPORT + 1)
        for program in filters:
            _kernel.install_filter(program)
        reached(Point.KEPT_CONFINED)
        _command.execute(spec.argv, environment)
    except BaseException as error:  # noqa: BLE001 - see _keep
        os.write(_command.REPORT, f"{error!r}".encode(errors="replace"))
    os._exit(1)
