"""``guard doctor --probe`` believes no client: only a command that did not happen, and the guard's own record of it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from guard.cli import probing
from guard.cli.clients import CLIENTS
from guard.cli.installing import command, make, plan_install
from guard.cli.probing import Proof, judged, prove
from guard.cli.protection import protections
from guard.enforce.places import Places
from guard.probe.replays import ALLOWED, DENIED, PAYLOADS, Answer, differs
from guard.probe.session import Seen, home_in
from guard.probe.wire.turn import Told
from tests.cli.conftest import ROOT

CLIENT = '''\
#!{python}
"""Says that it is Claude Code: it asks its model, and does with each call what `decide` says."""
import json, os, subprocess, sys, urllib.request

def ask(messages):
    body = {{"model": "x", "max_tokens": 9, "tools": [{{"name": "Bash", "input_schema": {{}}}}], "messages": messages}}
    request = urllib.request.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", json.dumps(body).encode())
    with urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open(request) as answer:
        return json.load(answer)["content"]

def run(command):
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    return done.stdout + done.stderr

def hook(command):
    settings = json.load(open(os.path.expanduser("~/.claude/settings.json")))
    line = settings["hooks"]["PreToolUse"][0]["hooks"][0]["command"]
    event = {{"session_id": "s", "cwd": os.getcwd(), "hook_event_name": "PreToolUse", "tool_name": "Bash",
             "tool_input": {{"command": command}}, "tool_use_id": "t"}}
    done = subprocess.run(["sh", "-c", line], input=json.dumps(event), capture_output=True, text=True)
    said = json.loads(done.stdout or "{{}}").get("hookSpecificOutput", {{}})
    if done.returncode or said.get("permissionDecision") in ("deny", "ask"):
        return None
    return said.get("updatedInput", {{}}).get("command", command)

if sys.argv[1:] == ["--version"]:
    sys.exit("2.1.332")
{decide}
messages = [{{"role": "user", "content": "go on"}}]
while True:
    said = ask(messages)
    calls = [block for block in said if block["type"] == "tool_use"]
    if not calls:
        break
    results = [{{"type": "tool_result", "tool_use_id": one["id"], "content": decide(one["input"]["command"])}} for one in calls]
    messages += [{{"role": "assistant", "content": said}}, {{"role": "user", "content": results}}]
'''
OBEYS = """
def decide(command):
    allowed = hook(command)
    return "no" if allowed is None else run(allowed)
"""
ASKS_NOBODY = "def decide(command): return run(command)"
ASKS_AND_RUNS = """
def decide(command):
    hook(command)
    return run(command)
"""
REFUSES_BY_ITSELF = """
def decide(command):
    return "I would rather not" if command.startswith("rm") else run(command)
"""
REFUSES_ALL = """
def decide(command):
    hook(command)
    return "no"
