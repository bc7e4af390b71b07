"""Decisions that are kept: by everything that they depend on, so that one is never taken for another."""

import random
from itertools import pairwise
from typing import Any

import pytest

from guard.enforce.revisions import builtin
from guard.engine.imagined import imagined_facts
from guard.model.dataclass import fields, replace
from guard.model.effect import EFFECT_NAMES, Connect, DeletePath, LinkPath, ReadPath, RunProgram, WritePath
from guard.model.facts import Facts
from guard.model.paths import ResolvedPath
from guard.model.verdict import Verdict
from guard.policy import evaluate
from guard.policy.evaluate import judge
from guard.policy.layers import tables_of
from guard.policy.review.probes import probes
from guard.policy.rule import Policy, PolicyException, PolicyLayer, Rule, policy_of

FACTS = imagined_facts(today="2030-01-15")
PATH = ResolvedPath(given="a", real="/work/a", place="$W/a")
OF_A_RULE = {"program", "names", "certain", "observed", "surprise", "path", "target", "recursive", "append", "host", "upload", "carries", "branch"}  # fmt: skip
FOR_PEOPLE = {"span", "typed", "arguments", "sha256", "reason", "port", "remote", "packages", "detail"}


def anew(effects: tuple[Any, ...], policy: Policy, facts: Facts = FACTS) -> Any:
    """As a policy says that has decided nothing before."""
    return judge(effects, policy_of(policy.layers, policy.digest), facts)


def asked(cls: type) -> set[str]:
    names = {item.name for item in fields(cls)}
    return names - FOR_PEOPLE - ({"target"} if cls is not LinkPath else set())


@pytest.mark.parametrize("cls", EFFECT_NAMES, ids=EFFECT_NAMES.values())
def test_every_field_that_a_rule_can_ask_about_tells_decisions_apart(cls: type) -> None:
    # A new field belongs into one of these two.
    assert {item.name for item in fields(cls)} <= OF_A_RULE | FOR_PEOPLE
    key = evaluate._asked(cls)
    given: dict[str, Any] = {item.name: f"{item.name} of it" for item in fields(cls)}
    for name in ("path", "target"):
        if name in asked(cls):
            given[name] = PATH
    one = cls(**given)
    for name in asked(cls):
        if name in ("path", "target"):
            for part in ("place", "real", "aliases", "below", "listed", "lost"):
                other = replace(one, **{name: replace(PATH, **{part: "other"})})
                assert key(other) != key(one), f"{name}.{part}"
        else:
            assert key(replace(one, **{name: "other"})) != key(one), name


def test_what_else_there_is_of_the_world_is_never_asked_for() -> None:
    read: set[str] = set()

    class Watched(Facts):
        def __getattribute__(self, name: str) -> Any:
            read.add(name)
            return super().__getattribute__(name)

    facts = Watched(**{item.name: getattr(FACTS, item.name) for item in fields(FACTS)})
    policy = policy_of(tuple(builtin()), "p")
    for effect in probes(policy, FACTS):
        judge((effect,), policy, facts)

    assert {name for name in read if not name.startswith("_")} <= {
        "today", "package_hosts", "guard_paths", "workspace", "home", "temp",
    }  # fmt: skip


def test_what_was_decided_before_is_decided_so_again() -> None:
    policy = policy_of(tuple(builtin()), "p")
    found = list(probes(policy, FACTS))
    draw = random.Random(1)
    for _ in range(3):
        draw.shuffle(found)
        for effect in found:
            assert judge((effect,), policy, FACTS) == anew((effect,), policy)
    pairs = [tuple(draw.sample(found, draw.randint(2, 9))) for _ in range(60)]
    for effects in (*pairs, *reversed(pairs)):
        assert judge(effects, policy, FACTS) == anew(effects, policy)


def ends(verdict: Verdict) -> Policy:
    rule = Rule(id="r", effects=("exec",), verdict=Verdict.DENY, why="x")
    open_ = PolicyException(
        id="e", rule="r", verdict=verdict, reason="r", owner="o", approved_by="p", expires="2030-01-31"
    )
    layer = PolicyLayer(kind="repo", name="r", default=Verdict.ASK, rules=(rule,), exceptions=(open_,))
    return policy_of((layer,), "p")


