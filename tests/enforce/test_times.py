"""A file of which only the time has changed: listed, judged, applied, put back, and never copied."""

import hashlib
import json
import os
from io import BytesIO
from pathlib import Path

import pytest

from guard.cli.changes import summary
from guard.cli.difference import difference
from guard.effects.observed import observe
from guard.enforce import apply as applying
from guard.enforce.apply import Applied, Conflict, apply
from guard.enforce.battery import judging
from guard.enforce.changeset import commit, list_sets, release, stage
from guard.enforce.journal import recover
from guard.enforce.manifest import ChangeSet, read_set
from guard.enforce.partial import apply_some, chosen
from guard.enforce.pipeline import base_facts
from guard.enforce.places import Places
from guard.enforce.undo import undo
from guard.model.effect import ChangeMode
from sandbox.changes import Change, Changes, Created, Modified, Node, NodeKind, only_the_time

EARLY, WAS, LATER = 1_000_000_000_123_456_789, 1_500_000_000_000_000_001, 1_600_000_000_000_000_007


@pytest.fixture(autouse=True)
def _times(workspace: Path) -> None:
    for name in ("README", "src/a.py", "src/deep/b.py"):
        os.utime(workspace / name, ns=(WAS, WAS))


def node(path: Path, mtime_ns: int) -> Node:
    content = path.read_bytes()
    return Node(
        kind=NodeKind.FILE,
        mode=0o644,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        mtime_ns=mtime_ns,
    )


def timed(workspace: Path, name: str, after_ns: int) -> Modified:
    return Modified(path=name, before=node(workspace / name, WAS), after=node(workspace / name, after_ns))


def changes(*entries: Change) -> Changes:
    def nothing_is_read(path: str) -> BytesIO:
        if path == "new":
            return BytesIO(b"new")
        raise AssertionError(f"{path}: its content has not changed")

    return Changes(entries=entries, open_after=nothing_is_read)


def staged(workspace: Path, places: Places, *entries: Change) -> ChangeSet:
    return stage(
        changes(*entries),
        parent=places.journal,
        workspace=str(workspace),
        decision=7,
        why="",
        command="x",
    )


def time_of(path: Path) -> int:
    return os.stat(path).st_mtime_ns


def test_it_arrives_and_nothing_else_of_the_file_is_touched(workspace: Path, places: Places) -> None:
    inode = os.stat(workspace / "README").st_ino

    result = apply(staged(workspace, places, timed(workspace, "README", LATER)), places)

    assert isinstance(result, Applied)
    assert time_of(workspace / "README") == LATER
    assert os.stat(workspace / "README").st_ino == inode


def test_it_is_put_back_and_brought_again(workspace: Path, places: Places) -> None:
    first = apply(staged(workspace, places, timed(workspace, "src/a.py", LATER)), places)

    second = undo(first.undo, places)
    back = time_of(workspace / "src/a.py")
    undo(second.undo, places)

    assert back == WAS
    assert time_of(workspace / "src/a.py") == LATER


def test_no_content_is_kept_of_it(workspace: Path, places: Places) -> None:
    result = apply(staged(workspace, places, timed(workspace, "README", LATER)), places)

    kept = os.path.join(places.undo, result.undo)
    assert [files for _, _, files in os.walk(kept) if files] == [["manifest.json"]]


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda path: path.write_text("mine\n"),
        lambda path: os.utime(path, ns=(LATER + 1, LATER + 1)),
        lambda path: path.unlink(),
        lambda path: path.chmod(0o600),
    ],
    ids=["written", "touched", "removed", "mode"],
)
def test_what_somebody_else_did_meanwhile_is_a_conflict(workspace: Path, places: Places, meanwhile) -> None:
    found = staged(workspace, places, timed(workspace, "README", EARLY), timed(workspace, "src/a.py", EARLY))
    meanwhile(workspace / "README")

    result = apply(found, places)

    assert result == Conflict(paths=("README",))
    assert time_of(workspace / "src/a.py") == WAS


