"""Applying, holding and undoing change sets on a real file system, with the real differences of two real trees."""

import hashlib
import os
import shutil
import signal
import stat
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guard.enforce import apply as applying
from guard.enforce import undo as undoing
from guard.enforce.apply import Applied, Conflict, apply
from guard.enforce.changeset import commit, list_sets, refused, release, stage
from guard.enforce.journal import recover
from guard.enforce.manifest import ChangeSet, read_set
from guard.enforce.places import Places
from guard.enforce.undo import prune, undo
from guard.errors import ApplyError, UsageError
from sandbox.changes import Change, Changes, Created, Deleted, Modified, Node, NodeKind

from .trees import build_workspace, look


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
    with pytest.raises((OSError, ApplyError)):
        apply(found, places)

    assert look(outside) == before


STEPS = ("rename", "unlink", "rmdir", "mkdir", "symlink", "link", "open", "chmod", "fchmod", "utime", "fsync")


def killed_at(step: int, act: Callable[[], object], *, from_the_journal: bool = False) -> bool:
    """Run ``act`` in a process that is killed just before its ``step``-th call that touches a file system."""
    child = os.fork()
    if child == 0:
        count = -(10**9) if from_the_journal else 0
        original = applying.go_forward

        def go_forward(*arguments: object) -> None:
            nonlocal count
            count = 0
            original(*arguments)

        applying.go_forward = go_forward

        def dying(function: Callable[..., object]) -> Callable[..., object]:
            def call(*arguments: object, **keywords: object) -> object:
                nonlocal count
                count += 1
                if count > step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return function(*arguments, **keywords)

            return call

        for name in STEPS:
            setattr(os, name, dying(getattr(os, name)))
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - a child of a test must not become a second test run
            os.write(2, repr(error).encode())
            os._exit(3)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert status in {0, signal.SIGKILL}
    return status != 0


def test_a_crash_at_any_step_is_finished_or_thrown_away(tmp_path: Path) -> None:
    """Whatever the moment of the kill: the workspace is as it was or as it should be, and undo gives back the first."""
    seen = set()
    for step in range(1000):
        root = tmp_path / str(step)
        root.mkdir()
        work, wanted = root / "work", root / "wanted"
        build_workspace(work)
        shutil.copytree(work, wanted, symlinks=True)
        change_everything(wanted)
        places = Places(state=str(root / "state"), config="")
        before, after = look(work), look(wanted)

        killed = killed_at(step, lambda w=work, n=wanted, p=places: apply(staged(w, n, p), p))
        recover(places)
        now = look(work)
        if now == after:
            undo(list_sets(places.undo)[0], places)

        assert now in (before, after), step
        assert look(work) == before, step
        assert list_sets(places.journal) == list_sets(places.held) == []
        assert not list(Path(places.journal).glob("*.tmp"))
        assert not list(work.rglob(".guard-*"))
        seen.add(now == after)
        shutil.rmtree(root)
        if not killed:
            break
    else:
        pytest.fail("it never came to an end")
    assert seen == {True, False}


def test_a_crash_at_any_step_of_a_recovery_is_recovered_from(tmp_path: Path) -> None:
    for step in range(1000):
        root = tmp_path / str(step)
        root.mkdir()
        work, wanted = root / "work", root / "wanted"
        build_workspace(work)
        shutil.copytree(work, wanted, symlinks=True)
        change_everything(wanted)
        places = Places(state=str(root / "state"), config="")
        after = look(wanted)
        assert killed_at(
            12, lambda w=work, n=wanted, p=places: apply(staged(w, n, p), p), from_the_journal=True
        )
        assert len(list_sets(places.journal)) == 1

        killed = killed_at(step, lambda p=places: recover(p))
        recover(places)

        assert look(work) == after, step
        assert len(list_sets(places.undo)) == 1
        assert not list(work.rglob(".guard-*"))
        shutil.rmtree(root)
        if not killed:
            return
    pytest.fail("it never came to an end")


