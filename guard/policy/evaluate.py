"""Station 6: effects against rules. Pure and total; order never matters, the strictest wins.

A permissive rule must cover all of an effect; a strict one speaks as soon as any of it may be meant.
"""

from guard.effects.place import place_of, roots
from guard.model.dataclass import dataclass, fields, replace
from guard.model.decision import Allow, Ask, Decision, Deny, Host, Placement, Reason, Sandbox
from guard.model.effect import (
    ChangeMode,
    Connect,
    DeletePath,
    KillProcess,
    LinkPath,
    PublishVcs,
    ReadPath,
    ReadSecret,
    ResolvedEffect,
    RewriteVcs,
    RunProgram,
    TamperGuard,
    WritePath,
    effect_name,
)
from guard.model.facts import Facts
from guard.model.names import folded
from guard.model.paths import ResolvedPath
from guard.model.typed import TYPE_CHECKING, Callable
from guard.model.verdict import Verdict
from guard.policy.hosts import UNKNOWN, HostSet, normal
from guard.policy.layers import SECRET, Entry, PlaceCondition, Ruling, Said, Spoken, Tables, tables_of
from guard.policy.match import wildcard
from guard.policy.rule import Policy, Rule

if TYPE_CHECKING:
    from operator import attrgetter, itemgetter
else:
    from _operator import attrgetter, itemgetter  # the part of it that is built in


def judge(effects: tuple[ResolvedEffect, ...], policy: Policy, facts: Facts) -> Decision:
    """The strictest verdict over effects, layers and rules, with every reason; ValueError for no effects at all."""
    if not effects:
        raise ValueError("nothing to judge: the analysis always gives at least one effect")
    tables = tables_of(policy)
    if len(effects) > _MOST_EFFECTS:
        large = _judged(effects, policy, tables, facts)
        return large if policy.also is None else _stricter(large, judge(effects, policy.also, facts))
    asked = _ASKED
    try:
        key = (_world(facts), *[asked[effect.__class__](effect) for effect in effects])
    except KeyError:
        for effect in effects:
            asked[effect.__class__] = _asked(effect.__class__)
        return judge(effects, policy, facts)
    decision = tables.decided.get(key)
    if decision is None:
        decision = _judged(effects, policy, tables, facts)
        if len(tables.decided) >= _DECIDED:
            tables.decided.clear()
        if all(map(_is_small, effects)):
            tables.decided[key] = decision
    return decision if policy.also is None else _stricter(decision, judge(effects, policy.also, facts))


def _stricter(one: Decision, other: Decision) -> Decision:
    """Of two policies that both count: the stricter verdict, ``one`` where they say the same; on the host only if both do."""
    first, second = (
        (one, other) if one.reasons[0].verdict.rank >= other.reasons[0].verdict.rank else (other, one)
    )
    placement = next(
        (each.placement for each in (one, other) if isinstance(each.placement, Sandbox)), one.placement
    )
    return replace(
        first,
        reasons=(*first.reasons, *second.reasons),
        placement=placement,
        obligations=one.obligations | other.obligations,
        shadow=(*one.shadow, *other.shadow),
    )


def _judged(effects: tuple[ResolvedEffect, ...], policy: Policy, tables: Tables, facts: Facts) -> Decision:
    if len(effects) == 1:
        spoken, met, exceptions = _met(effects[0], tables, facts)
        key = (*met, *map(id, exceptions))
        decision = spoken.decided.get(key)
        if decision is None:
            if len(spoken.decided) >= _DECIDED:
                spoken.decided.clear()
            decision = _joined([_said_of(spoken, 0, met, exceptions)], policy, tables)
            spoken.decided[key] = decision
        return decision
    parts: list[Said] = []
    for index, effect in enumerate(effects):
        spoken, met, exceptions = _met(effect, tables, facts)
        key = (index, *met, *map(id, exceptions))
        said = spoken.said.get(key)
        if said is None:
            if len(spoken.said) >= _DECIDED:
                spoken.said.clear()
            said = spoken.said[key] = _said_of(spoken, index, met, exceptions)
        parts.append(said)
    return _joined(parts, policy, tables)


