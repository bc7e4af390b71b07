"""``observe`` decides, records and stops nothing, for commands that a person starts too; the walls and the guard itself hold."""

import json
import os
from pathlib import Path

import pytest

from guard.agents.claude_code import DIALECT
from guard.audit.verify import verify
from guard.enforce.door import VERSION
from guard.enforce.doorkeeper import Answers, Asked
from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.model.principal import Principal
from guard.model.verdict import Level
from tests.cli.conftest import ROOT

from .machine import Machine

pytestmark = pytest.mark.sandbox
DELETES = 'python3 -c \'__import__("shutil").rmtree("notes")\''
LAW = "version: 1\nkind: personal\nname: me\ndefault: allow\n"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    (made.work / "notes").mkdir()
    for name in "abc":
        (made.work / "notes" / name).write_text(name)
    return made


def law(machine: Machine, text: str) -> None:
    config = machine.home / ".config/guard"
    config.mkdir(parents=True, exist_ok=True)
    (config / "personal.yaml").write_text(LAW + text)


def test_what_would_be_asked_about_runs_and_is_recorded(machine: Machine) -> None:
    command = "echo x > .git/hooks/made"
    assert machine.exec(command).returncode == 10
    law(machine, "profile: observe\n")
    done = machine.exec(command)

    assert done.returncode == 0, done.stderr
    assert b"only observed: the policy would have stopped it (rule `what-runs-later`)" in done.stderr
    assert (machine.work / ".git/hooks/made").read_text() == "x\n"
    record = machine.records("decision")[-1]
    assert (record["mode"], record["decision"]["verdict"]) == ("observe", "ask")
    assert len(machine.records("approval.resolved")) == 1
    assert (
        not (machine.state / "approvals" / "asked").exists()
        or len(os.listdir(machine.state / "approvals" / "asked")) == 0
    )


def test_changes_that_would_be_held_are_let_in_and_can_be_put_back(machine: Machine) -> None:
    assert machine.exec(DELETES).returncode == 12
    law(machine, "profile: observe\n")
    report = machine.report(DELETES)

    assert (report["status"], report["held"], report["judged"]["verdict"]) == (0, None, "ask")
    assert report["observed"] == report["judged"]["reason"]["rule"]
    assert not (machine.work / "notes").exists()
    assert machine.records("changes")[-1]["mode"] == "observe"
    assert machine.run("undo", "--yes", report["undo"]).returncode == 0
    assert (machine.work / "notes" / "a").read_text() == "a"


def test_the_walls_hold(machine: Machine) -> None:
    """A deny of the floor is only observed, and what it is about is out of reach."""
    law(machine, "profile: observe\n")
    done = machine.exec("rm ~/precious")

    assert machine.records("decision")[-1]["mode"] == "observe"
    assert done.returncode not in {10, 11}
    assert (machine.home / "precious").read_text() == "canary\n"
    assert (machine.work / "README").exists()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("echo x > .guard/policy.yaml", 11),
        ("guard sessions unlock s", 11),
        ("guard approve once 1", 11),
        ("rm -rf ~/.local/state/guard", 11),
        ("python3 -c '__import__(\"os\").mkdir(\".guard\"); open(\".guard/policy.yaml\", \"w\").write(\"x\")'", 12),
        ("python3 -c '__import__(\"os\").symlink(\"/etc\", \"out\"); open(\"policies\", \"w\"); __import__(\"os\").rename(\"policies\", \".guard\")'", 12),
    ],
)  # fmt: skip
def test_what_is_the_guards_own_stays_closed(machine: Machine, command: str, code: int) -> None:
    law(machine, "profile: observe\n")
    done = machine.exec(command)

    assert done.returncode == code, done.stderr
    assert not (machine.work / ".guard").exists()
    assert (machine.state / "audit").exists()


def test_what_is_looked_on_at_is_whole(machine: Machine) -> None:
    law(machine, "profile: observe\n")
    for command in ("true", DELETES, "rm ~/precious", "exit 3"):
        machine.exec(command)

    assert verify(str(machine.state / "audit")).ok


