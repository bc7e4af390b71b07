"""The workspace as a tar, and what came back as changes against it. Nothing that came back is ever unpacked.

For engines that see none of our files: contents are read from the stream into one file without a name.
"""

import hashlib
import os
import stat
import tarfile
import tempfile
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from sandbox.changes import Change, Changes, Created, Deleted, Modified, Node, NodeKind
from sandbox.errors import ChangesError, SetupError

MAX_ENTRIES, MAX_BYTES = 200_000, 2 << 30
_CHUNK = 1 << 20
_KINDS = {
    tarfile.REGTYPE: NodeKind.FILE,
    tarfile.AREGTYPE: NodeKind.FILE,
    tarfile.CONTTYPE: NodeKind.FILE,
    tarfile.DIRTYPE: NodeKind.DIRECTORY,
    tarfile.SYMTYPE: NodeKind.SYMLINK,
    tarfile.FIFOTYPE: NodeKind.FIFO,
    tarfile.CHRTYPE: NodeKind.DEVICE,
    tarfile.BLKTYPE: NodeKind.DEVICE,
}


@dataclass(slots=True)
class Packed:
    """What was sent."""

    nodes: dict[str, Node] = field(default_factory=dict[str, Node])
    hidden: set[str] = field(default_factory=set[str])
    """Masked, not readable, or of a kind that is not sent: not looked at afterwards either."""


class _Packer:
    def __init__(self, workspace: str, masked: frozenset[str], tar: tarfile.TarFile) -> None:
        self._workspace, self._masked, self._tar = workspace, masked, tar
        self.packed = Packed()
        self._bytes = 0

    def directory(self, opened: int, prefix: str) -> None:
        for name in sorted(os.listdir(opened)):
            path = prefix + name
            if len(self.packed.nodes) + len(self.packed.hidden) >= MAX_ENTRIES:
                raise self._too_large(f"more than {MAX_ENTRIES:,} files")
            found = os.stat(name, dir_fd=opened, follow_symlinks=False)
            if path in self._masked:
                self._placeholder(path, found)
                continue
            try:
                self._one(name, opened, path, found)
            except PermissionError:
                self._placeholder(path, found)

    def _one(self, name: str, parent: int, path: str, found: os.stat_result) -> None:
        entry = _entry(path, found)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        mode = stat.S_IMODE(found.st_mode)
        match stat.S_IFMT(found.st_mode):
            case stat.S_IFDIR:
                inner = os.open(name, flags | os.O_DIRECTORY, dir_fd=parent)
                try:
                    entry.type = tarfile.DIRTYPE
                    self._add(entry, path, Node(kind=NodeKind.DIRECTORY, mode=mode))
                    self.directory(inner, path + "/")
                finally:
                    os.close(inner)
            case stat.S_IFREG:
                with os.fdopen(os.open(name, flags, dir_fd=parent), "rb") as file:
                    self._file(entry, path, mode, file)
            case stat.S_IFLNK:
                entry.type, entry.linkname = tarfile.SYMTYPE, os.readlink(name, dir_fd=parent)
                self._add(entry, path, _link(mode, entry.linkname))
            case stat.S_IFIFO:
                entry.type = tarfile.FIFOTYPE
                self._add(entry, path, Node(kind=NodeKind.FIFO, mode=mode))
            case _:  # a device would be handed out, a socket answers nobody there
                self._placeholder(path, found)

    def _file(self, entry: tarfile.TarInfo, path: str, mode: int, file: BinaryIO) -> None:
        found = os.fstat(file.fileno())
        entry.size, mtime_ns = found.st_size, found.st_mtime_ns
        self._bytes += entry.size
        if self._bytes > MAX_BYTES:
            raise self._too_large(f"more than {MAX_BYTES >> 20} MiB")
        counted = _Hashed(file, entry.size)
        self._tar.addfile(entry, cast("BinaryIO", counted))
        digest = counted.digest.hexdigest()
        self.packed.nodes[path] = Node(
            kind=NodeKind.FILE, mode=mode, size=entry.size, sha256=digest, mtime_ns=mtime_ns
        )

    def _add(self, entry: tarfile.TarInfo, path: str, node: Node) -> None:
        self._tar.addfile(entry)
        self.packed.nodes[path] = node

    def _placeholder(self, path: str, found: os.stat_result) -> None:
        self.packed.hidden.add(path)
        entry = _entry(path, found)
        entry.type = tarfile.DIRTYPE if stat.S_ISDIR(found.st_mode) else tarfile.REGTYPE
        entry.mode = 0o555 if stat.S_ISDIR(found.st_mode) else 0o444
        self._tar.addfile(entry)

    def _too_large(self, what: str) -> SetupError:
        return SetupError(
            f"the workspace `{self._workspace}` holds {what}, and this engine has to be sent all of it for each run",
            primitive="copy",
            fix="use another backend (see `guard doctor`), or work in a smaller directory",
        )


