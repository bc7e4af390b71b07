"""A user namespace that bubblewrap makes, on machines that let it have one and not us. Nothing else of it is used.

Runs after ``fork``, like ``_init``. Who owns a user namespace may enter it and has every capability in it, so all
walls are then built as always. bubblewrap ends as soon as we are in.
"""

import contextlib
import errno
import fcntl
import os
import select
import signal

from sandbox.backends import _init, _keeper, _kernel, _visible
from sandbox.errors import SetupError
from sandbox.faults import Point, reached

_SETUP_MS, _END_MS = 60_000, 5_000
_TOLD, _READY, _GO, _MADE, _MAPPED, _KEPT = 2, 8, 9, 10, 11, 12
_WAIT = f"echo $$ >&{_READY}; exec {_READY}>&-; read -r _ <&{_GO}"
"""Says which process to enter, and waits until we have."""
_WORDS = (("namespace", "unshare"), ("uid map", "uid_map"), ("mount", "mount"))
"""What bubblewrap calls a step, and what we call it."""
_CODES = (errno.EPERM, errno.EACCES, errno.ENOSPC, errno.EUSERS, errno.EINVAL, errno.ENOSYS)


def enter_namespace_of(program: str) -> None:
    """Be in a user namespace made by the bubblewrap at ``program`` from now on. Raises SetupError or OSError."""
    told, tell = os.pipe2(os.O_CLOEXEC)
    ready, say_ready = os.pipe2(os.O_CLOEXEC)
    wait, go = os.pipe2(os.O_CLOEXEC)
    made, say_made = os.pipe2(os.O_CLOEXEC)
    unmapped, say_mapped = os.pipe2(os.O_CLOEXEC)
    theirs = {_TOLD: tell, _READY: say_ready, _GO: wait, _MADE: say_made, _MAPPED: unmapped}
    # With the end that is read from: who cannot say what it has made ends, before what it has made.
    held = theirs | {_KEPT: made}
    parent = os.getpid()
    # Whoever bubblewrap leaves behind, killed, is ours to end.
    _kernel.adopt_orphans()
    lender = os.fork()
    if lender == 0:
        _become(program, held, parent)
    reached(Point.LENDER_FORKED)
    for descriptor in theirs.values():
        os.close(descriptor)
    try:
        if os.geteuid() == 0:
            # bubblewrap would map one user: as root, everybody is who they are.
            if process := _number(_heard(made)):
                _init.map_everyone(process)
            with contextlib.suppress(BrokenPipeError):
                os.write(say_mapped, b"M")
        namespace = _namespace_of(_waiting(ready, told))
        _kernel.enter(namespace, _kernel.CLONE_NEWUSER)
        os.close(namespace)
        reached(Point.LENDER_ENTERED)
    finally:
        for descriptor in (told, ready, go, made, say_mapped):
            os.close(descriptor)
        _bury(lender)
        reached(Point.LENDER_BURIED)


def _bury(lender: int) -> None:
    """As root it ends by itself, now that the pipes are closed: its child may still wait for it, and for nobody else."""
    with contextlib.suppress(ProcessLookupError):
        if os.geteuid() == 0:
            handle = os.pidfd_open(lender)
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            poll.poll(_END_MS)
            os.close(handle)
        os.kill(lender, signal.SIGKILL)
    os.waitpid(lender, 0)
    while left := _keeper.descendants():
        for process in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process), signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)


def _number(about: bytes) -> int:
    """Of the process that bubblewrap says it has made, or 0."""
    rest = about.partition(b'"child-pid":')[2].split(b",")[0].strip(b" \n}")
    return int(rest) if rest.isdigit() else 0


def _namespace_of(process: int) -> int:
    try:
        return os.open(f"/proc/{process}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise OSError(error.errno, error.strerror, "setns") from error


def _become(program: str, descriptors: dict[int, int], parent: int) -> None:
    """bubblewrap, around a shell that waits. Never returns."""
    try:
        reached(Point.LENDER_BORN)
        null = os.open(os.devnull, os.O_RDWR)
        high = {number: fcntl.fcntl(source, fcntl.F_DUPFD, 64) for number, source in descriptors.items()}
        for number in range(_KEPT + 1):
            os.dup2(high.get(number, null), number, inheritable=number in {0, 1, *high})
        _kernel.close_from(_KEPT + 1)
        privileged = os.geteuid() == 0
        if not privileged:
            _kernel.die_with_parent()
        if os.getppid() == parent:  # else it died before the line above
            words = [program, "--unshare-user", *_seen()]
            if privileged:
                # Not killed with us: its child would wait for ever for the end of a wait that nobody ends any more.
                # That end, and the shell's, is the end of our pipes.
                words += ["--info-fd", str(_MADE), "--userns-block-fd", str(_MAPPED)]
            else:
                words += ["--die-with-parent"]
            os.execve(program, [*words, "--", "/bin/sh", "-c", _WAIT], {})  # noqa: S606 - no shell outside
    except BaseException as error:  # noqa: BLE001 - a forked child must never run its parent's code
        with contextlib.suppress(OSError):
            os.write(_TOLD, f"{error}".encode(errors="replace"))
    os._exit(1)


def _seen() -> list[str]:
    """What a shell needs, read-only; it is the only program that will ever see it."""
    words = ["--ro-bind", "/usr", "/usr"]
    for name in _visible.TOP_LEVEL:
        if os.path.islink(f"/{name}"):
            words += ["--symlink", os.readlink(f"/{name}"), f"/{name}"]
        elif os.path.isdir(f"/{name}"):
            words += ["--ro-bind", f"/{name}", f"/{name}"]
    return words


def _waiting(ready: int, told: int) -> int:
    """Process id of the shell, once it stands in the namespace."""
    number = _heard(ready).strip()
    if not number.isdigit():
        raise _failure(os.read(told, 4096).decode(errors="replace").strip().removeprefix("bwrap: "))
    return int(number)


def _heard(descriptor: int) -> bytes:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    if not poll.poll(_SETUP_MS):
        raise SetupError(
            f"bubblewrap was not ready after {_SETUP_MS // 1000} s", primitive="bubblewrap", fix="see dmesg"
        )
    return os.read(descriptor, 4096)


def _failure(said: str) -> SetupError:
    step = next((ours for words, ours in _WORDS if words in said), "bubblewrap")
    code = next((code for code in _CODES if os.strerror(code) in said or errno.errorcode[code] in said), 0)
    # "No permissions to create new namespace" is its own wording of EPERM.
    code = errno.EPERM if not code and "No permissions" in said else code
    return SetupError(
        f"bubblewrap: {said or 'ended without a word'}",
        primitive=step,
        fix="" if code else "see dmesg",
        code=code,
    )
