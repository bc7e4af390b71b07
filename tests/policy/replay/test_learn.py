"""``guard policy learn``: from what people answered to a patch, and never further than they were asked."""

import argparse
import json
import subprocess
from pathlib import Path
from time import gmtime, strftime
from typing import Any

import jsonschema
import pytest

from guard.cli import policy
from guard.enforce.replay.asks import answered as read
from guard.enforce.replay.asks import asks_of
from guard.enforce.revisions import builtin, contents, layers
from guard.engine.imagined import imagined_facts
from guard.errors import UsageError
from guard.model.dataclass import replace
from guard.model.verdict import Verdict
from guard.policy.replay.learned import Cell, Learner, Proposal, outside
from guard.policy.review.compare import Direction, compare
from guard.policy.rule import Rule, policy_of
from tests import golden
from tests.policy.replay.recorded import Past

POLICY = """# What agents may do in app.
version: 1
kind: policy
name: app
default: ask    # anything that no rule speaks of

zones:
  fixtures: ["$W/db/fixtures/**"]

rules:
  - id: read-here
    effect: [fs.read]
    zones: [workspace, temp]
    verdict: allow
    why: Reading is what it is for.

  # what everybody uses
  - id: tools
    effect: [exec]
    programs: [ls, cat, git, rm, curl, touch, sed, mkdir]
    verdict: allow
    why: Everyday tools.

  - id: deployment
    effect: [fs.write]
    zones: [workspace]
    programs: [sed]
    verdict: ask
    why: People look at these.

tests:
  - {run: "ls", expect: allow}   # the simplest
"""
SCHEMA = json.loads((Path(__file__).parents[3] / "docs/schemas/policy-learn.schema.json").read_text())


@pytest.fixture
def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Past:
    home = tmp_path / "home"
    policies = home / "app/.guard"
    policies.mkdir(parents=True)
    (policies / "policy.yaml").write_text(POLICY)
    (policies.parent / "db/fixtures").mkdir(parents=True)
    return Past(home, monkeypatch)


def learn(*words: str) -> int:
    parser = argparse.ArgumentParser()
    policy.add_arguments(parser)
    return policy.run(parser.parse_args(["learn", *words]))


def report(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    assert learn("--json", *words) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, SCHEMA)
    return found


def cells(found: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(one["effect"], one["kind"], one["name"]) for one in found["proposals"]}


def times(past: Past, count: int, command: str, *, approved: bool = True, human: str = "ana") -> None:
    for number in range(count):
        past.propose(command.replace("%", str(number)), f"s{number}", human, approved=approved)


def test_what_was_always_approved_becomes_a_patch_that_git_applies(
    past: Past, capsys: pytest.CaptureFixture[str]
) -> None:
    times(past, 5, "rm -r build/f%.py")
    times(past, 2, "rm build/f9%.py", human="bo")
    times(past, 6, "touch db/fixtures/x%.sql")
    times(past, 5, "curl https://docs.example.com/%")
    (past.work / ".git").rmdir()
    subprocess.run(["git", "init", "-q", str(past.work)], check=True)
    before = (past.work / ".guard/policy.yaml").read_text()
    capsys.readouterr()
    assert learn() == 0
    shown = capsys.readouterr()
    day = strftime("on %Y-%m-%d", gmtime())

    assert (past.work / ".guard/policy.yaml").read_text() == before
    golden.matches("policy-learn/patch.diff", shown.out.replace(day, "on TODAY"))
    assert "what `guard policy diff` says of it:" in shown.err
    assert "3 looser" in shown.err
    (past.work / "learned.patch").write_text(shown.out)
    subprocess.run(["git", "-C", str(past.work), "apply", "learned.patch"], check=True)
    after = (past.work / ".guard/policy.yaml").read_text()
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []
    parser = argparse.ArgumentParser()
    policy.add_arguments(parser)
    assert policy.run(parser.parse_args(["check", ".guard/policy.yaml"])) == 0
    assert not report(capsys)["proposals"]


