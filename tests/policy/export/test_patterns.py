"""Path patterns as regular expressions, against the automaton that judges: where it is, what may and what must lie below."""

import re
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from guard.model.names import folded
from guard.policy import zones
from guard.policy.export.patterns import expressions, wildcard_expression
from guard.policy.match import Membership, ZoneMap, wildcard

NAMES = st.sampled_from(["a", "b", "ab", "a.c", "x-y", "", "a+b", "(a)", "[a]", "$a", "a\nb", "é"])
PARTS = st.one_of(NAMES, st.sampled_from(["**", "*", "?", "a*", "*.c", "?b", "*a*", "{a,b}", "**"]))


@st.composite
def patterns(draw: st.DrawFn) -> str:
    first = draw(st.sampled_from(["$W", "$H", "", "**", "*"]))
    return "/".join([first, *draw(st.lists(PARTS, max_size=4))])


@st.composite
def places(draw: st.DrawFn) -> str:
    return "/".join([draw(st.sampled_from(["$W", "$H", ""])), *draw(st.lists(NAMES, max_size=4))]).rstrip("/")


def held(found: tuple[str, ...], place: str) -> bool:
    return any(matches(one, place) for one in found)


def matches(expression: str, text: str) -> bool:
    """As RE2 reads it, where ``$`` is the end of the text and never a line break before it."""
    return bool(compiled(expression).search(text))


@cache
def compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression.removesuffix("$") + r"\Z")


@settings(max_examples=200)
@given(st.lists(patterns(), min_size=1, max_size=3), st.lists(places(), min_size=5, max_size=15))
def test_an_expression_holds_where_the_pattern_does(drawn: list[str], asked: list[str]) -> None:
    judge, found = ZoneMap({"z": drawn}), expressions(drawn)

    for place in asked:
        said = Membership(*(int(held(kind, place)) for kind in (found.inside, found.may, found.must)))

        assert said == judge.membership(place), (drawn, place)


SPELLINGS = (
    "git~1",
    "GIT~2",
    "hooks~1",
    "HOOKS",
    ".Git",
    "gi1a2b~1",
    "config~1.wor",
    "config~1",
    ".git.",
    "x",
    "claude~1.md",
    "settin~1.jso",
)


def test_protected_names_hold_in_every_spelling_that_a_disk_may_give_them() -> None:
    known = {name: zones.NAMED[name] for name in sorted(zones.FOLDED)}
    judge = ZoneMap(known, short_names=True)
    found = {name: expressions(of, folded=True) for name, of in known.items()}
    places = [
        f"{root}/{one}{more}"
        for root in ("$W", "$H", "$*/home/x")
        for one in SPELLINGS
        for more in ("", *(f"/{two}" for two in SPELLINGS))
    ]

    met = 0
    for place in map(folded, places):
        member = judge.membership(place)
        for name, kinds in found.items():
            bit = judge.bit(name)
            met += bool(member.inside & bit)

            assert [held(kind, place) for kind in (kinds.inside, kinds.may, kinds.must)] == [
                bool(bits & bit) for bits in (member.inside, member.may, member.must)
            ], (name, place)
    assert met > 100


@given(st.text("ab*?.\n", max_size=6), st.text("ab.\n", max_size=6))
def test_a_wildcard_is_any_run_of_characters(pattern: str, text: str) -> None:
    assert matches(wildcard_expression(pattern), text) is wildcard(pattern, text)
