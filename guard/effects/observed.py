"""Station 10: what a sandboxed run changed, in the same vocabulary as what was predicted. Pure.

The same rules judge it. What no prediction covers is a surprise, and says so.
"""

import posixpath

from guard.effects.environments import leads_to_interpreter
from guard.effects.place import as_in_git, is_below, place_of, roots
from guard.effects.resolve import Roots
from guard.model.effect import (
    ChangeMode,
    DeletePath,
    LinkPath,
    Opaque,
    ResolvedEffect,
    RunProgram,
    WritePath,
)
from guard.model.facts import Facts, LookPath, LookTree, PathFact, TreeFact
from guard.model.paths import FileKind, ResolvedPath
from guard.model.typed import Iterable
from sandbox.changes import Changes, Created, Deleted, Modified, Node, NodeKind, only_the_time

MAX_LOOKED = 5000
MANY = 5
"""More single files than this that nothing can bring back are judged as the tree they were in."""


_REPOSITORY = ("HEAD", "objects", "refs", "commondir")
_OBEYED = frozenset(
    (*_REPOSITORY, "config", "config.worktree", "hooks", "info", "gitdir", "worktrees", "modules")
)


def observed_lookups(changes: Changes, facts: Facts) -> frozenset[LookTree | LookPath]:
    """What must be known to say how much a change set would lose: asked before anything is applied."""
    paths = [
        entry.path
        for entry in changes.entries
        if isinstance(entry, Deleted) and entry.before.kind is not NodeKind.DIRECTORY
    ]
    trees = paths if len(paths) <= MAX_LOOKED else []
    # A directory that is a repository to git need not be called `.git`.
    around = sorted({head for entry in changes.entries for head in _perhaps_repositories(entry.path)})
    return frozenset(LookTree(_absolute(path, facts)) for path in trees) | frozenset(
        LookPath(_absolute(f"{head}/{name}", facts)) for head in around[:MAX_LOOKED] for name in _REPOSITORY
    )


def _perhaps_repositories(path: str) -> list[str]:
    """Directories that are one if they hold what a repository holds, the outermost first."""
    parts = path.split("/")
    if _OBEYED.isdisjoint(parts) or ".git" in parts:
        return []
    return ["/".join(parts[:count]) for count in range(1, len(parts)) if parts[count] in _OBEYED]


def observe(
    changes: Changes, predicted: tuple[ResolvedEffect, ...], facts: Facts
) -> tuple[ResolvedEffect, ...]:
    """The effects of a change set. Empty when nothing changed."""
    return _Observer(changes, predicted, facts).effects()


def surprising(changes: Changes, effects: tuple[ResolvedEffect, ...], facts: Facts) -> frozenset[str]:
    """Paths of ``changes`` that the observed ``effects`` call a surprise."""
    exact: set[str] = set()
    trees: list[str] = []
    for effect in effects:
        match effect:
            case DeletePath(path=path, recursive=True, surprise=True):
                trees.append(path.real)
            case (
                DeletePath(path=path, surprise=True)
                | WritePath(path=path, surprise=True)
                | ChangeMode(path=path, surprise=True)
                | LinkPath(path=path, surprise=True)
            ):
                exact.add(path.real)
            case _:
                pass
    if not exact and not trees:
        return frozenset()
    return frozenset(
        entry.path
        for entry in changes.entries
        if (real := _absolute(entry.path, facts)) in exact
        or (isinstance(entry, Deleted) and any(real == tree or is_below(real, tree) for tree in trees))
    )


def unproposed(paths: Iterable[str], facts: Facts) -> tuple[ResolvedEffect, ...]:
    """What somebody changed while a command ran, by absolute path: seen, foretold by nothing, done by who knows whom."""
    named = roots(facts)
    return tuple(
        WritePath(
            path=ResolvedPath(given=real, real=real, place=place_of(real, named), kind=FileKind.FILE),
            program="",
            observed=True,
            surprise=True,
        )
        for real in paths
    )


