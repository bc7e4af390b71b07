"""Effects that a policy's rules were written for, one of each: what a measurement decides. Pure."""

from guard.model.effect import ResolvedEffect
from guard.model.facts import Facts
from guard.model.paths import UNRESOLVED_PLACE
from guard.model.typed import Iterable
from guard.policy import hosts, zones
from guard.policy.match import ANY, expand_braces
from guard.policy.review.cell import BRANCHES, NETWORK, PLACED, TREES, Cell, Where
from guard.policy.rule import Policy, PolicyLayer, Rule

MOST = 2_000
_PLACES = ("$W/src/a.py", "$W/README.md", "$T/x", "$H/notes.txt", "/etc/hosts", UNRESOLVED_PLACE)
_HOSTS = ("example.com", "localhost", "10.1.2.3", hosts.UNKNOWN)
_PER_RULE = 3
"""Patterns of each condition."""


def probes(policy: Policy, facts: Facts) -> tuple[ResolvedEffect, ...]:
    """At most :data:`MOST`, from every rule of every layer alike, and some that no rule had in mind."""
    cells: dict[Cell, None] = {}
    for layer in policy.layers:
        for rule in layer.rules:
            for effect in rule.effects:
                cells.update(dict.fromkeys(_cells(effect, rule, layer)))
    chosen = list(cells)
    step = max(1, -(-len(chosen) // MOST))
    return tuple(cell.resolved(facts) for cell in chosen[::step])


def _cells(effect: str, rule: Rule, layer: PolicyLayer) -> Iterable[Cell]:
    programs = [_filled(name) for name in rule.programs[:_PER_RULE]] or ["cat"]
    for program in programs:
        if effect in PLACED:
            for place in (*_PLACES, *_places(rule, layer)):
                deep = effect in TREES and rule.recursive is not False
                for recursive in (False, True) if deep else (False,):
                    yield Cell(
                        effect, where=Where((place,), recursive=recursive), program=program, names=(program,)
                    )
        elif effect == NETWORK:
            for host in (*_HOSTS, *_hosts(rule, layer)):
                yield Cell(effect, host=host, program=program, names=(program,))
        elif effect in BRANCHES:
            for branch in ("topic", *map(_filled, rule.branches[:_PER_RULE])):
                yield Cell(effect, branch=branch, program=program, names=(program,))
        else:
            yield Cell(effect, program=program, names=(program,))


def _places(rule: Rule, layer: PolicyLayer) -> Iterable[str]:
    own = dict(layer.zones)
    for name in (*rule.zones, *rule.except_zones):
        for pattern in (own.get(name) or zones.NAMED.get(name, ()))[:_PER_RULE]:
            yield _filled(expand_braces(pattern)[0].replace(ANY, "$W"))


def _hosts(rule: Rule, layer: PolicyLayer) -> Iterable[str]:
    own = dict(layer.hosts)
    for name in (*rule.hosts, *rule.except_hosts):
        for pattern in (own.get(name) or hosts.NAMED.get(name) or (name,))[:_PER_RULE]:
            yield _filled(pattern.partition("/")[0])


def _filled(pattern: str) -> str:
    return pattern.replace("**", "x/y").replace("*", "x").replace("?", "x") or "x"
