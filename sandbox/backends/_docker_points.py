"""The steps of a run in docker after which something on the engine or the machine is another: where a test may end a process.

As ``sandbox.faults``: outside of a test ``hook`` is None, and no setting, variable or file makes it anything else.
"""

from collections.abc import Callable
from enum import Enum


class DockerPoint(Enum):
    CREATED = "guard: a container is made and not started"
    STARTED = "guard: it is started, and waits"
    TAKEN = "guard: one that waited is taken"
    FOUND = "guard: its first process is known to be the engine's"
    LISTENING = "guard: the proxy listens in its network"
    BUILT = "helper: the view of the workspace is made, outside"
    INSIDE = "helper: it is in the container's mount namespace"
    MOUNTED = "helper: all is mounted inside"
    HANDED = "guard: it holds the writable layer"
    OPENED = "guard: the pipes are there"
    TOLD = "guard: the command is handed over"
    ENDED = "guard: nobody inside lives"
    REMOVED = "guard: the container is gone, or left to its keeper"
    SENT = "guard: the workspace is on a volume of an engine elsewhere"
    RETURNED = "guard: a command on an engine elsewhere has ended"


hook: Callable[[DockerPoint], object] | None = None


def reached(point: DockerPoint) -> None:
    if hook is not None:
        hook(point)
