"""Station 6: effects against rules. Pure and total; order never matters, the strictest wins.

A permissive rule must cover all of an effect; a strict one speaks as soon as any of it may be meant.
"""

from fnmatch import fnmatchcase

from guard.model.decision import Allow, Ask, Decision, Deny, Host, Placement, Reason, Sandbox
from guard.model.effect import (
    ChangeMode,
    Connect,
    DeletePath,
    LinkPath,
    PublishVcs,
    ReadPath,
    ReadSecret,
    ResolvedEffect,
    RewriteVcs,
    TamperGuard,
    WritePath,
    effect_name,
)
from guard.model.facts import Facts
from guard.model.paths import ResolvedPath
from guard.model.verdict import Verdict
from guard.policy import hosts, zones
from guard.policy.rule import Policy, PolicyException, PolicyLayer, Rule

DEFAULT = "default"


def judge(effects: tuple[ResolvedEffect, ...], policy: Policy, facts: Facts) -> Decision:
    """The strictest verdict over effects, layers and rules, with every reason; ValueError for no effects at all."""
    if not effects:
        raise ValueError("nothing to judge: the analysis always gives at least one effect")
    found: list[tuple[Reason, str]] = []
    shadow: list[Reason] = []
    grants: set[str] = set()
    host = all(layer.permits_host for layer in policy.layers)
    for index, effect in enumerate(effects):
        runs: set[str] = set()
        for layer in policy.layers:
            table = _Table(layer, facts)
            spoken = False
            for rule in table.rules(effect):
                if not table.applies(rule, effect):
                    continue
                verdict, source = table.verdict(rule, effect)
                reason = Reason(
                    verdict=verdict,
                    rule=rule.id,
                    layer=layer.kind,
                    why=rule.why,
                    source=source,
                    instead=rule.instead,
                    effect=index,
                )
                if rule.shadow:
                    shadow.append(reason)
                    continue
                spoken = True
                found.append((reason, rule.run))
                if verdict is Verdict.ALLOW:
                    runs.add(rule.run)
                    grants.update(rule.grants)
            if not spoken:
                nothing = f"no rule of `{layer.name}` speaks of `{effect_name(effect)}` here"
                default = Reason(
                    verdict=layer.default,
                    rule=DEFAULT,
                    layer=layer.kind,
                    why=nothing,
                    source=layer.source,
                    effect=index,
                )
                found.append((default, "host"))
        host = host and runs == {"host"}
    placement: Placement = Host() if host else Sandbox(grants=frozenset(grants))
    # The first of the strictest decides; rules before defaults, and what sent it to the sandbox before what would not have.
    found.sort(key=lambda pair: (-pair[0].verdict.rank, pair[0].rule == DEFAULT, pair[1] == "host"))
    reasons = [reason for reason, _ in found]
    match reasons[0].verdict:
        case Verdict.ALLOW:
            return Allow(reasons=tuple(reasons), placement=placement, shadow=tuple(shadow))
        case Verdict.ASK:
            return Ask(reasons=tuple(reasons), placement=placement, shadow=tuple(shadow))
        case Verdict.DENY:
            return Deny(reasons=tuple(reasons), placement=placement, shadow=tuple(shadow))


