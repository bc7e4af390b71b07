"""What a hostile run left in a cache: merged, bounded, and nothing of it followed."""

import os
import stat
from pathlib import Path

import pytest

from sandbox.cachestore import CONTENT, keep

MIB = 1 << 20


def kept(written: Path, store: Path, most: int = 10 * MIB) -> int:
    descriptor = os.open(written, os.O_RDONLY | os.O_DIRECTORY)
    try:
        return keep(descriptor, str(store), most)
    finally:
        os.close(descriptor)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "written"
    (path / "a" / "b").mkdir(parents=True)
    (path / "a" / "b" / "f").write_text("one")
    (path / "top").write_text("two")
    return path


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def test_files_are_kept_with_content_mode_and_time(written: Path, store: Path) -> None:
    os.chmod(written / "top", 0o755)
    os.utime(written / "top", ns=(1, 5_000_000_000))

    assert kept(written, store) == 6
    assert (store / CONTENT / "a" / "b" / "f").read_text() == "one"
    info = os.stat(store / CONTENT / "top")
    assert (stat.S_IMODE(info.st_mode), info.st_mtime_ns) == (0o755, 5_000_000_000)


def test_a_later_run_adds_and_replaces(written: Path, store: Path, tmp_path: Path) -> None:
    kept(written, store)
    later = tmp_path / "later"
    (later / "a").mkdir(parents=True)
    (later / "a" / "n").write_text("new")
    (later / "top").write_text("changed")
    kept(later, store)

    content = store / CONTENT
    assert (content / "a" / "b" / "f").read_text() == "one"
    assert (content / "a" / "n").read_text() == "new"
    assert (content / "top").read_text() == "changed"


def test_what_has_become_something_else_is_replaced(written: Path, store: Path, tmp_path: Path) -> None:
    kept(written, store)
    later = tmp_path / "later"
    (later / "top").mkdir(parents=True)
    (later / "top" / "x").write_text("x")
    (later / "a").write_text("file now")
    kept(later, store)

    assert (store / CONTENT / "top" / "x").read_text() == "x"
    assert (store / CONTENT / "a").read_text() == "file now"


def test_nothing_that_leads_or_acts_elsewhere_is_kept(written: Path, store: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (written / "absolute").symlink_to("/etc")
    (written / "out").symlink_to("../../outside")
    (written / "a" / "out").symlink_to("../../x")
    (written / "a" / "in").symlink_to("../top")
    os.mkfifo(written / "pipe")
    (written / "suid").write_text("x")
    os.chmod(written / "suid", 0o4755)
    with open(written / "sparse", "wb") as file:
        file.truncate(1 << 40)
    kept(written, store)

    content = store / CONTENT
    assert sorted(os.listdir(content)) == ["a", "suid", "top"]
    assert sorted(os.listdir(content / "a")) == ["b", "in"]
    assert stat.S_IMODE(os.stat(content / "suid").st_mode) == 0o755


def test_a_link_in_the_store_is_never_written_through(written: Path, store: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    kept(written, store)
    os.unlink(store / CONTENT / "top")
    (store / CONTENT / "top").symlink_to(victim / "made")
    for name in os.listdir(store / CONTENT / "a"):
        assert name == "b"
    (store / CONTENT / "a" / "b" / "f").unlink()
    (store / CONTENT / "a" / "b").rmdir()
    (store / CONTENT / "a" / "b").symlink_to(victim)
    kept(written, store)

    assert os.listdir(victim) == []
    assert (store / CONTENT / "top").read_text() == "two"
    assert (store / CONTENT / "a" / "b" / "f").read_text() == "one"


def test_a_full_store_starts_anew(written: Path, store: Path, tmp_path: Path) -> None:
    (written / "big").write_bytes(b"x" * MIB)
    kept(written, store, 2 * MIB)
    later = tmp_path / "later"
    later.mkdir()
    (later / "big2").write_bytes(b"y" * (3 * MIB // 2))
    kept(later, store, 2 * MIB)

    assert os.listdir(store / CONTENT) == ["big2"]


def test_more_than_fits_is_not_kept(written: Path, store: Path) -> None:
    (written / "big").write_bytes(b"x" * (3 * MIB))

    assert kept(written, store, 2 * MIB) == 0
    assert not (store / CONTENT).exists()


def test_a_run_that_wrote_nothing_makes_no_store(tmp_path: Path, store: Path) -> None:
    (tmp_path / "written" / "empty").mkdir(parents=True)

    assert kept(tmp_path / "written", store) == 0
    assert not store.exists()


def test_a_tree_too_deep_is_cut_off(tmp_path: Path, store: Path) -> None:
    path = tmp_path / "written"
    path.mkdir()
    here = path
    for _ in range(150):
        here = here / "d"
        here.mkdir()
    (here / "f").write_text("deep")
    (path / "f").write_text("flat")

    assert kept(path, store) == 4
