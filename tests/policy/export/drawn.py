"""Random policies and random effects to ask them about. A rule asks only what its effect can answer, and not much of it,
so that most rules speak of something; the places, names and hosts are those of the comparison of two policies."""

import random

from hypothesis import strategies as st

from guard.model.dataclass import replace
from guard.model.decision import Decision, Host
from guard.model.effect import Connect, Opaque, ResolvedEffect
from guard.model.facts import Facts
from guard.model.verdict import Verdict
from guard.policy.evaluate import judge
from guard.policy.review.cell import PLACED, TREES
from guard.policy.rule import Policy, PolicyException, PolicyLayer, Rule, policy_of
from tests.properties.test_policy_diff import (
    BRANCHES,
    EFFECTS,
    FACTS,
    HOSTS,
    PATTERNS,
    PROGRAMS,
    ZONES,
    cell,
    several,
    slow,
)

__all__ = ["Question", "carved_hosts", "questions", "said", "slow"]
ASKED = 40
"""Effects for each policy."""
OFTEN = ("fs.delete", "fs.write", "fs.link", "net.connect", "vcs.publish")
"""Effects whose rules have most to ask."""
CARRIED = (("p",), ("secret", "q"), ("secret",), ("r", "s"))
Question = tuple[ResolvedEffect, Facts]


def rule(chance: random.Random, effect: str, name: str) -> Rule:
    def maybe(share: float) -> bool:
        return chance.random() < share

    def flag(share: float) -> bool | None:
        return chance.choice((True, False)) if maybe(share) else None

    verdict = chance.choice(list(Verdict))
    placed, connects = effect in PLACED, effect == "net.connect"
    zones = several(chance, ZONES, 3) if placed and maybe(0.8) else ()
    return Rule(
        id=name,
        effects=chance.choice(((effect,), (effect,), EFFECTS)),
        verdict=verdict,
        why="because",
        zones=zones,
        except_zones=several(chance, ZONES, 2) if placed and maybe(0.3) else (),
        programs=several(chance, PROGRAMS, 2) if maybe(0.2) else (),
        hosts=several(chance, HOSTS, 2) if connects and maybe(0.5) else (),
        except_hosts=several(chance, HOSTS, 2) if connects and maybe(0.4) else (),
        branches=several(chance, BRANCHES, 2) if effect.startswith("vcs.") and maybe(0.7) else (),
        recursive=flag(0.2) if effect in TREES else None,
        itself=verdict is not Verdict.ALLOW and bool(zones) and maybe(0.2),
        upload=flag(0.15) if connects else None,
        carries=chance.choice(CARRIED) if connects and maybe(0.3) else (),
        append=flag(0.1) if effect == "fs.write" else None,
        certain=flag(0.05),
        observed=flag(0.05),
        surprise=flag(0.05),
        recoverable=chance.choice(("yes", "no", "lost", "unknown")) if placed and maybe(0.15) else "",
        run=chance.choice(("sandbox", "host")),
        grants=chance.choice(((), (), ("net",))),
        shadow=maybe(0.1),
        exceptable=chance.choice((None, True, True, False)),
    )


def exception(chance: random.Random, effect: str, rules: list[str], name: str) -> PolicyException:
    return PolicyException(
        id=name,
        rule=chance.choice(rules),
        verdict=chance.choice(list(Verdict)),
        reason="r",
        owner="o",
        approved_by="p",
        expires=chance.choice(("2030-06-14", "2030-06-15", "2030-12-31")),
        zones=several(chance, ZONES, 1) if effect in PLACED else (),
        hosts=several(chance, HOSTS, 1) if effect == "net.connect" else (),
        branches=several(chance, BRANCHES, 1) if effect.startswith("vcs.") else (),
        programs=several(chance, PROGRAMS, 1) if chance.random() < 0.2 else (),
        source=f"f:{name}",
    )


def policy(chance: random.Random, effect: str) -> Policy:
    kinds = ["floor", *chance.sample(["profile", "personal"], chance.randint(0, 1)), "repo"]
    layers: list[PolicyLayer] = []
    known: list[str] = []
    for kind in kinds:
        rules = tuple(rule(chance, effect, f"{kind}{n}") for n in range(chance.choice((0, 1, 1, 2, 3))))
        own = [one.id for one in rules]
        known += [f"{kind}/{name}" for name in own if kind != "repo"]
        reach = [*own, *own, *known]
        exceptions = tuple(
            exception(chance, effect, reach, f"{kind}e{n}")
            for n in range(chance.randint(0, 3) if reach else 0)
        )
        layers.append(
            PolicyLayer(
                kind=kind,
                name=kind,
                default=chance.choice((Verdict.ALLOW, Verdict.ALLOW, Verdict.ASK, Verdict.DENY)),
                rules=rules,
                zones=tuple((name, several(chance, PATTERNS, 2) or ("$W/a/**",)) for name in "pqrs"),
                exceptions=exceptions,
                permits_host=chance.random() < 0.9,
                reviewed=chance.random() < 0.8,
            )
        )
    return policy_of(tuple(layers), "sha256:x")


@st.composite
def questions(draw: st.DrawFn) -> tuple[Policy, list[Question], Facts]:
    effect = draw(st.sampled_from((*EFFECTS, *OFTEN, *OFTEN)))
    chance = random.Random(draw(st.integers(0, 2**32)))
    # Without a date no exception holds.
    facts = replace(FACTS, today=draw(st.sampled_from((FACTS.today, FACTS.today, ""))))
    asked: list[Question] = []
    for _ in range(ASKED):
        one = cell(chance, effect)
        here = replace(facts, package_hosts=(one.host,) if one.package_host else ())
        asked.append((one.resolved(here), here))
    return policy(chance, effect), asked, facts


def said(law: Policy, question: Question) -> tuple[Decision, bool]:
    """What we say, and whether it may run on the host: never what nobody has understood."""
    effect, facts = question
    decision = judge((effect,), law, facts)
    return decision, isinstance(decision.placement, Host) and not isinstance(effect, Opaque)


def carved_hosts() -> list[tuple[Policy, list[Question]]]:
    """Hosts that nobody can tell, or has not said, beside those that a rule carves out: too rare to be drawn."""
    out: list[tuple[Policy, list[Question]]] = []
    for verdict in (Verdict.ALLOW, Verdict.DENY):
        for carved in ("unknown", "a.example", "*", "loopback"):
            one = Rule(
                id="r", effects=("net.connect",), verdict=verdict, why="w", except_hosts=(carved,), run="host"
            )
            law = policy_of(
                (PolicyLayer(kind="personal", name="p", default=Verdict.ASK, rules=(one,)),), "sha256:x"
            )
            asked: list[Question] = [
                (Connect(host=host, program="curl", names=("curl",)), FACTS)
                for host in ("?", "", " ?", "a.example", "localhost", "b.example")
            ]
            out.append((law, asked))
    return out