def _met(
    effect: ResolvedEffect, tables: Tables, facts: Facts
) -> tuple[Spoken, tuple[int, int], tuple[Ruling, ...]]:
    """The rules that it meets, those of them that its path itself meets, and what speaks in the place of excepted ones."""
    name = effect_name(effect)
    spoken = tables.spoken.get(name)
    if spoken is None:
        spoken = tables.spoken[name] = Spoken(name, tables.layers)
    seen = Seen(effect, tables, facts)
    ends = seen.ends
    if not ends:
        met = spoken.placeless
        here = 0
    else:
        met, here = spoken.placed.get(_whole(ends[0])) or _placed(spoken, ends[0])
        if len(ends) > 1:
            other, there = spoken.placed.get(_whole(ends[1])) or _placed(spoken, ends[1])
            # A strict rule speaks of either end, or of the new name only; a permissive one of both.
            met = ((met | (other & ~spoken.itself)) & spoken.strict) | (met & other & ~spoken.strict)
            here |= there
    rulings = spoken.rulings
    left = met & spoken.asking
    while left:
        bit = left & -left
        left ^= bit
        if not seen.meets_elsewhere(rulings[bit.bit_length() - 1]):
            met ^= bit
    left = met & spoken.excepted
    exceptions: list[Ruling] = []
    while left:
        bit = left & -left
        left ^= bit
        exceptions.append(_said(rulings[bit.bit_length() - 1], seen, facts))
    return spoken, (met, here & met), tuple(exceptions)


def _placed(spoken: Spoken, end: "End") -> tuple[int, int]:
    met = here = 0
    for at, rules in spoken.places:
        if holds_at(at, end):
            met |= rules
    for zones, rules in spoken.zoned:
        if end.here & zones:
            here |= rules
    if len(spoken.placed) >= _DECIDED:
        spoken.placed.clear()
    spoken.placed[_whole(end)] = met, here
    return met, here


def _said_of(spoken: Spoken, index: int, met: tuple[int, int], exceptions: tuple[Ruling, ...]) -> Said:
    """What is said of the effect with this index."""
    every, here = met
    entries: list[Entry] = []
    shadow: list[Reason] = []
    owners: set[str] = set()
    repos: set[str] = set()
    instead = iter(exceptions)
    sandboxed = opened = False
    for table, mine in spoken.layers:
        silent = True
        left = every & mine
        while left:
            bit = left & -left
            left ^= bit
            ruling = spoken.rulings[bit.bit_length() - 1]
            rule = ruling.rule
            said = next(instead) if ruling.exceptions else ruling
            # Of what lies below only, not of the path itself: the weaker reason of two.
            entry = said.entry(index, ruling.at.zones != 0 and not here & bit)
            if rule.shadow:
                shadow.append(entry[1])
                continue
            silent = False
            entries.append(entry)
            if said.verdict is Verdict.ALLOW:
                sandboxed = sandboxed or not ruling.on_host
            if said.verdict is not Verdict.DENY:
                if rule.grants:
                    (repos if table.layer.kind == "repo" else owners).update(rule.grants)
                # A repository can send to the sandbox; only others can let out of it.
                if ruling.on_host and table.layer.kind != "repo":
                    opened = True
        if silent:
            entries.append(table.default(spoken.name, index))
    return Said(tuple(entries), tuple(shadow), frozenset(owners), frozenset(repos), opened and not sandboxed)


def _joined(parts: list[Said], policy: Policy, tables: Tables) -> Decision:
    """One decision of what is said of each effect."""
    # INVARIANT: the key orders every two different reasons, so that the order of rules in a file never shows.
    found = sorted([entry for part in parts for entry in part.entries], key=itemgetter(0))
    shadow = sorted(
        [reason for part in parts for reason in part.shadow],
        key=lambda reason: (reason.effect, reason.layer, reason.rule, reason.source),
    )
    reasons = tuple([reason for _, reason in found])
    placement: Placement = Host()
    if not (tables.permits_host and all(part.on_host for part in parts)):
        from guard.policy.profiles import profile_for  # noqa: PLC0415 - most of what agents do needs none

        owners = frozenset[str]().union(*[part.owners for part in parts])
        repos = frozenset[str]().union(*[part.repos for part in parts])
        placement = Sandbox(grants=owners | repos, profile=profile_for(policy, owners, repos))
    match reasons[0].verdict:
        case Verdict.ALLOW:
            return Allow(reasons=reasons, placement=placement, shadow=tuple(shadow))
        case Verdict.ASK:
            return Ask(reasons=reasons, placement=placement, shadow=tuple(shadow))
        case Verdict.DENY:
            return Deny(reasons=reasons, placement=placement, shadow=tuple(shadow))


_MOST_EFFECTS = 8
_MOST_NAMES = 32
"""Of one effect: what lies below its path, and the other names of that. What holds more is judged anew each time."""
_DECIDED = 4_096
"""Decisions that a long-lived guard keeps before it starts anew."""
_UNASKED = frozenset(
    "span typed given kind loss unresolved arguments sha256 reason port remote packages detail".split()
)
"""INVARIANT: fields that no rule can ask about. All others, such as one that is added, tell decisions apart."""
_PATHS = frozenset(("path", "target"))
_world = attrgetter("today", "package_hosts", "guard_paths", "workspace", "home", "temp")
_ASKED: dict[type, Callable[[object], object]] = {}
"""By the class of an effect: all of it that a decision can depend on."""


