"""Puts a command's files into a container that has been waiting: mounts, made in its namespace when the command is known.

What the engine mounts, it mounts when a container starts, and what is changed below an overlay afterwards is undefined.
So the engine mounts nothing of a run. The copy-on-write view of the workspace is made in a namespace of our own at the
hand-over, upon a tmpfs that only the container and one descriptor of ours keep alive, and moved inside by descriptor.
"""

import contextlib
import errno
import fcntl
import os
import select
import struct
from collections.abc import Generator
from dataclasses import dataclass

from sandbox.backends import _admit, _caches, _docker_mounts, _kernel
from sandbox.backends._docker_points import DockerPoint, reached
from sandbox.errors import SetupError
from sandbox.spec import SandboxSpec

_NS_GET_USERNS = 0xB701
_PIDFD_GET_INFO, _INFO_EXIT = 0xC040FF0B, 1 << 3
_STAGE = ("/tmp", "/var/tmp", "/mnt", "/run")  # noqa: S108 - any directory does: it is hidden only in our namespace
_TMP, _SHM = "/tmp", "/dev/shm"  # noqa: S108 - the sandbox's own
_TIOCSPTLCK, _TIOCGPTN, _TIOCGPTPEER = 0x40045431, 0x80045430, 0x5441
OWN_INODES = 8
"""Pipes of ours in the writable layer: their places are free again when they are closed, while the command runs or after."""
_READY, _MASTER, _THEIRS = b"R", b"M", b"T"


class Elsewhere(Exception):
    """The engine's processes are not on this machine, or not ours to enter."""


@dataclass(frozen=True, slots=True)
class _Tree:
    path: str
    tree: int
    directory: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What we hold of a run."""

    upper: int
    """The overlay's writable layer; beside it lies all else that is writable."""
    master: int = -1
    theirs: int = -1
    """The two ends of the container's own terminal."""
    terminal_name: str = ""
    """Inside."""


