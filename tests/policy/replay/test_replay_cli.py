"""``guard policy replay``: real logs, and what is said of them."""

import argparse
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from guard.cli import audit, policy
from guard.enforce.replay.columns import database
from guard.enforce.replay.judging import answered
from guard.enforce.replay.laws import composed
from guard.engine.decide import weigh
from guard.errors import GuardError, UsageError
from guard.model.proposal import ShellProposal
from guard.policy.replay.flips import direction_of
from tests import golden
from tests.policy.replay.recorded import POLICY, Past

AT = ("--at", "2030-06-01", "--jobs", "1")


@pytest.fixture
def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Past:
    return Past(tmp_path / "home", monkeypatch)


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    policy.add_arguments(parser)
    return policy.run(parser.parse_args(["replay", *AT, *words]))


def report(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    run("--json", *words)
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_it_says_what_deciding_one_by_one_says(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    past.many(160)
    found = report(capsys, "--policy", "new.yaml")
    law = composed(["new.yaml"], [], str(past.work), alone=False)
    flips: Counter[tuple[str, str, str]] = Counter()
    for one in past.decided:
        a_tool = not isinstance(one.analysed.proposal, ShellProposal)
        before = answered(one.decision)
        after = answered(weigh(one.effects, one.facts, law.policy, a_tool=a_tool))
        direction = direction_of(before, after)
        if direction is not None:
            flips[direction.value, before.rule, after.rule] += 1

    assert len(list((past.directory / "seg").glob("*.jsonl"))) > 2
    assert (found["decisions"], found["decided_again"]) == (160, 160)
    assert {
        (f["direction"], f["before"]["rule"], f["after"]["rule"]): f["decisions"] for f in found["flips"]
    } == dict(flips)
    assert flips
    assert found["verified"]
    assert found["whole"]


def test_under_the_same_policy_nothing_flips(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    past.many(60)
    found = report(capsys)

    assert (found["decided_again"], found["same"], found["other_rule"], found["flips"]) == (60, 60, 0, [])


def test_what_becomes_looser_comes_first_with_its_commands_and_fails(
    past: Past, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        past.propose("rm -rf build")
    past.propose("curl https://example.com/?token=abcdefgh12345", "t", "bo")
    (past.work / "loose.yaml").write_text("version: 1\nkind: policy\nname: l\ndefault: allow\nrules: []\n")
    past.propose("cat src/f1.py")

    assert run("--alone", "--policy", "loose.yaml", "--fail-on", "looser") == 0
    assert run("--base", "new.yaml", "--policy", "none", "--fail-on", "looser") == 1
    capsys.readouterr()
    run("--base", "new.yaml", "--policy", "none")
    shown = capsys.readouterr().out.splitlines()

    assert shown[0] == "5 recorded decisions: 3 looser"
    assert shown[1:4] == [
        "LOOSER    ask -> allow  repo:ask-for-trees -> profile:delete-generated",
        "          3 decisions, 60 % (1 session, 1 user)",
        "                3 x  rm -rf build",
    ]


def test_a_log_that_was_changed_is_told_and_never_passes(
    past: Past, capsys: pytest.CaptureFixture[str]
) -> None:
    past.many(40)
    assert run("--policy", "none", "--fail-on", "looser") == 0
    current = past.directory / "current.jsonl"
    while current.read_bytes().count(b"\n") < 3:
        past.propose("ls")
    text = current.read_bytes()
    current.write_bytes(text.replace(b'"cwd"', b'"cwD"', 1))
    capsys.readouterr()

    assert run("--policy", "none", "--fail-on", "looser") == 1
    shown = capsys.readouterr().out
    assert "THE LOG IS NOT WHOLE:" in shown
    assert f"{current}:1: " in shown or f"{current}:" in shown
    current.write_bytes(text[: text.rindex(b"\n", 0, -1) + 1])
    assert run("--policy", "none", "--fail-on", "looser") == 1
    assert "acknowledged records at the end are gone" in capsys.readouterr().out
    (past.directory / "seg" / min(p.name for p in (past.directory / "seg").iterdir())).unlink()
    assert run("--policy", "none", "--fail-on", "looser") == 1


def test_a_record_that_was_being_written_is_no_harm(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    past.many(10)
    with (past.directory / "current.jsonl").open("ab") as file:
        file.write(b'{"agent":{"name')

    assert run("--policy", "none", "--fail-on", "looser") == 0
    assert "The log is whole." in capsys.readouterr().out


def test_what_is_kept_beside_the_log_is_made_again_when_the_log_has_changed(
    past: Past, capsys: pytest.CaptureFixture[str]
) -> None:
    past.many(60)
    report(capsys)
    kept = past.directory / "replay"
    before = {path.name: path.stat().st_ino for path in kept.glob("*.parquet")}
    past.propose("ls")
    found = report(capsys)
    after = {path.name: path.stat().st_ino for path in kept.glob("*.parquet")}

    assert found["decisions"] == 61
    assert kept.stat().st_mode & 0o777 == 0o700
    closed = {name for name in before if not name.startswith("current")}
    assert closed
    assert all(before[name] == after[name] for name in closed)
    assert before.keys() != after.keys()
    kept.chmod(0o777)
    with (kept / "current.json").open("w") as file:
        file.write("{}")
    assert report(capsys)["decisions"] == 61
    assert report(capsys, "--no-cache")["decisions"] == 61


def test_malformed_lines_are_named_and_what_is_secret_is_not_shown(
    past: Past, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = past.work / "lines.jsonl"
    token = "ghp_" + "a" * 36
    lines.write_text(
        json.dumps({"command": "rm -rf build", "session": "a"})
        + "\n{not json\n\n"
        + json.dumps({"command": f"rm -rf build/{token}", "user": "u"})
        + '\n{"command": 7}\n[]\n{"type": "decision", "seq": 3}\n{"type": "outcome", "seq": 4}\n'
    )
    with pytest.raises(UsageError, match="without the effects"):
        run("--log", str(lines), "--policy", "new.yaml")
    found = report(capsys, "--log", str(lines), "--policy", "new.yaml", "--reanalyse")

    assert found["malformed"] == 4
    assert [line["place"].rpartition(":")[2] for line in found["malformed_lines"]] == ["2", "5", "6", "7"]
    assert found["decisions"] == 2
    assert not found["verified"]
    (flip,) = found["flips"]
    assert flip["decisions"] == 2
    assert token not in json.dumps(found)
    assert run("--log", str(lines), "--policy", "new.yaml", "--reanalyse", "--fail-on", "looser") == 1


def test_records_of_an_older_guard_are_counted_and_not_guessed(
    past: Past, capsys: pytest.CaptureFixture[str]
) -> None:
    past.many(20)
    old = past.work / "old.jsonl"
    with old.open("w") as file:
        for path in sorted(past.directory.glob("**/*.jsonl")):
            for line in path.read_text().splitlines():
                record = json.loads(line)
                record.pop("basis", None)
                file.write(json.dumps(record) + "\n")
    found = report(capsys, "--log", str(old), "--policy", "none")

    assert (found["decisions"], found["decided_again"]) == (20, 0)
    assert [one["decisions"] for one in found["not_decided"]] == [20]
    assert run("--log", str(old), "--policy", "none", "--fail-on", "looser") == 1


def test_days_and_workspaces_can_be_chosen(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    past.many(10)

    assert report(capsys, "--since", "2020-01-01", "--until", "2999-01-01")["decisions"] == 10
    assert report(capsys, "--since", "2999-01-01")["decisions"] == 0
    assert report(capsys, "--until", "2020-01-01")["decisions"] == 0
    assert report(capsys, "--workspace", str(past.work))["decisions"] == 10
    assert report(capsys, "--workspace", "/elsewhere")["decisions"] == 0
    with pytest.raises(UsageError, match="no day of the calendar"):
        run("--since", "yesterday")


def test_reading_commands_anew_compares_two_policies(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    past.many(60)
    found = report(capsys, "--reanalyse", "--policy", "new.yaml", "--base", "none")
    shell = [one for one in past.decided if isinstance(one.analysed.proposal, ShellProposal)]

    assert found["decided_again"] == len(shell)
    assert sum(one["decisions"] for one in found["not_decided"]) == 60 - len(shell)
    assert {flip["direction"] for flip in found["flips"]} == {"stricter"}
    commands = {one["command"] for flip in found["flips"] for one in flip["commands"]}
    assert "rm -rf build" in commands


def test_processes_say_the_same(
    past: Past, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    past.many(60)
    monkeypatch.setattr("guard.enforce.replay.table.BATCH", 4)
    alone = report(capsys, "--policy", "new.yaml")
    both = report(capsys, "--policy", "new.yaml", "--jobs", "2", "--no-cache")

    assert alone == both


def test_without_the_extra_one_message_says_what_to_install(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    past.propose("ls")
    monkeypatch.setitem(sys.modules, "duckdb", None)

    with pytest.raises(GuardError, match="DuckDB, which is not installed") as caught:
        run()
    assert caught.value.help == "run `pip install 'execguard[replay]'`"


def test_parquet_that_is_none_and_logs_that_are_none_are_told(past: Past) -> None:
    (past.work / "x.parquet").write_text("no")
    with pytest.raises(GuardError, match="cannot be read as Parquet"):
        run("--log", "x.parquet")
    for missing in ("nowhere", str(past.work)):
        with pytest.raises(UsageError, match="there is no"):
            run("--log", missing)


def test_revisions_of_git_are_policies_as_for_a_difference(
    past: Past, capsys: pytest.CaptureFixture[str]
) -> None:
    (past.work / ".git").rmdir()
    git = ("git", "-c", "user.name=n", "-c", "user.email=e", "-C", str(past.work))
    for words in (("init", "-q"), ("add", "new.yaml"), ("commit", "-qm", "x")):
        subprocess.run([*git, *words], check=True)
    (past.work / "new.yaml").write_text(POLICY.replace("verdict: ask", "verdict: deny"))
    past.propose("rm -rf build")
    (flip,) = report(capsys, "--base", "HEAD:new.yaml", "--policy", "new.yaml")["flips"]

    assert (flip["before"]["verdict"], flip["after"]["verdict"]) == ("ask", "deny")


def test_an_exported_log_says_the_same(past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    past.many(40)
    parser = argparse.ArgumentParser()
    audit.add_arguments(parser)
    out = past.work / "all's.parquet"
    assert audit.run(parser.parse_args(["export", "--parquet", str(out)])) == 0
    mine, its = (
        report(capsys, "--policy", "new.yaml"),
        report(capsys, "--policy", "new.yaml", "--log", str(out)),
    )

    assert out.stat().st_mode & 0o777 == 0o600
    assert its["flips"] == mine["flips"]
    assert (mine["verified"], its["verified"]) == (True, False)
    current = past.directory / "current.jsonl"
    current.write_bytes(current.read_bytes()[:-1] + b" \n")
    assert audit.run(parser.parse_args(["export", "--parquet", str(out)])) == 1
    assert "not a record as the guard writes them" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_what_reviewers_read(past: Past, capsys: pytest.CaptureFixture[str], form: str) -> None:
    past.many(60)
    for number in range(2):
        past.propose("rm -rf build", f"t{number}")
    (past.work / "old.jsonl").write_text('{"command": "ls"}\n{"command":\n')
    log = str(past.directory)
    run("--base", "none", "--policy", "new.yaml", "--log", log, "old.jsonl", "--format", form)
    shown = golden.normal(capsys.readouterr().out, home=past.home, work=past.work)

    golden.matches(f"policy-replay/{form}.txt", shown)


def test_who_interrupts_the_database_has_interrupted_us() -> None:
    with pytest.raises(KeyboardInterrupt), database(1):
        raise RuntimeError("Query interrupted")
    with pytest.raises(RuntimeError, match="something else"), database(1):
        raise RuntimeError("something else")
