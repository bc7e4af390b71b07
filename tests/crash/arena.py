"""A place where guards are run and killed: a process that adopts whoever is left, so that nobody gets away unseen.

A point holds its process still until the arena has killed whom it wants; it says so in memory that all of them share.
"""

import contextlib
import ctypes
import mmap
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import guard.faults
import sandbox.faults
from guard.cli import main
from sandbox.backends import _kernel

Point = guard.faults.Point | sandbox.faults.Point
POINTS: tuple[Point, ...] = (*guard.faults.Point, *sandbox.faults.Point)
_INDEX = {point: number for number, point in enumerate(POINTS)}
_BORN = {
    guard.faults.Point.WATCHER_BORN: b"gx-watcher",
    guard.faults.Point.DOORKEEPER_BORN: b"gx-doorkeeper",
    sandbox.faults.Point.LAUNCHER_BORN: b"gx-launcher",
    sandbox.faults.Point.INIT_BORN: b"gx-init",
    sandbox.faults.Point.COMMAND_BORN: b"gx-command",
    sandbox.faults.Point.REMOVER_BORN: b"gx-remover",
    sandbox.faults.Point.KEEPER_BORN: b"gx-keeper",
    sandbox.faults.Point.KEPT_BORN: b"gx-kept",
    sandbox.faults.Point.LENDER_BORN: b"gx-lender",
}
"""Who is who: a process is given its name by the first thing that it does."""
_ABOVE = {"command": "init", "init": "launcher", "kept": "keeper", "lender": "launcher"}
_BECOMES = {"command": "init", "kept": "keeper"}
"""Who loses that name when the command is started in it: then it is the child of."""
_WHILE_IT_RUNS = frozenset(
    (
        sandbox.faults.Point.STARTED_TOLD,
        sandbox.faults.Point.STARTED_HEARD,
        sandbox.faults.Point.KEPT_STARTED,
        guard.faults.Point.WATCHER_BORN,
        guard.faults.Point.WATCHER_WATCHES,
    )
)
"""The command must not end before somebody is killed."""
_PR_SET_NAME, _PR_SET_CHILD_SUBREAPER = 15, 36
_libc = ctypes.CDLL(None)
PATIENCE_S = 20.0


def role_of(point: Point) -> str:
    """The process in which it is reached."""
    name, colon, _ = point.value.partition(":")
    return name if colon and " " not in name else "guard"


def above(role: str) -> list[str]:
    """``role``, and who must be alive while it is."""
    out = [role]
    while out[-1] in _ABOVE:
        out.append(_ABOVE[out[-1]])
    return out if out[-1] == "guard" else [*out, "guard"]


class Shared:
    """What the processes of one run and the arena tell each other."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)
        self._numbers = memoryview(self._memory).cast("i")
        self._first = 4

    def arm(self, point: Point | None, occurrence: int) -> None:
        for number in range(self._first + len(POINTS)):
            self._numbers[number] = 0
        self._numbers[2] = _INDEX[point] if point is not None else -1
        self._numbers[3] = occurrence

    def hook(self, point: Point) -> None:
        """In whatever process reaches it: maybe without /proc, files or privileges."""
        index = _INDEX[point]
        self._numbers[self._first + index] += 1
        if point in _BORN:
            _libc.prctl(_PR_SET_NAME, _BORN[point], 0, 0, 0)
        if index == self._numbers[2] and self._numbers[self._first + index] == self._numbers[3]:
            self._numbers[0] = 1
            while not self._numbers[1]:
                time.sleep(0.0005)

    @property
    def held(self) -> bool:
        return bool(self._numbers[0])

    def let_go(self) -> None:
        self._numbers[1] = 1

    def counted(self) -> dict[Point, int]:
        return {
            point: count for point, index in _INDEX.items() if (count := self._numbers[self._first + index])
        }


def be_the_arena() -> None:
    """Whoever loses its parent below us is ours from now on, and so is every mount that is not in a namespace of its own."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if os.geteuid() == 0:
        _kernel.unshare(_kernel.CLONE_NEWNS)
        _kernel.mount("none", "/", None, _kernel.MS_REC | _kernel.MS_PRIVATE)


def children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError):
                found += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
    return found


def below(pid: int) -> Iterator[int]:
    for one in children(pid):
        yield one
        yield from below(one)


