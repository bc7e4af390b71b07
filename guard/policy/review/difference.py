"""A whole change of policy as a reviewer is told of it: what, from when, until when, shown by which command. Pure."""

from datetime import date, timedelta

from guard.model.dataclass import dataclass, replace
from guard.model.decision import verdict_of
from guard.model.facts import Facts
from guard.policy.review.compare import Comparison, Direction, Row, compare, decided
from guard.policy.review.example import Engine, Example, example
from guard.policy.review.settings import Setting, settings
from guard.policy.rule import InlineTest, Policy, PolicyException, PolicyLayer, policy_of

DATES = 12
"""Days on which something expires that are compared each by itself."""


@dataclass(frozen=True, slots=True)
class Change:
    """A row with its example."""

    row: Row
    example: Example
    since: str = ""
    """The day from which it holds, when that is not now."""
    until: str = ""
    """The last day on which it holds, when an exception ends then."""
    exception: str = ""
    """That exception, and its owner."""
    also: tuple[str, ...] = ()
    """Further rules that speak instead; where it is stricter, that spoke before."""

    @property
    def looser(self) -> bool:
        return self.row.direction is Direction.LOOSER


@dataclass(frozen=True, slots=True)
class Held:
    """What the files alone would loosen, and another layer does not let through."""

    row: Row
    example: str
    verdict: str
    rule: str
    layer: str


@dataclass(frozen=True, slots=True)
class FailedTest:
    test: InlineTest
    verdict: str
    rule: str


@dataclass(frozen=True, slots=True)
class Difference:
    changes: tuple[Change, ...]
    settings: tuple[Setting, ...]
    held: tuple[Held, ...]
    failed: tuple[FailedTest, ...]
    tests: int
    cells: int
    today: str
    dates: tuple[str, ...]
    unproved: tuple[str, ...]
    more: int = 0
    """Further rows, each of a kind that is shown, for paths that links or trees join."""

    @property
    def looser(self) -> int:
        changed = sum(change.looser for change in self.changes)
        return changed + sum(one.direction is Direction.LOOSER for one in self.settings)

    @property
    def stricter(self) -> int:
        return len(self.changes) + len(self.settings) - self.looser


def difference(
    old: tuple[PolicyLayer, ...],
    new: tuple[PolicyLayer, ...],
    around: tuple[PolicyLayer, ...],
    facts: Facts,
    engine: Engine,
) -> Difference:
    """``old`` and ``new``: the layers that are compared, standing among ``around``. ``facts``: a world with its date."""
    before, after = _policy((*around, *old)), _policy((*around, *new))
    now = compare(before, after, facts)
    unproved = dict.fromkeys(now.unproved)
    dates = _dates(before, after, facts.today)
    if len(dates) > DATES:
        unproved[
            f"exceptions end on {len(dates)} days, of which the first {DATES} and the last were compared"
        ] = None
        dates = (*dates[:DATES], dates[-1])
    changes, more = _changes(now, before, after, facts, engine, dates)
    shown = {_kind(row) for row in now.rows}
    for day in dates:
        later = compare(before, after, replace(facts, today=day))
        unproved.update(dict.fromkeys(later.unproved))
        fresh = replace(later, rows=tuple(row for row in later.rows if _kind(row) not in shown))
        found, _ = _changes(fresh, before, after, replace(facts, today=day), engine, dates)
        changes += [replace(change, since=day) for change in found]
        shown |= {_kind(row) for row in fresh.rows}
    tests = [test for layer in new for test in layer.tests]
    failed: list[FailedTest] = []
    for test in tests:
        decision, _ = engine(test.run, after, facts.today)
        verdict, first = verdict_of(decision), decision.reasons[0]
        if verdict is not test.expect or (test.rule and first.rule != test.rule):
            failed.append(FailedTest(test, verdict.value, first.rule))
    return Difference(
        changes=tuple(changes),
        settings=tuple(settings(before, after)),
        held=_held(old, new, after, now, facts, engine) if around and old and new else (),
        failed=tuple(failed),
        tests=len(tests),
        cells=now.cells,
        today=facts.today,
        dates=dates,
        unproved=tuple(unproved),
        more=more,
    )


