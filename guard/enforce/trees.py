"""What lies below a directory, and how much of it git could not bring back. Bounded; follows no link."""

import os
import stat

from guard.enforce.gitignore import Ignores
from guard.enforce.gitindex import GitIndex, work_tree
from guard.enforce.walkpath import look_path
from guard.model.facts import TreeFact
from guard.model.paths import FileKind
from guard.model.typed import Callable

MAX_ENTRIES = 4096
UNKNOWN_TREE = TreeFact(entries=(), complete=False, unrecoverable=-1)


class Trees:
    """Looks at trees for one proposal; each index is read once."""

    def __init__(self, late: Callable[[], bool]) -> None:
        self._late = late
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
        entries: list[str] = []
        count = _Count(self)
        cut = len(root.rstrip("/")) + 1
        todo = [root]
        complete = True
        while todo:
            directory = todo.pop()
            index = self.index(directory)
            try:
                with os.scandir(directory) as found:
                    listing = sorted(found, key=lambda entry: entry.name)
            except OSError:
                complete = False
                continue
            for entry in listing:
                if len(entries) >= MAX_ENTRIES or (len(entries) % 256 == 0 and self._late()):
                    return count.fact(tuple(entries), complete=False)
                entries.append(entry.path[cut:])
                try:
                    info = entry.stat(follow_symlinks=False)
                except OSError:
                    complete = False
                    continue
                if stat.S_ISDIR(info.st_mode):
                    todo.append(entry.path)
                    continue
                count.add(entry.path, info, index)
        return count.fact(tuple(entries), complete=complete)


class _Count:
    """Files and bytes, and what git has of them."""

    def __init__(self, trees: Trees) -> None:
        self._trees = trees
        self._files = self._bytes = self._untracked = self._ignored = self._modified = self._own = 0

    def add(self, path: str, info: os.stat_result, index: GitIndex | None) -> None:
        if "/.git/" in path:
            # What git keeps for itself is lost, but nobody counts it among their files.
            self._own += 1
            return
        self._files += 1
        self._bytes += info.st_size
        if index is not None and index.knows(path):
            self._modified += not index.recoverable(path, info)
        elif index is not None and self._trees.ignores(index.root).covers(path):
            self._ignored += 1
        else:
            self._untracked += 1

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
        )
