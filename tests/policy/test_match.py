import fnmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.policy.match import ZoneMap, expand_braces, glob, wildcard


@pytest.mark.parametrize(
    ("pattern", "place", "inside"),
    [
        ("$W/**", "$W", True),
        ("$W/**", "$W/a/b", True),
        ("$W/**", "$Wx/a", False),
        ("$W/*", "$W/a", True),
        ("$W/*", "$W/a/b", False),
        ("$W/*", "$W", False),
        ("$W/**/.env", "$W/.env", True),
        ("$W/**/.env", "$W/a/b/.env", True),
        ("$W/**/.env", "$W/a/b.env", False),
        ("$W/**/build/**", "$W/x/build", True),
        ("$W/**/build/**", "$W/x/build/y/z", True),
        ("$W/a?c", "$W/abc", True),
        ("$W/a?c", "$W/a/c", False),
        ("$W/{a,b}/*.py", "$W/b/x.py", True),
        ("$W/{a,b}/*.py", "$W/c/x.py", False),
        ("$W/[id].tsx", "$W/[id].tsx", True),
        ("$W/[id].tsx", "$W/i.tsx", False),
        ("/etc/**", "/etc", True),
        ("/etc/**", "/etcetera", False),
        ("/**", "/", True),
        ("/", "/", True),
        ("/**", "$W/x", False),
        ("$W/**/**/x", "$W/x", True),
    ],
)
def test_a_pattern_holds_the_places_it_says(pattern: str, place: str, inside: bool) -> None:
    assert bool(ZoneMap({"z": (pattern,)}).membership(place).inside) is inside


@pytest.mark.parametrize(
    ("pattern", "place", "may", "must"),
    [
        ("$H/.ssh/**", "$H", True, False),
        ("$H/.ssh/**", "$H/.ssh", True, True),
        ("$H/.ssh/**", "$H/src", False, False),
        ("$W/**/.env", "$W/deep/down", True, False),
        ("$W/**", "$W/deep", True, True),
        ("$W/*.py", "$W", True, False),
        ("$W/*.py", "$W/a.py", False, False),
        ("/etc/shadow", "/", True, False),
        ("/etc/shadow", "/usr", False, False),
        ("$W/**/node_modules/**", "$W/a/node_modules", True, True),
    ],
)
def test_what_may_and_what_must_lie_below_an_unlisted_place(
    pattern: str, place: str, may: bool, must: bool
) -> None:
    found = ZoneMap({"z": (pattern,)}).membership(place)

    assert (bool(found.may), bool(found.must)) == (may, must)


_PART = st.text(alphabet="ab.", min_size=1, max_size=3)
_PATTERN = st.lists(st.one_of(_PART, st.sampled_from(["*", "**", "a*", "?", "*b"])), min_size=1, max_size=4)
_PLACE = st.lists(_PART, min_size=0, max_size=4)


@given(_PATTERN, _PLACE, st.lists(_PART, min_size=1, max_size=3))
def test_whatever_matches_below_was_announced_as_may(
    pattern: list[str], place: list[str], below: list[str]
) -> None:
    zone = ZoneMap({"z": ("/".join(["$W", *pattern]),)})
    above = zone.membership("/".join(["$W", *place]))
    inside = zone.membership("/".join(["$W", *place, *below])).inside

    assert inside == 0 or above.may
    assert above.must == 0 or inside


@given(st.lists(_PATTERN, min_size=2, max_size=4), _PLACE)
def test_zones_in_one_automaton_do_not_mix(patterns: list[list[str]], place: list[str]) -> None:
    zones = {str(number): ("/".join(["$W", *parts]),) for number, parts in enumerate(patterns)}
    together = ZoneMap(zones)
    where = "/".join(["$W", *place])

    for name, own in zones.items():
        alone = ZoneMap({"z": own}).membership(where)
        bit = together.bit(name)
        found = together.membership(where)
        assert [bool(found.inside & bit), bool(found.may & bit), bool(found.must & bit)] == [
            bool(alone.inside),
            bool(alone.may),
            bool(alone.must),
        ]


@given(st.text(alphabet="ab*?", max_size=8), st.text(alphabet="ab", max_size=8))
def test_wildcards_are_those_of_the_shell(pattern: str, text: str) -> None:
    assert wildcard(pattern, text) == fnmatch.fnmatchcase(text, pattern)


def test_a_pattern_made_to_take_long_does_not() -> None:
    assert not wildcard("*a" * 50 + "b", "a" * 2000)


def test_braces_that_do_not_pair_are_refused() -> None:
    for pattern in ("{a", "a}", "{a{b}}", "{0,1}" * 9):
        with pytest.raises(ValueError):
            expand_braces(pattern)


def test_a_star_in_a_branch_does_not_cross_a_slash() -> None:
    assert glob("agent/*", "agent/fix")
    assert not glob("agent/*", "agent/a/b")
    assert not glob("agent*", "agent/fix")


def test_a_path_of_thousands_of_components_is_matched() -> None:
    assert ZoneMap({"z": ("$W/**/x",)}).membership("$W" + "/a" * 5000 + "/x").inside