def _policy(layers: tuple[PolicyLayer, ...]) -> Policy:
    return policy_of(layers, "review")


def _kind(row: Row) -> tuple[object, ...]:
    return row.direction, row.effect, row.before, row.after


def _changes(
    found: Comparison, old: Policy, new: Policy, facts: Facts, engine: Engine, dates: tuple[str, ...]
) -> tuple[list[Change], int]:
    """Rows with examples, one for each rule that gave way; those that no command shows only where none of their kind does."""
    changes = [
        _ending(Change(row, example(row, old, new, facts.today, engine)), new, facts, dates)
        for row in found.rows
    ]
    changes.sort(key=lambda change: not change.example.command)
    runnable = {_rough(change.row) for change in changes if change.example.command}
    out: dict[tuple[object, ...], Change] = {}
    for change in changes:
        if not change.example.command and _rough(change.row) in runnable:
            continue
        # What takes the place of a rule may be many; what a reader wants to know is which one is gone.
        key = (_rough(change.row), gives_way(change.row), change.until, change.example.command == "")
        known = out.get(key)
        if known is None:
            out[key] = change
        elif _other(change.row) not in (_other(known.row), *known.also):
            out[key] = replace(known, also=(*known.also, _other(change.row)))
    kept = sorted(
        out.values(),
        key=_place,
    )
    return kept, len(changes) - len(kept)


def _place(change: Change) -> tuple[bool, bool, int]:
    """What is read first: what is looser and by how much; what one command shows before what needs words."""
    step = change.row.after.verdict.rank - change.row.before.verdict.rank
    return not change.looser, not change.example.command, step


def gives_way(row: Row) -> str:
    """The rule that a reader wants to know: the one that no longer speaks, or that now does."""
    if row.before.rule == row.after.rule:
        return ""
    return row.before.rule if row.direction is Direction.LOOSER else row.after.rule


def _other(row: Row) -> str:
    return row.after.rule if row.direction is Direction.LOOSER else row.before.rule


def _rough(row: Row) -> tuple[object, ...]:
    return row.direction, row.effect, row.before.verdict, row.after.verdict


def _exceptions(policy: Policy) -> list[PolicyException]:
    return [exception for layer in policy.layers for exception in layer.exceptions]


def _dates(old: Policy, new: Policy, today: str) -> tuple[str, ...]:
    """The days after each exception that is still open."""
    ends = {e.expires for policy in (old, new) for e in _exceptions(policy) if e.expires >= today}
    return tuple(sorted(str(date.fromisoformat(end) + timedelta(days=1)) for end in ends))


def _ending(change: Change, new: Policy, facts: Facts, dates: tuple[str, ...]) -> Change:
    """The exception that a change hangs on, if it does."""
    for day in dates:
        if day <= (change.since or facts.today):
            continue
        later = verdict_of(decided(change.example.cell, new, replace(facts, today=day)))
        if later is not change.row.after.verdict:
            end = str(date.fromisoformat(day) - timedelta(days=1))
            named = [f"`{e.id}` ({e.owner})" for e in _exceptions(new) if e.expires == end]
            return replace(change, until=end, exception=", ".join(named))
    return change


def _held(
    old: tuple[PolicyLayer, ...],
    new: tuple[PolicyLayer, ...],
    after: Policy,
    now: Comparison,
    facts: Facts,
    engine: Engine,
) -> tuple[Held, ...]:
    before_alone, after_alone = _policy(old), _policy(new)
    alone = compare(before_alone, after_alone, facts)
    known = {(row.direction, row.effect) for row in now.rows}
    out: dict[tuple[str, str], Held] = {}
    for row in alone.rows:
        if row.direction is not Direction.LOOSER or (row.direction, row.effect) in known:
            continue
        for cell in row.cells:
            decision = decided(cell, after, facts)
            first = decision.reasons[0]
            if first.verdict.rank > row.after.verdict.rank:
                shown = example(replace(row, cells=(cell,)), before_alone, after_alone, facts.today, engine)
                text = shown.command or shown.words
                out.setdefault(
                    (row.effect, first.rule), Held(row, text, first.verdict.value, first.rule, first.layer)
                )
                break
    return tuple(out.values())
