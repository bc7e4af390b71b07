"""Whatever comes from a server: it is read without an exception, and never looser than it was meant and the rules let it be."""

import json
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from guard.enforce.reviewer.answer import MAX_SENTENCE, SURE, Answer, one_line, read
from guard.engine.advised import is_advised
from guard.engine.decide import judge_effects
from guard.engine.granted import asked_digest
from guard.engine.imagined import decide_imagined
from guard.engine.stages import Decided
from guard.model.advice import Advice
from guard.model.dataclass import replace
from guard.model.decision import Allow, Ask, Decision, may_be_answered
from guard.model.verdict import Level, Verdict
from guard.policy.rule import Policy, PolicyLayer, Rule, policy_of
from tests.reviewer.server import form, message

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FORMS = st.fixed_dictionaries(
    {
        "does": st.text(max_size=400) | JSON,
        "risk": st.sampled_from(("low", "medium", "high")) | JSON,
        "recommendation": st.sampled_from(("allow", "ask", "deny")) | JSON,
        "confidence": st.integers(-5, 105) | JSON,
    },
    optional={"more": JSON},
)
MESSAGES = st.builds(
    lambda filled, changed: {**message(filled), **changed},
    FORMS | JSON,
    st.dictionaries(
        st.sampled_from(("type", "stop_reason", "content", "usage", "id", "model")), JSON, max_size=2
    )
    | st.just({}),
)


def plain(filled: Any) -> Verdict | None:
    """What a form says, read another way than the code does; None where it is no form."""
    if not isinstance(filled, dict) or sorted(filled) != ["confidence", "does", "recommendation", "risk"]:
        return None
    words = filled["recommendation"], filled["risk"]
    if words[0] not in ("allow", "ask", "deny") or words[1] not in ("low", "medium", "high"):
        return None
    sure = filled["confidence"]
    if isinstance(sure, bool) or not isinstance(sure, int) or not 0 <= sure <= 100:
        return None
    if not isinstance(filled["does"], str) or not one_line(filled["does"]):
        return None
    if sure < SURE or (words == ("allow", words[1]) and words[1] != "low"):
        return Verdict.ASK
    return Verdict(words[0])


@settings(max_examples=400, deadline=None)
@given(MESSAGES)
@example(message({"does": 0.5, "risk": "low", "recommendation": "allow", "confidence": 90}))
@example(message({"does": "It lists.", "risk": "low", "recommendation": "allow", "confidence": 90.0}))
def test_an_answer_is_what_the_form_says_or_a_problem(said: dict[str, Any]) -> None:
    answer = read(json.dumps(said))
    expected = None
    if said["type"] == "message" and said["stop_reason"] == "tool_use" and _one_form(said["content"]):
        expected = plain(said["content"][0]["input"])

    if expected is None:
        assert answer.problem
        assert answer.counts_as(told_all=True) is Verdict.ASK
    else:
        assert not answer.problem
        assert answer.counts_as(told_all=True) is expected
        assert answer.does.isprintable()
        assert 0 < len(answer.does) <= MAX_SENTENCE


def _one_form(content: Any) -> bool:
    return (
        isinstance(content, list)
        and len(content) == 1
        and isinstance(content[0], dict)
        and content[0].get("type") == "tool_use"
        and content[0].get("name") == "second_reading"
        and "input" in content[0]
    )


@settings(max_examples=300, deadline=None)
@given(st.text() | st.binary().map(lambda some: some.decode("latin-1")) | JSON.map(json.dumps))
def test_no_text_at_all_is_an_exception(text: str) -> None:
    assert read(text).problem


GOOD = json.dumps(message(form(recommendation="ask", confidence=100)))
DENIES = json.dumps(message(form(recommendation="deny", confidence=100)))


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from((GOOD, DENIES)),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 3), st.characters()), max_size=4),
)
def test_a_damaged_answer_is_never_an_allow_that_was_not_said(
    text: str, damage: list[tuple[int, int, str]]
) -> None:
    for place, what, char in damage:
        at = place % (len(text) + 1)
        match what:
            case 0:
                text = text[:at] + char + text[at:]
            case 1:
                text = text[:at] + text[at + 1 :]
            case 2:
                text = text[:at]
            case _:
                text = text[:at] + text[at : at + 8] + text[at:]

    assert read(text).counts_as(told_all=True) is not Verdict.ALLOW


