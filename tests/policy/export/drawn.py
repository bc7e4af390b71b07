"""Random policies and random effects to ask them about: those of the comparison, where the hard cases were found."""

import random

from hypothesis import strategies as st

from guard.model.dataclass import replace
from guard.model.decision import Decision, Host
from guard.model.effect import Opaque, ResolvedEffect
from guard.model.facts import Facts
from guard.policy.evaluate import judge
from guard.policy.rule import Policy
from tests.properties.test_policy_diff import EFFECTS, FACTS, cell, pairs, slow

__all__ = ["Question", "questions", "said", "slow"]
ASKED = 40
"""Effects for each policy."""
Question = tuple[ResolvedEffect, Facts]


@st.composite
def questions(draw: st.DrawFn) -> tuple[Policy, list[Question], Facts]:
    effect = draw(st.sampled_from(EFFECTS))
    policy = draw(pairs(effect))[0]
    chance = random.Random(draw(st.integers(0, 2**32)))
    # Without a date no exception holds.
    facts = replace(FACTS, today=draw(st.sampled_from((FACTS.today, ""))))
    asked: list[Question] = []
    for _ in range(ASKED):
        one = cell(chance, effect)
        here = replace(facts, package_hosts=(one.host,) if one.package_host else ())
        asked.append((one.resolved(here), here))
    return policy, asked, facts


def said(policy: Policy, question: Question) -> tuple[Decision, bool]:
    """What we say, and whether it may run on the host: never what nobody has understood."""
    effect, facts = question
    decision = judge((effect,), policy, facts)
    return decision, isinstance(decision.placement, Host) and not isinstance(effect, Opaque)
