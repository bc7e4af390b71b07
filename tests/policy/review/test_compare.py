"""Comparing two policies: what a change of a file lets through that nobody reads off its lines."""

import pytest

from guard.engine.imagined import imagined_facts
from guard.model.verdict import Verdict
from guard.policy.review.compare import Direction, Row, compare
from guard.policy.rule import PolicyLayer, Rule, policy_of
from guard.policy.zones import FOLDED

FACTS = imagined_facts(today="2030-06-15")


def rule(id_: str, verdict: Verdict, zones: tuple[str, ...] = (), **more: object) -> Rule:
    return Rule(id=id_, effects=("fs.delete",), verdict=verdict, why="because", zones=zones, **more)  # type: ignore[arg-type]


def rows(old: tuple[Rule, ...], new: tuple[Rule, ...], **zones: tuple[str, ...]) -> list[Row]:
    def policy(rules: tuple[Rule, ...]) -> PolicyLayer:
        return PolicyLayer(
            kind="repo", name="r", default=Verdict.ASK, rules=rules, zones=tuple(zones.items())
        )

    compared = compare(policy_of((policy(old),), "old"), policy_of((policy(new),), "new"), FACTS)

    assert not compared.unproved
    return list(compared.rows)


def test_two_rules_made_one_let_through_what_lies_in_both_zones_together() -> None:
    zones = {"a": ("$W/a",), "b": ("$W/b",)}
    old = rule("x", Verdict.ALLOW, ("a",)), rule("y", Verdict.ALLOW, ("b",))

    found = rows(old, (rule("x", Verdict.ALLOW, ("a", "b")),), **zones)

    assert {row.direction for row in found} == {Direction.LOOSER}
    # One path in both: through a link, or as a tree.
    assert {len(cell.where.places) + len(cell.where.below) for row in found for cell in row.cells} == {2}


def test_a_carve_out_that_swallows_a_zone_is_seen_by_a_path_that_leads_to_both() -> None:
    zones = {"a": ("$W/a/**",), "b": ("$W/b/**",)}
    everything = rule("rest", Verdict.ALLOW)
    old = everything, rule("x", Verdict.DENY, ("a",), except_zones=("a",))
    new = (everything,)

    found = rows(old, new, **zones)

    # `x` speaks of nothing that is in `a` alone: only of what is in `a` and also outside of it.
    assert [(row.before.verdict, row.after.verdict) for row in found] == [(Verdict.DENY, Verdict.ALLOW)]
    assert all(cell.where.recursive or len(cell.where.places) == 2 for cell in found[0].cells)


def test_a_deletion_of_what_holds_a_zone_is_a_cell_of_its_own() -> None:
    old = rule("all", Verdict.ALLOW), rule("x", Verdict.ASK, ("a",))

    found = rows(
        old, (rule("all", Verdict.ALLOW), rule("x", Verdict.ASK, ("a",), recursive=False)), a=("$W/db/m/**",)
    )

    places = {cell.where.places[0] for row in found for cell in row.cells if cell.where.recursive}
    assert places == {"$W", "$W/db/m"}


def test_order_of_rules_is_no_change() -> None:
    one, two = rule("x", Verdict.ASK, ("workspace",)), rule("y", Verdict.DENY, ("home",))

    assert rows((one, two), (two, one)) == []


@pytest.mark.parametrize("zone", sorted(FOLDED))
def test_protected_files_are_among_what_is_compared(zone: str) -> None:
    """Their names count however a disk spells them, their roots do not: a pattern for `$W/makefile` begins with a `$W`."""
    everything = rule("all", Verdict.ALLOW)

    found = rows((everything, rule("x", Verdict.DENY, (zone,))), (everything,))

    assert {(row.before.verdict, row.after.verdict) for row in found} == {(Verdict.DENY, Verdict.ALLOW)}
    # That of a single file, not only that of a tree which may hold one.
    assert any(
        not cell.where.recursive and len(cell.where.places) == 1 for row in found for cell in row.cells
    )


def test_a_zone_of_the_file_itself_whose_content_is_sent_is_compared() -> None:
    def sends(verdict: Verdict) -> tuple[Rule, ...]:
        data = Rule(id="x", effects=("net.connect",), verdict=verdict, why="because", carries=("data",))
        return Rule(id="net", effects=("net.connect",), verdict=Verdict.ALLOW, why="because"), data

    found = rows(sends(Verdict.DENY), sends(Verdict.ALLOW), data=("$W/data/**",))

    assert [(row.before.verdict, row.after.verdict) for row in found] == [(Verdict.DENY, Verdict.ALLOW)]
    assert found[0].cells[0].carries == ("file:$W/data",)
