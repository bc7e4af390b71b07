"""kill -9 of every process of a run at every point of the list: nothing half applied, nothing lost unsaid, nothing left.

Who is killed is worked out, not listed: the process that has reached a point, everybody who must be alive then, and who
was just made. Points that a scenario reaches more than once are tried at their first and last time.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from guard.enforce.changeset import list_sets
from guard.faults import Point as G
from sandbox import leftovers
from sandbox.backends import _kernel, landlock
from sandbox.backends.bubblewrap import BubblewrapBackend
from sandbox.faults import Point as S
from sandbox.spec import SandboxSpec, Stdio

from .arena import Point, above, descended, find, in_a_child, role_of
from .scene import OLD, Scene
from .table import tried

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(
        os.geteuid() != 0, reason="the tests do not run as root: mounts and ids are not theirs to see"
    ),
]
EXEC = ("exec", "--ask", "deny", "--quiet")
COMMAND = 'eval "$(cat step)"'
JUST_MADE = {
    G.WATCHER_FORKED: ("watcher",),
    G.DOORKEEPER_FORKED: ("doorkeeper",),
    S.LAUNCHER_FORKED: ("launcher",),
    S.IDS_MAPPED: ("launcher",),
    S.INIT_FORKED: ("init",),
    S.COMMAND_FORKED: ("command",),
    S.STARTED_TOLD: ("command",),
    S.STARTED_HEARD: ("watcher", "launcher", "init", "command"),
    S.REMOVER_FORKED: ("remover",),
    S.ABSENT_HELD: ("remover",),
    S.KEPT_FORKED: ("kept",),
    S.KEPT_STARTED: ("kept",),
    S.LENDER_FORKED: ("lender",),
}
"""Who is alive at a point besides those above it."""
_done: dict[str, set[Point]] = {}
"""What was reached, by scenario, and killed at."""


def victims(point: Point, names: dict[str, str]) -> list[str]:
    """``names``: what some are called here instead; empty where there is nobody of the kind."""
    made = (names.get(one, one) for one in JUST_MADE.get(point, ()))
    return [*above(role_of(point)), *(one for one in made if one)]


def kill_one(role: str) -> Callable[[int], None]:
    def kill(child: int) -> None:
        os.kill(find(child, role), signal.SIGKILL)

    return kill


def kill_stopped(role: str) -> Callable[[int], None]:
    """A process that cannot do anything any more before it is killed."""

    def kill(child: int) -> None:
        victim = find(child, role)
        os.kill(victim, signal.SIGSTOP)
        time.sleep(0.005)
        os.kill(victim, signal.SIGKILL)

    return kill


def kill_group(child: int) -> None:
    os.killpg(child, signal.SIGKILL)


def _stands_still(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] in "TtZX"
    except FileNotFoundError:
        return True


def kill_all(child: int) -> None:
    """As when a container is stopped, or memory is short: nobody is left to clean up after the others."""
    everybody: list[int] = []
    while new := [one for one in descended(child) if one not in everybody]:
        for one in new:
            # Who has ended meanwhile, and was buried, has nobody to leave behind but those we look for again.
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGSTOP)
        while not all(map(_stands_still, new)):
            time.sleep(0.001)
        everybody += new
    for one in everybody:
        with contextlib.suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


KINDS: dict[str, Callable[[int], None]] = {
    "stopped launcher": kill_stopped("launcher"),
    "stopped init": kill_stopped("init"),
    "group": kill_group,
    "all": kill_all,
}


class Scenario:
    """One thing that a guard does; ``prepare`` is what must be there before, and gives the words."""

    names: ClassVar[dict[str, str]] = {}
    terminal = False

    def __init__(self, scene: Scene, name: str) -> None:
        self.scene, self.name = scene, name
        self.reached: dict[Point, int] = {}
        self.killed: set[Point] = set()
        self.problems: list[str] = []
        self.cases = 0
        self.counted: dict[Point, int] = {}

    def prepare(self) -> tuple[str, ...] | Callable[[], int]:
        self.scene.reset()
        self.scene.forget()
        return (*EXEC, "--", COMMAND)

    def check(self, first: int) -> None:
        self.scene.accounted(first, began=G.RUN_MARKED in self.counted)
        if self.scene.whole():
            self.scene.put_back()

    def trace(self) -> None:
        words = self.prepare()
        status = self.scene.arena.run(words, terminal=self.terminal)
        assert status in (0, 12), self.scene.arena.said
        self.reached = self.scene.arena.shared.counted()
        if G.WATCHER_FORKED in self.reached:
            # A short command does not wait for it.
            self.reached |= {G.WATCHER_BORN: 1, G.WATCHER_WATCHES: 1}
        self.scene.nothing_is_left()

    def case(self, point: Point, occurrence: int, who: str, kill: Callable[[int], None]) -> None:
        self.cases += 1
        # What a command has done when it is killed is what it has done.
        self.scene.torn = who == self.names.get("command", "command")
        try:
            words = self.prepare()
            first = len(self.scene.records())
            self.scene.arena.run(words, terminal=self.terminal, point=point, occurrence=occurrence, kill=kill)
            # The next start counts as well.
            self.counted = self.scene.arena.shared.counted()
            self.scene.nothing_is_left()
            self.check(first)
            self.killed.add(point)
        except AssertionError as error:
            text = " ".join(str(error).partition("\n +  where ")[0].split())[:1500]
            text += f" [{traceback.extract_tb(error.__traceback__)[-1].line}]"
            self.problems.append(f"{self.name}: {point.name} ({occurrence}), {who} killed: {text}")
            self.scene.arena.bury()

    def all_cases(self, points: "frozenset[Point] | None" = None) -> None:
        for point, count in self.reached.items():
            if points is not None and point not in points:
                continue
            # What builds a sandbox is the same each time; what touches files is not.
            occurrences = (count,) if isinstance(point, S) else tuple(dict.fromkeys((1, count)))
            for occurrence in occurrences:
                for who in victims(point, self.names):
                    self.case(point, occurrence, who, kill_one(who))


class OnHeld(Scenario):
    """Something done to a held set: always the same one, put back with the workspace."""

    def __init__(self, scene: Scene, name: str, *words: str) -> None:
        super().__init__(scene, name)
        self.words = words
        self.copy = scene.root / f"copy of {name}"
        self.prepare_set()
        (self.id,) = list_sets(str(self.copy))

    def prepare_set(self) -> None:
        self.scene.reset()
        self.scene.forget()
        status = self.scene.arena.run(("run", "--at-end", "hold", "--", "bash", "-c", COMMAND))
        assert status == 12, self.scene.arena.said
        shutil.copytree(self.scene.places.held, self.copy, symlinks=True)

    def prepare(self) -> tuple[str, ...]:
        self.scene.reset()
        self.scene.forget()
        shutil.copytree(self.copy, self.scene.places.held, symlinks=True)
        first, *rest = self.words
        return ("changes", first, "--yes", self.id, *rest)

    def check(self, first: int) -> None:
        """It is let in, or can still be; and what was let in can be put back."""
        if not self.scene.whole():
            assert self.scene.held() == [self.id]
            assert self.scene.arena.run(("changes", "apply", "--yes", self.id)) == 0, self.scene.arena.said
            assert self.scene.whole()
        assert self.scene.held() == []
        self.scene.put_back()


class Partial(OnHeld):
    def check(self, first: int) -> None:
        """File by file as it was or as it should be, and what is still held can be let in as if nothing had been."""
        now = self.scene.tree()
        for path in now.keys() | self.scene.old.keys() | self.scene.new.keys():
            old, new = self.scene.old.get(path), self.scene.new.get(path)
            # What a shell writes to is empty before it is written.
            opened = (*new[:2], b"") if new is not None and new[0] == "file" else new
            assert now.get(path) in (old, new, opened), path
        assert self.scene.arena.run(("changes", "apply", "--yes", self.id)) == 0, self.scene.arena.said
        assert self.scene.whole()
        assert self.scene.held() == []


class Dropped(OnHeld):
    def check(self, first: int) -> None:
        assert not self.scene.whole()
        if self.scene.held():
            super().check(first)
        else:
            assert [one for one in self.scene.records()[first:] if one["type"] == "changes.dropped"]


class Undone(Scenario):
    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, "undo")
        self.copy, self.work = scene.root / "applied", scene.root / "changed"
        status = scene.arena.run(super().prepare())
        assert status == 0, scene.arena.said
        assert scene.whole()
        shutil.copytree(scene.places.undo, self.copy, symlinks=True)
        shutil.copytree(scene.machine.work, self.work, symlinks=True)
        (self.id,) = list_sets(str(self.copy))

    def prepare(self) -> tuple[str, ...]:
        self.scene.forget()
        shutil.rmtree(self.scene.machine.work)
        shutil.copytree(self.work, self.scene.machine.work, symlinks=True)
        shutil.copytree(self.copy, self.scene.places.undo, symlinks=True)
        return ("undo", "--yes", self.id)

    def check(self, first: int) -> None:
        """It is put back, or can still be; what is put back can be had again."""
        if self.scene.whole():
            assert self.scene.arena.run(("undo", "--yes", self.id)) == 0, self.scene.arena.said
            assert not self.scene.whole()
        again = list_sets(self.scene.places.undo)[-1]
        assert self.scene.arena.run(("undo", "--yes", again)) == 0, self.scene.arena.said
        assert self.scene.whole()


class Recovered(OnHeld):
    """The next start, after an application that was killed in the middle, is killed itself."""

    def __init__(self, scene: Scene, edited: str = "") -> None:
        self.edited = edited
        super().__init__(scene, f"recovery{' with an edit' if edited else ''}", "apply")

    def prepare(self) -> tuple[str, ...]:
        words = super().prepare()
        arena = self.scene.arena
        arena.run(words, point=G.OBJECT_GIVEN, occurrence=3, kill=kill_one("guard"))
        assert list_sets(self.scene.places.journal)
        if self.edited:
            (self.scene.machine.work / self.edited).write_text("mine\n")
        return ("changes", "list")

    def check(self, first: int) -> None:
        if not self.edited:
            assert self.scene.whole()
            self.scene.put_back()
            return
        now = self.scene.tree()
        assert now.pop(self.edited)[2] == b"mine\n"
        assert now == {path: what for path, what in self.scene.old.items() if path != self.edited}
        assert self.scene.held() == list_sets(self.scene.places.held)
        assert len(self.scene.held()) == 1


class Conflicting(OnHeld):
    def trace(self) -> None:
        words = self.prepare()
        assert self.scene.arena.run(words) == 12, self.scene.arena.said
        self.reached = self.scene.arena.shared.counted()
        self.scene.nothing_is_left()

    def prepare(self) -> tuple[str, ...]:
        words = super().prepare()
        (self.scene.machine.work / "README").write_text("mine\n")
        return words

    def check(self, first: int) -> None:
        assert self.scene.tree() == {**self.scene.old, "README": ("file", 0o644, b"mine\n")}
        self.scene.write("README", OLD["README"])
        super().check(first)


class Alone(Scenario):
    """In the Landlock backend."""

    names: ClassVar = {"launcher": "keeper", "init": "", "command": "kept"}

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, "landlock")
        config = scene.machine.home / ".config" / "guard"
        config.mkdir(parents=True)
        (config / "sandbox.json").write_text(json.dumps({"accept": ["landlock"]}))

    def trace(self) -> None:
        # The first also removes what others have left on this machine, which would count.
        super().trace()
        super().trace()

    def prepare(self) -> tuple[str, ...]:
        *words, dashes, command = super().prepare()
        # With somebody who leaves the session, and would outlive it.
        return (*words, "--backend", "landlock", dashes, f"eval 'setsid sleep 300 & '; {command}")


class AtTerminal(Scenario):
    terminal = True


class OnHost(Scenario):
    """What a command on the machine itself has done is there, whoever is killed."""

    def prepare(self) -> tuple[str, ...]:
        super().prepare()
        return (*EXEC, "--", "echo new > README")

    def check(self, first: int) -> None:
        now = self.scene.tree()
        assert now.pop("README")[2] in (b"", b"new\n", b"read me\n")
        assert now == {path: what for path, what in self.scene.old.items() if path != "README"}
        self.scene.ended_once(first, began=G.RUN_MARKED in self.counted)


class PutAway(Scenario):
    """The next start, after everybody of a session in the workspace itself was killed, is killed itself."""

    def prepare(self) -> tuple[str, ...]:
        words = Session(self.scene, "", "--workspace", "direct").prepare()
        self.scene.arena.run(words, point=S.ABSENT_HELD, occurrence=3, kill=kill_all)
        self.scene.arena.bury()
        assert self.scene.tree() != self.scene.old
        return ("changes", "list")

    def check(self, first: int) -> None:
        assert not self.scene.whole()
        self.scene.ended_once(0, began=True)


class Lent(Scenario):
    """A user namespace that bubblewrap lends."""

    def prepare(self) -> Callable[[], int]:
        self.scene.reset()
        work = str(self.scene.machine.work)
        spec = SandboxSpec(
            argv=("bash", "-c", COMMAND), workspace=work, cwd=work, env=(("PATH", os.environ["PATH"]),)
        )
        backend = BubblewrapBackend(program=os.environ["GUARD_TEST_BWRAP"])

        def act() -> int:
            backend.run(spec, Stdio()).destroy()
            return 0

        return act

    def check(self, first: int) -> None:
        assert not self.scene.whole()


class Session(Scenario):
    """``guard run``: a copy whose changes are held, or the workspace itself."""

    def __init__(self, scene: Scene, name: str, *options: str) -> None:
        super().__init__(scene, name)
        self.options = options
        self.direct = "direct" in options

    def prepare(self) -> tuple[str, ...]:
        super().prepare()
        if self.direct:
            for path in (self.scene.machine.work, *self.scene.machine.work.rglob("*")):
                os.chown(path, 1234, 1234, follow_symlinks=False)
        return ("run", *self.options, "--", "bash", "-c", COMMAND)

    def check(self, first: int) -> None:
        if not self.direct:
            assert not self.scene.whole()
            self.scene.accounted(first, began=G.RUN_MARKED in self.counted)
            return
        now = self.scene.tree()
        for path in now.keys() | self.scene.old.keys() | self.scene.new.keys():
            assert now.get(path) in (self.scene.old.get(path), self.scene.new.get(path)), path
        self.scene.ended_once(first, began=G.RUN_MARKED in self.counted)


def play(make: Callable[[Scene], "list[Scenario]"], act: Callable[["Scenario"], None]) -> None:
    """In a process that adopts everybody; says what went wrong in all of it, and how many cases there were."""

    def all_of_it() -> None:
        root = Path(tempfile.mkdtemp(prefix="crash-"))
        # In memory: to wait for a disk hundreds of times would tell nothing more.
        _kernel.mount("crash", str(root), "tmpfs", 0)
        # What crashed runs leave lies in places that every guard on the machine clears up; here it is ours alone.
        bases = tuple(f"{root}/{name}" for name in ("var", "temporary"))
        for base in bases:
            os.mkdir(base)
        landlock.BASES = leftovers.BASES = bases
        scene = Scene(root)
        problems: list[str] = []
        try:
            scene.arena.run((*EXEC, "--", "true"))
            for scenario in make(scene):
                scenario.trace()
                act(scenario)
                assert scenario.cases, scenario.name
                problems += scenario.problems
                if differs := scenario.killed ^ tried(scenario.name):
                    problems.append(
                        f"{scenario.name}: docs/crash.md does not say so: {sorted(p.name for p in differs)}"
                    )
        finally:
            scene.close()
            subprocess.run(["umount", "-l", str(root)], check=True)
            root.rmdir()
        assert not problems, f"{len(problems)} problems:\n" + "\n".join(problems)

    if told := in_a_child(all_of_it):
        pytest.fail(told, pytrace=False)


def test_exec() -> None:
    def act(scenario: Scenario) -> None:
        scenario.all_cases()
        for who, kill in KINDS.items():
            scenario.case(S.STARTED_HEARD, scenario.reached[S.STARTED_HEARD], who, kill)

    play(lambda scene: [Scenario(scene, "exec")], act)


def test_landlock() -> None:
    """A copy instead of namespaces: processes and directories that nobody but us removes."""

    def act(scenario: Scenario) -> None:
        scenario.all_cases(frozenset(point for point in S if scenario.reached.get(point)) - {S.CACHE_OPENED})
        for who in ("stopped keeper", "all"):
            kill = kill_all if who == "all" else kill_stopped("keeper")
            scenario.case(S.KEPT_STARTED, scenario.reached[S.KEPT_STARTED], who, kill)

    play(lambda scene: [Alone(scene)], act)


def test_held_changes() -> None:
    """Let in, in part, dropped; with a conflict."""
    play(
        lambda scene: [
            OnHeld(scene, "apply", "apply"),
            Partial(scene, "apply some", "apply", "README", "tree"),
            Dropped(scene, "drop", "drop"),
            Conflicting(scene, "conflict", "apply"),
        ],
        Scenario.all_cases,
    )


def test_undo_and_recovery() -> None:
    play(lambda scene: [Undone(scene), Recovered(scene), Recovered(scene, "README")], Scenario.all_cases)


def test_a_session() -> None:
    """In a copy, and in the workspace itself."""
    only = frozenset({G.RUN_MARKED, G.RUN_UNMARKED, G.AGENT_PLACED, G.DOOR_OPEN, G.DOORKEEPER_FORKED, G.DOORKEEPER_BORN, G.DOORKEEPER_ENDS, G.DOORKEEPER_BURIED, G.SET_MADE, G.SET_FILLED, G.SET_DESCRIBED, G.SET_SYNCED, G.SET_MOVED, G.SET_PLACED, S.STARTED_HEARD, S.GRANTS_MOUNTED})  # fmt: skip
    play(lambda scene: [Session(scene, "staged", "--at-end", "hold")], lambda one: one.all_cases(only))


def test_a_session_in_the_workspace_itself() -> None:
    only = frozenset({G.RUN_MARKED, G.RUN_UNMARKED, S.REMOVER_FORKED, S.REMOVER_BORN, S.REMOVER_BURIED, S.ABSENT_HELD, S.ABSENT_REMOVED, S.WORKSPACE_GUARDED, S.STARTED_HEARD})  # fmt: skip

    def act(scenario: Scenario) -> None:
        scenario.all_cases(only)
        scenario.case(S.STARTED_HEARD, scenario.reached[S.STARTED_HEARD], "all", kill_all)
        scenario.case(S.ABSENT_HELD, scenario.reached[S.ABSENT_HELD], "all", kill_all)

    play(lambda scene: [Session(scene, "direct", "--workspace", "direct")], act)


def test_a_terminal_a_proxy_and_the_machine_itself() -> None:
    proxied = ("--at-end", "hold", "--port", "8080")
    proxy = frozenset({S.PROXY_STARTED, S.PROXY_SERVES, S.PROXY_ENDED, S.LISTENING})
    play(
        lambda scene: [
            AtTerminal(scene, "terminal"),
            OnHost(scene, "host"),
            Session(scene, "proxy", *proxied),
            PutAway(scene, "put away"),
        ],
        lambda one: one.all_cases(
            {
                "terminal": frozenset({S.TERMINAL_MADE, S.COMMAND_FORKED, S.STARTED_HEARD}),
                "host": frozenset({G.HOST_STARTED, G.RUN_MARKED, G.RUN_UNMARKED}),
                "proxy": proxy,
                "put away": frozenset({G.ABSENT_PUT_AWAY, G.RUN_UNMARKED}),
            }[one.name]
        ),
    )


@pytest.mark.bubblewrap
@pytest.mark.skipif(
    "GUARD_TEST_BWRAP" not in os.environ, reason="no bubblewrap: run tests/sandbox/with_bubblewrap.sh"
)
def test_a_lent_namespace() -> None:
    only = frozenset({S.LENDER_FORKED, S.LENDER_BORN, S.LENDER_ENTERED, S.LENDER_BURIED, S.LAUNCHER_READY})
    play(lambda scene: [Lent(scene, "bubblewrap")], lambda one: one.all_cases(only))
