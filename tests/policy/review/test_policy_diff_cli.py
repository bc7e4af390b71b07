"""``guard policy diff``: what reviewers, pull requests and CI get."""

import argparse
import json
import subprocess
from pathlib import Path

import pytest

from guard.cli import policy

BASE = """version: 1
kind: policy
name: payments
default: allow
zones:
  generated: ["$W/build/**"]
  migrations: ["$W/db/migrations/**"]
rules:
  - id: delete-trees
    effect: [fs.delete]
    zones: [workspace]
    except_zones: [generated]
    verdict: ask
    why: A wrong path here deletes uncommitted work.
  - id: migrations-are-history
    effect: [fs.delete]
    zones: [migrations]
    verdict: ask
    why: Applied migrations must never change.
exceptions:
  - id: squash
    rule: migrations-are-history
    verdict: allow
    zones: [migrations]
    reason: One-off squash.
    owner: dana
    approved_by: security
    expires: 2030-12-15
tests:
  - {run: "rm -r src", expect: ask}
"""
HEAD = BASE.replace('"$W/build/**"]', '"$W/build/**", "$W/db/**"]')
AT = ("--at", "2030-06-01")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "home" / "ws").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(tmp_path / "home" / "ws")
    (tmp_path / "home" / "ws" / "base.yaml").write_text(BASE)
    (tmp_path / "home" / "ws" / "head.yaml").write_text(HEAD)
    return tmp_path / "home"


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    policy.add_arguments(parser)
    return policy.run(parser.parse_args(["diff", *words]))


