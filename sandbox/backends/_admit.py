"""Specs that no walls can be built for, told before anything is started: place, problem, next step."""

import os
import stat

from sandbox.errors import SetupError
from sandbox.spec import SandboxSpec, Stdio

_SYSTEM = ("/", "/proc", "/dev", "/sys", "/etc", "/run")
_ELSEWHERE = "work in a directory of your own below home, /srv, /opt or /tmp"
_LOCAL = "use the local backend"
MOST_FIXED = 2000
"""Mounts that are made one by one."""
_DEEPEST_STACK = 2
"""Linux lets file systems lie on each other this deep (FILESYSTEM_MAX_STACK_DEPTH)."""


def refuse(spec: SandboxSpec, stdio: Stdio, enforces: frozenset[str]) -> None:
    """Raise SetupError for what could only go wrong later, and less clearly, or not at all."""
    if not spec.argv:
        raise SetupError("no command", primitive="spec")
    if spec.hidden and "hidden" not in enforces:
        raise SetupError("programs cannot be hidden by this backend", primitive="hidden", fix=_LOCAL)
    if not spec.runs_what_it_writes and "noexec" not in enforces:
        raise SetupError(
            "what was written cannot be kept from starting by this backend", primitive="noexec", fix=_LOCAL
        )
    if spec.network is not None and "network" not in enforces:
        raise SetupError("hosts and ports cannot be granted by this backend", primitive="network", fix=_LOCAL)
    if spec.direct is not None and "direct" not in enforces:
        raise SetupError("this backend always copies the workspace", primitive="direct", fix=_LOCAL)
    if spec.places and "places" not in enforces:
        raise SetupError("directories cannot be kept by this backend", primitive="places", fix=_LOCAL)
    kept = [path for place in spec.places for path in (place.path, place.source)]
    fixed = () if spec.direct is None else (*spec.direct.protected, *spec.direct.pinned)
    for path in (
        spec.workspace,
        spec.cwd,
        spec.home,
        *spec.read_only,
        *spec.masked,
        *spec.hidden,
        *kept,
        *fixed,
    ):
        if not path.startswith("/") or os.path.normpath(path) != path or path.startswith("//"):
            raise SetupError(f"`{path}` is not an absolute, normal path", primitive="spec")
    if not (spec.cwd == spec.workspace or below(spec.cwd, spec.workspace)):
        raise SetupError(f"`{spec.cwd}` is not in the workspace `{spec.workspace}`", primitive="spec")
    for path in (*spec.masked, *fixed):
        if not below(path, spec.workspace):
            raise SetupError(f"`{path}` is not below the workspace `{spec.workspace}`", primitive="spec")
    if len(fixed) > MOST_FIXED:
        raise SetupError(
            f"{len(fixed)} files of the workspace are to be protected; more than {MOST_FIXED} mounts are too many",
            primitive="direct",
            fix="use a copied workspace, where every change is judged",
        )
    _refuse_places(spec)
    if spec.shown and "places" not in enforces:
        raise SetupError("files of /etc cannot be put there by this backend", primitive="places", fix=_LOCAL)
    for one in spec.shown:
        if not below(one.path, "/etc") or os.path.normpath(one.path) != one.path:
            raise SetupError(f"`{one.path}` is no file below /etc", primitive="spec")
    for number in (stdio.stdin, stdio.stdout, stdio.stderr):
        _refuse_directory(number)
    _refuse_place(spec.workspace)
    _refuse_missing(spec.workspace, "the workspace")
    if spec.cwd != spec.workspace:
        _refuse_missing(spec.cwd, "the working directory")
    _refuse_mounts(spec.workspace)


def _refuse_places(spec: SandboxSpec) -> None:
    for place in spec.places:
        if not below(place.path, spec.home):
            raise SetupError(
                f"`{place.path}` is not below the home inside, `{spec.home}`", primitive="places"
            )
        for other in spec.places:
            if place is not other and (
                place.path == other.path
                or (below(place.path, other.path) and (place.writable or not other.writable))
            ):
                raise SetupError(f"`{place.path}` is inside another place that is kept", primitive="places")
        try:
            found = os.lstat(place.source)
        except OSError as error:
            raise SetupError(
                f"`{place.source}`: {(error.strerror or str(error)).lower()}", primitive="places"
            ) from error
        a_file = stat.S_ISREG(found.st_mode) or stat.S_ISSOCK(found.st_mode)
        wanted = stat.S_ISDIR(found.st_mode) or (a_file and not place.writable)
        if not wanted or os.path.realpath(place.source) != place.source:
            raise SetupError(
                f"`{place.source}` is no {'directory' if place.writable else 'file or directory'}, or reached through a symlink",
                primitive="places",
                fix=f"use `{os.path.realpath(place.source)}`",
            )
        if place.source == spec.workspace or below(place.source, spec.workspace):
            raise SetupError(f"`{place.source}` is in the workspace", primitive="places")
        if below(spec.workspace, place.source):
            raise SetupError(f"`{place.source}` holds the workspace", primitive="places")


