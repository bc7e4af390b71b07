"""The exported Cedar against our own evaluator, in the real Cedar: valid under its schema, and no disagreement."""

from datetime import timedelta
from typing import Any

import cedarpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guard.enforce.revisions import builtin, contents, layers
from guard.engine.imagined import decide_imagined, imagined_facts
from guard.model.dataclass import replace
from guard.model.decision import Allow, Ask, Decision, Deny, Host
from guard.model.effect import ResolvedEffect
from guard.model.facts import Facts
from guard.model.verdict import Verdict
from guard.policy.evaluate import judge
from guard.policy.export.cedar import to_cedar
from guard.policy.export.cedar_request import Asker
from guard.policy.export.loss import Direction, Exported
from guard.policy.rule import Policy, PolicyLayer, Rule, policy_of
from tests.cli.conftest import ROOT
from tests.policy.export.test_rego import COMMANDS
from tests.properties.test_policy_diff import EFFECTS, FACTS, cells, pairs

SLOW = settings(max_examples=20, deadline=timedelta(seconds=60), suppress_health_check=list(HealthCheck))
WAYS = (
    ("allow, on the host", False, False),
    ("allow", False, True),
    ("ask, on the host", True, False),
    ("ask", True, True),
)
"""How a question is asked, the loosest first: approved, contained."""


def valid(exported: Exported) -> None:
    result = cedarpy.validate_policies(exported.text, exported.schema)

    assert result.validation_passed, [str(error) for error in result.errors][:3]


def permitted(exported: Exported, requests: list[dict[str, Any]]) -> list[bool]:
    answers = cedarpy.is_authorized_batch(requests, exported.text, [], schema=exported.schema)
    for answer in answers:
        assert answer.decision is not cedarpy.Decision.NoDecision, answer.diagnostics.errors
        # What fails is skipped, and a `forbid` that is skipped forbids nothing.
        assert not answer.diagnostics.errors
    return [answer.decision is cedarpy.Decision.Allow for answer in answers]


def asked(exported: Exported, asker: Asker, about: list[tuple[ResolvedEffect, Facts]]) -> list[str]:
    answers = [
        permitted(exported, [asker.request(effect, facts, approved=approved, contained=contained) for effect, facts in about])
        for _, approved, contained in WAYS
    ]  # fmt: skip
    return [
        next((name for (name, _, _), yes in zip(WAYS, column, strict=True) if yes), "deny")
        for column in zip(*answers, strict=True)
    ]


def ours(decision: Decision) -> str:
    where = ", on the host" if isinstance(decision.placement, Host) else ""
    match decision:
        case Allow():
            return f"allow{where}"
        case Ask():
            return f"ask{where}"
        case Deny():
            return "deny"


@SLOW
@given(
    st.sampled_from(EFFECTS).flatmap(
        lambda e: st.tuples(pairs(e), st.lists(cells(e), min_size=20, max_size=60))
    ),
    st.booleans(),
)
def test_no_random_effect_is_judged_otherwise_under_any_random_policy(drawn, dated: bool) -> None:
    (policy, _), tried = drawn
    exported, asker = to_cedar(policy), Asker(policy)
    valid(exported)
    base = FACTS if dated else replace(FACTS, today="")
    about = []
    for cell in tried:
        facts = replace(base, package_hosts=(cell.host,) if cell.package_host else ())
        about.append((cell.resolved(facts), facts))

    assert asked(exported, asker, about) == [ours(judge((effect,), policy, facts)) for effect, facts in about]


@pytest.fixture(scope="module")
def shipped() -> Policy:
    above = builtin()
    own = layers(contents("policies/examples/web-app.yaml", str(ROOT)), above)
    return policy_of((*above, *own), "sha256:x")


def test_the_built_in_policy_is_valid_and_says_the_same_of_whole_commands(shipped: Policy) -> None:
    exported, asker = to_cedar(shipped), Asker(shipped)
    valid(exported)
    facts = imagined_facts(today="2030-01-01")
    about = [
        (effect, facts)
        for command in COMMANDS
        for effect in decide_imagined(command, shipped, today="2030-01-01").effects
    ]
    said = [ours(judge((effect,), shipped, facts)) for effect, _ in about]

    # No rule puts on the host what nobody has understood; that is not the rules' to say with us.
    said = [
        one.partition(",")[0] if request["action"].endswith('"exec.opaque"') else one
        for one, request in zip(said, (asker.request(*pair) for pair in about), strict=True)
    ]
    assert asked(exported, asker, about) == said
    assert set(said) == {"allow", "allow, on the host", "ask", "deny"} | (set(said) & {"ask, on the host"})


def of(*rules: Rule, default: Verdict = Verdict.ALLOW, **more: Any) -> Policy:
    layer = PolicyLayer(kind="repo", name="repo", default=default, rules=rules, **more)
    return policy_of((layer,), "sha256:x")


def test_what_people_wrote_is_never_read_as_law() -> None:
    hostile = 'w"\n; permit(principal, action, resource); // \\ \u2028 \u202e'
    rule = Rule(
        id="r",
        effects=("fs.write",),
        verdict=Verdict.DENY,
        why=hostile,
        instead=hostile,
        zones=("z",),
        programs=('a"*',),
    )
    policy = of(rule, zones=(("z", ('$W/a"\\b/**',)),))
    exported = to_cedar(policy)
    valid(exported)

    assert exported.text.count("permit (") == 1


def test_a_question_without_what_the_schema_wants_gets_no_answer_at_all() -> None:
    policy = of(Rule(id="r", effects=("fs.write",), verdict=Verdict.DENY, why="w", zones=("workspace",)))
    exported, asker = to_cedar(policy), Asker(policy)
    effect = decide_imagined("touch x", policy).effects[-1]
    request = asker.request(effect, imagined_facts())
    assert permitted(exported, [request]) == [False]
    del request["context"]["path"]
    answer = cedarpy.is_authorized(request, exported.text, [], schema=exported.schema)

    assert answer.decision is cedarpy.Decision.NoDecision


def test_what_is_lost_is_said() -> None:
    shadow = Rule(id="r", effects=("fs.write",), verdict=Verdict.DENY, why="w", shadow=True)
    granting = Rule(id="g", effects=("exec",), verdict=Verdict.ALLOW, why="w", run="net", grants=("net",))
    exported = to_cedar(of(shadow, granting, lock_after=3))

    assert {loss.rule for loss in exported.worst(Direction.SAME)} == {"repo/r", "repo/g"}
    assert any("locked" in loss.what for loss in exported.worst(Direction.LOOSER))
    assert not exported.worst(Direction.STRICTER)
    valid(exported)