def test_a_crash_in_the_middle_is_finished(workspace: Path, places: Places, monkeypatch) -> None:
    found = staged(workspace, places, timed(workspace, "README", LATER), timed(workspace, "src/a.py", LATER))

    def dies(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(applying, "set_time", dies)
        with pytest.raises(KeyboardInterrupt):
            apply(found, places)
    release(found)

    notes = recover(places)

    assert [note.split()[0] for note in notes] == ["finished"]
    assert (time_of(workspace / "README"), time_of(workspace / "src/a.py")) == (LATER, LATER)


def test_what_cannot_be_finished_is_rolled_back(workspace: Path, places: Places, monkeypatch) -> None:
    new = Node(kind=NodeKind.FILE, mode=0o644, size=3, sha256=hashlib.sha256(b"new").hexdigest())
    found = staged(workspace, places, timed(workspace, "README", LATER), Created(path="new", after=new))

    def full(*_arguments: object, **_keywords: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(applying, "create", full)
        with pytest.raises(OSError, match="No space"):
            apply(found, places)

    assert time_of(workspace / "README") == WAS


def test_it_can_be_let_in_by_itself(workspace: Path, places: Places) -> None:
    held = commit(
        staged(workspace, places, timed(workspace, "README", LATER), timed(workspace, "src/a.py", LATER)),
        places.held,
    )
    release(held)
    found = read_set(places.held, held.id)

    result = apply_some(found, chosen(found, ["README"]), places)

    assert isinstance(result, Applied)
    assert (time_of(workspace / "README"), time_of(workspace / "src/a.py")) == (LATER, WAS)
    assert list_sets(places.held) == [held.id]


def test_it_is_shown(workspace: Path, places: Places) -> None:
    found = staged(workspace, places, timed(workspace, "README", EARLY))

    lines = list(difference(found))
    (entry,) = summary(found)["changes"]

    assert lines[1:] == ["old time 2017-07-14T02:40:00.000000001Z", "new time 2001-09-09T01:46:40.123456789Z"]
    assert (entry["change"], entry["before"]["mtime_ns"], entry["after"]["mtime_ns"]) == (
        "modified",
        WAS,
        EARLY,
    )
    assert json.loads(json.dumps(entry)) == entry


def test_an_earlier_time_is_an_effect_and_a_later_one_is_none(workspace: Path, places: Places) -> None:
    facts = base_facts(
        cwd=str(workspace), home=str(workspace.parent), env={}, workspace=str(workspace), places=places
    )

    forged = observe(changes(timed(workspace, "src/a.py", EARLY)), (), facts)
    rewritten = observe(changes(timed(workspace, "src/a.py", LATER)), (), facts)

    assert [type(effect) for effect in forged] == [ChangeMode]
    assert forged[0].path.real == f"{workspace}/src/a.py"
    assert rewritten == ()


@pytest.mark.parametrize(("after_ns", "held"), [(EARLY, True), (LATER, False)])
def test_what_git_and_agents_obey_may_be_written_again_as_it_was_and_not_made_older(
    workspace: Path, after_ns: int, held: bool
) -> None:
    (workspace / "CLAUDE.md").write_text("be kind\n")

    why = judging()(changes(timed(workspace, "CLAUDE.md", after_ns)), str(workspace))

    assert bool(why) == held


def test_times_of_links_and_directories_do_not_count(workspace: Path) -> None:
    link = Node(kind=NodeKind.SYMLINK, mode=0o777, target="a", mtime_ns=1)
    directory = Node(kind=NodeKind.DIRECTORY, mode=0o755, mtime_ns=1)

    for one in (link, directory):
        assert not only_the_time(one, Node(kind=one.kind, mode=one.mode, target=one.target, mtime_ns=2))
    assert not only_the_time(node(workspace / "README", WAS), node(workspace / "README", WAS))
