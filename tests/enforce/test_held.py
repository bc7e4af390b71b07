"""A held set as people read it, and letting in some of it."""

import json
import os
import shutil
from pathlib import Path

import pytest

from guard.cli.changes import counted, summary
from guard.cli.difference import difference
from guard.enforce.apply import Applied, Conflict
from guard.enforce.changeset import commit, list_sets, release, stage
from guard.enforce.manifest import ChangeSet, read_set
from guard.enforce.partial import apply_some, chosen
from guard.enforce.places import Places
from guard.enforce.undo import undo
from guard.errors import UsageError

from .test_apply import difference as between
from .trees import look


def held(workspace: Path, wanted: Path, places: Places, *surprises: str) -> ChangeSet:
    staged = stage(
        between(workspace, wanted),
        parent=places.journal,
        workspace=str(workspace),
        decision=7,
        why="because",
        command="x",
        surprises=frozenset(surprises),
    )
    done = commit(staged, places.held)
    release(done)
    return read_set(places.held, done.id)


def shown(found: ChangeSet) -> list[str]:
    return list(difference(found))


def test_text_is_shown_as_a_unified_diff(workspace: Path, wanted: Path, places: Places) -> None:
    (wanted / "README").write_text("read me\nand this\n")
    (wanted / "src" / "a.py").unlink()
    (wanted / "new.txt").write_text("no newline")

    assert shown(held(workspace, wanted, places)) == [
        "diff --git a/src/a.py b/src/a.py",
        "deleted file mode 100644",
        "--- a/src/a.py",
        "+++ /dev/null",
        "@@ -1 +0,0 @@",
        "-a",
        "diff --git a/README b/README",
        "--- a/README",
        "+++ b/README",
        "@@ -1 +1,2 @@",
        " read me",
        "+and this",
        "diff --git a/new.txt b/new.txt",
        "new file mode 100644",
        "--- /dev/null",
        "+++ b/new.txt",
        "@@ -0,0 +1,2 @@",
        "+no newline",
        "+\\ No newline at end of file",
    ]


def test_binary_mode_link_and_rename_are_shown_as_such(workspace: Path, wanted: Path, places: Places) -> None:
    (wanted / "README").chmod(0o755)
    (wanted / "src" / "deep" / "b.py").rename(wanted / "moved.py")
    (wanted / "src" / "link").unlink()
    os.symlink("deep", wanted / "src" / "link")
    (wanted / "blob").write_bytes(b"\0\1")
    (wanted / "src" / "a.py").unlink()
    (wanted / "src" / "a.py").mkdir()

    lines = shown(held(workspace, wanted, places))

    for expected in (
        ["old mode 100644", "new mode 100755"],
        ["similarity index 100%", "rename from src/deep/b.py", "rename to moved.py"],
        ["--- a/src/link", "+++ b/src/link", "@@ -1 +1 @@", "-a.py", "+deep"],
        ["old mode 100644", "new mode 040755", "(file becomes directory)"],
    ):
        at = lines.index(expected[0]) if expected[0] != "old mode 100644" else lines.index(expected[1]) - 1
        assert lines[at : at + len(expected)] == expected
    assert any(line.startswith("Binary files differ") and "after 2 bytes" in line for line in lines)
    assert "diff --git a/src/deep/b.py b/src/deep/b.py" not in lines


