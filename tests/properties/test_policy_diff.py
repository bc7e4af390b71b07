"""The comparison of two policies against brute force: whatever any effect shows to be looser or stricter, it has found.

``GUARD_TEST_EXAMPLES=100`` tries a hundred times as many (``just nightly``).
"""

import os
import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guard.engine.imagined import imagined_facts
from guard.model.dataclass import replace
from guard.model.decision import Decision, Host, Sandbox, may_be_answered, verdict_of
from guard.model.facts import Facts
from guard.model.verdict import Verdict
from guard.policy.review.cell import PLACED, TREES, Cell, Where
from guard.policy.review.compare import Direction, Row, compare, decided
from guard.policy.rule import Policy, PolicyException, PolicyLayer, Profile, Rule, policy_of

FACTS = imagined_facts(today="2030-06-15")
DAYS = ("2030-06-15", "2030-06-15", "2030-06-14", "2030-06-16", "2031-01-01", "")
MORE = int(os.environ.get("GUARD_TEST_EXAMPLES", "1"))
TRIED = 250
"""Effects for each pair of policies."""
EFFECTS = (
    "fs.delete",
    "fs.write",
    "fs.read",
    "fs.perms",
    "fs.link",
    "secrets.read",
    "guard.tamper",
    "exec",
    "exec.opaque",
    "net.connect",
    "vcs.publish",
    "vcs.rewrite",
    "pkg.install",
    "proc.kill",
)
PROFILES = ("net", "cache")
PATTERNS = (
    "$W/**",
    "$W/a/**",
    "$W/a",
    "$W/a/b",
    "$W/*/b",
    "$W/**/b/**",
    "$W/**/*.c",
    "$W/a*",
    "$W/?",
    "$H/**",
    "/etc/**",
    "$T/**",
    "$W/**/b/*",
    "$W",
)
ZONES = ("p", "q", "r", "s", "system", "device", "unresolved", "guard", "vcs-internals", "harmless-device")
HOSTS = (
    "*",
    "a.example",
    "*.example",
    "*a.example",
    "10.0.0.0/8",
    "10.1.0.0/16",
    "loopback",
    "unknown",
    "package-index",
)
BRANCHES = ("*", "main", "agent/*", "agent*", "**", "release/**")
PROGRAMS = ("rm", "git", "g*", "*t", "ls", "sha256:" + "0" * 64)
PLACES = (
    "$W", "$W/a", "$W/a/b", "$W/a/b/c", "$W/ab", "$W/x.c", "$W/b", "$W/b/b", "$W/x/b/y", "$H", "$H/x", "/", "/etc", "/etc/x", "/dev", "/dev/null",
    "/dev/sda", "$T/x", "$W/.git/config", "$W/.GIT/config", "$W/.guard/policy.yaml", "$W/.guard", "$W/a/x.c", "$W/aa/b", "/x", "?",
)  # fmt: skip

verdicts = st.sampled_from(list(Verdict))


def some(values: tuple[str, ...], most: int = 2) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=most, unique=True).map(tuple)


maybe = st.sampled_from((None, None, None, True, False))


@st.composite
def rules(draw: st.DrawFn, effect: str) -> Rule:
    verdict = draw(verdicts)
    zones = draw(some(ZONES))
    return Rule(
        id=f"r{draw(st.integers(0, 5))}",
        effects=draw(st.sampled_from(((effect,), (effect,), EFFECTS))),
        verdict=verdict,
        why="because",
        zones=zones,
        except_zones=draw(st.sampled_from(((), (), ("q",), ("r", "s"), ("system",)))),
        programs=draw(st.sampled_from(((), (), ()))) or draw(some(PROGRAMS)),
        hosts=draw(some(HOSTS)) if draw(st.booleans()) else (),
        except_hosts=draw(some(HOSTS, 1)) if draw(st.booleans()) else (),
        branches=draw(some(BRANCHES)) if draw(st.booleans()) else (),
        recursive=draw(maybe),
        itself=verdict is not Verdict.ALLOW and bool(zones) and draw(st.booleans()),
        upload=draw(maybe) if draw(st.booleans()) else None,
        carries=draw(st.sampled_from(((), (), ("p",), ("secret", "q")))),
        append=draw(maybe) if draw(st.booleans()) else None,
        certain=draw(maybe) if draw(st.booleans()) else None,
        observed=draw(maybe) if draw(st.booleans()) else None,
        surprise=draw(maybe) if draw(st.booleans()) else None,
        recoverable=draw(st.sampled_from(("", "", "", "yes", "no", "lost", "unknown"))),
        run=draw(st.sampled_from(("sandbox", "sandbox", "host"))),
        grants=draw(st.sampled_from(((), (), (), ("net",), ("cache",), PROFILES))),
        shadow=draw(st.sampled_from((False, False, False, True))),
        exceptable=draw(st.sampled_from((None, True, True, False))),
        may_allow=verdict is Verdict.ASK and draw(st.booleans()),
    )


