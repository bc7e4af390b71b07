"""The comparison of two policies against brute force: whatever any effect shows to be looser or stricter, it has found."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guard.engine.imagined import imagined_facts
from guard.model.decision import Decision, Host, verdict_of
from guard.model.verdict import Verdict
from guard.policy.review.cell import PLACED, TREES, Cell, Where
from guard.policy.review.compare import Direction, compare, decided
from guard.policy.rule import Policy, PolicyException, PolicyLayer, Rule, policy_of

FACTS = imagined_facts(today="2030-06-15")
EFFECTS = (
    "fs.delete",
    "fs.write",
    "fs.link",
    "secrets.read",
    "exec",
    "net.connect",
    "vcs.publish",
    "proc.kill",
)
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
        surprise=draw(maybe) if draw(st.booleans()) else None,
        recoverable=draw(st.sampled_from(("", "", "", "yes", "no", "lost", "unknown"))),
        run=draw(st.sampled_from(("sandbox", "sandbox", "host"))),
        shadow=draw(st.sampled_from((False, False, False, True))),
        exceptable=draw(st.sampled_from((None, True, True, False))),
    )


@st.composite
def exceptions(draw: st.DrawFn) -> PolicyException:
    return PolicyException(
        id="e", rule=draw(st.sampled_from(("", "", "floor/"))) + f"r{draw(st.integers(0, 5))}", verdict=draw(verdicts), reason="r", owner="o", approved_by="p",
        expires=draw(st.sampled_from(("2030-01-01", "2030-12-31"))),
        zones=draw(some(ZONES, 1)), programs=draw(some(PROGRAMS, 1)), source=f"f:{draw(st.integers(1, 9))}",
    )  # fmt: skip


@st.composite
def layers(draw: st.DrawFn, kind: str, effect: str) -> PolicyLayer:
    # Few rules: where there are many, one kind of change hides another.
    named = {rule.id: rule for rule in draw(st.lists(rules(effect), max_size=1 if kind == "floor" else 4))}
    return PolicyLayer(
        kind=kind,
        name=kind,
        default=draw(verdicts) if kind == "repo" else Verdict.ALLOW,
        rules=tuple(named.values()),
        zones=tuple((name, draw(some(PATTERNS, 2)) or ("$W/a/**",)) for name in "pqrs"),
        exceptions=tuple(draw(st.lists(exceptions(), max_size=2))),
    )


@st.composite
def pairs(draw: st.DrawFn, effect: str) -> tuple[Policy, Policy]:
    floor, repo = draw(layers("floor", effect)), draw(layers("repo", effect))
    edited = draw(layers("repo", effect))
    kept = draw(st.sampled_from(("rules", "one", "none")))
    if kept == "one":
        # A pull request: one rule or one zone is another.
        edited = PolicyLayer(
            kind="repo", name="repo", default=repo.default, rules=(*repo.rules[1:], *edited.rules[:1]), zones=repo.zones, exceptions=repo.exceptions
        )  # fmt: skip
    elif kept == "rules":
        edited = PolicyLayer(
            kind="repo", name="repo", default=repo.default, rules=repo.rules, zones=(*edited.zones[:1], *repo.zones[1:]), exceptions=repo.exceptions
        )  # fmt: skip
    return policy_of((floor, repo), "old"), policy_of((floor, edited), "new")


@st.composite
def wheres(draw: st.DrawFn, *, trees: bool) -> Where:
    places = draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3, unique=True))
    places = places if "?" not in places else ["?"]
    deep = trees and draw(st.booleans())
    listed = deep and draw(st.booleans())
    below = draw(some(PLACES[:-1], 3)) if listed and places != ["?"] else ()
    return Where(tuple(places), below, recursive=deep, listed=listed, lost=draw(st.sampled_from((-1, 0, 2))))


@st.composite
def cells(draw: st.DrawFn, effect: str) -> Cell:
    observed = draw(st.booleans())
    names = draw(some(("rm", "git", "ls", "gnat", "other", "sha256:" + "0" * 64), 3)) or ("rm",)
    return Cell(
        effect,
        where=draw(wheres(trees=effect in TREES)) if effect in PLACED else Where(),
        target=draw(wheres(trees=False)) if effect == "fs.link" else None,
        program=names[0],
        names=names,
        certain=draw(st.booleans()),
        observed=observed,
        surprise=observed and draw(st.booleans()),
        append=draw(st.booleans()),
        host=draw(st.sampled_from(("a.example", "b.example", "aa.example", "10.1.2.3", "10.2.2.3", "8.8.8.8", "localhost", "x.org", "?", ""))),
        package_host=draw(st.booleans()),
        upload=draw(st.booleans()),
        carries=draw(some(("file:$W/a/b", "tree:$W/x.c", "secret:T", "file:$H/x", "environment"), 3)),
        branch=draw(st.sampled_from(("main", "agent", "agent/x", "agent/x/y", "agentx", "?", "", "release/1/2", "refs/heads/main"))),
    )  # fmt: skip


Both = tuple[Policy, Policy]


def about(effect: str) -> st.SearchStrategy[tuple[Both, list[Cell]]]:
    return st.tuples(pairs(effect), st.lists(cells(effect), min_size=80, max_size=120))


def described(before: Decision, after: Decision) -> tuple[object, ...] | None:
    was, is_ = verdict_of(before), verdict_of(after)
    hosts = [isinstance(one.placement, Host) for one in (before, after)]
    if was is not is_:
        return Direction.LOOSER if is_.rank < was.rank else Direction.STRICTER, was, is_
    if was is Verdict.ALLOW and hosts[0] != hosts[1]:
        return Direction.LOOSER if hosts[1] else Direction.STRICTER, was, is_
    return None


SLOW = settings(max_examples=25, deadline=timedelta(seconds=60), suppress_health_check=list(HealthCheck))


@SLOW
@given(st.sampled_from(EFFECTS).flatmap(about))
def test_nothing_that_any_effect_shows_is_missing(drawn: tuple[Both, list[Cell]]) -> None:
    (old, new), tried = drawn
    compared = compare(old, new, FACTS)
    known = {
        (row.direction, row.before.verdict, row.after.verdict)
        for row in compared.rows
        if row.effect == tried[0].effect
    }

    assert not compared.unproved
    for cell in tried:
        change = described(decided(cell, old, FACTS), decided(cell, new, FACTS))

        assert change is None or change in known, cell


@SLOW
@given(st.sampled_from(("fs.delete", "fs.link", "fs.write")).flatmap(about))
def test_nothing_is_missing_of_paths(drawn: tuple[Both, list[Cell]]) -> None:
    test_nothing_that_any_effect_shows_is_missing.hypothesis.inner_test(drawn)  # type: ignore[attr-defined]


@SLOW
@given(st.sampled_from(EFFECTS).flatmap(pairs))
def test_every_row_is_what_the_evaluator_says_of_its_examples(both: Both) -> None:
    old, new = both
    for row in compare(old, new, FACTS).rows:
        for cell in row.cells:
            assert verdict_of(decided(cell, old, FACTS)) is row.before.verdict
            assert verdict_of(decided(cell, new, FACTS)) is row.after.verdict


@SLOW
@given(st.sampled_from(EFFECTS).flatmap(pairs))
def test_a_policy_and_itself_differ_in_nothing(both: Both) -> None:
    for policy in both:
        assert compare(policy, policy_of(policy.layers, "same"), FACTS).rows == ()


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


@settings(max_examples=250, deadline=timedelta(seconds=60), suppress_health_check=list(HealthCheck))
@given(small(), small())
def test_every_effect_of_a_small_world_is_accounted_for(first: PolicyLayer, second: PolicyLayer) -> None:
    old, new = policy_of((first,), "old"), policy_of((second,), "new")
    shown = set()
    for bits in range(1, 1 << len(SMALL)):
        places = tuple(place for index, place in enumerate(SMALL) if bits >> index & 1)
        cell = Cell("secrets.read", where=Where(places))
        before, after = decided(cell, old, FACTS), decided(cell, new, FACTS)
        change = described(before, after)
        if change is not None:
            shown.add((*change, before.reasons[0].rule, after.reasons[0].rule))
    found = {
        (row.direction, row.before.verdict, row.after.verdict, row.before.rule, row.after.rule)
        for row in compare(old, new, FACTS).rows
        if row.effect == "secrets.read"
    }

    assert found == shown
