"""The pull requests of ``examples/policy-reviews``: the comment that each gets, and that its commands do what it says."""

import argparse
import json
import re
from pathlib import Path

import pytest

from guard.cli import policy
from guard.enforce.revisions import builtin, layers
from guard.engine.imagined import decide_imagined
from guard.model.decision import verdict_of
from guard.model.effect import effect_name
from guard.policy.rule import policy_of

REVIEWS = Path(__file__).parents[3] / "examples" / "policy-reviews"
NAMES = sorted(path.name for path in REVIEWS.iterdir() if path.is_dir())
DAY = "2030-06-01"


def run(*words: str) -> None:
    parser = argparse.ArgumentParser()
    policy.add_arguments(parser)

    assert policy.run(parser.parse_args(["diff", "base.yaml", "head.yaml", "--at", DAY, *words])) == 0


def comment(text: str) -> str:
    """Without how much was compared, and with what: it changes with every rule that ships."""
    return re.sub(
        r"\n[\d,]+ kinds of effects compared exhaustively.*\n",
        "\nN kinds of effects compared exhaustively.\n",
        text,
    )


def test_there_are_three() -> None:
    assert len(NAMES) == 3


@pytest.mark.parametrize("name", NAMES)
def test_comment_and_examples(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(REVIEWS / name)
    run("--format", "markdown")

    # Written by `guard policy diff base.yaml head.yaml --at 2030-06-01 --format markdown > comment.md`.
    assert comment(capsys.readouterr().out) == comment(
        (REVIEWS / name / "comment.md").read_text(encoding="utf-8")
    )
    run("--json")
    said = json.loads(capsys.readouterr().out)
    above = builtin()
    sides = [
        policy_of((*above, *layers([(file, Path(file).read_bytes())], above)), file)
        for file in ("base.yaml", "head.yaml")
    ]

    assert said["proved"]
    assert sum(bool(change["example"]) for change in said["changes"]) >= 3
    for change in said["changes"]:
        if not change["example"]:
            continue
        before, after = (
            decide_imagined(change["example"], side, today=change["since"] or DAY) for side in sides
        )

        assert (verdict_of(before.decision).value, verdict_of(after.decision).value) == (
            change["before"],
            change["after"],
        )
        assert change["effect"] in {effect_name(effect) for effect in after.effects}
