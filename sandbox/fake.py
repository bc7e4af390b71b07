"""A sandbox that runs nothing: the public test double for code that enforces decisions.

``FakeBackend`` answers each run from a script of what the command "did" to the workspace, and keeps
the specs it was given.
"""

import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

from sandbox.changes import Change, Changes, Created, Deleted, Modified, Node, NodeKind
from sandbox.errors import ChangesError, SetupError
from sandbox.result import Capabilities, Connections, End, Exited
from sandbox.spec import SandboxSpec, Stdio


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """How one run ends and what it leaves in the writable layer."""

    end: End = field(default_factory=lambda: Exited(status=0))
    files: tuple[tuple[str, bytes], ...] = ()
    """Regular files written, by path relative to the workspace."""
    deleted: tuple[str, ...] = ()
    """Paths of existing files removed."""
    nodes: tuple[tuple[str, Node], ...] = ()
    """Anything else created: symlinks, FIFOs, directories."""
    stdout: bytes = b""
    truncated: str = ""
    connections: Connections = field(default_factory=Connections)
    fails: str = ""
    """The primitive whose absence makes the run a SetupError."""


@dataclass(slots=True)
class FakeRun:
    spec: SandboxSpec
    script: Script
    destroyed: bool = False

    @property
    def end(self) -> End:
        return self.script.end

    def changes(self) -> Changes:
        if self.destroyed:
            raise ChangesError("the run is destroyed")
        entries: list[Change] = [
            Deleted(path=path, before=_on_disk(self.spec.workspace, path)) for path in self.script.deleted
        ]
        for path, content in self.script.files:
            entries.append(_written(self.spec.workspace, path, content))
        entries += [Created(path=path, after=node) for path, node in self.script.nodes]
        return Changes(
            entries=tuple(entries),
            open_after=_opener(dict(self.script.files)),
            truncated=self.script.truncated,
        )

    def connections(self) -> Connections:
        return self.script.connections

    def destroy(self) -> None:
        self.destroyed = True


class FakeBackend:
    """Plays ``scripts`` in order, the last one for ever."""

    def __init__(
        self,
        *scripts: Script,
        enforces: frozenset[str] = frozenset({"mount", "net", "cow"}),
        react: Callable[[SandboxSpec], Script] | None = None,
    ) -> None:
        self._scripts = list(scripts) or [Script()]
        self._enforces = enforces
        self._react = react
        self.runs: list[FakeRun] = []

    @property
    def name(self) -> str:
        return "fake"

    def probe(self) -> Capabilities:
        return Capabilities(backend=self.name, works=True, enforces=self._enforces, detail="a test double")

    def run(self, spec: SandboxSpec, stdio: Stdio) -> FakeRun:
        if self._react is not None:
            script = self._react(spec)
        else:
            script = self._scripts[0] if len(self._scripts) == 1 else self._scripts.pop(0)
        if script.fails:
            raise SetupError(f"cannot build the sandbox: {script.fails}", primitive=script.fails)
        if script.stdout:
            os.write(stdio.stdout, script.stdout)
        run = FakeRun(spec, script)
        self.runs.append(run)
        return run

    def sweep(self) -> int:
        return 0


def _on_disk(workspace: str, path: str) -> Node:
    with open(os.path.join(workspace, path), "rb") as file:
        content = file.read()
        return _file(content, os.fstat(file.fileno()).st_mode & 0o7777)


def _file(content: bytes, mode: int = 0o644) -> Node:
    return Node(kind=NodeKind.FILE, mode=mode, size=len(content), sha256=hashlib.sha256(content).hexdigest())


def _written(workspace: str, path: str, content: bytes) -> Change:
    try:
        before = _on_disk(workspace, path)
    except FileNotFoundError:
        return Created(path=path, after=_file(content))
    return Modified(path=path, before=before, after=_file(content, before.mode))


def _opener(files: dict[str, bytes]) -> Callable[[str], BinaryIO]:
    def open_after(path: str) -> BinaryIO:
        try:
            return io.BytesIO(files[path])
        except KeyError:
            raise ChangesError(f"`{path}` has no new content") from None

    return open_after