def _asked(cls: type) -> Callable[[object], object]:
    names = ["__class__"]
    for item in fields(cls):
        if item.name in _PATHS and cls is not KillProcess:
            names += [
                f"{item.name}.{part.name}" for part in fields(ResolvedPath) if part.name not in _UNASKED
            ]
        elif item.name not in _UNASKED:
            names.append(item.name)
    return attrgetter(*names)


def _is_small(effect: ResolvedEffect) -> bool:
    match effect:
        case LinkPath(path=path, target=target):
            return (
                len(path.aliases) + len(path.below) + len(target.aliases) + len(target.below) <= _MOST_NAMES
            )
        case (
            ReadPath(path=path)
            | WritePath(path=path)
            | DeletePath(path=path)
            | ChangeMode(path=path)
            | ReadSecret(path=path)
            | TamperGuard(path=path)
        ):
            return len(path.aliases) + len(path.below) <= _MOST_NAMES
        case Connect(carries=carries):
            return len(carries) <= _MOST_NAMES
        case _:
            return True


def _said(ruling: Ruling, seen: "Seen", facts: Facts) -> Ruling:
    """The rule itself, or the exception to it that is in force: of several the strictest, so that order never matters."""
    open_ = [
        exception
        for exception in ruling.exceptions
        # Without a date nobody can say that it has not expired.
        if facts.today and facts.today <= exception.expires and seen.meets(exception)
    ]
    return max(open_, key=lambda e: (e.verdict.rank, e.source), default=ruling)


def is_guard(place: str, path: ResolvedPath, facts: Facts) -> bool:
    """Whether ``place``, one of the names of ``path``, is among the guard's own files on this machine."""
    named = roots(facts)
    here, real = folded(place), folded(path.real) if place == path.place else ""
    for own in facts.guard_paths:
        spelled = folded(place_of(own, named))
        if here == spelled or here.startswith(spelled + "/"):
            return True
        exact = folded(own)
        if real and (real == exact or real.startswith(exact + "/")):
            return True
    return False


@dataclass(frozen=True, slots=True)
class End:
    """A path of an effect, with all that it takes along."""

    here: int
    """Zones that the path itself is in, under any of its names."""
    any_zone: int
    """Zones that any of it may be in."""
    all_zones: frozenset[int]
    """The zones of each part; a permissive rule must hold of each of them."""
    recursive: bool
    lost: int


_whole = attrgetter(*[item.name for item in fields(End)])
"""Everything about it: compared faster than values of a class are."""


def end_of(path: ResolvedPath, tables: Tables, facts: Facts, *, recursive: bool) -> End:
    """What it is to the zones of a policy."""
    zones = tables.zones
    unlisted = recursive and not path.listed
    here = any_zone = 0
    all_zones: set[int] = set()
    for place in (path.place, *path.aliases, *(path.below if recursive else ())):
        member = zones.membership(place)
        inside = member.inside
        if zones.guard and is_guard(place, path, facts):
            inside |= zones.guard
        any_zone |= inside
        all_zones.add(inside)
        if place == path.place or place in path.aliases:
            here |= inside
        if unlisted:
            # Each of them may hold more than was seen: `tar c /home` takes the keys below `$H` along.
            any_zone |= member.may
            all_zones.add(member.must | (inside & zones.guard))
    return End(here, any_zone, frozenset(all_zones), recursive, path.lost)


