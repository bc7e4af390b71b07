"""Two policies over every effect that they could tell apart: what becomes looser, what stricter. Pure.

A decision depends on an effect through what the rules ask of it, so one effect of each kind that they tell apart stands for
all. Where these are too many it says so, and what it then says is what it found, not that there is nothing else.
"""

from guard.errors import GuardError
from guard.model.dataclass import dataclass, replace
from guard.model.decision import Decision, Host, Sandbox, may_be_answered, verdict_of
from guard.model.effect import EFFECT_NAMES
from guard.model.enums import Enum
from guard.model.facts import Facts
from guard.model.typed import Any
from guard.model.verdict import Verdict
from guard.policy import hosts, zones
from guard.policy.evaluate import judge
from guard.policy.layers import exceptions_to
from guard.policy.review.axes import Axes, Axis, Piece, together
from guard.policy.review.cell import Cell
from guard.policy.review.side import Ends, Say, Side
from guard.policy.rule import Policy, PolicyLayer, Rule

KEPT = 24
"""Cells of a row among which an example is looked for."""


class Direction(Enum):
    LOOSER = "looser"
    STRICTER = "stricter"


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of change, and the simplest effects that it is seen by."""

    direction: Direction
    effect: str
    before: Say
    after: Say
    cells: tuple[Cell, ...]
    count: int
    """Of the ways to meet rules that change so."""


@dataclass(frozen=True, slots=True)
class Comparison:
    rows: tuple[Row, ...]
    cells: int
    """How many kinds of effects were told apart."""
    states: int
    unproved: tuple[str, ...]
    """What could only be sampled: the rows are then not all there may be."""


def compare(old: Policy, new: Policy, facts: Facts) -> Comparison:
    """Every change of what is allowed, asked and denied, and of where it may run. ``facts``: a world, with its date."""
    rows: list[Row] = []
    total = states = 0
    unproved: dict[str, None] = {}
    changed = [name for name in EFFECT_NAMES.values() if _meaning(old, name) != _meaning(new, name)]
    asked: list[tuple[str, tuple[Side, Side], Axes]] = []
    was = Ends(old, facts)
    becomes = was.or_of(new)
    for effect in changed:
        sides = Side(old, effect, facts, was), Side(new, effect, facts, becomes)
        denies = _meaning(old, effect, denied=True) == _meaning(new, effect, denied=True)
        placed = _placing(old, effect) == _placing(new, effect) and not any(
            _is_answered(policy, effect) for policy in (old, new)
        )
        asked.append((effect, sides, Axes(*sides, effect, same_denies=denies, same_places=placed)))
    shared = together([one for _, _, one in asked])
    for effect, sides, one in asked:
        axes = one.all(shared)
        cells = 1
        for axis in axes:
            cells *= axis.total
            states += axis.states
            unproved.update(dict.fromkeys(f"{effect}: {problem}" for problem in axis.unproved))
        total += cells
        rows += _rows(effect, sides, axes, facts)
    rows.sort(
        key=lambda row: (
            row.direction is not Direction.LOOSER,
            row.after.verdict.rank - row.before.verdict.rank,
        )
    )
    return Comparison(tuple(rows), total, states, tuple(unproved))


def _rows(effect: str, sides: tuple[Side, Side], axes: list[Axis], facts: Facts) -> list[Row]:
    old, new = sides
    joined: dict[tuple[int, int], list[Piece]] = {(old.everything, new.everything): [Piece(0, {})]}
    for axis in axes:
        following: dict[tuple[int, int], list[Piece]] = {}
        for (first, second), before in joined.items():
            for (one, two), pieces in axis.cells.items():
                kept = following.setdefault((first & one, second & two), [])
                kept += [
                    Piece(a.weight + b.weight, {**a.fields, **b.fields}) for a in before[:3] for b in pieces
                ]
                if len(kept) > 8:
                    kept.sort(key=_weight)
                    del kept[4:]
        joined = following
    grouped: dict[tuple[object, ...], tuple[list[Piece], Say, Say, Direction, int]] = {}
    for (first, second), pieces in joined.items():
        was, becomes = old.says(first), new.says(second)
        direction = direction_of(was, becomes)
        if direction is None:
            continue
        key = (was, becomes)
        known = grouped.get(key)
        count = 1 if known is None else known[4] + 1
        found = sorted([*(known[0] if known else ()), *pieces], key=_weight)[:KEPT]
        grouped[key] = found, was, becomes, direction, count
    rows: list[Row] = []
    for found, was, becomes, direction, count in grouped.values():
        cells = tuple(Cell(effect, **piece.fields) for piece in found)
        row = Row(direction, effect, was, becomes, cells, count)
        _confirm(row, old.policy, new.policy, facts)
        rows.append(row)
    return rows


def _weight(piece: Piece) -> int:
    return piece.weight


def direction_of(before: Say, after: Say) -> Direction | None:
    """None: nothing changes. More room to run in is looser, as a milder verdict is."""
    if before.verdict is not after.verdict:
        return Direction.LOOSER if after.verdict.rank < before.verdict.rank else Direction.STRICTER
    if before.verdict is Verdict.DENY:
        return None
    room = _room(before, after)
    if before.may_allow == after.may_allow:
        return room
    # A model's word in the place of a person's is looser, whatever else becomes stricter; and the other way round.
    return Direction.LOOSER if after.may_allow or room is Direction.LOOSER else Direction.STRICTER


def _room(before: Say, after: Say) -> Direction | None:
    # Of what is asked about, too: whoever says yes has not said where.
    if before.host != after.host:
        return Direction.LOOSER if after.host else Direction.STRICTER
    if after.host:
        return None
    had, has = before.owners | before.repos, after.owners | after.repos
    if has - had or after.owners - before.owners:
        return Direction.LOOSER
    return Direction.STRICTER if had - has else None


def world(cell: Cell, facts: Facts) -> Facts:
    """The facts in which the cell is what it says it is."""
    return replace(facts, package_hosts=(hosts.normal(cell.host),) if cell.package_host else ())


def decided(cell: Cell, policy: Policy, facts: Facts) -> Decision:
    """What the evaluator itself says of it."""
    known = world(cell, facts)
    return judge((cell.resolved(known),), policy, known)


def _confirm(row: Row, old: Policy, new: Policy, facts: Facts) -> None:
    """INVARIANT: no row is shown that the evaluator itself would not decide so."""
    for cell in row.cells:
        for policy, say in ((old, row.before), (new, row.after)):
            decision = decided(cell, policy, facts)
            placed = isinstance(decision.placement, Host)
            grants = (
                decision.placement.grants
                if isinstance(decision.placement, Sandbox)
                else say.owners | say.repos
            )
            seen = (verdict_of(decision), placed, grants, may_be_answered(decision))
            if seen != (say.verdict, say.host, say.owners | say.repos, say.may_allow):
                raise GuardError(
                    f"the comparison and the evaluator disagree about `{row.effect}` ({cell})",
                    help_="this is a defect of the guard: please report it, and do not rely on this comparison",
                )


def _meaning(policy: Policy, effect: str, *, denied: bool = False) -> list[object]:
    """All that decides about an effect, or all that denies it. Two policies with the same of it say the same."""
    out: list[object] = [all(layer.permits_host for layer in policy.layers)]
    for number, layer in enumerate(policy.layers):
        rules: list[object] = []
        for rule in layer.rules:
            if effect not in rule.effects or rule.shadow:
                continue
            exceptions = exceptions_to(policy, number, rule)
            if denied and Verdict.DENY not in (rule.verdict, *(e.verdict for _, e in exceptions)):
                continue
            said = sorted(
                (_conditions(e, policy.layers[place], e.verdict.value, e.expires) for place, e in exceptions),
                key=repr,
            )
            rules.append([_rule(rule, layer), said])
        default = layer.default is Verdict.DENY if denied else layer.default.value
        # Where a layer denies what no rule speaks of, every rule is about what is denied.
        if denied and default is True:
            return [object()]
        out.append([layer.kind, default, sorted(rules, key=repr)])
    return out


def _placing(policy: Policy, effect: str) -> list[object]:
    """All that decides where an effect may run. Two policies with the same of it run it in the same place."""
    rules = [
        (layer, rule)
        for layer in policy.layers
        for rule in layer.rules
        if effect in rule.effects and not rule.shadow
    ]
    opens = any(rule.run == "host" for _, rule in rules)
    out: list[object] = [all(layer.permits_host for layer in policy.layers)]
    for number, layer in enumerate(policy.layers):
        for rule in layer.rules:
            if effect not in rule.effects or rule.shadow:
                continue
            # An exception gives another verdict: one that denies takes the place away, one that allows may close it.
            said = exceptions_to(policy, number, rule)
            verdicts = {rule.verdict, *(e.verdict for _, e in said)}
            gives = bool(rule.grants) or rule.run == "host"
            if (gives and verdicts != {Verdict.DENY}) or (opens and Verdict.ALLOW in verdicts):
                ends = [_conditions(e, policy.layers[at], e.verdict.value, e.expires) for at, e in said]
                out.append([layer.kind, _rule(rule, layer), sorted(ends, key=repr)])
    return sorted(out, key=repr)


def _is_answered(policy: Policy, effect: str) -> bool:
    """Whether some question about it may be answered by a reviewer: then it counts which other rules ask it too."""
    return any(
        rule.may_allow and effect in rule.effects and not rule.shadow
        for layer in policy.layers
        for rule in layer.rules
    )


def _rule(rule: Rule, layer: PolicyLayer) -> list[object]:
    plain = replace(rule, why="", instead="", source="", match=(), no_match=(), effects=())
    return _conditions(plain, layer)


def _conditions(said: Any, layer: PolicyLayer, *more: object) -> list[object]:
    own_zones, own_hosts = dict(layer.zones), dict(layer.hosts)
    named = ("zones", "except_zones", "carries")
    out: list[object] = [
        (name, [(zone, own_zones.get(zone) or zones.NAMED.get(zone)) for zone in getattr(said, name, ())])
        for name in named
    ]
    out += [
        (name, [(host, own_hosts.get(host)) for host in getattr(said, name, ())])
        for name in ("hosts", "except_hosts")
    ]
    return [*out, said if isinstance(said, Rule) else (said.programs, said.branches), *more]