class Waiting:
    """The first process of a container that waits for its command. ``close`` must be called."""

    def __init__(self, pid: int, nonce: str, *, patience_s: float = 5.0) -> None:
        """``nonce`` is in its command line: a number alone may be another machine's. Raises Elsewhere."""
        self.pid, self.handle = pid, -1
        try:
            self.handle = os.pidfd_open(pid)
        except OSError as error:
            raise Elsewhere(f"the engine's process {pid} is not on this machine") from error
        if not self._is(nonce, patience_s):
            self.close()
            raise Elsewhere(f"process {pid} of this machine is not the engine's")

    def _is(self, nonce: str, patience_s: float) -> bool:
        for _ in range(int(patience_s * 500)):
            try:
                with open(f"/proc/{self.pid}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                return False
            if nonce.encode() in words:
                return True
            # The engine says that it is started just before it becomes what it was told to be; between the two,
            # a process has no command line at all.
            if words[0] and not words[0].endswith((b"runc", b"crun", b"init", b"exe")):
                return False
            select.select([], [], [], 0.002)
        return False

    def ended(self, timeout_s: float) -> bool:
        """Whether it, and so everybody inside, has ended."""
        return bool(select.select([self.handle], [], [], timeout_s)[0])

    def status(self) -> int | None:
        """Less than 0: it was killed, by that signal. None where only the engine knows (before Linux 6.15)."""
        for _ in range(50):
            told = bytearray(struct.pack("Q56x", _INFO_EXIT))
            try:
                fcntl.ioctl(self.handle, _PIDFD_GET_INFO, told)
            except OSError as error:
                if error.errno != errno.ESRCH:
                    return None
            else:
                if struct.unpack_from("Q", told)[0] & _INFO_EXIT:
                    return os.waitstatus_to_exitcode(struct.unpack_from("i", told, 60)[0])
            select.select([], [], [], 0.001)  # not reaped yet
        return None

    def close(self) -> None:
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1


@contextlib.contextmanager
def opened_input(waiting: Waiting) -> Generator[int]:
    """The standard input of the first process, past the engine. Raises Elsewhere."""
    try:
        opened = os.open(f"/proc/{waiting.pid}/fd/0", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Elsewhere(f"the container's input cannot be opened: {error.strerror}") from error
    try:
        yield opened
    finally:
        os.close(opened)


def into(waiting: Waiting, spec: SandboxSpec, owner: tuple[int, int], *, terminal: bool) -> Handed:
    """Mount what ``spec`` wants, and make a terminal inside. Raises SetupError, Elsewhere."""
    ours, theirs = _kernel.socket_pair()
    child = os.fork()
    if child == 0:
        try:
            _build(waiting.pid, spec, owner, theirs, terminal=terminal)
            os._exit(0)
        except SetupError as error:
            _tell(theirs, error.primitive, str(error), error.fix, 0)
        except OSError as error:
            _tell(theirs, str(error.filename or ""), error.strerror or str(error), "", error.errno or 0)
        except BaseException as error:  # noqa: BLE001 - a forked child must never run its parent's code
            _tell(theirs, "launcher", repr(error), "", 0)
        finally:
            os._exit(1)
    os.close(theirs)
    got: dict[bytes, int] = {}
    said, name = b"", ""
    try:
        while _READY not in got:
            said, descriptor = _kernel.receive(ours)
            if descriptor < 0:
                break
            got[said[:1]] = descriptor
            name = said[1:].decode() or name
    finally:
        os.close(ours)
        os.waitpid(child, 0)
    if _READY in got:
        return Handed(
            upper=got[_READY],
            master=got.get(_MASTER, -1),
            theirs=got.get(_THEIRS, -1),
            terminal_name=name,
        )
    for descriptor in got.values():
        os.close(descriptor)
    primitive, message, fix, code = (said.decode(errors="replace") + "\0\0\0").split("\0")[:4]
    if code == str(errno.EPERM) and primitive in {"setns", "unshare", "open namespace"}:
        raise Elsewhere(f"the container may not be entered by this user: {message.lower()}")
    raise SetupError(
        f"cannot hand over to the container: {primitive}: {message.lower() or 'the helper died'}"
        if not fix
        else message,
        primitive=primitive or "launcher",
        fix=fix or "see dmesg, or use the local backend",
    )


def _tell(channel: int, primitive: str, message: str, fix: str, code: int) -> None:
    os.write(channel, "\0".join((primitive, message[:1500], fix[:500], str(code))).encode(errors="replace"))


# ------------------------------------------------------------------ in the child


def _build(pid: int, spec: SandboxSpec, owner: tuple[int, int], channel: int, *, terminal: bool) -> None:
    try:
        inside = os.open(f"/proc/{pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        user = fcntl.ioctl(inside, _NS_GET_USERNS)
    except PermissionError as error:
        raise OSError(errno.EPERM, error.strerror, "open namespace") from error
    foreign = os.fstat(user).st_ino != os.stat("/proc/self/ns/user").st_ino
    if foreign:
        _kernel.enter(user, _kernel.CLONE_NEWUSER)
    _kernel.unshare(_kernel.CLONE_NEWNS)
    _kernel.mount("none", "/", None, _kernel.MS_REC | _kernel.MS_PRIVATE)
    # Every source is opened before anything is mounted.
    workspace = _kernel.open_real(spec.workspace, os.O_PATH | os.O_DIRECTORY)
    shown = [_read_only(path) for path in spec.read_only]
    caches = _caches.opened(spec)
    scratch = _scratch(spec)
    upper = _prepare(scratch, workspace, owner)
    view = _overlay(spec, workspace, scratch, foreign=foreign)
    for path in sorted(spec.masked):
        _cover(view, os.path.relpath(path, spec.workspace), scratch)
    home = _home(spec, caches, scratch, owner)
    trees = [
        _Tree(_TMP, _clone(scratch, "tmp", spec), directory=True),
        _Tree(_SHM, _clone(scratch, "shm", spec), directory=True),
        _Tree(spec.home, _kernel.clone_tree(home, dir_fd=scratch), directory=True),
        *shown,
        _Tree(spec.workspace, _kernel.clone_tree(".", dir_fd=view), directory=True),
    ]
    covers = [_kernel.clone_tree("nothing", dir_fd=scratch, recursive=False) for _ in spec.hidden]
    places = _docker_mounts.writable(pid)
    reached(DockerPoint.BUILT)
    _kernel.enter(inside, _kernel.CLONE_NEWNS)
    reached(DockerPoint.INSIDE)
    engines = _docker_mounts.opened(places)
    for one in sorted(trees, key=lambda one: (one.path.count("/"), one.path == spec.workspace)):
        _attach(one, spec)
    for path, cover in zip(spec.hidden, covers, strict=True):
        _hide(path, cover)
    if terminal:
        _make_terminal(owner, channel)
    _docker_mounts.close_up(engines)
    reached(DockerPoint.MOUNTED)
    _kernel.send(channel, _READY, upper)


def _make_terminal(owner: tuple[int, int], channel: int) -> None:
    """A pair of the container's own: the waiting shell leads a session, and takes the first terminal that it opens."""
    master = os.open("/dev/pts/ptmx", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    fcntl.ioctl(master, _TIOCSPTLCK, struct.pack("i", 0))
    theirs = fcntl.ioctl(master, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    os.fchown(theirs, owner[0], -1)
    name = f"/dev/pts/{struct.unpack('i', fcntl.ioctl(master, _TIOCGPTN, bytes(4)))[0]}"
    _kernel.send(channel, _MASTER, master)
    _kernel.send(channel, _THEIRS + name.encode(), theirs)


def _read_only(path: str) -> _Tree:
    os.close(_kernel.open_real(path))
    tree = _kernel.clone_tree(path)
    _kernel.set_attributes(tree, _kernel.ATTR_RDONLY | _kernel.ATTR_NOSUID | _kernel.ATTR_NODEV)
    return _Tree(path, tree, os.path.isdir(path))


def _scratch(spec: SandboxSpec) -> int:
    """One tmpfs for every writable byte: its size is the disk limit, its inodes the inode limit."""
    options = f"mode=0755,size={max(spec.limits.disk_bytes, 1 << 20)},nr_inodes={max(spec.limits.inodes, 256) + OWN_INODES}"
    stage = next((path for path in _STAGE if os.path.isdir(path) and not os.path.islink(path)), "")
    if not stage:
        raise SetupError("no directory to mount in", primitive="mount tmpfs", fix="mkdir /tmp")
    _kernel.mount("execguard", stage, "tmpfs", _kernel.MS_NOSUID | _kernel.MS_NODEV, options)
    return os.open(stage, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _prepare(scratch: int, workspace: int, owner: tuple[int, int]) -> int:
    modes = {"upper": 0o755, "work": 0o755, "view": 0o755, "tmp": 0o1777, "shm": 0o1777, "home": 0o700}
    for name, mode in modes.items():
        os.mkdir(name, 0o700, dir_fd=scratch)
        os.chmod(name, mode, dir_fd=scratch)
    os.chown("home", *owner, dir_fd=scratch)
    os.mkdir("empty", 0o555, dir_fd=scratch)
    os.close(os.open("nothing", os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o444, dir_fd=scratch))
    upper = os.open("upper", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=scratch)
    like = os.fstat(workspace)
    os.fchmod(upper, like.st_mode & 0o7777)
    os.fchown(upper, like.st_uid, like.st_gid)
    os.utime(upper, ns=(like.st_atime_ns, like.st_mtime_ns))
    return upper


def _overlay(spec: SandboxSpec, lower: int, scratch: int, *, foreign: bool) -> int:
    """Mount the copy-on-write view and return a descriptor of it."""
    base = f"/proc/self/fd/{scratch}"
    # Before Linux 6.6 a tmpfs keeps only attributes that an ordinary user cannot have.
    kept = "userxattr," if foreign or _keeps_user_attributes(scratch) else ""
    options = f"lowerdir=/proc/self/fd/{lower},upperdir={base}/upper,workdir={base}/work,{kept}index=off"
    flags = _kernel.MS_NOSUID | _kernel.MS_NODEV | (0 if spec.runs_what_it_writes else _kernel.MS_NOEXEC)
    try:
        _kernel.mount("workspace", f"{base}/view", "overlay", flags, options)
    except OSError as error:
        why, fix = error.strerror, "see dmesg for what overlayfs refused"
        if error.errno == errno.EINVAL:
            why, fix = _admit.why_no_overlay(spec.workspace)
        raise SetupError(
            f"copy-on-write view of `{spec.workspace}`: {why}", primitive="mount overlay", fix=fix
        ) from error
    return os.open("view", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=scratch)


def _keeps_user_attributes(scratch: int) -> bool:
    try:
        os.setxattr(scratch, "user.execguard", b"1")
    except OSError:
        return False
    os.removexattr(scratch, "user.execguard")
    return True


def _clone(scratch: int, name: str, spec: SandboxSpec) -> int:
    tree = _kernel.clone_tree(name, dir_fd=scratch, recursive=False)
    if not spec.runs_what_it_writes:
        _kernel.set_attributes(tree, _kernel.ATTR_NOEXEC, recursive=False)
    return tree


def _home(spec: SandboxSpec, caches: list["_caches.Opened"], scratch: int, owner: tuple[int, int]) -> str:
    """Where below ``scratch`` the home stands with its caches mounted in it."""
    place = f"root{spec.home}"
    made = ""
    for name in place.split("/"):
        made = f"{made}/{name}" if made else name
        os.mkdir(made, 0o755, dir_fd=scratch)
    tree = _clone(scratch, "home", spec)
    at = os.open(place, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=scratch)
    _kernel.attach(tree, at)
    os.close(at)
    os.close(tree)
    root = os.open("root", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=scratch)
    _caches.mount(caches, root, scratch, spec, owner)
    os.close(root)
    return place


def _cover(view: int, path: str, scratch: int) -> None:
    """An empty file or directory over ``path`` of the workspace, where there is something to hide."""
    try:
        place = _kernel.open_beneath(path, dir_fd=view)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return
        if error.errno != errno.ELOOP:
            raise
        raise SetupError(
            f"`{path}` is to be hidden but is reached through a symlink",
            primitive="mask",
            fix="mask the real path",
        ) from error
    directory = os.path.isdir(f"/proc/self/fd/{place}")
    tree = _kernel.clone_tree("empty" if directory else "nothing", dir_fd=scratch, recursive=False)
    _kernel.set_attributes(tree, _kernel.ATTR_RDONLY, recursive=False)
    _kernel.attach(tree, place)
    os.close(tree)
    os.close(place)


# ------------------------------------------------------------------ in the container's namespace


def _attach(one: _Tree, spec: SandboxSpec) -> None:
    """Only the waiting process is here, so that nobody can move a mount point."""
    if _admit.below(one.path, spec.workspace):
        view = os.open(spec.workspace, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        place = _kernel.open_beneath(os.path.relpath(one.path, spec.workspace), dir_fd=view)
        os.close(view)
    else:
        place = _place(one.path, directory=one.directory)
    _kernel.attach(one.tree, place)
    os.close(place)
    os.close(one.tree)


def _place(path: str, *, directory: bool) -> int:
    flags = os.O_PATH | os.O_CLOEXEC
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        pass
    top = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    _kernel.clear_attributes(top, _kernel.ATTR_RDONLY)
    try:
        os.makedirs(path if directory else os.path.dirname(path), 0o755, exist_ok=True)
        if not directory:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o444))
        return os.open(path, flags)
    finally:
        _kernel.set_attributes(top, _kernel.ATTR_RDONLY, recursive=False)
        os.close(top)


def _hide(path: str, cover: int) -> None:
    """What cannot be read cannot be copied, loaded or altered a little and started."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        os.close(cover)
        return
    _kernel.set_attributes(cover, _kernel.ATTR_RDONLY | _kernel.ATTR_NOEXEC, recursive=False)
    _kernel.attach(cover, place)
    os.close(cover)
    os.close(place)
