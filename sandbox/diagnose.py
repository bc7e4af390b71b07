"""Why a wall could not be built, in words, and the one line that mends it. Pure: what the machine says is given to it.

A kernel says EPERM for a dozen reasons. Which one it is stands in settings that anybody can read
(``readings.take``); the first row of the table that fits is the answer.
"""

import errno
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

APPARMOR = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
CLONE = "/proc/sys/kernel/unprivileged_userns_clone"
MOST = "/proc/sys/user/max_user_namespaces"
LSM = "/sys/kernel/security/lsm"
FILE_SYSTEMS = "/proc/filesystems"
SUBUID = "/etc/subuid"
FILES = (APPARMOR, CLONE, MOST, LSM, FILE_SYSTEMS, SUBUID)
CONTAINERS = ("/.dockerenv", "/run/.containerenv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What a machine says of itself. What could not be read is absent."""

    uid: int
    user: str = ""
    release: tuple[int, int] = (6, 12)
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    filtered: bool = False
    """A seccomp filter is on this process already."""
    container: bool = False
    changed_root: bool = False
    """``/`` is not the root of our mount namespace."""

    def has(self, name: str) -> bool:
        """Whether the kernel knows a file system. Unreadable: it is not to blame."""
        known = self.files.get(FILE_SYSTEMS)
        return known is None or name in known.split()


@dataclass(frozen=True, slots=True)
class Cause:
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class _Row:
    primitives: tuple[str, ...]
    """First words of what failed."""
    errors: tuple[int, ...]
    """Empty: whatever the error."""
    applies: Callable[[Readings], bool]
    why: str
    fix: str


_SPACES = ("unshare", "clone")
_INSIDE = (
    "unshare",
    "clone",
    "mount",
    "pivot_root",
    "umount2",
    "uid_map",
    "gid_map",
    "setgroups",
    "sethostname",
    "loopback",
)
"""What AppArmor refuses within a namespace that it let one have."""
_NO = (errno.EPERM, errno.EACCES)


def _reads(path: str, *values: str) -> Callable[[Readings], bool]:
    return lambda readings: readings.files.get(path) in values


def _older(*release: int) -> Callable[[Readings], bool]:
    return lambda readings: readings.release < release


def _always(_readings: Readings) -> bool:
    return True


def _hides_landlock(readings: Readings) -> bool:
    built_in = "landlock" in readings.files.get(LSM, "")
    return readings.release >= (5, 13) and (readings.filtered or built_in)


TABLE = (
    _Row(
        _SPACES, (errno.ENOSPC, errno.EUSERS), _reads(MOST, "0"),
        "this machine allows no user namespaces (user.max_user_namespaces is 0)",
        "sudo sysctl -w user.max_user_namespaces=10000",
    ),
    _Row(
        _SPACES, (errno.ENOSPC, errno.EUSERS), _always,
        "all user namespaces that this machine allows are taken, or they are nested too deep",
        "sudo sysctl -w user.max_user_namespaces=100000",
    ),
    _Row(
        _INSIDE, _NO, lambda readings: readings.files.get(APPARMOR) == "1" and readings.uid != 0,
        "AppArmor keeps ordinary users from user namespaces (kernel.apparmor_restrict_unprivileged_userns is 1)",
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or install bubblewrap 0.12 with its AppArmor profile",
    ),
    _Row(
        _SPACES, _NO, lambda readings: readings.files.get(CLONE) == "0" and readings.uid != 0,
        "ordinary users may not have user namespaces here (kernel.unprivileged_userns_clone is 0)",
        "sudo sysctl -w kernel.unprivileged_userns_clone=1",
    ),
    _Row(
        _SPACES, (*_NO, errno.ENOSYS), lambda readings: readings.filtered and readings.container,
        "the seccomp profile of this container refuses namespaces",
        "run the guard outside of the container, or start it with --security-opt seccomp=unconfined",
    ),
    _Row(
        _SPACES, (*_NO, errno.ENOSYS), lambda readings: readings.filtered,
        "a system call filter that is on this process already refuses namespaces",
        "start the agent outside of the other sandbox (a systemd unit: RestrictNamespaces=no)",
    ),
    _Row(
        _SPACES, _NO, lambda readings: readings.changed_root,
        "Linux gives no user namespace to a process in a chroot",
        "run as root, which can help itself there, or enter with a mount namespace: unshare --mount, pivot_root",
    ),
    _Row(
        _SPACES, (errno.EINVAL, errno.ENOSYS), _always,
        "this kernel has no user namespaces",
        "run a kernel with CONFIG_USER_NS, 5.12 or newer",
    ),
    _Row(
        _SPACES, _NO, _always,
        "something on this machine refuses namespaces and does not say so",
        "see dmesg and the journal for AppArmor, SELinux or a container's profile",
    ),
    _Row(
        ("setns",), _NO, _always,
        "this user may not enter the user namespace that bubblewrap has made: it runs setuid root, or something refuses that",
        "sudo chmod u-s the bubblewrap that is named above; else see dmesg for AppArmor or SELinux, or use the docker backend",
    ),
    _Row(
        ("mount overlay",), (errno.ENODEV,), _always,
        "this kernel has no overlay file system, or its module is not loaded",
        "sudo modprobe overlay",
    ),
    _Row(
        ("mount overlay",), _NO, _older(5, 11),
        "overlays in user namespaces came with Linux 5.11",
        "run Linux 6.6 or newer, or use the docker backend",
    ),
    _Row(
        ("mount overlay",), _NO, _always,
        "this kernel is built without overlays in user namespaces",
        "use the docker backend",
    ),
    _Row(
        ("mount tmpfs", "mount devpts"), (errno.ENODEV,), lambda readings: not readings.has("tmpfs"),
        "this kernel has no tmpfs",
        "run a kernel with CONFIG_TMPFS",
    ),
    _Row(
        ("tmpfs user xattr",), (), _always,
        "tmpfs keeps no user attributes before Linux 6.6, so a deleted directory could not be replaced",
        "run Linux 6.6 or newer, or use the docker backend",
    ),
    _Row(
        ("mount proc",), _NO, _always,
        "parts of /proc are covered here, and the kernel shows no new one where that is so",
        "start the container with --security-opt systempaths=unconfined (podman: unmask=ALL)",
    ),
    _Row(
        ("mount_setattr", "open_tree", "move_mount", "openat2", "close_range"), (errno.ENOSYS,), _older(5, 12),
        "this kernel is too old for mounts that are read-only all the way down",
        "run Linux 5.12 or newer",
    ),
    _Row(
        ("mount_setattr", "open_tree", "move_mount", "openat2", "close_range"), (errno.ENOSYS, *_NO), _always,
        "a system call filter, such as a container's, refuses new ways to mount",
        "run the guard outside of the container, or start it with --security-opt seccomp=unconfined",
    ),
    _Row(
        ("landlock",), (errno.EOPNOTSUPP,), _always,
        "Landlock is in this kernel and was switched off when it was started",
        "add landlock to the boot parameter lsm=",
    ),
    _Row(
        ("landlock",), (errno.ENOSYS,), _hides_landlock,
        "a system call filter, such as a container's, refuses Landlock",
        "run the guard outside of the container, or update its engine",
    ),
    _Row(
        ("landlock",), (errno.ENOSYS,), _always,
        "this kernel has no Landlock",
        "run Linux 6.2 or newer with CONFIG_SECURITY_LANDLOCK",
    ),
    _Row(
        ("subuid", "newuidmap", "newgidmap"), (), lambda readings: readings.user not in _subordinates(readings),
        "this user has no subordinate user ids",
        "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $USER",
    ),
    _Row(
        ("engine",), _NO, _always,
        "the socket of the engine may not be used by this user",
        "sudo usermod -aG docker $USER and log in again, or use the local backend, which needs no engine",
    ),
    _Row(
        ("engine",), (errno.ENOENT, errno.ENOTDIR), _always,
        "there is no engine here",
        "install and start Docker or Podman, or set DOCKER_HOST",
    ),
    _Row(
        ("engine",), (errno.ECONNREFUSED, errno.ECONNRESET, errno.ETIMEDOUT), _always,
        "an engine was here and does not answer",
        "sudo systemctl restart docker",
    ),
    _Row(
        ("cgroup v1",), (), _always,
        "the engine may not limit memory or processes: an ordinary user's can only where control groups are version 2",
        "start Linux with systemd.unified_cgroup_hierarchy=1",
    ),
    _Row(
        ("cgroup",), (), _always,
        "the engine may not limit memory or processes: no control group was delegated to it",
        "sudo systemctl set-property user@$UID.service Delegate='cpu memory pids' and log in again",
    ),
    _Row(
        (), (errno.EMFILE, errno.ENFILE), _always,
        "too many files are open",
        "ulimit -n 4096",
    ),
    _Row(
        (), (errno.ENOMEM, errno.EAGAIN), _always,
        "memory or processes of this user or container are used up",
        "end something, or raise the limit (ulimit -u, pids.max, memory.max)",
    ),
)  # fmt: skip


def explain(primitive: str, code: int, readings: Readings) -> Cause | None:
    """The first row that fits, or None: nobody knows better than the error itself."""
    for row in TABLE:
        named = not row.primitives or any(
            primitive == name or primitive.startswith(f"{name} ") for name in row.primitives
        )
        if named and (not row.errors or code in row.errors) and row.applies(readings):
            return Cause(row.why, row.fix)
    return None


def _subordinates(readings: Readings) -> list[str]:
    return [line.partition(":")[0] for line in readings.files.get(SUBUID, "").splitlines()]
