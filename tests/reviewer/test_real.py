"""The whole way, with real processes: the hook, what it sends into a sandbox, the door of an enclosed session, the library."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from guard.enforce.door import VERSION
from guard.enforce.doorkeeper import Answers, Asked
from guard.enforce.reviewer import consult
from guard.integrations import reviewer
from guard.library.guards import Guard as Library
from guard.model.principal import Principal
from guard.model.verdict import Level
from tests.agents.hooks import Client
from tests.cli.conftest import needs_a_sandbox
from tests.reviewer.conftest import KEY, MAY, PERSON, PERSONAL, Open, proposal, records
from tests.reviewer.server import GOOD, Reply, Server, says

RULES = (
    "rules:\n  - {id: walls, effect: [exec], programs: [rm], verdict: allow, why: It runs in the sandbox.}\n"
)


class Reviewed(Client):
    def __init__(self, root: Path, url: str) -> None:
        super().__init__(root)
        config = self.home / ".config/guard"
        config.mkdir(parents=True)
        (config / "personal.yaml").write_text(
            PERSONAL.format(url=url, more="", reviewer="").replace("rules:\n", RULES)
        )
        for name in ("notes", "yours"):
            (self.work / name).mkdir()
            (self.work / name / "old").write_text("old\n")
        subprocess.run(["git", "add", "-A"], cwd=self.work, check=True)
        self.env["ANTHROPIC_API_KEY"] = KEY
        self.env["PYTHONPATH"] = f"{Path(__file__).parent / 'standin'}:{self.env['PYTHONPATH']}"


@pytest.fixture
def machine(tmp_path: Path, server: Server) -> Reviewed:
    return Reviewed(tmp_path, server.url)


@needs_a_sandbox
def test_what_a_hook_was_told_holds_for_the_command_that_runs_instead(
    machine: Reviewed, server: Server
) -> None:
    """One question for both, and its changes are those that were read."""
    answer = machine.hook(machine.shell("rm -r notes/old"))
    assert answer.verdict == "allow", answer
    server.reply = says("deny")
    command = json.loads(answer.stdout)["hookSpecificOutput"]["updatedInput"]["command"]
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=machine.work,
        env=machine.env,
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert not (machine.work / "notes/old").exists()
    assert len(server.requests) == 1
    asked, answered = machine.records("review.asked"), machine.records("review.answered")
    assert (len(asked), [one["problem"] for one in answered]) == (1, [""])
    assert [one["review"] for one in machine.records("decision")] == [answered[0]["seq"]] * 2
    assert KEY not in json.dumps(machine.records())


def test_a_person_is_shown_the_sentence_in_the_clients_own_prompt(machine: Reviewed, server: Server) -> None:
    answer = machine.hook(machine.shell(PERSON))

    assert answer.verdict == "ask"
    assert f"“{GOOD['does']}”" in answer.reason
    waiting = machine.run("approve", "list")
    assert GOOD["does"] in machine.run("approve", "show", waiting.stdout.split()[0].decode()).stdout.decode()


def test_the_sdk_itself_answers_from_its_own_process(server: Server) -> None:
    request = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]}
    order = {"key": KEY, "base_url": server.url, "timeout_s": 10, "request": request}
    said = json.loads(consult._start(json.dumps(order).encode(), 120))

    assert json.loads(said["body"])["type"] == "message", said
    assert server.keys == [KEY]


@needs_a_sandbox
def test_what_turns_up_in_the_run_is_not_what_a_model_has_read(machine: Reviewed) -> None:
    """It was asked about one place: what the command changes in another is a person's."""
    (machine.work / "build.sh").write_text("rm -r notes/old; echo x > yours/old\n")
    done = machine.exec("rm -r notes/old; sh build.sh")

    assert (machine.work / "yours/old").read_text() == "old\n"
    assert done.returncode in {10, 12}, done.stderr


def test_who_does_not_answer_in_time_is_ended(tmp_path: Path, server: Server) -> None:
    server.reply = Reply(b"", hang=True)
    machine = Reviewed(tmp_path, server.url)
    policy = machine.home / ".config/guard/personal.yaml"
    policy.write_text(policy.read_text().replace("timeout_s: 10", "timeout_s: 2"))
    done = machine.exec(MAY)

    assert done.returncode == 10, done.stderr
    assert machine.records("review.answered")[0]["problem"] == "no answer within 2 s"
    assert b"no second reading: no answer within 2 s" in done.stderr


@pytest.mark.usefixtures("in_process")
def test_the_guard_outside_asks_for_an_enclosed_session(opened: Open) -> None:
    """The hook inside has neither key nor network."""
    guard = opened(level=Level.ENCLOSED)
    who = Asked(
        principal=Principal(agent="claude-code", session="one"),
        decision=0,
        uid=os.getuid(),
        judged_later=True,
    )
    door = Answers(guard, who)
    event = {
        "session_id": "s",
        "cwd": guard.facts.cwd,
        "hook_event_name": "PreToolUse",
        "tool_name": "Bash",
        "tool_use_id": "t",
    }
    said = []
    for command in (MAY, PERSON):
        payload = json.dumps({**event, "tool_input": {"command": command}}).encode()
        question = {"version": VERSION, "agent": "claude-code", "payload": b64encode(payload).decode()}
        said.append(json.loads(door.answer(json.dumps(question).encode()))["stdout"])

    assert [one["problem"] for one in records(guard, "review.answered")] == ["", ""]
    assert [one["decision"]["verdict"] for one in records(guard, "decision")] == ["allow", "ask"]
    assert GOOD["does"] in said[1]


@pytest.mark.usefixtures("in_process")
def test_a_program_with_the_library_is_told_too(
    opened: Open, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, law
) -> None:
    opened()
    home = tmp_path / "home"
    (home / ".config").mkdir(parents=True)
    (home / ".config/guard").symlink_to(law.config)
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    asked = []
    library = Library(tmp_path / "work", approve=lambda question: bool(asked.append(question)))

    assert library.permit(MAY).permitted
    assert not library.permit(PERSON).permitted
    assert GOOD["does"] in asked[0].text
    server.reply = says("deny")
    assert library.decide(PERSON + "b").reasons[0].layer == "reviewer"


def test_without_the_package_it_is_said_how_to_get_it(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anthropic", None)
    monkeypatch.setattr(consult, "_start", lambda order, _timeout_s: reviewer.answer_to(order))
    guard = opened()
    guard.read_again(guard.decide(proposal(guard, MAY)))

    assert "pip install 'execguard[reviewer]'" in records(guard, "review.answered")[0]["problem"]


@pytest.mark.parametrize(
    "said",
    [b"", b"{}", b"[]", b"no", b'{"body": "", "problem": ""}', b"\xff", b'{"status": "x", "body": "y"}'],
)
def test_a_process_that_says_nothing_of_use(
    opened: Open, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(consult, "_start", lambda _order, _timeout_s: said)
    guard = opened()
    decided = guard.read_again(guard.decide(proposal(guard, MAY)))

    assert decided.facts.advice is not None
    assert decided.facts.advice.problem
    assert records(guard, "review.answered")[0]["counts_as"] == "ask"
