"""One machine with a workspace that is put back after every kill, and what must hold whatever was killed when."""

import contextlib
import os
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

from guard.audit.verify import verify
from guard.enforce.changeset import list_sets
from guard.enforce.journal import recover
from guard.enforce.places import Places
from guard.enforce.undo import undo
from sandbox import leftovers
from tests.enforce.machine import Machine
from tests.enforce.trees import look

from .arena import Arena

OLD = {"README": "read me\n", "gone": "it goes\n", "src/a.py": "a\n", "src/b.py": "b\n", "aged": "aged\n"}
CHANGE = (
    "echo new > README; rm gone; touch -d @1000000000 aged; mkdir -p tree/deep; echo 1 > tree/a; echo 2 > tree/deep/b; ln -s a tree/link;"
    " rm -r src; echo file > src; mkdir -p ~/.npm; echo kept > ~/.npm/index; read -r _ || :"
)
"""A file of each fate: changed, removed, made, a link, a directory that becomes a file; and one in a cache."""


def new_tree(old: dict[str, tuple]) -> dict[str, tuple]:
    out = {path: what for path, what in old.items() if not path.startswith("src/") and path != "gone"}
    out |= {
        "README": ("file", 0o644, b"new\n"),
        "tree": ("directory", 0o755),
        "tree/deep": ("directory", 0o755),
        "tree/a": ("file", 0o644, b"1\n"),
        "tree/deep/b": ("file", 0o644, b"2\n"),
        "tree/link": ("link", "a"),
        "src": ("file", 0o644, b"file\n"),
    }
    return out


def _mounts() -> frozenset[str]:
    return frozenset(Path("/proc/self/mountinfo").read_text().splitlines())


def _cgroups() -> list[str]:
    """Below our own."""
    ours = Path("/proc/self/cgroup").read_text().splitlines()[-1].rpartition(":")[2]
    return sorted(str(path) for path in Path(f"/sys/fs/cgroup{ours}").glob("*/"))


@dataclass
class Scene:
    root: Path
    machine: Machine = field(init=False)
    arena: Arena = field(init=False)
    places: Places = field(init=False)

    def __post_init__(self) -> None:
        self.machine = Machine(self.root)
        (self.root / "tmp").mkdir()
        self.machine.env["TMPDIR"] = str(self.root / "tmp")
        os.umask(0o022)
        (self.machine.work / "step").write_text(CHANGE)
        self.places = Places(state=str(self.machine.state), config=str(self.machine.home / ".config/guard"))
        self.arena = Arena(str(self.machine.work), self.machine.env)
        self.reset()
        self.old = self.tree()
        self.new = new_tree(self.old)
        self.before = (_mounts(), _cgroups())
        self.torn = False
        """Each file may be either as it was or as it should be."""

    def tree(self) -> dict[str, tuple]:
        return {p: what for p, what in look(self.machine.work).items() if p.partition("/")[0] != ".git"}

    def reset(self) -> None:
        work = self.machine.work
        for name in os.listdir(work):
            if name not in {".git", "step"}:
                path = work / name
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink()
        for name, text in OLD.items():
            path = work / name
            path.parent.mkdir(exist_ok=True)
            self.write(name, text)
        # What was changed within a tick of the kernel's clock counts as changed by somebody else meanwhile.
        time.sleep(0.025)

    def write(self, name: str, text: str) -> None:
        """With the same time each time: a file is also its time."""
        path = self.machine.work / name
        path.write_text(text)
        os.utime(path, (1_600_000_000, 1_600_000_000))

    def forget(self) -> None:
        """What runs have kept; not the log."""
        shutil.rmtree(self.places.caches, ignore_errors=True)
        shutil.rmtree(self.places.agents, ignore_errors=True)
        for parent in (self.places.held, self.places.undo):
            shutil.rmtree(parent, ignore_errors=True)

    def records(self) -> list[dict]:
        return self.machine.records() if (self.machine.state / "audit").exists() else []

    def _left_outside(self) -> list[str]:
        """Directories of our guards: nobody else's are there."""
        return [f"{base}/{name}" for base in leftovers.BASES for name in os.listdir(base)]

    # ------------------------------------------------------------------ what must hold

    def nothing_is_left(self) -> None:
        """Look after the next start: no process, mount, control group, directory, temporary file."""
        got_away = self.arena.bury()
        assert got_away == [], got_away
        assert self.arena.run(("changes", "list")) == 0, self.arena.said
        assert self.arena.bury() == []
        mounts, cgroups = self.before
        # Fewer there may be: who removes a directory elsewhere takes away what is mounted on it here.
        assert _mounts() - mounts == frozenset()
        assert _cgroups() == cgroups
        left = self._left_outside()
        assert left == [], left
        assert os.listdir(self.root / "tmp") == []
        state = self.machine.state
        assert list_sets(self.places.journal) == []
        left = [str(p) for p in (*state.rglob("*.tmp"), *state.rglob("*.new"), *state.rglob("*.run"))]
        left += [str(p) for p in self.machine.work.rglob(".guard-*")]
        assert left == [], left
        found = verify(str(state / "audit"))
        assert found.ok, found.problems

    def held(self) -> list[str]:
        return list_sets(self.places.held)

    def whole(self) -> bool:
        """Whether the workspace is as it should be rather than as it was; it is one of the two."""
        now = self.tree()
        if self.torn:
            strange = [
                path
                for path in {*now, *self.old, *self.new}
                if now.get(path) not in (self.old.get(path), self.new.get(path))
            ]
            assert strange == []
        else:
            assert now in (self.old, self.new), {p: w for p, w in now.items() if w != self.old.get(p)}
        return now == self.new

    def put_back(self) -> None:
        """What was applied can be undone, to the last byte."""
        recover(self.places)
        undo(list_sets(self.places.undo)[-1], self.places)
        assert self.tree() == self.old

    def ended_once(self, first: int, *, began: bool) -> tuple[list[dict], list[dict]]:
        """The records about the last decision since record ``first``, and those of them that say how it ended."""
        records = self.records()[first:]
        decisions = [one["seq"] for one in records if one["type"] == "decision"]
        about = [one for one in records if decisions and one.get("decision") == decisions[-1]]
        ends = [one for one in about if one["type"] in {"outcome", "run.interrupted"}]
        assert len(ends) == (1 if began else 0), (began, about)
        return about, ends

    def accounted(self, first: int, *, began: bool) -> None:
        """What became of the last decision since record ``first`` is in the log, and is what is the case."""
        about, ends = self.ended_once(first, began=began)
        if not ends:
            assert not self.whole()
            return
        sets = list_sets(self.places.undo), list_sets(self.places.held)
        if self.whole():
            assert ends[0]["undo"] in sets[0]
        elif ends and ends[0]["type"] == "outcome" and ends[0]["ended"] != "not-started":
            in_part = self.torn and ends[0]["undo"] in sets[0]
            assert in_part or ends[0]["held"] in sets[1] or not self._ran(about), about
        elif ends:
            assert ends[0].get("held", "") in ("", *sets[1])

    @staticmethod
    def _ran(about: list[dict]) -> bool:
        """Whether it had got as far as changing something."""
        return any(one["type"] in {"changes", "guard.error"} for one in about)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.chdir("/")
