"""A spec as the options of bubblewrap. Builds words only; looks at what is there, changes nothing."""

import os
from collections.abc import Callable

from sandbox.backends import _admit, _kernel, _root, _visible
from sandbox.errors import SetupError
from sandbox.spec import SandboxSpec

SEPARATE = (
    "--unshare-user --unshare-ipc --unshare-pid --unshare-net --unshare-uts --unshare-cgroup"
    " --die-with-parent --new-session --hostname sandbox --cap-drop ALL"
).split()
SIZED = ("/tmp", "/dev/shm")  # noqa: S108 - the sandbox's own


def options(spec: SandboxSpec, owner: tuple[int, int], hand_over: Callable[[bytes], int]) -> list[str]:
    """``hand_over`` gives the number under which bubblewrap will have a descriptor with that content."""
    size = str(max(spec.limits.disk_bytes, 1 << 20))
    before = [path for path in spec.read_only if not _admit.below(path, spec.workspace)]
    within = [
        path for path in spec.read_only if path != spec.workspace and _admit.below(path, spec.workspace)
    ]
    words = [*SEPARATE]
    for path in ("/etc", "/var", "/run", "/sys", "/home"):
        words += ["--perms", "0755", "--dir", path]
    for name in _visible.TOP_LEVEL:
        if os.path.islink(f"/{name}"):
            words += ["--symlink", os.readlink(f"/{name}"), f"/{name}"]
    for path in _system():
        words += ["--ro-bind", path, path]
    for name, content in _root.etc(spec.home, owner).items():
        words += ["--perms", "0644", "--ro-bind-data", str(hand_over(content)), f"/etc/{name}"]
    words += ["--proc", "/proc", *_proc(), "--dev", "/dev"]
    for place in SIZED:
        words += ["--size", size, "--perms", "1777", "--tmpfs", place]
    words += ["--remount-ro", "/dev"]
    # The shallow before the deep: a home below a granted directory must not be covered by it.
    home = ["--size", size, "--perms", "0700", "--tmpfs", spec.home]
    for path in sorted({*before, spec.home}, key=lambda path: path.count("/")):
        words += home if path == spec.home else ["--ro-bind", _real(path), path]
    for path in spec.hidden:
        if os.path.isfile(path) and os.path.realpath(path) == path:
            words += ["--ro-bind", "/dev/null", path]
    words += ["--overlay-src", spec.workspace, "--tmp-overlay", spec.workspace]
    for path in sorted(within, key=lambda path: path.count("/")):
        words += ["--ro-bind", _real(path), path]
    words += _masks(spec, hand_over)
    return [*words, "--remount-ro", "/", "--chdir", spec.cwd]


def _system() -> list[str]:
    paths = ["/usr", *(f"/{name}" for name in _visible.TOP_LEVEL if not os.path.islink(f"/{name}"))]
    paths += [f"/etc/{name}" for name in _visible.ETC_TREES]
    return [path for path in paths if os.path.exists(path) and os.path.realpath(path) == path]


def _real(path: str) -> str:
    try:
        os.close(_kernel.open_real(path))
    except OSError as error:
        raise SetupError(
            f"`{path}` is to be seen inside: {(error.strerror or str(error)).lower()}", primitive="read only"
        ) from error
    return path


def _proc() -> list[str]:
    """Bubblewrap covers /proc/sys only where it may write to the directory, which root without capabilities may
    not; the files in it root may write to all the same, core_pattern of the host among them.
    """
    words: list[str] = []
    for name in _visible.PROC_READ_ONLY:
        if os.path.isdir(f"/proc/{name}"):
            words += ["--ro-bind", f"/proc/{name}", f"/proc/{name}"]
    for name in _visible.PROC_HIDDEN:
        if os.path.exists(f"/proc/{name}"):
            words += ["--ro-bind", "/dev/null", f"/proc/{name}"]
    return words


def _masks(spec: SandboxSpec, hand_over: Callable[[bytes], int]) -> list[str]:
    words: list[str] = []
    for path in masked(spec):
        if os.path.isdir(path):
            words += ["--size", "4096", "--perms", "0555", "--tmpfs", path, "--remount-ro", path]
        else:
            words += ["--perms", "0444", "--ro-bind-data", str(hand_over(b"")), path]
    return words


def masked(spec: SandboxSpec) -> list[str]:
    """What is there to be hidden. Raises SetupError where a symlink leads to it."""
    there: list[str] = []
    for path in sorted(spec.masked):
        if not os.path.lexists(path):
            continue
        if os.path.realpath(path) != path:
            raise SetupError(
                f"`{path}` is to be hidden but is reached through a symlink",
                primitive="mask",
                fix="mask the real path",
            )
        there.append(path)
    return there
