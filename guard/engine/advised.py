"""A model's second reading of a question, as a layer: it tightens, and loosens only what the rules let it. Pure.

INVARIANT: nothing but an ask is ever changed, and it becomes an allow only where every rule that asks says so, for exactly
what the model was asked, and by the same law as any other allow: walls where there must be some, and never the guard's own.
"""

from guard.engine.granted import asked_digest
from guard.engine.stages import Analysed
from guard.model.advice import Advice
from guard.model.decision import Allow, Ask, Decision, Deny, Reason, may_be_answered
from guard.model.effect import ResolvedEffect
from guard.model.facts import Facts
from guard.model.typed import Callable
from guard.model.verdict import Verdict

REVIEWER_LAYER = "reviewer"
REVIEWER_RULE = "reviewer"


def with_advice(
    decision: Decision,
    analysed: Analysed,
    effects: tuple[ResolvedEffect, ...],
    facts: Facts,
    policy_digest: str,
    allowed: Callable[[Allow], Decision],
) -> Decision:
    """``allowed``: what the guard's own invariants make of an allow."""
    advice = facts.advice
    if advice is None or advice.problem or not isinstance(decision, Ask):
        return decision
    if advice.digest != asked_digest(analysed, effects, facts, policy_digest):
        return decision
    match advice.verdict:
        case Verdict.ASK:
            return decision
        case Verdict.DENY:
            return Deny(
                reasons=(_reason(decision, advice, "advises against it"), *decision.reasons),
                placement=decision.placement,
                obligations=decision.obligations,
                shadow=decision.shadow,
            )
        case Verdict.ALLOW:
            if not may_be_answered(decision):
                return decision
            answered = allowed(
                Allow(
                    reasons=(_reason(decision, advice, "has no objection"), *decision.reasons),
                    placement=decision.placement,
                    obligations=decision.obligations,
                    shadow=decision.shadow,
                )
            )
            # What may run only in walls that are not there is a question for a person, and the rule's own.
            return answered if isinstance(answered, Allow) else decision


def is_advised(decision: Decision) -> bool:
    """Whether it is allowed because a model said so, and by nothing else."""
    return isinstance(decision, Allow) and decision.reasons[0].layer == REVIEWER_LAYER


def advice_words(advice: Advice) -> str:
    """For the person who is asked, in one line."""
    if advice.problem:
        return f"no second reading: {advice.problem}"
    return (
        f"a model ({advice.model}) says, in its own words: “{advice.says}”"
        f" Risk {advice.risk}, recommends {advice.verdict.value} ({advice.confidence} of 100 sure); it may be wrong"
    )


def _reason(decision: Ask, advice: Advice, what: str) -> Reason:
    first = decision.reasons[0]
    denies = advice.verdict is Verdict.DENY
    return Reason(
        verdict=advice.verdict,
        rule=REVIEWER_RULE,
        layer=REVIEWER_LAYER,
        why=f"the rule `{first.rule}` asks, and the reviewer {what}: {advice_words(advice)}",
        instead="do it in another way that does less, or tell the person, who can run it" if denies else "",
        effect=first.effect,
    )
