"""Builds the file system a command sees, from inside fresh user, mount and pid namespaces.

Every source is opened before anything is mounted, and every target is reached by walking
descriptors, never a path string: a symlink in the workspace cannot move a mount point
(CVE-2026-87766 was that). Mount points are made only in our own tmpfs, never in the workspace.
"""

import errno
import os
import stat
from dataclasses import dataclass

from sandbox.backends import _admit, _caches, _kernel, _places, _visible
from sandbox.errors import SetupError
from sandbox.faults import Point, reached
from sandbox.spec import Limits, SandboxSpec

_STAGE = ("/tmp", "/var/tmp", "/mnt", "/run")  # noqa: S108 - any directory does: it is hidden only in our namespace
_MOUNTS_AT_MOST = 64
"""Files of one directory that are covered one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What is left to watch and to hand over once the root stands."""

    scratch: int
    """Directory descriptor of the tmpfs with every writable byte; its statvfs is the quota."""
    upper: int
    """Directory descriptor of the overlay's writable layer."""


@dataclass(frozen=True, slots=True)
class _Mount:
    path: str
    tree: int = -1
    """A detached tree to attach, or -1 for a directory of the scratch tmpfs by that name."""
    scratch: str = ""
    directory: bool = True


def build(spec: SandboxSpec, owner: tuple[int, int]) -> Built:
    """Build and enter the root. ``owner`` is who the command runs as. Raises OSError or SetupError."""
    _kernel.set_host_name(b"sandbox")
    _kernel.loopback_up()
    _kernel.mount("none", "/", None, _kernel.MS_REC | _kernel.MS_PRIVATE)
    sources = _system_trees()
    workspace = _kernel.open_real(spec.workspace, os.O_PATH | os.O_DIRECTORY)
    sources += [_read_only(path) for path in spec.read_only]
    kept = _places.opened(spec)
    devices = {name: _device(name) for name in _visible.DEVICES if os.path.exists(f"/dev/{name}")}
    contents = etc(spec.home, owner)
    top_links = {name: os.readlink(f"/{name}") for name in _visible.TOP_LEVEL if os.path.islink(f"/{name}")}

    caches = _caches.opened(spec)
    scratch = _scratch(spec)
    reached(Point.SCRATCH_MOUNTED)
    root = _new_root(scratch)
    reached(Point.ROOT_MOUNTED)
    for name, link in top_links.items():
        os.symlink(link, name, dir_fd=root)
    upper = _prepare_scratch(scratch, workspace, owner)
    _fill_etc(root, contents)
    for one in spec.shown:
        os.close(_make_place(root, os.path.dirname(one.path), directory=True))
        _fill_etc(root, {one.path.removeprefix("/etc/"): one.content}, 0o755 if one.executable else 0o644)
    reached(Point.SCRATCH_FILLED)
    mounts = [
        *sources,
        _Mount("/tmp", scratch="tmp"),  # noqa: S108 - the sandbox's own
        _Mount("/dev/shm", scratch="shm"),  # noqa: S108 - the sandbox's own
        _Mount(spec.home, scratch="home"),
    ]
    unique = {mount.path: mount for mount in mounts if mount.path != spec.workspace}
    # The workspace comes last at its own depth; masks are deeper than it by definition.
    before = [mount for mount in unique.values() if not _admit.below(mount.path, spec.workspace)]
    within = [mount for mount in unique.values() if _admit.below(mount.path, spec.workspace)]
    for mount in sorted(before, key=lambda mount: mount.path.count("/")):
        _attach(mount, _make_place(root, mount.path, directory=mount.directory), scratch)
    _caches.mount(caches, root, scratch, spec, owner)
    reached(Point.CACHES_MOUNTED)
    _places.attach(kept, root, spec.home, owner)
    reached(Point.GRANTS_MOUNTED)
    seen = (
        _direct(root, spec, workspace) if spec.direct else _overlay(root, spec.workspace, workspace, scratch)
    )
    reached(Point.WORKSPACE_MOUNTED)
    for mount in sorted(within, key=lambda mount: mount.path.count("/")):
        _attach(mount, _existing_place(seen, spec.workspace, mount.path), scratch)
    if spec.direct:
        _places.fix(seen, spec.workspace, spec.direct, spec.masked, noexec=not spec.runs_what_it_writes)
    _mask(seen, spec, scratch)
    _hide(root, spec, scratch)
    if not spec.runs_what_it_writes:
        _no_execution(root, (spec.workspace, spec.home, "/tmp", "/dev/shm"))  # noqa: S108 - the sandbox's own
    reached(Point.WORKSPACE_GUARDED)
    _fill_dev(root, devices)
    _fill_proc(root, spec.limits)
    reached(Point.SYSTEM_MOUNTED)
    _enter(root)
    reached(Point.ROOT_ENTERED)
    return Built(scratch=scratch, upper=upper)