class Seen:
    """One effect with its places worked out."""

    __slots__ = ("_effect", "_facts", "_tables", "ends")

    def __init__(self, effect: ResolvedEffect, tables: Tables, facts: Facts) -> None:
        self._effect = effect
        self._tables = tables
        self._facts = facts
        match effect:
            case RunProgram():
                self.ends: tuple[End, ...] = ()
            case (
                ReadPath(path=path, recursive=deep)
                | WritePath(path=path, recursive=deep)
                | DeletePath(path=path, recursive=deep)
                | ChangeMode(path=path, recursive=deep)
            ):
                self.ends = (end_of(path, tables, facts, recursive=deep),)
            case LinkPath(path=path, target=target):
                # A new name for something opens what it leads to: both ends are judged.
                self.ends = (
                    end_of(path, tables, facts, recursive=False),
                    end_of(target, tables, facts, recursive=False),
                )
            case ReadSecret(path=path) | TamperGuard(path=path):
                self.ends = (end_of(path, tables, facts, recursive=False),)
            case _:
                self.ends = ()

    def meets(self, ruling: Ruling) -> bool:
        """Whether the rule speaks of this effect."""
        return self.meets_elsewhere(ruling) and self._places(ruling.at)

    def meets_elsewhere(self, ruling: Ruling) -> bool:
        """Whether all is met that is asked for beside a place."""
        if ruling.stated and not self._state(ruling.rule):
            return False
        if (ruling.programs or ruling.patterns) and not self._program(ruling):
            return False
        return not ruling.networked or self._network(ruling)

    def _state(self, rule: Rule) -> bool:
        effect = self._effect
        if rule.observed is not None and rule.observed != effect.observed:
            return False
        if rule.surprise is not None and rule.surprise != effect.surprise:
            return False
        if rule.certain is not None and rule.certain != effect.certain:
            return False
        return rule.append is None or (isinstance(effect, WritePath) and effect.append == rule.append)

    def _program(self, ruling: Ruling) -> bool:
        # A strict rule follows a program under every name. A permissive one trusts only what the program was understood
        # to be: a copy of `rm` that is called `ls` is understood as `rm`. Content is what it is for both.
        effect = self._effect
        names = (effect.program, *effect.names)
        if not ruling.strict:
            names = (effect.program, *(name for name in effect.names if name.startswith("sha256:")))
        if not ruling.programs.isdisjoint(names):
            return True
        return bool(ruling.patterns) and any(wildcard(p, name) for name in names for p in ruling.patterns)

    def _places(self, at: PlaceCondition) -> bool:
        ends = self.ends
        if not ends:
            # A rule about places says nothing of effects that have none.
            return not (at.zones or at.recoverable or at.recursive is not None)
        if len(ends) == 1:
            return holds_at(at, ends[0])
        if at.strict:
            return any(holds_at(at, end) for end in (ends[:1] if at.itself else ends))
        return all(holds_at(at, end) for end in ends)

    def _network(self, ruling: Ruling) -> bool:
        rule = ruling.rule
        match self._effect:
            case Connect(host=host, upload=upload, carries=carries):
                if rule.branches:
                    return False
                if rule.carries and not self._carried(ruling, carries):
                    return False
                if rule.upload is not None and rule.upload != upload:
                    return False
                if ruling.hosts is not None and not self._among(host, ruling.hosts, index=ruling.index):
                    return False
                if ruling.except_hosts is None:
                    return True
                # A host that nobody can tell is never carved out of a strict rule, and always out of a permissive one.
                if host == UNKNOWN:
                    return ruling.strict or not (ruling.except_hosts.unknown or ruling.except_hosts.some)
                return not self._among(host, ruling.except_hosts, index=ruling.except_index)
            case PublishVcs(branch=branch) | RewriteVcs(branch=branch):
                if rule.hosts or rule.carries:
                    return False
                if ruling.branches is None:
                    return True
                if branch in ("", UNKNOWN):
                    return ruling.strict
                return bool(ruling.branches.membership(branch.removeprefix("refs/heads/")).inside)
            case _:
                if rule.carries or rule.upload is not None:
                    return False
                return not (rule.hosts or rule.except_hosts or rule.branches)

    def _carried(self, ruling: Ruling, carries: tuple[str, ...]) -> bool:
        """A strict rule speaks of any part of what is sent; a permissive one of all of it, and only where that is known."""
        zones, secret = self._tables.zones, SECRET in ruling.rule.carries
        met = [
            bool(zones.membership(source.partition(":")[2]).inside & ruling.carries)
            if source.startswith(("file:", "tree:"))
            else secret
            for source in carries
        ]
        return any(met) if ruling.strict else bool(met) and all(met)

    def _among(self, host: str, group: HostSet, *, index: bool) -> bool:
        return group.holds(host) or (index and normal(host) in self._facts.package_hosts)


def holds_at(at: PlaceCondition, end: End) -> bool:
    """Whether the conditions are met there."""
    strict = at.strict
    if at.recursive is not None and at.recursive != end.recursive:
        return False
    if at.recoverable and not _recoverable(at.recoverable, end.lost, strict=strict):
        return False
    if at.itself and not end.here & at.zones:
        return False
    if at.zones and not _inside(at.zones, end, strict=strict):
        return False
    # A carve-out is permissive in a strict rule (all must lie in it) and strict in a permissive one (any is enough).
    return not (at.except_zones and _inside(at.except_zones, end, strict=not strict))


def _inside(bits: int, end: End, *, strict: bool) -> bool:
    if strict:
        return bool(end.any_zone & bits)
    return all(part & bits for part in end.all_zones)


def _recoverable(wanted: str, lost: int, *, strict: bool) -> bool:
    match wanted:
        case "yes":
            return lost == 0
        case "unknown":
            return lost < 0
        case "lost":
            return lost > 0
        case _:
            # `false` in a strict rule: whatever is not known to come back.
            return lost > 0 or (strict and lost < 0)