@st.composite
def exceptions(draw: st.DrawFn) -> PolicyException:
    return PolicyException(
        id="e", rule=draw(st.sampled_from(("", "", "floor/"))) + f"r{draw(st.integers(0, 5))}", verdict=draw(verdicts), reason="r", owner="o", approved_by="p",
        expires=draw(st.sampled_from(("2030-01-01", "2030-06-14", "2030-06-15", "2030-12-31"))),
        zones=draw(some(ZONES, 1)), programs=draw(some(PROGRAMS, 1)),
        hosts=draw(some(HOSTS, 1)) if draw(st.booleans()) else (), branches=draw(some(BRANCHES, 1)) if draw(st.booleans()) else (), source=f"f:{draw(st.integers(1, 9))}",
    )  # fmt: skip


@st.composite
def layers(draw: st.DrawFn, kind: str, effect: str) -> PolicyLayer:
    # Few rules: where there are many, one kind of change hides another.
    most = 4 if kind == "repo" else 1
    named = {rule.id: rule for rule in draw(st.lists(rules(effect), max_size=most))}
    return PolicyLayer(
        kind=kind,
        name=kind,
        default=draw(verdicts) if kind == "repo" else Verdict.ALLOW,
        rules=tuple(named.values()),
        zones=tuple((name, draw(some(PATTERNS, 2)) or ("$W/a/**",)) for name in "pqrs"),
        exceptions=tuple(draw(st.lists(exceptions(), max_size=2))),
        profiles=tuple(Profile(id=name, why="x") for name in PROFILES),
        reviewed=kind != "repo" or draw(st.booleans()),
    )


@st.composite
def pairs(draw: st.DrawFn, effect: str) -> tuple[Policy, Policy]:
    above = (draw(layers("floor", effect)), *draw(st.lists(layers("profile", effect), max_size=1)))
    above = (replace(above[0], permits_host=draw(st.sampled_from((True, True, False)))), *above[1:])
    below = draw(st.lists(layers("personal", effect), max_size=1))
    repo, edited = draw(layers("repo", effect)), draw(layers("repo", effect))
    # A pull request: one rule, one zone, one exception or where one rule's effects run is another.
    match draw(st.sampled_from(("all", "zone", "rule", "place", "exception", "shadow", "answered", "floor"))):
        case "zone":
            edited = replace(repo, zones=(*edited.zones[:1], *repo.zones[1:]))
        case "rule":
            edited = replace(repo, rules=(*repo.rules[1:], *edited.rules[:1]))
        case "place" if repo.rules and edited.rules:
            moved = replace(repo.rules[0], run=edited.rules[0].run, grants=edited.rules[0].grants)
            edited = replace(repo, rules=(moved, *repo.rules[1:]))
        case "exception":
            edited = replace(repo, exceptions=edited.exceptions)
        case "answered" if repo.rules and repo.rules[0].verdict is Verdict.ASK:
            other_way = replace(repo.rules[0], may_allow=not repo.rules[0].may_allow)
            edited = replace(repo, rules=(other_way, *repo.rules[1:]))
        case "shadow" if repo.rules:
            edited = replace(
                repo, rules=(replace(repo.rules[0], shadow=not repo.rules[0].shadow), *repo.rules[1:])
            )
        case "floor":
            other = draw(layers("floor", effect))
            return policy_of((*above, repo, *below), "old"), policy_of(
                (other, *above[1:], repo, *below), "new"
            )
        case _:
            pass
    return policy_of((*above, repo, *below), "old"), policy_of((*above, edited, *below), "new")


def several(draw: random.Random, values: tuple[str, ...], most: int) -> tuple[str, ...]:
    return tuple(draw.sample(values, draw.randint(0, most)))


def where(draw: random.Random, *, trees: bool) -> Where:
    places = tuple(draw.sample(PLACES, draw.choice((1, 1, 2, 3))))
    places = ("?",) if "?" in places else places
    deep = trees and draw.random() < 0.5
    listed = deep and draw.random() < 0.5
    below = several(draw, PLACES[:-1], 3) if listed and places != ("?",) else ()
    return Where(places, below, recursive=deep, listed=listed, lost=draw.choice((-1, 0, 2)))


