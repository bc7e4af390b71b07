"""Many processes at once, killed at any moment, on a disk that fills up: no acknowledged record is ever lost."""

import contextlib
import ctypes
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from guard.audit.log import AuditLog
from guard.audit.verify import verify
from guard.errors import AuditError

WRITER = os.path.join(os.path.dirname(__file__), "writer.py")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def start(directory: str, name: str, count: int, size: int) -> "subprocess.Popen[bytes]":
    env = {**os.environ, "PYTHONPATH": ROOT}
    command = [sys.executable, WRITER, directory, name, str(count), str(size)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=env)


def acknowledged(output: bytes) -> dict[int, str]:
    lines = [line.split() for line in output.decode().splitlines(keepends=True) if line.endswith("\n")]
    return {int(seq): token for seq, token in lines}


def held(directory: str) -> dict[int, object]:
    return {r["seq"]: r["token"] for r in AuditLog(directory).records() if r["type"] == "torture"}


def test_sixteen_processes_at_once_lose_double_and_disorder_nothing(tmp_path):
    directory = str(tmp_path / "audit")
    processes = [start(directory, f"w{number}", 40, 100) for number in range(16)]
    answers: dict[int, str] = {}
    for process in processes:
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        assert not answers.keys() & acknowledged(output).keys()
        answers |= acknowledged(output)

    report = verify(directory)
    assert report.ok, report.problems
    assert report.records == 16 * 40
    assert held(directory) == answers
    assert sorted(answers) == list(range(16 * 40))


def test_a_log_that_is_being_written_verifies_at_any_moment(tmp_path):
    directory = str(tmp_path / "audit")
    AuditLog(directory).append({"type": "first"})
    processes = [start(directory, f"w{number}", -1, 300) for number in range(3)]
    try:
        reports = [verify(directory) for _ in range(60)]
    finally:
        for process in processes:
            process.kill()
            process.communicate()

    assert [report.problems for report in reports if not report.ok] == []
    assert verify(directory).ok


@pytest.mark.torture
def test_two_hundred_kills_lose_no_acknowledged_record(tmp_path):
    directory = str(tmp_path / "audit")
    seed = random.randrange(1 << 32)
    dice = random.Random(seed)
    answers: dict[int, str] = {}
    kills = 0
    while kills < 200:
        batch = [start(directory, f"k{kills}-{number}", -1, 9000) for number in range(8)]
        outputs: list[bytes] = [b""] * len(batch)

        def drain(index: int, batch=batch, outputs=outputs) -> None:
            outputs[index] = batch[index].stdout.read()

        readers = [threading.Thread(target=drain, args=(index,)) for index in range(len(batch))]
        for reader in readers:
            reader.start()
        time.sleep(0.25)
        for process in dice.sample(batch, len(batch)):
            time.sleep(dice.random() * 0.01)
            process.send_signal(signal.SIGKILL)
            kills += 1
        for process, reader in zip(batch, readers, strict=True):
            process.wait()
            reader.join()
            process.stdout.close()
        for output in outputs:
            answers |= acknowledged(output)

    AuditLog(directory).append({"type": "after"})
    report = verify(directory)
    kept = held(directory)
    assert report.ok, (seed, report.problems)
    assert {seq: kept.get(seq) for seq in answers} == answers, seed
    assert len(answers) > 200


@pytest.mark.sandbox
def test_a_full_disk_is_an_error_and_room_makes_it_whole_again(tmp_path):
    directory = tmp_path / "small"
    directory.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tmpfs", os.fsencode(directory), b"tmpfs", 0, b"size=64k,mode=0700") != 0:
        pytest.fail(f"cannot mount a tmpfs: {os.strerror(ctypes.get_errno())}")
    try:
        log = AuditLog(str(directory / "audit"))
        ballast = directory / "ballast"
        log.append({"type": "note", "text": "first"})
        ballast.write_bytes(b"x" * 20_000)
        accepted = 1
        with contextlib.suppress(AuditError):
            for _ in range(100):
                log.append({"type": "note", "text": "y" * 1500})
                accepted += 1
        with pytest.raises(AuditError, match="no space left"):
            log.append({"type": "note", "text": "y" * 1500})
        assert verify(log.directory).ok

        ballast.unlink()
        log.append({"type": "note", "text": "last"})

        report = verify(log.directory)
        assert report.ok, report.problems
        assert report.records == accepted + 1
    finally:
        libc.umount2(os.fsencode(directory), 2)
