"""What holds a decision, and what would change it: each change tried, by judging again as if it had been made. Pure.

Says nothing that was not tried with the evaluator of the hook.
"""

from datetime import date, timedelta

from guard.model.dataclass import dataclass, replace
from guard.model.decision import Decision, Reason, Sandbox, verdict_of
from guard.model.effect import (
    ChangeMode,
    Connect,
    DeletePath,
    PublishVcs,
    ReadPath,
    ResolvedEffect,
    RewriteVcs,
    WritePath,
    effect_name,
)
from guard.model.facts import Facts
from guard.model.paths import ResolvedPath
from guard.model.typed import Callable, Iterable
from guard.model.verdict import Verdict
from guard.policy import hosts as named_hosts
from guard.policy import zones as named_zones
from guard.policy.evaluate import Seen
from guard.policy.layers import DEFAULT, exceptions_to, tables_of
from guard.policy.match import expand_braces
from guard.policy.rule import Policy, PolicyException, PolicyLayer, Rule, policy_of

Again = Callable[[tuple[ResolvedEffect, ...], Policy, str], Decision]
"""What is decided about these effects under another policy, or on another day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """What says the verdict that was decided: while it stands, nothing else can loosen it."""

    reason: Reason
    rule: Rule | None
    """None: the default of a layer, or what no policy opens."""
    built_in: bool
    effects: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What would be decided if some of what these files say was gone."""

    without: tuple[Reason, ...]
    verdict: Verdict
    contained: bool
    then: Reason
    """What would decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """An exception to a rule that spoke, or the place for one."""

    rule: Reason
    exception: PolicyException | None
    """None: the rule says that it may have some, and has none."""
    state: str
    """``holds``, ``expired``, ``elsewhere`` (is not about this) or ``possible``."""
    after: Verdict | None = None
    """What is decided on the day after its last, where it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """What would have been allowed instead: the same effect in a zone, to a host, on a branch."""

    effect: str
    name: str
    """Of the zone; or the host or branch itself."""
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    holders: tuple[Holder, ...]
    changes: tuple[Change, ...]
    """Single ones, the loosest first; the last may take several files at once, where no single one is enough."""
    openings: tuple[Opening, ...]
    elsewhere: tuple[Elsewhere, ...]


def because(
    decision: Decision,
    effects: tuple[ResolvedEffect, ...],
    policy: Policy,
    facts: Facts,
    again: Again,
    *,
    built_in: str,
) -> Because:
    """``built_in``: the directory of what ships with us, which nobody edits."""
    holders = _holders(decision, policy, built_in)
    return Because(
        holders=holders,
        changes=_changes(decision, effects, policy, facts.today, again, holders),
        openings=_openings(decision, effects, policy, facts.today, again),
        elsewhere=_elsewhere(decision, effects, policy, facts, again),
    )


def zones_of(effects: tuple[ResolvedEffect, ...], policy: Policy, facts: Facts) -> list[tuple[str, ...]]:
    """The names of the zones that each effect's path itself is in, of those that some rule speaks of."""
    tables = tables_of(policy)
    out: list[tuple[str, ...]] = []
    for effect in effects:
        bits = 0
        for end in Seen(effect, tables, facts).ends:
            bits |= end.here
        # A layer's own name for a zone is kept apart by the number of the layer.
        names = (name.rpartition(":")[2] for name in tables.zones.names(bits))
        out.append(tuple(dict.fromkeys(names)))
    return out


# ---------------------------------------------------------------------- holders


def _holders(decision: Decision, policy: Policy, built_in: str) -> tuple[Holder, ...]:
    verdict = verdict_of(decision)
    found: dict[tuple[str, str, str], Holder] = {}
    for reason in decision.reasons:
        if reason.verdict is not verdict:
            continue
        key = (reason.layer, reason.rule, reason.source)
        known = found.get(key)
        if known is not None:
            found[key] = replace(known, effects=(*known.effects, reason.effect))
            continue
        found[key] = Holder(
            reason=reason,
            rule=rule_of(reason, policy),
            built_in=reason.layer == "guard" or reason.source.startswith(built_in),
            effects=(reason.effect,),
        )
    return tuple(found.values())


def rule_of(reason: Reason, policy: Policy) -> Rule | None:
    """The rule that spoke, itself or through an exception."""
    for layer in policy.layers:
        if layer.kind != reason.layer:
            continue
        for rule in layer.rules:
            if rule.id == reason.rule and (rule.source == reason.source or _excepted(rule, reason, policy)):
                return rule
    return None


def _excepted(rule: Rule, reason: Reason, policy: Policy) -> bool:
    return any(
        exception.source == reason.source
        for number, layer in enumerate(policy.layers)
        if rule in layer.rules
        for _, exception in exceptions_to(policy, number, rule)
    )


# ---------------------------------------------------------------------- changes


def _changes(
    decision: Decision,
    effects: tuple[ResolvedEffect, ...],
    policy: Policy,
    today: str,
    again: Again,
    holders: tuple[Holder, ...],
) -> tuple[Change, ...]:
    verdict = verdict_of(decision)
    if verdict is Verdict.ALLOW:
        return ()
    mine = [holder.reason for holder in holders if not holder.built_in]

    def tried(reasons: tuple[Reason, ...]) -> Change:
        after = again(effects, _without(policy, reasons), today)
        return Change(
            without=reasons,
            verdict=verdict_of(after),
            contained=isinstance(after.placement, Sandbox),
            then=after.reasons[0],
        )

    single = [tried((reason,)) for reason in mine]
    loosening = [change for change in single if change.verdict.rank < verdict.rank]
    if loosening or len(mine) < 2:
        return tuple(sorted(loosening or single, key=lambda change: change.verdict.rank))
    return (tried(tuple(mine)),)


