"""Every way in which an effect can meet the rules of one policy, with the simplest effect of each. Pure."""

from guard.model.dataclass import dataclass
from guard.model.facts import Facts
from guard.model.typed import Iterator
from guard.policy.review.axes import Axes, Piece, together
from guard.policy.review.cell import Cell
from guard.policy.review.side import Ends, Side
from guard.policy.rule import Policy

KEPT = 3
"""Cells of each kind: one of them is made into an example."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """Of one effect: the rules that are met together, as bits of ``side``, and cells that meet them."""

    effect: str
    side: Side
    met: dict[int, tuple[Cell, ...]]
    unproved: tuple[str, ...]


def kinds_of(policy: Policy, effects: tuple[str, ...], facts: Facts) -> list[Kinds]:
    """Kept with the policy: files that stand in the same one are looked at one after the other."""
    known = {effect: policy.memo.get(f"kinds {effect} {facts.today}") for effect in effects}
    missing = tuple(effect for effect, kinds in known.items() if kinds is None)
    for kinds in _worked_out(policy, missing, facts):
        policy.memo[f"kinds {kinds.effect} {facts.today}"] = known[kinds.effect] = kinds
    return [kinds for kinds in known.values() if isinstance(kinds, Kinds)]


def _worked_out(policy: Policy, effects: tuple[str, ...], facts: Facts) -> Iterator[Kinds]:
    ends = Ends(policy, facts)
    sides = {effect: Side(policy, effect, facts, ends) for effect in effects}
    axes = {
        effect: Axes(side, side, effect, same_denies=True, same_places=True, each_rule=True)
        for effect, side in sides.items()
    }
    shared = together([*axes.values()])
    for effect, one in axes.items():
        joined: dict[int, list[Piece]] = {sides[effect].everything: [Piece(0, {})]}
        unproved: list[str] = []
        for axis in one.all(shared):
            unproved += axis.unproved
            following: dict[int, list[Piece]] = {}
            for mask, before in joined.items():
                for (met, _), pieces in axis.cells.items():
                    kept = following.setdefault(mask & met, [])
                    kept += [
                        Piece(a.weight + b.weight, {**a.fields, **b.fields}) for a in before for b in pieces
                    ]
                    if len(kept) > KEPT:
                        kept.sort(key=_weight)
                        del kept[KEPT:]
            joined = following
        cells = {
            mask: tuple(Cell(effect, **piece.fields) for piece in pieces) for mask, pieces in joined.items()
        }
        yield Kinds(effect, sides[effect], cells, tuple(dict.fromkeys(unproved)))


def _weight(piece: Piece) -> int:
    return piece.weight
