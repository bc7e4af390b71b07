"""Whose exceptions hold for whose rules. What nobody else has seen loosens nothing that stands above it."""

import pytest

from guard.errors import PolicyFileError
from guard.model.dataclass import replace
from guard.model.decision import verdict_of
from guard.model.effect import WritePath
from guard.model.facts import Facts
from guard.model.paths import ResolvedPath
from guard.policy.evaluate import judge
from guard.policy.files.load import load_layer
from guard.policy.rule import PolicyLayer, policy_of

FACTS = Facts(workspace="/work", home="/home/you", cwd="/work", today="2030-01-10")
WRITE = (WritePath(program="tee", path=ResolvedPath(given="gen/x", real="/work/gen/x", place="$W/gen/x")),)
PERMITTED = "exceptable: true, "


def layer(kind: str, said: str = "", exception: str = "", expires: str = "2030-01-31") -> PolicyLayer:
    text = f"version: 1\nkind: {'policy' if kind in {'profile', 'repo'} else kind}\nname: {kind}\ndefault: allow\nzones: {{gen: ['$W/gen/**']}}\n"
    if said is not None:
        text += f"rules:\n  - {{id: frozen, effect: [fs.write], {said}zones: [workspace], verdict: deny, why: x}}\n"
    if exception:
        text += f"exceptions:\n  - {{id: once, rule: {exception}, verdict: allow, zones: [gen], reason: x, owner: me, approved_by: you, expires: {expires}}}\n"
    return load_layer(text.encode(), kind=kind, source=f"{kind}.yaml")


def said_by(*layers: PolicyLayer, today: str = FACTS.today) -> str:
    return verdict_of(judge(WRITE, policy_of(layers, "d"), replace(FACTS, today=today))).value


def without_rules(made: PolicyLayer) -> PolicyLayer:
    return replace(made, rules=())


@pytest.mark.parametrize("kind", ["profile", "repo", "personal"])
def test_a_file_may_have_exceptions_to_its_own_rules(kind: str) -> None:
    assert said_by(layer(kind)) == "deny"
    assert said_by(layer(kind, "", "frozen")) == "allow"
    assert said_by(layer(kind, "exceptable: false, ", "frozen")) == "deny"


def test_a_floor_has_none_unless_its_rule_says_so() -> None:
    assert said_by(layer("floor", "", "frozen")) == "deny"
    assert said_by(layer("floor", PERMITTED, "frozen")) == "allow"


@pytest.mark.parametrize("above", ["floor", "profile"])
def test_a_reviewed_repository_may_where_the_rule_above_says_so(above: str) -> None:
    repo = without_rules(layer("repo", "", f"{above}/frozen"))

    assert said_by(layer(above), repo) == "deny"
    assert said_by(layer(above, "exceptable: false, "), repo) == "deny"
    assert said_by(layer(above, PERMITTED), repo) == "allow"
    assert said_by(layer(above, PERMITTED), replace(repo, reviewed=False)) == "deny"


def test_an_exception_to_a_rule_above_leaves_one_of_the_same_name_alone() -> None:
    repo = layer("repo", "", "floor/frozen")

    assert said_by(layer("floor", PERMITTED), repo) == "deny"


def test_an_exception_to_an_own_rule_leaves_one_of_the_same_name_above_alone() -> None:
    repo = layer("repo", "", "frozen")

    assert said_by(layer("floor", PERMITTED), repo) == "deny"


def test_the_zone_of_an_exception_is_that_of_its_own_file() -> None:
    floor = replace(layer("floor", PERMITTED), zones=(("gen", ("$W/elsewhere/**",)),))

    assert said_by(floor, without_rules(layer("repo", "", "floor/frozen"))) == "allow"


@pytest.mark.parametrize(("today", "says"), [("2030-01-31", "allow"), ("2030-02-01", "deny"), ("", "deny")])
def test_it_holds_up_to_its_last_day_and_never_where_no_day_is_known(today: str, says: str) -> None:
    repo = without_rules(layer("repo", "", "floor/frozen"))

    assert said_by(layer("floor", PERMITTED), repo, today=today) == says
    assert said_by(layer("repo", "", "frozen"), today=today) == says


def test_a_personal_file_has_no_exceptions_to_rules_of_others() -> None:
    with pytest.raises(PolicyFileError, match="can only tighten"):
        layer("personal", "", "floor/frozen")
