"""``guard policy export`` as people and scripts get it."""

import argparse
import json
import re
from pathlib import Path

import cedarpy
import jsonschema
import pytest

from guard.cli import policy
from guard.cli.policy_export import losses
from guard.policy.export.loss import Direction, Exported, Loss
from tests import golden
from tests.cli.conftest import ROOT

EXAMPLE = "policies/examples/web-app.yaml"
ENDINGS = {"claude-settings": "json", "codex-rules": "rules", "cedar": "cedar", "rego": "rego"}
SCHEMA = json.loads((ROOT / "docs/schemas/policy-export.schema.json").read_text())


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    work = tmp_path / "home" / "ws"
    (work / ".guard").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(work)
    return work


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    policy.add_arguments(parser)
    return policy.run(parser.parse_args(["export", *words]))


@pytest.mark.parametrize("target", sorted(ENDINGS))
def test_an_example_policy_in_every_target(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--to", target, "--cwd", str(ROOT), EXAMPLE) == 0
    shown = capsys.readouterr()

    # Where a rule stands in the example, and what else the file says, is nothing that an export is read for.
    text = re.sub(r"(web-app\.yaml):\d+", r"\1:N", re.sub("sha256:[0-9a-f]{64}", "sha256:DIGEST", shown.out))
    golden.matches(f"policy-export/web-app.{ENDINGS[target]}", text)
    golden.matches(f"policy-export/web-app.{ENDINGS[target]}.lost", shown.err)


@pytest.mark.parametrize("target", sorted(ENDINGS))
def test_the_whole_policy_in_force_is_exported(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--to", target, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator(SCHEMA).validate(said)

    assert said["to"] == target
    assert said["policy"].startswith("sha256:")
    assert {loss["rule"].partition("/")[0] for loss in said["lost"]} <= {
        "*",
        "floor",
        "profile",
        "repo",
        "personal",
    }


def test_a_file_is_written_whole_or_not_at_all(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    example = str(ROOT / EXAMPLE)
    assert run("--to", "rego", "--output", "out.rego", example) == 0
    assert run("--to", "rego", example) == 0
    assert (here / "out.rego").read_text() == capsys.readouterr().out

    (here / "file").write_text("x")
    assert run("--to", "rego", "--output", "file/out.rego", example) == 2
    assert "--output file/out.rego" in capsys.readouterr().err
    assert sorted(path.name for path in here.iterdir()) == [".guard", "file", "out.rego"]


def test_who_may_not_be_looser_is_told_by_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    example = str(ROOT / EXAMPLE)

    assert run("--to", "codex-rules", "--fail-on", "looser", example) == 1
    assert run("--to", "codex-rules", example) == 0
    assert "LOOSER" in capsys.readouterr().err.splitlines()[0]


@pytest.mark.parametrize(("words", "code", "told"), [
    (["--to", "rego", "nowhere.yaml"], 2, "nowhere.yaml"),
    (["--to", "codex-rules", "--input", "ls"], 2, "reads commands itself"),
])  # fmt: skip
def test_what_cannot_be_done_is_said(
    words: list[str], code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == code
    assert told in capsys.readouterr().err


def test_a_policy_that_cannot_be_read_is_not_exported(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "bad.yaml").write_text("version: 1\nkind: policy\nname: x\ndefault: alow\n")

    assert run("--to", "rego", "bad.yaml") == 2
    shown = capsys.readouterr()
    assert not shown.out
    assert "bad.yaml:4" in shown.err


def test_the_input_of_a_command_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--to", "rego", "--input", "git push origin main") == 0
    asked = json.loads(capsys.readouterr().out)

    assert [one["branch"] for one in asked["effects"] if one["effect"] == "vcs.publish"] == [{"name": "main"}]
    assert len(asked["today"]) == 10


def test_the_questions_about_a_command_are_in_the_words_of_the_policy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    example = str(ROOT / EXAMPLE)
    assert run("--to", "cedar", "--schema", example) == 0
    schema = capsys.readouterr().out
    golden.matches("policy-export/guard.cedarschema", schema)
    assert run("--to", "cedar", example) == 0
    policies = capsys.readouterr().out
    assert run("--to", "cedar", "--input", "rm -r db; git push origin main", example) == 0
    asked = json.loads(capsys.readouterr().out)
    answers = cedarpy.is_authorized_batch(asked, policies, [], schema=schema)
    forbidden = {
        one["action"]
        for one, answer in zip(asked, answers, strict=True)
        if answer.decision is cedarpy.Decision.Deny
    }

    assert forbidden == {'Guard::Action::"fs.delete"', 'Guard::Action::"vcs.publish"'}


def test_losses_are_told_once_each_the_looser_first() -> None:
    lost = [
        Loss(rule="repo/b", what="same thing", direction=Direction.STRICTER),
        *(Loss(rule=f"repo/r{n}", what="same thing", direction=Direction.LOOSER) for n in range(11)),
        Loss(rule="*", what="all of it", direction=Direction.LOOSER),
    ]

    assert losses(Exported(text="", lost=tuple(lost))) == [
        "LOOSER: same thing: " + ", ".join(f"repo/r{n}" for n in range(8)) + " and 3 more",
        "LOOSER: all of it",
        "stricter: same thing: repo/b",
    ]
