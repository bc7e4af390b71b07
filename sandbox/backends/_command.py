"""The last process before the command: gives up everything, then becomes it. Never returns."""

import os
import resource
import signal

from sandbox.backends import _kernel, _landlock, _terminal
from sandbox.faults import Point, reached
from sandbox.spec import Limits, SandboxSpec

NOT_EXECUTABLE, NOT_FOUND = 126, 127
REPORT = 3
"""Where the parent hears that a wall could not be built; closed by execve."""
_RESET = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGPIPE,
    signal.SIGXFSZ,
    signal.SIGCHLD,
    signal.SIGTSTP,
    signal.SIGTTIN,
    signal.SIGTTOU,
    signal.SIGCONT,
    signal.SIGWINCH,
)
_WRITABLE = ("/tmp", "/dev", "/proc")  # noqa: S108 - the sandbox's own


def become(
    spec: SandboxSpec,
    wait: int,
    *,
    owner: tuple[int, int],
    environment: dict[str, str],
    filter_program: bytes,
    change_identity: bool,
    terminal: _terminal.Plan | None,
) -> None:
    """Drop all privileges and replace this process by the command, once ``wait`` says that the root stands."""
    step_down(spec.limits, owner if change_identity else None, terminal)
    if not os.read(wait, 1):
        return  # process 1 is gone
    _landlock.restrict((spec.workspace, spec.home, *_WRITABLE), (0, 1, 2))
    os.chdir(spec.cwd)
    _kernel.close_from(REPORT + 1)
    _kernel.install_filter(filter_program)
    reached(Point.COMMAND_CONFINED)
    execute(spec.argv, environment)


def step_down(
    limits: Limits,
    identity: tuple[int, int] | None,
    terminal: _terminal.Plan | None = None,
    *,
    capable: bool = True,
) -> None:
    """A session of its own, bounded, as ``identity`` (None: as we are), and without any privilege.

    ``terminal``: in the session that has it instead, as its foreground.

    ``capable``: we have privileges to give up, in a user namespace or as root.
    """
    if terminal is None:
        os.setsid()
    else:
        _terminal.come_forward(terminal)
    for number in _RESET:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    limit(limits)
    if capable:
        _kernel.drop_bounding_set()
    if identity is not None:
        os.setgroups([])
        os.setresgid(identity[1], identity[1], identity[1])
        os.setresuid(identity[0], identity[0], identity[0])
    _kernel.drop_capabilities()
    _kernel.no_new_privileges()


def execute(argv: tuple[str, ...], environment: dict[str, str]) -> None:
    """Replace this process by the command. Never returns."""
    try:
        os.execvpe(argv[0], argv, environment)  # noqa: S606 - the command as given, no shell
    except (FileNotFoundError, NotADirectoryError):
        os.write(2, f"{argv[0]}: command not found\n".encode(errors="surrogateescape"))
        os._exit(NOT_FOUND)
    except (OSError, ValueError) as error:
        os.write(2, f"{argv[0]}: {error}\n".encode(errors="surrogateescape"))
        os._exit(NOT_EXECUTABLE)


def limit(limits: Limits, *, processes: bool = True) -> None:
    """Bound this process and all that it becomes. Outside of a user namespace ``processes`` would count the user's."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # The whole layer in one file is the most that can be meant; it also bounds sparse files.
    _lower(resource.RLIMIT_FSIZE, limits.disk_bytes)
    _lower(resource.RLIMIT_MSGQUEUE, 1 << 20)
    _lower(resource.RLIMIT_MEMLOCK, 8 << 20)
    if limits.cpu_s is not None:
        _lower(resource.RLIMIT_CPU, limits.cpu_s, grace=2)
    if limits.open_files is not None:
        _lower(resource.RLIMIT_NOFILE, limits.open_files)
    if processes and limits.processes is not None:
        # Counted inside the user namespace only (Linux 5.14), our two processes with them, and never for root.
        _lower(resource.RLIMIT_NPROC, limits.processes + 2)
    if limits.memory_bytes is not None:
        # Per process and without reserved address space, so that runtimes which reserve gigabytes still
        # start; the sum over all processes is watched by the first process.
        _lower(resource.RLIMIT_DATA, 2 * limits.memory_bytes)


def _lower(kind: int, value: int, *, grace: int = 0) -> None:
    _soft, hard = resource.getrlimit(kind)
    most = value + grace if hard == resource.RLIM_INFINITY else min(value + grace, hard)
    resource.setrlimit(kind, (min(value, most), most))