@given(
    st.sampled_from(tuple(Verdict)),
    st.sampled_from(("low", "medium", "high")),
    st.integers(0, 100),
    st.booleans(),
)
def test_what_counts_is_never_looser_than_what_was_recommended(
    recommends: Verdict, risk: str, sure: int, whole: bool
) -> None:
    answer = Answer(does="x", risk=risk, recommendation=recommends, confidence=sure)
    counts = answer.counts_as(told_all=whole)

    assert counts in (Verdict.ASK, recommends)
    assert counts is not Verdict.ALLOW or (whole and risk == "low" and sure >= SURE)


@given(st.text())
def test_a_sentence_is_one_line_of_signs_that_are_shown(text: str) -> None:
    line = one_line(text)

    assert not line or line.isprintable()
    assert len(line) <= MAX_SENTENCE
    assert "“" not in line
    assert "”" not in line


# ---------------------------------------------------------------------- the decision

COMMANDS = (
    "rm a",
    "rm -r b",
    "touch c",
    "curl https://a.example",
    "make",
    "$x",
    "echo x > d; rm e",
    "git push",
)
EFFECTS = ("fs.delete", "fs.write", "exec", "exec.opaque", "net.connect", "vcs.publish")


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    layers = []
    for kind in ("floor", "profile", "repo", "personal"):
        rules = tuple(
            Rule(
                id=f"r{number}",
                effects=tuple(draw(st.lists(st.sampled_from(EFFECTS), min_size=1, max_size=4, unique=True))),
                verdict=(
                    verdict := draw(st.sampled_from((Verdict.ALLOW, Verdict.ASK, Verdict.ASK, Verdict.DENY)))
                ),
                why="w",
                run=draw(st.sampled_from(("sandbox", "host"))),
                may_allow=verdict is Verdict.ASK and draw(st.booleans()),
                shadow=draw(st.sampled_from((False, False, False, True))),
            )
            for number in range(draw(st.integers(0, 3)))
        )
        default = draw(st.sampled_from((Verdict.ALLOW, Verdict.ALLOW, Verdict.ASK)))
        layers.append(PolicyLayer(kind=kind, name=kind, default=default, rules=rules))
    return policy_of(tuple(layers), "d")


ADVICE = st.builds(
    Advice,
    digest=st.just(""),
    record=st.just(1),
    model=st.just("m"),
    verdict=st.sampled_from(tuple(Verdict)),
    says=st.just("x"),
    risk=st.just("low"),
    confidence=st.just(100),
    problem=st.sampled_from(("", "", "", "late")),
)


def again(decided: Decided, advice: Advice, policy: Policy) -> Decision:
    facts = replace(decided.facts, advice=advice)
    return judge_effects(decided.analysed, decided.effects, facts, policy).decision


def rank(decision: Decision) -> int:
    return decision.reasons[0].verdict.rank


@settings(max_examples=300, deadline=None)
@given(policies(), st.sampled_from(COMMANDS), ADVICE, st.sampled_from(tuple(Level)), st.booleans())
def test_nothing_is_loosened_but_what_every_rule_that_asks_lets_it(
    policy: Policy, command: str, advice: Advice, level: Level, meant: bool
) -> None:
    decided = decide_imagined(command, policy)
    decided = judge_effects(decided.analysed, decided.effects, replace(decided.facts, level=level), policy)
    digest = asked_digest(decided.analysed, decided.effects, decided.facts, policy.digest)
    said = again(decided, replace(advice, digest=digest if meant else "0" * 64), policy)

    if not isinstance(decided.decision, Ask) or advice.problem or not meant:
        assert said == decided.decision
        return
    if rank(said) < rank(decided.decision):
        assert isinstance(said, Allow)
        assert is_advised(said)
        assert advice.verdict is Verdict.ALLOW
        assert may_be_answered(decided.decision)
        asking = [reason for reason in said.reasons if reason.verdict is Verdict.ASK]
        named = {(layer.kind, rule.id) for layer in policy.layers for rule in layer.rules if rule.may_allow}
        assert asking
        assert {(reason.layer, reason.rule) for reason in asking} <= named
    if advice.verdict is Verdict.DENY:
        assert said.reasons[0].verdict is Verdict.DENY
    assert said.reasons[-len(decided.decision.reasons) :] == decided.decision.reasons
