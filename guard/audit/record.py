"""What is written down of each station. Pure: values to JSON, secrets taken out on the way."""

from guard.audit.basis import basis_json
from guard.audit.canonical import Json, canonical, text_of
from guard.audit.canonical import digest as digest_of
from guard.audit.redact import Redactor
from guard.engine.stages import Decided
from guard.model.dataclass import fields
from guard.model.decision import Decision, Host, Reason, Sandbox, verdict_of
from guard.model.effect import ResolvedEffect, effect_name
from guard.model.facts import Answer, LookPath, Lookup
from guard.model.outcome import Completed, Killed, LimitReached, NotStarted, Outcome
from guard.model.paths import FileKind, ResolvedPath
from guard.model.profile import Limit
from guard.model.proposal import Proposal, ShellProposal, said_of
from guard.model.typed import TYPE_CHECKING, Any, Iterable, assert_never, cast

if TYPE_CHECKING:
    from sandbox.result import Connection

MAX_TEXT = 8192
MAX_EFFECTS = 200
MAX_BELOW = 20
MAX_EFFECTS_CHARS = 200_000
MAX_ANSWERS_CHARS = 100_000


def effect_json(effect: ResolvedEffect) -> dict[str, Json]:
    """``{"effect": "fs.delete", "program": "rm", "path": {...}, ...}``; fields at their default are left out."""
    out: dict[str, Json] = {"effect": effect_name(effect)}
    for field in fields(effect):
        value: Any = getattr(effect, field.name)  # each field has its own type: told apart below
        if field.name == "span":
            if value is not None:
                out["span"] = [value.start, value.end]
        elif isinstance(value, ResolvedPath):
            out[field.name] = _path(value)
        elif isinstance(value, tuple):
            items = tuple(str(item) for item in cast("tuple[object, ...]", value))
            if items and not (field.name == "names" and items == (effect.program,)):
                out[field.name] = [text_of(item) for item in items[:MAX_BELOW]]
        elif value != field.default:
            out[field.name] = text_of(value) if isinstance(value, str) else value
    return out


def _path(path: ResolvedPath) -> dict[str, Json]:
    out: dict[str, Json] = {"given": text_of(path.given), "place": text_of(path.place)}
    if path.real:
        out["real"] = text_of(path.real)
    if path.unresolved:
        out["unresolved"] = path.unresolved
    if path.lost:
        out["lost"] = path.lost
    if path.aliases:
        out["aliases"] = [text_of(alias) for alias in path.aliases]
    if path.below:
        out["below"] = len(path.below)
    return out


def reason_json(reason: Reason) -> dict[str, Json]:
    out: dict[str, Json] = {
        "verdict": reason.verdict.value,
        "rule": reason.rule,
        "layer": reason.layer,
        "why": reason.why,
        "effect": reason.effect,
    }
    if reason.source:
        out["source"] = text_of(reason.source)
    if reason.instead:
        out["instead"] = reason.instead
    return out


def decision_json(decision: Decision) -> dict[str, Json]:
    """Verdict, placement, the deciding reason, and the trace as (layer, rule, verdict)."""
    first = decision.reasons[0]
    seen = dict.fromkeys((reason.layer, reason.rule, reason.verdict.value) for reason in decision.reasons)
    out: dict[str, Json] = {
        "verdict": verdict_of(decision).value,
        "placement": placement_name(decision),
        "reason": reason_json(first),
        "trace": [list(item) for item in seen],
    }
    if isinstance(decision.placement, Sandbox) and decision.placement.grants:
        out["grants"] = [*sorted(decision.placement.grants)]
    if decision.obligations:
        out["obligations"] = [*sorted(obligation.value for obligation in decision.obligations)]
    if decision.shadow:
        out["shadow"] = [reason_json(reason) for reason in decision.shadow]
    return out


def placement_name(decision: Decision) -> str:
    match decision.placement:
        case Host():
            return "host"
        case Sandbox():
            return "sandbox"


def decision_record(decided: Decided, redactor: Redactor, **extra: Json) -> dict[str, Json]:
    """The record that must be on disk before the answer is given."""
    facts, proposal = decided.facts, decided.analysed.proposal
    principal = proposal.principal
    effects = _bounded(
        (_object(effect_json(effect), redactor) for effect in decided.effects[:MAX_EFFECTS]),
        MAX_EFFECTS_CHARS,
    )
    answers = _bounded(
        (
            [_fact_json(question, redactor), _fact_json(answer, redactor)]
            for question, answer in facts.answers.items()
        ),
        MAX_ANSWERS_CHARS,
    )
    return {
        "type": "decision",
        "agent": {
            "name": principal.agent,
            "version": principal.version,
            "session": principal.session,
            "subagent": principal.subagent,
            "human": principal.human or facts.user,
        },
        "call": _call(proposal, redactor),
        "effects": effects,
        "effects_total": len(decided.effects),
        "unread": [{"span": [u.span.start, u.span.end], "reason": u.reason} for u in decided.analysed.unread],
        "decision": _object(decision_json(decided.decision), redactor),
        "policy": decided.policy_digest,
        "facts": {
            "workspace": text_of(facts.workspace),
            "home": text_of(facts.home),
            "level": facts.level.value,
            "today": facts.today,
            "uid": facts.uid,
            "env": redactor.commitment("\0".join(f"{k}={v}" for k, v in sorted(facts.env.items()))),
            "answers": answers,
            "answers_total": len(facts.answers),
            "digest": _answers_digest(decided),
        },
        "basis": _object(
            basis_json(decided.effects, facts, shell=isinstance(proposal, ShellProposal)), redactor
        ),
        **extra,
    }


