"""The token without which nothing runs. Names one exact action, is used once, and ends soon.

INVARIANT: only :func:`guard.enforce.approve.approve` makes one.
"""

import hashlib
import time

from guard.engine.stages import Decided
from guard.errors import NoPermit
from guard.model.decision import Placement
from guard.model.proposal import Proposal

LIFETIME_S = 600.0
_KEY = object()


def action_digest(proposal: Proposal) -> str:
    """Of everything that says what is to be done."""
    return hashlib.sha256(repr(proposal).encode(errors="surrogateescape")).hexdigest()


class Permit:
    """Cannot be made without the key that only this module and ``approve`` hold."""

    __slots__ = ("_digest", "_expires", "_used", "decision", "placement")

    def __init__(self, key: object, decided: Decided, decision: int) -> None:
        if key is not _KEY:
            raise NoPermit("a permit can only come from an approval", help_="this is a defect of the guard")
        self._digest = action_digest(decided.analysed.proposal)
        self._expires = time.monotonic() + LIFETIME_S
        self._used = False
        self.placement: Placement = decided.decision.placement
        self.decision = decision
        """Number of the record that stands for it."""

    def use(self, proposal: Proposal) -> None:
        """Spend it on ``proposal``. Raises NoPermit if it is for another action, spent, or too old."""
        if self._used:
            raise NoPermit("a permit is used once", help_="decide again")
        if time.monotonic() > self._expires:
            raise NoPermit("the permit has expired", help_="decide again")
        if action_digest(proposal) != self._digest:
            raise NoPermit("the permit is for another action", help_="decide again")
        self._used = True


def issue(decided: Decided, decision: int) -> Permit:
    """For ``approve`` alone; an import contract holds this."""
    return Permit(_KEY, decided, decision)
