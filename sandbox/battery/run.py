"""One run of the battery in this process."""

from sandbox.backend import Backend
from sandbox.battery.trial import Finished, Look
from sandbox.errors import SandboxError
from sandbox.spec import SandboxSpec, Stdio


def run_here(backend: Backend, spec: SandboxSpec, stdio: Stdio, look: Look) -> Finished:
    """Never raises for walls that cannot be built: that is ``failed``."""
    try:
        run = backend.run(spec, stdio)
    except SandboxError as error:
        return Finished(failed=str(error) or repr(error))
    try:
        return Finished(end=run.end, looked=look(run))
    except SandboxError as error:
        return Finished(end=run.end, failed=f"its changes: {error}")
    finally:
        run.destroy()
