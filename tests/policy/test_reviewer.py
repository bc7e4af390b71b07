"""What a policy says of a reviewer: who may set one up, for which questions it may answer, what a reader is told of it."""

import pytest

from guard.errors import PolicyFileError
from guard.model.dataclass import replace
from guard.model.decision import may_be_answered
from guard.model.effect import DeletePath, RunProgram
from guard.model.facts import Facts
from guard.model.paths import ResolvedPath
from guard.model.verdict import Verdict
from guard.policy.evaluate import judge
from guard.policy.files.canonical import canonical
from guard.policy.files.dump import dump_layer
from guard.policy.files.load import load_layer
from guard.policy.files.table import layer_from_json, layer_to_json
from guard.policy.pinned import held_to
from guard.policy.review.compare import Direction, compare
from guard.policy.review.settings import settings
from guard.policy.rule import PolicyLayer, Reviewer, Rule, policy_of

HEAD = "version: 1\nkind: {}\nname: p\ndefault: allow\n"
FULL = (
    HEAD.format("personal")
    + """reviewer:
  send: [rule, command]
  price: {output: "5.00", input: "0.80"}
  max_usd: "0.25"
  max_calls: 7
  timeout_s: 3
  base_url: http://127.0.0.1:8080/v1/
  model: claude-test
"""
)
FACTS = Facts(workspace="/w", home="/h", cwd="/w", today="2030-01-01")


def read(text: str, kind: str = "personal") -> PolicyLayer:
    return load_layer(text.encode(), kind=kind, source="p.yaml")


def layer(kind: str = "personal", *rules: Rule, **said: object) -> PolicyLayer:
    return replace(PolicyLayer(kind=kind, name=kind, default=Verdict.ALLOW, rules=rules), **said)


def asks(name: str, *effects: str, may_allow: bool, **more: object) -> Rule:
    return replace(Rule(id=name, effects=effects, verdict=Verdict.ASK, why="w", may_allow=may_allow), **more)


ONE = Reviewer(model="claude-test")
DELETE = DeletePath(path=ResolvedPath(given="a", real="/w/a", place="$W/a"), program="rm", names=("rm",))
RUN = RunProgram(program="rm", names=("rm",))


def test_all_that_it_says_is_kept() -> None:
    found = read(FULL).reviewer

    assert found == Reviewer(
        model="claude-test",
        base_url="http://127.0.0.1:8080/v1",
        timeout_s=3,
        max_calls=7,
        max_cost=250_000,
        input_price=800_000,
        output_price=5_000_000,
        send=("command", "rule"),
        source="p.yaml:5",
    )


@pytest.mark.parametrize(
    "text", [FULL, HEAD.format("floor") + "permits_reviewer: false\nreviewer: {model: m}\n"]
)
def test_it_survives_the_table_and_the_text_and_the_canonical_form(text: str) -> None:
    kind = "floor" if "kind: floor" in text else "personal"
    found = read(text, kind)
    dumped = read(dump_layer(found), kind)
    formatted = canonical(text.encode(), kind=kind, source="p.yaml")

    def plain(one: PolicyLayer) -> PolicyLayer:
        assert one.reviewer is not None
        return replace(one, reviewer=replace(one.reviewer, source=""))

    assert layer_from_json(layer_to_json(found)) == found
    assert plain(dumped) == plain(found)
    assert plain(read(formatted.decode(), kind)) == plain(found)
    assert canonical(formatted, kind=kind, source="p.yaml") == formatted


