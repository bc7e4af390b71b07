"""Applying without writing a byte twice: what is given away by a link, and what a roll-back gets back."""

import os
import stat
from pathlib import Path

import pytest

from guard.enforce import apply as applying
from guard.enforce import nodes
from guard.enforce.apply import apply
from guard.enforce.changeset import list_sets
from guard.enforce.places import Places
from guard.errors import ApplyError

from .test_apply import staged
from .trees import look


def test_what_arrives_is_nobody_elses_file(workspace: Path, wanted: Path, places: Places) -> None:
    (wanted / "new").write_text("x")
    (wanted / "README").write_text("other\n")
    (wanted / "new").chmod(0o640)

    apply(staged(workspace, wanted, places), places)

    for name in ("new", "README"):
        assert (workspace / name).stat().st_nlink == 1
    assert stat.S_IMODE((workspace / "new").stat().st_mode) == 0o640
    assert look(workspace) == look(wanted)


def test_without_links_between_the_two_places_it_is_copied(
    workspace: Path, wanted: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other_device(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    (wanted / "new").write_text("x")
    (wanted / "README").write_text("other\n")
    monkeypatch.setattr(nodes.os, "link", other_device)

    apply(staged(workspace, wanted, places), places)

    assert look(workspace) == look(wanted)


def test_a_file_that_appears_in_the_last_moment_is_not_overwritten(
    workspace: Path, wanted: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    (wanted / "new").write_text("ours")
    original = applying.commit

    def commit(*arguments: object):
        done = original(*arguments)
        if not (workspace / "new").exists():
            (workspace / "new").write_text("theirs")
        return done

    monkeypatch.setattr(applying, "commit", commit)
    with pytest.raises(ApplyError, match="new"):
        apply(staged(workspace, wanted, places), places)

    assert (workspace / "new").read_text() == "theirs"


def test_what_was_rolled_back_is_held_whole_and_can_be_applied_later(
    workspace: Path, wanted: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = look(workspace)
    (wanted / "aa").write_text("first")
    (wanted / "README").write_text("second\n")
    (wanted / "zz").mkdir()
    found = staged(workspace, wanted, places)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("guard.enforce.nodes._make_directory", full)
        with pytest.raises(OSError, match="space"):
            apply(found, places)
    rolled_back = look(workspace)
    apply(found, places)

    assert rolled_back == before
    assert look(workspace) == look(wanted)
    assert list_sets(places.journal) == []


def test_what_somebody_wrote_into_a_given_file_is_never_applied_as_ours(
    workspace: Path, wanted: Path, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that arrived and was edited in place before a roll-back: their work stays, ours is not taken for it."""
    (wanted / "aa").write_text("ours")
    (wanted / "zz").mkdir()
    found = staged(workspace, wanted, places)

    def edited(*_: object, **__: object) -> None:
        with open(workspace / "aa", "r+") as file:
            file.write("theirs!")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("guard.enforce.nodes._make_directory", edited)
        with pytest.raises(OSError, match="space"):
            apply(found, places)
    (workspace / "aa").rename(workspace / "kept")

    with pytest.raises(OSError, match="No such file"):
        apply(found, places)

    assert (workspace / "kept").read_text() == "theirs!"
    assert not (workspace / "aa").exists()


def test_a_sparse_file_stays_sparse(workspace: Path, wanted: Path, places: Places) -> None:
    with open(wanted / "sparse", "wb") as file:
        file.truncate(400_000_000)
        file.seek(300_000_000)
        file.write(b"x")

    apply(staged(workspace, wanted, places), places)

    assert (workspace / "sparse").stat().st_size == 400_000_000
    assert (workspace / "sparse").stat().st_blocks * 512 < 10_000_000
    with open(workspace / "sparse", "rb") as file:
        file.seek(299_999_999)
        assert file.read(3) == b"\0x\0"


def test_files_that_nobody_may_read_arrive_so(workspace: Path, wanted: Path, places: Places) -> None:
    (wanted / "secret").write_text("x")
    (wanted / "secret").chmod(0o000)

    apply(staged(workspace, wanted, places), places)

    assert stat.S_IMODE(os.lstat(workspace / "secret").st_mode) == 0
