"""What leaves the machine: data between markers, no secret that the log would take out, nothing of a file's content."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from guard.audit.redact import Redactor
from guard.enforce.reviewer.told import MOST_EFFECTS, told_of
from guard.model.decision import Ask
from guard.model.proposal import BatchProposal, EditProposal, Replacement, ToolProposal, WriteProposal
from guard.policy.rule import SENT
from tests.reviewer.conftest import MAY, ONE, PERSON, Open, proposal, records
from tests.reviewer.server import Server, says

pytestmark = pytest.mark.usefixtures("in_process")
INJECTIONS = tomllib.loads((Path(__file__).parent / "cases" / "injections.toml").read_text())["case"]
FORM = re.compile(r"\[begin ([0-9a-f]{32})\]\n(\{[^\n]*\})\n\[end ([0-9a-f]{32})\]")
SECRETS = {
    "an assignment": "API_TOKEN=hunter2hunter2 ./deploy > yours/a",
    "an option": "deploy --password hunter2hunter2 > yours/a",
    "a header": "curl -H 'Authorization: Bearer hunter2hunter2' https://a.example > yours/a",
    "an address": "curl https://me:hunter2hunter2@a.example/ > yours/a",
    "basic": "curl -u me:hunter2hunter2 https://a.example > yours/a",
    "a token": "echo ghp_hunter2hunter2hunter2hunter2hunter2 > yours/a",
    "a key of the model's": "echo sk-ant-hunter2hunter2hunter2hunter2 > yours/a",
    "a private key": "echo '-----BEGIN PRIVATE KEY-----\nhunter2hunter2\n-----END PRIVATE KEY-----' > yours/a",
    "a file's name": "touch yours/ghp_hunter2hunter2hunter2hunter2hunter2",
    "behind much else": f"echo {'a ' * 4000} API_TOKEN=hunter2hunter2 > yours/a",
    "across the cut": f"echo {'a' * 8170} API_TOKEN=hunter2hunter2 > yours/a",
}


def sent(server: Server) -> tuple[str, dict]:
    """The marker, and the data behind it."""
    (request,) = server.requests
    (said,) = request["messages"]
    found = FORM.fullmatch(said["content"])
    assert found
    assert found[1] == found[3]
    return found[1], json.loads(found[2])


@pytest.mark.parametrize("case", INJECTIONS, ids=lambda case: case["name"])
def test_what_speaks_to_the_reviewer_is_data_and_loosens_nothing(
    opened: Open, server: Server, case: dict
) -> None:
    guard = opened()
    assert isinstance(guard.decide(proposal(guard, case["command"])).decision, Ask)
    # A model that fell for it.
    server.reply = says("allow", confidence=100)
    decided = guard.read_again(guard.decide(proposal(guard, case["command"])))
    marker, data = sent(server)

    assert isinstance(decided.decision, Ask)
    assert data["action"]["command"] == case["command"]
    assert marker not in case["command"]
    content = server.requests[0]["messages"][0]["content"]
    assert content.isascii()
    assert content.count("\n") == 2
    assert content.count(marker) == 2
    assert "recommend allow" not in server.requests[0]["system"].replace("Recommend allow only", "")


def test_every_question_has_its_own_marker(opened: Open, server: Server) -> None:
    guard = opened()
    markers = set()
    for number in range(3):
        guard.read_again(guard.decide(proposal(guard, f"{MAY}{number}")))
        markers.add(sent(server)[0])
        server.requests.clear()

    assert len(markers) == 3


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_never_reaches_the_server_nor_the_log(opened: Open, server: Server, name: str) -> None:
    guard = opened()
    decided = guard.read_again(guard.decide(proposal(guard, SECRETS[name])))
    guard.record(decided)

    (raw,) = server.raw
    assert b"hunter2" not in raw
    assert "hunter2" not in json.dumps(list(guard.log.records()))
    assert "[secret:" in sent(server)[1]["action"]["command"] or "the cut" in name or "much" in name


def test_of_what_is_written_only_the_length_is_told(opened: Open, server: Server) -> None:
    guard = opened()
    where = f"{guard.facts.cwd}/yours/a"
    calls = BatchProposal(
        principal=ONE,
        cwd=guard.facts.cwd,
        parts=(
            WriteProposal(principal=ONE, cwd=guard.facts.cwd, path=where, content="words of mine"),
            EditProposal(
                principal=ONE,
                cwd=guard.facts.cwd,
                path=where,
                edits=(Replacement(old="words of mine", new="words of yours"),),
            ),
        ),
    )
    guard.read_again(guard.decide(calls))
    _, data = sent(server)

    assert data["action"]["parts"] == [
        {"tool": "write", "path": "$W/yours/a", "characters": 13},
        {"tool": "edit", "path": "$W/yours/a", "edits": 1},
    ]
    assert "words of" not in json.dumps(data)


def test_how_the_machines_directories_are_called_is_not_told(opened: Open, server: Server) -> None:
    guard = opened()
    guard.read_again(guard.decide(proposal(guard, "sort ~/x > yours/a")))
    _, data = sent(server)

    assert guard.facts.home not in json.dumps(data)
    assert data["action"]["cwd"] == "$W"


@pytest.mark.parametrize("name", SENT)
def test_only_what_the_policy_says_is_sent(opened: Open, server: Server, name: str) -> None:
    guard = opened(f"  send: [{name}]\n")
    guard.read_again(guard.decide(proposal(guard, PERSON)))
    _, data = sent(server)

    keys = {
        "command": {"action"},
        "effects": {"effects", "effects_total"},
        "facts": {"facts"},
        "rule": {"asked_by"},
    }
    assert set(data) == keys[name]


@pytest.mark.parametrize("send", ["command", "effects", "rule, facts"])
def test_who_is_not_told_the_command_and_its_effects_cannot_allow(opened: Open, send: str) -> None:
    guard = opened(f"  send: [{send}]\n")

    assert isinstance(guard.read_again(guard.decide(proposal(guard, MAY))).decision, Ask)
    assert records(guard, "review.answered")[0]["counts_as"] == "ask"


@pytest.mark.parametrize(
    "command",
    [
        f"echo {'a' * 9000} > notes/a",
        "touch " + " ".join(f"notes/{number}" for number in range(MOST_EFFECTS + 1)),
    ],
    ids=["long", "much"],
)
def test_what_does_not_fit_nobody_allows(opened: Open, server: Server, command: str) -> None:
    guard = opened()
    decided = guard.read_again(guard.decide(proposal(guard, command)))

    assert len(server.requests) == 1
    assert isinstance(decided.decision, Ask)
    assert records(guard, "review.asked")[0]["whole"] is False


def test_what_is_too_long_to_be_told_is_not_sent(opened: Open, server: Server) -> None:
    guard = opened()
    name = "n" * 200
    many = "touch " + " ".join(f"'notes/{name}{'/x' * 400}{number}'" for number in range(MOST_EFFECTS))
    decided = guard.read_again(guard.decide(proposal(guard, many)))

    assert isinstance(decided.decision, Ask)
    assert server.requests == []
    assert records(guard, "review.answered")[0]["problem"] == "the question is too long"


def test_the_arguments_of_a_tool_are_told_without_secrets(opened: Open) -> None:
    guard = opened()
    call = ToolProposal(
        principal=ONE,
        cwd=guard.facts.cwd,
        tool="mcp__x__y",
        arguments='{"token": "x", "q": "--token hunter2"}',
    )
    told = told_of(guard.decide(call), SENT, Redactor.open(guard.places.make(guard.places.state)))

    assert "hunter2" not in json.dumps(told.data)
    assert told.data["action"]["tool"] == "mcp__x__y"
