"""A policy with one thing wrong, as somebody might get it wrong: each of these must make a test fail. Pure."""

from guard.model.dataclass import dataclass, replace
from guard.model.typed import Iterator
from guard.model.verdict import Verdict
from guard.policy.lint.decides import layer_of
from guard.policy.lint.document import Document, Path
from guard.policy.lint.finding import Place
from guard.policy.rule import Policy, PolicyLayer, Rule, policy_of
from guard.policy.trial.widen import is_full, wider_branch, wider_host, wider_path

LOOSER = {Verdict.DENY: (Verdict.ASK, Verdict.ALLOW), Verdict.ASK: (Verdict.ALLOW,), Verdict.ALLOW: ()}


@dataclass(frozen=True, slots=True)
class Mutant:
    place: Place
    change: str
    """In words."""
    effects: frozenset[str]
    """Of the rules that it changes: whatever else a command does is judged as before."""
    rules: frozenset[str]
    policy: Policy


def mutants(document: Document, policy: Policy) -> Iterator[Mutant]:
    for path, rule in document.rules():
        if not rule.shadow:
            yield from _of_rule(document, path, rule, policy)
    for name, patterns in document.layer.zones:
        for number, pattern in enumerate(patterns):
            if wide := wider_path(pattern):
                changed = _changed(patterns, number, wide)
                change = f"zone `{name}`: `{pattern}` becomes `{wide}`"
                yield _of_names(document, ("zones", name, number), patterns, changed, change, policy)
    for name, patterns in document.layer.hosts:
        for number, changed, change in _wider_hosts(patterns):
            said = f"host group `{name}`: {change}"
            yield _of_names(document, ("hosts", name, number), patterns, changed, said, policy)


def _of_rule(document: Document, path: Path, rule: Rule, policy: Policy) -> Iterator[Mutant]:
    def mutant(key: str, change: str, made: Rule | None, *more: str | int) -> Mutant:
        number = layer_of(rule, policy)
        layer = policy.layers[number]
        rules = tuple(
            one for old in layer.rules for one in ((old,) if old != rule else (made,) if made else ())
        )
        return Mutant(
            place=document.at((*path, key, *more)),
            change=f"rule `{rule.id}`: {change}",
            effects=frozenset(rule.effects),
            rules=frozenset({rule.id}),
            policy=_with(policy, number, replace(layer, rules=rules)),
        )

    for verdict in LOOSER[rule.verdict]:
        yield mutant(
            "verdict", f"`{rule.verdict.value}` becomes `{verdict.value}`", replace(rule, verdict=verdict)
        )
    yield mutant("id", "is not there", None)
    for number, zone in enumerate(rule.except_zones):
        made = replace(rule, except_zones=_without(rule.except_zones, number))
        yield mutant("except_zones", f"without `{zone}` in `except_zones`", made, number)
    for number, host in enumerate(rule.except_hosts):
        made = replace(rule, except_hosts=_without(rule.except_hosts, number))
        yield mutant("except_hosts", f"without `{host}` in `except_hosts`", made, number)
    for number, changed, change in _wider_hosts(rule.hosts):
        yield mutant("hosts", change, replace(rule, hosts=changed), number)
    for number, branch in enumerate(rule.branches):
        if wide := wider_branch(branch):
            made = replace(rule, branches=_changed(rule.branches, number, wide))
            yield mutant("branches", f"`{branch}` becomes `{wide}`", made, number)


def _wider_hosts(patterns: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...], str]]:
    """Each pattern by itself; names in full together, since they are got wrong together: by comparing how they end."""
    full = [number for number, name in enumerate(patterns) if is_full(name)]
    for number, pattern in enumerate(patterns):
        if number not in full and (wide := wider_host(pattern)):
            yield number, _changed(patterns, number, wide), f"`{pattern}` becomes `{wide}`"
    if full:
        changed = tuple(f"*{name}" if number in full else name for number, name in enumerate(patterns))
        yield (
            full[0],
            changed,
            f"`{patterns[full[0]]}` becomes `*{patterns[full[0]]}`, and so with every name in full",
        )


def _of_names(
    document: Document,
    path: Path,
    patterns: tuple[str, ...],
    changed: tuple[str, ...],
    change: str,
    policy: Policy,
) -> Mutant:
    """A zone or a group that holds more. Both layers of a pack have it."""
    key, name = str(path[0]), str(path[1])
    made = policy
    for at, layer in enumerate(policy.layers):
        named: tuple[tuple[str, tuple[str, ...]], ...] = getattr(layer, key)
        if (name, patterns) in named:
            with_it = tuple(
                (one, changed if (one, given) == (name, patterns) else given) for one, given in named
            )
            made = _with(made, at, replace(layer, **{key: with_it}))
    keys = ("zones", "except_zones", "carries") if key == "zones" else ("hosts", "except_hosts")
    users = [rule for _, rule in document.rules() if any(name in getattr(rule, one) for one in keys)]
    return Mutant(
        place=document.at(path),
        change=change,
        effects=frozenset(effect for rule in users for effect in rule.effects),
        rules=frozenset(rule.id for rule in users),
        policy=made,
    )


def _with(policy: Policy, number: int, layer: PolicyLayer) -> Policy:
    layers = (*policy.layers[:number], layer, *policy.layers[number + 1 :])
    return policy_of(layers, "mutant")


def _without(values: tuple[str, ...], number: int) -> tuple[str, ...]:
    return (*values[:number], *values[number + 1 :])


def _changed(values: tuple[str, ...], number: int, value: str) -> tuple[str, ...]:
    return (*values[:number], value, *values[number + 1 :])
