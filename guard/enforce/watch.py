"""Seeing who else changes the workspace while an action runs. Notices; decides nothing, holds nothing up.

A sandboxed run writes to its own layer, so every change seen meanwhile came from somebody else. On the host the
predicted effects of the action explain theirs.
"""

import contextlib
import ctypes
import json
import os
import select
import signal
from importlib import import_module

from guard.effects.place import is_below
from guard.enforce.changeset import list_sets
from guard.enforce.manifest import read_set
from guard.enforce.nodes import TEMPORARY
from guard.enforce.places import Places
from guard.errors import GuardError
from guard.faults import Point, reached
from guard.model.dataclass import dataclass
from guard.model.effect import ChangeMode, DeletePath, LinkPath, Opaque, ResolvedEffect, WritePath
from guard.model.typed import Any, Callable, NoReturn

MAX_PATHS = 200
DRAIN_S = 2.0
READY_S = 10.0
_READY = b"R"
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    paths: tuple[str, ...] = ()
    """Unexplained, absolute; at most ``MAX_PATHS``, and as many of those that come first."""
    total: int = 0
    """How many changes in all."""
    problem: str = ""
    """Why it could not watch."""
    alarm: str = ""
    """The path that rang the alarm."""


class Watch:
    """A process beside the run: loading watchdog takes longer than many commands do, and its threads must not be
    ours when the sandbox forks.
    """

    def __init__(
        self,
        workspace: str,
        explained: Callable[[str], bool],
        alarm: Callable[[str], bool] | None = None,
        first: Callable[[str], bool] | None = None,
    ) -> None:
        """``alarm``: whether a change ends what runs: then we are sent SIGTERM, at once.

        ``first``: whether a path is told of however many others there are.
        """
        self._workspace, self._explained, self._alarm, self._first = workspace, explained, alarm, first
        self._child = self._stopper = self._answers = -1
        self._heard = b""

    def start(self) -> None:
        waits, self._stopper = os.pipe()
        self._answers, answers = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            _helper(self._workspace, Notes(self._explained, self._alarm, self._first), waits, answers)
        reached(Point.WATCHER_FORKED)
        os.close(waits)
        os.close(answers)

    def ready(self) -> str:
        """Wait until it watches; why it cannot, or nothing."""
        if select.select([self._answers], [], [], READY_S)[0]:
            self._heard = os.read(self._answers, 1 << 16)
            # What it says before it is stopped is all of it, and only that it cannot.
            text = self._heard.removeprefix(_READY)
            if self._heard:
                return str(json.loads(text).get("problem", "")) if text else ""
        return "the watcher does not start"

    def stop(self) -> Seen:
        """Nothing when it had not even begun to watch: a short command is not held up for it."""
        try:
            if not self._heard and not select.select([self._answers], [], [], 0)[0]:
                return Seen()
            with contextlib.suppress(BrokenPipeError):
                os.write(self._stopper, b"s")
            text = self._heard
            while select.select([self._answers], [], [], DRAIN_S)[0] and (
                part := os.read(self._answers, 1 << 16)
            ):
                text += part
            found = json.loads(text.removeprefix(_READY) or b"{}")
            return Seen(
                paths=tuple(found.get("paths", ())),
                total=found.get("total", 0),
                problem=found.get("problem", ""),
                alarm=found.get("alarm", ""),
            )
        except ValueError:
            return Seen(problem="the watcher did not finish its answer")
        finally:
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
            reached(Point.WATCHER_BURIED)
            os.close(self._stopper)
            os.close(self._answers)


def _helper(workspace: str, notes: "Notes", waits: int, answers: int) -> NoReturn:
    """Ends with whoever started it, and holds nothing of theirs open."""
    try:
        reached(Point.WATCHER_BORN)
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 2 and int(name) not in {waits, answers}:
                with contextlib.suppress(OSError):
                    os.close(int(name))
        _watch(workspace, notes, waits, answers)
    finally:
        os._exit(0)


def _watch(workspace: str, notes: "Notes", waits: int, answers: int) -> None:
    # watchdog's own types say little; it asks a handler for one method.
    observer: Any = import_module("watchdog.observers").Observer()
    try:
        observer.schedule(notes, workspace, recursive=True)
        observer.start()
    except OSError as error:
        # Too many files for the kernel's watches: said, and the run goes on inside its walls.
        problem = f"{workspace} cannot be watched: {(error.strerror or str(error)).lower()}"
        os.write(answers, _READY + json.dumps({"problem": problem}).encode())
        return
    os.write(answers, _READY)
    reached(Point.WATCHER_WATCHES)
    os.read(waits, 1)
    # What was queued when the run ended still counts.
    observer.event_queue.join()
    text = json.dumps({"paths": list(notes.paths), "total": notes.total, "alarm": notes.alarmed}).encode()
    while text:
        text = text[os.write(answers, text) :]


class Notes:
    """What was seen, each path once."""

    def __init__(
        self,
        explained: Callable[[str], bool],
        alarm: Callable[[str], bool] | None = None,
        first: Callable[[str], bool] | None = None,
    ) -> None:
        self._explained, self._alarm, self._first = explained, alarm, first
        self._foremost = 0
        self.alarmed = ""
        self.paths: dict[str, None] = {}
        self.total = 0

    def dispatch(self, event: Any) -> None:
        if event.event_type in {"opened", "closed_no_write", "closed"}:
            return
        # A directory is modified whenever something in it is, which says nothing by itself.
        if event.is_directory and event.event_type == "modified":
            return
        for path in (event.src_path, event.dest_path):
            if path and not self._explained(os.fsdecode(path)):
                self.total += 1
                self._note(os.fsdecode(path))
                self._ring(os.fsdecode(path))

    def _note(self, path: str) -> None:
        if path in self.paths:
            return
        foremost = self._foremost < MAX_PATHS and self._first is not None and self._first(path)
        self._foremost += foremost
        if foremost or len(self.paths) - self._foremost < MAX_PATHS:
            self.paths[path] = None

    def _ring(self, path: str) -> None:
        if self._alarm is not None and not self.alarmed and self._alarm(path):
            self.alarmed = path
            os.kill(os.getppid(), signal.SIGTERM)


def applied_meanwhile(places: Places, workspace: str, since_ns: int) -> frozenset[str]:
    """Absolute paths that other runs of ours have applied, or are applying: a decision explains them."""
    out: set[str] = set()
    for parent in (places.journal, places.undo):
        for id_ in reversed(list_sets(parent)):
            try:
                if parent == places.undo and os.lstat(os.path.join(parent, id_)).st_mtime_ns < since_ns:
                    break
                found = read_set(parent, id_)
            except (OSError, GuardError):
                continue
            if found.workspace != workspace:
                continue
            for entry in found.entries:
                path = os.path.join(workspace, entry.path)
                out |= {path, os.path.join(os.path.dirname(path), f"{TEMPORARY}{id_}")}
    return frozenset(out)


def explained_by(effects: tuple[ResolvedEffect, ...], *, on_host: bool) -> Callable[[str], bool]:
    """Whether a changed path is what the action was predicted to change."""
    if not on_host:
        return lambda _path: False
    if any(isinstance(effect, Opaque) for effect in effects):
        return lambda _path: True

    def explained(path: str) -> bool:
        for effect in effects:
            match effect:
                case WritePath(path=at, recursive=deep) | DeletePath(path=at, recursive=deep):
                    pass
                case ChangeMode(path=at, recursive=deep):
                    pass
                case LinkPath(path=at):
                    deep = False
                case _:
                    continue
            if not at.real or at.real == path or (deep and is_below(path, at.real)):
                return True
        return False

    return explained
