"""What lies below a directory, and how much of it git could not bring back. Bounded; follows no link."""

import os

from guard.enforce.gitignore import Ignores
from guard.enforce.gitindex import GitIndex, work_tree
from guard.enforce.walkpath import look_path
from guard.model.facts import TreeFact
from guard.model.paths import FileKind
from guard.model.typed import Callable

MAX_ENTRIES = 4096
MAX_OF_ALL = 4 * MAX_ENTRIES
"""Of all the trees that one proposal names: ``mv /* /tmp`` names twenty large ones."""
MAX_OF_MACHINE = 256
"""Of ``/``, which never fits: what lies nearest says as much as any four thousand entries of it."""
UNKNOWN_TREE = TreeFact(entries=(), complete=False, unrecoverable=-1)


class Trees:
    """Looks at trees for one proposal; each index is read once."""

    def __init__(self, late: Callable[[], bool]) -> None:
        self._late = late
        self._left = MAX_OF_ALL
        self._indexes: dict[str, GitIndex] = {}
        self._ignores: dict[str, Ignores] = {}

    def index(self, path: str) -> GitIndex | None:
        """The index of the work tree that ``path`` is in."""
        root = work_tree(path)
        if not root:
            return None
        if root not in self._indexes:
            self._indexes[root] = GitIndex(root)
        return self._indexes[root]

    def ignores(self, root: str) -> Ignores:
        """What the work tree at ``root`` asks git to ignore."""
        if root not in self._ignores:
            self._ignores[root] = Ignores(root)
        return self._ignores[root]

    def look(self, path: str) -> TreeFact:
        """``path`` is absolute, as spelled. A link without a trailing slash is an entry, not what it leads to."""
        fact = look_path(path)
        follows = path.endswith(("/", "/.", "/.."))
        root = fact.real if follows else fact.parent_real
        if fact.error or fact.kind is FileKind.UNKNOWN:
            return UNKNOWN_TREE
        if fact.kind is FileKind.ABSENT and not (fact.is_link and not follows):
            # Nothing is lost now. What may be there by the time it runs, nobody knows.
            return UNKNOWN_TREE
        if fact.kind is not FileKind.DIRECTORY or (fact.is_link and not follows):
            count = _Count(self)
            try:
                count.add(root, os.lstat(root), self.index(os.path.dirname(root)))
            except OSError:
                return TreeFact(entries=(), complete=True, unrecoverable=1, bytes=fact.size)
            return count.fact((), complete=True)
        return self._walk(root)

    def _walk(self, root: str) -> TreeFact:
        """Level by level, names before anything else: most of what is too large to list is told by its names alone."""
        most = min(MAX_OF_MACHINE if root == "/" else MAX_ENTRIES, self._left)
        entries: list[str] = []
        files: list[tuple[str, os.DirEntry[str]]] = []
        cut = len(root.rstrip("/")) + 1
        todo = [root]
        complete = True
        for directory in todo:
            try:
                with os.scandir(directory) as found:
                    listing = sorted(found, key=_name)
            except OSError:
                complete = False
                continue
            if len(entries) + len(listing) > most or self._late():
                entries += [entry.path[cut:] for entry in listing[: most - len(entries)]]
                self._left -= len(entries)
                return TreeFact(entries=tuple(entries), complete=False, unrecoverable=-1)
            for entry in listing:
                entries.append(entry.path[cut:])
                try:
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)
                    else:
                        files.append((directory, entry))
                except OSError:
                    complete = False
        self._left -= len(entries)
        return self._counted(tuple(entries), files, complete=complete)

    def _counted(
        self, entries: tuple[str, ...], files: "list[tuple[str, os.DirEntry[str]]]", *, complete: bool
    ) -> TreeFact:
        count = _Count(self)
        index, inside = None, ""
        for directory, entry in files:
            if directory != inside:
                index, inside = self.index(directory), directory
            try:
                count.add(entry.path, entry.stat(follow_symlinks=False), index)
            except OSError:
                complete = False
        return count.fact(entries, complete=complete)


def _name(entry: "os.DirEntry[str]") -> str:
    return entry.name


class _Count:
    """Files and bytes, and what git has of them."""

    def __init__(self, trees: Trees) -> None:
        self._trees = trees
        self._files = self._bytes = self._untracked = self._ignored = self._modified = self._own = 0
        self._untracked_bytes = self._ignored_bytes = self._modified_bytes = 0

    def add(self, path: str, info: os.stat_result, index: GitIndex | None) -> None:
        if "/.git/" in path:
            # What git keeps for itself is lost, but nobody counts it among their files.
            self._own += 1
            return
        self._files += 1
        self._bytes += info.st_size
        if index is not None and index.knows(path):
            if not index.recoverable(path, info):
                self._modified += 1
                self._modified_bytes += info.st_size
        elif index is not None and self._trees.ignores(index.root).covers(path):
            self._ignored += 1
            self._ignored_bytes += info.st_size
        else:
            self._untracked += 1
            self._untracked_bytes += info.st_size

    def fact(self, entries: tuple[str, ...], *, complete: bool) -> TreeFact:
        return TreeFact(
            entries=entries,
            complete=complete,
            unrecoverable=self._untracked + self._ignored + self._modified + self._own if complete else -1,
            bytes=self._bytes,
            files=self._files,
            untracked=self._untracked,
            ignored=self._ignored,
            modified=self._modified,
            untracked_bytes=self._untracked_bytes,
            ignored_bytes=self._ignored_bytes,
            modified_bytes=self._modified_bytes,
        )
