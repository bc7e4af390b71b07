"""A manifest that is not as we write it is damaged: told so, never half believed."""

import copy
import json
from pathlib import Path

import pytest

from guard.enforce.changeset import list_sets
from guard.enforce.manifest import ChangeSet, Entry, read_set, write_manifest
from guard.errors import ApplyError, UsageError
from sandbox.changes import Node, NodeKind

from .machine import Machine

FILE = Node(kind=NodeKind.FILE, mode=0o644, size=2, sha256="ab" * 32, mtime_ns=7)
LINK = Node(kind=NodeKind.SYMLINK, mode=0o777, target="a\udcff")
ENTRIES = (
    Entry(path="a/b", before=FILE, after=LINK, number=0),
    Entry(path="b\udcff", before=None, after=FILE, number=1),
    Entry(path=".c", before=FILE, after=None, number=2),
)


def kept(parent: Path) -> ChangeSet:
    (parent / "1-aa").mkdir()
    made = ChangeSet(
        id="1-aa",
        directory=str(parent / "1-aa"),
        workspace="/w",
        decision=3,
        why="",
        command="x",
        entries=ENTRIES,
    )
    write_manifest(made)
    return made


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert kept(tmp_path) == read_set(str(tmp_path), "1-aa")


WRONG = (None, True, 1.5, [], {}, "text", -1, "\0", ["x"], {"a": 1})
PLACES = [
    (),
    ("version",),
    ("workspace",),
    ("decision",),
    ("why",),
    ("command",),
    ("entries",),
    ("entries", 0),
    ("entries", 0, "path"),
    ("entries", 0, "number"),
    ("entries", 0, "before"),
    ("entries", 0, "before", "kind"),
    ("entries", 0, "before", "mode"),
    ("entries", 0, "before", "size"),
    ("entries", 0, "before", "sha256"),
    ("entries", 0, "after", "target"),
    ("entries", 0, "after", "mtime_ns"),
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: ".".join(map(str, place)) or "all of it")
def test_a_value_of_another_type_is_damage(tmp_path: Path, place: tuple[str | int, ...]) -> None:
    kept(tmp_path)
    file = tmp_path / "1-aa" / "manifest.json"
    whole = json.loads(file.read_text())
    found = whole
    for step in place:
        found = found[step]
    for wrong in WRONG:
        if (
            type(wrong) is type(found)
            or (wrong is None and place[-1:] == ("before",))
            or wrong == [] == found
        ):
            continue
        changed = copy.deepcopy(whole)
        at = changed
        for step in place[:-1]:
            at = at[step]
        if place:
            at[place[-1]] = wrong
        else:
            changed = wrong
        file.write_text(json.dumps(changed))

        with pytest.raises(ApplyError, match="damaged"):
            read_set(str(tmp_path), "1-aa")


@pytest.mark.parametrize("place", PLACES[1:], ids=lambda place: ".".join(map(str, place)))
def test_a_value_that_is_missing_is_damage(tmp_path: Path, place: tuple[str | int, ...]) -> None:
    if isinstance(place[-1], int):
        pytest.skip("one entry less is another set")
    kept(tmp_path)
    file = tmp_path / "1-aa" / "manifest.json"
    whole = json.loads(file.read_text())
    at = whole
    for step in place[:-1]:
        at = at[step]
    del at[place[-1]]
    file.write_text(json.dumps(whole))

    with pytest.raises(ApplyError, match="missing"):
        read_set(str(tmp_path), "1-aa")


@pytest.mark.parametrize("path", ["", "/etc/passwd", "..", "../x", "a/../../x", "a//b", "./a", "a/", "a\0b"])
def test_a_path_out_of_the_workspace_is_damage(tmp_path: Path, path: str) -> None:
    kept(tmp_path)
    file = tmp_path / "1-aa" / "manifest.json"
    whole = json.loads(file.read_text())
    whole["entries"][0]["path"] = path
    file.write_text(json.dumps(whole))

    with pytest.raises(ApplyError, match="damaged"):
        read_set(str(tmp_path), "1-aa")


@pytest.mark.parametrize("text", [b"", b"{", b"[" * 100_000, b"\xff", b"\0"])
def test_what_is_no_json_is_damage(tmp_path: Path, text: bytes) -> None:
    kept(tmp_path)
    (tmp_path / "1-aa" / "manifest.json").write_bytes(text)

    with pytest.raises(ApplyError, match="damaged"):
        read_set(str(tmp_path), "1-aa")


@pytest.mark.parametrize("name", ["", ".", "..", "../1-aa", "a/b", "a\0b", "x" * 200, "1-bb"])
def test_a_name_that_is_none_of_ours_reads_nothing(tmp_path: Path, name: str) -> None:
    kept(tmp_path)

    with pytest.raises(UsageError):
        read_set(str(tmp_path), name)


@pytest.mark.parametrize("damage", [b"{", b'{"version": 1, "entries": 1}', b"[]"])
def test_a_damaged_set_is_told_and_can_be_thrown_away(tmp_path: Path, damage: bytes) -> None:
    machine = Machine(tmp_path)
    held = machine.state / "held"
    (held / "1-aa").mkdir(parents=True)
    (held / "1-aa" / "manifest.json").write_bytes(damage)

    told = [
        machine.run("changes", *words) for words in (("list",), ("show", "1-aa"), ("apply", "--yes", "1-aa"))
    ]
    dropped = machine.run("changes", "drop", "--yes", "1-aa")

    assert [done.returncode for done in told] == [0, 3, 3]
    assert all(b"damaged" in done.stderr and b"Traceback" not in done.stderr for done in told)
    assert dropped.returncode == 0, dropped.stderr
    assert list_sets(str(held)) == []
