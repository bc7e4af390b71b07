"""A decision that is made again from its record is the decision that would be made: under any policy, of any effects."""

import json
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guard.audit.canonical import canonical
from guard.audit.facts import fact_of, judged_of
from guard.audit.record import decision_record
from guard.audit.redact import Redactor
from guard.enforce.replay.judging import Judge, answered
from guard.engine.decide import judge_effects, weigh
from guard.engine.imagined import HOME, WORKSPACE
from guard.engine.stages import Analysed, Decided
from guard.model.dataclass import replace
from guard.model.decision import Decision
from guard.model.effect import DeletePath, ResolvedEffect
from guard.model.facts import Facts
from guard.model.paths import ResolvedPath
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal, ToolProposal
from guard.model.verdict import Level, Verdict
from guard.policy.replay.flips import Said, direction_of
from guard.policy.review.cell import PLACED, TREES, Cell, Where
from guard.policy.rule import Policy
from tests.properties.test_policy_diff import EFFECTS, FACTS, PLACES, pairs

REDACTOR = Redactor(b"k" * 32)
SLOW = settings(max_examples=60, deadline=timedelta(seconds=60), suppress_health_check=list(HealthCheck))

worlds = st.builds(
    replace,
    st.just(FACTS),
    level=st.sampled_from(list(Level)),
    package_hosts=st.sampled_from(((), ("a.example",), ("b.example", "x.org"))),
    temp=st.sampled_from((("/tmp", "/var/tmp"), ("/scratch",), (f"{WORKSPACE}/tmp",))),
    guard_paths=st.lists(
        st.sampled_from(
            (
                f"{WORKSPACE}/.guard",
                f"{HOME}/.local/state/guard",
                "/etc/guard",
                f"{WORKSPACE}/a/b",
                "/etc/x",
                f"{HOME}/x",
            )
        ),
        unique=True,
        max_size=4,
    ).map(tuple),
    locked_by=st.sampled_from(("", "", "", "some-rule")),
)


def some(*values: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=3, unique=True).map(tuple)


@st.composite
def wheres(draw: st.DrawFn, *, trees: bool) -> Where:
    places = draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3, unique=True))
    places = ["?"] if "?" in places else places
    deep = trees and draw(st.booleans())
    listed = deep and draw(st.booleans())
    below = draw(some(*(place for place in PLACES if place != "?"))) if listed and places != ["?"] else ()
    return Where(tuple(places), below, recursive=deep, listed=listed, lost=draw(st.sampled_from((-1, 0, 2))))


@st.composite
def cells(draw: st.DrawFn, effect: str) -> Cell:
    names = draw(some("rm", "git", "ls", "other", "sha256:" + "0" * 64)) or ("rm",)
    observed = draw(st.booleans())
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
        host=draw(st.sampled_from(("a.example", "b.example", "10.1.2.3", "localhost", "x.org", "?", ""))),
        upload=draw(st.booleans()),
        carries=draw(some("file:$W/a/b", "tree:$W/x.c", "secret:T", "file:$H/x", "environment")),
        branch=draw(
            st.sampled_from(("main", "agent/x", "agentx", "?", "", "release/1/2", "refs/heads/main"))
        ),
    )


@st.composite
def decided(draw: st.DrawFn) -> tuple[Decided, Policy, bool]:
    """Under one of two policies, and the other one."""
    effect = draw(st.sampled_from(EFFECTS))
    old, new = draw(pairs(effect))
    facts: Facts = draw(worlds)
    others = draw(st.lists(st.sampled_from(EFFECTS), max_size=2))
    effects = tuple(draw(cells(name)).resolved(facts) for name in (effect, effect, *others))
    shell = draw(st.booleans())
    return made(effects, facts, old, shell=shell), new, shell


def made(effects: tuple[ResolvedEffect, ...], facts: Facts, policy: Policy, *, shell: bool = True) -> Decided:
    who = Principal(agent="a", session="s")
    proposal: Any = (
        ShellProposal(principal=who, cwd=facts.workspace, command="x")
        if shell
        else ToolProposal(principal=who, cwd=facts.workspace, tool="T", arguments="{}")
    )
    return judge_effects(Analysed(proposal=proposal, effects=(), lookups=frozenset()), effects, facts, policy)


def recorded(one: Decided) -> dict[str, Any]:
    """As it comes back from the disk."""
    record: dict[str, Any] = json.loads(canonical(decision_record(one, REDACTOR)))
    return record


def core(decision: Decision) -> tuple[Said, set[tuple[str, str, Verdict]]]:
    return answered(decision), {(r.layer, r.rule, r.verdict) for r in decision.reasons}


@SLOW
@given(decided())
def test_what_is_recorded_is_decided_as_it_was_and_as_another_policy_decides(
    drawn: tuple[Decided, Policy, bool],
) -> None:
    one, other, shell = drawn
    fact = fact_of(recorded(one))

    assert not fact.problem
    found = judged_of(fact.text, one.facts.today)
    assert found.shell is shell
    again = weigh(found.effects, found.facts, other, a_tool=not shell)
    assert core(again) == core(weigh(one.effects, one.facts, other, a_tool=not shell))
    (answer,) = Judge((other,), one.facts.today).of_fact(fact.text)
    assert answer.low == answer.high == answered(again)


@SLOW
@given(decided(), st.sampled_from(("/home/ana", "/root", "/home/you/deep")))
def test_two_people_with_the_same_decision_have_the_same_fact(
    drawn: tuple[Decided, Policy, bool], home: str
) -> None:
    """Where nothing of the guard's own is met, it does not matter whose machine it was."""
    one, _, _ = drawn
    facts = replace(one.facts, guard_paths=(), home=home, workspace=f"{home}/app")
    record, moved = (
        recorded(replace(one, facts=known)) for known in (replace(one.facts, guard_paths=()), facts)
    )

    assert fact_of(record).text == fact_of(moved).text


def tree(count: int, *more: str) -> DeletePath[ResolvedPath]:
    below = (*(f"$W/a/f{n}" for n in range(count)), *more)
    path = ResolvedPath(given="a", real=f"{WORKSPACE}/a", place="$W/a", below=below, listed=True)
    return DeletePath(program="rm", names=("rm",), path=path, recursive=True)


BELOW = st.lists(
    st.sampled_from(tuple(place for place in PLACES if place.startswith("$W/a/"))), unique=True, max_size=3
)


@SLOW
@given(pairs("fs.delete"), BELOW, st.integers(90, 130))
def test_a_tree_that_no_record_holds_is_between_two_answers(
    both: tuple[Policy, Policy], more: list[str], count: int
) -> None:
    for policy in both:
        one = made((tree(count, *more),), FACTS, policy)
        fact = fact_of(recorded(one))
        (answer,) = Judge((policy,), FACTS.today).of_fact(fact.text)

        true = answered(one.decision)
        if answer.low == answer.high:
            assert answer.low == true
        if count + len(more) <= 100:
            assert answer.low == answer.high


@given(st.sampled_from(list(Verdict)), st.sampled_from(list(Verdict)), st.booleans(), st.booleans())
def test_a_flip_and_its_reverse_go_opposite_ways(
    one: Verdict, two: Verdict, first: bool, second: bool
) -> None:
    before, after = (
        Said(verdict, host and verdict is Verdict.ALLOW, "r", "repo")
        for verdict, host in ((one, first), (two, second))
    )
    there, back = direction_of(before, after), direction_of(after, before)

    assert (there is None) == (back is None)
    assert there is None or there is not back