def test_a_row_that_hangs_on_an_exception_says_until_when(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("base.yaml", "head.yaml", *AT, "--format", "markdown") == 0
    shown = capsys.readouterr().out

    assert "| `rm -r db/migrations` |" in shown
    assert (
        "`rm -r db/migrations` is allowed **only until 2030-12-15**: exception `squash` (dana) ends." in shown
    )
    assert "compared exhaustively" in shown


def test_nothing_changed_says_so_and_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("base.yaml", "base.yaml", *AT, "--fail-on", "looser") == 0
    assert "changes nothing" in capsys.readouterr().out


def test_looser_fails_until_it_is_accepted_with_a_reason_on_record(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("base.yaml", "head.yaml", *AT, "--fail-on", "looser") == 1
    assert run("head.yaml", "base.yaml", *AT, "--fail-on", "looser") == 0
    assert run("base.yaml", "head.yaml", *AT, "--fail-on", "looser", "--accept", "PAY-2291", "squash") == 0
    capsys.readouterr()
    (log,) = (here / ".local/state/guard/audit").glob("**/*.jsonl")
    record = json.loads(log.read_text().splitlines()[-1])

    assert record["type"] == "policy.looser-accepted"
    assert record["reason"] == "PAY-2291 squash"
    assert record["policy"].startswith("sha256:")
    assert record["looser"] >= 1
    assert all(row["effect"] == "fs.delete" for row in record["rows"])


def test_revisions_of_git_are_compared_without_checking_them_out(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def git(*words: str) -> None:
        subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", *words],
            check=True,
            capture_output=True,
        )

    git("init", "-q", "-b", "main")
    (here / "ws" / "policies").mkdir()
    (here / "ws" / "policies" / "guard.yaml").write_text(BASE)
    (here / "ws" / "policies" / "other.yaml").write_text("on_push: [a]\n")
    git("add", "policies")
    git("commit", "-qm", "x")
    (here / "ws" / "policies" / "guard.yaml").write_text(HEAD)

    assert run("main:policies", "policies", *AT, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["looser"] >= 1
    assert said["proved"] is True
    assert run("main:policies/guard.yaml", "main:policies/guard.yaml", *AT, "--json") == 0
    assert json.loads(capsys.readouterr().out)["changes"] == []
    # A file that only one side has.
    assert run("main:policies/new.yaml", "policies/guard.yaml", *AT, "--json") == 0
    assert json.loads(capsys.readouterr().out)["looser"] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothere.yaml", "base.yaml"), "there is no such file"),
        (("nobranch:x.yaml", "base.yaml"), "there is no revision `nobranch`"),
        (("-x:y", "base.yaml"), ""),
        (("base.yaml", "head.yaml", "--at", "tomorrow"), "no day of the calendar"),
        (("none", "head.yaml", "--alone"), "there is no policy on one side"),
    ],
)
def test_what_cannot_be_compared_is_never_a_pass(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = run(*words)
    except SystemExit as stop:
        code = int(str(stop.code))

    assert code == 2
    assert said in capsys.readouterr().err


def test_a_file_that_is_no_policy_stops_with_its_place(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "ws" / "head.yaml").write_text(HEAD.replace("verdict: ask", "verdict: maybe", 1))

    assert run("base.yaml", "head.yaml") == 2
    assert "head.yaml:" in capsys.readouterr().err


def test_every_format_names_what_is_looser(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("base.yaml", "head.yaml", *AT, "--format", "github") == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("::warning file=head.yaml,") and "looser: fs.delete" in line for line in lines)
    assert run("base.yaml", "head.yaml", *AT, "--format", "sarif") == 0
    sarif = json.loads(capsys.readouterr().out)
    assert {result["level"] for result in sarif["runs"][0]["results"]} >= {"warning"}
    assert run("base.yaml", "head.yaml", *AT) == 0
    assert "LOOSER" in capsys.readouterr().out


def test_what_the_floor_holds_is_said_and_is_not_looser(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = BASE.partition("exceptions:")[0].replace(
        "zones: [workspace]\n    except_zones: [generated]", "zones: [home, workspace]"
    )
    (here / "ws" / "base.yaml").write_text(base)
    (here / "ws" / "head.yaml").write_text(base.replace("[home, workspace]", "[workspace]"))

    assert run("base.yaml", "head.yaml", *AT, "--fail-on", "looser") == 0
    assert "still denied by the floor (`never-delete-outside`)" in capsys.readouterr().out


def test_a_policy_that_goes_is_looser(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("base.yaml", "none", *AT, "--fail-on", "looser") == 1
    assert "LOOSER" in capsys.readouterr().out


@pytest.mark.parametrize(("asked", "rows"), [("balanced", "LOOSER"), ("observe", "only recorded")])
def test_a_milder_profile_that_a_file_asks_for_is_looser(
    asked: str, rows: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Only the machine's owner can have the guard look on.
    kind = "floor" if asked == "observe" else "policy"
    plain = f"version: 1\nkind: {kind}\nname: p\ndefault: allow\nprofile: strict\n"
    (here / "ws" / "base.yaml").write_text(plain)
    (here / "ws" / "head.yaml").write_text(plain.replace("strict", asked))

    assert run("base.yaml", "head.yaml", *AT, "--fail-on", "looser") == 1
    assert rows in capsys.readouterr().out
    assert run("head.yaml", "base.yaml", *AT, "--fail-on", "looser") == 0


def test_too_much_to_compare_is_said_first_and_never_passes(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zones = "".join(f'  z{n}: ["$W/**/n{n}/**"]\n' for n in range(24))
    rules = "".join(
        f"  - {{id: r{n}, effect: [fs.delete], zones: [z{n}], verdict: ask, why: x}}\n" for n in range(24)
    )
    base = f"version: 1\nkind: policy\nname: p\ndefault: ask\nzones:\n{zones}rules:\n{rules}"
    (here / "ws" / "base.yaml").write_text(base)
    (here / "ws" / "head.yaml").write_text(base.replace("[z7], verdict: ask", "[z7], verdict: deny"))
    words = ("base.yaml", "head.yaml", *AT, "--alone", "--fail-on", "looser")

    # Nothing that was found is looser: that is no proof.
    assert run(*words, "--format", "markdown") == 1
    shown = capsys.readouterr().out
    assert "> **Not proved.**" in shown
    assert "exhaustively" not in shown
    assert "LOOSER" not in shown
    assert run(*words, "--accept", "we", "looked") == 1
