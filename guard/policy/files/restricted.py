"""The policy in force while a policy file cannot be read: nothing is allowed without a question."""

from guard.model.verdict import Verdict
from guard.policy.rule import Policy, PolicyLayer


def restricted_policy(problem: str) -> Policy:
    """Every effect is asked about; ``problem`` is what people see as the reason."""
    layer = PolicyLayer(
        kind="floor",
        name=f"restricted mode, because a policy file cannot be read: {problem}",
        default=Verdict.ASK,
        permits_host=False,
        source="restricted",
    )
    return Policy(layers=(layer,), digest="restricted")
