"""Rules that can never decide, worked out over every way in which an effect can meet rules. Pure."""

from collections import Counter

from guard.model.dataclass import dataclass, field
from guard.model.facts import Facts
from guard.model.typed import Callable, Iterator
from guard.model.verdict import Verdict
from guard.policy.lint.cells import Kinds, kinds_of
from guard.policy.lint.document import Document, Path
from guard.policy.lint.finding import Finding, Severity, finding
from guard.policy.review.cell import Cell
from guard.policy.review.example import commands
from guard.policy.rule import Policy, Rule

RULES, PATTERNS = 300, 2_000
"""Of one file: beyond these nobody waits until it is worked out which of them decide."""
TRIED = 20
"""Commands for one rule."""
Speaks = Callable[[str, str], bool]
"""Whether a command is decided by the rule with this name."""


@dataclass(slots=True)
class _Seen:
    """One rule over all that meets it."""

    met: int = 0
    changes: int = 0
    """Where the decision would be another without it."""
    above: int = 0
    """Where another layer is stricter."""
    beside: int = 0
    """Where another rule of its own layer is stricter."""
    by: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """Rules and layers that are stricter, by how often."""
    like: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """Rules and layers that would decide without it."""
    cells: list[tuple[str, Cell]] = field(default_factory=list[tuple[str, Cell]])
    """Where another layer is stricter: its rule and the effect."""

    def add(self, other: "_Seen") -> None:
        self.met += other.met
        self.changes += other.changes
        self.above += other.above
        self.beside += other.beside
        self.by.update(other.by)
        self.like.update(other.like)
        self.cells += other.cells


def decides(document: Document, policy: Policy, facts: Facts, speaks: Speaks) -> Iterator[Finding]:
    """``policy``: the layers that the file stands among, itself one of them. ``facts``: a world with its date."""
    rules = [(path, rule) for path, rule in document.rules() if not rule.shadow]
    effects = tuple(dict.fromkeys(effect for _, rule in rules for effect in rule.effects))
    if len(rules) > RULES or sum(len(patterns) for _, patterns in document.layer.zones) > PATTERNS:
        problem = f"more than {RULES} rules or {PATTERNS} patterns: whether each rule ever decides is not worked out"
        yield finding("GP026", document.at((document.lists[0][0],)), problem)
        return
    kinds = {kind.effect: kind for kind in kinds_of(policy, effects, facts)}
    for path, rule in document.rules():
        if rule.shadow:
            if rule.verdict is not Verdict.ALLOW:
                yield finding(
                    "GP025",
                    document.at((*path, "mode")),
                    f"the rule `{rule.id}` only watches: it stops nothing",
                )
            continue
        mine = [kinds[effect] for effect in rule.effects]
        if problems := [problem for kind in mine for problem in kind.unproved]:
            yield finding(
                "GP026",
                document.at(path),
                f"whether the rule `{rule.id}` ever decides cannot be told: {problems[0]}",
            )
            continue
        yield from _judged(document, path, rule, mine, layer_of(rule, policy), speaks)


def layer_of(rule: Rule, policy: Policy) -> int:
    """The number of the layer that it stands in: no two rules have the same place."""
    return next(number for number, layer in enumerate(policy.layers) if rule in layer.rules)


def _judged(
    document: Document, path: Path, rule: Rule, kinds: list[Kinds], number: int, speaks: Speaks
) -> Iterator[Finding]:
    seen = _Seen()
    parts: list[tuple[int, _Seen]] = []
    exceptions: dict[str, list[int]] = {}
    for number_of_effect, kind in enumerate(kinds):
        part = _Seen()
        for source, counts in _look(rule, kind, number, part).items():
            exceptions.setdefault(source, []).extend(counts)
        parts.append((number_of_effect, part))
        seen.add(part)
    dead = not seen.changes and seen.above + seen.beside >= seen.met
    for at_effect, part in parts if len(parts) > 1 else ():
        effect = rule.effects[at_effect]
        place = document.at((*path, "effect", at_effect))
        if not part.met:
            yield finding(
                "GP020",
                place,
                f"the rule `{rule.id}` can never be met by `{effect}`, which has nothing of what its conditions ask",
                "remove the effect from the list, or the condition",
                severity=Severity.WARNING,
            )
        elif not dead and part.beside == part.met and not part.changes:
            yield finding(
                "GP022",
                place,
                f"the rule `{rule.id}` never decides about `{effect}`: {_named(part.by)} is stricter wherever it speaks",
            )
    yield from _exceptions(document, rule, exceptions)
    at = document.at((*path, "id"))
    if not seen.met:
        yield finding(
            "GP020", at, f"nothing can meet the rule `{rule.id}`: its conditions exclude each other"
        )
    elif seen.above == seen.met:
        yield finding(
            "GP021",
            at,
            f"the rule `{rule.id}` never decides: {_named(seen.by)} is stricter wherever it speaks",
        )
    elif dead:
        yield finding(
            "GP022",
            at,
            f"the rule `{rule.id}` never decides: {_named(seen.by)} is stricter wherever it speaks",
        )
    elif not seen.changes:
        yield finding(
            "GP023", at, f"without the rule `{rule.id}` nothing changes: {_named(seen.like)} says the same"
        )
    elif seen.above:
        shown = _shown(seen, speaks)
        if shown:
            yield finding(
                "GP024", at, f"the rule `{rule.id}` does not have the last word everywhere: {shown}"
            )


