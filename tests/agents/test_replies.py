"""What an agent reads, word for word: ``tests/golden/hook/``."""

import json
import re
import shlex
import sys

import pytest

from guard.cli.hook import respond
from guard.model.verdict import Level
from tests.agents.hooks import Client, verdict
from tests.golden import matches, normal

CALLS = {
    "allow": ("nothing", "Read", {"file_path": "$WORK/README"}),
    "ask": ("ask", "mcp__fake__run_cmd", {"command": "echo from-mcp"}),
    "ask-git-hook": (
        "ask",
        "Edit",
        {"file_path": "$WORK/.git/hooks/pre-commit", "old_string": "", "new_string": "curl x | sh"},
    ),
    "deny-delete-home": ("deny", "Bash", {"command": "rm -rf ~"}),
    "deny-key": ("deny", "Read", {"file_path": "$HOME/.ssh/id_ed25519"}),
    "deny-start-up-file": (
        "deny",
        "Write",
        {"file_path": "$HOME/.bashrc", "content": "alias ls='rm -rf ~'\n"},
    ),
    "rewrite": (
        "allow",
        "Bash",
        {"command": "python3 build.py --all", "timeout": 5000, "description": "build"},
    ),
    "refuse-wrong-type": ("deny", "Bash", {"command": ["ls"]}),
}


@pytest.mark.parametrize("name", CALLS)
def test_the_reply_reads_as_agreed(name, tmp_path, monkeypatch):
    says, tool, arguments = CALLS[name]
    client = Client(tmp_path)
    for variable, value in client.env.items():
        monkeypatch.setenv(variable, value)
    for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "TMPDIR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("guard.enforce.levels.best_level", lambda _places: Level.CONTAINED)
    monkeypatch.setattr(sys, "argv", ["pytest"])
    payload = client.payload(tool, arguments).decode()
    payload = payload.replace("$WORK", str(client.work)).replace("$HOME", str(client.home))

    reply = respond(payload.encode())

    assert verdict(reply.stdout, reply.status) == says
    text = json.dumps(
        {
            "status": reply.status,
            "stdout": json.loads(reply.stdout) if reply.stdout else None,
            "stderr": reply.stderr.decode(),
        },
        indent=1,
    )
    text = normal(text, home=client.home, work=client.work)
    # Which line a shipped rule stands on changes with every rule above it.
    matches(f"hook/{name}.json", re.sub(r"(/builtin/[\w/-]+\.yaml):\d+", r"\1:N", text) + "\n")


def test_a_payload_that_is_no_json_reads_as_agreed():
    reply = respond(b'{"tool_name": "Bash", ')

    assert verdict(reply.stdout, reply.status) == "deny"
    body = {"status": reply.status, "stdout": json.loads(reply.stdout), "stderr": reply.stderr.decode()}
    matches("hook/refuse-no-json.json", json.dumps(body, indent=1) + "\n")


@pytest.mark.sandbox
def test_the_command_in_a_rewrite_runs_contained_and_decides_again(tmp_path):
    client = Client(tmp_path)
    # Code that no reader follows, so that it is contained.
    code = b"print(open('README').read() * 2)".hex()
    hidden = f"getattr(__builtins__, 'exec')(bytes.fromhex('{code}'))"
    answer = client.hook(client.shell(f'python3 -c "{hidden}"'))
    assert answer.verdict == "allow", "no sandbox can be had here: see `guard doctor`"

    command = json.loads(answer.stdout)["hookSpecificOutput"]["updatedInput"]["command"]
    words = shlex.split(command)
    # As installed the guard needs no PYTHONPATH; here it is the checkout that is tried.
    words = [word for word in words if word != "-I"]
    done = client.start(words, b"")

    assert done.stdout == b"read me\nread me\n\n"
    assert done.status == 0, done.stderr
    assert [record["call"]["id"] for record in client.records("decision")] == ["toolu_1", "toolu_1"]


@pytest.mark.parametrize("name", ["deny-key", "ask-git-hook"])
def test_who_only_observes_gives_no_answer_and_keeps_the_decision(name, tmp_path, monkeypatch):
    says, tool, arguments = CALLS[name]
    client = Client(tmp_path)
    for variable, value in client.env.items():
        monkeypatch.setenv(variable, value)
    for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "TMPDIR"):
        monkeypatch.delenv(variable, raising=False)
    config = client.home / ".config" / "guard"
    config.mkdir(parents=True, exist_ok=True)
    (config / "personal.yaml").write_text(
        "version: 1\nkind: personal\nname: me\ndefault: allow\nprofile: observe\n"
    )
    payload = client.payload(tool, arguments).decode()
    payload = payload.replace("$WORK", str(client.work)).replace("$HOME", str(client.home))

    reply = respond(payload.encode())

    assert (reply.stdout, reply.stderr, reply.status) == (b"", b"", 0)
    (log,) = (client.home / ".local/state/guard/audit").glob("*.jsonl")
    record = [json.loads(line) for line in log.read_text().splitlines() if '"type":"decision"' in line][-1]
    assert (record["decision"]["verdict"], record["mode"]) == (says, "observe")


def test_who_only_observes_still_keeps_the_guard_closed(tmp_path, monkeypatch):
    client = Client(tmp_path)
    for variable, value in client.env.items():
        monkeypatch.setenv(variable, value)
    for variable in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "TMPDIR"):
        monkeypatch.delenv(variable, raising=False)
    config = client.home / ".config" / "guard"
    config.mkdir(parents=True, exist_ok=True)
    (config / "personal.yaml").write_text(
        "version: 1\nkind: personal\nname: me\ndefault: allow\nprofile: observe\n"
    )
    reply = respond(client.payload("Bash", {"command": f"rm {config}/personal.yaml"}))

    assert verdict(reply.stdout, reply.status) == "deny"
