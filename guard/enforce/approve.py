"""Station 8: an allow, or an ask that a person approves, becomes a permit. Nothing else does.

A person may have said yes before, in another terminal: such a grant is taken here, once, and by one of all who come.
"""

from typing import Protocol, assert_never

from guard.audit.canonical import Json
from guard.audit.record import approval_record
from guard.enforce.observing import only_observed
from guard.enforce.permit import Permit, issue
from guard.enforce.pipeline import Guard
from guard.engine.granted import is_granted
from guard.engine.stages import Decided
from guard.model.decision import Allow, Ask, Deny
from guard.model.proposal import Proposal


class Approver(Protocol):
    """Somebody who can be asked. ``by`` and ``surface`` go into the record."""

    @property
    def by(self) -> str: ...

    @property
    def surface(self) -> str: ...

    def approves(self, decided: Decided, decision: int) -> bool:
        """Ask a person about the decision with this number. No answer in time is no."""
        ...


class Nobody:
    """There is no person to ask: the answer is no."""

    by = "nobody"
    surface = "none"

    def approves(self, decided: Decided, decision: int) -> bool:
        del decided, decision
        return False


def approve(decided: Decided, decision: int, approver: Approver, guard: Guard) -> Permit | None:
    """``decision``: number of the decision's record, which is durable already. Raises AuditError."""
    if only_observed(guard.policy, decided):
        # Its record says so, and that nobody was asked.
        return issue(decided, decision)
    match decided.decision:
        case Allow() if is_granted(decided.decision):
            from guard.enforce.approvals import take  # noqa: PLC0415 - only where a person has approved something

            taken = take(decided, decision, guard.places, guard.log)
            return None if taken is None else issue(decided, decision)
        case Allow():
            return issue(decided, decision)
        case Ask():
            approved = approver.approves(decided, decision)
            guard.log.append(
                approval_record(decision, approved=approved, by=approver.by, surface=approver.surface)
            )
            return issue(decided, decision) if approved else None
        case Deny():
            return None
        case _:
            assert_never(decided.decision)


def mode_of(guard: Guard, decided: Decided) -> dict[str, Json]:
    """What the record says of a decision that stops nothing."""
    return {"mode": "observe"} if only_observed(guard.policy, decided) else {}


def _read(guard: Guard, decided: Decided) -> Decided:
    """With a second reading, where there is one and somebody could be stopped."""
    return decided if guard.policy.observes else guard.read_again(decided)


def permitted(guard: Guard, proposal: Proposal, approver: Approver) -> tuple[Decided, int, Permit | None]:
    """Stations 2 to 8: what was decided, the number of its record, and the permit, if any. Raises AuditError."""
    decided = _read(guard, guard.decide(proposal))
    recorded = guard.record(decided, **mode_of(guard, decided))
    permit = approve(decided, recorded.seq, approver, guard)
    if permit is None and is_granted(decided.decision):
        # Somebody else has used it since: then it is a question again.
        decided = _read(guard, guard.decide(proposal, granted=False))
        recorded = guard.record(decided)
        permit = approve(decided, recorded.seq, approver, guard)
    return decided, recorded.seq, permit