def test_the_canonical_form_has_one_order() -> None:
    assert canonical(FULL.encode(), kind="personal", source="p.yaml").decode().split("reviewer:\n")[1] == (
        '  model: claude-test\n  base_url: "http://127.0.0.1:8080/v1/"\n  timeout_s: 3\n  max_calls: 7\n  max_usd: "0.25"\n'
        '  price: {input: "0.80", output: "5.00"}\n  send: [command, rule]\n'
    )


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        ("repo", "reviewer: {model: m}\n", "p.yaml:5:1: a repository cannot say to whom commands are sent"),
        ("profile", "reviewer: {model: m}\n", "a repository cannot say"),
        ("personal", "reviewer: {}\n", "`model` is missing"),
        ("personal", "reviewer: {model: m, key: x}\n", "unknown key `key`"),
        ("personal", 'reviewer: {model: m, base_url: "http://models.example"}\n', "does not have the right form"),
        ("personal", 'reviewer: {model: m, base_url: "https://me:word@models.example"}\n', "the right form"),
        ("personal", 'reviewer: {model: m, base_url: "http://127.0.0.1.models.example"}\n', "the right form"),
        ("personal", "reviewer: {model: m, timeout_s: 11}\n", "timeout_s"),
        ("personal", "reviewer: {model: m, max_calls: 0}\n", "max_calls"),
        ("personal", 'reviewer: {model: m, max_usd: "-1"}\n', "the right form"),
        ("personal", "reviewer: {model: m, max_usd: 1}\n", "max_usd"),
        ("personal", 'reviewer: {model: m, max_usd: "1"}\n', "`max_usd` limits nothing"),
        ("personal", "reviewer: {model: m, send: [files]}\n", "`files` is not known here"),
        ("repo", "rules:\n  - {id: a, effect: [exec], verdict: allow, why: x, reviewer: may_allow}\n", "only what a rule asks about"),
        ("repo", "rules:\n  - {id: a, effect: [exec], verdict: deny, why: x, reviewer: may_allow}\n", "only what a rule asks about"),
        ("repo", "rules:\n  - {id: a, effect: [exec], verdict: ask, why: x, reviewer: may_deny}\n", "`may_deny` is not known here"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place(kind: str, text: str, says: str) -> None:
    head = HEAD.format({"repo": "policy", "profile": "policy"}.get(kind, kind))

    with pytest.raises(PolicyFileError) as refused:
        read(head + text, kind)

    assert says in str(refused.value)
    assert refused.value.help


# ---------------------------------------------------------------------- which one counts


def test_the_first_layer_that_has_one_counts_and_a_repository_never() -> None:
    floor, mine = layer("floor", reviewer=replace(ONE, model="theirs")), layer(reviewer=ONE)

    assert policy_of((floor, mine), "d").reviewer == floor.reviewer
    assert policy_of((layer("floor"), mine), "d").reviewer == ONE
    assert policy_of((layer("floor"), layer("repo", reviewer=ONE)), "d").reviewer is None


@pytest.mark.parametrize("kind", ["floor", "profile", "repo", "personal"])
def test_one_layer_that_is_against_it_is_enough(kind: str) -> None:
    layers = (layer("floor"), layer(reviewer=ONE), layer(kind, permits_reviewer=False))

    assert policy_of(layers, "d").reviewer is None


def test_of_two_policies_of_a_session_both_must_have_one() -> None:
    without, with_one = policy_of((layer(),), "a"), policy_of((layer(reviewer=ONE),), "b")

    assert held_to(without, with_one).reviewer is None
    assert held_to(with_one, without).reviewer is None
    assert held_to(with_one, policy_of((layer(reviewer=ONE),), "c")).reviewer == ONE


# ---------------------------------------------------------------------- which questions it may answer


@pytest.mark.parametrize(
    ("layers", "may"),
    [
        ((layer("floor", asks("a", "fs.delete", may_allow=True)),), True),
        ((layer("floor", asks("a", "fs.delete", may_allow=False)),), False),
        ((layer("repo", asks("a", "fs.delete", may_allow=True), asks("b", "fs.delete", may_allow=False)),), False),
        ((layer("floor", asks("a", "fs.delete", may_allow=True)), layer("repo", asks("b", "exec", may_allow=False))), False),
        ((layer("floor", asks("a", "fs.delete", may_allow=True)), layer("repo", asks("b", "exec", may_allow=True))), True),
        ((layer("floor", asks("a", "fs.delete", may_allow=True)), layer("repo", default=Verdict.ASK)), False),
        ((layer("floor", asks("a", "fs.delete", may_allow=True), replace(asks("b", "exec", may_allow=True), verdict=Verdict.DENY)),), False),
        ((layer("floor"),), False),
    ],
)  # fmt: skip
def test_every_rule_that_asks_must_let_it(layers: tuple[PolicyLayer, ...], may: bool) -> None:
    assert may_be_answered(judge((RUN, DELETE), policy_of(layers, "d"), FACTS)) is may


def test_turning_it_on_is_looser_and_off_is_stricter() -> None:
    off, on = (
        policy_of((layer("repo", asks("a", "fs.delete", may_allow=may, zones=("workspace",))),), "d")
        for may in (False, True)
    )

    assert [row.direction for row in compare(off, on, FACTS).rows] == [Direction.LOOSER]
    assert [row.direction for row in compare(on, off, FACTS).rows] == [Direction.STRICTER]


def test_what_a_second_rule_asks_in_the_same_place_keeps_the_person() -> None:
    both = [asks("a", "fs.delete", may_allow=True), asks("b", "fs.delete", may_allow=False)]
    alone, beside = (policy_of((layer("repo", *rules),), "d") for rules in (both[:1], both))

    assert [row.direction for row in compare(alone, beside, FACTS).rows] == [Direction.STRICTER]


def test_a_reviewer_that_is_set_up_or_sent_more_is_looser() -> None:
    without, less, more = (
        policy_of((layer(reviewer=one),), "d") for one in (None, replace(ONE, send=("rule",)), ONE)
    )

    assert [one.direction for one in settings(without, more)] == [Direction.LOOSER]
    assert [one.direction for one in settings(less, more)] == [Direction.LOOSER]
    assert [one.direction for one in settings(more, without)] == [Direction.STRICTER]
    assert settings(more, more) == []