def descended(pid: int) -> list[int]:
    """``pid`` and everybody below it, by what each says of its parent.

    Of ``children`` the kernel says itself that it leaves some out while others end (proc(5)); who is given to another
    parent between two looks is below the same ``pid`` before and after.
    """
    parents: dict[int, int] = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            parents[int(name)] = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _name(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def find(guard_pid: int, role: str) -> int:
    """The process of a run that has this role; waits for it to be born."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if role == "guard":
            return guard_pid
        everybody = [(one, _name(one)) for one in below(guard_pid)]
        for one, name in everybody:
            if name == f"gx-{role}":
                return one
        for one, name in everybody:
            if role in _BECOMES and name == f"gx-{_BECOMES[role]}":
                for child in children(one):
                    if _name(child) != f"gx-{_BECOMES[role]}":
                        return child
        time.sleep(0.001)
    raise AssertionError(f"there is no {role} among {[(one, _name(one)) for one in below(guard_pid)]}")


class Arena:
    def __init__(self, work: str, env: dict[str, str]) -> None:
        self._work, self._env = work, env
        self.shared = Shared()
        self.said = b""
        self.started: list[int] = []

    def start(self, arguments: tuple[str, ...] | Callable[[], int], stdin: int, out: int) -> int:
        """A guard, without the time that an interpreter takes to start."""
        child = os.fork()
        if child:
            self.started.append(child)
            return child
        status = 99
        try:
            os.setpgid(0, 0)
            null = os.open(os.devnull, os.O_RDWR)
            for number, source in ((0, stdin if stdin >= 0 else null), (1, out), (2, out)):
                os.dup2(source, number)
            os.closerange(3, 256)
            os.chdir(self._work)
            os.environ.clear()
            os.environ.update(self._env)
            sys.stdout = os.fdopen(1, "w", closefd=False)
            sys.stderr = os.fdopen(2, "w", closefd=False)
            guard.faults.hook = sandbox.faults.hook = self.shared.hook
            status = arguments() if callable(arguments) else main.main(list(arguments))
            sys.stderr.flush()
        finally:
            os._exit(status)

    def run(
        self,
        arguments: tuple[str, ...] | Callable[[], int],
        *,
        terminal: bool = False,
        point: Point | None = None,
        occurrence: int = 1,
        kill: Callable[[int], object] | None = None,
    ) -> int | None:
        """Run a guard; at the ``occurrence``-th time of ``point`` ``kill`` whom it wants. The status, None: was killed.

        The command waits for the end of its input, which comes when somebody has been killed, or at once.
        """
        self.shared.arm(point, occurrence)
        reader, writer = os.pipe()
        out = os.memfd_create("out")
        screen, given = os.openpty() if terminal else (-1, out)
        try:
            child = self.start(arguments, reader, given)
            os.close(reader)
            if kill is None:
                os.close(writer)
                writer = -1
            else:
                self._until_held(child, writer, point)
                kill(child)
                self.shared.let_go()
                if writer >= 0:
                    os.close(writer)
                    writer = -1
            code = os.waitstatus_to_exitcode(self._ended(child))
            return code if code >= 0 else None
        finally:
            if writer >= 0:
                os.close(writer)
            if terminal:
                os.close(screen)
                os.close(given)
            size = os.fstat(out).st_size
            self.said = os.pread(out, size, 0)
            os.close(out)

    def _until_held(self, child: int, writer: int, point: Point | None) -> None:
        end = time.monotonic() + PATIENCE_S
        if point not in _WHILE_IT_RUNS:
            # It ends as soon as it has done its work.
            os.write(writer, b"\n")
        while not self.shared.held:
            assert time.monotonic() < end, f"{point} was not reached: {self.shared.counted()}"
            time.sleep(0.0005)

    def _ended(self, child: int) -> int:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            pid, status = os.waitpid(child, os.WNOHANG)
            if pid:
                return status
            time.sleep(0.0005)
        everybody = [(one, _name(one)) for one in below(os.getpid())]
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        self.bury()
        raise AssertionError(f"the guard does not end: {everybody}")

    def bury(self, patience_s: float = 5.0) -> list[str]:
        """Wait until nobody of a run lives; who does all the same is told, and killed."""
        end = time.monotonic() + patience_s
        while True:
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            left = list(below(os.getpid()))
            if not left:
                return []
            if time.monotonic() > end:
                names = [f"{_name(one)} {Path(f'/proc/{one}/cmdline').read_bytes()[:80]!r}" for one in left]
                for one in left:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(one, signal.SIGKILL)
                return names
            time.sleep(0.001)


def in_a_child(act: Callable[[], object]) -> str:
    """``act`` in a process of its own, which may become the arena. What went wrong, in words; empty when nothing did."""
    import traceback

    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            be_the_arena()
            act()
        except BaseException:  # noqa: BLE001 - a child of a test must not become a second test run
            os.write(writer, traceback.format_exc()[-20000:].encode(errors="replace"))
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as stream:
        told = stream.read().decode(errors="replace")
    os.waitpid(child, 0)
    return told
