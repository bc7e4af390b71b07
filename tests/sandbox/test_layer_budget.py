"""Layers that are made to be too much: read within bounds, and what is said is said in one message."""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sandbox.changes import Created, Deleted, Modified, NodeKind
from sandbox.layer import read

ROOT = Path(__file__).parents[2]
MEASURE = """
import os, resource, sys
from sandbox.layer import read
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = read(os.open(sys.argv[1], os.O_RDONLY), sys.argv[2], max_entries=int(sys.argv[3]))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(len(found.entries), (after - before) // 1024, found.truncated)
"""


@pytest.fixture
def fast():
    """On a tmpfs where there is one: as layers are."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=place) as directory:
        os.mkdir(f"{directory}/upper")
        os.mkdir(f"{directory}/work")
        yield Path(directory)


def of(root: Path, **budget: int):
    opened = os.open(root / "upper", os.O_RDONLY)
    try:
        return read(opened, str(root / "work"), **budget)
    finally:
        os.close(opened)


def measured(root: Path, max_entries: int) -> tuple[int, int, str]:
    """Entries, MiB that reading them took, and what is said."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(root / "upper"), str(root / "work"), str(max_entries)],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    entries, mib, *words = done.stdout.split(" ", 2)
    return int(entries), int(mib), (words[0] if words else "").strip()


def test_a_directory_of_a_hundred_thousand_names_is_not_taken_into_memory(fast: Path) -> None:
    (fast / "upper" / "many").mkdir()
    (fast / "upper" / "many" / "0").touch()
    for number in range(1, 100_000):
        os.link(fast / "upper/many/0", fast / f"upper/many/{number}")

    entries, mib, said = measured(fast, 10_000)
    all_, large, nothing = measured(fast, 200_000)

    assert said == "more than 20,000 names in one directory of the layer, `many/`"
    assert (entries, mib < 30) == (1, True)
    assert (all_, nothing) == (100_001, "")
    assert large < 150


def test_names_in_many_directories_are_counted_together(fast: Path) -> None:
    for number in range(30):
        (fast / "upper" / f"d{number}").mkdir()
        for name in range(10):
            (fast / "upper" / f"d{number}" / str(name)).touch()

    found = of(fast, max_entries=100)

    assert (len(found.entries), found.truncated) == (100, "more than 100 changes")


def test_a_sparse_terabyte_is_not_read(fast: Path) -> None:
    with open(fast / "upper" / "huge", "wb") as file:
        file.truncate(1 << 40)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime

    found = of(fast)

    assert found.truncated == "`huge` has 1,099,511,627,776 bytes, and 8,589,934,592 are compared at most"
    assert found.entries == ()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 5


def test_a_hard_link_farm_counts_each_of_its_names(fast: Path) -> None:
    (fast / "upper" / "0").write_bytes(b"x" * 100_000)
    for number in range(1, 200):
        os.link(fast / "upper/0", fast / f"upper/{number}")

    found = of(fast, max_bytes=1_000_000)

    assert found.truncated == "more than 1,000,000 bytes to compare"
    assert len(found.entries) == 10


def test_loops_of_links_are_names_and_no_way(fast: Path) -> None:
    for number in range(100):
        os.symlink(f"l{(number + 1) % 100}", fast / "upper" / f"l{number}")
    os.symlink(".", fast / "upper" / "self")
    (fast / "upper" / "d").mkdir()
    os.symlink("..", fast / "upper" / "d" / "up")

    found = of(fast)

    assert found.truncated == ""
    assert len(found.entries) == 103
    assert sum(entry.after.kind is NodeKind.SYMLINK for entry in found.entries) == 102


@pytest.mark.parametrize("below", [False, True], ids=["made", "deleted"])
def test_two_thousand_directories_in_each_other_end_the_reading(fast: Path, below: bool) -> None:
    start = os.open(fast / ("work" if below else "upper"), os.O_RDONLY)
    here = start
    if below:
        os.mkdir("top", dir_fd=here)
        here = os.open("top", os.O_RDONLY, dir_fd=here)
    for _ in range(2000):
        os.mkdir("d", dir_fd=here)
        inner = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    if below:
        (fast / "upper" / "top").write_text("a file takes its place")

    found = of(fast)

    assert found.truncated == "directories deeper than 128"
    assert len(found.entries) < 200
    # `rm` knows how to go so deep; `shutil.rmtree` does not.
    subprocess.run(["rm", "-rf", str(fast / "upper"), str(fast / "work")], check=True)


def test_a_large_tree_that_was_replaced_is_bounded_too(fast: Path) -> None:
    (fast / "work" / "many").mkdir()
    for number in range(500):
        (fast / "work" / "many" / str(number)).touch()
    (fast / "upper" / "many").write_text("now a file")

    found = of(fast, max_entries=100)

    assert found.truncated == "more than 200 names in one directory of the workspace, `many`"
    assert found.entries == ()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices and file capabilities")
def test_what_must_never_leave_is_marked(fast: Path) -> None:
    upper = fast / "upper"
    (upper / "tool").write_text("x")
    # VFS_CAP_REVISION_2 with CAP_SETUID permitted and effective.
    os.setxattr(
        upper / "tool", "security.capability", bytes.fromhex("0100000280000000000000000000000000000000")
    )
    os.mknod(upper / "device", 0o600 | 0o020000, os.makedev(1, 3))
    os.mknod(upper / "whiteout-of-nothing", 0o600 | 0o020000, os.makedev(0, 0))

    found = {entry.path: entry for entry in of(fast).entries}

    assert found["tool"].after.mark == "file capabilities"
    assert found["device"].after.kind is NodeKind.DEVICE
    assert "whiteout-of-nothing" not in found


def test_overlay_marks_that_overlayfs_would_not_write_are_forged(fast: Path) -> None:
    upper = fast / "upper"
    (upper / "file").write_text("x")
    (upper / "new").mkdir()
    (upper / "old").mkdir()
    (fast / "work" / "old").mkdir()
    for name, mark in (("file", "metacopy"), ("new", "redirect"), ("old", "overlay.opaque")):
        try:
            os.setxattr(upper / name, f"user.overlay.{mark}", b"y")
        except OSError as error:
            pytest.skip(f"no user attributes here: {error}")
    os.setxattr(upper / "new", "user.overlay.opaque", b"y")

    found = {entry.path: entry for entry in of(fast).entries}

    assert isinstance(found["file"], Created)
    assert isinstance(found["old"], Modified)
    assert {path: entry.after.mark for path, entry in found.items()} == {
        "file": "a forged overlay mark (user.overlay.metacopy)",
        "new": "a forged overlay mark (user.overlay.redirect)",
        "old": "a forged overlay mark (user.overlay.overlay.opaque)",
    }


def test_a_forged_whiteout_deletes_nothing_but_what_it_names(fast: Path) -> None:
    """Whatever made it, it is judged as the deletion that it means."""
    (fast / "work" / "there").write_text("x")
    (fast / "upper" / "there").touch()
    (fast / "upper" / "other").touch()
    try:
        for name in ("there", "other"):
            os.setxattr(fast / "upper" / name, "user.overlay.whiteout", b"y")
    except OSError as error:
        pytest.skip(f"no user attributes here: {error}")

    (entry,) = of(fast).entries

    assert isinstance(entry, Deleted)
    assert entry.path == "there"
