"""One run of bubblewrap: starts it, waits until its walls stand, lets the command go, watches from outside.

bubblewrap has no limits of its own. The command waits behind a shell, inside the finished walls,
until descriptors of its file systems are in our hands and its processes are counted.
"""

import contextlib
import errno
import fcntl
import json
import os
import resource
import select
import signal
import time
from dataclasses import dataclass, field

from sandbox.backends import _command, _kernel, _netns, _usage
from sandbox.backends._bwrap_args import SIZED
from sandbox.environment import inside
from sandbox.errors import SetupError
from sandbox.proxy.attend import Proxy
from sandbox.result import End, Exited, Interrupted, LimitHit
from sandbox.spec import Limits, SandboxSpec, Stdio

_ERRORS, _READY, _GO, _FIRST = 7, 8, 9, 10
_WAIT = 'exec 2>&7 7>&-; echo >&8; exec 8>&-; read -r _ <&9 || exit 1; exec 9<&-; exec "$@"'
"""Descriptor 7 is the command's standard error; until it runs, 2 is where bubblewrap says what failed."""
_FIRST_TICK_S, _TICK_S, _GRACE_S, _SETUP_S = 0.02, 0.05, 2.0, 60.0


@dataclass(slots=True)
class Handed:
    """Descriptors for bubblewrap, which it will have from number 10 on, in this order."""

    sources: list[int] = field(default_factory=list[int])

    def take(self, content: bytes) -> int:
        descriptor = os.memfd_create("execguard", os.MFD_CLOEXEC)
        self.sources.append(descriptor)
        os.write(descriptor, content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return _FIRST + len(self.sources) - 1

    def close(self) -> None:
        while self.sources:
            os.close(self.sources.pop())


@dataclass(slots=True, kw_only=True)
class Started:
    """bubblewrap with its walls standing and the command waiting."""

    monitor: int
    """Process id of bubblewrap outside."""
    first: int
    """Process id, as we see it, of the first process inside. Its death is that of everybody inside."""
    handle: int
    proc: int
    """The /proc of the inside."""
    merged: int
    """The workspace as the command sees it."""
    sized: tuple[int, ...]
    used: tuple[int, int] = (0, 0)
    """Bytes and inodes that the walls themselves take."""


def start(
    program: str,
    words: list[str],
    spec: SandboxSpec,
    stdio: Stdio,
    handed: Handed,
    identity: tuple[int, int] | None,
    *,
    own_root: bool,
) -> tuple[Started, int]:
    """Returns what runs and the descriptor that lets the command go. Raises SetupError or OSError."""
    told, tell = os.pipe2(os.O_CLOEXEC)
    ready, say_ready = os.pipe2(os.O_CLOEXEC)
    wait, go = os.pipe2(os.O_CLOEXEC)
    info, say_info = os.pipe2(os.O_CLOEXEC)
    arguments = handed.take(b"".join(os.fsencode(word) + b"\0" for word in words))
    about = _FIRST + len(handed.sources)
    argv = [program, "--args", str(arguments), "--info-fd", str(about), "--", "/bin/sh", "-c", _WAIT, "sh"]
    environment = inside(spec.env, home=spec.home, cwd=spec.cwd, proxied=spec.network is not None)
    caller = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            numbers = [stdio.stdin, stdio.stdout, tell, -1, -1, -1, -1, stdio.stderr, say_ready, wait]
            _arrange([*numbers, *handed.sources, say_info])
            if own_root:
                _kernel.own_root()
            _become(spec.limits, identity, caller)
            os.execve(program, [*argv, *spec.argv], environment)  # noqa: S606 - no shell outside
        except BaseException as error:  # noqa: BLE001 - a forked child must never run its parent's code
            os.write(2, f"{error}".encode(errors="replace"))
        os._exit(1)
    for descriptor in (tell, say_ready, wait, say_info):
        os.close(descriptor)
    try:
        return _meet(child, told, ready, info, spec), go
    except BaseException:
        os.close(go)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    finally:
        for descriptor in (told, ready, info):
            os.close(descriptor)


def offer(proxy: Proxy, started: Started, go: int) -> None:
    """Let the proxy answer inside before the command goes. Raises SetupError; then nobody is left."""
    try:
        proxy.serve(_netns.listeners(started.first, proxy.ports))
    except BaseException:
        os.close(go)
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(started.handle, signal.SIGKILL)
        os.waitpid(started.monitor, 0)
        raise


def _arrange(sources: list[int]) -> None:
    """Descriptor n becomes what ``sources[n]`` is (-1: closed); nothing else of the caller's is kept."""
    high = [fcntl.fcntl(one, fcntl.F_DUPFD, 256) if one >= 0 else -1 for one in sources]
    for number, source in enumerate(high):
        if source >= 0:
            os.dup2(source, number, inheritable=True)
        else:
            with contextlib.suppress(OSError):
                os.close(number)
    _kernel.close_from(len(sources))


def _become(limits: Limits, identity: tuple[int, int] | None, caller: int) -> None:
    for number in range(1, signal.NSIG):
        with contextlib.suppress(OSError, ValueError):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.setsid()
    _command.limit(limits, processes=False)
    if identity is not None:
        os.setgroups([])
        os.setresgid(identity[1], identity[1], identity[1])
        os.setresuid(identity[0], identity[0], identity[0])
    _kernel.die_with_parent()
    if os.getppid() != caller:  # it died before the line above
        os._exit(1)


def _meet(monitor: int, told: int, ready: int, info: int, spec: SandboxSpec) -> Started:
    """Wait until the shell inside says that it runs, and take hold of what it sees."""
    poll = select.poll()
    poll.register(ready, select.POLLIN)
    if not poll.poll(_SETUP_S * 1000):
        raise SetupError(f"bubblewrap was not ready after {_SETUP_S:.0f} s", primitive="bubblewrap")
    if not os.read(ready, 1):
        said = os.read(told, 4096).decode(errors="replace").strip().removeprefix("bwrap: ")
        raise _told(said)
    first = int(json.loads(os.read(info, 4096))["child-pid"])
    handle = os.pidfd_open(first)
    opened = [handle]
    try:
        inside_root = f"/proc/{first}/root"
        for path in ("/proc", spec.workspace, *SIZED, spec.home):
            found = os.open(inside_root + path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            opened.append(found)
        if spec.limits.processes is not None:
            for process in (first, *_children(first)):
                # What of ours looks after its network counts there, and cannot be seen: ours is the limit that is told.
                _bound_processes(process, spec.limits.processes + 2)
    except BaseException:
        for descriptor in opened:
            os.close(descriptor)
        raise
    handle, proc, merged, *sized = opened
    started = Started(
        monitor=monitor, first=first, handle=handle, proc=proc, merged=merged, sized=tuple(sized)
    )
    started.used = _used(started)
    return started


_WORDS = (
    ("namespace", "unshare"),
    ("uid map", "uid_map"),
    ("proc on", "mount proc"),
    ("overlay", "mount overlay"),
    ("mount", "mount"),
)
"""What bubblewrap calls a step, and what we call it."""


def _told(said: str) -> SetupError:
    step = next((ours for words, ours in _WORDS if words in said), "bubblewrap")
    # "No permissions to create new namespace" is its own wording of EPERM.
    codes = (errno.EPERM, errno.EACCES, errno.ENOSPC, errno.EINVAL, errno.ENODEV)
    code = next((code for code in codes if os.strerror(code) in said or errno.errorcode[code] in said), 0)
    if not code and "No permissions" in said:
        code = errno.EPERM
    return SetupError(f"bubblewrap: {said or 'ended without a word'}", primitive=step, code=code).explained()


def _children(process: int) -> list[int]:
    with contextlib.suppress(OSError), open(f"/proc/{process}/task/{process}/children", "rb") as file:
        return [int(word) for word in file.read().split()]
    found: list[int] = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                if int(file.read().rpartition(b")")[2].split()[1]) == process:
                    found.append(int(name))
    return found


def _bound_processes(process: int, most: int) -> None:
    """Counted inside the user namespace of ``process`` only (Linux 5.14), and never for root."""
    _soft, hard = resource.prlimit(process, resource.RLIMIT_NPROC)
    bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.prlimit(process, resource.RLIMIT_NPROC, (bound, bound))


def watch(started: Started, go: int, arrived: int, limits: Limits) -> End:
    """Let the command go, and return when nobody inside is left."""
    os.write(go, b"\n")
    os.close(go)
    end, full = _wait(started, arrived, limits)
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(started.handle, signal.SIGKILL)
    select.select([started.handle], [], [])  # the kernel says so when the last of them is gone
    _, status = os.waitpid(started.monitor, 0)
    if end is not None:
        return end
    code = os.waitstatus_to_exitcode(status)
    full = full or _full(started, limits)
    if full:
        return LimitHit(limit=full)
    match code:
        case _ if code == 128 + signal.SIGXCPU:
            return LimitHit(limit="cpu")
        case _ if code == 128 + signal.SIGXFSZ:
            return LimitHit(limit="disk")
        case _:
            return Exited(status=code if code >= 0 else 128 - code)


def _wait(started: Started, arrived: int, limits: Limits) -> tuple[End | None, str]:
    """How it ended as far as we ended it, and which quota was seen used up."""
    ended = os.pidfd_open(started.monitor)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(arrived, select.POLLIN)
    deadline = None if limits.wall_s is None else time.monotonic() + limits.wall_s
    interrupted, tick, full = 0, _FIRST_TICK_S, ""
    try:
        while True:
            events = dict(poll.poll(tick * 1000))
            tick = _TICK_S
            if arrived in events and not interrupted:
                interrupted = os.read(arrived, 1)[0]
                _signal_everybody(started, interrupted)
                deadline = time.monotonic() + _GRACE_S
            if ended in events:
                return (Interrupted(signal=interrupted) if interrupted else None), full
            if deadline is not None and time.monotonic() >= deadline:
                return (Interrupted(signal=interrupted) if interrupted else LimitHit(limit="wall")), full
            if over := _over(started, limits):
                return LimitHit(limit=over), full
            full = full or _full(started, limits)
            if full:  # the quota is ours to keep, not the kernel's: nobody may go on
                return LimitHit(limit=full), full
    finally:
        os.close(ended)


def _over(started: Started, limits: Limits) -> str:
    proc = f"/proc/self/fd/{started.proc}"
    usage = _usage.measure(proc)
    if limits.processes is not None and usage.tasks >= limits.processes:
        return "processes"
    if limits.cpu_s is not None and usage.cpu_s + _usage.buried_cpu_s(proc) >= limits.cpu_s + 1:
        return "cpu"
    if (
        limits.memory_bytes is not None
        and usage.most_bytes > limits.memory_bytes
        and _usage.memory_bytes(proc) > limits.memory_bytes
    ):
        return "memory"
    return ""


def _used(started: Started) -> tuple[int, int]:
    """Bytes and inodes in every file system that can be written to. An open file without a name counts too."""
    size, inodes = 0, 0
    for descriptor in (started.merged, *started.sized):
        found = os.fstatvfs(descriptor)
        size += (found.f_blocks - found.f_bfree) * found.f_frsize
        inodes += found.f_files - found.f_ffree
    return size, inodes


def _full(started: Started, limits: Limits) -> str:
    size, inodes = _used(started)
    if size - started.used[0] >= limits.disk_bytes:
        return "disk"
    return "inodes" if inodes - started.used[1] >= limits.inodes else ""


def _signal_everybody(started: Started, number: int) -> None:
    """All who live in the process namespace of the first one, but not it."""
    ours = os.readlink(f"/proc/{started.first}/ns/pid")
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != started.first:
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{name}/ns/pid") == ours:
                    os.kill(int(name), number)
