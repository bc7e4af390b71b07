"""The two processes between us and the command: one enters the namespaces, one is their pid 1.

Runs after ``fork``: only system calls, no locks, no imports that were not done before. Every way
out is ``os._exit``. The channel is a seqpacket socket; its end of file means that the caller died.
"""

import contextlib
import errno
import fcntl
import gc
import os
import select
import signal
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.backends import _command, _kernel, _root, _seccomp, _terminal, _watch
from sandbox.environment import inside
from sandbox.errors import SetupError
from sandbox.faults import Point, reached
from sandbox.proxy.attend import ports_of
from sandbox.result import End, Exited, Interrupted, LimitHit
from sandbox.spec import SandboxSpec

CHANNEL = 3
MAPS, STARTED, ENDED, FAILED, LISTENING = b"M", b"S", b"E", b"F", b"L"
TERMINAL = b"T"
"""With the other end of the sandbox's own terminal."""
_SEPARATOR = "\x1f"
IGNORED = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGTSTP,
    signal.SIGCONT,
    signal.SIGWINCH,
)


def encode_end(end: End) -> bytes:
    match end:
        case Exited(status=status):
            return ENDED + f"exited {status}".encode()
        case LimitHit(limit=limit):
            return ENDED + f"limit {limit}".encode()
        case Interrupted(signal=number):
            return ENDED + f"signal {number}".encode()


def decode_end(message: bytes) -> End:
    kind, _, value = message[1:].decode().partition(" ")
    match kind:
        case "limit":
            return LimitHit(limit=value)
        case "signal":
            return Interrupted(signal=int(value))
        case _:
            return Exited(status=int(value))


def decode_failure(message: bytes) -> SetupError:
    text, primitive, fix, code = message[1:].decode(errors="surrogateescape").split(_SEPARATOR)
    return SetupError(text, primitive=primitive, fix=fix, code=int(code)).explained()


def fail(channel: int, error: BaseException) -> None:
    """Tell the caller that a wall could not be built."""
    match error:
        case SetupError():
            parts = (str(error), error.primitive, error.fix, str(error.code))
        case OSError():
            what = os.fsdecode(error.filename) if error.filename else "a file"
            parts = (f"cannot build the sandbox: {what}: {error.strerror}", what, "", str(error.errno or 0))
        case _:
            parts = (f"cannot build the sandbox: {error!r}", "launcher", "", "0")
    text = _SEPARATOR.join(part.replace(_SEPARATOR, " ")[:1000] for part in parts)
    os.write(channel, FAILED + text.encode(errors="surrogateescape"))


def enter(
    spec: SandboxSpec,
    descriptors: tuple[int, int, int],
    channel: int,
    caller: int,
    terminal: _terminal.Plan | None,
    lent: Callable[[], None] | None = None,
) -> None:
    """In the first child: own namespaces, then wait for their pid 1. Never returns.

    ``lent`` enters a user namespace that somebody else has made, which is then used instead of one of our own.
    """
    try:
        reached(Point.LAUNCHER_BORN)
        # A collection would write to every object there is, and each page written to is copied first.
        gc.disable()
        os.setsid()  # no terminal: ctrl-c reaches us only through the caller
        for number in IGNORED:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        arrange(descriptors, channel)
        channel = CHANNEL
        live_with(caller)
        reached(Point.LAUNCHER_BOUND)
        privileged = os.geteuid() == 0
        owner = owner_of(spec.workspace, privileged=privileged)
        if privileged:
            os.setgroups([])
        if lent is not None:
            _borrow(lent, privileged=privileged)
        else:
            _own(privileged=privileged)
        reached(Point.LAUNCHER_READY)
        child = os.fork()
        if child == 0:
            _first_process(spec, owner, terminal, change_identity=privileged and owner[0] != 0)
        reached(Point.INIT_FORKED)
        os.waitpid(child, 0)
        os._exit(0)
    except BaseException as error:  # noqa: BLE001 - a forked child must never run its parent's code
        fail(channel, error)
    os._exit(1)


def _own(*, privileged: bool) -> None:
    """All namespaces, with the user ids of outside: every one as root, else our own."""
    identity = (os.geteuid(), os.getegid())
    _separate(privileged=privileged)
    _kernel.die_with_parent()
    reached(Point.LAUNCHER_APART)
    if privileged:
        os.write(CHANNEL, MAPS)
        if os.read(CHANNEL, 1) != MAPS:
            os._exit(1)
    else:
        _kernel.show_memory()
        _map("setgroups", "deny")
        _map("uid_map", f"{identity[0]} {identity[0]} 1")
        _map("gid_map", f"{identity[1]} {identity[1]} 1")


def _borrow(lent: Callable[[], None], *, privileged: bool) -> None:
    """The user namespace that somebody else has made, and all others of our own."""
    if privileged and refused_namespaces():
        _kernel.own_root()
    lent()
    _kernel.unshare(_kernel.ALL_NAMESPACES & ~_kernel.CLONE_NEWUSER)
    _kernel.die_with_parent()


def _separate(*, privileged: bool) -> None:
    try:
        _kernel.unshare(_kernel.ALL_NAMESPACES)
    except PermissionError:
        if not privileged:
            raise
        # As in a chroot, where root can help itself.
        try:
            _kernel.own_root()
        except OSError as error:
            raise SetupError(
                f"cannot build the sandbox: unshare: not permitted, nor is a root of our own: {error}",
                primitive="unshare",
                code=error.errno or errno.EPERM,
            ) from error
        _kernel.unshare(_kernel.ALL_NAMESPACES)