class _Hashed:
    """A file of a fixed size, whatever happens to it while it is read."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file, self._left = file, size
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._file.read(wanted)
        data += bytes(wanted - len(data))
        self._left -= wanted
        self.digest.update(data)
        return data


def pack(workspace: str, masked: frozenset[str], target: BinaryIO) -> Packed:
    """Write the tar. ``masked`` is relative to the workspace. Raises SetupError."""
    try:
        opened = os.open(workspace, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            with tarfile.open(fileobj=target, mode="w|", format=tarfile.GNU_FORMAT) as tar:
                packer = _Packer(workspace, masked, tar)
                packer.directory(opened, "")
        finally:
            os.close(opened)
    except OSError as error:
        raise SetupError(
            f"cannot copy the workspace `{workspace}`: {(error.strerror or str(error)).lower()}",
            primitive="copy",
        ) from error
    return packer.packed


def _entry(path: str, found: os.stat_result) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(path)
    entry.mode, entry.uid, entry.gid = stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid
    entry.mtime = int(found.st_mtime)
    return entry


def _link(mode: int, target: str) -> Node:
    digest = hashlib.sha256(os.fsencode(target)).hexdigest()
    return Node(kind=NodeKind.SYMLINK, mode=mode, size=len(os.fsencode(target)), sha256=digest, target=target)


# ------------------------------------------------------------------ back


class _Returned:
    """What the tar that came back holds."""

    def __init__(self, most: int, spool: BinaryIO) -> None:
        self._most, self.spool = most, spool
        self.nodes: dict[str, Node] = {}
        self.places: dict[str, tuple[int, int]] = {}
        """Where the content of a file lies in ``spool``, and its size."""
        self._end = 0

    def take(self, stream: BinaryIO, top: str) -> None:
        """``top`` is the directory that everything in the tar is below. Raises ChangesError, and tarfile.TarError."""
        with tarfile.open(fileobj=stream, mode="r|") as tar:
            for entry in tar:
                path = _below(entry.name, top)
                if not path:
                    continue
                if len(self.nodes) >= MAX_ENTRIES:
                    raise ChangesError(f"more than {MAX_ENTRIES:,} files")
                self._one(tar, entry, path, top)

    def _one(self, tar: tarfile.TarFile, entry: tarfile.TarInfo, path: str, top: str) -> None:
        mode = entry.mode & 0o7777
        if entry.islnk():
            first = _below(entry.linkname, top)
            if first not in self.nodes:
                raise ChangesError(f"`{path}` is a link to something that did not come back")
            self.nodes[path] = self.nodes[first]
            if first in self.places:
                self.places[path] = self.places[first]
            return
        kind = _KINDS.get(entry.type, NodeKind.DEVICE)
        mark = "file capabilities" if "SCHILY.xattr.security.capability" in entry.pax_headers else ""
        match kind:
            case NodeKind.SYMLINK:
                self.nodes[path] = _link(0o777, entry.linkname)
            case NodeKind.FILE:
                digest = self._keep(tar, entry, path)
                self.nodes[path] = Node(
                    kind=kind,
                    mode=mode,
                    size=entry.size,
                    sha256=digest,
                    mtime_ns=int(entry.mtime * 1e9),
                    mark=mark,
                )
            case NodeKind.DIRECTORY | NodeKind.FIFO | NodeKind.SOCKET | NodeKind.DEVICE:
                self.nodes[path] = Node(kind=kind, mode=mode, mtime_ns=int(entry.mtime * 1e9))

    def _keep(self, tar: tarfile.TarFile, entry: tarfile.TarInfo, path: str) -> str:
        # A sparse file comes back with its holes as zeros.
        if self._end + entry.size > self._most:
            raise ChangesError(f"more than {self._most:,} bytes came back, at `{path}`")
        content = tar.extractfile(entry)
        if content is None:
            raise ChangesError(f"`{path}` came back without its content")
        digest = hashlib.sha256()
        self.spool.seek(self._end)
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            self.spool.write(chunk)
        self.places[path] = (self._end, entry.size)
        self._end += entry.size
        self.spool.flush()
        return digest.hexdigest()

    def open_after(self, path: str) -> BinaryIO:
        if path not in self.places:
            raise ChangesError(f"there is no new content of `{path}`")
        offset, left = self.places[path]
        found = tempfile.TemporaryFile()  # noqa: SIM115 - for the caller to close
        while left and (chunk := os.pread(self.spool.fileno(), min(left, _CHUNK), offset)):
            found.write(chunk)
            offset, left = offset + len(chunk), left - len(chunk)
        found.seek(0)
        return found


def unpack(stream: BinaryIO, top: str, sent: Packed, most: int, spool: BinaryIO) -> Changes:
    """The changes of what came back against what was sent. Incomplete ones say so.

    ``spool`` is a file of the caller's that gets the new contents, and is to be kept as long as the changes.
    """
    back = _Returned(most, spool)
    problem = ""
    try:
        back.take(stream, top)
    except ChangesError as error:
        problem = str(error)
    except (tarfile.TarError, OSError, ValueError) as error:
        problem = f"what the engine sent back cannot be read: {error}"
    deleted: list[Change] = []
    written: list[Change] = []
    for path, node in sent.nodes.items():
        if path not in back.nodes and not problem:
            deleted.append(Deleted(path=path, before=node))
    for path, after in sorted(back.nodes.items()):
        before = sent.nodes.get(path)
        if path in sent.hidden or any(path.startswith(f"{one}/") for one in sent.hidden):
            continue
        if before is None:
            written.append(Created(path=path, after=after))
        elif _differs(before, after):
            written.append(Modified(path=path, before=before, after=after))
    deleted.reverse()  # a directory was sent before what is in it
    return Changes(entries=(*deleted, *written), open_after=back.open_after, truncated=problem)


def _differs(before: Node, after: Node) -> bool:
    mode = before.kind is not NodeKind.SYMLINK and before.mode != after.mode
    # An engine sends whole seconds.
    time = after.kind is NodeKind.FILE and before.mtime_ns // 10**9 != after.mtime_ns // 10**9
    return (
        mode
        or time
        or after.kind is NodeKind.DEVICE
        or (before.kind, before.sha256, before.target) != (after.kind, after.sha256, after.target)
    )


def _below(name: str, top: str) -> str:
    """The path below ``top``, or nothing for the top itself. Raises ChangesError for what is no such path."""
    parts = name.strip("/").split("/")
    if parts[0] != top or any(part in ("", ".", "..") for part in parts):
        raise ChangesError(f"`{name}` is no path of the workspace")
    return "/".join(parts[1:])