def _fd_path(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"


def _read_only(path: str) -> _Mount:
    place = _kernel.open_real(path)
    directory = stat.S_ISDIR(os.fstat(place).st_mode)
    tree = _kernel.clone_tree("", dir_fd=place)
    os.close(place)
    _kernel.set_attributes(tree, _kernel.ATTR_RDONLY | _kernel.ATTR_NOSUID | _kernel.ATTR_NODEV)
    return _Mount(path, tree=tree, directory=directory)


def _system_trees() -> list[_Mount]:
    paths = [
        "/usr",
        *(f"/{name}" for name in _visible.TOP_LEVEL),
        *(f"/etc/{name}" for name in _visible.ETC_TREES),
    ]
    found: list[_Mount] = []
    for path in paths:
        try:
            found.append(_read_only(path))
        except OSError as error:
            # Not on this machine, or reached through a symlink: then its real place is what is shown.
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                raise
    return found


def _device(name: str) -> int:
    tree = _kernel.clone_tree(f"/dev/{name}", recursive=False)
    # Read-only forbids no writing to a device, but to chmod it: it is the host's own, and root owns it.
    attributes = _kernel.ATTR_RDONLY | _kernel.ATTR_NOSUID | _kernel.ATTR_NOEXEC
    _kernel.set_attributes(tree, attributes, recursive=False)
    return tree


def _content(path: str) -> bytes:
    """Small public files are copied: a bind mount would follow a symlink and cost more."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        return os.read(descriptor, min(os.fstat(descriptor).st_size, 4 << 20))
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def _scratch(spec: SandboxSpec) -> int:
    """One tmpfs for every writable byte: its size is the disk limit, its inodes the inode limit."""
    options = (
        f"mode=0755,size={max(spec.limits.disk_bytes, 1 << 20)},nr_inodes={max(spec.limits.inodes, 256)}"
    )
    stage = next((path for path in _STAGE if os.path.isdir(path) and not os.path.islink(path)), "")
    if not stage:
        raise SetupError("no directory to build the root in", primitive="mount tmpfs", fix="mkdir /tmp")
    flags = _kernel.MS_NOSUID | _kernel.MS_NODEV
    _kernel.mount("execguard", stage, "tmpfs", flags, options)
    return os.open(stage, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _new_root(scratch: int) -> int:
    os.mkdir("root", 0o755, dir_fd=scratch)
    target = os.open("root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=scratch)
    options = "mode=0755,size=16m,nr_inodes=4096"
    _kernel.mount("root", _fd_path(target), "tmpfs", _kernel.MS_NOSUID | _kernel.MS_NODEV, options)
    os.close(target)
    root = os.open("root", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=scratch)
    for name in ("dev", "etc", "proc", "sys", "run", "var", "home"):
        os.mkdir(name, 0o755, dir_fd=root)
    return root


def _prepare_scratch(scratch: int, workspace: int, owner: tuple[int, int]) -> int:
    for name, mode in (("upper", 0o755), ("work", 0o755), ("tmp", 0o1777), ("shm", 0o1777), ("home", 0o700)):
        os.mkdir(name, 0o700, dir_fd=scratch)
        os.chmod(name, mode, dir_fd=scratch)
    if os.getuid() != owner[0]:
        os.chown("home", *owner, dir_fd=scratch)
    os.mkdir("empty", 0o555, dir_fd=scratch)
    os.close(os.open("nothing", os.O_CREAT | os.O_WRONLY, 0o444, dir_fd=scratch))
    upper = os.open("upper", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=scratch)
    try:
        os.setxattr(upper, "user.execguard", b"1")
        os.removexattr(upper, "user.execguard")
    except OSError as error:
        raise SetupError(
            "tmpfs keeps no user attributes here, so overlayfs could not replace a deleted directory",
            primitive="tmpfs user xattr",
            fix="run Linux 6.6 or newer, or use the docker backend",
        ) from error
    like = os.fstat(workspace)
    os.fchmod(upper, like.st_mode & 0o7777)
    try:
        os.fchown(upper, like.st_uid, like.st_gid)
    except OSError as error:
        # A workspace somebody else owns: the merged root directory then belongs to us, which only loosens
        # what the command may create in a layer that is judged anyway.
        if error.errno not in (errno.EPERM, errno.EINVAL, errno.EOVERFLOW):
            raise
    os.utime(upper, ns=(like.st_atime_ns, like.st_mtime_ns))
    return upper


def etc(home: str, owner: tuple[int, int]) -> dict[str, bytes]:
    """The small files of /etc: public ones as they are, and those that name people anew."""
    uid, gid = owner
    name, group = ("root", "root") if uid == 0 else ("sandbox", "sandbox")
    people = [f"{name}:x:{uid}:{gid}::{home}:/bin/sh", "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin"]
    groups = [f"{group}:x:{gid}:", "nogroup:x:65534:"]
    if uid != 0:
        people.insert(0, "root:x:0:0::/root:/usr/sbin/nologin")
    if gid != 0:
        groups.insert(0, "root:x:0:")
    contents = {name: _content(f"/etc/{name}") for name in _visible.ETC_FILES}
    contents["hosts"] = contents["hosts"] or b"127.0.0.1 localhost\n::1 localhost\n"
    made = {"passwd": "\n".join(people) + "\n", "group": "\n".join(groups) + "\n"}
    contents |= {key: text.encode() for key, text in made.items()}
    return {key: content for key, content in contents.items() if content}


def _fill_etc(root: int, contents: dict[str, bytes], mode: int = 0o644) -> None:
    for key, content in contents.items():
        descriptor = os.open(f"etc/{key}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode, dir_fd=root)
        os.fchmod(descriptor, mode)
        left = content
        while left:
            left = left[os.write(descriptor, left) :]
        os.close(descriptor)


def _make_place(root: int, path: str, *, directory: bool) -> int:
    """The mount point for ``path``, made where it is missing. Only ever walks what we built ourselves."""
    current = os.dup(root)
    *parents, last = path.strip("/").split("/")
    flags = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
    for name in parents if not directory else [*parents, last]:
        try:
            below = os.open(name, flags | os.O_DIRECTORY, dir_fd=current)
        except FileNotFoundError:
            os.mkdir(name, 0o755, dir_fd=current)
            below = os.open(name, flags | os.O_DIRECTORY, dir_fd=current)
        os.close(current)
        current = below
    if directory:
        return current
    try:
        place = os.open(last, flags, dir_fd=current)
    except FileNotFoundError:
        os.close(os.open(last, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o444, dir_fd=current))
        place = os.open(last, flags, dir_fd=current)
    os.close(current)
    return place


def _existing_place(seen: int, workspace: str, path: str) -> int:
    return _kernel.open_beneath(os.path.relpath(path, workspace), dir_fd=seen)


def _attach(mount: _Mount, place: int, scratch: int) -> None:
    tree = mount.tree
    if tree < 0:
        tree = _kernel.clone_tree(mount.scratch, dir_fd=scratch, recursive=False)
    _kernel.attach(tree, place)
    os.close(tree)
    os.close(place)
    reached(Point.PLACE_MOUNTED)


def _overlay(root: int, path: str, lower: int, scratch: int) -> int:
    """Mount the copy-on-write view and return a descriptor of it."""
    place = _make_place(root, path, directory=True)
    # /proc/self/fd needs no escaping whatever the workspace is called, and shows no host path inside.
    base = _fd_path(scratch)
    options = f"lowerdir={_fd_path(lower)},upperdir={base}/upper,workdir={base}/work,userxattr,index=off"
    try:
        _kernel.mount("workspace", _fd_path(place), "overlay", _kernel.MS_NOSUID | _kernel.MS_NODEV, options)
    except OSError as error:
        why, fix = error.strerror, "see dmesg for what overlayfs refused"
        match error.errno:
            case errno.EINVAL:
                why, fix = _admit.why_no_overlay(path)
            case errno.ENODEV:
                fix = "load the overlay module: modprobe overlay"
            case errno.EPERM:
                fix = "overlayfs in user namespaces needs Linux 5.11 or newer"
            case _:
                pass
        raise SetupError(
            f"copy-on-write view of `{path}`: {why}", primitive="mount overlay", fix=fix
        ) from error
    os.close(place)
    return _kernel.open_beneath(path.lstrip("/"), dir_fd=root, flags=os.O_PATH | os.O_DIRECTORY)


def _direct(root: int, spec: SandboxSpec, workspace: int) -> int:
    """Mount the workspace itself and return a descriptor of it."""
    tree = _kernel.clone_tree(".", dir_fd=workspace, recursive=False)
    _kernel.set_attributes(tree, _kernel.ATTR_NOSUID | _kernel.ATTR_NODEV, recursive=False)
    place = _make_place(root, spec.workspace, directory=True)
    _kernel.attach(tree, place)
    os.close(tree)
    os.close(place)
    return _kernel.open_beneath(spec.workspace.lstrip("/"), dir_fd=root, flags=os.O_PATH | os.O_DIRECTORY)


def _mask(seen: int, spec: SandboxSpec, scratch: int) -> None:
    for path in sorted(spec.masked):
        try:
            place = _existing_place(seen, spec.workspace, path)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR):
                continue  # nothing to read
            if error.errno != errno.ELOOP:
                raise
            raise SetupError(
                f"`{path}` is to be hidden but is reached through a symlink",
                primitive="mask",
                fix="mask the real path",
            ) from error
        directory = os.path.isdir(_fd_path(place))
        tree = _kernel.clone_tree("empty" if directory else "nothing", dir_fd=scratch, recursive=False)
        _kernel.set_attributes(tree, _kernel.ATTR_RDONLY, recursive=False)
        _kernel.attach(tree, place)
        os.close(tree)
        os.close(place)


def _hide(root: int, spec: SandboxSpec, scratch: int) -> None:
    """An empty file over each: what cannot be read cannot be copied, loaded or altered a little and started."""
    by_directory: dict[str, list[str]] = {}
    for path in spec.hidden:
        parent, _, name = path.rpartition("/")
        by_directory.setdefault(parent, []).append(name)
    for number, (parent, names) in enumerate(by_directory.items()):
        try:
            directory = _kernel.open_beneath(
                parent.lstrip("/"), dir_fd=root, flags=os.O_RDONLY | os.O_DIRECTORY
            )
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                continue  # not seen inside; its real path is what was given
            raise
        if len(names) > _MOUNTS_AT_MOST:
            _show_the_rest(directory, frozenset(names), f"shown{number}", scratch)
        else:
            for name in names:
                _cover_file(directory, name, scratch)
        os.close(directory)


def _cover_file(directory: int, name: str, scratch: int) -> None:
    try:
        place = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
    except FileNotFoundError:
        return
    tree = _kernel.clone_tree("nothing", dir_fd=scratch, recursive=False)
    _kernel.set_attributes(tree, _kernel.ATTR_RDONLY | _kernel.ATTR_NOEXEC, recursive=False)
    _kernel.attach(tree, place)
    os.close(tree)
    os.close(place)


def _show_the_rest(directory: int, hidden: frozenset[str], name: str, scratch: int) -> None:
    """A directory of few programs and many empty files over one of many: each mount costs, an empty file does not."""
    os.mkdir(name, 0o755, dir_fd=scratch)
    shown = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=scratch)
    tree = _kernel.clone_tree(name, dir_fd=scratch, recursive=False)
    _kernel.attach(tree, directory)
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_symlink():
                os.symlink(os.readlink(entry.name, dir_fd=directory), entry.name, dir_fd=shown)
                continue
            is_directory = entry.is_dir(follow_symlinks=False)
            if is_directory:
                os.mkdir(entry.name, 0o755, dir_fd=shown)
            else:
                os.close(os.open(entry.name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o444, dir_fd=shown))
            if entry.name not in hidden:
                source = _kernel.clone_tree(entry.name, dir_fd=directory)
                place = os.open(entry.name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=tree)
                _kernel.attach(source, place)
                os.close(source)
                os.close(place)
    _kernel.set_attributes(tree, _kernel.ATTR_RDONLY, recursive=False)
    for descriptor in (tree, shown):
        os.close(descriptor)


def _no_execution(root: int, places: tuple[str, ...]) -> None:
    for path in places:
        place = _kernel.open_beneath(path.lstrip("/"), dir_fd=root, flags=os.O_PATH | os.O_DIRECTORY)
        _kernel.set_attributes(place, _kernel.ATTR_NOEXEC, recursive=False)
        os.close(place)


def _fill_dev(root: int, devices: dict[str, int]) -> None:
    for name, tree in devices.items():
        os.close(os.open(f"dev/{name}", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666, dir_fd=root))
        place = os.open(f"dev/{name}", os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root)
        _kernel.attach(tree, place)
        os.close(place)
    for name, target in _visible.DEV_LINKS.items():
        os.symlink(target, f"dev/{name}", dir_fd=root)
    os.mkdir("dev/pts", 0o755, dir_fd=root)
    place = os.open("dev/pts", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=root)
    flags = _kernel.MS_NOSUID | _kernel.MS_NOEXEC
    _kernel.mount("devpts", _fd_path(place), "devpts", flags, "newinstance,ptmxmode=0666,mode=0620,max=64")
    os.close(place)


def _fill_proc(root: int, limits: Limits) -> None:
    place = os.open("proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=root)
    flags = _kernel.MS_NOSUID | _kernel.MS_NODEV | _kernel.MS_NOEXEC
    try:
        _kernel.mount("proc", _fd_path(place), "proc", flags)
    except OSError as error:
        raise SetupError(
            f"a fresh /proc: {error.strerror}",
            primitive="mount proc",
            fix="this container masks parts of /proc; start it with --security-opt systempaths=unconfined",
        ) from error
    os.close(place)
    proc = os.open("proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=root)
    _set_limits(proc, limits)
    # Root without capabilities may still write /proc/sys files that root owns (core_pattern is the host).
    for name in _visible.PROC_READ_ONLY:
        _cover(proc, name, name, dir_fd=proc, attributes=_kernel.ATTR_RDONLY)
    for name in _visible.PROC_HIDDEN:
        _cover(proc, name, "dev/null", dir_fd=root, attributes=0)  # which is read-only already
    os.close(proc)


_MOST_OF_A_QUEUE = 16384 * 80
"""Bytes that the kernel holds for as many empty messages as a queue takes."""


def _set_limits(proc: int, limits: Limits) -> None:
    """Settings of our own namespaces, while /proc/sys is still writable."""
    wanted: dict[str, int] = {}
    if limits.processes is not None:
        # Holds for root too (Linux 6.14); the first 300 numbers are not used again after a wrap.
        wanted["sys/kernel/pid_max"] = limits.processes + 300
    if limits.memory_bytes is not None:
        # System V memory that no process maps would not be seen by the watch.
        wanted["sys/kernel/shmall"] = limits.memory_bytes // 4 // 4096
        # Messages are sent faster than the watch looks, and those that are empty have no size to be seen.
        wanted["sys/kernel/msgmni"] = min(32000, max(16, limits.memory_bytes // 4 // _MOST_OF_A_QUEUE))
    for name, value in wanted.items():
        try:
            descriptor = os.open(name, os.O_WRONLY | os.O_CLOEXEC, dir_fd=proc)
            try:
                os.write(descriptor, str(value).encode())
            finally:
                os.close(descriptor)
        except OSError:
            continue  # an older kernel has no such setting per namespace: the watch remains


def _cover(proc: int, name: str, source: str, *, dir_fd: int, attributes: int) -> None:
    """Mount ``source`` over ``/proc/<name>`` where this kernel has it."""
    try:
        place = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=proc)
    except FileNotFoundError:
        return
    copy = _kernel.clone_tree(source, dir_fd=dir_fd)
    if attributes:
        _kernel.set_attributes(copy, attributes)
    _kernel.attach(copy, place)
    os.close(copy)
    os.close(place)


def _enter(root: int) -> None:
    os.fchdir(root)
    _kernel.pivot_here()
    _kernel.detach_here()
    os.chdir("/")
    top = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    _kernel.set_attributes(top, _kernel.ATTR_RDONLY, recursive=False)
    os.close(top)
