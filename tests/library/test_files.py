"""Reads, writes and edits that the guard carries out: what was judged is what is touched."""

import os
import stat

import pytest

from guard import Guard
from guard.library import files as carried


def test_a_file_is_made_with_the_directories_it_needs(work):
    done = Guard(work).write("src/deep/new.py", "x = 1\n")

    assert (done.done, done.text) == (True, "")
    assert (work / "src/deep/new.py").read_text() == "x = 1\n"
    assert [name for name in os.listdir(work / "src/deep") if name != "new.py"] == []


def test_a_replaced_file_keeps_its_permissions(work):
    (work / "run.sh").write_text("old")
    (work / "run.sh").chmod(0o750)
    Guard(work).write("run.sh", "new")

    assert (work / "run.sh").read_text() == "new"
    assert stat.S_IMODE((work / "run.sh").stat().st_mode) == 0o750


def test_what_is_read_is_the_text(work):
    assert Guard(work).read("a.txt").text == "one two one\n"


@pytest.mark.parametrize(
    ("old", "everywhere", "content", "words"),
    [
        ("two", False, "one 2 one\n", ""),
        ("one", True, "2 two 2\n", ""),
        ("one", False, "one two one\n", "is in the file 2 times"),
        ("three", False, "one two one\n", "is not in the file"),
        ("", False, "one two one\n", "`old` is empty"),
    ],
)
def test_an_edit_is_of_what_is_there_once_or_everywhere(work, old, everywhere, content, words):
    done = Guard(work).edit("a.txt", old, "2", everywhere=everywhere)

    assert (work / "a.txt").read_text() == content
    assert words in done.text
    assert done.done is not words


def test_what_is_denied_is_not_touched(work, home):
    done = Guard(work, approve=lambda _question: True).write(str(home / ".bashrc"), "evil")

    assert not done.done
    assert not done.answer.permitted
    assert "denied" in done.text
    assert not (home / ".bashrc").exists()


def test_nobody_expands_a_tilde_so_it_is_not_clear_which_file_this_is(work, home):
    done = Guard(work, approve=lambda _question: True).write("~/.bashrc", "evil")

    assert not done.done
    assert not (home / ".bashrc").exists()
    assert not (work / "~").exists()


def test_a_link_is_judged_by_where_it_leads(work, home):
    (work / "link").symlink_to(home)

    assert not Guard(work).write("link/.bashrc", "evil").done
    assert not (home / ".bashrc").exists()


@pytest.mark.parametrize("call", ["write", "edit", "read"])
def test_a_link_that_was_put_there_after_the_decision_is_not_followed(work, home, monkeypatch, call):
    (work / "dir").mkdir()
    (work / "dir/letter").write_text("mine")
    real = carried.carry_out

    def swapped(*given):
        (work / "dir").rename(work / "away")
        (work / "dir").symlink_to(home)
        return real(*given)

    monkeypatch.setattr("guard.library.work.carry_out", swapped)
    guard = Guard(work)
    done = {
        "write": lambda: guard.write("dir/letter", "evil"),
        "edit": lambda: guard.edit("dir/letter", "dear", "evil"),
        "read": lambda: guard.read("dir/letter"),
    }[call]()

    assert not done.done
    assert done.content == ""
    assert done.problem
    assert (home / "letter").read_text() == "dear"


def test_the_last_part_may_not_have_become_a_link_either(work, home, monkeypatch):
    (work / "file").write_text("mine")
    real = carried.carry_out

    def swapped(*given):
        (work / "file").unlink()
        (work / "file").symlink_to(home / "letter")
        return real(*given)

    monkeypatch.setattr("guard.library.work.carry_out", swapped)
    Guard(work).write("file", "evil")

    assert (home / "letter").read_text() == "dear"


def test_what_is_no_regular_file_is_refused_and_does_not_block(work):
    os.mkfifo(work / "pipe")
    (work / "dir").mkdir()
    (work / "binary").write_bytes(b"\xff\xfe")
    guard = Guard(work)

    assert "no regular file" in guard.read("pipe").text
    assert "no regular file" in guard.write("pipe", "x").text
    assert guard.write("dir", "x").problem
    assert "not text" in guard.read("binary").text
    assert "no such file" in guard.read("gone").text
    assert "not text" in guard.edit("binary", "a", "b").text
    assert guard.write("bad", "\ud800").problem
    assert not (work / "bad").exists()
