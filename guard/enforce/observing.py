"""``observe``: what is decided is recorded and stops nothing. What holds all the same is said here, once.

The walls do: what would run in a sandbox does, and where there is none it is not started. So does what is the guard's own.
"""

from guard.engine.decide import FAILED_RULE, GUARD_RULE
from guard.engine.stages import Decided
from guard.model.decision import Allow, Deny
from guard.model.effect import TamperGuard
from guard.policy.rule import Policy


def only_observed(policy: Policy, decided: Decided) -> bool:
    """Whether an ask or a denial is only written down."""
    return policy.observes and not isinstance(decided.decision, Allow) and not of_the_guard(decided)


def lets_in(policy: Policy, judged: Decided) -> bool:
    """Whether changes that the policy would hold are only written down. What could not be judged is held."""
    return only_observed(policy, judged) and judged.decision.reasons[0].rule != FAILED_RULE


def of_the_guard(decided: Decided) -> bool:
    """What is denied whoever only looks on: else there would soon be nobody who looks."""
    return isinstance(decided.decision, Deny) and (
        any(reason.rule == GUARD_RULE for reason in decided.decision.reasons)
        or any(isinstance(effect, TamperGuard) for effect in decided.effects)
    )
