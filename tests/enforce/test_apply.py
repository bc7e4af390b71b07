"""Applying, holding and undoing change sets on a real file system, with the real differences of two real trees."""

import hashlib
import os
import shutil
import stat
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guard.enforce import apply as applying
from guard.enforce.apply import Applied, Conflict, apply, recover, undo
from guard.enforce.changeset import ChangeSet, list_sets, refused, stage
from guard.enforce.places import Places
from guard.errors import ApplyError, UsageError
from sandbox.changes import Change, Changes, Created, Deleted, Modified, Node, NodeKind

from .trees import look


def node(path: Path) -> Node:
    info = os.lstat(path)
    mode = stat.S_IMODE(info.st_mode)
    if stat.S_ISLNK(info.st_mode):
        return Node(kind=NodeKind.SYMLINK, mode=mode, target=os.readlink(path))
    if stat.S_ISDIR(info.st_mode):
        return Node(kind=NodeKind.DIRECTORY, mode=mode)
    content = path.read_bytes()
    return Node(
        kind=NodeKind.FILE,
        mode=mode,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        mtime_ns=info.st_mtime_ns,
    )


def difference(before: Path, after: Path) -> Changes:
    """What turns ``before`` into ``after``, in an order that can be applied."""
    old, new = look(before), look(after)
    gone: list[Change] = [
        Deleted(path=path, before=node(before / path))
        for path in sorted(old.keys() - new.keys(), reverse=True)
    ]
    came: list[Change] = []
    for path in sorted(new):
        if path not in old:
            came.append(Created(path=path, after=node(after / path)))
        elif old[path] != new[path]:
            came.append(Modified(path=path, before=node(before / path), after=node(after / path)))
    return Changes(entries=(*gone, *came), open_after=lambda path: open(after / path, "rb"))


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(state=str(tmp_path / "state"), config=str(tmp_path / "config"))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    (root / "src" / "deep").mkdir(parents=True)
    (root / "README").write_text("read me\n")
    (root / "src" / "a.py").write_text("a\n")
    (root / "src" / "deep" / "b.py").write_text("b\n")
    os.symlink("a.py", root / "src" / "link")
    return root


@pytest.fixture
def wanted(workspace: Path, tmp_path: Path) -> Path:
    """A copy of the workspace for a test to change as a run would."""
    copy = tmp_path / "wanted"
    shutil.copytree(workspace, copy, symlinks=True)
    return copy


def staged(workspace: Path, wanted: Path, places: Places, why: str = "") -> ChangeSet:
    changes = difference(workspace, wanted)
    return stage(changes, parent=places.journal, workspace=str(workspace), decision=7, why=why, command="x")


def change_everything(wanted: Path) -> None:
    shutil.rmtree(wanted / "src" / "deep")
    (wanted / "README").write_text("another\n")
    (wanted / "README").chmod(0o755)
    (wanted / "new" / "tree").mkdir(parents=True)
    (wanted / "new" / "tree" / "file").write_bytes(b"\0binary\xff")
    (wanted / "src" / "link").unlink()
    os.symlink("../README", wanted / "src" / "link")
    (wanted / os.fsdecode(b"undecodable-\xff")).write_text("x")
    (wanted / "empty").mkdir(mode=0o700)


def test_what_was_staged_is_what_arrives(workspace: Path, wanted: Path, places: Places) -> None:
    change_everything(wanted)

    result = apply(staged(workspace, wanted, places), places)

    assert isinstance(result, Applied)
    assert look(workspace) == look(wanted)
    assert list_sets(places.journal) == []


def test_undo_puts_everything_back_and_can_be_undone(workspace: Path, wanted: Path, places: Places) -> None:
    before = look(workspace)
    change_everything(wanted)
    first = apply(staged(workspace, wanted, places), places)

    second = undo(first.undo, places)
    after_undo = look(workspace)
    undo(second.undo, places)

    assert after_undo == before
    assert look(workspace) == look(wanted)
    assert len(list_sets(places.undo)) == 1