def _answers_digest(decided: Decided) -> str:
    """Two decisions with the same digest looked at the same world."""
    answers = sorted(f"{question!r} {answer!r}" for question, answer in decided.facts.answers.items())
    return digest_of([text_of(answer) for answer in answers])


def _call(proposal: Proposal, redactor: Redactor) -> dict[str, Json]:
    out: dict[str, Json] = {"cwd": _text(proposal.cwd, redactor), "id": _text(proposal.call, redactor)}
    said = said_of(proposal)
    text = said.text
    if said.path is not None:
        out["path"] = _text(said.path, redactor)
    # Redacted before it is cut: half a token is no longer recognised as one.
    shown = redactor.redact(text[: 2 * MAX_TEXT])[:MAX_TEXT]
    out["tool"] = _text(said.tool, redactor)
    out["text"] = text_of(shown)
    if len(text) > MAX_TEXT:
        out["text_length"] = len(text)
    out["commitment"] = redactor.commitment(text)
    return out


def _text(text: str, redactor: Redactor) -> Json:
    return text_of(redactor.redact(text[: 2 * MAX_TEXT])[:MAX_TEXT])


def _redacted(value: Json, redactor: Redactor) -> Json:
    match value:
        case str():
            return _text(value, redactor)
        case list():
            words = [item for item in value if isinstance(item, str)]
            if len(words) == len(value):
                return [text_of(word[:MAX_TEXT]) for word in redactor.redact_words(words)]
            return [_redacted(item, redactor) for item in value]
        case dict():
            return _object(value, redactor)
        case _:
            return value


def _object(value: dict[str, Json], redactor: Redactor) -> dict[str, Json]:
    return {key: _redacted(item, redactor) for key, item in value.items()}


def _bounded(items: Iterable[Json], limit: int) -> list[Json]:
    """As many as fit: a record too large to be written would deny what it should only describe."""
    out: list[Json] = []
    for item in items:
        limit -= len(canonical(item))
        if limit < 0:
            break
        out.append(item)
    return out


def _fact_json(value: Lookup | Answer, redactor: Redactor) -> Json:
    """A question or an answer; of a script only its digest, and long lists as far as ``MAX_BELOW``."""
    out: dict[str, Json] = {"is": type(value).__name__}
    for field in fields(value):
        item: Any = getattr(value, field.name)
        match item:
            case str() if field.name != "text" or isinstance(value, LookPath):
                out[field.name] = _text(item, redactor)
            case bool() | int():
                out[field.name] = item
            case FileKind():
                out[field.name] = item.value
            case tuple() if item:
                out[field.name] = [
                    _text(str(part), redactor) for part in cast("tuple[object, ...]", item)[:MAX_BELOW]
                ]
            case _:
                # Absent, empty, or a script's text.
                pass
    return out


def outcome_record(decision_seq: int, outcome: Outcome, **extra: Json) -> dict[str, Json]:
    """How an action ended; ``decision`` is the number of the record that permitted it."""
    match outcome:
        case Completed(status=status):
            ended: dict[str, Json] = {"ended": "completed", "status": status}
        case LimitReached(limit=limit, set_by=set_by):
            ended = {"ended": "limit", "limit": limit, **limit_json(set_by)}
        case Killed(signal=signal):
            ended = {"ended": "killed", "signal": signal}
        case NotStarted(reason=reason):
            ended = {"ended": "not-started", "reason": text_of(reason)}
        case _:
            assert_never(outcome)
    return {"type": "outcome", "decision": decision_seq, **ended, **extra}


def limit_json(set_by: Limit | None) -> dict[str, Json]:
    """Its value and where it was set; nothing where no policy has."""
    if set_by is None:
        return {}
    return {"value": set_by.value, "profile": set_by.profile, "source": text_of(set_by.source)}


def changes_record(decision_seq: int, judged: Decided, redactor: Redactor, **extra: Json) -> dict[str, Json]:
    """What a sandboxed run changed, and whether that may reach the workspace."""
    return {
        "type": "changes",
        "decision": decision_seq,
        "effects": _bounded(
            (_object(effect_json(effect), redactor) for effect in judged.effects[:MAX_EFFECTS]),
            MAX_EFFECTS_CHARS,
        ),
        "effects_total": len(judged.effects),
        "surprises": sum(effect.surprise for effect in judged.effects),
        "judged": _object(decision_json(judged.decision), redactor),
        **extra,
    }


def approval_record(decision_seq: int, *, approved: bool, by: str, surface: str) -> dict[str, Json]:
    return {
        "type": "approval.resolved",
        "decision": decision_seq,
        "approved": approved,
        "by": by,
        "surface": surface,
    }


def connection_record(decision_seq: int, one: "Connection", redactor: Redactor) -> dict[str, Json]:
    """One decision of the network's proxy. What the command asked for is text that it made up."""
    return {
        "type": "connection",
        "decision": decision_seq,
        "host": _text(one.host, redactor),
        "port": one.port,
        "via": one.via,
        "allowed": one.allowed,
        "why": one.why,
        "detail": _text(one.detail, redactor),
        "address": one.address,
        "sent": one.sent,
        "received": one.received,
    }


def more_connections_record(decision_seq: int, more: int) -> dict[str, Json]:
    """How many further ones were not written down."""
    return {"type": "connections.more", "decision": decision_seq, "more": more}


def unproposed_record(
    decision_seq: int, paths: list[str], total: int, judged: Decided, redactor: Redactor
) -> dict[str, Json]:
    """Changes of the workspace that no decision explains, seen while an action ran, and what policy says of them."""
    return {
        "type": "effect.unproposed",
        "decision": decision_seq,
        "paths": [text_of(path) for path in paths],
        "total": total,
        "judged": _object(decision_json(judged.decision), redactor),
    }