def cell(draw: random.Random, effect: str) -> Cell:
    observed = draw.random() < 0.5
    names = several(draw, ("rm", "git", "ls", "gnat", "other", "sha256:" + "0" * 64), 3) or ("rm",)
    return Cell(
        effect,
        where=where(draw, trees=effect in TREES) if effect in PLACED else Where(),
        target=where(draw, trees=False) if effect == "fs.link" else None,
        program=names[0],
        names=names,
        certain=draw.random() < 0.5,
        observed=observed,
        surprise=observed and draw.random() < 0.5,
        append=draw.random() < 0.5,
        host=draw.choice(("a.example", "b.example", "aa.example", "10.1.2.3", "10.2.2.3", "8.8.8.8", "localhost", "x.org", "?", "")),
        package_host=draw.random() < 0.5,
        upload=draw.random() < 0.5,
        carries=several(draw, ("file:$W/a/b", "tree:$W/x.c", "secret:T", "file:$H/x", "environment"), 3),
        branch=draw.choice(("main", "agent", "agent/x", "agent/x/y", "agentx", "?", "", "release/1/2", "refs/heads/main")),
    )  # fmt: skip


Both = tuple[Policy, Policy]
Change = tuple[object, ...]


def described(before: Decision, after: Decision) -> Change | None:
    """What a person would call the difference, read from the decisions alone; None where there is none."""
    was, is_ = verdict_of(before), verdict_of(after)
    places = [one.placement for one in (before, after)]
    hosts = [isinstance(place, Host) for place in places]
    grants = [place.grants if isinstance(place, Sandbox) else frozenset[str]() for place in places]
    answered = [may_be_answered(one) for one in (before, after)]
    looser: bool | None
    if was is not is_:
        looser = is_.rank < was.rank
    elif was is Verdict.DENY:
        return None
    elif hosts[0] != hosts[1]:
        looser = hosts[1]
    elif grants[0] != grants[1]:
        looser = bool(grants[1] - grants[0])
    else:
        looser = None
    if was is is_ and answered[0] != answered[1]:
        looser = answered[1] or bool(looser)
    if looser is None:
        return None
    return Direction.LOOSER if looser else Direction.STRICTER, was, is_, *hosts, *grants, *answered


def told(row: Row) -> Change:
    """The same of a row."""
    says = row.before, row.after
    return (
        row.direction,
        *(say.verdict for say in says),
        *(say.host for say in says),
        *(frozenset[str]() if say.host else say.owners | say.repos for say in says),
        *(say.may_allow for say in says),
    )


def on(day: str) -> Facts:
    return replace(FACTS, today=day)


def slow(examples: int) -> settings:
    return settings(
        max_examples=examples * MORE, deadline=timedelta(seconds=60), suppress_health_check=list(HealthCheck)
    )


def missing(effect: str, both: Both, day: str, seed: int) -> None:
    old, new = both
    facts = on(day)
    compared = compare(old, new, facts)
    known = {told(row) for row in compared.rows if row.effect == effect}
    draw = random.Random(seed)

    assert not compared.unproved
    for _ in range(TRIED):
        tried = cell(draw, effect)
        change = described(decided(tried, old, facts), decided(tried, new, facts))

        assert change is None or change in known, (tried, change)


def about(effects: tuple[str, ...]) -> st.SearchStrategy[tuple[str, Both]]:
    return st.sampled_from(effects).flatmap(lambda effect: st.tuples(st.just(effect), pairs(effect)))


@slow(40)
@given(about(EFFECTS), st.sampled_from(DAYS), st.integers())
def test_nothing_that_any_effect_shows_is_missing(drawn: tuple[str, Both], day: str, seed: int) -> None:
    missing(*drawn, day, seed)


@slow(30)
@given(about(("fs.delete", "fs.link", "fs.write")), st.sampled_from(DAYS), st.integers())
def test_nothing_is_missing_of_paths(drawn: tuple[str, Both], day: str, seed: int) -> None:
    missing(*drawn, day, seed)


@slow(30)
@given(about(("net.connect", "vcs.publish", "exec")), st.sampled_from(DAYS), st.integers())
def test_nothing_is_missing_of_hosts_branches_and_programs(
    drawn: tuple[str, Both], day: str, seed: int
) -> None:
    missing(*drawn, day, seed)


