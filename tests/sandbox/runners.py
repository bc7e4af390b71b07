"""Ways to run one command in a backend for the tests: here as root or the caller, as another user, in docker."""

import functools
import os
import pickle
import shutil
import stat
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sandbox import layer, trees
from sandbox.backend import Backend, Run
from sandbox.backends import _kernel
from sandbox.backends.local import LocalBackend
from sandbox.changes import Change, Created, Deleted, Modified, NodeKind
from sandbox.errors import SandboxError
from sandbox.result import Capabilities, End
from sandbox.spec import SandboxSpec, Stdio

NOBODY = 65534
PATH = "/usr/local/bin:/usr/bin:/bin"

assert trees
assert layer  # imported before a test gives up the right to read the interpreter's files


@dataclass
class Observed:
    end: End | None = None
    out: str = ""
    changes: dict[str, Change] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    contents: dict[str, bytes] = field(default_factory=dict)
    caches: dict[str, bytes] = field(default_factory=dict)
    """What was written to each, by its number and path."""
    truncated: str = ""
    failed: SandboxError | None = None
    primitive: str = ""
    capabilities: Capabilities | None = None

    def kinds(self) -> dict[str, str]:
        return {path: type(change).__name__ for path, change in self.changes.items()}


def observe(backend: Backend, spec: SandboxSpec, *, feed: bytes = b"") -> Observed:
    """Run with the output in a file, read the changes and the contents, destroy."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as given:
        given.write(feed)
        given.seek(0)
        try:
            run = backend.run(spec, Stdio(stdin=given.fileno(), stdout=out.fileno(), stderr=out.fileno()))
        except SandboxError as error:
            return Observed(failed=error, primitive=getattr(error, "primitive", ""))
        try:
            found = run.changes()
            contents = {}
            for change in found.entries:
                match change:
                    case Created(path=path, after=after) | Modified(path=path, after=after):
                        if after.kind is NodeKind.FILE and after.size < 1 << 20:
                            with found.open_after(path) as file:
                                contents[path] = file.read()
                    case Deleted():
                        pass
            caches = {}
            for number in range(len(spec.caches)):
                caches |= _files(run.written(number), str(number))
        finally:
            run.destroy()
        out.seek(0)
        return Observed(
            end=run.end,
            out=out.read(1 << 20).decode(errors="replace"),
            changes={change.path: change for change in found.entries},
            order=[change.path for change in found.entries],
            contents=contents,
            caches=caches,
            truncated=found.truncated,
        )


def _files(directory: int, name: str) -> dict[str, bytes]:
    found = {}
    if directory >= 0:
        for path, _names, files, here in os.fwalk(".", dir_fd=directory):
            for file in files:
                if stat.S_ISREG(os.stat(file, dir_fd=here, follow_symlinks=False).st_mode):
                    with open(os.open(file, os.O_RDONLY, dir_fd=here), "rb") as stream:
                        found[os.path.normpath(os.path.join(name, path, file))] = stream.read()
        os.close(directory)
    return found


@functools.cache
def in_a_chroot() -> bool:
    """Whether Linux refuses even root a user namespace, as it does in a chroot."""
    child = os.fork()
    if child == 0:
        try:
            _kernel.unshare(_kernel.CLONE_NEWUSER)
            os._exit(0)
        except PermissionError:
            os._exit(1)
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def as_user(uid: int, work: Callable[[], Observed]) -> Observed:
    """Do ``work`` in a child that has become ``uid`` for good."""

    def become() -> None:
        if in_a_chroot():  # an ordinary user could not help themselves
            _kernel.own_root()
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)

    return in_child(become, work)


def in_child(prepare: Callable[[], None], work: Callable[[], Observed]) -> Observed:
    """Do ``work`` in a child of which ``prepare`` changed what cannot be changed back."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            with os.fdopen(writer, "wb") as pipe:
                try:
                    prepare()
                    pickle.dump(work(), pipe)
                except BaseException as error:  # noqa: BLE001 - whatever it is, the parent is told
                    pickle.dump(Observed(failed=SandboxError(repr(error))), pipe)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        observed = pickle.load(pipe)
    os.waitpid(child, 0)
    return observed


@dataclass(frozen=True)
class ProbedAs:
    """A backend that only says what it is for another user; a run of it is that user's too."""

    uid: int
    make: Callable[[], Backend]

    @property
    def name(self) -> str:
        return self.make().name

    @functools.cache  # noqa: B019 - as long as the session
    def probe(self) -> Capabilities:
        found = as_user(self.uid, lambda: Observed(capabilities=self.make().probe()))
        if found.capabilities is None:
            raise AssertionError(f"the user {self.uid} cannot probe: {found.failed}")
        return found.capabilities

    def run(self, spec: SandboxSpec, stdio: Stdio) -> Run:
        raise NotImplementedError("only as its user: `Runner.run`")


@dataclass
class Runner:
    """One backend as one user."""

    name: str
    uid: int
    backend: Backend
    make: Callable[[], Backend] = LocalBackend
    """The same backend in a child that has become somebody else."""
    copies: bool = False
    """It shows a copy, which is not at the workspace's own path."""

    def run(self, spec: SandboxSpec, *, feed: bytes = b"") -> Observed:
        if self.uid == os.getuid():
            return observe(self.backend, spec, feed=feed)
        return as_user(self.uid, lambda: observe(self.make(), spec, feed=feed))

    def directory(self) -> str:
        """A fresh directory that the user of this runner owns and can reach."""
        path = os.path.realpath(tempfile.mkdtemp(prefix="execguard-test-"))
        os.chmod(path, 0o755)
        self.own(path)
        return path

    def own(self, path: str) -> None:
        if os.getuid() == 0:
            for directory, _names, files in os.walk(path):
                os.chown(directory, self.uid, self.uid)
                for name in files:
                    os.chown(os.path.join(directory, name), self.uid, self.uid, follow_symlinks=False)


def remove(path: str) -> None:
    shutil.rmtree(path, ignore_errors=True)


def script(workspace: str, text: str, /, **changes: object) -> SandboxSpec:
    spec = SandboxSpec(
        argv=("/bin/bash", "-c", text), workspace=workspace, cwd=workspace, env=(("PATH", PATH),)
    )
    return replace(spec, **changes)
