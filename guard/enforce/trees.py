"""What lies below a directory, and how much of it git could not bring back. Bounded; follows no link."""

import os
import stat
from collections.abc import Callable

from guard.enforce.gitindex import GitIndex, work_tree
from guard.enforce.walkpath import look_path
from guard.model.facts import TreeFact
from guard.model.paths import FileKind

MAX_ENTRIES = 4096
UNKNOWN_TREE = TreeFact(entries=(), complete=False, unrecoverable=-1)


class Trees:
    """Looks at trees for one proposal; each index is read once."""

    def __init__(self, late: Callable[[], bool]) -> None:
        self._late = late
        self._indexes: dict[str, GitIndex] = {}

    def index(self, path: str) -> GitIndex | None:
        """The index of the work tree that ``path`` is in."""
        root = work_tree(path)
        if not root:
            return None
        if root not in self._indexes:
            self._indexes[root] = GitIndex(root)
        return self._indexes[root]

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
            lost = 0 if self._recoverable(root) else 1
            return TreeFact(entries=(), complete=True, unrecoverable=lost, bytes=fact.size)
        return self._walk(root)

    def _recoverable(self, path: str) -> bool:
        try:
            info = os.lstat(path)
        except OSError:
            return False
        index = self.index(os.path.dirname(path))
        return index is not None and index.recoverable(path, info)

    def _walk(self, root: str) -> TreeFact:
        entries: list[str] = []
        lost = size = 0
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
                    return TreeFact(entries=tuple(entries), complete=False, unrecoverable=-1, bytes=size)
                entries.append(entry.path[cut:])
                try:
                    info = entry.stat(follow_symlinks=False)
                except OSError:
                    complete = False
                    continue
                if stat.S_ISDIR(info.st_mode):
                    todo.append(entry.path)
                    continue
                size += info.st_size
                if index is None or not index.recoverable(entry.path, info):
                    lost += 1
        return TreeFact(
            entries=tuple(entries), complete=complete, unrecoverable=lost if complete else -1, bytes=size
        )
