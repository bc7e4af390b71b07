"""A grant loosens an ask for exactly what it names, and nothing else: whatever the policy, the effects and the world."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.engine.decide import judge_effects
from guard.engine.granted import GRANT_LAYER, asked_digest, is_granted
from guard.engine.stages import Analysed, Decided
from guard.model.dataclass import replace
from guard.model.decision import Allow, Ask, Deny, verdict_of
from guard.model.effect import DeletePath, Opaque, ResolvedEffect, RunProgram, WritePath
from guard.model.facts import Facts, LookScript, ScriptFact
from guard.model.paths import Loss, ResolvedPath
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal, WriteProposal
from guard.model.source import Span
from guard.model.verdict import Level, Verdict
from guard.policy.rule import Policy, PolicyLayer, Rule, policy_of

WHO = Principal(agent="a", session="s")
VERDICTS = st.sampled_from(tuple(Verdict))
PATHS = st.sampled_from(("a", "b/c", ".envrc", "d"))
FACTS = Facts(workspace="/w", home="/h", cwd="/w", guard_paths=("/h/state",), level=Level.CONTAINED)


def at(path: str, **more) -> ResolvedPath:
    return ResolvedPath(given=path, real=f"/w/{path}", place=f"$W/{path}", **more)


EFFECTS = st.lists(
    st.one_of(
        st.builds(lambda path: WritePath(path=at(path), program="tee", span=Span(0, 3)), PATHS),
        st.builds(lambda path, deep: DeletePath(path=at(path), recursive=deep), PATHS, st.booleans()),
        st.builds(lambda name: RunProgram(program=name, names=(name,)), st.sampled_from(("ls", "rm"))),
        st.builds(lambda why: Opaque(reason=why), st.sampled_from(("x", "y"))),
        st.just(WritePath(path=ResolvedPath(given="s", real="/h/state/x", place="$H/state/x"))),
    ),
    min_size=1,
    max_size=4,
).map(tuple)


@st.composite
def layers(draw: st.DrawFn) -> PolicyLayer:
    names = st.sampled_from(("fs.write", "fs.delete", "exec", "exec.opaque"))
    rules = draw(st.lists(st.tuples(names, VERDICTS, st.sampled_from(("sandbox", "host"))), max_size=4))
    return PolicyLayer(
        kind=draw(st.sampled_from(("floor", "profile", "personal"))),
        name="l",
        default=draw(VERDICTS),
        rules=tuple(
            Rule(id=f"r{at}", effects=(name,), verdict=verdict, why="w", run=run)
            for at, (name, verdict, run) in enumerate(rules)
        ),
    )


POLICIES = st.lists(layers(), min_size=1, max_size=3).map(lambda found: policy_of(tuple(found), "sha256:p"))
FACTS_OF = st.builds(
    lambda level, locked: replace(FACTS, level=level, locked_by=locked),
    st.sampled_from(tuple(Level)),
    st.sampled_from(("", "", "rule")),
)


def analysed(command: str = "x", effects: tuple[ResolvedEffect, ...] = ()) -> Analysed:
    del effects
    proposal = ShellProposal(principal=WHO, cwd="/w", command=command)
    return Analysed(proposal=proposal, effects=(), lookups=frozenset())


def judged(effects, facts: Facts, policy: Policy, command: str = "x") -> Decided:
    return judge_effects(analysed(command), effects, facts, policy)


def digest(decided: Decided) -> str:
    return asked_digest(decided.analysed, decided.effects, decided.facts, decided.policy_digest)


@given(POLICIES, EFFECTS, FACTS_OF)
def test_a_grant_turns_its_own_ask_into_an_allow_and_nothing_else(policy, effects, facts):
    plain = judged(effects, facts, policy)
    granted = judged(effects, replace(facts, granted=frozenset((digest(plain),))), policy)

    match plain.decision:
        case Ask():
            assert isinstance(granted.decision, Allow)
            assert is_granted(granted.decision)
            assert granted.decision.reasons[1:] == plain.decision.reasons
            assert granted.decision.placement == plain.decision.placement
        case Allow() | Deny():
            assert granted.decision == plain.decision
            assert not is_granted(granted.decision)


@given(POLICIES, EFFECTS, EFFECTS, FACTS_OF)
def test_a_grant_for_something_else_changes_nothing(policy, effects, others, facts):
    plain, other = judged(effects, facts, policy), judged(others, facts, policy)

    if digest(plain) != digest(other):
        with_it = judged(effects, replace(facts, granted=frozenset((digest(other),))), policy)
        assert with_it.decision == plain.decision


@given(POLICIES, EFFECTS, FACTS_OF, layers())
@settings(max_examples=60)
def test_one_more_layer_never_loosens_with_a_grant_there_either(policy, effects, facts, extra):
    """Under another policy it is another question: the digest of the policy is in what was approved."""
    more = replace(policy, layers=(*policy.layers, extra), digest="sha256:q", memo={})
    plain = judged(effects, facts, policy)
    facts = replace(facts, granted=frozenset((digest(plain),)))
    before, after = judged(effects, replace(facts, granted=frozenset()), policy), judged(effects, facts, more)

    assert verdict_of(after.decision).rank >= verdict_of(before.decision).rank


@given(POLICIES, EFFECTS, FACTS_OF, st.text(max_size=6), st.text(max_size=6))
@settings(max_examples=60)
def test_another_text_with_the_same_effects_is_another_question(policy, effects, facts, one, other):
    """What nobody understands has one effect, whatever it says."""
    first, second = judged(effects, facts, policy, one), judged(effects, facts, policy, other)

    assert (digest(first) == digest(second)) == (one == other)


ASKING = policy_of((PolicyLayer(kind="floor", name="f", default=Verdict.ASK),), "sha256:p")
EFFECT = DeletePath(path=at("a", below=("$W/a/1",), listed=True, lost=1), recursive=True)
SCRIPT = LookScript(path="/w/s.sh")


@pytest.mark.parametrize(
    "other",
    [
        lambda: judged((replace(EFFECT, recursive=False),), FACTS, ASKING),
        lambda: judged((replace(EFFECT, path=at("b")),), FACTS, ASKING),
        lambda: judged((replace(EFFECT, path=replace(EFFECT.path, lost=2)),), FACTS, ASKING),
        lambda: judged((replace(EFFECT, path=replace(EFFECT.path, below=("$W/a/2",))),), FACTS, ASKING),
        lambda: judged((replace(EFFECT, path=replace(EFFECT.path, real="/w/z")),), FACTS, ASKING),
        lambda: judged(
            (replace(EFFECT, path=replace(EFFECT.path, loss=Loss(files=1, bytes=9))),), FACTS, ASKING
        ),
        lambda: judged((EFFECT, EFFECT), FACTS, ASKING),
        lambda: judged((EFFECT,), replace(FACTS, cwd="/w/sub"), ASKING),
        lambda: judged((EFFECT,), replace(FACTS, workspace="/x"), ASKING),
        lambda: judged((EFFECT,), replace(FACTS, home="/x"), ASKING),
        lambda: judged((EFFECT,), replace(FACTS, level=Level.ADVICE), ASKING),
        lambda: judged((EFFECT,), replace(FACTS, answers={SCRIPT: ScriptFact(text="ls")}), ASKING),
        lambda: judged((EFFECT,), FACTS, replace(ASKING, digest="sha256:q")),
        lambda: judge_effects(
            Analysed(
                proposal=WriteProposal(principal=WHO, cwd="/w", path="a", content="x"),
                effects=(),
                lookups=frozenset(),
            ),
            (EFFECT,),
            FACTS,
            ASKING,
        ),
    ],
)
def test_whatever_an_answer_rested_on_is_part_of_what_was_approved(other):
    granted = frozenset((digest(judged((EFFECT,), FACTS, ASKING)),))
    found = other()
    again = judge_effects(
        found.analysed,
        found.effects,
        replace(found.facts, granted=granted),
        replace(ASKING, digest=found.policy_digest),
    )

    assert isinstance(found.decision, Ask)
    assert isinstance(again.decision, Ask)


def test_another_script_of_the_same_name_is_another_question():
    one = judged((EFFECT,), replace(FACTS, answers={SCRIPT: ScriptFact(text="ls")}), ASKING)
    other = judged((EFFECT,), replace(FACTS, answers={SCRIPT: ScriptFact(text="rm x")}), ASKING)

    assert digest(one) != digest(other)


def test_who_asks_is_not_part_of_it():
    """The hook's decision is made again by the command that runs, which is another caller."""
    one = judged((EFFECT,), FACTS, ASKING)
    proposal = replace(one.analysed.proposal, principal=Principal(agent="exec"), call="42")
    other = replace(one, analysed=replace(one.analysed, proposal=proposal))

    assert digest(one) == digest(other)


def test_the_reason_says_who_allowed_it_and_what_asked():
    plain = judged((EFFECT,), FACTS, ASKING)
    first, second, *_ = judged(
        (EFFECT,), replace(FACTS, granted=frozenset((digest(plain),))), ASKING
    ).decision.reasons

    assert (first.layer, first.verdict, second.verdict) == (GRANT_LAYER, Verdict.ALLOW, Verdict.ASK)
    assert "a person has approved exactly this" in first.why
