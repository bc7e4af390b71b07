"""What a person approved in another terminal: whose it is, how often, how long, and what is written down of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from guard.enforce import approvals
from guard.enforce.approvals import MOST, SESSION_S, TTL_S, asks, expire, file_ask, grant, lend, take
from guard.enforce.approve import Nobody, approve, permitted
from guard.enforce.elsewhere import Elsewhere
from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.engine.granted import is_granted
from guard.model.decision import Allow, Ask, Deny
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.verdict import Level

from .machine import Machine

ONE, OTHER = Principal(agent="claude-code", session="one"), Principal(agent="claude-code", session="other")
ASKED = "echo x > .envrc"


@pytest.fixture
def guard(tmp_path: Path) -> Guard:
    (tmp_path / "work").mkdir()
    return opened(tmp_path)


def opened(root: Path) -> Guard:
    return Guard.open(
        cwd=str(root / "work"),
        home=str(root),
        env={"PATH": "/usr/bin:/bin"},
        level=Level.CONTAINED,
        places=Places(state=str(root / "state"), config=str(root / "config")),
    )


def proposal(guard: Guard, command: str = ASKED, principal: Principal = ONE) -> ShellProposal:
    return ShellProposal(principal=principal, cwd=guard.facts.cwd, command=command)


def said_yes(guard: Guard, command: str = ASKED, principal: Principal = ONE, *, session: bool = False):
    """Asked, filed, and approved."""
    decided = guard.decide(proposal(guard, command, principal))
    assert isinstance(decided.decision, Ask)
    ask = file_ask(decided, guard.record(decided).seq, guard.places)
    return grant(ask, guard.places, guard.log, by="ana", surface="here", session=session)


def records(guard: Guard, kind: str) -> list[dict]:
    return [record for record in guard.log.records() if record["type"] == kind]


def test_what_was_approved_runs_once(guard: Guard) -> None:
    said_yes(guard)
    decided, number, permit = permitted(guard, proposal(guard), Nobody())
    again, _, none = permitted(guard, proposal(guard), Nobody())

    assert is_granted(decided.decision)
    assert permit is not None
    assert isinstance(again.decision, Ask)
    assert none is None
    (given,), (used,) = records(guard, "approval.granted"), records(guard, "approval.used")
    assert (given["by"], given["surface"], given["scope"], used["used_by"]) == ("ana", "here", "once", number)
    assert given["digest"] == used["digest"]


@pytest.mark.parametrize(
    "command",
    ["echo y > .envrc", "echo x >> .envrc", "echo x > .envrc ", "echo x > sub/.envrc", "ls; echo x > .envrc"],
)
def test_another_command_is_asked_about_all_the_same(guard: Guard, command: str) -> None:
    said_yes(guard)

    assert isinstance(guard.decide(proposal(guard, command)).decision, Ask)


def test_another_directory_is_asked_about_all_the_same(guard: Guard) -> None:
    said_yes(guard)
    os.mkdir(f"{guard.facts.cwd}/sub")
    there = guard.at(cwd=f"{guard.facts.cwd}/sub", home=guard.facts.home)

    assert isinstance(there.decide(proposal(there)).decision, Ask)


def test_another_policy_is_asked_about_all_the_same(guard: Guard, tmp_path: Path) -> None:
    said_yes(guard)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "personal.yaml").write_text(
        "version: 1\nkind: personal\nname: me\ndefault: allow\n"
    )

    assert isinstance(opened(tmp_path).decide(proposal(guard)).decision, Ask)


def test_a_script_that_was_changed_since_is_asked_about_again(guard: Guard) -> None:
    script = Path(guard.facts.cwd) / "setup.sh"
    script.write_text("echo x > .envrc\n")
    said_yes(guard, "sh setup.sh")
    same = guard.decide(proposal(guard, "sh setup.sh")).decision
    script.write_text("echo x > .envrc # and more\n")

    assert isinstance(same, Allow)
    assert isinstance(guard.decide(proposal(guard, "sh setup.sh")).decision, Ask)


def test_no_grant_opens_what_is_denied(guard: Guard) -> None:
    """Even one that somebody wrote there for exactly this."""
    decided = guard.decide(proposal(guard, "rm -rf ~"))
    assert isinstance(decided.decision, Deny)
    grant(
        file_ask(decided, 0, guard.places), guard.places, guard.log, by="ana", surface="here", session=False
    )

    assert isinstance(guard.decide(proposal(guard, "rm -rf ~")).decision, Deny)


@pytest.mark.parametrize("later", [TTL_S, TTL_S + 3600, -1])
def test_a_grant_ends(guard: Guard, monkeypatch: pytest.MonkeyPatch, later: int) -> None:
    """Where the clock has been set back, it is not yet one."""
    said_yes(guard)
    granted = guard.decide(proposal(guard))
    now = approvals._now()
    monkeypatch.setattr(approvals, "_now", lambda: now + later)

    assert isinstance(guard.decide(proposal(guard)).decision, Ask)
    assert take(granted, 1, guard.places, guard.log) is None
    assert approve(granted, 1, Nobody(), guard) is None
    assert records(guard, "approval.used") == []


def test_what_was_not_used_in_time_is_recorded(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    made = said_yes(guard)
    now = approvals._now()
    monkeypatch.setattr(approvals, "_now", lambda: now + TTL_S)

    assert expire(guard.places, guard.log) == 1
    assert expire(guard.places, guard.log) == 0
    assert [record["digest"] for record in records(guard, "approval.expired")] == [made.digest]


def test_a_grant_for_a_session_holds_there_and_nowhere_else(
    guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    said_yes(guard, session=True)
    for _ in range(3):
        assert permitted(guard, proposal(guard), Nobody())[2] is not None

    assert permitted(guard, proposal(guard, principal=OTHER), Nobody())[2] is None
    assert len(records(guard, "approval.used")) == 3
    now = approvals._now()
    monkeypatch.setattr(approvals, "_now", lambda: now + SESSION_S)
    assert permitted(guard, proposal(guard), Nobody())[2] is None


def test_a_grant_for_a_session_is_lent_to_the_command_that_runs_instead(guard: Guard) -> None:
    """It runs as `guard exec`, which is of no session."""
    nobody = Principal(agent="exec")
    said_yes(guard, session=True)
    assert permitted(guard, proposal(guard, principal=nobody), Nobody())[2] is None
    lend(guard.decide(proposal(guard)), guard.places)

    assert permitted(guard, proposal(guard, principal=nobody), Nobody())[2] is not None
    assert permitted(guard, proposal(guard, principal=nobody), Nobody())[2] is None


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"digest": "0" * 64},
        {"digest": "../" + "0" * 61},
        {"until": "soon"},
        {"at": None},
        {"session": "s", "agent": "a"},
        {"by": None, "until": None},
    ],
)
def test_a_grant_that_is_not_well_formed_is_none(guard: Guard, change: dict) -> None:
    made = said_yes(guard)
    path = Path(guard.places.granted) / made.digest
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))

    assert isinstance(guard.decide(proposal(guard)).decision, Ask)


def test_a_grant_that_others_can_write_is_none(guard: Guard) -> None:
    os.chmod(Path(guard.places.granted) / said_yes(guard).digest, 0o622)

    assert isinstance(guard.decide(proposal(guard)).decision, Ask)


def test_a_grant_that_is_a_link_is_none(guard: Guard, tmp_path: Path) -> None:
    path = Path(guard.places.granted) / said_yes(guard).digest
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")

    assert isinstance(guard.decide(proposal(guard)).decision, Ask)


def test_nobody_waits_for_more_than_there_is_room_for(guard: Guard) -> None:
    decided = guard.decide(proposal(guard))
    for number in range(MOST + 20):
        os.makedirs(guard.places.asked, exist_ok=True)
        (Path(guard.places.asked) / f"{number:064x}").write_text("{}")
    file_ask(decided, 0, guard.places)

    assert len(os.listdir(guard.places.asked)) <= MOST
    assert [ask.digest for ask in asks(guard.places)] == [approvals.digest_of(decided)]


RACER = """
import sys
from pathlib import Path
from tests.enforce.test_approvals import ONE, Nobody, opened, permitted, proposal
guard = opened(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print("won" if permitted(guard, proposal(guard), Nobody())[2] is not None else "lost")
"""


def test_of_two_processes_that_come_at_once_one_has_it(guard: Guard, tmp_path: Path) -> None:
    for _ in range(3):
        said_yes(guard)
        racers = [
            subprocess.Popen(
                [sys.executable, "-c", RACER, str(tmp_path)],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(3)
        ]
        for racer in racers:
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            racer.stdin.write("go\n")
            racer.stdin.flush()
        said = sorted(racer.communicate(timeout=60)[0] for racer in racers)

        assert said == ["lost\n", "lost\n", "won\n"]
    assert len(records(guard, "approval.used")) == len(records(guard, "approval.granted")) == 3


def answered(guard: Guard, answer) -> Elsewhere:
    return Elsewhere(guard.places, guard.log, 20.0, answer)


def test_who_waits_goes_on_when_a_person_says_yes(guard: Guard) -> None:
    def answer(ask, _wait_s) -> None:
        grant(ask, guard.places, guard.log, by="ana", surface="there", session=False)

    approver = answered(guard, answer)
    _, _, permit = permitted(guard, proposal(guard), approver)

    assert permit is not None
    (record,) = records(guard, "approval.resolved")
    assert (record["approved"], record["by"], record["surface"]) == (True, "ana", "there")
    assert os.listdir(guard.places.asked) == os.listdir(guard.places.granted) == []


def test_who_waits_ends_when_a_person_says_no(guard: Guard) -> None:
    approver = answered(guard, lambda ask, _: approvals.withdraw(ask.digest, guard.places))

    assert permitted(guard, proposal(guard), approver)[2] is None


def test_who_waits_ends_when_nobody_answers(guard: Guard) -> None:
    approver = Elsewhere(guard.places, guard.log, 0.01, lambda ask, wait_s: None)

    assert permitted(guard, proposal(guard), approver)[2] is None
    assert asks(guard.places) == ()


def test_where_it_cannot_be_kept_nobody_is_asked(guard: Guard) -> None:
    os.makedirs(guard.places.state, exist_ok=True)
    Path(guard.places.approvals).write_text("in the way")

    assert permitted(guard, proposal(guard), answered(guard, lambda ask, wait_s: None))[2] is None


# ---------------------------------------------------------------------- the hook


def hook(machine: Machine, tool: str, arguments: dict) -> dict:
    payload = {
        "session_id": "s",
        "cwd": str(machine.work),
        "hook_event_name": "PreToolUse",
        "tool_name": tool,
        "tool_use_id": "t",
    }
    done = machine.run("hook", "claude-code", stdin=json.dumps({**payload, "tool_input": arguments}).encode())
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["hookSpecificOutput"]


def approve_all(machine: Machine, *, session: bool = False) -> None:
    places = Places(state=str(machine.state), config=str(machine.home / ".config/guard"))
    log = approvals.AuditLog(places.audit)
    for ask in asks(places):
        grant(ask, places, log, by="ana", surface="here", session=session)


def test_a_tool_call_that_was_approved_elsewhere_is_allowed_once(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    call = ("Write", {"file_path": str(machine.work / ".envrc"), "content": "x"})
    first = hook(machine, *call)
    approve_all(machine)
    second, third = hook(machine, *call), hook(machine, *call)

    assert [said["permissionDecision"] for said in (first, second, third)] == ["ask", "allow", "ask"]
    assert "a person has approved exactly this" in second["permissionDecisionReason"]


@pytest.mark.sandbox
def test_a_command_that_was_approved_elsewhere_runs_contained(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    call = ("Bash", {"command": ASKED})
    assert hook(machine, *call)["permissionDecision"] == "ask"
    approve_all(machine, session=True)
    for _ in range(2):
        said = hook(machine, *call)
        assert said["permissionDecision"] == "allow"
        done = subprocess.run(
            ["sh", "-c", said["updatedInput"]["command"].replace(" -I ", " ")], cwd=machine.work, env=machine.env, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert (machine.work / ".envrc").read_text() == "x\n"
        # To overwrite a file is something else than to make one.
        (machine.work / ".envrc").unlink()
    assert len(machine.records("approval.used")) == 2
