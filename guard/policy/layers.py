"""The layers of a policy, worked out once: rules by effect, names as bits and sets. Pure; judges nothing.

All layers count and the strictest verdict wins, so a layer can only tighten (the ratchet). Placement follows the
same law: a repository may send to the sandbox what others let onto the host, never the other way round.
"""

from guard.model.dataclass import dataclass, field
from guard.model.decision import Decision, Reason
from guard.model.typed import Callable, TypeAlias
from guard.model.verdict import Verdict
from guard.policy import hosts, zones
from guard.policy.hosts import HostSet
from guard.policy.match import ZoneMap
from guard.policy.rule import Policy, PolicyException, PolicyLayer, Rule

KINDS = ("floor", "profile", "repo", "personal")
ABOVE = frozenset(("floor", "profile"))
"""Layers whose rules may have exceptions elsewhere, where they say so."""
DEFAULT = "default"
SECRET = "secret"  # noqa: S105 - the word of a policy file
"""Among what a rule says is carried: variables and tokens that hold one."""


Entry: TypeAlias = tuple[tuple[int, bool, bool, bool, int, int, str, str], Reason]
"""A reason behind its place among the reasons of a decision."""


@dataclass(frozen=True, slots=True)
class PlaceCondition:
    """All that a rule asks of a path. Rules that ask the same are met in the same places."""

    strict: bool
    """Read as *may*: speaks as soon as any of the path may be meant. Else as *must*: only of all of it."""
    zones: int
    except_zones: int
    recursive: bool | None = None
    recoverable: str = ""
    itself: bool = False


@dataclass(frozen=True, slots=True)
class Ruling:
    """A rule, or an exception to one, ready to be compared."""

    rule: Rule
    strict: bool
    """As of :class:`PlaceCondition`, of all of the effect."""
    verdict: Verdict
    source: str
    layer: str
    rank: int
    """Place of the layer in :data:`KINDS`."""
    on_host: bool
    at: PlaceCondition
    hosts: HostSet | None
    except_hosts: HostSet | None
    index: bool
    except_index: bool
    """Whether ``package-index`` is among them: the facts of the machine add to that group."""
    branches: ZoneMap | None
    stated: bool
    """Whether it asks how the effect is known, or how it writes."""
    networked: bool
    """Whether it asks about hosts, branches or what is sent."""
    programs: frozenset[str]
    """Those it names in full; ``patterns`` are the others."""
    patterns: tuple[str, ...]
    carries: int = 0
    expires: str = ""
    exceptions: tuple["Ruling", ...] = ()
    _said: dict[tuple[int, bool], Entry] = field(default_factory=dict[tuple[int, bool], Entry], compare=False)

    def entry(self, effect: int, perhaps: bool) -> Entry:
        """What it says of the effect with this index; ``perhaps``: only of what lies below the path."""
        said = self._said.get((effect, perhaps))
        if said is None:
            reason = Reason(
                verdict=self.verdict,
                rule=self.rule.id,
                layer=self.layer,
                why=self.rule.why,
                source=self.source,
                instead=self.rule.instead,
                effect=effect,
                may_allow=self.rule.may_allow,
            )
            key = (
                -self.verdict.rank,
                False,
                self.on_host,
                perhaps,
                effect,
                self.rank,
                self.rule.id,
                self.source,
            )
            said = self._said[effect, perhaps] = key, reason
        return said


@dataclass(frozen=True, slots=True)
class LayerTable:
    layer: PolicyLayer
    rank: int
    """Place in :data:`KINDS`: ties between layers are settled by it."""
    _ready: Callable[[str], tuple[Ruling, ...]]
    _rulings: dict[str, tuple[Ruling, ...]] = field(
        default_factory=dict[str, tuple[Ruling, ...]], compare=False
    )
    _said: dict[tuple[str, int], Entry] = field(default_factory=dict[tuple[str, int], Entry], compare=False)

    def about(self, name: str) -> tuple[Ruling, ...]:
        """Its rules about an effect. A process that judges one command asks about few of them."""
        known = self._rulings.get(name)
        if known is None:
            known = self._rulings[name] = self._ready(name)
        return known

    def default(self, name: str, effect: int) -> Entry:
        """What the layer says of an effect that none of its rules speaks of."""
        said = self._said.get((name, effect))
        if said is None:
            reason = Reason(
                verdict=self.layer.default,
                rule=DEFAULT,
                layer=self.layer.kind,
                why=f"no rule of `{self.layer.name}` speaks of `{name}` here",
                source=self.layer.source,
                effect=effect,
            )
            key = (-reason.verdict.rank, True, True, False, effect, self.rank, DEFAULT, reason.source)
            said = self._said[name, effect] = key, reason
        return said


