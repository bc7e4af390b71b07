"""What a run asked of the network: one audit record for each decision of the proxy, and what was missing. Judges nothing."""

from guard.audit.canonical import text_of
from guard.audit.record import connection_record, more_connections_record
from guard.audit.redact import Redactor
from guard.engine.stages import Decided
from guard.model.decision import Deny, Sandbox
from guard.model.effect import Connect
from guard.model.typed import TYPE_CHECKING
from guard.model.verdict import Level

if TYPE_CHECKING:
    from guard.enforce.pipeline import Guard
    from sandbox.result import Connection, Connections

MAX_RECORDS = 200
_GRANTABLE = frozenset(("not-granted", "address"))
"""What a grant would change; the others are no question of whom to talk to."""


def note(guard: "Guard", decision: int, connections: "Connections") -> None:
    """Write down each; refused ones first, as far as ``MAX_RECORDS``, and how many more there were."""
    if connections.problem:
        why = f"the network's proxy: {connections.problem}"
        guard.log.append({"type": "guard.error", "decision": decision, "problem": text_of(why)})
    if not connections.entries:
        return
    redactor = Redactor.open(guard.places.state)
    numbered = sorted(enumerate(connections.entries), key=lambda pair: pair[1].allowed)[:MAX_RECORDS]
    for _, one in sorted(numbered, key=lambda pair: pair[0]):
        guard.log.append(connection_record(decision, one, redactor), durable=False)
    more = connections.more + len(connections.entries) - len(numbered)
    if more:
        guard.log.append(more_connections_record(decision, more), durable=False)


def asked_and_refused(connections: "Connections") -> tuple[str, ...]:
    """``host:port`` of what a grant would have allowed, once each, in the order they were asked for."""
    return tuple(dict.fromkeys(_place(one) for one in connections.entries if one.why in _GRANTABLE))


def needs(decided: Decided) -> tuple[str, ...]:
    """Whom a contained command would talk to, as far as that can be told; empty where it is not contained."""
    contained = isinstance(decided.decision.placement, Sandbox) and decided.facts.level is not Level.ADVICE
    if isinstance(decided.decision, Deny) or not contained:
        return ()
    hosts = [
        effect for effect in decided.effects if isinstance(effect, Connect) and effect.host not in ("", "?")
    ]
    return tuple(dict.fromkeys(f"{one.host}:{one.port}" if one.port else one.host for one in hosts))


def _place(one: "Connection") -> str:
    host = f"[{one.host}]" if ":" in one.host else one.host
    return f"{host}:{one.port}"