def test_a_file_that_changed_meanwhile_is_a_conflict_and_nothing_moves(
    workspace: Path, wanted: Path, places: Places
) -> None:
    change_everything(wanted)
    found = staged(workspace, wanted, places)
    (workspace / "README").write_text("somebody else\n")
    before = look(workspace)

    result = apply(found, places)

    assert result == Conflict(paths=("README",))
    assert look(workspace) == before


def test_a_directory_swapped_for_a_link_is_never_followed(
    workspace: Path, wanted: Path, places: Places, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    shutil.copytree(workspace / "src", outside, symlinks=True)
    (wanted / "src" / "a.py").write_text("changed\n")
    found = staged(workspace, wanted, places)
    shutil.rmtree(workspace / "src")
    os.symlink(outside, workspace / "src")
    before = look(outside)

    result = apply(found, places)

    assert isinstance(result, Conflict)
    assert look(outside) == before


def test_a_link_swapped_in_after_the_check_is_never_followed(
    workspace: Path, wanted: Path, places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    shutil.copytree(workspace / "src", outside, symlinks=True)
    before = look(outside)
    (wanted / "src" / "a.py").write_text("changed\n")
    found = staged(workspace, wanted, places)
    original = applying.commit

    def swap(*arguments):
        done = original(*arguments)
        shutil.rmtree(workspace / "src", ignore_errors=True)
        if not (workspace / "src").is_symlink():
            os.symlink(outside, workspace / "src")
        return done

    monkeypatch.setattr(applying, "commit", swap)
    with pytest.raises(OSError):
        apply(found, places)

    assert look(outside) == before


@pytest.mark.parametrize("step", range(14))
def test_a_crash_at_any_step_is_finished_or_thrown_away(
    workspace: Path, wanted: Path, places: Places, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file-system call that changes something is a step; the process "dies" before the given one."""
    before, after = look(workspace), None
    change_everything(wanted)
    after = look(wanted)
    count = 0

    class Died(BaseException):
        pass

    def dying(function):
        def call(*arguments, **keywords):
            nonlocal count
            count += 1
            if count > step:
                raise Died
            return function(*arguments, **keywords)

        return call

    with monkeypatch.context() as patch:
        for name in ("rename", "unlink", "rmdir", "mkdir", "symlink"):
            patch.setattr(os, name, dying(getattr(os, name)))
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)
        try:
            apply(staged(workspace, wanted, places), places)
        except Died:
            pass
        except OSError:
            pass
    release_locks()
    recover(places)

    assert look(workspace) in (before, after)
    assert list_sets(places.journal) == []
    assert not list(Path(places.journal).glob("*.tmp"))


def release_locks() -> None:
    """A process that dies loses its locks; this one only pretended to."""
    for name in os.listdir("/proc/self/fd"):
        try:
            if ".tmp" in os.readlink(f"/proc/self/fd/{name}"):
                os.close(int(name))
        except OSError:
            continue


def test_a_set_that_a_living_process_writes_is_left_alone(
    workspace: Path, wanted: Path, places: Places
) -> None:
    change_everything(wanted)
    found = staged(workspace, wanted, places)

    recover(places)

    assert isinstance(apply(found, places), Applied)


def test_what_somebody_changed_after_the_crash_is_kept(
    workspace: Path, wanted: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_everything(wanted)
    found = staged(workspace, wanted, places)
    monkeypatch.setattr(applying, "_carry_out", lambda *_: (_ for _ in ()).throw(OSError(5, "dead")))
    with pytest.raises(OSError):
        apply(found, places)
    monkeypatch.undo()
    (workspace / "README").write_text("mine\n")

    notes = recover(places)

    assert (workspace / "README").read_text() == "mine\n"
    assert len(list_sets(places.held)) == 1
    assert "held" in notes[0]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (Created(path="f", after=Node(kind=NodeKind.FIFO, mode=0o644)), "fifo"),
        (Created(path="f", after=Node(kind=NodeKind.SOCKET, mode=0o644)), "socket"),
        (Created(path="f", after=Node(kind=NodeKind.DEVICE, mode=0o644)), "device"),
        (Created(path="f", after=Node(kind=NodeKind.FILE, mode=0o4755)), "set-id"),
        (Created(path="f", after=Node(kind=NodeKind.FILE, mode=0o2755)), "set-id"),
        (Created(path="f", after=Node(kind=NodeKind.SYMLINK, mode=0o777, target="/etc")), "leads out"),
        (Created(path="d/f", after=Node(kind=NodeKind.SYMLINK, mode=0o777, target="../../x")), "leads out"),
        (Created(path="a\x1b[31m", after=Node(kind=NodeKind.FILE, mode=0o644)), "control characters"),
        (Deleted(path="a\nb", before=Node(kind=NodeKind.FILE, mode=0o644)), "control characters"),
    ],
)
def test_some_things_never_come_out_of_a_sandbox_by_themselves(entry: Change, reason: str) -> None:
    changes = Changes(entries=(entry,), open_after=lambda _: BytesIO())

    assert reason in refused(changes, "/work")


def test_a_link_that_stays_inside_may_come_out() -> None:
    inside = Created(path="d/f", after=Node(kind=NodeKind.SYMLINK, mode=0o777, target="../x"))

    assert refused(Changes(entries=(inside,), open_after=lambda _: BytesIO()), "/work") == ""


def test_an_incomplete_change_set_is_refused() -> None:
    assert "in full" in refused(
        Changes(entries=(), open_after=lambda _: BytesIO(), truncated="too many"), "/work"
    )


def test_content_that_changed_while_it_was_read_is_refused(workspace: Path, places: Places) -> None:
    lie = Created(path="f", after=Node(kind=NodeKind.FILE, mode=0o644, size=1, sha256="0" * 64))
    changes = Changes(entries=(lie,), open_after=lambda _: BytesIO(b"x"))

    with pytest.raises(ApplyError):
        stage(changes, parent=places.journal, workspace=str(workspace), decision=1, why="", command="")

    assert os.listdir(places.journal) == []


@pytest.mark.parametrize("name", ["../x", "", ".", "a/b", "nope", "a\0b"])
def test_a_name_that_is_none_is_refused(places: Places, name: str) -> None:
    with pytest.raises(UsageError):
        undo(name, places)


NAMES = st.sampled_from(["a", "b", "d", "d/a", "d/b", "d/e", "d/e/a", "ü", " x"])
TREES = st.dictionaries(
    NAMES,
    st.one_of(
        st.tuples(st.just("file"), st.binary(max_size=20), st.sampled_from([0o644, 0o755, 0o600])),
        st.tuples(st.just("link"), st.sampled_from(["a", "d/a", "nowhere"])),
        st.tuples(st.just("directory")),
    ),
    max_size=8,
)


def build(root: Path, tree: dict) -> None:
    root.mkdir()
    for name in sorted(tree):
        path = root / name
        blocked = any(
            (parent.exists() and not parent.is_dir()) or parent.is_symlink()
            for parent in path.parents
            if parent != root.parent
        )
        if blocked or path.exists() or path.is_symlink():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        match tree[name]:
            case ("file", content, mode):
                path.write_bytes(content)
                path.chmod(mode)
            case ("link", target):
                os.symlink(target, path)
            case _:
                path.mkdir()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=TREES, second=TREES)
def test_apply_then_undo_is_identity(tmp_path: Path, first: dict, second: dict) -> None:
    root = tmp_path / os.urandom(6).hex()
    root.mkdir()
    places = Places(state=str(root / "state"), config=str(root / "config"))
    build(root / "work", first)
    build(root / "wanted", second)
    before, after = look(root / "work"), look(root / "wanted")

    result = apply(staged(root / "work", root / "wanted", places), places)
    middle = look(root / "work")
    undo(result.undo, places)

    assert middle == after
    assert look(root / "work") == before