@slow(25)
@given(st.sampled_from(EFFECTS).flatmap(pairs), st.sampled_from(DAYS))
def test_every_row_is_what_the_evaluator_says_of_its_examples(both: Both, day: str) -> None:
    old, new = both
    for row in compare(old, new, on(day)).rows:
        for one in row.cells:
            assert described(decided(one, old, on(day)), decided(one, new, on(day))) in (told(row), None)
            assert verdict_of(decided(one, old, on(day))) is row.before.verdict
            assert verdict_of(decided(one, new, on(day))) is row.after.verdict


@slow(25)
@given(st.sampled_from(EFFECTS).flatmap(pairs))
def test_a_policy_and_itself_differ_in_nothing(both: Both) -> None:
    for policy in both:
        assert compare(policy, policy_of(policy.layers, "same"), FACTS).rows == ()


def _gains(host: object, hosts: object, had: object, has: object) -> bool:
    """Whether there is more room to run in afterwards."""
    if host != hosts:
        return bool(hosts)
    return isinstance(had, frozenset) and isinstance(has, frozenset) and bool(has - had)


@slow(15)
@given(st.sampled_from(EFFECTS).flatmap(pairs))
def test_what_becomes_looser_becomes_stricter_the_other_way_round(both: Both) -> None:
    old, new = both
    there = {told(row) for row in compare(old, new, FACTS).rows}
    back = {told(row) for row in compare(new, old, FACTS).rows}

    def turned(change: Change) -> Change:
        direction, was, is_, host, hosts, had, has, answered, answers = change
        other = Direction.STRICTER if direction is Direction.LOOSER else Direction.LOOSER
        if was is is_ and answered != answers:
            # More room and no model's word, or less and one: looser both ways.
            other = (
                Direction.LOOSER
                if answered or ((host, had) != (hosts, has) and _gains(hosts, host, has, had))
                else Direction.STRICTER
            )
        return other, is_, was, hosts, host, has, had, answers, answered

    # Grants that are exchanged for others are looser both ways.
    assert {turned(c) for c in there if not (c[5] - c[6] and c[6] - c[5])} == {
        c for c in back if not (c[5] - c[6] and c[6] - c[5])
    }


SMALL = ("$W/a", "$W/b", "$W/c", "$W/other")
"""A world of four names, of which one path may have any: every effect there is can be tried."""


@st.composite
def small(draw: st.DrawFn) -> PolicyLayer:
    zones = st.lists(st.sampled_from("abc"), max_size=2, unique=True).map(tuple)
    made = [
        Rule(
            id=f"r{n}",
            effects=("secrets.read",),
            verdict=draw(verdicts),
            why="x",
            zones=draw(zones),
            except_zones=draw(zones),
        )
        for n in range(draw(st.integers(1, 3)))
    ]
    ends = PolicyException(
        id="e", rule="r0", verdict=draw(verdicts), reason="r", owner="o", approved_by="p", expires="2030-12-31", zones=draw(zones)
    )  # fmt: skip
    return PolicyLayer(
        kind="repo",
        name="repo",
        default=draw(verdicts),
        rules=tuple(made),
        zones=tuple((name, (f"$W/{name}",)) for name in "abc"),
        exceptions=(ends,) if draw(st.booleans()) else (),
    )


@slow(150)
@given(small(), small())
def test_every_effect_of_a_small_world_is_accounted_for(first: PolicyLayer, second: PolicyLayer) -> None:
    every = (Cell("secrets.read", where=Where(places)) for places in subsets(SMALL) if places)
    accounted(policy_of((first,), "old"), policy_of((second,), "new"), every)