@dataclass(frozen=True, slots=True)
class Said:
    """What all layers say of one effect, as soon as it is known which rules it meets."""

    entries: tuple[Entry, ...]
    shadow: tuple[Reason, ...]
    owners: frozenset[str]
    repos: frozenset[str]
    """Profiles that are given by the owner's rules and by the repository's."""
    on_host: bool


class Spoken:
    """The rules of all layers about one kind of effect, a bit for each, and what was found out about it before."""

    def __init__(self, name: str, layers: tuple[LayerTable, ...]) -> None:
        self.name = name
        self.rulings: list[Ruling] = []
        self.layers: list[tuple[LayerTable, int]] = []
        """Each with the bits of its rules."""
        places: dict[PlaceCondition, int] = {}
        self.asking = self.excepted = self.strict = self.itself = self.placeless = 0
        """``asking``: those that ask for more than a place. ``placeless``: those that need none."""
        for table in layers:
            mine = 0
            for ruling in table.about(name):
                at, bit = ruling.at, 1 << len(self.rulings)
                self.rulings.append(ruling)
                mine |= bit
                places[at] = places.get(at, 0) | bit
                if ruling.stated or ruling.programs or ruling.patterns or ruling.networked:
                    self.asking |= bit
                if ruling.exceptions:
                    self.excepted |= bit
                if ruling.strict:
                    self.strict |= bit
                if at.itself:
                    self.itself |= bit
                if not (at.zones or at.recoverable or at.recursive is not None):
                    self.placeless |= bit
            self.layers.append((table, mine))
        self.places = tuple(places.items())
        """What is asked of a path, and by which rules."""
        zoned: dict[int, int] = {}
        for at, bits in places.items():
            if at.zones:
                zoned[at.zones] = zoned.get(at.zones, 0) | bits
        self.zoned = tuple(zoned.items())
        """Zones that are asked for, and by which rules."""
        self.placed: dict[object, tuple[int, int]] = {}
        """By what a path is: the rules that it meets, and those of them that it meets in person."""
        self.said: dict[object, Said] = {}
        self.decided: dict[object, Decision] = {}
        """By the rules that are met: of an effect among others, and of one alone."""


@dataclass(frozen=True, slots=True)
class Tables:
    """A whole policy, ready to judge."""

    layers: tuple[LayerTable, ...]
    zones: zones.ZoneTable
    permits_host: bool
    spoken: dict[str, Spoken] = field(default_factory=dict[str, Spoken], compare=False)
    """By the name of the effect, worked out when one is judged."""
    decided: dict[object, Decision] = field(default_factory=dict[object, Decision], compare=False)
    """By all that a decision depends on: what was decided before."""


def tables_of(policy: Policy) -> Tables:
    """Worked out at the first question and kept with the policy."""
    kept = policy.memo.get("tables")
    if isinstance(kept, Tables):
        return kept
    tables = _build(policy)
    policy.memo["tables"] = tables
    return tables


def _build(policy: Policy) -> Tables:
    patterns: dict[str, tuple[str, ...]] = {}
    for number, layer in enumerate(policy.layers):
        own = dict(layer.zones)
        for name in _mentioned(layer):
            patterns[_key(number, name, own)] = own.get(name) or zones.NAMED.get(name, ())
    table = zones.ZoneTable(patterns)
    layers = tuple(_layer(number, policy, table) for number in range(len(policy.layers)))
    return Tables(layers=layers, zones=table, permits_host=all(layer.permits_host for layer in policy.layers))


def _mentioned(layer: PolicyLayer) -> list[str]:
    names: dict[str, None] = {}
    for rule in layer.rules:
        names.update(
            dict.fromkeys((*rule.zones, *rule.except_zones, *(z for z in rule.carries if z != SECRET)))
        )
    for exception in layer.exceptions:
        names.update(dict.fromkeys(exception.zones))
    return list(names)


def _key(number: int, name: str, own: dict[str, tuple[str, ...]]) -> str:
    """Two layers may give one name to different zones."""
    return f"{number}:{name}" if name in own else name


