"""The exported Cedar against our own evaluator, in the real Cedar: valid under its schema, and no disagreement."""

from typing import Any

import cedarpy
import pytest
from hypothesis import given

from guard.enforce.revisions import builtin, contents, layers
from guard.engine.imagined import decide_imagined, imagined_facts
from guard.model.decision import Allow, Ask, Decision, Deny
from guard.model.effect import DeletePath, ResolvedEffect, WritePath
from guard.model.facts import Facts
from guard.model.verdict import Verdict
from guard.policy.export.cedar import to_cedar
from guard.policy.export.cedar_request import Asker
from guard.policy.export.loss import Direction, Exported
from guard.policy.rule import Policy, PolicyLayer, Rule, policy_of
from tests.cli.conftest import ROOT
from tests.policy.export.drawn import Question, carved_hosts, questions, said, slow
from tests.policy.export.engines import touching
from tests.policy.export.test_rego import COMMANDS

SLOW = slow(40)
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
        permitted(exported, [asker.request(effect, facts, own="no", approved=approved, contained=contained) for effect, facts in about])
        for _, approved, contained in WAYS
    ]  # fmt: skip
    return [
        next((name for (name, _, _), yes in zip(WAYS, column, strict=True) if yes), "deny")
        for column in zip(*answers, strict=True)
    ]


def named(decision: Decision, host: bool) -> str:
    where = ", on the host" if host else ""
    match decision:
        case Allow():
            return f"allow{where}"
        case Ask():
            return f"ask{where}"
        case Deny():
            return "deny"


@SLOW
@given(questions())
def test_no_random_effect_is_judged_otherwise_under_any_random_policy(
    drawn: tuple[Policy, list[Question], Facts],
) -> None:
    policy, about, _ = drawn
    exported = to_cedar(policy)
    valid(exported)

    assert asked(exported, Asker(policy), about) == [named(*said(policy, one)) for one in about]


def test_a_host_that_nobody_can_tell_is_carved_out_of_nothing_strict() -> None:
    for policy, about in carved_hosts():
        exported = to_cedar(policy)
        valid(exported)

        assert asked(exported, Asker(policy), about) == [named(*said(policy, one)) for one in about]


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
    we_say = [named(*said(shipped, one)) for one in about]

    assert asked(exported, asker, about) == we_say
    assert {"allow", "allow, on the host", "ask", "deny"} <= set(we_say)


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
    request = asker.request(effect, imagined_facts(), own="no")
    assert permitted(exported, [request]) == [False]
    del request["context"]["path"]
    answer = cedarpy.is_authorized(request, exported.text, [], schema=exported.schema)

    assert answer.decision is cedarpy.Decision.NoDecision


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("echo x > .guard/policy.yaml", "deny"),
        ("rm -rf ~/.config", "allow"),
        ("rm -rf build", "allow, on the host"),
    ],
)
def test_what_no_policy_can_open_is_not_opened(command: str, expected: str) -> None:
    rule = Rule(id="r", effects=("fs.write", "fs.delete"), verdict=Verdict.ALLOW, why="w", run="host")
    layer = PolicyLayer(kind="personal", name="mine", default=Verdict.ALLOW, rules=(rule,))
    policy = policy_of((layer,), "sha256:x")
    exported, asker, facts = to_cedar(policy), Asker(policy), imagined_facts()
    effects = [
        (effect, own)
        for effect, own in touching(decide_imagined(command, policy).effects, facts)
        if isinstance(effect, WritePath | DeletePath)
    ]
    answers = [
        all(permitted(exported, [asker.request(effect, facts, own=own, approved=yes, contained=contained) for effect, own in effects]))
        for _, yes, contained in WAYS
    ]  # fmt: skip

    assert effects
    assert next((name for (name, _, _), yes in zip(WAYS, answers, strict=True) if yes), "deny") == expected


def test_what_is_lost_is_said() -> None:
    shadow = Rule(id="r", effects=("fs.write",), verdict=Verdict.DENY, why="w", shadow=True)
    granting = Rule(id="g", effects=("exec",), verdict=Verdict.ALLOW, why="w", run="net", grants=("net",))
    exported = to_cedar(of(shadow, granting, lock_after=3))

    assert {loss.rule for loss in exported.worst(Direction.SAME)} == {"repo/r", "repo/g"}
    assert any("locked" in loss.what for loss in exported.worst(Direction.LOOSER))
    assert not exported.worst(Direction.STRICTER)
    valid(exported)