def test_a_set_that_a_living_process_writes_is_left_alone(
    workspace: Path, wanted: Path, places: Places
) -> None:
    change_everything(wanted)
    found = staged(workspace, wanted, places)

    recover(places)

    assert isinstance(apply(found, places), Applied)


def test_what_somebody_changed_after_a_crash_is_kept_and_the_rest_is_rolled_back(
    workspace: Path, wanted: Path, places: Places
) -> None:
    change_everything(wanted)
    before = look(workspace)
    assert killed_at(12, lambda: apply(staged(workspace, wanted, places), places), from_the_journal=True)
    assert look(workspace) not in (before, look(wanted))
    (workspace / "README").write_text("mine\n")

    notes = recover(places)

    now = look(workspace)
    assert now.pop("README")[2] == b"mine\n"
    assert now == {path: what for path, what in before.items() if path != "README"}
    assert len(list_sets(places.held)) == 1
    assert "README" in read_set(places.held, list_sets(places.held)[0]).why
    assert "held" in notes[0]


def test_a_file_that_changes_in_the_middle_rolls_everything_back(
    workspace: Path, wanted: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_everything(wanted)
    (wanted / "zz").write_text("last")
    before = look(workspace)
    found = staged(workspace, wanted, places)
    original = applying.make

    def make(root: int, path: str, *rest: object) -> None:
        original(root, path, *rest)
        if path == "new/tree":
            (workspace / "zz").write_text("somebody else")

    monkeypatch.setattr(applying, "make", make)
    with pytest.raises(ApplyError, match="zz"):
        apply(found, places)

    assert look(workspace) == {**before, "zz": ("file", 0o644, b"somebody else")}
    assert list_sets(places.journal) == []
    assert os.path.isdir(found.directory)


def test_half_a_copy_of_an_earlier_attempt_is_not_trusted(
    workspace: Path, wanted: Path, places: Places
) -> None:
    (wanted / "README").chmod(0o755)
    found = commit(staged(workspace, wanted, places), places.held)
    release(found)
    Path(found.directory, "old", "0").write_text("rea")

    apply(read_set(places.held, found.id), places)

    assert (workspace / "README").read_text() == "read me\n"
    assert look(workspace) == look(wanted)


@pytest.mark.parametrize(
    "after",
    [
        Node(kind=NodeKind.FIFO, mode=0o644),
        Node(kind=NodeKind.FILE, mode=0o4755, sha256=hashlib.sha256(b"").hexdigest()),
    ],
)
def test_not_even_a_person_applies_what_never_leaves_a_sandbox(
    workspace: Path, places: Places, after: Node
) -> None:
    before = look(workspace)
    changes = Changes(entries=(Created(path="f", after=after),), open_after=lambda _: BytesIO(b""))
    found = stage(changes, parent=places.held, workspace=str(workspace), decision=1, why="x", command="")

    with pytest.raises(ApplyError, match="never leaves"):
        apply(found, places)

    assert look(workspace) == before


def test_a_set_is_applied_once_however_many_try(workspace: Path, wanted: Path, places: Places) -> None:
    (wanted / "README").write_text("another\n")
    found = commit(staged(workspace, wanted, places), places.held)
    release(found)
    first, second = read_set(places.held, found.id), read_set(places.held, found.id)
    apply(first, places)

    with pytest.raises(ApplyError):
        apply(second, places)

    assert look(workspace) == look(wanted)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_an_ordinary_user_gets_directories_that_cannot_be_written_into(tmp_path: Path) -> None:
    work, wanted = tmp_path / "work", tmp_path / "wanted"
    build_workspace(work)
    shutil.copytree(work, wanted, symlinks=True)
    (wanted / "sealed" / "inner").mkdir(parents=True)
    (wanted / "sealed" / "inner" / "file").write_text("x")
    (wanted / "sealed" / "inner").chmod(0o555)
    (wanted / "sealed").chmod(0o555)
    places = Places(state=str(tmp_path / "state"), config="")
    before, after = look(work), look(wanted)
    for path in (tmp_path, *tmp_path.rglob("*")):
        os.chown(path, 4242, 4242, follow_symlinks=False)
    (tmp_path / "state").mkdir()
    os.chown(tmp_path / "state", 4242, 4242)
    for path in tmp_path.parents:
        if path.parent.name == "tmp" or "pytest-" in str(path):
            path.chmod(0o755)

    def act() -> None:
        os.setgid(4242)
        os.setuid(4242)
        result = apply(staged(work, wanted, places), places)
        Path(tmp_path, "arrived").write_text(repr(look(work)))
        undo(result.undo, places)

    assert killed_at(10**9, act) is False
    assert (tmp_path / "arrived").read_text() == repr(after)
    assert look(work) == before


def owners(workspace: Path) -> dict[str, tuple[int, int, int]]:
    found = {path: os.lstat(path) for path in sorted(workspace.rglob("*"))}
    return {
        str(path.relative_to(workspace)): (info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode))
        for path, info in found.items()
    }


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give files to several people")
@pytest.mark.parametrize("as_user", [False, True], ids=["root", "user"])
def test_files_that_a_group_shares_stay_shared(tmp_path: Path, as_user: bool) -> None:
    """As a write in place would have left them."""
    workspace, wanted = tmp_path / "work", tmp_path / "wanted"
    for tree in (workspace, wanted):
        (tree / "shared").mkdir(parents=True)
        for name in ("changed", "a colleague's", "another group's"):
            (tree / "shared" / name).write_text("before")
            (tree / "shared" / name).chmod(0o664)
    for path in (workspace, workspace / "shared", *(workspace / "shared").iterdir()):
        os.chown(path, 4242, 77)
    os.chown(workspace / "shared" / "another group's", 4242, 78)
    os.chown(workspace / "shared" / "a colleague's", 0 if as_user else 4243, 77)
    (workspace / "shared").chmod(0o2775)
    os.chown(workspace, 4242, 4242)
    for name in ("changed", "another group's", "a colleague's"):
        (wanted / "shared" / name).write_text("after")
    (wanted / "shared" / "new").write_text("new")
    (wanted / "shared" / "below").mkdir()
    (wanted / "shared" / "below" / "new").write_text("new")
    (wanted / "shared").chmod(0o2775)
    (tmp_path / "state").mkdir(mode=0o700)
    if as_user:
        for path in (tmp_path, tmp_path / "state", wanted, *wanted.rglob("*")):
            os.chown(path, 4242, 4242)
    for path in tmp_path.parents:
        if path.parent.name == "tmp" or "pytest-" in str(path):
            path.chmod(0o755)

    def act() -> None:
        if as_user:
            os.setgroups([77])
            os.setgid(4242)
            os.setuid(4242)
        places = Places(state=str(tmp_path / "state"), config="")
        assert isinstance(apply(staged(workspace, wanted, places), places), Applied)

    assert killed_at(10**9, act) is False
    found = owners(workspace)
    assert found["shared/changed"] == (4242, 77, 0o664)
    assert found["shared/new"][:2] == (4242, 77)
    assert found["shared/below"][:2] == (4242, 77)
    assert found["shared/below"][2] & stat.S_ISGID
    assert found["shared/below/new"][:2] == (4242, 77)
    # One's own user can give nothing away, nor to a group that it is not in.
    assert found["shared/a colleague's"][:2] == ((4242, 77) if as_user else (4243, 77))
    assert found["shared/another group's"][:2] == ((4242, 77) if as_user else (4242, 78))


