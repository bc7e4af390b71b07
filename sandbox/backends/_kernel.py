"""Linux calls that ``os`` does not have, each raising ``OSError``. No policy, no order: only the calls."""

import ctypes
import os
import struct

MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 2, 4, 8, 16384, 1 << 18
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV, ATTR_NOEXEC = 1, 2, 4, 8
RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, RESOLVE_BENEATH = 0x02, 0x04, 0x08

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
ALL_NAMESPACES = (
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET
)

_AT_FDCWD, _AT_EMPTY_PATH, _AT_RECURSIVE, _AT_NOFOLLOW = -100, 0x1000, 0x8000, 0x100
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, _PR_SET_SECCOMP = 47, 4, 22
_PR_SET_CHILD_SUBREAPER = 36
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63
_MSG_CMSG_CLOEXEC = 0x40000000

_MACHINE = os.uname().machine
_NUMBERS = {"x86_64": {"pivot_root": 155, "capset": 126}, "aarch64": {"pivot_root": 41, "capset": 91}}
_OPEN_TREE, _MOVE_MOUNT, _CLOSE_RANGE, _OPENAT2, _MOUNT_SETATTR = 428, 429, 436, 437, 442
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
"""From ``open_tree`` on the numbers are the same on every machine."""

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def _checked(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), what)
    return result


def syscall(number: int, *args: int | bytes | ctypes.Array[ctypes.c_char] | None, what: str) -> int:
    """Every integer is passed as a whole register: ctypes would cut it to 32 bits."""
    wide = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    return _checked(_libc.syscall(ctypes.c_long(number), *wide), what)


def unshare(flags: int) -> None:
    _checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def enter(namespace: int, kind: int) -> None:
    """``namespace`` is a descriptor of ``/proc/PID/ns/...``."""
    _checked(_libc.setns(ctypes.c_int(namespace), ctypes.c_int(kind)), "setns")


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    result = _libc.mount(
        source.encode(),
        os.fsencode(target),
        None if kind is None else kind.encode(),
        ctypes.c_ulong(flags),
        None if data is None else os.fsencode(data),
    )
    _checked(result, f"mount {kind or 'propagation'}")


def detach_here() -> None:
    """Detach what is mounted at the current directory, whatever still uses it."""
    _checked(_libc.umount2(b".", 2), "umount2")


def pivot_here() -> None:
    """Make the current directory the root and stack the old root upon it."""
    syscall(_number("pivot_root"), b".", b".", what="pivot_root")


def own_root() -> None:
    """Make ``/`` the root of a mount namespace of our own, for good. Needs CAP_SYS_ADMIN and CAP_SYS_CHROOT.

    Linux gives no user namespace to a process in a chroot. What was visible stays visible, and nothing more.
    """
    unshare(CLONE_NEWNS)
    here = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    # Only the namespace's own root is sure to be a mount, so that nothing below is shared with others any more.
    with os.scandir("/") as entries:
        deeper = next(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
    os.chroot(deeper)
    os.fchdir(here)
    for _ in range(2):  # a name in Linux has at most 2048 parts
        os.chdir("../" * 1024)
    os.chroot(".")
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    tree = clone_tree(".", dir_fd=here)
    attach(tree, here)
    os.fchdir(tree)
    os.close(here)
    os.close(tree)
    pivot_here()
    detach_here()
    os.chdir("/")


def _number(name: str) -> int:
    try:
        return _NUMBERS[_MACHINE][name]
    except KeyError:
        raise OSError(38, f"no system call table for {_MACHINE}", name) from None


def clone_tree(path: str, *, dir_fd: int = _AT_FDCWD, recursive: bool = True) -> int:
    """A detached copy of the mounts at ``path`` (never through a final symlink) as a descriptor.

    No ``path``: of what ``dir_fd`` is open on.
    """
    flags = (
        1 | os.O_CLOEXEC | (_AT_RECURSIVE if recursive else 0) | (_AT_NOFOLLOW if path else _AT_EMPTY_PATH)
    )
    return syscall(_OPEN_TREE, dir_fd, os.fsencode(path), flags, what=f"open_tree {path}")


def attach(tree: int, target: int) -> None:
    """Mount a detached tree on the object that ``target`` is open on: no path is walked."""
    syscall(_MOVE_MOUNT, tree, b"", target, b"", 0x04 | 0x40, what="move_mount")


def set_attributes(tree: int, attributes: int, *, recursive: bool = True) -> None:
    buffer = ctypes.create_string_buffer(struct.pack("QQQQ", attributes, 0, 0, 0), 32)
    flags = _AT_EMPTY_PATH | (_AT_RECURSIVE if recursive else 0)
    syscall(_MOUNT_SETATTR, tree, b"", flags, buffer, 32, what="mount_setattr")


def clear_attributes(tree: int, attributes: int) -> None:
    buffer = ctypes.create_string_buffer(struct.pack("QQQQ", 0, attributes, 0, 0), 32)
    syscall(_MOUNT_SETATTR, tree, b"", _AT_EMPTY_PATH, buffer, 32, what="mount_setattr")


def open_beneath(path: str, *, dir_fd: int, flags: int = os.O_PATH, scope: int = RESOLVE_BENEATH) -> int:
    """openat2 that meets no symlink on the way and does not leave ``dir_fd``."""
    how = struct.pack(
        "QQQ", flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0, scope | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS
    )
    buffer = ctypes.create_string_buffer(how, 24)
    return syscall(_OPENAT2, dir_fd, os.fsencode(path), buffer, 24, what=f"openat2 {path}")


def open_real(path: str, flags: int = os.O_PATH) -> int:
    """Open an absolute path that must hold no symlink."""
    return open_beneath(path, dir_fd=_AT_FDCWD, flags=flags, scope=0)


def close_from(first: int) -> None:
    syscall(_CLOSE_RANGE, first, 0xFFFFFFFF, 0, what="close_range")


def _prctl(option: int, value: int = 0, *rest: int) -> int:
    args = [ctypes.c_ulong(arg) for arg in (value, *rest, 0, 0, 0)][:4]
    return int(_libc.prctl(ctypes.c_int(option), *args))


def die_with_parent() -> None:
    """SIGKILL when the thread that forked us ends. The caller must check afterwards that it still lives."""
    _checked(_prctl(_PR_SET_PDEATHSIG, 9), "prctl pdeathsig")


def adopt_orphans() -> None:
    """Who loses its parent below us becomes our child, not that of the machine's first process."""
    _checked(_prctl(_PR_SET_CHILD_SUBREAPER, 1), "prctl child_subreaper")


def show_memory() -> None:
    """Own our /proc entries again, which a caller that changed its user id no longer does."""
    _checked(_prctl(_PR_SET_DUMPABLE, 1), "prctl dumpable")


def hide_memory() -> None:
    """Nobody may ptrace us or read our memory, environment or descriptors through /proc."""
    _checked(_prctl(_PR_SET_DUMPABLE, 0), "prctl dumpable")


def no_new_privileges() -> None:
    _checked(_prctl(_PR_SET_NO_NEW_PRIVS, 1), "prctl no_new_privs")


def drop_bounding_set() -> None:
    for capability in range(_LAST_CAPABILITY + 1):
        if _prctl(_PR_CAPBSET_DROP, capability) < 0:
            if ctypes.get_errno() == 22:  # the first number this kernel does not know ends the list
                return
            _checked(-1, "prctl capbset_drop")


def drop_capabilities() -> None:
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = ctypes.create_string_buffer(struct.pack("Ii", _CAPABILITY_VERSION_3, 0), 8)
    syscall(_number("capset"), header, ctypes.create_string_buffer(24), what="capset")


def install_filter(program: bytes) -> None:
    code = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(code))
    buffer = ctypes.create_string_buffer(described, len(described))
    _checked(_prctl(_PR_SET_SECCOMP, 2, ctypes.addressof(buffer)), "prctl seccomp")