RULE = "rules:\n  - {id: watched, effect: [fs.write], zones: [workspace], verdict: deny, mode: shadow, why: w.}\n"


def test_a_rule_in_shadow_only_says_what_it_would_have_said(machine: Machine) -> None:
    law(machine, RULE)
    done = machine.exec("echo x > made")
    inside = machine.run(
        "run", "--ask", "deny", "--at-end", "apply-allowed", "--", "sh", "-c", "echo x > other"
    )

    assert (done.returncode, inside.returncode) == (0, 0), inside.stderr
    assert (machine.work / "made").exists()
    assert (machine.work / "other").exists()
    said = [record["decision"].get("shadow", []) for record in machine.records("decision")]
    assert said[0][0]["rule"] == "watched"


def door(machine: Machine) -> Answers:
    guard = Guard.open(
        cwd=str(machine.work), home=str(machine.home), env=machine.env, level=Level.ENCLOSED,
        places=Places(state=str(machine.state), config=str(machine.home / ".config/guard")),
    )  # fmt: skip
    principal = Principal(agent="claude", session="s")
    return Answers(guard, Asked(principal=principal, decision=0, uid=os.getuid(), judged_later=True))


def asked(machine: Machine, answers: Answers, command: str) -> str:
    """What an enclosed agent's hook is told: ``allow``, ``deny``, ``ask``, or nothing."""
    payload = {
        "session_id": "s", "cwd": str(machine.work), "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_use_id": "t",
        "tool_input": {"command": command},
    }  # fmt: skip
    from binascii import b2a_base64

    text = b2a_base64(json.dumps(payload).encode(), newline=False).decode()
    line = json.dumps({"version": VERSION, "agent": "claude-code", "payload": text}).encode()
    said = json.loads(answers.answer(line))["stdout"]
    return json.loads(said)["hookSpecificOutput"]["permissionDecision"] if said else ""


def test_the_hook_inside_has_no_opinion(machine: Machine) -> None:
    assert DIALECT is not None
    before = door(machine)
    said = [asked(machine, before, command) for command in ("make", "rm ~/precious", "echo x > .git/hooks/x")]
    law(machine, "profile: observe\n")
    after = door(machine)
    now = [asked(machine, after, c) for c in ("make", "rm ~/precious", "echo x > .git/hooks/x", "rm -rf ~")]

    assert said == ["allow", "deny", "ask"]
    assert now == ["", "", "", "deny"]


def test_the_hook_inside_is_held_to_the_law_that_the_session_began_under(machine: Machine) -> None:
    law(machine, "rules:\n  - {id: r, effect: [exec], programs: [tac], verdict: deny, why: w.}\n")
    answers = door(machine)
    assert [asked(machine, answers, "tac f"), asked(machine, answers, "nl f")] == ["deny", ""]
    law(machine, "rules:\n  - {id: r, effect: [exec], programs: [nl], verdict: deny, why: w.}\n")
    said = [
        asked(machine, answers, "tac f"),
        asked(machine, answers, "nl f"),
        asked(machine, answers, "true"),
    ]

    assert said == ["deny", "deny", ""]
    (record,) = machine.records("policy.changed_on_disk")
    assert (record["agent"], record["session"]) == ("claude", "s")
    assert machine.records("decision")[-1]["policy"] == record["in_force"]
    (machine.home / ".config/guard/personal.yaml").write_text("kind: [")
    assert [asked(machine, answers, "tac f"), asked(machine, answers, "true")] == ["deny", "ask"]


def test_the_records_are_what_the_schema_says(machine: Machine) -> None:
    import jsonschema

    law(machine, "profile: observe\n")
    answers = door(machine)
    asked(machine, answers, "rm ~/precious")
    machine.exec(DELETES)
    law(machine, "")
    asked(machine, answers, "true")
    schema = json.loads((ROOT / "docs" / "schemas" / "audit-record.schema.json").read_text())

    kinds = set()
    for record in machine.records():
        jsonschema.Draft202012Validator(schema).validate(record)
        kinds.add(record["type"])
    assert {"decision", "changes", "policy.changed_on_disk"} <= kinds
