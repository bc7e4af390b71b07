"""``guard policy bench``: what it measures, and that a limit is one. How long anything takes is asserted nowhere."""

import argparse
import json
from pathlib import Path

import pytest

from guard.cli import policy, policy_bench
from guard.enforce.revisions import builtin
from guard.engine.imagined import imagined_facts
from guard.errors import UsageError
from guard.model.effect import effect_name
from guard.policy.review.probes import MOST, probes
from guard.policy.rule import policy_of

FACTS = imagined_facts(today="2030-01-01")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "ws" / ".guard").mkdir(parents=True)
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path / "ws")
    return tmp_path


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    policy.add_arguments(parser)
    return policy.run(parser.parse_args(["bench", "--rounds", "1", *words]))


def test_what_is_in_force_is_measured_and_nothing_is_recorded(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "ws" / ".guard" / "policy.yaml").write_text(
        "version: 1\nkind: policy\nname: p\ndefault: ask\nrules:\n"
        "  - {id: no-tars, effect: [exec], programs: [tar], verdict: deny, why: Tars leave traces.}\n"
    )

    assert run("--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["rules"] == sum(len(layer.rules) for layer in builtin()) + 1
    assert said["hook"]["of"] > 1
    assert not (home / ".local" / "state" / "guard" / "audit").exists()


@pytest.mark.parametrize(
    ("limit", "what"),
    [
        ("--max-us=0.0001", "a decision"),
        ("--max-load-ms=0.0001", "loading the policy"),
        ("--max-hook-ratio=0.0001", "a call of the hook"),
    ],
)
def test_what_costs_more_than_its_limit_fails_and_is_said(
    limit: str, what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(limit) == 1
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("too slow")]
    assert what in line
    assert run(limit.partition("=")[0] + "=1000000000") == 0


@pytest.mark.parametrize("words", [("--max-us=0",), ("--max-us=-1",), ("--rounds=0",), ("--max-us=nan",)])
def test_a_limit_that_is_none_is_refused(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words) == 2
    assert "not positive" in capsys.readouterr().err


def test_a_policy_that_cannot_be_read_is_not_measured(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "ws" / ".guard" / "policy.yaml").write_text("version: 1\nkind: policy\nname: p\ndefault: dney\n")

    assert run() == 1
    assert "dney" in capsys.readouterr().err


def test_a_hook_that_does_not_answer_is_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_bench.sys, "executable", "/bin/false")

    with pytest.raises(UsageError, match="ended with 1"):
        policy_bench.hook("/")


def test_probes_are_of_every_rule_and_bounded() -> None:
    found = probes(policy_of(tuple(builtin()), "p"), FACTS)
    spoken = {effect for layer in builtin() for rule in layer.rules for effect in rule.effects}

    assert {effect_name(effect) for effect in found} == spoken
    assert len(found) <= MOST
