"""A toy tree, a real bash in it, and what was predicted of the same command. For the differential tests of effects.

What runs here was put together from parts that name nothing outside of the tree; as root it runs as nobody all the same.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from guard.effects.place import is_below
from guard.effects.resolve import resolve
from guard.enforce.facts import World, gather
from guard.model.effect import ChangeMode, DeletePath, LinkPath, Opaque, SymbolicEffect, WritePath
from guard.model.facts import Facts
from guard.model.paths import KnownPath
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal

BASH = shutil.which("bash") or "/bin/bash"
FILES = ("a.txt", "b.txt", "sub/one.txt", "sub/more/two.txt", "two words/x y.txt")
DIRECTORIES = ("sub/more", "empty", "deep/er", "two words")
NOBODY = 65534
State = dict[str, tuple[int, str, bytes]]


class Toy:
    """One directory that is made anew for every command."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.root = base / "w"
        self.home = base / "home"
        self.home.mkdir(exist_ok=True)
        self._as_nobody = os.getuid() == 0
        if self._as_nobody:
            for directory in (base, self.home):
                os.chown(directory, NOBODY, NOBODY)
            # Its parents are the test's own; without them nobody could get there.
            parent = base
            while parent != parent.parent and not parent.stat().st_mode & 0o005:
                parent.chmod(parent.stat().st_mode | 0o055)
                parent = parent.parent
        self.env = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home),
            "LC_ALL": "C",
            "TMPDIR": str(self.base),
        }

    def fresh(self) -> State:
        shutil.rmtree(self.root, ignore_errors=True)
        for directory in DIRECTORIES:
            (self.root / directory).mkdir(parents=True)
        for name in FILES:
            (self.root / name).write_text("a\nb\na\n")
        os.symlink("a.txt", self.root / "link")
        if self._as_nobody:
            for where, directories, files in os.walk(self.root):
                for name in (*directories, *files, ""):
                    os.chown(Path(where, name), NOBODY, NOBODY, follow_symlinks=False)
        return self.state()

    def state(self) -> State:
        """Every entry: its mode, what it links to, what it holds."""
        found: State = {}
        for where, directories, files in os.walk(self.root):
            for name in (*directories, *files):
                path = os.path.join(where, name)
                status = os.lstat(path)
                link = os.readlink(path) if os.path.islink(path) else ""
                content = b""
                if name in files and not link and status.st_size:
                    with open(path, "rb") as file:
                        content = file.read()
                found[path] = (status.st_mode, link, content)
        return found

    def predicted(self, command: str) -> list[tuple[SymbolicEffect, str]]:
        """What would be judged, with every look at the tree that the guard itself takes: as said, and where it leads."""
        facts = Facts(
            workspace=str(self.root), home=str(self.home), cwd=str(self.root), env=dict(self.env), temp=()
        )
        proposal = ShellProposal(principal=Principal(agent="test"), cwd=str(self.root), command=command)
        world = World(facts, frozenset(), lambda: False)
        analysed, facts = gather(proposal, facts, world, lambda: False)
        found: list[tuple[SymbolicEffect, str]] = []
        for effect in analysed.effects:
            (resolved,) = resolve((effect,), facts)
            found.append((effect, getattr(getattr(resolved, "path", None), "real", "")))
        return found

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        who: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if self._as_nobody else {}
        return subprocess.run(
            [BASH, "--norc", "--noprofile", "-c", command],
            cwd=self.root, capture_output=True, text=True, errors="replace", check=False, timeout=20, env=self.env, stdin=subprocess.DEVNULL, **who,
        )  # fmt: skip

    def missed(self, command: str) -> tuple[set[str], bool, bool]:
        """Changes that nothing predicted covers; whether all was understood; whether anything changed at all."""
        before = self.fresh()
        effects = self.predicted(command)
        self.run(command)
        after = self.state()
        changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        understood = not any(isinstance(effect, Opaque) for effect, _ in effects)
        if not understood:
            # It could be anything, and is contained: whatever happens was foretold.
            return set(), False, bool(changed)
        # Which number a backup gets, those that are there decide.
        changed = {re.sub(r"\.~\d+~$", ".~1~", path) for path in changed}
        # A pattern whose matches went earlier in the line is a name: of a file beside those that it stood for.
        changed = {path for path in changed if not set("*?") & set(os.path.basename(path))}
        missed = {path for path in changed if not any(covers(effect, real, path) for effect, real in effects)}
        return missed, True, bool(changed)


def covers(effect: SymbolicEffect, real: str, path: str) -> bool:
    """Whether ``effect`` foretold that ``path`` changes."""
    if not isinstance(effect, WritePath | DeletePath | ChangeMode | LinkPath):
        return False
    if not isinstance(effect.path, KnownPath):
        return True
    deep = not isinstance(effect, LinkPath) and effect.recursive
    # Making or removing a directory's entry is told of the entry; parents that `-p` makes are told by what is below.
    return any(
        path == said or (deep and is_below(path, said)) or is_below(said, path)
        for said in (os.path.normpath(effect.path.text), real)
        if said
    )