def loopback_up() -> None:
    """Only the loopback of a fresh network namespace: servers and their tests inside can meet."""
    flags_up, set_flags = 0x1, 0x8914
    descriptor = _checked(_libc.socket(2, 2 | os.O_CLOEXEC, 0), "socket")
    request = ctypes.create_string_buffer(struct.pack("16sH22x", b"lo", flags_up), 40)
    result = _libc.ioctl(descriptor, ctypes.c_ulong(set_flags), request)
    os.close(descriptor)
    _checked(result, "loopback")


def listen(port: int) -> int:
    """A socket on 127.0.0.1:``port`` of the network namespace that we are in."""
    descriptor = _checked(_libc.socket(2, 1 | os.O_CLOEXEC, 0), "socket")
    address = ctypes.create_string_buffer(
        struct.pack("!2s", struct.pack("H", 2)) + struct.pack("!H4s8x", port, b"\x7f\0\0\x01"), 16
    )
    try:
        _checked(_libc.bind(descriptor, address, 16), f"bind 127.0.0.1:{port}")
        _checked(_libc.listen(descriptor, 128), f"listen 127.0.0.1:{port}")
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def set_host_name(name: bytes) -> None:
    _checked(_libc.sethostname(name, ctypes.c_size_t(len(name))), "sethostname")


def socket_pair() -> tuple[int, int]:
    """Two ends that keep message borders; ``socket`` itself costs more to import than a whole fork."""
    pair = (ctypes.c_int * 2)()
    _checked(_libc.socketpair(1, 5 | os.O_CLOEXEC, 0, pair), "socketpair")
    return pair[0], pair[1]


class _Message:
    """A ``struct msghdr`` that keeps alive what it points to."""

    def __init__(self, data: ctypes.Array[ctypes.c_char], control: ctypes.Array[ctypes.c_char]) -> None:
        vector = struct.pack("QQ", ctypes.addressof(data), len(data))
        self._vector = ctypes.create_string_buffer(vector, 16)
        where = (ctypes.addressof(self._vector), 1, ctypes.addressof(control), len(control))
        self.header = ctypes.create_string_buffer(struct.pack("QIxxxxQQQQixxxx", 0, 0, *where, 0), 56)


def send(channel: int, data: bytes, descriptor: int) -> None:
    """One message with one descriptor (SCM_RIGHTS)."""
    body = ctypes.create_string_buffer(data, len(data))
    control = ctypes.create_string_buffer(struct.pack("QiiI", 20, 1, 1, descriptor), 24)
    message = _Message(body, control)
    _checked(_libc.sendmsg(channel, message.header, 0), "sendmsg")


def receive(channel: int) -> tuple[bytes, int]:
    """One message and the descriptor that came with it, or -1."""
    body = ctypes.create_string_buffer(4096)
    control = ctypes.create_string_buffer(24)
    message = _Message(body, control)
    size = _checked(_libc.recvmsg(channel, message.header, _MSG_CMSG_CLOEXEC), "recvmsg")
    length, _level, kind, descriptor = struct.unpack("QiiI", control.raw[:20])
    return body.raw[:size], descriptor if length >= 20 and kind == 1 else -1