def test_a_file_in_canonical_form_stays_so(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    times(past, 5, "touch db/fixtures/a-long-name-%.sql")
    file = past.work / ".guard/policy.yaml"
    parser = argparse.ArgumentParser()
    policy.add_arguments(parser)
    assert policy.run(parser.parse_args(["fmt", str(file)])) == 0
    (past.work / ".git").rmdir()
    subprocess.run(["git", "init", "-q", str(past.work)], check=True)
    (past.work / "learned.patch").write_text(report(capsys)["patch"])
    subprocess.run(["git", "-C", str(past.work), "apply", "learned.patch"], check=True)

    assert "learned-fs-write-fixtures" in file.read_text()
    assert policy.run(parser.parse_args(["fmt", "--check", str(file)])) == 0


def test_one_no_in_the_same_cell_is_a_no(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    times(past, 9, "rm build/f%.py")
    assert cells(report(capsys)) == {("fs.delete", "zones", "generated")}
    past.propose("rm -r build/f30.py", approved=False)
    found = report(capsys)

    assert cells(found) == set()
    assert found["not_proposed"][0]["why"] == "somebody has also denied `fs.delete` in zone `generated`"


def test_a_no_that_a_wider_zone_would_overrule_counts_too(
    past: Past, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was denied lies in a narrower zone, which the one that is learned takes in."""
    times(past, 6, "rm src/f%.py")
    past.propose("rm build/f1.py", approved=False)

    assert cells(report(capsys)) == set()


def test_nobody_is_no_person(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    times(past, 6, "rm build/f%.py")
    decided = past.guard.decide(past.decided[0].analysed.proposal)
    seq = past.guard.record(decided).seq
    past.guard.log.append(
        {"type": "approval.resolved", "decision": seq, "approved": False, "by": "nobody", "surface": "none"}
    )

    assert cells(report(capsys)) == {("fs.delete", "zones", "generated")}


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("sudo ls", "`privilege` of the profile asks"),
        ("git push --force origin agent/x", "of the profile asks, and a repository cannot loosen it"),
        ("sed -i s/a/b/ src/f1.py", "the rule `deployment` of this file asks on purpose"),
        ("cat ~/notes.txt", "where no single zone, host or branch says where"),
    ],
)
def test_what_is_not_the_files_to_open_is_told_and_not_proposed(
    past: Past, capsys: pytest.CaptureFixture[str], command: str, why: str
) -> None:
    times(past, 6, command)
    found = report(capsys)

    assert found["proposals"] == []
    assert any(why in one["why"] and one["command"] == command for one in found["not_proposed"])


def test_seldom_is_not_enough(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    times(past, 4, "rm build/f%.py")

    assert cells(report(capsys)) == set()
    assert cells(report(capsys, "--min", "4")) == {("fs.delete", "zones", "generated")}


def test_what_somebody_asked_to_be_remembered_need_not_be_frequent(
    past: Past, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = "ab" * 32
    decided = past.propose("rm build/f1.py")
    seq = past.guard.record(decided).seq
    who = {"by": "uid 1000", "surface": "guard approve", "scope": "once", "agent": "", "session": ""}
    past.guard.log.append({"type": "approval.granted", "digest": digest, "decision": seq, "until": 1, **who})
    noted = past.work / ".guard/suggestions.yaml"
    assert cells(report(capsys)) == set()
    noted.write_text(
        f'- command: "rm build/f1.py"\n  effects_digest: "sha256:{"cd" * 32}"\n  decided: "ask"\n'
    )
    assert cells(report(capsys)) == set()
    noted.write_text(noted.read_text() + f'- command: "x"\n  effects_digest: "sha256:{digest}"\n')

    assert cells(report(capsys)) == {("fs.delete", "zones", "generated")}
    noted.write_text("no list")
    with pytest.raises(UsageError, match="no list of what people approved"):
        learn()


def test_nothing_is_learned_from_a_log_that_is_not_whole(
    past: Past, capsys: pytest.CaptureFixture[str]
) -> None:
    times(past, 6, "rm build/f%.py")
    current = past.directory / "current.jsonl"
    current.write_bytes(current.read_bytes().replace(b'"approved":true', b'"approved":trUe', 1))

    assert learn() == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "the log is not whole" in shown.err


def test_secrets_are_no_examples(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    token = "ghp_" + "b" * 36
    times(past, 6, f"curl -H 'Authorization: Bearer {token}' https://docs.example.com/%")
    text = json.dumps(report(capsys))

    assert token not in text
    assert "[secret:" not in json.loads(text)["patch"]


def test_without_a_policy_file_it_says_what_to_do(past: Past) -> None:
    (past.work / ".guard/policy.yaml").unlink()
    with pytest.raises(UsageError, match="there is no policy file here"):
        learn()
    with pytest.raises(UsageError, match="there is no such log"):
        learn("--policy", "new.yaml", "--log", "nowhere")


def test_what_is_proposed_loosens_questions_in_its_cell_and_nothing_else(past: Past) -> None:
    times(past, 5, "rm build/f%.py")
    times(past, 5, "touch src/g%.py")
    times(past, 5, "curl https://docs.example.com/%")
    (own,) = layers(contents(".guard/policy.yaml", str(past.work)), builtin())
    around = builtin([own])
    facts = imagined_facts(today="2030-01-01")
    old = policy_of((*around, own), "old")
    learner = Learner(own, 5)
    proposals, _ = learner.proposals(asks_of(read(str(past.directory), str(past.work)), old, "2030-01-01"))
    new = policy_of((*around, replace(own, rules=(*own.rules, *(one.rule for one in proposals)))), "new")
    compared = compare(old, new, facts)

    assert len(proposals) == 3
    assert compared.rows
    loosened = [row for row in compared.rows if row.direction is Direction.LOOSER]
    assert {(row.before.verdict, row.after.verdict) for row in loosened} == {(Verdict.ASK, Verdict.ALLOW)}
    assert outside(compared, proposals, learner, facts) == []
    wide = Rule(id="wide", effects=("fs.delete",), verdict=Verdict.ALLOW, why="x")
    worse = policy_of((*around, replace(own, rules=(*own.rules, wide))), "worse")
    narrow = next(one for one in proposals if one.cell == Cell("fs.delete", "zones", "generated"))
    lying = Proposal(
        rule=replace(narrow.rule, id="wide"), cell=narrow.cell, approved=5, people=1, commands=("x",)
    )
    assert outside(compare(old, worse, facts), [lying], learner, facts) == [lying]
