"""The law that a session began under, and what stands on the disk since. Pure.

Both count and the stricter wins: what became looser waits for the next session, what became stricter holds at once.
"""

from guard.model.dataclass import replace
from guard.model.hashes import sha256
from guard.policy.rule import Policy


def held_to(pinned: Policy, now: Policy) -> Policy:
    """``pinned``, and ``now`` beside it. INVARIANT: no decision is looser than that of either."""
    if pinned.digest == now.digest:
        return now
    return replace(
        pinned,
        also=now,
        held_to=pinned.digest,
        identity="",
        digest="sha256:" + sha256(f"{pinned.digest}\n{now.digest}".encode()).hexdigest(),
        named_programs=pinned.named_programs | now.named_programs,
        denied_programs=pinned.denied_programs | now.denied_programs,
        memo={},
    )
