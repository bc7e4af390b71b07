"""The machine as a session inside the walls may ask about it: what it does not see itself, it is not told of.

A decision quotes what was found: the names that a pattern matches, what a script does, a repository's branch. Who is
enclosed would else learn by asking what lies in a home that is hidden from it.
"""

import os

from guard.enforce.facts import Imagined, World
from guard.enforce.gitdirs import repository_around
from guard.enforce.gitindex import git_directory, work_tree
from guard.model.facts import (
    Answer,
    GitFact,
    GitRunsFact,
    GlobFact,
    LookGit,
    LookGitRuns,
    LookGlob,
    LookModule,
    LookPath,
    LookProgram,
    LookScript,
    LookSettings,
    LookTree,
    Lookup,
    PathFact,
    SettingsFact,
)
from guard.model.typed import assert_never, override

SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives",
    "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/stdin", "/dev/stdout", "/dev/stderr",
)  # fmt: skip
"""Of the machine, and the same inside."""


class Inside(Imagined):
    """Answers nothing about places that are not seen inside, by the name given or by where that leads."""

    def __init__(self, world: World, seen: tuple[str, ...]) -> None:
        super().__init__(world, ())
        self._seen = tuple(path.rstrip("/") for path in (*SYSTEM, *seen))

    @override
    def answer(self, lookup: Lookup) -> Answer | None:
        places: tuple[str, ...]
        match lookup:
            case LookPath(path):
                return self._path(super().answer(lookup)) if self._sees(path) else None
            case LookTree(path) | LookScript(path):
                places = (path,)
            case LookProgram(name, cwd):
                # A bare name is looked up on the PATH that is seen inside.
                places = (os.path.join(cwd, name),) if "/" in name else ()
            case LookModule(_, directory):
                places = (directory,)
            case LookSettings(directory, names, top):
                # What lies above is not seen, so nothing there can have been meant.
                lookup = LookSettings(directory, names, top if self._sees(top) else directory)
                places = (directory,)
            case LookGlob(base, pattern):
                return self._glob(lookup, pattern if pattern.startswith("/") else f"{base}/{pattern}")
            case LookGit(path) | LookGitRuns(path):
                if not self._repository_seen(path):
                    return GitFact(root="") if isinstance(lookup, LookGit) else GitRunsFact()
                places = (path,)
            case _:
                assert_never(lookup)
        if not all(self._leads_to_seen(path) for path in places):
            return SettingsFact() if isinstance(lookup, LookSettings) else None
        return super().answer(lookup)

    def _path(self, fact: Answer | None) -> PathFact | None:
        """What leads out of what is seen leads to nothing that can be known."""
        if not isinstance(fact, PathFact) or (fact.real and not self._sees(fact.real)):
            return None
        return fact

    def _glob(self, lookup: LookGlob, pattern: str) -> GlobFact | None:
        parts = pattern.split("/")
        fixed = next((index for index, part in enumerate(parts) if set(part) & set("*?[")), len(parts))
        if not self._leads_to_seen("/".join(parts[:fixed]) or "/"):
            return None
        found = super().answer(lookup)
        if not isinstance(found, GlobFact) or not all(map(self._leads_to_seen, found.matches)):
            return None
        return found

    def _repository_seen(self, path: str) -> bool:
        real = os.path.realpath(path)
        root = work_tree(real)
        if not root or not self._leads_to_seen(root):
            return False
        directory = git_directory(root) or repository_around(real)
        return not directory or self._leads_to_seen(directory)

    def _leads_to_seen(self, path: str) -> bool:
        return self._sees(path) and self._sees(os.path.realpath(path))

    def _sees(self, path: str) -> bool:
        tidy = os.path.normpath(path)
        return any(tidy == place or tidy.startswith(place + "/") for place in self._seen)
