"""What another policy would have said of what was decided: which answers flip, because of which rules. Pure.

Counts and classifies; knows nothing of how decisions are stored or made again.
"""

from guard.model.dataclass import dataclass
from guard.model.typed import Iterable
from guard.model.verdict import Verdict
from guard.policy.review.compare import Direction


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, as far as two can differ in what they let happen."""

    verdict: Verdict
    host: bool
    """Whether it may leave the sandbox."""
    rule: str
    layer: str
    grants: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Pair:
    """Decisions that were answered alike before, and are now."""

    before: Said
    after: Said
    at_most: Said
    """The strictest that the answer can be; ``after`` itself where all of it is known."""
    decisions: int
    facts: int
    """How many there are that a policy could tell apart."""


@dataclass(frozen=True, slots=True)
class Command:
    text: str
    """Redacted."""
    decisions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """One line of the report. ``direction`` is never None here: what does not change is not shown."""

    direction: Direction
    before: Said
    after: Said
    decisions: int
    facts: int
    sessions: int = 0
    users: int = 0
    commands: tuple[Command, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsure:
    """Decisions that cannot be made again from what is recorded."""

    why: str
    decisions: int
    perhaps_looser: int
    """Those of them that were not allowed on the host: nobody can say that they still are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The whole answer. What flips stands with looser first, and of those the most frequent."""

    decisions: int
    again: int
    """How many of them were decided again."""
    facts: int
    same: int
    other_rule: int
    """Of the same ones: those that another rule now says it of."""
    flips: tuple[Flip, ...]
    unsure: tuple[Unsure, ...]

    @property
    def looser(self) -> int:
        return sum(flip.decisions for flip in self.flips if flip.direction is Direction.LOOSER)

    @property
    def stricter(self) -> int:
        return sum(flip.decisions for flip in self.flips if flip.direction is Direction.STRICTER)

    @property
    def perhaps_looser(self) -> int:
        return sum(one.perhaps_looser for one in self.unsure)


def direction_of(before: Said, after: Said) -> Direction | None:
    """None: nothing changes for whoever asked. Among answers that allow, more room is looser."""
    if before.verdict is not after.verdict:
        return Direction.LOOSER if after.verdict.rank < before.verdict.rank else Direction.STRICTER
    if before.verdict is not Verdict.ALLOW:
        return None
    if before.host != after.host:
        return Direction.LOOSER if after.host else Direction.STRICTER
    if before.host or before.grants == after.grants:
        return None
    return Direction.LOOSER if after.grants - before.grants else Direction.STRICTER


def certain(pair: Pair) -> bool:
    """Whether the answer is known though a tree is not known whole."""
    return pair.after == pair.at_most


def order(flip: Flip) -> tuple[bool, int, int, str, str]:
    """Looser first, what becomes allowed before what is asked about, then by how often."""
    return (
        flip.direction is not Direction.LOOSER,
        flip.after.verdict.rank if flip.direction is Direction.LOOSER else -flip.after.verdict.rank,
        -flip.decisions,
        flip.before.rule,
        flip.after.rule,
    )


def flips_of(pairs: Iterable[Pair]) -> list[Flip]:
    """Those whose answer changes, joined where only the grants differ; without commands yet."""
    joined: dict[tuple[Direction, Said, Said], tuple[int, int]] = {}
    for pair in pairs:
        direction = direction_of(pair.before, pair.after)
        if direction is None or not certain(pair):
            continue
        had = joined.get((direction, pair.before, pair.after), (0, 0))
        joined[direction, pair.before, pair.after] = had[0] + pair.decisions, had[1] + pair.facts
    found = [
        Flip(direction=direction, before=before, after=after, decisions=decisions, facts=facts)
        for (direction, before, after), (decisions, facts) in joined.items()
    ]
    return sorted(found, key=order)


TREES = "that took a tree along which the log holds only in part"


def replayed(pairs: list[Pair], flips: list[Flip], unsure: list[Unsure]) -> Replay:
    """``flips``: those of the same pairs, with what was looked up of each."""
    partly = [pair for pair in pairs if not certain(pair)]
    if partly:
        loose = sum(p.decisions for p in partly if direction_of(p.before, p.after) is Direction.LOOSER)
        unsure = [
            *unsure,
            Unsure(why=TREES, decisions=sum(p.decisions for p in partly), perhaps_looser=loose),
        ]
    again = [pair for pair in pairs if certain(pair)]
    kept = [pair for pair in again if direction_of(pair.before, pair.after) is None]
    count = sum(pair.decisions for pair in again)
    return Replay(
        decisions=count + sum(one.decisions for one in unsure),
        again=count,
        facts=sum(pair.facts for pair in again),
        same=sum(pair.decisions for pair in kept),
        other_rule=sum(
            pair.decisions
            for pair in kept
            if (pair.before.rule, pair.before.layer) != (pair.after.rule, pair.after.layer)
        ),
        flips=tuple(flips),
        unsure=tuple(sorted(unsure, key=lambda one: -one.decisions)),
    )