class _Names:
    """What the names of one layer mean: each may give the same name to something else."""

    def __init__(self, number: int, layer: PolicyLayer, table: zones.ZoneTable) -> None:
        self._number = number
        self._zones, self._hosts = dict(layer.zones), dict(layer.hosts)
        self._table = table

    def bits(self, names: tuple[str, ...]) -> int:
        return self._table.bits(tuple(_key(self._number, name, self._zones) for name in names))

    def host_set(self, names: tuple[str, ...]) -> HostSet | None:
        if not names:
            return None
        # A name that is no group stands for itself.
        groups = (self._hosts.get(name) or hosts.NAMED.get(name) or (name,) for name in names)
        return HostSet(pattern for group in groups for pattern in group)

    def index(self, names: tuple[str, ...]) -> bool:
        return "package-index" in names and "package-index" not in self._hosts


def _layer(number: int, policy: Policy, table: zones.ZoneTable) -> LayerTable:
    layer = policy.layers[number]
    rank = KINDS.index(layer.kind) if layer.kind in KINDS else len(KINDS)
    own = _Names(number, layer, table)

    def ruling(
        rule: Rule,
        names: _Names,
        source: str,
        *,
        strict: bool,
        exceptions: tuple[Ruling, ...] = (),
        expires: str = "",
    ) -> Ruling:
        return Ruling(
            rule=rule,
            strict=strict,
            verdict=rule.verdict,
            source=source,
            layer=layer.kind,
            rank=rank,
            on_host=rule.run == "host",
            at=PlaceCondition(
                strict,
                names.bits(rule.zones),
                names.bits(rule.except_zones),
                rule.recursive,
                rule.recoverable,
                rule.itself,
            ),
            hosts=names.host_set(rule.hosts),
            except_hosts=names.host_set(rule.except_hosts),
            index=names.index(rule.hosts),
            except_index=names.index(rule.except_hosts),
            branches=ZoneMap({"it": rule.branches}) if rule.branches else None,
            stated=any(
                asked is not None for asked in (rule.observed, rule.surprise, rule.certain, rule.append)
            ),
            networked=bool(rule.hosts or rule.except_hosts or rule.branches or rule.carries)
            or rule.upload is not None,
            programs=frozenset(name for name in rule.programs if not _is_pattern(name)),
            patterns=tuple(name for name in rule.programs if _is_pattern(name)),
            carries=names.bits(tuple(zone for zone in rule.carries if zone != SECRET)),
            expires=expires,
            exceptions=exceptions,
        )

    made: dict[int, Ruling] = {}

    def ready(at: int, rule: Rule) -> Ruling:
        known = made.get(at)
        if known is not None:
            return known
        exceptions = tuple(
            ruling(
                _narrowed(rule, exception),
                own if place == number else _Names(place, policy.layers[place], table),
                exception.source,
                strict=exception.verdict.rank > rule.verdict.rank,
                expires=exception.expires,
            )
            for place, exception in exceptions_to(policy, number, rule)
        )
        strict = rule.verdict is not Verdict.ALLOW
        known = made[at] = ruling(rule, own, rule.source, strict=strict, exceptions=exceptions)
        return known

    def about(name: str) -> tuple[Ruling, ...]:
        return tuple([ready(at, rule) for at, rule in enumerate(layer.rules) if name in rule.effects])

    return LayerTable(layer, rank, about)


def exceptions_to(policy: Policy, number: int, rule: Rule) -> list[tuple[int, PolicyException]]:
    """Those that hold for a rule of the layer with this number, each behind the number of its own layer."""
    layer = policy.layers[number]
    own = rule.exceptable if rule.exceptable is not None else layer.kind != "floor"
    found = [(number, e) for e in layer.exceptions if own and e.rule == rule.id]
    if rule.exceptable and layer.kind in ABOVE:
        # INVARIANT: nothing that an agent or one person could have written alone loosens what stands above it.
        found += [
            (place, e)
            for place, other in enumerate(policy.layers)
            if other.kind in {"floor", "repo"} and other.reviewed
            for e in other.exceptions
            if e.rule == f"{layer.kind}/{rule.id}"
        ]
    return found


def _is_pattern(program: str) -> bool:
    return "*" in program or "?" in program


def _narrowed(rule: Rule, exception: PolicyException) -> Rule:
    """Where the exception holds, as a rule: its own conditions only, the rule's are met already."""
    return Rule(
        id=rule.id,
        effects=rule.effects,
        verdict=exception.verdict,
        why=f"{rule.why} Exception `{exception.id}` until {exception.expires}: {exception.reason}",
        instead=rule.instead,
        zones=exception.zones,
        programs=exception.programs,
        hosts=exception.hosts,
        branches=exception.branches,
        run=rule.run,
        grants=rule.grants,
    )
