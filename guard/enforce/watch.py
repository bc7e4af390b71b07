"""Seeing who else changes the workspace while an action runs. Notices; decides nothing, holds nothing up.

A sandboxed run writes to its own layer, so every change seen meanwhile came from somebody else. On the host the
predicted effects of the action explain theirs.
"""

import os
import threading
from collections.abc import Callable
from importlib import import_module
from typing import Any

from guard.effects.place import is_below
from guard.enforce.changeset import list_sets, read_set
from guard.enforce.nodes import TEMPORARY
from guard.enforce.places import Places
from guard.errors import GuardError
from guard.model.effect import ChangeMode, DeletePath, LinkPath, Opaque, ResolvedEffect, WritePath

MAX_PATHS = 200


class Watch:
    """Started beside a run, because loading watchdog takes longer than many commands do."""

    def __init__(self, workspace: str, explained: Callable[[str], bool]) -> None:
        self._workspace = workspace
        self._explained = explained
        self._lock = threading.Lock()
        self._paths: dict[str, None] = {}
        self._total = 0
        self._stopping = threading.Event()
        self.ready = threading.Event()
        self.problem = ""
        """Why it could not watch; empty when it could."""
        self._thread = threading.Thread(target=self._watch, name="guard-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> tuple[list[str], int]:
        """Unexplained paths (at most ``MAX_PATHS``) and how many changes there were in all."""
        self._stopping.set()
        if self.ready.is_set():
            self._thread.join(timeout=2)
        with self._lock:
            return list(self._paths), self._total

    def _watch(self) -> None:
        # watchdog's own types say little; it asks a handler for one method.
        observer: Any = import_module("watchdog.observers").Observer()
        try:
            observer.schedule(_Handler(self), self._workspace, recursive=True)
            observer.start()
        except OSError as error:
            # Too many files for the kernel's watches: said, and the run goes on inside its walls.
            self.problem = error.strerror or str(error)
            return
        self.ready.set()
        self._stopping.wait()
        # What was queued when the run ended still counts.
        observer.event_queue.join()
        observer.stop()
        observer.join(timeout=2)

    def saw(self, path: str, *, directory: bool, kind: str) -> None:
        """One event. A directory is modified whenever something in it is, which says nothing by itself."""
        if (directory and kind == "modified") or self._explained(path):
            return
        with self._lock:
            self._total += 1
            if len(self._paths) < MAX_PATHS:
                self._paths.setdefault(path)


class _Handler:
    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def dispatch(self, event: Any) -> None:
        if event.event_type in {"opened", "closed_no_write", "closed"}:
            return
        for path in (event.src_path, event.dest_path):
            if path:
                self._watch.saw(os.fsdecode(path), directory=event.is_directory, kind=event.event_type)


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
