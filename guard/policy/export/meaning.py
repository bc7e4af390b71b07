"""A policy worked out for export: what each name of each layer means, and where it has to be said."""

from guard.model.dataclass import dataclass, field
from guard.model.typed import Iterable
from guard.model.verdict import Verdict
from guard.policy import hosts, zones
from guard.policy.export.loss import layer_names
from guard.policy.layers import SECRET, exceptions_to
from guard.policy.rule import Policy, PolicyException, PolicyLayer, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Of a rule, or of an exception to one; names of zones and hosts as they are known in the whole export."""

    rule: Rule
    strict: bool
    """Read as *may*; else as *must*."""
    zones: tuple[str, ...]
    except_zones: tuple[str, ...]
    hosts: tuple[str, ...]
    """Patterns."""
    except_hosts: tuple[str, ...]
    index: bool
    """Whether the hosts are also those that this machine's package managers use."""
    except_index: bool
    carries: tuple[str, ...]
    secret: bool

    @property
    def placed(self) -> bool:
        """Whether it asks about a place at all."""
        return self.needs_place or bool(self.except_zones) or self.rule.itself

    @property
    def needs_place(self) -> bool:
        return bool(self.zones or self.rule.recoverable) or self.rule.recursive is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenException:
    exception: PolicyException
    condition: Condition
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One rule of one layer."""

    name: str
    """``LAYER/RULE``"""
    condition: Condition
    exceptions: tuple[OpenException, ...]

    @property
    def rule(self) -> Rule:
        return self.condition.rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    name: str
    layer: PolicyLayer
    rules: tuple[Spoken, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    layers: tuple[Layer, ...]
    zones: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Every zone that is spoken of and is a list of patterns."""


def meaning_of(policy: Policy) -> Meaning:
    names = layer_names(policy.layers)
    known: dict[str, tuple[str, ...]] = {}
    layers = tuple(
        Layer(
            name=name,
            layer=layer,
            rules=tuple(_spoken(policy, number, rule, names, known) for rule in layer.rules),
        )
        for number, (name, layer) in enumerate(zip(names, policy.layers, strict=True))
    )
    return Meaning(layers=layers, zones=known)


def _spoken(
    policy: Policy, number: int, rule: Rule, names: tuple[str, ...], known: dict[str, tuple[str, ...]]
) -> Spoken:
    own = _Names(names[number], policy.layers[number], known)
    return Spoken(
        name=f"{names[number]}/{rule.id}",
        condition=own.condition(rule, strict=rule.verdict is not Verdict.ALLOW),
        exceptions=tuple(
            OpenException(
                exception=exception,
                condition=_Names(names[place], policy.layers[place], known).condition(
                    _where(rule, exception), strict=exception.verdict.rank > rule.verdict.rank
                ),
                verdict=exception.verdict,
            )
            for place, exception in exceptions_to(policy, number, rule)
        ),
    )


def _where(rule: Rule, exception: PolicyException) -> Rule:
    return Rule(
        id=rule.id,
        effects=rule.effects,
        verdict=exception.verdict,
        why=exception.reason,
        zones=exception.zones,
        programs=exception.programs,
        hosts=exception.hosts,
        branches=exception.branches,
    )


class _Names:
    """What names mean in one layer: another may give the same name to something else."""

    def __init__(self, name: str, layer: PolicyLayer, known: dict[str, tuple[str, ...]]) -> None:
        self._name, self._known = name, known
        self._zones, self._hosts = dict(layer.zones), dict(layer.hosts)

    def condition(self, rule: Rule, *, strict: bool) -> Condition:
        return Condition(
            rule=rule,
            strict=strict,
            zones=self._zone_names(rule.zones),
            except_zones=self._zone_names(rule.except_zones),
            hosts=self._patterns(rule.hosts),
            except_hosts=self._patterns(rule.except_hosts),
            index=self._index(rule.hosts),
            except_index=self._index(rule.except_hosts),
            carries=self._zone_names(zone for zone in rule.carries if zone != SECRET),
            secret=SECRET in rule.carries,
        )

    def _zone_names(self, names: Iterable[str]) -> tuple[str, ...]:
        out: list[str] = []
        for name in names:
            own = self._zones.get(name)
            key = f"{self._name}/{name}" if own else name
            if key not in zones.COMPUTED:
                self._known[key] = own or zones.NAMED.get(name, ())
            out.append(key)
        return tuple(dict.fromkeys(out))

    def _patterns(self, names: tuple[str, ...]) -> tuple[str, ...]:
        groups = (self._hosts.get(name) or hosts.NAMED.get(name) or (name,) for name in names)
        return tuple(dict.fromkeys(pattern for group in groups for pattern in group))

    def _index(self, names: tuple[str, ...]) -> bool:
        return "package-index" in names and "package-index" not in self._hosts
