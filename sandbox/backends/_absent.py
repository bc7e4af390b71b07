"""Names that must not come to be in a workspace that is no copy: an empty directory holds each while the run lasts.

Linux mounts nothing on a name that is not there. An empty directory is what git does not see, and removing one can
never lose anything. A process of its own removes them when we are done, or are killed.
"""

import contextlib
import fcntl
import os
import signal
from collections.abc import Generator

from sandbox.backends import _kernel
from sandbox.errors import SetupError
from sandbox.faults import Point, reached


@contextlib.contextmanager
def held(workspace: str, protected: tuple[str, ...]) -> Generator[tuple[str, ...]]:
    """What is there to be protected from now on: where directories are missing, the first of them. Raises SetupError."""
    root = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    missing: list[str] = []
    writer = remover = -1
    try:
        _alone(root, workspace)
        first = {path: _missing(root, os.path.relpath(path, workspace)) for path in protected}
        missing = sorted({name for name in first.values() if name})
        if missing:
            # First who removes them: there is no moment in which nobody would.
            remover, writer = _remover(root, missing)
            for path in missing:
                _make(root, path)
        yield tuple(
            dict.fromkeys(os.path.join(workspace, name) if name else path for path, name in first.items())
        )
    finally:
        if writer >= 0:
            os.close(writer)
            _, status = os.waitpid(remover, 0)
            reached(Point.REMOVER_BURIED)
            if status:
                # Somebody ended it: then there is nobody else to do it.
                _remove_all(root, missing)
        os.close(root)


def _alone(root: int, workspace: str) -> None:
    """The end of one session would take away what protects the other. Who removes holds the lock as long as we do."""
    try:
        fcntl.flock(root, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise SetupError(
            f"another session works in `{workspace}` directly",
            primitive="direct",
            fix="wait for it, or use a copied workspace",
        ) from error


def _missing(root: int, path: str) -> str:
    """The first part of ``path`` that is not there; empty when all of it is, or a file is in the way."""
    parts = path.split("/")
    for count in range(1, len(parts) + 1):
        name = "/".join(parts[:count])
        try:
            os.close(_kernel.open_beneath(name, dir_fd=root, flags=os.O_PATH))
        except FileNotFoundError:
            return name
        except OSError:
            # A symlink or a file on the way: the walls say so, or there is nothing to make below it.
            return ""
    return ""


def _make(root: int, path: str) -> None:
    parent, _, name = path.rpartition("/")
    try:
        directory = _kernel.open_beneath(parent or ".", dir_fd=root, flags=os.O_PATH | os.O_DIRECTORY)
        try:
            os.mkdir(name, 0o755, dir_fd=directory)
        finally:
            os.close(directory)
        reached(Point.ABSENT_HELD)
    except FileExistsError:
        return  # of another run, or of somebody who made it just now: it is held as it stands
    except OSError as error:
        raise SetupError(
            f"`{path}` cannot be kept from being made: {(error.strerror or str(error)).lower()}",
            primitive="direct",
            fix="use a copied workspace",
        ) from error


def _remover(root: int, paths: list[str]) -> tuple[int, int]:
    """Waits for the other end of a pipe to close, by us or by our death."""
    reader, writer = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child:
        os.close(reader)
        reached(Point.REMOVER_FORKED)
        return child, writer
    status = 1
    try:
        reached(Point.REMOVER_BORN)
        os.setsid()
        for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(ignored, signal.SIG_IGN)
        null = os.open(os.devnull, os.O_RDWR)
        # Out of the way of the numbers that they are to have.
        high = [fcntl.fcntl(one, fcntl.F_DUPFD, 64) for one in (reader, root)]
        for number in (0, 1, 2):
            os.dup2(null, number)
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)
        _kernel.close_from(5)
        while os.read(3, 1):
            pass
        _remove_all(4, paths)
        status = 0
    finally:
        os._exit(status)


def _remove_all(root: int, paths: list[str]) -> None:
    for path in reversed(paths):
        with contextlib.suppress(OSError):
            _remove(root, path)


def _remove(root: int, path: str) -> None:
    parent, _, name = path.rpartition("/")
    directory = _kernel.open_beneath(parent or ".", dir_fd=root, flags=os.O_PATH | os.O_DIRECTORY)
    os.rmdir(name, dir_fd=directory)
    os.close(directory)
    reached(Point.ABSENT_REMOVED)