def _without(policy: Policy, reasons: Iterable[Reason]) -> Policy:
    """The policy without these rules; a default that decided becomes ``allow``."""
    layers: list[PolicyLayer] = []
    for layer in policy.layers:
        mine = [reason for reason in reasons if reason.layer == layer.kind]
        gone = {rule_of(reason, policy) for reason in mine if reason.rule != DEFAULT}
        default = any(reason.rule == DEFAULT and reason.source == layer.source for reason in mine)
        layers.append(
            replace(
                layer,
                rules=tuple(rule for rule in layer.rules if rule not in gone),
                default=Verdict.ALLOW if default else layer.default,
            )
        )
    return policy_of(tuple(layers), policy.digest)


# ---------------------------------------------------------------------- exceptions


def _openings(
    decision: Decision, effects: tuple[ResolvedEffect, ...], policy: Policy, today: str, again: Again
) -> tuple[Opening, ...]:
    out: list[Opening] = []
    seen: set[tuple[str, str]] = set()
    verdict = verdict_of(decision)
    used = {reason.source for reason in decision.reasons}
    for reason in decision.reasons:
        rule = rule_of(reason, policy)
        if rule is None or (reason.layer, rule.id) in seen:
            continue
        seen.add((reason.layer, rule.id))
        number = next(n for n, layer in enumerate(policy.layers) if rule in layer.rules)
        exceptions = [exception for _, exception in exceptions_to(policy, number, rule)]
        for exception in exceptions:
            after = None
            if exception.source in used:
                state, after = "holds", verdict_of(again(effects, policy, _day_after(exception.expires)))
            else:
                state = "expired" if today > exception.expires else "elsewhere"
            out.append(Opening(rule=reason, exception=exception, state=state, after=after))
        if not exceptions and rule.exceptable and reason.verdict is verdict is not Verdict.ALLOW:
            out.append(Opening(rule=reason, exception=None, state="possible"))
    return tuple(out)


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


# ---------------------------------------------------------------------- elsewhere


def _elsewhere(
    decision: Decision, effects: tuple[ResolvedEffect, ...], policy: Policy, facts: Facts, again: Again
) -> tuple[Elsewhere, ...]:
    if verdict_of(decision) is Verdict.ALLOW:
        return ()
    held = {reason.effect for reason in decision.reasons if reason.verdict is verdict_of(decision)}
    out: dict[tuple[str, str], Elsewhere] = {}
    for index in sorted(held):
        if not 0 <= index < len(effects):
            continue
        effect = effects[index]
        name = effect_name(effect)
        for word, example, other in _others(effect, name, policy, facts):
            if (name, word) not in out and verdict_of(again((other,), policy, facts.today)) is Verdict.ALLOW:
                out[name, word] = Elsewhere(effect=name, name=word, example=example)
    return tuple(out.values())


def _others(
    effect: ResolvedEffect, name: str, policy: Policy, facts: Facts
) -> list[tuple[str, str, ResolvedEffect]]:
    """The same effect somewhere that a rule which allows it names."""
    allowing = [
        (layer, rule)
        for layer in policy.layers
        for rule in layer.rules
        if rule.verdict is Verdict.ALLOW and not rule.shadow and name in rule.effects
    ]
    out: list[tuple[str, str, ResolvedEffect]] = []
    match effect:
        case ReadPath() | WritePath() | DeletePath() | ChangeMode():
            for layer, rule in allowing:
                own = dict(layer.zones)
                for zone in rule.zones:
                    place = _place_in((own.get(zone) or named_zones.NAMED.get(zone, ("",)))[0])
                    if place:
                        out.append((zone, place, replace(effect, path=_moved(effect.path, place, facts))))
        case Connect():
            for layer, rule in allowing:
                own = dict(layer.hosts)
                for group in rule.hosts:
                    hosts = own.get(group) or named_hosts.NAMED.get(group) or (group,)
                    one = next(
                        (host for host in hosts if not {"*", "?", "/"} & set(host) and host != group), ""
                    )
                    if one or group not in named_hosts.NAMED:
                        out.append((group, one or group, replace(effect, host=one or group)))
        case PublishVcs() | RewriteVcs():
            for _, rule in allowing:
                for pattern in rule.branches:
                    branch = pattern.replace("**", "x").replace("*", "x").replace("?", "x")
                    out.append((pattern, branch, replace(effect, branch=branch)))
        case _:
            pass
    return out


def _place_in(pattern: str) -> str:
    """The shortest ordinary place that a pattern holds."""
    if not pattern.startswith("$"):
        return ""
    single = next(iter(expand_braces(pattern)))
    parts = [part for part in single.split("/") if part != "**"]
    if single.endswith("/**"):
        parts.append("x")
    return "/".join(part.replace("*", "x").replace("?", "x") if part[:1] != "$" else part for part in parts)


def _moved(path: ResolvedPath, place: str, facts: Facts) -> ResolvedPath:
    root, _, rest = place.partition("/")
    named = {"$W": facts.workspace, "$H": facts.home, "$T": facts.temp[0] if facts.temp else "/tmp"}  # noqa: S108 - a name
    real = f"{named.get(root, root)}/{rest}"
    return ResolvedPath(given=real, real=real, place=place, kind=path.kind, listed=True, lost=path.lost)
