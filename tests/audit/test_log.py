"""The log as one process sees it: what is written, where, with what modes, and what is refused."""

import fcntl
import os
import stat

import pytest

from guard.audit.canonical import Json
from guard.audit.log import CURRENT, HEAD, LOCK, SEGMENTS, AuditLog, segment_paths
from guard.audit.verify import verify
from guard.errors import AuditError


def note(text: str) -> dict[str, Json]:
    return {"type": "note", "text": text}


def test_records_come_back_in_order_and_verify(tmp_path):
    log = AuditLog(str(tmp_path / "audit"))

    appended = [log.append(note(str(number))) for number in range(5)]

    assert [a.seq for a in appended] == [0, 1, 2, 3, 4]
    assert [record["text"] for record in log.records()] == ["0", "1", "2", "3", "4"]
    report = verify(log.directory)
    assert report.ok
    assert (report.records, report.head) == (5, appended[-1].hash)


def test_the_directory_and_its_files_are_private(tmp_path):
    log = AuditLog(str(tmp_path / "audit"))

    log.append(note("x"))

    assert stat.S_IMODE(os.stat(log.directory).st_mode) == 0o700
    modes = {name: stat.S_IMODE(os.stat(tmp_path / "audit" / name).st_mode) for name in (CURRENT, HEAD, LOCK)}
    assert modes == {CURRENT: 0o600, HEAD: 0o600, LOCK: 0o600}


def test_a_directory_that_others_can_write_is_refused(tmp_path):
    directory = tmp_path / "audit"
    directory.mkdir()
    directory.chmod(0o777)

    with pytest.raises(AuditError, match="others can write here"):
        AuditLog(str(directory)).append(note("x"))


@pytest.mark.parametrize("name", [CURRENT, HEAD, LOCK])
def test_a_symlink_in_place_of_a_file_is_refused(tmp_path, name):
    directory = tmp_path / "audit"
    directory.mkdir(mode=0o700)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"")
    (directory / name).symlink_to(elsewhere)

    with pytest.raises(AuditError):
        AuditLog(str(directory)).append(note("x"))

    assert elsewhere.read_bytes() == b""


def test_a_fifo_in_place_of_the_segment_is_refused_and_does_not_hang(tmp_path):
    directory = tmp_path / "audit"
    directory.mkdir(mode=0o700)
    os.mkfifo(directory / CURRENT)

    with pytest.raises(AuditError, match="not a regular file"):
        AuditLog(str(directory)).append(note("x"))