class _Table:
    """One layer with its names resolved for this judgement."""

    __slots__ = ("_facts", "_hosts", "_layer", "_zones")

    def __init__(self, layer: PolicyLayer, facts: Facts) -> None:
        self._layer = layer
        self._facts = facts
        self._zones = dict(layer.zones)
        self._hosts = dict(layer.hosts)

    def rules(self, effect: ResolvedEffect) -> list[Rule]:
        name = effect_name(effect)
        return [rule for rule in self._layer.rules if name in rule.effects]

    def verdict(self, rule: Rule, effect: ResolvedEffect) -> tuple[Verdict, str]:
        """The rule's verdict, or that of an exception to it that is in force."""
        found = [e for e in self._layer.exceptions if e.rule == rule.id and self._excepts(e, rule, effect)]
        if not found:
            return rule.verdict, rule.source
        # Several exceptions: the strictest of them, so that order never matters.
        best = max(found, key=lambda e: e.verdict.rank)
        return best.verdict, best.source

    def _excepts(self, exception: PolicyException, rule: Rule, effect: ResolvedEffect) -> bool:
        if not rule.exceptable or not self._facts.today or self._facts.today > exception.expires:
            return False
        narrowed = Rule(
            id=rule.id,
            effects=rule.effects,
            verdict=Verdict.ALLOW,
            why=rule.why,
            zones=exception.zones,
            programs=exception.programs,
            hosts=exception.hosts,
            branches=exception.branches,
        )
        return self.applies(narrowed, effect)

    def applies(self, rule: Rule, effect: ResolvedEffect) -> bool:
        strict = rule.verdict is not Verdict.ALLOW
        if rule.observed is not None and rule.observed != effect.observed:
            return False
        if rule.surprise is not None and rule.surprise != effect.surprise:
            return False
        return (
            self._program(rule, effect, strict=strict)
            and self._place(rule, effect, strict=strict)
            and self._network(rule, effect, strict=strict)
        )

    def _program(self, rule: Rule, effect: ResolvedEffect, *, strict: bool) -> bool:
        if not rule.programs:
            return True
        names = (effect.program, *effect.names) if strict else (effect.program,)
        return any(fnmatchcase(name, pattern) for name in names for pattern in rule.programs)

    # ------------------------------------------------------------------ paths

    def _place(self, rule: Rule, effect: ResolvedEffect, *, strict: bool) -> bool:
        match effect:
            case LinkPath(path=path, target=target):
                # A new name for something opens what it leads to: both ends are judged.
                if strict:
                    return self._at(rule, path, recursive=False, strict=True) or self._at(
                        rule, target, recursive=False, strict=True
                    )
                return self._at(rule, path, recursive=False, strict=False) and self._at(
                    rule, target, recursive=False, strict=False
                )
            case (
                ReadPath(path=path, recursive=deep)
                | WritePath(path=path, recursive=deep)
                | DeletePath(path=path, recursive=deep)
            ):
                return self._at(rule, path, recursive=deep, strict=strict)
            case ChangeMode(path=path, recursive=deep):
                return self._at(rule, path, recursive=deep, strict=strict)
            case ReadSecret(path=path) | TamperGuard(path=path):
                return self._at(rule, path, recursive=False, strict=strict)
            case _:
                # A rule about places says nothing of effects that have none.
                return not (rule.zones or rule.recoverable or rule.recursive is not None)

    def _at(self, rule: Rule, path: ResolvedPath, *, recursive: bool, strict: bool) -> bool:
        if rule.recursive is not None and rule.recursive != recursive:
            return False
        if rule.recoverable:
            state = "unknown" if path.lost < 0 else "yes" if path.lost == 0 else "no"
            if state != rule.recoverable:
                return False
        if rule.zones and not self._inside(rule.zones, path, recursive=recursive, strict=strict):
            return False
        # A carve-out is permissive in a strict rule (all must lie in it) and strict in a permissive one (any is enough).
        return not (
            rule.except_zones
            and self._inside(rule.except_zones, path, recursive=recursive, strict=not strict)
        )

    def _inside(self, names: tuple[str, ...], path: ResolvedPath, *, recursive: bool, strict: bool) -> bool:
        """``strict``: any of it may lie in one of the zones; else: all of it surely does."""
        own = [(name, self._patterns(name)) for name in names]
        places = (path.place, *path.aliases, *(path.below if recursive else ()))
        unlisted = recursive and not path.listed
        if strict:
            return any(
                zones.in_zone(place, name, patterns, self._facts)
                for place in places
                for name, patterns in own
            ) or (unlisted and any(zones.may_below(path.place, name, patterns) for name, patterns in own))
        return all(
            any(zones.in_zone(place, name, patterns, self._facts) for name, patterns in own)
            for place in places
        ) and (not unlisted or any(zones.must_below(path.place, name, patterns) for name, patterns in own))

    def _patterns(self, name: str) -> tuple[str, ...]:
        return self._zones.get(name) or zones.NAMED.get(name, ())

    # ------------------------------------------------------------------ network and branches

    def _network(self, rule: Rule, effect: ResolvedEffect, *, strict: bool) -> bool:
        match effect:
            case Connect(host=host, upload=upload):
                if rule.upload is not None and rule.upload != upload:
                    return False
                if rule.hosts and not hosts.host_matches(host, self._named(rule.hosts), strict=strict):
                    return False
                # An unknown host is never carved out of a strict rule, and always out of a permissive one.
                return not (
                    rule.except_hosts
                    and hosts.host_matches(host, self._named(rule.except_hosts), strict=not strict)
                )
            case PublishVcs(branch=branch) | RewriteVcs(branch=branch):
                if not rule.branches:
                    return not rule.hosts
                if branch == "?":
                    return strict
                return any(fnmatchcase(branch, pattern) for pattern in rule.branches)
            case _:
                return not (rule.hosts or rule.except_hosts or rule.branches) and rule.upload is None

    def _named(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(pattern for name in names for pattern in hosts.group(name, self._hosts, self._facts))