def subsets(values: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [chosen for count in range(len(values) + 1) for chosen in combinations(values, count)]


def accounted(old: Policy, new: Policy, every: Iterator[Cell], *, by_rule: bool = True) -> None:
    """``every``: all effects there are. What they show is what is told; ``by_rule``: and of which rules."""
    shown: set[Change] = set()
    effect = ""
    for one in every:
        effect = one.effect
        before, after = decided(one, old, FACTS), decided(one, new, FACTS)
        change = described(before, after)
        if change is not None:
            rules_ = (before.reasons[0].rule, after.reasons[0].rule) if by_rule else ()
            shown.add((*change, *rules_))
    compared = compare(old, new, FACTS)
    found = {
        (*told(row), *((row.before.rule, row.after.rule) if by_rule else ()))
        for row in compared.rows
        if row.effect == effect
    }

    assert not compared.unproved
    assert found == shown


TREE = ("$W", "$W/a", "$W/b", "$W/other")
"""A tree of two names: what takes ``$W`` along may take both."""


@st.composite
def of_trees(draw: st.DrawFn) -> tuple[PolicyLayer, PolicyLayer]:
    zones = st.lists(st.sampled_from("ab"), max_size=2, unique=True).map(tuple)

    def rule(name: str) -> Rule:
        verdict = draw(verdicts)
        where = draw(zones)
        return Rule(
            id=name,
            effects=("fs.delete",),
            verdict=verdict,
            why="x",
            zones=where,
            except_zones=draw(st.sampled_from(((), (), ("a",), ("b",)))),
            recursive=draw(maybe),
            itself=verdict is not Verdict.ALLOW and bool(where) and draw(st.booleans()),
            programs=draw(st.sampled_from(((), (), ("rm",), ("git", "rm")))),
            recoverable=draw(st.sampled_from(("", "", "yes", "no", "lost", "unknown"))),
            run=draw(st.sampled_from(("sandbox", "sandbox", "host"))),
            grants=draw(st.sampled_from(((), (), ("net",)))),
            shadow=draw(st.sampled_from((False, False, False, True))),
        )

    default = draw(verdicts)
    kind = draw(st.sampled_from(("profile", "repo")))
    ids = ("r0", "r1", "r2")[: draw(st.integers(1, 3))]
    old = tuple(rule(name) for name in ids)
    new = (*old[1:], rule("r9")) if draw(st.booleans()) else tuple(rule(name) for name in ids)
    made = [
        PolicyLayer(
            kind=kind, name=kind, default=default, rules=rules, zones=(("a", ("$W/a",)), ("b", ("$W/b",)))
        )
        for rules in (old, new)
    ]
    return made[0], made[1]


def deletions() -> Iterator[Cell]:
    for places in subsets(TREE)[1:]:
        below = subsets(TREE[1:])
        for deep, listed, under in ((False, False, [()]), (True, False, [()]), (True, True, below)):
            for held in under:
                for lost in (-1, 0, 1):
                    for names in (
                        ("rm",),
                        ("git",),
                        ("x",),
                        ("git", "rm"),
                        ("rm", "git"),
                        ("x", "git"),
                        ("x", "rm"),
                    ):
                        yield Cell(
                            "fs.delete",
                            where=Where(places, held, recursive=deep, listed=listed, lost=lost),
                            program=names[0],
                            names=names,
                        )


@slow(25)
@given(of_trees())
def test_every_deletion_of_a_small_tree_is_accounted_for(both: tuple[PolicyLayer, PolicyLayer]) -> None:
    first, second = both
    # Of two rules that say the same, the one about the path itself is the better reason: rows do not tell that.
    accounted(policy_of((first,), "old"), policy_of((second,), "new"), deletions(), by_rule=False)


NET_HOSTS = ("a.example", "b.example", "c.a.example", "10.1.2.3", "8.8.8.8", "x.org", "?")
SENT = ("file:$W/a", "file:$W/b", "file:$W/other", "secret:T")


@st.composite
def of_hosts(draw: st.DrawFn, kind: str) -> PolicyLayer:
    hosts = st.lists(
        st.sampled_from(("a.example", "*.example", "*.a.example", "10.0.0.0/8", "*", "?")),
        max_size=2,
        unique=True,
    ).map(tuple)

    def rule(name: str) -> Rule:
        return Rule(
            id=name,
            effects=("net.connect",),
            verdict=draw(verdicts),
            why="x",
            hosts=draw(hosts),
            except_hosts=draw(hosts) if draw(st.booleans()) else (),
            upload=draw(maybe),
            carries=draw(st.sampled_from(((), (), ("a",), ("b", "secret"), ("secret",)))),
            run=draw(st.sampled_from(("sandbox", "net", "host"))),
            grants=draw(st.sampled_from(((), (), ("cache",)))),
        )

    return PolicyLayer(
        kind=kind,
        name="n",
        default=draw(verdicts),
        rules=tuple(rule(f"r{n}") for n in range(draw(st.integers(1, 3)))),
        zones=(("a", ("$W/a",)), ("b", ("$W/b",))),
    )


def connections() -> Iterator[Cell]:
    for host in NET_HOSTS:
        for upload in (False, True):
            for carries in subsets(SENT):
                yield Cell("net.connect", host=host, upload=upload, carries=carries)


@slow(60)
@given(st.sampled_from(("profile", "repo")).flatmap(lambda kind: st.tuples(of_hosts(kind), of_hosts(kind))))
def test_every_connection_of_a_small_net_is_accounted_for(both: tuple[PolicyLayer, PolicyLayer]) -> None:
    first, second = both
    accounted(policy_of((first,), "old"), policy_of((second,), "new"), connections())