class _Observer:
    def __init__(self, changes: Changes, predicted: tuple[ResolvedEffect, ...], facts: Facts) -> None:
        self._changes = changes
        self._predicted = predicted
        self._facts = facts
        self._named: Roots = roots(facts)
        program = next((effect for effect in predicted if isinstance(effect, RunProgram)), None)
        self._program = program.program if program is not None else ""
        self._names = program.names if program is not None else ()
        self._anything = any(isinstance(effect, Opaque) for effect in predicted)
        self._kept = {
            node.sha256
            for entry in changes.entries
            if isinstance(entry, Created | Modified) and (node := entry.after).kind is NodeKind.FILE
        }
        """What was moved is not lost."""
        self._forbidden = {digest: program.name for program in facts.forbidden for digest in program.sha256}
        self._repositories = self._found_repositories()

    def _found_repositories(self) -> frozenset[str]:
        """Directories, by path below the workspace, that git takes for a repository now."""
        came: dict[str, set[str]] = {}
        for entry in self._changes.entries:
            for head in _perhaps_repositories(entry.path):
                names = came.setdefault(head, set())
                if not isinstance(entry, Deleted):
                    names.add(entry.path[len(head) + 1 :].partition("/")[0])

        def has(head: str, name: str) -> bool:
            if name in came[head]:
                return True
            fact = self._facts.answers.get(LookPath(_absolute(f"{head}/{name}", self._facts)))
            return isinstance(fact, PathFact) and fact.kind is not FileKind.ABSENT

        return frozenset(
            head
            for head in came
            if has(head, "HEAD") and (has(head, "commondir") or (has(head, "objects") and has(head, "refs")))
        )

    def effects(self) -> tuple[ResolvedEffect, ...]:
        out: dict[ResolvedEffect, None] = {}
        for effect in (*self._deletions(), *self._others(), *self._copies()):
            out.setdefault(effect)
        return tuple(out)

    # ------------------------------------------------------------------ what went

    def _deletions(self) -> Iterable[ResolvedEffect]:
        gone = [entry for entry in self._changes.entries if isinstance(entry, Deleted)]
        trees = {entry.path for entry in gone if entry.before.kind is NodeKind.DIRECTORY}
        tops: dict[str, list[Deleted]] = {}
        single: list[tuple[Deleted, int]] = []
        for entry in gone:
            top = next((p for p in _upward(entry.path) if p in trees), "")
            if top:
                tops.setdefault(top, []).append(entry)
            else:
                single.append((entry, self._lost(entry)))
        for top, entries in tops.items():
            below = tuple(entry.path[len(top) + 1 :] for entry in entries if entry.path != top)
            yield self._delete(top, self._sum(self._lost(entry) for entry in entries), below)
        unrecoverable = [(entry, lost) for entry, lost in single if lost]
        if len(unrecoverable) > MANY:
            paths = [entry.path for entry, _ in unrecoverable]
            common = posixpath.commonpath([posixpath.dirname(path) for path in paths])
            names = tuple(path[len(common) :].lstrip("/") for path in paths)
            yield self._delete(common, self._sum(lost for _, lost in unrecoverable), names)
            single = [(entry, lost) for entry, lost in single if not lost]
        for entry, lost in single:
            yield self._delete(entry.path, lost, None)

    def _delete(self, path: str, lost: int, below: tuple[str, ...] | None) -> ResolvedEffect:
        real = _absolute(path, self._facts)
        recursive = below is not None
        places = tuple(place_of(f"{real}/{name}", self._named) for name in below or ())
        resolved = ResolvedPath(
            given=path or ".",
            real=real,
            place=place_of(real, self._named),
            kind=FileKind.DIRECTORY if recursive else FileKind.FILE,
            below=places,
            listed=recursive,
            lost=lost,
            aliases=self._aliases(path, real),
        )
        return DeletePath(
            path=resolved,
            recursive=recursive,
            program=self._program,
            names=self._names,
            observed=True,
            surprise=self._surprise(real, DeletePath),
        )

    def _lost(self, entry: Deleted) -> int:
        if entry.before.kind is NodeKind.DIRECTORY:
            return 0
        if entry.before.kind is NodeKind.FILE and (
            entry.before.size == 0 or entry.before.sha256 in self._kept
        ):
            return 0
        fact = self._facts.answers.get(LookTree(_absolute(entry.path, self._facts)))
        return fact.unrecoverable if isinstance(fact, TreeFact) else -1

    def _sum(self, numbers: Iterable[int]) -> int:
        known = list(numbers)
        return -1 if -1 in known else sum(known)

    # ------------------------------------------------------------------ what came or changed

    def _others(self) -> Iterable[ResolvedEffect]:
        parents = {posixpath.dirname(entry.path) for entry in self._changes.entries}
        for entry in self._changes.entries:
            match entry:
                case Deleted():
                    continue
                case Created(path=path, after=after):
                    if after.kind is NodeKind.DIRECTORY and path in parents:
                        continue
                    # Who makes an environment gives the machine's interpreter another name: nothing new to be run.
                    if after.kind is NodeKind.SYMLINK and leads_to_interpreter(path, after.target):
                        continue
                    yield self._made(path, after)
                case Modified(path=path, before=before, after=after):
                    if before.kind is not after.kind:
                        yield self._delete(path, -1 if before.kind is not NodeKind.SYMLINK else 0, None)
                        yield self._made(path, after)
                        continue
                    if (before.sha256, before.target, before.size) != (
                        after.sha256,
                        after.target,
                        after.size,
                    ):
                        yield self._made(path, after)
                    if before.mode != after.mode:
                        yield self._mode(path, f"{before.mode:o} -> {after.mode:o}")
                    # A later time is what each `touch` and each rewriting of the same content leaves. An earlier one was
                    # chosen: make and caches of compiled code, which go by times, would take a changed file for an old one.
                    if only_the_time(before, after) and after.mtime_ns < before.mtime_ns:
                        yield self._mode(path, "an earlier time than it had")
            if isinstance(entry, Created) and entry.after.mode & 0o7000 and entry.after.kind is NodeKind.FILE:
                yield self._mode(entry.path, f"{entry.after.mode:o}")

    def _made(self, path: str, after: Node) -> ResolvedEffect:
        if after.kind is NodeKind.SYMLINK:
            target = posixpath.normpath(
                posixpath.join(_absolute(posixpath.dirname(path), self._facts), after.target)
            )
            return LinkPath(
                path=self._path(path),
                target=self._at(after.target, target),
                program=self._program,
                names=self._names,
                observed=True,
                surprise=self._surprise(_absolute(path, self._facts), LinkPath),
            )
        return WritePath(
            path=self._path(path),
            program=self._program,
            names=self._names,
            observed=True,
            surprise=self._surprise(_absolute(path, self._facts), WritePath),
        )

    def _mode(self, path: str, detail: str) -> ResolvedEffect:
        return ChangeMode(
            path=self._path(path),
            detail=detail,
            program=self._program,
            names=self._names,
            observed=True,
            surprise=self._surprise(_absolute(path, self._facts), ChangeMode),
        )

    def _path(self, path: str) -> ResolvedPath:
        return self._at(path, _absolute(path, self._facts))

    def _at(self, given: str, real: str) -> ResolvedPath:
        return ResolvedPath(
            given=given,
            real=real,
            place=place_of(real, self._named),
            kind=FileKind.FILE,
            aliases=self._aliases(given, real),
        )

    def _aliases(self, path: str, real: str) -> tuple[str, ...]:
        if not self._repositories:
            return ()
        around = [head for head in _perhaps_repositories(path) if head in self._repositories]
        inside = as_in_git(real, _absolute(around[-1], self._facts)) if around else ""
        return (place_of(inside, self._named),) if inside else ()

    def _copies(self) -> Iterable[ResolvedEffect]:
        """A program that is denied, under whatever name it has come."""
        for entry in self._changes.entries if self._forbidden else ():
            name = "" if isinstance(entry, Deleted) else self._forbidden.get(entry.after.sha256, "")
            if name:
                yield RunProgram(
                    program=name, names=(name,), arguments=(f"(its bytes, as {entry.path})",), observed=True
                )

    # ------------------------------------------------------------------ was it foretold

    def _surprise(self, real: str, kind: type) -> bool:
        if self._anything:
            return False
        for effect in self._predicted:
            match effect:
                case WritePath(path=path, recursive=deep) | DeletePath(path=path, recursive=deep):
                    pass
                case ChangeMode(path=path, recursive=deep):
                    pass
                case LinkPath(path=path):
                    deep = False
                case _:
                    continue
            # Making a file and setting its mode are one act to people; losing one must have been foretold as such.
            if kind is DeletePath and not isinstance(effect, DeletePath | WritePath | LinkPath):
                continue
            if not path.real or path.real == real or (deep and is_below(real, path.real)):
                return False
        return True


def _absolute(path: str, facts: Facts) -> str:
    return f"{facts.workspace.rstrip('/')}/{path}".rstrip("/") or "/"


def _upward(path: str) -> list[str]:
    """``a/b/c`` -> ``a``, ``a/b``, ``a/b/c``: the outermost first."""
    parts = path.split("/")
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]
