"""A person answers in a terminal of their own; nothing that an agent can start does."""

import json
import os
import pty
import select
import sys
import time

import jsonschema
import pytest
import yaml

from guard.enforce import person
from guard.enforce.person import why_not_a_person
from tests.cli.conftest import ROOT, User, needs_a_sandbox

ASKED = "echo x > .git/hooks/made"


def ask(user: User, command: str = ASKED) -> str:
    """Ask where nobody is; the id of the question."""
    payload = {
        "session_id": "s", "cwd": str(user.work), "hook_event_name": "PreToolUse", "tool_name": "Bash",
        "tool_use_id": "t", "tool_input": {"command": command},
    }  # fmt: skip
    said = json.loads(user.guard("hook", "claude-code", stdin=json.dumps(payload).encode()).stdout)
    assert said["hookSpecificOutput"]["permissionDecision"] == "ask"
    return listed(user)[-1]["id"]


def listed(user: User) -> list[dict]:
    return [json.loads(line) for line in user.guard("approve", "list", "--json").stdout.splitlines()]


def at_terminal(user: User, *words: str, answer: bytes = b"yes\n", **changes: str) -> tuple[int, str]:
    """With a terminal of its own, in a session that nobody is below: as a person has it."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(user.work)
        os.execvpe(sys.executable, user.argv(*words), {**user.env, "NO_COLOR": "1", **changes})
    shown, answered, end = b"", False, time.monotonic() + 60
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
        if not answered and b"only `yes`" in shown:
            answered = True
            os.write(terminal, answer)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode(errors="replace")


@pytest.fixture(autouse=True)
def as_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs these tests below an agent has a machine on which nobody can answer: that is said, not hidden."""
    for mark in person._MARKS:
        monkeypatch.delenv(mark, raising=False)
    above = person._above("/proc")
    if above:
        pytest.skip(f"these tests run below an agent: {above}")


def types(user: User) -> list[str]:
    return [
        json.loads(line)["type"]
        for line in user.guard("audit", "tail", "--json", "-n", "50").stdout.splitlines()
    ]


def test_nothing_waits(user):
    assert user.guard("approve").stdout == b"nothing waits for an answer\n"
    assert user.guard("approve", "list", "--json").stdout == b""


def test_what_waits_is_listed_and_shown(user):
    id_ = ask(user)
    shown = user.guard("approve", "show", id_).stdout.decode()

    assert id_ in user.guard("approve").stdout.decode()
    for words in (
        "asked by claude-code, session s",
        ASKED,
        "$W/.git/hooks/made",
        "what-runs-later",
        "in a sandbox",
    ):
        assert words in shown
    with open(ROOT / "docs" / "schemas" / "approvals.schema.json", encoding="utf-8") as file:
        schema = json.load(file)
    for value in (*listed(user), json.loads(user.guard("approve", "show", "--json", id_).stdout)):
        jsonschema.Draft202012Validator(schema).validate(value)


def test_what_would_be_lost_is_shown(user):
    (user.work / "notes").mkdir()
    (user.work / "notes" / "new.txt").write_text("x" * 5000)
    (user.work / "src" / "a.py").write_text("print(3)\n")
    shown = user.guard("approve", "show", ask(user, "rm -rf notes src")).stdout.decode()

    assert f"{user.work}/notes: 1 file, 4 KiB; git cannot bring back 1 it does not know" in shown
    assert f"{user.work}/src: 2 files, 18 bytes; git cannot bring back 1 changed since" in shown


def test_a_question_asked_twice_waits_once(user):
    assert ask(user) == ask(user)
    assert len(listed(user)) == 1


@pytest.mark.parametrize("words", [["once", "{}"], ["once", ""], ["show", "zz"], ["often", "1"], ["once"]])
def test_what_is_not_there_cannot_be_answered(user, words):
    other = (
        "1" if ask(user).startswith("0") else "0"
    )  # a beginning that the id has not: it is different each time

    assert user.guard("approve", *(word.format(other) for word in words)).returncode == 2


@needs_a_sandbox
def test_a_person_lets_it_run_once(user):
    id_ = ask(user)
    status, shown = at_terminal(user, "approve", "once", id_)
    first, second = (user.guard("exec", "--", ASKED).returncode for _ in range(2))

    assert status == 0
    assert f"{id_}: approved, once, for 10 minutes" in shown
    assert (first, second) == (0, 10)
    assert (user.work / ".git" / "hooks" / "made").read_text() == "x\n"
    assert {"approval.granted", "approval.used"} <= set(types(user))


def test_it_can_be_noted_for_a_rule(user):
    (user.work / ".guard").mkdir()
    (user.work / ".guard" / "suggestions.yaml").write_text("- command: x")
    id_ = ask(user, "echo 'a: b # c' > .envrc")
    status, shown = at_terminal(user, "approve", "remember", id_)
    entries = yaml.safe_load((user.work / ".guard" / "suggestions.yaml").read_text())

    assert status == 0, shown
    assert entries[0] == {"command": "x"}
    assert set(entries[1]) == {"command", "tool", "cwd", "effects_digest", "decided", "rule", "by", "at"}
    assert (entries[1]["command"], entries[1]["decided"]) == ("echo 'a: b # c' > .envrc", "ask")
    assert not (user.work / ".guard" / "policy.yaml").exists()


