"""A thousand hooks at once, and hooks killed at any moment: every answer that was seen stands in a log that verifies.

``tests/enforce`` does the same to ``guard exec``, ``tests/audit`` to the log alone.
"""

import contextlib
import os
import random
import subprocess
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from guard.audit.verify import verify
from tests.agents.hooks import Client, verdict
from tests.enforce.test_torture import marked

CALLS = 1000
KILLS = 200
AT_ONCE = 16
ROUNDS = 4
"""How long a call takes is measured before each: the machine may be another one by then."""
LATE = b"no answer within"


def call(client: Client, number: int, chance: random.Random) -> tuple[bytes, set[str]]:
    """A payload with an id of its own, and what may be said to it. Ten denials would lock one session for all."""
    event = {"tool_use_id": f"call-{number}", "session_id": f"session-{number}"}
    return chance.choice(
        [
            (client.payload(**event), {"nothing"}),
            (
                client.payload("Write", {"file_path": str(client.work / "new"), "content": "x\n"}, **event),
                {"nothing"},
            ),
            (client.payload("Read", {"file_path": str(client.home / ".ssh/id_rsa")}, **event), {"deny"}),
            (client.payload("mcp__fake__run_cmd", {"command": "ls"}, **event), {"ask"}),
            (client.shell("git status && ls -la src | head -n 20", **event), {"nothing"}),
            (client.shell("rm -rf ~", **event), {"deny"}),
            (client.shell("python3 build.py", **event), {"allow", "ask"}),
        ]
    )


def ids(client: Client) -> Counter[str]:
    return Counter(record["call"]["id"] for record in client.records("decision"))


@pytest.mark.torture
@pytest.mark.timeout(600)
def test_a_thousand_hooks_sixteen_at_once_leave_a_thousand_records(tmp_path):
    client = Client(tmp_path)
    chance = random.Random(11)
    calls = [call(client, number, chance) for number in range(CALLS)]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(client.hook, [payload for payload, _ in calls]))

    # On a machine that does much else, one may wait for the log until its time is over: then it denies, and says so.
    late = {
        number for number, answer in enumerate(answers) if LATE in answer.stderr and answer.verdict == "deny"
    }
    wrong = [
        (number, answer)
        for number, (answer, (_, says)) in enumerate(zip(answers, calls, strict=True))
        if number not in late and (answer.verdict not in says or answer.status)
    ]
    assert wrong == []
    assert len(late) < CALLS // 50
    verified = client.run("audit", "verify")
    assert verified.returncode == 0, verified.stderr
    report = verify(str(client.state / "audit"))
    assert report.ok, report.problems
    held = ids(client)
    answered = {f"call-{number}" for number in range(CALLS) if number not in late}
    assert answered <= held.keys() <= {f"call-{number}" for number in range(CALLS)}
    assert max(held.values()) == 1
    if not late:
        # Each call is a session of its own, which begins with a record of the law it began under.
        assert (report.records, report.decisions, report.recovered) == (2 * CALLS, CALLS, 0)


@pytest.mark.torture
@pytest.mark.timeout(600)
def test_two_hundred_kills_take_back_no_answer_and_leave_nothing(tmp_path):
    client = Client(tmp_path)
    token = f"hook-torture-{os.getpid()}-{tmp_path.name}"
    (tmp_path / "tmp").mkdir()
    client.env |= {"MARK": token, "TMPDIR": str(tmp_path / "tmp")}
    mounts = Path("/proc/self/mountinfo").read_text()
    chance = random.Random(13)
    calls = [(number, *call(client, number, chance), chance.random()) for number in range(KILLS)]
    client.hook(client.payload(tool_use_id="cold"))
    usual_s = 0.0

    def warm(pool: ThreadPoolExecutor) -> float:
        begun = time.monotonic()
        payloads = [client.payload(tool_use_id=f"warm-{begun}-{number}") for number in range(4)]
        list(pool.map(client.hook, payloads))
        return time.monotonic() - begun

    def killed(one: tuple[int, bytes, set[str], float]) -> tuple[int, str, bool]:
        number, payload, says, moment = one
        process = subprocess.Popen(
            client.argv("hook", "claude-code"),
            cwd=client.work,
            env=client.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        process.stdin.write(payload)
        process.stdin.close()
        process.stdin = None
        said = b""
        if number % 4 == 0 and "nothing" not in says:
            # Between the answer and the end of the process, which follows it closely: whoever waits for
            # the answer runs first on the one processor that both have.
            processor = chance.choice(sorted(os.sched_getaffinity(os.getpid())))
            os.sched_setaffinity(process.pid, {processor})
            os.sched_setaffinity(threading.get_native_id(), {processor})
            os.sched_setscheduler(process.pid, os.SCHED_IDLE, os.sched_param(0))
            said = process.stdout.readline()
        else:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=moment * usual_s * 1.2)
        process.kill()
        said += process.communicate()[0]
        seen = ""
        if process.returncode in {0, 2} or said.endswith(b"\n"):
            seen = verdict(said, max(process.returncode, 0))
            assert seen in says, (number, said)
        return number, seen, process.returncode < 0

    ends = []
    with ThreadPoolExecutor(4) as pool:
        for start in range(0, KILLS, KILLS // ROUNDS):
            usual_s = warm(pool)
            ends += pool.map(killed, calls[start : start + KILLS // ROUNDS])

    assert client.hook(client.payload(tool_use_id="after")).verdict == "nothing"
    report = verify(str(client.state / "audit"))
    assert report.ok, report.problems
    held = ids(client)
    assert max(held.values()) == 1
    assert [number for number, seen, _ in ends if seen and f"call-{number}" not in held] == []
    # The moments were what they are meant to be: before, after and beyond the answer.
    assert sum(1 for _, seen, by_us in ends if by_us and not seen) > KILLS // 10
    assert sum(1 for _, seen, by_us in ends if by_us and seen) > 0
    assert sum(1 for _, seen, _ in ends if seen) > KILLS // 10
    deadline = time.monotonic() + 10
    while marked(token) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert marked(token) == []
    assert os.listdir(tmp_path / "tmp") == []
    assert Path("/proc/self/mountinfo").read_text() == mounts