def refused_namespaces() -> bool:
    """Whether Linux gives us no user namespace as we are, as it does even to root in a chroot."""
    child = os.fork()
    if child == 0:
        try:
            _kernel.unshare(_kernel.CLONE_NEWUSER)
        except OSError:
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1] != 0


def arrange(descriptors: tuple[int, int, int], channel: int) -> None:
    """0, 1, 2 and the channel; nothing else of the caller's, locks included, is held by us."""
    high = [fcntl.fcntl(one, fcntl.F_DUPFD, 64) for one in (*descriptors, channel)]
    for number, source in enumerate(high):
        os.dup2(source, number, inheritable=number < CHANNEL)
    _kernel.close_from(CHANNEL + 1)


def live_with(parent: int) -> None:
    _kernel.die_with_parent()
    if os.getppid() != parent:  # it died before the line above
        os._exit(1)


def _map(name: str, text: str) -> None:
    try:
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(descriptor, text.encode())
        os.close(descriptor)
    except OSError as error:
        raise OSError(error.errno, error.strerror, name) from error


def map_everyone(child: int) -> None:
    """As root, every id means inside what it means outside; the command itself has no capability to use them."""
    for name in ("uid_map", "gid_map"):
        with open(f"/proc/self/{name}", encoding="ascii") as ours:
            extents = [line.split() for line in ours]
        lines = "".join(f"{inside} {inside} {count}\n" for inside, _outside, count in extents)
        with open(f"/proc/{child}/{name}", "w", encoding="ascii") as theirs:
            theirs.write(lines)
    reached(Point.IDS_MAPPED)


def owner_of(workspace: str, *, privileged: bool) -> tuple[int, int]:
    """Root steps down to the owner of the workspace: without capabilities it could not write there."""
    if not privileged:
        return os.geteuid(), os.getegid()
    found = os.stat(workspace)
    return found.st_uid, found.st_gid


def _first_process(
    spec: SandboxSpec, owner: tuple[int, int], terminal: _terminal.Plan | None, *, change_identity: bool
) -> None:
    """Process 1 of the namespace: builds the root, starts the command, watches it. Never returns."""
    try:
        reached(Point.INIT_BORN)
        _kernel.die_with_parent()
        _kernel.hide_memory()
        if select.select([CHANNEL], [], [], 0)[0]:  # the caller died before the line above
            os._exit(1)
        reached(Point.INIT_BOUND)
        early = None
        if terminal is None:  # otherwise it inherits the terminal
            early = _fork_command(spec, owner, terminal, change_identity=change_identity)
        built = _root.build(spec, owner)
        if spec.network is not None:
            _listen(ports_of(spec.network))
        if terminal is not None:
            other_end = _terminal.make(terminal, owner)
            _kernel.send(CHANNEL, TERMINAL, other_end)
            os.close(other_end)
            reached(Point.TERMINAL_MADE)
        command = early or _fork_command(spec, owner, terminal, change_identity=change_identity)
        command.start()
        if terminal is not None:
            _terminal.let_go()
        _kernel.send(CHANNEL, STARTED, built.upper)
        reached(Point.STARTED_TOLD)
        end = _watch.until_end(
            command.process,
            CHANNEL,
            _watch.Namespace(built.scratch),
            spec.limits,
            terminal=terminal is not None,
        )
        os.write(CHANNEL, encode_end(end))
    except BaseException as error:  # noqa: BLE001 - see enter
        fail(CHANNEL, error)
    os._exit(0)


def _listen(ports: tuple[int, ...]) -> None:
    """Make the sockets here, where the command can reach them, and leave it to the caller who answers."""
    for port in ports:
        listener = _kernel.listen(port)
        _kernel.send(CHANNEL, LISTENING, listener)
        os.close(listener)
        reached(Point.LISTENING)
    if os.read(CHANNEL, 1) != LISTENING:  # it died, or was told to end
        os._exit(1)


@dataclass(frozen=True, slots=True)
class _Command:
    """The process that will be the command. It gives up its privileges while the root is built, and then waits."""

    process: int
    go: int
    report: int

    def start(self) -> None:
        """Let it become the command; return once it runs or has failed to be found. Raises SetupError."""
        with contextlib.suppress(BrokenPipeError):  # it has failed before, and said why
            os.write(self.go, b"G")
        os.close(self.go)
        problem = os.read(self.report, 4096)  # empty when execve closed the other end
        os.close(self.report)
        if problem:
            raise SetupError(
                f"cannot confine the command: {problem.decode(errors='replace')}", primitive="confine"
            )


def _fork_command(
    spec: SandboxSpec, owner: tuple[int, int], terminal: _terminal.Plan | None, *, change_identity: bool
) -> _Command:
    """The second processor has something to do while the root is built."""
    wait, go = os.pipe2(os.O_CLOEXEC)
    report, told = os.pipe2(os.O_CLOEXEC)
    process = os.fork()
    if process == 0:
        try:
            reached(Point.COMMAND_BORN)
            os.close(go)  # whose end is the death of process 1
            os.dup2(told, _command.REPORT, inheritable=False)
            _command.become(
                spec,
                wait,
                owner=owner,
                environment=inside(
                    spec.env,
                    home=spec.home,
                    cwd=spec.cwd,
                    proxied=spec.network is not None,
                    named=spec.named,
                ),
                filter_program=_seccomp.program(),
                change_identity=change_identity,
                terminal=terminal,
            )
        except BaseException as error:  # noqa: BLE001 - see enter
            os.write(_command.REPORT, f"{error!r}".encode(errors="replace"))
        os._exit(1)
    reached(Point.COMMAND_FORKED)
    os.close(told)
    os.close(wait)
    return _Command(process, go, report)