"""
CRASHES = "sys.exit('no licence')"
APART = f"601.{os.getpid()}"
HANGS = f"import time; subprocess.Popen(['sleep', '{APART}'], start_new_session=True); time.sleep(600)"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    home, programs, work = (tmp_path / name for name in ("home", "programs", "work"))
    for directory in (home, programs, work):
        directory.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)

    def tried(decide: str, *, install: bool = True) -> Proof:
        program = programs / "claude"
        program.write_text(CLIENT.format(python=sys.executable, decide=decide))
        program.chmod(0o755)
        if install:
            plan = plan_install(
                CLIENTS["claude-code"], "user", str(home), str(work), sys.executable, rewrites=False
            )
            make(plan, Places.from_environment(), installing=True)
        (found,) = [
            one
            for one in protections(str(work), str(work), str(home), os.environ)
            if one.client.agent == "claude-code"
        ]
        (proof,) = prove([found], os.environ)
        assert list((tmp_path / "tmp").iterdir()) == []
        return proof

    return tried


@pytest.mark.parametrize(
    ("decide", "expected", "says"),
    [
        (OBEYS, (True, True), "the guard denied it, and the file is there"),
        (ASKS_NOBODY, (True, False), "ran the command that is denied, and did not ask the guard"),
        (ASKS_AND_RUNS, (True, False), "ran the command that is denied, although the guard denied it"),
        (REFUSES_BY_ITSELF, (True, False), "the guard was not asked about it: I would rather not"),
        (REFUSES_ALL, (True, False), "what is allowed did not come through either"),
        (CRASHES, (False, False), "did not get as far as to ask its model: it ended with 1; no licence"),
    ],
    ids=["obeys", "asks nobody", "asks and runs", "refuses by itself", "refuses all", "crashes"],
)
def test_a_client_is_judged_by_what_happened(
    client, decide: str, expected: tuple[bool, bool], says: str
) -> None:
    proof = client(decide)

    assert (proof.tried, proof.stopped) == expected, proof.says
    assert says in proof.says
    assert bool(proof.fix) is not proof.stopped


def test_a_client_that_hangs_is_ended_with_all_that_it_started(
    client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "LIMIT_S", 2)

    proof = client(HANGS)

    assert "it was ended after 2 s" in proof.says
    until(lambda: not running(APART))
    assert (proof.tried, proof.stopped) == (False, False)


def test_a_client_that_is_not_registered_is_not_started(client) -> None:
    proof = client(ASKS_NOBODY, install=False)

    assert (proof.tried, proof.stopped, proof.fix) == (
        False,
        False,
        "say `guard install --agent claude-code`",
    )


def test_nothing_of_the_persons_gets_in(client, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN"):
        monkeypatch.setenv(name, "the person's own")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.org")

    proof = client(
        "sys.exit(' '.join(sorted(os.environ)) + ' ' + os.environ['HTTPS_PROXY'] + ' ' + os.environ['HOME'])"
    )

    assert not any(word in proof.says for word in ("TOKEN", "OPENAI", "AWS", "example.org"))
    assert "http://127.0.0.1:9" in proof.says
    assert "execguard-probe-" in proof.says


@pytest.mark.parametrize(
    ("changes", "recorded", "expected"),
    [
        ({}, 1, (True, True)),
        ({}, 0, (True, False)),
        ({"lives": False}, 1, (True, False)),
        ({"lives": False, "came_back": False, "asked": 0}, 0, (True, False)),
        ({"came_back": False}, 1, (True, False)),
        ({"asked": 0, "came_back": False, "denied": None}, 0, (False, False)),
    ],
)
def test_all_three_signs_are_needed(changes: dict, recorded: int, expected: tuple[bool, bool]) -> None:
    seen = {
        "lives": True, "came_back": True, "denied": Told("no", True), "asked": 3, "ended": "", "tail": "", **changes,
    }  # fmt: skip
    proof = judged("codex", Seen(**seen), recorded)

    assert (proof.tried, proof.stopped) == expected


def test_interrupted_it_leaves_nothing(tmp_path: Path, user) -> None:
    programs = tmp_path / "programs"
    (programs / "tmp").mkdir(parents=True)
    program = programs / "claude"
    mark = f"600.{os.getpid()}"
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exit\nsleep {mark} & sleep {mark}\n')
    program.chmod(0o755)
    (user.home / ".claude").mkdir()
    user.guard("install", "--yes", "--agent", "claude-code")
    env = {**user.env, "PATH": f"{programs}:{user.env['PATH']}", "TMPDIR": str(programs / "tmp")}

    with subprocess.Popen(
        user.argv("doctor", "--probe", "--json"),
        cwd=user.work,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as started:
        until(lambda: running(mark))
        started.send_signal(signal.SIGTERM)
        started.communicate(timeout=60)

    assert started.returncode == 143
    assert list((programs / "tmp").iterdir()) == []
    until(lambda: not running(mark))


def until(holds) -> None:
    for _ in range(600):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to be")


def running(mark: str) -> bool:
    for one in os.listdir("/proc"):
        try:
            if one.isdigit() and f"sleep\0{mark}" in Path(f"/proc/{one}/cmdline").read_text():
                return True
        except OSError:
            continue
    return False


def test_it_is_told_to_machines(user) -> None:
    (user.home / ".claude").mkdir()

    done = user.guard("doctor", "--probe", "--json")
    told = json.loads(done.stdout)

    assert done.returncode == 1
    jsonschema.validate(told, json.loads((ROOT / "docs/schemas/doctor-probe.schema.json").read_text()))
    (one,) = told["agents"]
    assert (one["agent"], one["protected"], one["tried"]) == ("claude-code", False, False)
    assert user.guard("doctor", "--probe", "--agent", "codex").returncode == 2
    assert user.guard("doctor", "--agent", "codex").returncode == 2


@pytest.mark.parametrize("agent", ["claude-code", "cursor", "goose", "windsurf", "pi"])
def test_what_install_registers_answers_as_it_should(tmp_path: Path, agent: str) -> None:
    line = command(sys.executable, agent, rewrites=False)

    assert probing.replayed(agent, line, home_in(str(tmp_path / "x")), os.environ) == ""


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("true", "a command that is denied: output"),
        ("echo '{}'", "a command that is allowed: output"),
        ("exit 1", "a command that is allowed: exit status 1 instead of 0"),
        (
            command(sys.executable, "codex", rewrites=False),
            "a command that is allowed|a command that is denied",
        ),
    ],
    ids=["says nothing", "says too much", "fails", "another client's"],
)
def test_a_line_that_answers_otherwise_is_named(tmp_path: Path, line: str, says: str) -> None:
    assert re.match(says, probing.replayed("gemini", line, home_in(str(tmp_path / "x")), os.environ))


def test_there_are_payloads_of_every_client() -> None:
    assert set(PAYLOADS) == set(DENIED) == set(CLIENTS)
    assert set(ALLOWED) <= set(CLIENTS)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (Answer(status=2, stdout="", stderr="no\n"), ""),
        (Answer(status=2, stdout="", stderr="no"), "error output"),
        (Answer(status=2, stdout="", stderr="\n"), "error output"),
        (Answer(status=2, stdout="{}\n", stderr="no\n"), "output"),
        (Answer(status=0, stdout="", stderr="no\n"), "exit status 0 instead of 2"),
    ],
)
def test_an_answer_is_compared_to_the_byte(given: Answer, says: str) -> None:
    found = differs(DENIED["crush"], given)

    assert found.startswith(says)
    assert bool(found) is bool(says)


def test_a_reason_is_the_same_wherever_it_stands() -> None:
    text = DENIED["cursor"].stdout

    assert differs(DENIED["cursor"], Answer(status=0, stdout=text.replace("@REASON", "no"))) == ""
    assert differs(DENIED["cursor"], Answer(status=0, stdout=text.replace("@REASON", "no", 1)))
    assert differs(DENIED["cursor"], Answer(status=0, stdout=text.replace("@REASON", 'a" b')))


def test_the_canary_lies_where_no_workspace_is(tmp_path: Path) -> None:
    place = home_in(str(tmp_path / "x"))

    assert (Path(place.workspace) / ".git").is_dir()
    assert not place.canary.startswith(place.workspace)
