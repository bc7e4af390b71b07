"""The built-in policy on commands in a described world: cases are data, one table each."""

import tomllib
from pathlib import Path

import pytest

from guard.engine.imagined import decide_imagined
from guard.model.decision import Sandbox, verdict_of
from guard.model.verdict import Level
from guard.policy.files.compiled import load_policy
from guard.policy.files.locate import sources
from guard.policy.rule import Policy

# A case is one claim: about a `command`, or about several `commands` that say the same differently.
CASES = [
    pytest.param({**case, "command": command}, id=f"{path.stem}: {case['name']}: {command}"[:120])
    for path in sorted((Path(__file__).parent.parent / "cases" / "decisions").glob("*.toml"))
    for case in tomllib.loads(path.read_text())["case"]
    for command in case.get("commands", [case.get("command")])
]


@pytest.fixture(scope="session")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return load_policy(sources("", "/nonexistent"), str(tmp_path_factory.mktemp("policy")))


@pytest.mark.parametrize("case", CASES)
def test_the_builtin_policy_decides_as_the_case_says(case: dict, policy: Policy) -> None:
    decided = decide_imagined(case["command"], policy, level=Level(case.get("level", "contained")))
    decision = decided.decision
    placed = "sandbox" if isinstance(decision.placement, Sandbox) else "host"

    assert verdict_of(decision).value == case["says"], decision.reasons[0]
    if "because" in case:
        assert decision.reasons[0].rule == case["because"]
    if "where" in case:
        assert placed == case["where"]


@pytest.mark.parametrize("case", CASES)
def test_without_containment_nothing_that_needs_it_is_allowed(case: dict, policy: Policy) -> None:
    contained = decide_imagined(case["command"], policy).decision
    advice = decide_imagined(case["command"], policy, level=Level.ADVICE).decision

    assert verdict_of(advice).rank >= verdict_of(contained).rank
    if isinstance(contained.placement, Sandbox):
        assert verdict_of(advice).value != "allow"
