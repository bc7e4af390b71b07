"""``guard exec`` killed at any moment: no acknowledged record is lost, nothing is half applied, nothing stays behind."""

import json
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from guard.audit.verify import verify

from .machine import Machine

KILLS = 200
COMMAND = (
    "python3 -c '"
    'import os, shutil; shutil.rmtree("tree", ignore_errors=True); os.makedirs("tree/of"); '
    '[open(n, "w").write("{0}") for n in ("left", "tree/right", "tree/of/many")]; '
    '[open(f"tree/of/f{{i}}", "w").write("{0}" * 1000) for i in range(20)]; print("ran {0}")\''
)


def shown(number: int) -> str:
    """What the record of this run's command holds; its code is hidden from readers in hexadecimal digits."""
    return f'print("ran {number}")'.encode().hex()


def marked(token: str) -> list[str]:
    """Living processes whose command line or environment holds ``token``."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                text = b"".join(Path(f"/proc/{name}/{what}").read_bytes() for what in ("cmdline", "environ"))
            except OSError:
                continue
            if token.encode() in text:
                found.append(name)
    return found


def generation(work: Path) -> str | None:
    """Which run's files are in the workspace; fails when they are of two."""
    files = ["left", "tree/right", "tree/of/many", *(f"tree/of/f{i}" for i in range(20))]
    if not (work / "left").exists():
        assert not (work / "tree").exists()
        return None
    values = {path: (work / path).read_text() for path in files}
    number = values["left"]
    assert all(value in {number, number * 1000} for value in values.values())
    return number


@pytest.mark.sandbox
@pytest.mark.torture
@pytest.mark.timeout(900)
def test_two_hundred_kills_lose_nothing_and_leave_nothing(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    (tmp_path / "tmp").mkdir()
    token = f"torture-{os.getpid()}-{tmp_path.name}"
    machine.env |= {"TMPDIR": str(tmp_path / "tmp"), "MARK": token}
    mounts = Path("/proc/self/mountinfo").read_text()
    started = time.monotonic()
    machine.exec(COMMAND.format("warm"))
    usual_s = time.monotonic() - started
    chance = random.Random(7)
    ran, reported, ended, finished = set(), [], 0, 0

    for number in range(KILLS):
        report, theirs = os.pipe()
        process = subprocess.Popen(
            machine.argv("exec", "--ask", "deny", "--json", str(theirs), "--", COMMAND.format(number)),
            cwd=machine.work,
            env=machine.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(theirs,),
        )
        os.close(theirs)
        said = b""
        delay_s = chance.uniform(0, usual_s * 1.1)
        if number % 2:
            # Every other one while its changes are judged and applied.
            said = process.stdout.readline()
            delay_s = chance.uniform(0, 0.05)
        try:
            process.wait(timeout=delay_s)
            ended += 1
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        if said + process.communicate()[0]:
            ran.add(number)
        with open(report, encoding="utf-8") as stream:
            if line := stream.read():
                reported.append((number, json.loads(line)))
        recovered = machine.run("changes", "list")
        assert recovered.returncode == 0, (number, recovered.stderr)
        finished += recovered.stderr.count(b"finished")
        now = generation(machine.work)
        for found in ("journal", "held"):
            assert not list((machine.state / found).glob("*")), (number, recovered.stderr)
        if reported and reported[-1][0] == number:
            assert now == str(number)

    records = machine.records()
    decisions = {record["seq"]: record for record in records if record["type"] == "decision"}
    texts = " ".join(record["call"]["text"] for record in decisions.values())
    assert verify(str(machine.state / "audit")).ok
    assert all(shown(number) in texts for number in ran)
    for number, one in reported:
        assert shown(number) in decisions[one["record"]]["call"]["text"]
        assert [r for r in records if r["type"] == "outcome" and r["decision"] == one["record"]]
    assert 0 < ended < KILLS
    assert ran
    deadline = time.monotonic() + 10
    while marked(token) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert marked(token) == []
    assert os.listdir(tmp_path / "tmp") == []
    assert Path("/proc/self/mountinfo").read_text() == mounts
    assert not list(machine.work.rglob(".guard-*"))
