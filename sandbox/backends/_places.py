"""What of the machine is seen and written by a whole session: directories that are kept, a workspace that is no copy.

As in ``_root``: sources are opened before anything is mounted, and no path is walked twice.
"""

import contextlib
import errno
import os
import stat
from dataclasses import dataclass

from sandbox.backends import _kernel
from sandbox.errors import SetupError
from sandbox.spec import Direct, SandboxSpec

_WALK = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Kept:
    path: str
    tree: int
    directory: bool


def opened(spec: SandboxSpec) -> list[Kept]:
    """Detached mounts of the sources, with the rights that they will have."""
    out: list[Kept] = []
    for place in spec.places:
        os.close(_kernel.open_real(place.source))
        tree = _kernel.clone_tree(place.source, recursive=False)
        attributes = _kernel.ATTR_NOSUID | _kernel.ATTR_NODEV
        if not place.writable:
            attributes |= _kernel.ATTR_RDONLY
        if not spec.runs_what_it_writes:
            attributes |= _kernel.ATTR_NOEXEC
        _kernel.set_attributes(tree, attributes, recursive=False)
        out.append(Kept(place.path, tree, stat.S_ISDIR(os.fstat(tree).st_mode)))
    return out


def attach(kept: list[Kept], root: int, home: str, owner: tuple[int, int]) -> None:
    base = _kernel.open_beneath(home.lstrip("/"), dir_fd=root, flags=os.O_PATH | os.O_DIRECTORY)
    for one in sorted(kept, key=lambda one: one.path.count("/")):
        _make(base, os.path.relpath(one.path, home), owner, directory=one.directory)
        place = _kernel.open_beneath(one.path.lstrip("/"), dir_fd=root)
        _kernel.attach(one.tree, place)
        os.close(one.tree)
        os.close(place)
    os.close(base)


def _make(home: int, path: str, owner: tuple[int, int], *, directory: bool) -> None:
    """The mount point: in the home, which is ours alone until the command runs, or in what an earlier one has kept."""
    current = os.dup(home)
    *parents, last = path.split("/")
    for name in [*parents, last] if directory else parents:
        with contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=current)
            _give(name, current, owner)
        below = os.open(name, _WALK | os.O_DIRECTORY, dir_fd=current)
        os.close(current)
        current = below
    if not directory:
        with contextlib.suppress(FileExistsError):
            os.close(os.open(last, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o400, dir_fd=current))
            _give(last, current, owner)
    os.close(current)


def _give(name: str, directory: int, owner: tuple[int, int]) -> None:
    if os.getuid() != owner[0]:
        os.chown(name, *owner, dir_fd=directory)


def fix(seen: int, workspace: str, direct: Direct, masked: tuple[str, ...], *, noexec: bool) -> None:
    """A mount upon itself, for each: read-only where it is protected. Nobody inside can move or remove a mount point.

    Nor one that holds another: it would be renamed with all in it, and made anew. So those above are mounts as well.
    """
    protected = {os.path.relpath(path, workspace) for path in direct.protected}
    pinned = {os.path.relpath(path, workspace) for path in direct.pinned}
    for path in (*protected, *pinned, *(os.path.relpath(path, workspace) for path in masked)):
        parts = path.split("/")
        pinned |= {"/".join(parts[:count]) for count in range(1, len(parts))}
    plain = _kernel.ATTR_NOSUID | _kernel.ATTR_NODEV | (_kernel.ATTR_NOEXEC if noexec else 0)
    for path in sorted(protected | pinned, key=lambda path: (path.count("/"), path)):
        _fix(seen, path, plain | (_kernel.ATTR_RDONLY if path in protected else 0), needed=path in protected)


def _fix(seen: int, path: str, attributes: int, *, needed: bool) -> None:
    parent, _, name = path.rpartition("/")
    try:
        directory = _kernel.open_beneath(parent or ".", dir_fd=seen, flags=os.O_PATH | os.O_DIRECTORY)
    except OSError as error:
        # Below what is protected as well, or absent: then nothing can be made there, or was held by what is above it.
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return
        if error.errno != errno.ELOOP:
            raise
        raise SetupError(
            f"`{path}` is to be protected but is reached through a symlink",
            primitive="direct",
            fix="protect the real path",
        ) from error
    try:
        place = os.open(name, _WALK, dir_fd=directory)
    except FileNotFoundError:
        if needed:
            raise SetupError(f"`{path}` has vanished while it was protected", primitive="direct") from None
        return
    else:
        tree = _kernel.clone_tree(name, dir_fd=directory, recursive=False)
        _kernel.set_attributes(tree, attributes, recursive=False)
        _kernel.attach(tree, place)
        os.close(tree)
        os.close(place)
    finally:
        os.close(directory)