def test_a_lock_held_by_somebody_else_is_an_error_not_a_hang(tmp_path):
    log = AuditLog(str(tmp_path / "audit"), lock_timeout_s=0.05)
    log.append(note("x"))
    with open(tmp_path / "audit" / LOCK, "rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        with pytest.raises(AuditError, match="held the lock"):
            log.append(note("y"))

    assert log.append(note("z")).seq == 1


def test_segments_rotate_and_the_chain_goes_on(tmp_path):
    log = AuditLog(str(tmp_path / "audit"), segment_bytes=2000)

    for number in range(40):
        log.append(note(f"{number}" * 10))

    paths = segment_paths(log.directory)
    assert len(paths) > 3
    assert all(stat.S_IMODE(os.stat(path).st_mode) == 0o400 for path in paths[:-1])
    assert [record["seq"] for record in log.records()] == list(range(40))
    assert verify(log.directory).ok


def test_a_crash_between_closing_a_segment_and_opening_the_next_loses_nothing(tmp_path):
    log = AuditLog(str(tmp_path / "audit"))
    log.append(note("a"))
    (tmp_path / "audit" / SEGMENTS).mkdir()
    os.rename(tmp_path / "audit" / CURRENT, tmp_path / "audit" / SEGMENTS / f"{0:012d}.jsonl")

    assert log.append(note("b")).seq == 1
    assert verify(log.directory).ok


def test_appending_leaks_no_descriptors(tmp_path):
    log = AuditLog(str(tmp_path / "audit"), segment_bytes=1000, lock_timeout_s=0.01)
    log.append(note("x"))
    before = sorted(os.listdir("/proc/self/fd"))

    for _ in range(30):
        log.append(note("y" * 50))
    for bad in ({"type": "x", "f": 1.5}, {"type": "x", "text": "z" * (2 << 20)}):
        with pytest.raises((ValueError, AuditError)):
            log.append(bad)

    assert sorted(os.listdir("/proc/self/fd")) == before


def test_an_append_reads_the_end_of_the_file_only(tmp_path, monkeypatch):
    log = AuditLog(str(tmp_path / "audit"))
    log.append_all([note("x" * 500) for _ in range(2000)])
    read = 0
    pread = os.pread

    def counted(descriptor: int, length: int, offset: int) -> bytes:
        nonlocal read
        read += length
        return pread(descriptor, length, offset)

    monkeypatch.setattr(os, "pread", counted)
    log.append(note("y"))

    assert os.path.getsize(tmp_path / "audit" / CURRENT) > 1_000_000
    assert read <= 64 * 1024


@pytest.mark.parametrize("failure", [28, 5])
def test_a_failing_write_is_an_error_and_leaves_no_half_record(tmp_path, monkeypatch, failure):
    log = AuditLog(str(tmp_path / "audit"))
    log.append(note("a"))
    write = os.write

    def short(descriptor: int, data: bytes) -> int:
        monkeypatch.setattr(os, "write", fails)
        return write(descriptor, data[:10])

    def fails(_descriptor: int, _data: bytes) -> int:
        raise OSError(failure, os.strerror(failure))

    monkeypatch.setattr(os, "write", short)
    with pytest.raises(AuditError, match="cannot be written"):
        log.append(note("b"))
    monkeypatch.setattr(os, "write", write)

    assert [record["text"] for record in log.records()] == ["a"]
    assert log.append(note("c")).seq == 1
    assert verify(log.directory).ok


def test_a_failing_sync_is_an_error(tmp_path, monkeypatch):
    log = AuditLog(str(tmp_path / "audit"))
    log.append(note("a"))

    def fails(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fails)
    with pytest.raises(AuditError, match="input/output error"):
        log.append(note("b"))


def test_short_writes_are_continued(tmp_path, monkeypatch):
    log = AuditLog(str(tmp_path / "audit"))
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:7]))

    log.append(note("a long enough text"))

    monkeypatch.undo()
    assert verify(log.directory).ok
    assert [record["text"] for record in log.records()] == ["a long enough text"]


def test_the_size_limit_of_the_process_is_an_error_that_repairs_itself(tmp_path):
    """A real short write: the kernel cuts at RLIMIT_FSIZE, in a child so that the limit stays there."""
    log = AuditLog(str(tmp_path / "audit"))
    log.append(note("a"))
    child = os.fork()
    if child == 0:
        import resource
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        limit = os.path.getsize(os.path.join(log.directory, CURRENT)) + 20
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            log.append(note("b"))
        except AuditError:
            os._exit(7)
        os._exit(0)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert log.append(note("c")).seq == 1
    assert verify(log.directory).ok


def test_a_damaged_last_record_is_an_error_not_a_fresh_start(tmp_path):
    log = AuditLog(str(tmp_path / "audit"))
    log.append(note("a"))
    with open(tmp_path / "audit" / CURRENT, "ab") as file:
        file.write(b"garbage\n")

    with pytest.raises(AuditError, match="not a record"):
        log.append(note("b"))


def test_undecodable_names_and_lone_surrogates_can_be_recorded(tmp_path):
    log = AuditLog(str(tmp_path / "audit"))

    log.append(note(os.fsdecode(b"/tmp/\xff\xfe")))
    log.append(note("\ud800 from JSON"))

    assert verify(log.directory).ok
    assert [record["text"] for record in log.records()] == [
        {"b64": "L3RtcC///g=="},
        {"b64": "7aCAIGZyb20gSlNPTg=="},
    ]


def test_a_disk_that_was_full_before_there_was_a_log_leaves_no_gap(tmp_path):
    log = AuditLog(str(tmp_path / "audit"))
    os.mkdir(log.directory, 0o700)
    (tmp_path / "audit" / HEAD).touch(0o600)

    log.append(note("the first"))

    assert [record["type"] for record in log.records()] == ["note"]
    assert verify(log.directory).ok


def test_an_empty_note_beside_a_log_is_a_gap(tmp_path):
    log = AuditLog(str(tmp_path / "audit"))
    log.append(note("the first"))
    (tmp_path / "audit" / HEAD).write_bytes(b"")

    log.append(note("the second"))

    assert [record["type"] for record in log.records()] == ["note", "log.gap", "note"]
    assert not verify(log.directory).ok
