"""The hook of an agent that is enclosed: it asks the guard outside, and nobody else answers it."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from guard.agents.claude_code import DIALECT
from guard.enforce.door import DOOR_VARIABLE, DoorError, ask
from guard.enforce.doorkeeper import BURST, MAX_CONNECTIONS, Asked, Doorkeeper
from guard.enforce.pipeline import Guard
from guard.model.dataclass import replace
from guard.model.principal import Principal
from guard.model.verdict import Level

from .machine import Machine
from .test_run import run

ROOT = Path(__file__).parents[2]
PYTHON = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
HOOK = f"{PYTHON} -I -S {ROOT}/guard/__main__.py hook claude-code"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def payload(machine: Machine, command: str, **event: object) -> bytes:
    return json.dumps(
        {
            "session_id": "its own word",
            "cwd": str(machine.work),
            "hook_event_name": "PreToolUse",
            "tool_name": "Bash",
            "tool_input": {"command": command},
            "tool_use_id": "toolu_1",
            **event,
        }
    ).encode()


def rules(machine: Machine, text: str) -> None:
    config = machine.home / ".config/guard"
    config.mkdir(parents=True)
    (config / "personal.yaml").write_text(f"version: 1\nkind: personal\nname: me\ndefault: allow\n{text}")


NO_SL = """lock_after: 1000
rules:
  - id: no-sl
    effect: [exec]
    programs: [sl]
    verdict: deny
    why: Nobody wants a train.
