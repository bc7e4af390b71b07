"""Station 8: an allow, or an ask that a person approves, becomes a permit. Nothing else does."""

from typing import Protocol, assert_never

from guard.audit.record import approval_record
from guard.enforce.permit import Permit, issue
from guard.enforce.pipeline import Guard
from guard.engine.stages import Decided
from guard.model.decision import Allow, Ask, Deny


class Approver(Protocol):
    """Somebody who can be asked. ``by`` and ``surface`` go into the record."""

    @property
    def by(self) -> str: ...

    @property
    def surface(self) -> str: ...

    def approves(self, decided: Decided) -> bool:
        """Ask a person. No answer in time is no."""
        ...


class Nobody:
    """There is no person to ask: the answer is no."""

    by = "nobody"
    surface = "none"

    def approves(self, decided: Decided) -> bool:
        del decided
        return False


def approve(decided: Decided, decision: int, approver: Approver, guard: Guard) -> Permit | None:
    """``decision``: number of the decision's record, which is durable already. Raises AuditError."""
    match decided.decision:
        case Allow():
            return issue(decided, decision)
        case Ask():
            approved = approver.approves(decided)
            guard.log.append(
                approval_record(decision, approved=approved, by=approver.by, surface=approver.surface)
            )
            return issue(decided, decision) if approved else None
        case Deny():
            return None
        case _:
            assert_never(decided.decision)
