"""Everything that may be done to a log is found, and a log that nobody touched is whole."""

import json
import os
import shutil

import pytest

from guard.audit.canonical import canonical
from guard.audit.chain import leaf
from guard.audit.log import CURRENT, HEAD, AuditLog
from guard.audit.verify import verify


@pytest.fixture
def log(tmp_path):
    log = AuditLog(str(tmp_path / "audit"))
    for number in range(6):
        log.append({"type": "decision", "text": f"{number} \u00e9"})
    return log


def current(log: AuditLog) -> str:
    return os.path.join(log.directory, CURRENT)


def read(log: AuditLog) -> bytes:
    with open(current(log), "rb") as file:
        return file.read()


def write(log: AuditLog, data: bytes) -> None:
    with open(current(log), "wb") as file:
        file.write(data)


def test_every_flipped_bit_of_the_log_is_found(log):
    """systemd's test of its sealed journals: each single bit."""
    data = read(log)
    missed = []
    for position in range(len(data)):
        for bit in (1 << n for n in range(8)):
            write(log, data[:position] + bytes([data[position] ^ bit]) + data[position + 1 :])
            if verify(log.directory).ok:
                missed.append((position, bit))

    assert missed == []
    write(log, data)
    assert verify(log.directory).ok


def test_a_changed_note_is_found(log):
    path = os.path.join(log.directory, HEAD)
    with open(path, "rb") as file:
        data = file.read()
    for position in range(len(data) - 1):
        changed = data[:position] + b"7" + data[position + 1 :]
        if changed == data:
            continue
        with open(path, "wb") as file:
            file.write(changed)

        assert not verify(log.directory).ok, position


@pytest.mark.parametrize("at", range(6))
def test_a_dropped_record_is_found(log, at):
    lines = read(log).splitlines(keepends=True)
    write(log, b"".join(lines[:at] + lines[at + 1 :]))

    report = verify(log.directory)

    assert not report.ok
    assert all(p.place and p.what and p.next_step for p in report.problems)


@pytest.mark.parametrize("at", range(6))
def test_a_doubled_record_is_found(log, at):
    lines = read(log).splitlines(keepends=True)
    write(log, b"".join([*lines[: at + 1], *lines[at:]]))

    assert not verify(log.directory).ok


@pytest.mark.parametrize("at", range(5))
def test_swapped_records_are_found(log, at):
    lines = read(log).splitlines(keepends=True)
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    write(log, b"".join(lines))

    assert not verify(log.directory).ok


@pytest.mark.parametrize("keep", range(6))
def test_a_cut_tail_is_found(log, keep):
    write(log, b"".join(read(log).splitlines(keepends=True)[:keep]))

    assert not verify(log.directory).ok


def test_a_cut_tail_stays_found_when_the_guard_goes_on(log):
    write(log, b"".join(read(log).splitlines(keepends=True)[:3]))

    for number in range(10):
        log.append({"type": "decision", "text": str(number)})

    report = verify(log.directory)
    assert [p.what for p in report.problems] == ["acknowledged records before this one are gone"]
    assert [r["type"] for r in log.records()].count("log.gap") == 1


def test_a_removed_segment_is_found_and_stays_found(log):
    os.unlink(current(log))
    assert not verify(log.directory).ok

    log.append({"type": "decision"})

    assert not verify(log.directory).ok


@pytest.mark.parametrize("note", [None, b"", b"nonsense"])
def test_a_removed_or_damaged_note_is_found_and_stays_found(log, note):
    path = os.path.join(log.directory, HEAD)
    os.unlink(path)
    if note is not None:
        with open(path, "wb") as file:
            file.write(note)
    assert not verify(log.directory).ok

    log.append({"type": "decision"})

    assert not verify(log.directory).ok


def test_a_forged_end_is_found_by_the_note(log):
    """The chain alone would accept it: everything after the cut was computed anew."""
    lines = read(log).splitlines()
    forged = lines[:3]
    for line in lines[3:] * 2:
        record = json.loads(line) | {"text": "harmless", "seq": len(forged), "prev": leaf(forged[-1])}
        forged.append(canonical(record))
    write(log, b"".join(line + b"\n" for line in forged))

    assert [p.what for p in verify(log.directory).problems] == [
        "record 5 is not the one that was acknowledged"
    ]


@pytest.mark.parametrize(
    "line",
    [
        b'{"a":1,"a":1}', b'{"b":1,"a":1}', b'{"a": 1}', b'{"a":1.0}', b'{"a":NaN}', b"[]", b"", b"\xff",
        b'{"a":"\\u00e9"}', b'{"a":"\\ud800"}', b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}", b'{"seq":true}',
    ],
)  # fmt: skip
def test_lines_that_the_guard_would_not_write_are_found(log, line):
    write(log, read(log) + line + b"\n")

    assert not verify(log.directory).ok


def test_a_copy_without_lock_verifies(log, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(log.directory, copy)
    os.unlink(copy / "lock")

    assert verify(str(copy)).ok


def test_every_crash_prefix_is_continued_and_states_the_repair(tmp_path):
    """Power loss: the file may end at any byte after the last record that was acknowledged."""
    log = AuditLog(str(tmp_path / "audit"))
    log.append({"type": "decision", "text": "acknowledged"})
    with open(os.path.join(log.directory, HEAD), "rb") as file:
        note = file.read()
    start = len(read(log))
    log.append({"type": "decision", "text": "in flight \u00e9"})
    log.append({"type": "decision", "text": "in flight too"})
    data = read(log)

    for end in range(start, len(data) + 1):
        write(log, data[:end])
        with open(os.path.join(log.directory, HEAD), "wb") as file:
            file.write(note)
        torn = end - (data[:end].rfind(b"\n") + 1)

        assert verify(log.directory).ok
        log.append({"type": "decision", "text": "after"})

        report = verify(log.directory)
        assert report.ok, (end, report.problems)
        repairs = [r for r in log.records() if r["type"] == "log.recovered"]
        assert [r["bytes"] for r in repairs] == ([torn] if torn else [])