def below(path: str, parent: str) -> bool:
    return path.startswith(parent.rstrip("/") + "/")


def _refuse_directory(number: int) -> None:
    """A directory descriptor would be a way out of the root (CVE-2024-21626)."""
    try:
        mode = os.fstat(number).st_mode
    except OSError as error:
        raise SetupError(
            f"descriptor {number} for the command: {error.strerror}", primitive="stdio"
        ) from error
    if stat.S_ISDIR(mode):
        raise SetupError(f"descriptor {number} for the command is a directory", primitive="stdio")


def _refuse_place(workspace: str) -> None:
    for forbidden in _SYSTEM:
        if workspace == forbidden or (forbidden != "/" and below(workspace, forbidden)):
            raise SetupError(f"`{workspace}` cannot be a workspace", primitive="spec", fix=_ELSEWHERE)
    home = os.path.realpath(os.environ.get("HOME", "") or "/")
    if home != "/" and (workspace == home or below(home, workspace)):
        raise SetupError(
            f"`{workspace}` holds the home directory: its secrets would be inside, and all of it would be looked through",
            primitive="spec",
            fix=_ELSEWHERE,
        )


def _refuse_missing(path: str, what: str) -> None:
    try:
        found = os.lstat(path)
    except OSError as error:
        raise SetupError(
            f"{what} `{path}`: {(error.strerror or str(error)).lower()}",
            primitive="workspace",
            fix="name a directory that is there",
        ) from error
    real = os.path.realpath(path)
    if stat.S_ISLNK(found.st_mode) or real != path:
        # What it points to may be another place by the time it is mounted.
        raise SetupError(
            f"{what} `{path}` is reached through a symlink", primitive="workspace", fix=f"use `{real}`"
        )
    if not stat.S_ISDIR(found.st_mode):
        raise SetupError(
            f"{what} `{path}` is not a directory", primitive="workspace", fix="name the directory it is in"
        )


def _refuse_mounts(workspace: str) -> None:
    """Nothing that lies on another file system can be copied on write, and to hide it would be to lose it."""
    inside = [place for place, _kind in mounts() if below(place, workspace)]
    if inside:
        shown = ", ".join(f"`{place}`" for place in sorted(inside)[:3])
        raise SetupError(
            f"copy-on-write view of `{workspace}`: another file system is mounted inside it, at {shown}",
            primitive="mount overlay",
            fix=f"umount {max(inside)}, or work in a directory that holds no mount",
        )


def mounts() -> list[tuple[str, str]]:
    """Mount point and type of every file system that we see, the later over the earlier."""
    try:
        with open("/proc/self/mountinfo", "rb") as file:
            lines = file.read().split(b"\n")
    except OSError:
        return []  # without /proc the mount itself says what is wrong
    found: list[tuple[str, str]] = []
    for line in lines:
        before, _, after = line.partition(b" - ")
        fields, kind = before.split(b" "), after.split(b" ")[0]
        if len(fields) > 4:
            found.append((_unescaped(fields[4]), os.fsdecode(kind)))
    return found


def file_system(path: str, seen: list[tuple[str, str]]) -> tuple[str, str]:
    """Where the file system of ``path`` is mounted, and its type."""
    best = ("/", "")
    for place, kind in seen:
        if (place in ("/", path) or below(path, place)) and len(place) >= len(best[0]):
            best = (place, kind)
    return best


def why_no_overlay(workspace: str) -> tuple[str, str]:
    """What stands in the way of a copy-on-write view when the kernel says no more than EINVAL, and the next step."""
    place, kind = file_system(workspace, mounts())
    if kind == "overlay":
        why = f"it lies on an overlay at `{place}`, and Linux lets file systems lie on each other only"
        return f"{why} {_DEEPEST_STACK} deep", "put the workspace on a volume or bind mount of the container"
    return f"{kind or 'its file system'} at `{place}` cannot be the lower layer of an overlay", "see dmesg"


def _unescaped(field: bytes) -> str:
    r"""``\040`` and the like, as the kernel writes spaces in mountinfo."""
    head, *rest = field.split(b"\\")
    return os.fsdecode(head + b"".join(bytes([int(part[:3], 8)]) + part[3:] for part in rest))
