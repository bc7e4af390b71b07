"""The layers of a policy, worked out once: rules by effect, names as bits and sets. Pure; judges nothing.

All layers count and the strictest verdict wins, so a layer can only tighten (the ratchet). Placement follows the
same law: a repository may send to the sandbox what others let onto the host, never the other way round.
"""

from guard.model.dataclass import dataclass, field
from guard.model.decision import Reason
from guard.model.typed import TypeAlias
from guard.model.verdict import Verdict
from guard.policy import hosts, zones
from guard.policy.hosts import HostSet
from guard.policy.match import ZoneMap
from guard.policy.rule import Policy, PolicyException, PolicyLayer, Rule

KINDS = ("floor", "profile", "repo", "personal")
DEFAULT = "default"
SECRET = "secret"  # noqa: S105 - the word of a policy file
"""Among what a rule says is carried: variables and tokens that hold one."""


Entry: TypeAlias = tuple[tuple[int, bool, bool, bool, int, int, str, str], Reason]
"""A reason behind its place among the reasons of a decision."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A rule, or an exception to one, ready to be compared."""

    rule: Rule
    strict: bool
    """Read as *may*: speaks as soon as any of the effect may be meant. Else as *must*: only of all of it."""
    verdict: Verdict
    source: str
    layer: str
    rank: int
    """Place of the layer in :data:`KINDS`."""
    on_host: bool
    zones: int
    except_zones: int
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
    rulings: dict[str, tuple[Ruling, ...]]
    """By the name of the effect."""
    _said: dict[tuple[str, int], Entry] = field(default_factory=dict[tuple[str, int], Entry], compare=False)

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
class Tables:
    """A whole policy, ready to judge."""

    layers: tuple[LayerTable, ...]
    zones: zones.ZoneTable
    permits_host: bool


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
    layers = tuple(_layer(number, layer, table) for number, layer in enumerate(policy.layers))
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


def _layer(number: int, layer: PolicyLayer, table: zones.ZoneTable) -> LayerTable:
    own_zones, own_hosts = dict(layer.zones), dict(layer.hosts)
    rank = KINDS.index(layer.kind) if layer.kind in KINDS else len(KINDS)

    def bits(names: tuple[str, ...]) -> int:
        return table.bits(tuple(_key(number, name, own_zones) for name in names))

    def host_set(names: tuple[str, ...]) -> HostSet | None:
        if not names:
            return None
        # A name that is no group stands for itself.
        groups = (own_hosts.get(name) or hosts.NAMED.get(name) or (name,) for name in names)
        return HostSet(pattern for group in groups for pattern in group)

    def ruling(rule: Rule, verdict: Verdict, source: str, *, strict: bool, expires: str = "") -> Ruling:
        return Ruling(
            rule=rule,
            strict=strict,
            verdict=verdict,
            source=source,
            layer=layer.kind,
            rank=rank,
            on_host=rule.run == "host",
            zones=bits(rule.zones),
            except_zones=bits(rule.except_zones),
            hosts=host_set(rule.hosts),
            except_hosts=host_set(rule.except_hosts),
            index="package-index" in rule.hosts and "package-index" not in own_hosts,
            except_index="package-index" in rule.except_hosts and "package-index" not in own_hosts,
            branches=ZoneMap({"it": rule.branches}) if rule.branches else None,
            stated=any(
                asked is not None for asked in (rule.observed, rule.surprise, rule.certain, rule.append)
            ),
            networked=bool(rule.hosts or rule.except_hosts or rule.branches or rule.carries)
            or rule.upload is not None,
            programs=frozenset(name for name in rule.programs if not _is_pattern(name)),
            patterns=tuple(name for name in rule.programs if _is_pattern(name)),
            carries=bits(tuple(zone for zone in rule.carries if zone != SECRET)),
            expires=expires,
            exceptions=tuple(
                ruling(
                    _narrowed(rule, exception),
                    exception.verdict,
                    exception.source,
                    strict=exception.verdict.rank > rule.verdict.rank,
                    expires=exception.expires,
                )
                for exception in layer.exceptions
                if exception.rule == rule.id and rule.exceptable and not expires
            ),
        )

    by_effect: dict[str, list[Ruling]] = {}
    for rule in layer.rules:
        ready = ruling(rule, rule.verdict, rule.source, strict=rule.verdict is not Verdict.ALLOW)
        for name in rule.effects:
            by_effect.setdefault(name, []).append(ready)
    return LayerTable(
        layer=layer,
        rank=rank,
        rulings={name: tuple(rulings) for name, rulings in by_effect.items()},
    )


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
