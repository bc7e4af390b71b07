"""A person's yes to one exact action, as a layer: the only one that loosens, and only what it names. Pure.

What was asked is named by a digest of everything that the answer rested on. Whoever comes with another command, other
effects, another directory, another policy, other walls or another script to be read comes with another digest.
"""

from guard.engine.stages import Analysed
from guard.model.dataclass import fields
from guard.model.decision import Allow, Ask, Decision, Reason
from guard.model.effect import ResolvedEffect
from guard.model.enums import Enum
from guard.model.facts import Facts, ScriptFact, SettingsFact
from guard.model.hashes import sha256
from guard.model.jsons import dumps
from guard.model.source import Span
from guard.model.typed import Any, cast
from guard.model.verdict import Verdict

GRANT_LAYER = "grant"
GRANT_RULE = "approved"
_VERSION = 1
_NOT_THE_ACTION = frozenset(("principal", "call"))
"""Who asks is another one when the same command is decided again to be run."""


def asked_digest(
    analysed: Analysed, effects: tuple[ResolvedEffect, ...], facts: Facts, policy_digest: str
) -> str:
    """64 hexadecimal digits: SHA-256 of the canonical JSON of what is to be done, where, and by which law."""
    proposal = analysed.proposal
    action = {
        field.name: _plain(getattr(proposal, field.name))
        for field in fields(proposal)
        if field.name not in _NOT_THE_ACTION
    }
    # A command that nobody understands has one effect whatever it says, and a script of one name may say anything.
    read = sorted(
        dumps([_plain(question), _plain(answer)], compact=True, sort_keys=True)
        for question, answer in facts.answers.items()
        if isinstance(answer, ScriptFact | SettingsFact)
    )
    asked = {
        "version": _VERSION,
        "is": type(proposal).__name__,
        "action": action,
        "effects": _plain(effects),
        "cwd": facts.cwd,
        "workspace": facts.workspace,
        "home": facts.home,
        "level": facts.level.value,
        "policy": policy_digest,
        "read": read,
    }
    return sha256(dumps(asked, compact=True, sort_keys=True).encode()).hexdigest()


def with_grants(
    decision: Decision,
    analysed: Analysed,
    effects: tuple[ResolvedEffect, ...],
    facts: Facts,
    policy_digest: str,
) -> Decision:
    """An ask for exactly what ``facts.granted`` names becomes an allow. INVARIANT: nothing else becomes anything else."""
    if not facts.granted or not isinstance(decision, Ask):
        return decision
    if asked_digest(analysed, effects, facts, policy_digest) not in facts.granted:
        return decision
    first = decision.reasons[0]
    reason = Reason(
        verdict=Verdict.ALLOW,
        rule=GRANT_RULE,
        layer=GRANT_LAYER,
        why=f"a person has approved exactly this, asked by the rule `{first.rule}`",
        effect=first.effect,
    )
    return Allow(
        reasons=(reason, *decision.reasons),
        placement=decision.placement,
        obligations=decision.obligations,
        shadow=decision.shadow,
    )


def is_granted(decision: Decision) -> bool:
    """Whether it is allowed because a person said so, and by nothing else."""
    return isinstance(decision, Allow) and decision.reasons[0].layer == GRANT_LAYER


def _plain(value: Any) -> Any:
    """As JSON has it; every field of every value, so that two that differ in anything have two digests."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Enum):
        return [type(value).__name__, value.value]
    if isinstance(value, Span):
        return [value.start, value.end]
    if isinstance(value, tuple):
        return [_plain(item) for item in cast("tuple[object, ...]", value)]
    if isinstance(value, frozenset):
        return sorted(
            dumps(_plain(item), compact=True, sort_keys=True) for item in cast("frozenset[object]", value)
        )
    return {
        "is": type(value).__name__,
        **{field.name: _plain(getattr(value, field.name)) for field in fields(value)},
    }
