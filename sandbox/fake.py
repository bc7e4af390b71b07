"""A sandbox that runs nothing: the public test double for code that enforces decisions.

``FakeBackend`` answers each run from a ``Script`` of what the command "did" to the workspace, and keeps the runs it
made. Everything else is as with a real backend, so that a test which passes with it means something: it refuses the
same specs, writes nothing to the workspace, gives its changes in an order that can be applied, parents and children
included, and has none once the run is destroyed.

    backend = FakeBackend(Script(files=(("build/out.txt", b"made"),), deleted=("src/old.py",)))
    run = backend.run(spec, Stdio())
    assert run.end == Exited(status=0)
    assert [change.path for change in run.changes().entries] == ["src/old.py", "build", "build/out.txt"]

Several scripts are played in order, the last one for ever; ``react`` decides by the spec instead. ``Script.fails``
names a primitive that is missing, and the run is a ``SetupError``. To be chosen by ``sandbox.select`` it claims all
that the promise takes; ``enforces`` takes some of it away.
"""

import hashlib
import io
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from sandbox.backends import _admit
from sandbox.changes import Change, Changes, Created, Deleted, Modified, Node, NodeKind
from sandbox.errors import ChangesError, SetupError
from sandbox.result import Capabilities, Connections, End, Exited
from sandbox.select import PROMISE
from sandbox.spec import SandboxSpec, Stdio

_DIRECTORY = Node(kind=NodeKind.DIRECTORY, mode=0o755)


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """How one run ends and what it leaves in the writable layer."""

    end: End = field(default_factory=lambda: Exited(status=0))
    files: tuple[tuple[str, bytes], ...] = ()
    """Regular files written, by path relative to the workspace."""
    deleted: tuple[str, ...] = ()
    """Paths of existing files, links and whole directories removed."""
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
        workspace = self.spec.workspace
        deleted = [path for root in self.script.deleted for path in _below(workspace, root)]
        gone: list[Change] = [
            Deleted(path=path, before=_on_disk(workspace, path)) for path in dict.fromkeys(deleted)
        ]
        written: dict[str, Change] = {}
        for path, content in self.script.files:
            for parent in _missing_parents(workspace, path):
                written.setdefault(parent, Created(path=parent, after=_DIRECTORY))
            written[path] = _written(workspace, path, content)
        for path, node in self.script.nodes:
            for parent in _missing_parents(workspace, path):
                written.setdefault(parent, Created(path=parent, after=_DIRECTORY))
            written[path] = Created(path=path, after=node)
        return Changes(
            entries=(*gone, *written.values()),
            open_after=_opener(dict(self.script.files)),
            truncated=self.script.truncated,
        )

    def connections(self) -> Connections:
        return self.script.connections

    def written(self, cache: int) -> int:  # noqa: ARG002 - as the protocol has it
        return -1

    def destroy(self) -> None:
        self.destroyed = True


class FakeBackend:
    """Plays ``scripts`` in order, the last one for ever."""

    def __init__(
        self,
        *scripts: Script,
        enforces: frozenset[str] = PROMISE,
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
        _admit.refuse(spec, stdio, self._enforces)
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
    whole = os.path.join(workspace, path)
    found = os.lstat(whole)
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISDIR(found.st_mode):
        return Node(kind=NodeKind.DIRECTORY, mode=mode)
    if stat.S_ISLNK(found.st_mode):
        target = os.readlink(whole)
        digest = hashlib.sha256(os.fsencode(target)).hexdigest()
        return Node(kind=NodeKind.SYMLINK, mode=mode, size=found.st_size, sha256=digest, target=target)
    with open(whole, "rb") as file:
        return _file(file.read(), mode)


def _below(workspace: str, path: str) -> Iterator[str]:
    """``path`` and everything below it, children first."""
    whole = os.path.join(workspace, path)
    if os.path.isdir(whole) and not os.path.islink(whole):
        for name in sorted(os.listdir(whole)):
            yield from _below(workspace, f"{path}/{name}")
    yield path


def _missing_parents(workspace: str, path: str) -> Iterator[str]:
    parts = path.split("/")[:-1]
    for end in range(1, len(parts) + 1):
        parent = "/".join(parts[:end])
        if not os.path.isdir(os.path.join(workspace, parent)):
            yield parent


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