def test_an_exception_that_has_ended_is_gone_though_it_was_in_force_before() -> None:
    policy = ends(Verdict.ALLOW)
    said = [
        judge((RunProgram(program="ls"),), policy, replace(FACTS, today=day)).reasons[0].verdict
        for day in ("2030-01-31", "2030-02-01", "2030-01-31", "")
    ]

    assert said == [Verdict.ALLOW, Verdict.DENY, Verdict.ALLOW, Verdict.DENY]


def test_hosts_and_the_guards_own_files_are_those_of_the_moment() -> None:
    policy = policy_of(tuple(builtin()), "p")
    there = Connect(program="pip", host="mirror.example")
    file = WritePath(program="tee", path=ResolvedPath(given="g", real="/work/g", place="$W/g"))
    for facts in (
        FACTS,
        replace(FACTS, package_hosts=("mirror.example",)),
        replace(FACTS, guard_paths=("/work/g",)),
        replace(FACTS, workspace="/elsewhere", guard_paths=("/work/g",)),
        FACTS,
    ):
        for effect in (there, file):
            assert judge((effect,), policy, facts) == anew((effect,), policy, facts)


def test_what_is_large_is_decided_and_not_kept() -> None:
    policy = policy_of(tuple(builtin()), "p")
    below = tuple(f"$W/a/{n}" for n in range(500))
    tree = replace(PATH, below=below, listed=True)
    link = LinkPath(program="ln", path=PATH, target=replace(PATH, aliases=below))
    many = tuple(ReadPath(program="cat", path=replace(PATH, place=place)) for place in below)
    sent = Connect(program="curl", host="h.example", carries=tuple(f"file:{place}" for place in below))
    for effects in ((DeletePath(program="rm", path=tree, recursive=True),), (link,), many, (sent,)):
        assert judge(effects, policy, FACTS) == anew(effects, policy)

    assert tables_of(policy).decided == {}


def test_what_several_effects_meet_is_kept_apart_from_what_one_meets() -> None:
    policy = policy_of(tuple(builtin()), "p")
    found = [
        DeletePath(program="rm", path=PATH),
        DeletePath(program="rm", path=replace(PATH, lost=1), recursive=True),
        DeletePath(program="rm", path=replace(PATH, aliases=("/etc/hosts",))),
        DeletePath(program="rm", path=replace(PATH, below=("$W/.env",), listed=True), recursive=True),
        LinkPath(program="ln", path=PATH, target=replace(PATH, place="$H/.ssh/id_rsa")),
        LinkPath(program="ln", path=replace(PATH, place="$H/.ssh/id_rsa"), target=PATH),
        LinkPath(program="ln", path=replace(PATH, place="$W/.git/hooks/x"), target=PATH),
        WritePath(program="tee", path=PATH, observed=True, certain=False),
        WritePath(program="tee", path=PATH, observed=True, surprise=True),
        Connect(program="curl", host="h.example", upload=True, carries=("file:$W/.env",)),
        Connect(program="curl", host="h.example", upload=True, carries=("file:$W/a",)),
    ]
    draw = random.Random(2)
    for _ in range(200):
        effects = tuple(draw.choices(found, k=draw.choice((1, 2, 3))))
        assert judge(effects, policy, FACTS) == anew(effects, policy)


def test_what_rules_meet_is_kept_for_so_many_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "_DECIDED", 3)
    policy = policy_of(tuple(builtin()), "p")
    found = list(probes(policy, FACTS))
    random.Random(3).shuffle(found)
    for effects in (*((one,) for one in found), *pairwise(found)):
        assert judge(effects, policy, FACTS) == anew(effects, policy)

    kept = tables_of(policy).spoken.values()
    assert max(len(memo) for one in kept for memo in (one.placed, one.said, one.decided)) == 3


def test_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "_DECIDED", 10)
    policy = policy_of(tuple(builtin()), "p")
    for n in range(95):
        effects = (RunProgram(program=f"p{n}"),)
        assert judge(effects, policy, FACTS) == anew(effects, policy)

    assert len(tables_of(policy).decided) <= 10