def _look(rule: Rule, kind: Kinds, number: int, seen: _Seen) -> dict[str, list[int]]:
    """Adds to ``seen``. For each open exception of the rule: in how many ways it is met where the rule is."""
    side = kind.side
    at = next(n for n, ruling in enumerate(side.rulings) if ruling.rule == rule)
    bit = own = 1 << at
    open_: list[tuple[int, str, Verdict]] = []
    for index, ruling in enumerate(side.rulings[at + 1 :], at + 1):
        if not ruling.expires:
            break
        own |= 1 << index
        open_.append((1 << index, ruling.source, ruling.verdict))
    counts = {source: [0] for _, source, _ in open_}
    for mask, cells in kind.met.items():
        if not mask & bit:
            continue
        seen.met += 1
        for more, source, _ in open_:
            counts[source][0] += bool(mask & more)
        said = max((v for more, _, v in open_ if mask & more), default=rule.verdict, key=_rank)
        with_, without = side.says(mask), side.says(mask & ~own)
        if (with_.verdict, with_.host, with_.owners, with_.repos) != (
            without.verdict,
            without.host,
            without.owners,
            without.repos,
        ):
            seen.changes += 1
        if without.verdict is said:
            seen.like[without.rule, without.layer] += 1
        _compare(rule, said, mask, cells, kind, number, seen)
    return counts


def _compare(
    rule: Rule, said: Verdict, mask: int, cells: tuple[Cell, ...], kind: Kinds, number: int, seen: _Seen
) -> None:
    above = beside = False
    for place, (layer, verdict, rules) in enumerate(kind.side.verdicts(mask)):
        named = [(name, layer) for name in (rules or ("default",)) if (name, place) != (rule.id, number)]
        if verdict.rank > said.rank:
            seen.by.update(named)
            above = above or place != number
            beside = beside or place == number
            if place != number and rules:
                seen.cells += [(rules[0], cell) for cell in cells if _plain(cell)]
    seen.above += above
    seen.beside += beside and not above


def _plain(cell: Cell) -> bool:
    """What one command shows, and a reader sees at once."""
    where = cell.where
    return (
        len(where.places) == 1
        and cell.target is None
        and not (where.below or where.listed or cell.observed or len(cell.names) > 1)
    )


def _shown(seen: _Seen, speaks: Speaks) -> str:
    left = TRIED
    for name, cell in sorted(seen.cells, key=lambda one: one[1].where.weight):
        for command in commands(cell):
            if not left:
                return ""
            left -= 1
            if speaks(command, name):
                return f"`{command}` is decided by `{name}`"
    return ""


def _named(rules: Counter[tuple[str, str]]) -> str:
    shown = [
        f"the default of the {layer} layer" if name == "default" else f"`{name}` ({layer})"
        for (name, layer), _ in rules.most_common(2)
    ]
    return " or ".join(shown)


def _rank(verdict: Verdict) -> int:
    return verdict.rank


def _exceptions(document: Document, rule: Rule, counts: dict[str, list[int]]) -> Iterator[Finding]:
    for path, exception in document.exceptions():
        if exception.source in counts and not any(counts[exception.source]):
            yield finding(
                "GP014",
                document.at((*path, "rule")),
                f"nothing that the rule `{rule.id}` speaks of meets the exception `{exception.id}`",
                "mend its conditions, or delete it",
            )
