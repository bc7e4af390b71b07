"""The protocol every backend keeps. One contract suite (``tests/sandbox/contract.py``) holds all of them to it."""

from typing import Protocol

from sandbox.changes import Changes
from sandbox.result import Capabilities, Connections, End
from sandbox.spec import SandboxSpec, Stdio


class Run(Protocol):
    """One finished run whose writable layer still exists. Nothing of it reaches the workspace by itself."""

    @property
    def end(self) -> End:
        """How it ended."""
        ...

    def changes(self) -> Changes:
        """Read the writable layer against the workspace. Raises ChangesError."""
        ...

    def connections(self) -> Connections:
        """What was asked of the proxy; nothing without ``spec.network``."""
        ...

    def written(self, cache: int) -> int:
        """A new descriptor of what was written to that cache of the spec, for the caller to close; -1 for none."""
        ...

    def destroy(self) -> None:
        """Throw the layer away and leave nothing behind. May be called twice."""
        ...


class Backend(Protocol):
    @property
    def name(self) -> str: ...

    def probe(self) -> Capabilities:
        """Find out by trying. Never raises."""
        ...

    def run(self, spec: SandboxSpec, stdio: Stdio) -> Run:
        """Run to the end. Raises SetupError when the walls cannot be built: then nothing ran."""
        ...

    def sweep(self) -> int:
        """Remove what crashed runs of this backend left behind; returns how many."""
        ...