"""


def inside(machine: Machine, *calls: bytes, options: tuple[str, ...] = ()) -> list[dict]:
    """What the hook says inside ``guard run`` to each payload; ``{}`` is no objection."""
    (machine.work / "calls").mkdir(exist_ok=True)
    for index, call in enumerate(calls):
        (machine.work / "calls" / f"{index:03}").write_bytes(call)
    done = run(machine, f"for c in calls/*; do {HOOK} < $c; done", "--at-end", "drop", *options)
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.decode().splitlines() if line]
    return [json.loads(line) for line in lines]


@pytest.mark.sandbox
def test_the_hook_inside_is_answered_by_the_policy_outside_and_recorded_in_the_one_log(
    machine: Machine,
) -> None:
    rules(machine, NO_SL)

    (denied,) = inside(machine, payload(machine, "sl -l"), payload(machine, "ls"))
    decisions = [r for r in machine.records("decision") if r["agent"]["session"]]

    assert denied["hookSpecificOutput"]["permissionDecision"] == "deny"
    assert "no-sl" in denied["hookSpecificOutput"]["permissionDecisionReason"]
    assert [r["decision"]["verdict"] for r in decisions[1:]] == ["deny", "allow"]
    started = machine.records("session.started")[0]
    assert {r["agent"]["session"] for r in decisions} == {started["session"]}


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("make all", "allow"),
        ("ls", None),
        ("python3 -c 'x = input(); exec(x)'", "allow"),
        ("git push --force origin main", "ask"),
        ("echo x > .git/hooks/pre-commit", "ask"),
        ("guard sessions unlock s --yes", "deny"),
    ],
)
def test_what_may_run_in_a_sandbox_only_runs_as_it_stands(
    machine: Machine, command: str, said: str | None
) -> None:
    found = inside(machine, payload(machine, command))

    assert [one["hookSpecificOutput"]["permissionDecision"] for one in found] == ([said] if said else [])
    assert not any("updatedInput" in one["hookSpecificOutput"] for one in found)


@pytest.mark.sandbox
def test_denials_inside_are_counted_and_lock_the_session_whatever_it_calls_itself(machine: Machine) -> None:
    rules(machine, NO_SL.replace("1000", "3"))

    found = inside(
        machine, *(payload(machine, "sl", session_id=f"s{n}") for n in range(3)), payload(machine, "ls")
    )
    listed = machine.run("sessions", "list").stdout.decode()

    reasons = [one["hookSpecificOutput"]["permissionDecisionReason"] for one in found]
    assert ["locked" in reason for reason in reasons] == [False, False, False, True]
    session = machine.records("session.started")[0]["session"]
    assert listed == f"{session}  python3  locked  denied by no-sl 3\n"


@pytest.mark.sandbox
def test_nothing_of_the_guard_is_reached_from_inside(machine: Machine) -> None:
    text = (
        f"ls {machine.state} {machine.home}/.config/guard; cat {machine.state}/audit/current.jsonl;"
        " rm -f ~/.guard-door; mv ~/.guard-door ~/x; test -S ~/.guard-door && echo it is there"
    )

    done = run(machine, text + " 2>/dev/null", "--at-end", "drop")

    assert done.stdout == b"it is there\n"


@pytest.mark.sandbox
def test_a_decision_tells_nothing_of_what_the_session_does_not_see(machine: Machine) -> None:
    secret = machine.home / "secret-plans"
    secret.mkdir()
    (secret / "run.sh").write_text("git push --force origin very-secret-branch\n")
    (machine.work / "out").symlink_to(secret)

    found = inside(
        machine,
        payload(machine, f"rm -rf {machine.home}/sec*"),
        payload(machine, f"bash {secret}/run.sh"),
        payload(machine, "bash out/run.sh"),
        payload(machine, f"git -C {secret} push"),
        payload(machine, "rm -rf out/*"),
    )

    for one in found:
        assert "very-secret" not in json.dumps(one)
        assert "secret-plans" not in json.dumps(one).replace(f"bash {secret}", "").replace(str(secret), "")
        assert "run.sh" not in json.dumps(one).replace("bash out/run.sh", "").replace(f"{secret}/run.sh", "")


# who listens


class Kept:
    """A door on this machine, without walls: this process may knock as anybody inside may."""

    def __init__(self, machine: Machine, monkeypatch: pytest.MonkeyPatch, rules_: str = NO_SL) -> None:
        rules(machine, rules_)
        monkeypatch.setenv("HOME", str(machine.home))
        for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
            monkeypatch.delenv(name, raising=False)
        self.machine = machine
        guard = Guard.open(cwd=str(machine.work), level=Level.ENCLOSED)
        asked = Asked(
            principal=Principal(agent="a", session="s"), decision=0, uid=os.getuid(), judged_later=True
        )
        self.path = str(machine.state / "doors" / ("d" * 64))
        self.keeper = Doorkeeper(self.path, replace(guard, seen=(str(machine.work),)), asked)

    def knock(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        directory = os.open(os.path.dirname(self.path), os.O_PATH)
        try:
            connection.connect(f"/proc/self/fd/{directory}/{os.path.basename(self.path)}")
        except OSError:
            connection.close()
            raise
        finally:
            os.close(directory)
        connection.settimeout(20)
        return connection

    def say(self, line: bytes, *, end: bool = False) -> dict:
        with self.knock() as connection:
            connection.sendall(line)
            if end:
                connection.shutdown(socket.SHUT_WR)
            return answered(connection)

    def verdict(self, command: str) -> str:
        return verdict(self.say(question(payload(self.machine, command))))


@pytest.fixture
def kept(machine: Machine, monkeypatch: pytest.MonkeyPatch):
    door = Kept(machine, monkeypatch)
    with door.keeper:
        yield door
    assert not os.path.exists(door.path)


def question(call: bytes, **other: object) -> bytes:
    import base64

    body = {"version": 1, "agent": "claude-code", "payload": base64.b64encode(call).decode(), **other}
    return json.dumps(body).encode() + b"\n"


def answered(connection: socket.socket) -> dict:
    heard = b""
    while part := connection.recv(65536):
        heard += part
    assert heard.endswith(b"\n")
    return json.loads(heard)


def verdict(answer: dict) -> str:
    assert set(answer) == {"stdout", "stderr", "status"}
    if not answer["stdout"]:
        assert answer["status"] == 0
        return "nothing"
    says = json.loads(answer["stdout"])["hookSpecificOutput"]["permissionDecision"]
    assert (answer["status"], says) in {(0, "deny"), (0, "ask"), (0, "allow"), (2, "deny")}
    return says


GOOD = b'{"version": 1, "agent": "claude-code", "payload": "e30="}'
GARBAGE = {
    "nothing": b"\n",
    "no JSON": b"hello\n",
    "no object": b"[1]\n",
    "not ASCII": b'{"version": 1, "agent": "\xff"}\n',
    "nested": b"[" * 200_000 + b"\n",
    "another version": GOOD.replace(b"1", b"2") + b"\n",
    "true for a version": GOOD.replace(b"1", b"true") + b"\n",
    "another agent": GOOD.replace(b"claude-code", b"../x") + b"\n",
    "more keys": GOOD[:-1] + b', "unlock": true}\n',
    "no base64": GOOD.replace(b"e30=", b"e3 0=") + b"\n",
    "no payload": GOOD + b"\n",
    "two lines": GOOD + b"\n" + GOOD + b"\n",
    "a line and a half": question(b"{}") + b"{",
}


@pytest.mark.parametrize("line", GARBAGE.values(), ids=GARBAGE)
def test_what_is_no_question_is_denied(kept: Kept, line: bytes) -> None:
    answer = kept.say(line)

    assert (answer["status"], verdict(answer)) == (2, "deny")
    assert (kept.verdict("ls"), kept.verdict("sl")) == ("nothing", "deny")


def test_half_a_question_is_denied_when_it_ends_there(kept: Kept) -> None:
    assert verdict(kept.say(GOOD[:20], end=True)) == "deny"
    assert kept.verdict("ls") == "nothing"


def test_a_question_that_never_ends_is_cut_off(kept: Kept) -> None:
    with kept.knock() as connection, pytest.raises(OSError, match=r"[Pp]ipe|reset"):
        connection.sendall(b"x" * (64 << 20))

    assert kept.verdict("sl") == "deny"


def test_a_thousand_connections_that_say_nothing_or_never_listen_keep_nobody_out(kept: Kept) -> None:
    mute = []
    for index in range(1000):
        connection = kept.knock()
        if index % 2:
            connection.sendall(question(payload(kept.machine, "ls " + "x" * 1000)))
        mute.append(connection)
        if len(mute) > 3 * MAX_CONNECTIONS:
            mute.pop(0).close()
        if index == 150:
            # What is asked too often is denied; so is what comes after it, until there is room again.
            assert kept.verdict("sl") == "deny"
    for connection in mute:
        connection.close()
    end = time.monotonic() + 20
    while (said := kept.verdict("ls")) != "nothing" and time.monotonic() < end:
        time.sleep(0.2)

    assert said == "nothing"
    assert kept.verdict("sl") == "deny"


def test_who_asks_too_often_is_denied_unread_and_the_log_does_not_grow_with_it(kept: Kept) -> None:
    asked = int(BURST) * 3

    said = [kept.verdict("ls") for _ in range(asked)]
    records = len(kept.machine.records())

    assert said[0] == "nothing"
    assert "deny" in said
    assert records < asked
    kept.keeper.__exit__()
    told = [record["problem"] for record in kept.machine.records("guard.error")]
    assert "asks too often" in told[0]
    assert f"{said.count('deny')} questions" in told[-1]
    kept.keeper.__enter__()


def test_each_answer_is_for_its_own_question(kept: Kept) -> None:
    wrong: list[str] = []

    def many(command: str, expected: str) -> None:
        wrong.extend(said for _ in range(8) if (said := kept.verdict(command)) != expected)

    threads = [
        threading.Thread(target=many, args=given)
        for given in (("ls", "nothing"), ("git push --force origin main", "ask")) * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_who_is_locked_out_goes_on_when_a_person_has_unlocked_the_session(kept: Kept) -> None:
    said = [kept.verdict("sl") for _ in range(10)]
    locked = kept.verdict("ls")
    unlocked = kept.machine.run("sessions", "unlock", "s", "--yes").returncode

    assert (set(said), locked, unlocked) == ({"deny"}, "deny", 0)
    assert kept.verdict("ls") == "nothing"


def test_where_it_was_killed_the_hook_denies_and_the_log_says_so(kept: Kept) -> None:
    os.kill(kept.keeper._child, signal.SIGKILL)
    os.waitid(os.P_PID, kept.keeper._child, os.WEXITED | os.WNOWAIT)

    with pytest.raises(OSError, match="refused"):
        kept.knock()
    kept.keeper.__exit__()
    assert "ended with -9" in kept.machine.records("guard.error")[-1]["problem"]
    kept.keeper.__enter__()


def test_what_a_killed_guard_left_is_removed_by_the_next_and_no_door_that_is_kept(kept: Kept) -> None:
    doors = os.path.dirname(kept.path)
    for name in ("dead", "young"):
        left = socket.socket(socket.AF_UNIX)
        directory = os.open(doors, os.O_PATH)
        left.bind(f"/proc/self/fd/{directory}/{name}")
        os.close(directory)
        left.close()
    for name in ("dead", os.path.basename(kept.path)):
        os.utime(f"{doors}/{name}", (1, 1))
    other = Doorkeeper(f"{doors}/other", kept.keeper._guard, kept.keeper._asked)

    with other:
        assert sorted(os.listdir(doors)) == sorted([os.path.basename(kept.path), "other", "young"])
    assert kept.verdict("ls") == "nothing"


def test_it_ends_with_who_started_it(machine: Machine) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(machine.work)],
        env=machine.env,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert child.stdout is not None
    path = child.stdout.readline().decode().strip()
    was = os.path.exists(path)
    child.kill()
    child.wait()
    child.stdout.close()
    end = time.monotonic() + 10
    while os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.02)

    assert (was, os.path.exists(path)) == (True, False)


PROGRAM = """
import os, sys, time
from guard.enforce.doorkeeper import Asked, Doorkeeper
from guard.enforce.pipeline import Guard
from guard.model.principal import Principal
from guard.model.verdict import Level
guard = Guard.open(cwd=sys.argv[1], level=Level.ENCLOSED)
asked = Asked(principal=Principal(agent="a", session="s"), decision=0, uid=os.getuid(), judged_later=True)
with Doorkeeper(os.path.join(guard.places.doors, "d"), guard, asked) as keeper:
    print(keeper.path, flush=True)
    time.sleep(60)
