"""A whole run as JSON, for `guard exec --json` and the library: docs/schemas/exec.schema.json."""

import os

from guard.audit.canonical import text_of
from guard.audit.record import decision_json, effect_json, limit_json
from guard.enforce.carry import Carried
from guard.model.outcome import Completed, Killed, LimitReached, NotStarted
from guard.model.typed import Any
from sandbox.result import Connection


def report(carried: Carried) -> dict[str, Any]:
    """All but the exit status of whoever reports it."""
    outcome: dict[str, Any] | None = None
    match carried.outcome:
        case None:
            pass
        case Completed(status=own):
            outcome = {"ended": "completed", "status": own}
        case LimitReached(limit=limit, set_by=set_by):
            outcome = {"ended": "limit", "limit": limit, **limit_json(set_by)}
        case Killed(signal=number):
            outcome = {"ended": "killed", "signal": number}
        case NotStarted(reason=reason):
            outcome = {"ended": "not-started", "reason": reason}
    judged = carried.judged
    return {
        "record": carried.decision,
        "decision": decision_json(carried.decided.decision),
        "effects": [effect_json(effect) for effect in carried.decided.effects],
        "outcome": outcome,
        "backend": carried.backend,
        "changes": [effect_json(effect) for effect in judged.effects] if judged is not None else [],
        "judged": decision_json(judged.decision) if judged is not None else None,
        "applied": carried.applied,
        "undo": carried.undo or None,
        "held": carried.held or None,
        "why_held": carried.why_held or None,
        "surprises": carried.surprises,
        "observed": carried.observed or None,
        "unproposed_rule": carried.unproposed_rule or None,
        "connections": [_connection(one) for one in carried.connections.entries],
        "connections_more": carried.connections.more,
        "unproposed": [os.fsencode(path).decode(errors="backslashreplace") for path in carried.unproposed],
    }


def _connection(one: Connection) -> dict[str, Any]:
    return {
        "host": text_of(one.host),
        "port": one.port,
        "via": one.via,
        "allowed": one.allowed,
        "why": one.why,
        "detail": text_of(one.detail),
        "address": one.address,
        "sent": one.sent,
        "received": one.received,
    }