def test_a_hard_link_of_a_changed_file_keeps_what_it_had(
    workspace: Path, wanted: Path, places: Places, tmp_path: Path
) -> None:
    os.link(workspace / "README", tmp_path / "outside")
    (wanted / "README").write_text("another\n")

    apply(staged(workspace, wanted, places), places)

    assert (tmp_path / "outside").read_text() == "read me\n"
    assert (workspace / "README").read_text() == "another\n"


@pytest.mark.parametrize(
    ("kind", "swap"),
    [
        ("directory to file", lambda root: (shutil.rmtree(root / "src"), (root / "src").write_text("x"))),
        (
            "file to directory",
            lambda root: ((root / "README").unlink(), (root / "README" / "d").mkdir(parents=True)),
        ),
        (
            "link to directory",
            lambda root: ((root / "src/link").unlink(), (root / "src/link/d").mkdir(parents=True)),
        ),
        (
            "directory to link",
            lambda root: (shutil.rmtree(root / "src/deep"), os.symlink("..", root / "src/deep")),
        ),
    ],
)
def test_one_kind_takes_the_place_of_another_and_back(
    workspace: Path, wanted: Path, places: Places, kind: str, swap: Callable[[Path], object]
) -> None:
    before = look(workspace)
    swap(wanted)

    result = apply(staged(workspace, wanted, places), places)
    arrived = look(workspace)
    undo(result.undo, places)

    assert arrived == look(wanted)
    assert look(workspace) == before