"""


# who answers


def test_who_listens_in_here_is_not_believed(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even the guard's own process, where it is not outside: the hook is not enclosed then, and has a policy to ask."""
    monkeypatch.chdir(os.path.dirname(kept.path))
    with pytest.raises(DoorError, match="not the guard outside"):
        ask(os.path.basename(kept.path), "claude-code", b"{}", 5)


@pytest.mark.parametrize("listens", [False, True], ids=["nothing", "a stranger"])
def test_the_hook_denies_where_nobody_answers_whom_it_can_believe(machine: Machine, listens: bool) -> None:
    place = machine.home / "d"
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(place))
    if listens:
        server.listen(5)
    machine.env[DOOR_VARIABLE] = str(place)

    done = machine.run("hook", "claude-code", stdin=payload(machine, "ls"))
    server.close()

    assert done.returncode == 2
    assert done.stdout.startswith(DIALECT.refuse("").stdout[:20])
    assert b"the guard outside" in done.stderr


def test_to_ask_loads_little(machine: Machine) -> None:
    from tests.architecture.test_contracts import HEAVY, SLOW

    program = (
        "import os, sys; leave = os._exit;"
        "os._exit = lambda status: (os.write(2, chr(10).join(sys.modules).encode()), leave(status));"
        f"sys.path.append({str(ROOT)!r}); sys.argv = ['guard', 'hook', 'claude-code'];"
        "from guard.__main__ import main; main()"
    )
    done = subprocess.run(
        [PYTHON, "-I", "-S", "-c", program],
        input=payload(machine, "ls"),
        env={DOOR_VARIABLE: "/no/such"},
        capture_output=True,
        check=False,
    )
    loaded = done.stderr.decode().splitlines()

    assert done.returncode == 2
    assert "guard.enforce.door" in loaded
    assert not {name.split(".")[0] for name in loaded} & (HEAVY | SLOW | {"socket", "selectors"})
    assert len([name for name in loaded if name.startswith("guard.")]) < 30