def test_it_is_noted_nowhere_else(user, tmp_path):
    (user.work / ".guard").symlink_to(tmp_path)
    status, shown = at_terminal(user, "approve", "remember", ask(user))

    assert status == 3, shown
    assert list(tmp_path.iterdir()) == []
    assert "approval.granted" not in types(user)


@pytest.mark.parametrize("answer", [b"y\n", b"\n", b"\x04", b"YES\n"])
def test_only_yes_is_a_yes(user, answer):
    status, _ = at_terminal(user, "approve", "once", ask(user), answer=answer)

    assert status == 10
    assert len(listed(user)) == 1


def test_a_person_refuses_it(user):
    status, _ = at_terminal(user, "approve", "no", ask(user))

    assert status == 0
    assert listed(user) == []
    record = json.loads(user.guard("audit", "tail", "--json", "-n", "1").stdout)
    assert (record["type"], record["approved"], record["by"]) == (
        "approval.resolved",
        False,
        f"uid {os.getuid()}",
    )


@needs_a_sandbox
def test_who_waits_is_answered_while_it_waits(user):
    waiting = os.fork()
    if waiting == 0:
        os._exit(user.guard("exec", "--ask", "wait", "--", ASKED).returncode)
    end = time.monotonic() + 30
    while not listed(user) and time.monotonic() < end:
        time.sleep(0.1)
    at_terminal(user, "approve", "once", listed(user)[0]["id"])

    assert os.waitstatus_to_exitcode(os.waitpid(waiting, 0)[1]) == 0
    assert (user.work / ".git" / "hooks" / "made").exists()


def test_without_a_terminal_nobody_answers(user):
    done = user.guard("approve", "once", ask(user), stdin=b"yes\n")

    assert done.returncode == 11
    assert b"standard input is no terminal" in done.stderr


@pytest.mark.parametrize("mark", person._MARKS)
def test_below_an_agent_nobody_answers(user, mark):
    status, shown = at_terminal(user, "approve", "once", ask(user), **{mark: "1"})

    assert status == 11
    assert f"the variable {mark} is set" in shown
    assert len(listed(user)) == 1


def test_whose_terminal_it_is_that_asks_is_not_where_it_is_answered(user):
    script = f"{sys.executable} -m guard hook claude-code < payload > /dev/null; exec {sys.executable} -m guard approve once {{}}"
    id_ = ask(user)
    payload = {
        "session_id": "s", "cwd": str(user.work), "hook_event_name": "PreToolUse", "tool_name": "Bash",
        "tool_use_id": "t", "tool_input": {"command": ASKED},
    }  # fmt: skip
    (user.work / "payload").write_text(json.dumps(payload))
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(user.work)
        os.execvpe("sh", ["sh", "-c", script.format(id_)], user.env)
    shown = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        shown += part
    os.close(terminal)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 11
    assert b"this is the terminal of the agent that asks" in shown


@pytest.mark.parametrize(
    ("cmdline", "environ", "found"),
    [
        (["claude"], [], "claude"),
        (["node", "/usr/lib/node_modules/x/codex.js"], [], "codex.js"),
        (["/usr/bin/python3", "-I", "-m", "guard", "run"], [], "guard run"),
        (["guard", "run", "--", "x"], [], "guard run"),
        (["python3", "/usr/bin/guard", "exec"], [], "guard exec"),
        (["bash"], ["PATH=/", "GUARD_SESSION=1"], "GUARD_SESSION"),
        (["bash"], ["CLAUDECODE=1"], "CLAUDECODE"),
        (["bash"], ["HOME=/h"], ""),
        (["guard", "audit"], [], ""),
    ],
)
def test_what_it_was_started_below_is_looked_at(tmp_path, cmdline, environ, found):
    """Three processes up; a cleaned environment and a terminal of one's own do not help."""
    chain = [os.getppid(), 70001, 70002]
    for pid, parent in zip(chain, [*chain[1:], 1], strict=True):
        (tmp_path / str(pid)).mkdir()
        words, variables = (cmdline, environ) if parent == 1 else (["sh"], [])
        (tmp_path / str(pid) / "cmdline").write_bytes("\0".join([*words, ""]).encode())
        (tmp_path / str(pid) / "environ").write_bytes("\0".join(variables).encode())
        (tmp_path / str(pid) / "stat").write_text(f"{pid} (a) b) S {parent} 1 1 0 -1")

    assert found in person._above(str(tmp_path))
    assert bool(person._above(str(tmp_path))) == bool(found)


def test_a_process_that_is_not_in_the_foreground_is_nobody(monkeypatch):
    monkeypatch.setattr(os, "isatty", lambda _: True)
    monkeypatch.setattr(person, "terminal_of", lambda _: 5)
    monkeypatch.setattr(os, "tcgetpgrp", lambda _: os.getpgrp() + 1)

    assert "foreground" in why_not_a_person()


@pytest.mark.parametrize("words", ["approve once 1", "approve", "approve list", "approve show 1"])
def test_an_agent_does_not_run_it(user, words):
    said = json.loads(user.guard("check", "--json", "--", f"guard {words}").stdout)

    assert said["verdict"] == "deny"