def test_a_large_file_arrives_whole(workspace: Path, wanted: Path, places: Places) -> None:
    with open(wanted / "large", "wb") as file:
        file.truncate(300_000_000)
        file.seek(200_000_000)
        file.write(b"x")

    apply(staged(workspace, wanted, places), places)

    assert (workspace / "large").stat().st_size == 300_000_000
    with open(workspace / "large", "rb") as file:
        file.seek(200_000_000)
        assert file.read(2) == b"x\0"


def test_what_can_be_undone_is_bounded(
    workspace: Path, wanted: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        (wanted / "README").write_text(f"{number}\n")
        apply(staged(workspace, wanted, places), places)
    newest = list_sets(places.undo)[-3:]
    monkeypatch.setattr(undoing, "KEEP_SETS", 3)

    assert prune(places) == 2
    assert list_sets(places.undo) == newest
    assert prune(places, now_s=10.0**11) == 2
    assert list_sets(places.undo) == newest[-1:]


def test_a_damaged_copy_is_not_put_back(workspace: Path, wanted: Path, places: Places) -> None:
    (wanted / "README").write_text("another\n")
    done = apply(staged(workspace, wanted, places), places)
    Path(places.undo, done.undo, "old", "0").write_text("forged")

    with pytest.raises(ApplyError, match="damaged"):
        undo(done.undo, places)

    assert (workspace / "README").read_text() == "another\n"
    assert os.listdir(places.journal) == []


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
        (
            Created(path="d/f", after=Node(kind=NodeKind.SYMLINK, mode=0o777, target="up/../../x")),
            "leads out",
        ),
        (
            Created(path="a\x1b[31m", after=Node(kind=NodeKind.FILE, mode=0o644)),
            "control or text direction characters",
        ),
        (
            Deleted(path="a\nb", before=Node(kind=NodeKind.FILE, mode=0o644)),
            "control or text direction characters",
        ),
    ],
)
def test_some_things_never_come_out_of_a_sandbox_by_themselves(entry: Change, reason: str) -> None:
    changes = Changes(entries=(entry,), open_after=lambda _: BytesIO())

    assert reason in refused(changes, "/work")


def test_a_link_that_stays_inside_may_come_out() -> None:
    inside = Created(path="d/f", after=Node(kind=NodeKind.SYMLINK, mode=0o777, target="../x"))

    assert refused(Changes(entries=(inside,), open_after=lambda _: BytesIO()), "/work") == ""


def test_a_link_through_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    os.symlink("/etc", tmp_path / "out")
    through = Created(path="f", after=Node(kind=NodeKind.SYMLINK, mode=0o777, target="out/passwd"))

    assert "leads out" in refused(
        Changes(entries=(through,), open_after=lambda _: BytesIO()), os.path.realpath(tmp_path)
    )


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
        st.tuples(st.just("directory"), st.sampled_from([0o755, 0o700, 0o555])),
    ),
    max_size=8,
)


def build(root: Path, tree: dict) -> None:
    root.mkdir()
    sealed: list[tuple[Path, int]] = []
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
            case ("directory", mode):
                path.mkdir()
                sealed.append((path, mode))
    for path, mode in reversed(sealed):
        path.chmod(mode)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
