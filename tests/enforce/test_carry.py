"""Stations 7 to 11 in their order, with a sandbox that plays what a command did."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from guard.audit.log import AuditLog
from guard.enforce import carry as carrying
from guard.enforce import confine as confining
from guard.enforce.approve import Approver, Nobody
from guard.enforce.carry import Carried, carry
from guard.enforce.changeset import list_sets
from guard.enforce.journal import recover
from guard.enforce.manifest import read_set
from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.enforce.watch import Seen
from guard.engine.stages import Decided
from guard.errors import AuditError
from guard.model.decision import Ask
from guard.model.outcome import Completed, NotStarted
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.verdict import Level
from sandbox.changes import Node, NodeKind
from sandbox.fake import FakeBackend, Script
from sandbox.result import Exited, LimitHit
from sandbox.spec import Stdio

from .machine import hidden
from .trees import look

COMMAND = hidden("python3 -c 'pass'")


class Scene:
    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.work = root / "home" / "work"
        self.work.mkdir(parents=True)
        (self.work / "README").write_text("read me\n")
        self.guard = Guard.open(
            cwd=str(self.work),
            home=str(root / "home"),
            env={"PATH": "/usr/bin:/bin"},
            level=Level.CONTAINED,
            places=Places(state=str(root / "state"), config=str(root / "config")),
        )
        self.monkeypatch = monkeypatch

    def play(self, *scripts: Script, command: str = COMMAND, approver: Approver | None = None) -> Carried:
        self.backend = FakeBackend(*scripts)
        self.monkeypatch.setattr(confining, "choose", lambda *_: self.backend)
        proposal = ShellProposal(principal=Principal(agent="test"), cwd=str(self.work), command=command)
        return carry(self.guard, proposal, approver or Nobody(), Stdio(), watch=False)

    def types(self) -> list[str]:
        return [record["type"] for record in self.guard.log.records() if record["type"] != "log.opened"]


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(tmp_path, monkeypatch)


def test_each_station_leaves_its_record_in_order(scene: Scene) -> None:
    carried = scene.play(Script(files=(("made", b"x"),)))

    assert scene.types() == ["decision", "changes", "outcome"]
    assert (carried.outcome, carried.applied) == (Completed(status=0), 1)
    assert (scene.work / "made").read_text() == "x"
    assert scene.backend.runs[0].destroyed


def test_a_run_that_changes_nothing_has_nothing_judged(scene: Scene) -> None:
    carried = scene.play(Script())

    assert scene.types() == ["decision", "outcome"]
    assert (carried.judged, carried.undo, carried.held) == (None, "", "")
    assert list_sets(scene.guard.places.undo) == []


def test_without_a_durable_record_nothing_runs(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise AuditError("no space left on device")

    monkeypatch.setattr(AuditLog, "append", full)
    with pytest.raises(AuditError):
        scene.play(Script(files=(("made", b"x"),)))

    assert scene.backend.runs == []
    assert not (scene.work / "made").exists()


@pytest.mark.parametrize("record", ["changes"])
def test_without_a_record_of_the_changes_they_are_not_applied(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, record: str
) -> None:
    original = AuditLog.append

    def append(self: AuditLog, fields: dict, **options: bool):
        if fields["type"] == record:
            raise AuditError("no space left on device")
        return original(self, fields, **options)

    monkeypatch.setattr(AuditLog, "append", append)
    with pytest.raises(AuditError):
        scene.play(Script(files=(("made", b"x"),)))

    assert not (scene.work / "made").exists()
    assert scene.backend.runs[0].destroyed


def test_a_sandbox_that_cannot_be_built_is_recorded_and_nothing_runs(scene: Scene) -> None:
    carried = scene.play(Script(fails="overlayfs", files=(("made", b"x"),)))

    assert isinstance(carried.outcome, NotStarted)
    assert scene.types() == ["decision", "outcome"]
    assert not (scene.work / "made").exists()


def test_what_a_limit_ended_is_judged_and_applied_like_any_run(scene: Scene) -> None:
    carried = scene.play(Script(end=LimitHit(limit="wall"), files=(("made", b"x"),)))

    assert carried.outcome.limit == "wall"
    assert carried.applied == 1


def test_a_failing_commands_changes_are_applied_too(scene: Scene) -> None:
    carried = scene.play(Script(end=Exited(status=1), files=(("report", b"x"),)))

    assert carried.outcome == Completed(status=1)
    assert (scene.work / "report").exists()


def test_an_incomplete_change_set_is_thrown_away(scene: Scene) -> None:
    before = look(scene.work)

    carried = scene.play(Script(files=(("made", b"x"),), truncated="more than 100000 entries"))

    assert "100000 entries" in carried.why_held
    assert carried.held == ""
    assert look(scene.work) == before


def test_one_entry_that_may_not_holds_all_of_them(scene: Scene) -> None:
    before = look(scene.work)
    fifo = Node(kind=NodeKind.FIFO, mode=0o644)

    carried = scene.play(Script(files=(("made", b"x"),), nodes=(("pipe", fifo),)))

    assert carried.held
    assert "fifo" in carried.why_held
    assert look(scene.work) == before
    assert list_sets(scene.guard.places.held) == [carried.held]


def test_a_name_that_is_not_text_is_carried_and_recorded(scene: Scene) -> None:
    name = os.fsdecode(b"caf\xe9")

    scene.play(Script(files=((name, b"x"),)))

    assert (scene.work / name).read_text() == "x"
    json.dumps(list(scene.guard.log.records()))


def test_what_nobody_foresaw_is_counted_in_the_record_and_marked_in_the_set(scene: Scene) -> None:
    carried = scene.play(
        Script(files=((".env", b"A=1"), ("Makefile", b"all: evil"), ("notes", b"x"))),
        command="echo A=1 >> .env",
    )

    found = read_set(scene.guard.places.held, carried.held)
    record = next(record for record in scene.guard.log.records() if record["type"] == "changes")
    assert (carried.surprises, record["surprises"]) == (2, 2)
    assert "unforeseen-build-file" in carried.why_held
    assert {entry.path for entry in found.entries if entry.surprise} == {"Makefile", "notes"}


def test_nothing_is_a_surprise_after_what_could_do_anything(scene: Scene) -> None:
    assert scene.play(Script(files=(("Makefile", b"x"),))).surprises == 0


@pytest.mark.parametrize(
    ("name", "rule"),
    [("src/a.py", ""), ("CLAUDE.md", "what-runs-later"), ("Makefile", "unforeseen-build-file")],
)
def test_what_somebody_did_meanwhile_is_judged_and_recorded(scene: Scene, name: str, rule: str) -> None:
    decided = scene.guard.decide(
        ShellProposal(principal=Principal(agent="test"), cwd=str(scene.work), command=COMMAND)
    )
    seen = Seen(paths=(str(scene.work / name),), total=1)

    paths, said = carrying.note_unproposed(scene.guard, decided, 0, seen, 0)

    record = next(record for record in scene.guard.log.records() if record["type"] == "effect.unproposed")
    assert (paths, said) == ([str(scene.work / name)], rule)
    assert record["judged"]["verdict"] == ("ask" if rule else "allow")


class Yes:
    by, surface = "ana", "terminal"

    def approves(self, decided: Decided, decision: int) -> bool:
        return True


HOOK = ".github/workflows/made.yml"


@pytest.mark.parametrize(
    ("command", "files", "held"),
    [
        (f"echo x > {HOOK}", (HOOK,), False),
        (f"echo x > {HOOK}", (HOOK, ".github/workflows/other.yml"), True),
        (f"echo x > {HOOK}; python3 -c pass; ./unknown", (HOOK,), True),
    ],
    ids=["what was shown", "more than was shown", "anything could have happened"],
)
def test_what_a_person_approved_is_not_asked_about_again(
    scene: Scene, command: str, files: tuple[str, ...], held: bool
) -> None:
    (scene.work / ".github" / "workflows").mkdir(parents=True)

    carried = scene.play(Script(files=tuple((path, b"x") for path in files)), command=command, approver=Yes())

    assert isinstance(carried.decided.decision, Ask)
    assert bool(carried.held) == held
    assert (scene.work / HOOK).exists() != held


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a tmpfs needs root")
    place = tmp_path / "tiny"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.sandbox
def test_a_full_disk_means_that_nothing_is_applied(scene: Scene, tiny: Path) -> None:
    for name in ("journal", "held", "undo"):
        os.makedirs(scene.guard.places.state, exist_ok=True)
        (tiny / name).mkdir()
        os.symlink(tiny / name, os.path.join(scene.guard.places.state, name))
    before = look(scene.work)

    carried = scene.play(Script(files=(("small", b"x"), ("large", b"x" * 1_000_000))))

    assert "space" in carried.why_held
    assert (carried.held, carried.applied) == ("", 0)
    assert look(scene.work) == before
    assert scene.types() == ["decision", "changes", "guard.error", "outcome"]
    assert recover(scene.guard.places) == []


@pytest.mark.sandbox
def test_no_room_for_what_is_replaced_means_that_nothing_is_applied(scene: Scene, tiny: Path) -> None:
    (scene.work / "large").write_bytes(b"x" * 1_000_000)
    time.sleep(0.05)  # what changes within a tick of the start counts as changed meanwhile
    for name in ("journal", "held", "undo"):
        os.makedirs(scene.guard.places.state, exist_ok=True)
        (tiny / name).mkdir()
        os.symlink(tiny / name, os.path.join(scene.guard.places.state, name))
    before = look(scene.work)

    carried = scene.play(Script(files=(("large", b"y"),)))

    assert "space" in carried.why_held
    assert carried.held
    assert look(scene.work) == before


def test_a_workspace_that_cannot_be_written_into_holds_the_changes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    before = look(scene.work)
    for name in ("make", "create"):
        monkeypatch.setattr(f"guard.enforce.apply.{name}", full)

    carried = scene.play(Script(files=(("made", b"x"),)))

    assert carried.held
    assert look(scene.work) == before
    assert list_sets(scene.guard.places.journal) == []


def test_the_hands_are_the_only_ones_that_confine() -> None:
    """INVARIANT 2, in the source: `issue` is called in one module, `confine` in one."""
    root = Path(carrying.__file__).parents[1]
    callers = {
        name: sorted(
            str(path.relative_to(root))
            for path in root.rglob("*.py")
            if f"import {name}\n" in path.read_text() or f", {name}\n" in path.read_text()
        )
        for name in ("issue", "confine")
    }

    assert callers == {"issue": ["enforce/approve.py"], "confine": ["enforce/carry.py"]}