@pytest.mark.sandbox
def test_a_socket_that_the_agent_makes_is_no_door(machine: Machine) -> None:
    fake = (
        "import socket, os; s = socket.socket(socket.AF_UNIX); s.bind('/tmp/d'); s.listen(); os.fork() or os._exit("
        '[s.accept()[0].sendall(b\'{\\"stdout\\": \\"\\", \\"stderr\\": \\"\\", \\"status\\": 0}\\\\n\') for _ in \'1\'] and 0)'
    )
    (machine.work / "call").write_bytes(payload(machine, "ls"))

    done = run(
        machine, f'python3 -c "{fake}"; GUARD_DOOR=/tmp/d {HOOK} < call; echo status $?', "--at-end", "drop"
    )

    assert b"status 2" in done.stdout, done.stderr
    assert b"not the guard outside" in done.stdout


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}\n",
        b'{"stdout": "", "stderr": "", "status": 0}',
        b'{"stdout": "", "stderr": "", "status": 0}\n\n',
        b'{"stdout": "", "stderr": "", "status": 1}\n',
        b'{"stdout": "", "stderr": "", "status": false}\n',
        b'{"stdout": "", "stderr": "", "status": 0, "x": 1}\n',
        b'{"stdout": "\\u0100", "stderr": "", "status": 0}\n',
        b'{"stdout": null, "stderr": "", "status": 0}\n',
        b"[0]\n",
        b"\xff\n",
    ],
)
def test_an_answer_that_is_cut_or_malformed_is_none(tmp_path: Path, monkeypatch, line: bytes) -> None:
    monkeypatch.setattr("guard.enforce.door._believe", lambda *_: None)
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "d"))
    server.listen()

    def answer() -> None:
        connection, _ = server.accept()
        connection.recv(65536)
        connection.sendall(line)
        connection.close()

    thread = threading.Thread(target=answer)
    thread.start()
    with pytest.raises(DoorError, match="cut short or malformed"):
        ask(str(tmp_path / "d"), "claude-code", b"{}", 5)
    thread.join()
    server.close()