HOSTILE = [
    b"\x1b]52;c;ZXZpbA==\x07.txt", b"a\nb", "safe\u202egnp.exe".encode(), b"-rf", b"\xff\xfe", b"x" * 255, "zero\u200bwidth".encode(),
    "c1\x9b31m".encode(), "line\u2028break".encode(), b"tab\tname", "iso\u2066late".encode(), b"bell\x07", b"back\x08space", b"cr\rname",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_nothing_shown_moves_a_cursor_or_turns_the_text(
    name: bytes, workspace: Path, wanted: Path, places: Places
) -> None:
    path = os.path.join(os.fsencode(wanted), name)
    with open(path, "wb") as file:
        file.write(b"content: " + name + b"\n\x1b[2J\x1b]0;title\x07\xe2\x80\xae\r over\n")
    os.symlink(name, os.path.join(os.fsencode(wanted), b"link"))

    lines = shown(held(workspace, wanted, places))
    found = json.dumps(summary(held(workspace, wanted, places)))

    assert all(char.isprintable() for line in lines for char in line)
    assert found.isascii()
    assert any(line.startswith("+content: ") for line in lines)


def test_what_nobody_foresaw_is_marked_and_counted(workspace: Path, wanted: Path, places: Places) -> None:
    (wanted / "README").write_text("x\n")
    (wanted / "new").write_text("y\n")

    found = held(workspace, wanted, places, "new")

    lines = shown(found)
    assert lines[lines.index("! not foreseen: new") + 1] == "diff --git a/new b/new"
    assert sum(line.startswith("!") for line in lines) == 1
    assert counted(found) == "2 changes, 1 of them not foreseen"
    assert summary(found)["surprises"] == 1
    assert [change.get("surprise", False) for change in summary(found)["changes"]] == [False, True]


def test_a_version_that_somebody_wrote_meanwhile_is_said_to_be_another(
    workspace: Path, wanted: Path, places: Places, tmp_path: Path
) -> None:
    (wanted / "README").write_text("theirs\n")
    (wanted / "src" / "a.py").write_text("changed\n")
    found = held(workspace, wanted, places)
    (workspace / "README").write_text("mine\n")
    secret = tmp_path / "outside"
    secret.mkdir()
    (secret / "a.py").write_text("secret of somebody\n")
    shutil.rmtree(workspace / "src")
    os.symlink(secret, workspace / "src")

    lines = shown(found)

    assert sum("another version" in line for line in lines) == 2
    assert "-mine" in lines
    assert "+theirs" in lines
    assert not any("secret" in line for line in lines)


def test_a_huge_set_is_shown_in_bounds(
    workspace: Path, wanted: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guard.cli.difference.MAX_LINES", 50)
    for number in range(30):
        (wanted / f"f{number:02}").write_text("line\n" * 10)
    (wanted / "large").write_text("x" * 300_000)

    lines = shown(held(workspace, wanted, places))

    assert sum(line == "+line" for line in lines) <= 50
    assert sum("not shown" in line for line in lines) >= 20
    assert sum(line.startswith("diff --git") for line in lines) == 31


# ------------------------------------------------------------------ some of it


def change(wanted: Path) -> None:
    (wanted / "README").write_text("another\n")
    (wanted / "new" / "tree").mkdir(parents=True)
    (wanted / "new" / "tree" / "file").write_text("x")
    (wanted / "new" / "other").write_text("y")
    shutil.rmtree(wanted / "src" / "deep")
    (wanted / "src" / "a.py").chmod(0o755)


@pytest.mark.parametrize(
    ("paths", "entries"),
    [
        (["README"], {"README"}),
        (["./README"], {"README"}),
        (["new/tree/file"], {"new", "new/tree", "new/tree/file"}),
        (["new/tree"], {"new", "new/tree", "new/tree/file"}),
        (["src/deep"], {"src/deep", "src/deep/b.py"}),
        (["src/deep/b.py"], {"src/deep/b.py"}),
        (["src"], {"src/deep", "src/deep/b.py", "src/a.py"}),
        (
            ["."],
            {
                *("README", "new", "new/tree", "new/tree/file", "new/other"),
                *("src/deep", "src/deep/b.py", "src/a.py"),
            },
        ),
    ],
)
def test_a_path_means_itself_what_is_below_and_what_it_needs(
    workspace: Path, wanted: Path, places: Places, paths: list[str], entries: set[str]
) -> None:
    change(wanted)

    assert {entry.path for entry in chosen(held(workspace, wanted, places), paths)} == entries


@pytest.mark.parametrize("path", ["nothing", "READ", "../README", "/README", "", "src/b.py"])
def test_a_path_that_is_not_in_the_set_is_an_error(
    workspace: Path, wanted: Path, places: Places, path: str
) -> None:
    (wanted / "README").write_text("another\n")
    (wanted / "src" / "a.py").write_text("x\n")
    found = held(workspace, wanted, places)
    if path == "":
        assert len(chosen(found, [path])) == 2  # the workspace itself
        return

    with pytest.raises(UsageError, match="not among"):
        chosen(found, [path])


def test_a_swap_of_kinds_comes_whole(workspace: Path, wanted: Path, places: Places) -> None:
    shutil.rmtree(wanted / "src")
    (wanted / "src").write_text("a file now")
    found = held(workspace, wanted, places)

    result = apply_some(found, chosen(found, ["src/a.py"]), places)

    assert isinstance(result, Applied)
    assert look(workspace) == look(wanted)


def test_some_is_applied_the_rest_stays_held_and_each_can_be_put_back(
    workspace: Path, wanted: Path, places: Places
) -> None:
    change(wanted)
    before, after = look(workspace), look(wanted)
    found = held(workspace, wanted, places)

    first = apply_some(found, chosen(found, ["README", "new/tree"]), places)
    assert isinstance(first, Applied)
    part = look(workspace)
    rest = read_set(places.held, found.id)
    second = apply_some(rest, chosen(rest, ["."]), places)
    assert isinstance(second, Applied)
    whole = look(workspace)
    undo(second.undo, places)
    undo(first.undo, places)

    assert part == {
        **before,
        **{path: after[path] for path in ("README", "new", "new/tree", "new/tree/file")},
    }
    assert {entry.path for entry in rest.entries} == {"new/other", "src/deep", "src/deep/b.py", "src/a.py"}
    assert whole == after
    assert look(workspace) == before
    assert list_sets(places.held) == []
    assert os.listdir(places.journal) == []


def test_a_conflict_in_some_applies_none_of_it_and_keeps_all(
    workspace: Path, wanted: Path, places: Places
) -> None:
    change(wanted)
    found = held(workspace, wanted, places)
    (workspace / "README").write_text("mine\n")
    before = look(workspace)

    result = apply_some(found, chosen(found, ["README", "new"]), places)

    assert result == Conflict(paths=("README",))
    assert look(workspace) == before
    assert read_set(places.held, found.id).entries == found.entries
    assert os.listdir(places.journal) == []


def test_what_was_let_in_is_not_a_second_name_of_what_is_held(
    workspace: Path, wanted: Path, places: Places
) -> None:
    change(wanted)
    found = held(workspace, wanted, places)

    apply_some(found, chosen(found, ["README"]), places)
    (workspace / "README").write_text("edited")

    assert (workspace / "README").stat().st_nlink == 1
