"""One policy's say on one kind of effect, as masks: a bit for each rule and each exception. Pure.

What a cell is judged to be is worked out from the rules that it meets; that they are met is asked of the evaluator.
"""

from operator import attrgetter

from guard.model.dataclass import dataclass, fields, replace
from guard.model.facts import Facts
from guard.model.typed import Callable
from guard.model.verdict import Verdict
from guard.policy.evaluate import End, Seen, end_of, holds_at
from guard.policy.layers import DEFAULT, LayerTable, PlaceCondition, Ruling, Tables, tables_of
from guard.policy.review.cell import Where
from guard.policy.rule import Policy, PolicyLayer, Rule


@dataclass(frozen=True, slots=True)
class Say:
    """What a policy says of a cell."""

    verdict: Verdict
    rule: str
    layer: str
    host: bool
    """Whether it may leave the sandbox."""
    owners: frozenset[str]
    repos: frozenset[str]
    """Profiles that it is given by the owner's rules and by the repository's."""
    may_allow: bool = False
    """Whether a reviewer may answer the question: every rule that asks says so."""


def _at_places(ruling: Ruling) -> Ruling:
    return replace(ruling, stated=False, programs=frozenset[str](), patterns=(), networked=False)


def _elsewhere(ruling: Ruling) -> Ruling:
    return replace(
        ruling,
        at=PlaceCondition(ruling.strict, 0, 0),
        programs=frozenset[str](),
        patterns=(),
        networked=False,
    )


def _to_hosts(ruling: Ruling) -> Ruling:
    rule = replace(ruling.rule, carries=(), upload=None)
    return replace(_elsewhere(ruling), rule=rule, stated=False, networked=ruling.networked)


def _sending(ruling: Ruling) -> Ruling:
    rule = replace(ruling.rule, hosts=(), except_hosts=(), branches=())
    return replace(
        _elsewhere(ruling),
        rule=rule,
        stated=False,
        networked=ruling.networked,
        hosts=None,
        except_hosts=None,
        branches=None,
    )


def _by_program(ruling: Ruling) -> Ruling:
    return replace(_elsewhere(ruling), stated=False, programs=ruling.programs, patterns=ruling.patterns)


def _unconditional(ruling: Ruling) -> bool:
    """Whether an effect meets it that is strictly in its places, and so does every one that takes more along.

    Of a rule that asks whether it is recursive: of those that are as it asks.
    """
    rule = ruling.rule
    asks = ruling.stated or ruling.networked or ruling.programs or ruling.patterns or ruling.exceptions
    return ruling.strict and not (asks or ruling.expires or rule.recoverable or rule.itself)


def _alike(ruling: Ruling) -> object:
    """Strict rules with the same of this are told apart by their zones only: that one of them is met is all that counts."""
    if not ruling.strict or ruling.exceptions or ruling.expires:
        return None
    bare = replace(
        ruling.rule,
        id="",
        why="",
        instead="",
        source="",
        zones=(),
        match=(),
        no_match=(),
        effects=(),
        exceptable=None,
    )
    return bare, bool(ruling.at.zones), ruling.at.except_zones


AXES: dict[str, Callable[[Ruling], Ruling]] = {
    "place": _at_places,
    "program": _by_program,
    "state": _elsewhere,
    "host": _to_hosts,
    "sends": _sending,
}
"""A rule with the conditions of one kind only: what it asks of the others is met by anything."""


# Compared by what they hold: faster than as values of a class, and there are many.
_of_where = attrgetter(*[item.name for item in fields(Where)])
_of_end = attrgetter(*[item.name for item in fields(End)])


class Ends:
    """What paths are to the zones of a policy, worked out once for all kinds of effects."""

    def __init__(self, policy: Policy, facts: Facts) -> None:
        self._tables = tables_of(policy)
        self._facts = facts
        self._known: dict[object, End] = {}

    def or_of(self, policy: Policy) -> "Ends":
        """These, where every path is the same to the other policy; else its own."""
        same = tables_of(policy).zones.reads_as(self._tables.zones)
        return self if same else Ends(policy, self._facts)

    def of(self, where: Where) -> End:
        key = _of_where(where)
        known = self._known.get(key)
        if known is None:
            path = where.path(self._facts)
            known = self._known[key] = end_of(path, self._tables, self._facts, recursive=where.recursive)
        return known


class Side:
    """A policy, for one kind of effect and one set of facts."""

    def __init__(self, policy: Policy, effect: str, facts: Facts, ends: Ends) -> None:
        self.policy = policy
        self.ends = ends
        self.facts = facts
        self.tables: Tables = tables_of(policy)
        self.rulings: list[Ruling] = []
        """Every rule about the effect, each followed by its exceptions that are in force."""
        self._layers: list[tuple[LayerTable, list[tuple[int, Ruling, list[tuple[int, Ruling]]]]]] = []
        for table in self.tables.layers:
            mine: list[tuple[int, Ruling, list[tuple[int, Ruling]]]] = []
            for ruling in table.about(effect):
                if ruling.rule.shadow:
                    continue
                bit = self._number(ruling)
                open_ = [
                    (self._number(exception), exception)
                    for exception in ruling.exceptions
                    if facts.today and facts.today <= exception.expires
                ]
                mine.append((bit, ruling, open_))
            self._layers.append((table, mine))
        self._known: dict[int, Say] = {}
        self._stripped = {name: [strip(one) for one in self.rulings] for name, strip in AXES.items()}
        self.everything = (1 << len(self.rulings)) - 1
        plain = [_unconditional(ruling) for ruling in self.rulings]
        self.denies = sum(
            1 << index
            for index, (ruling, lone) in enumerate(zip(self.rulings, plain, strict=True))
            if lone and ruling.verdict is Verdict.DENY
        )
        """Rules that a place alone is enough for, whatever else the effect is or takes along."""
        self.asks = sum(
            1 << index
            for index, (ruling, lone) in enumerate(zip(self.rulings, plain, strict=True))
            if lone and ruling.verdict is not Verdict.ALLOW
        )
        alike: dict[object, list[Ruling]] = {}
        for number, (_, mine) in enumerate(self._layers):
            for _, ruling, open_ in mine:
                kind = _alike(ruling)
                alike.setdefault(id(ruling) if kind is None else (number, kind), []).append(ruling)
                for _, exception in open_:
                    alike[id(exception)] = [exception]
        self.alike = tuple(tuple(each) for each in alike.values())
        """Sets of rules of which it counts for the verdict and the place only whether any is met."""
        self.itself = sum(1 << index for index, ruling in enumerate(self.rulings) if ruling.rule.itself)
        self.strict = sum(1 << index for index, ruling in enumerate(self.rulings) if ruling.strict)

    def verdicts(self, met: int) -> list[tuple[str, Verdict, tuple[str, ...]]]:
        """What each layer by itself says of such a cell, and by which rules; none where it is the layer's default."""
        out: list[tuple[str, Verdict, tuple[str, ...]]] = []
        for table, rulings in self._layers:
            said = [
                (
                    max((e.verdict for b, e in exceptions if met & b), default=ruling.verdict, key=_rank),
                    ruling,
                )
                for bit, ruling, exceptions in rulings
                if met & bit
            ]
            verdict = max((one for one, _ in said), default=table.layer.default, key=_rank)
            rules = tuple(ruling.rule.id for one, ruling in said if one is verdict)
            out.append((table.layer.kind, verdict, rules))
        return out

    def lone(self, rules: int) -> list[tuple[PolicyLayer, Rule]]:
        """Those among ``rules`` (:attr:`denies` or :attr:`asks`) for which it is enough to lie in their zones."""
        return [
            (table.layer, ruling.rule)
            for table, mine in self._layers
            for bit, ruling, _ in mine
            if bit & rules and ruling.rule.recursive is None and not ruling.rule.except_zones
        ]

    def _number(self, ruling: Ruling) -> int:
        self.rulings.append(ruling)
        return 1 << (len(self.rulings) - 1)

    def meets(self, seen: Seen, axis: str) -> int:
        """The rules whose conditions of this kind are met."""
        out = 0
        for index, ruling in enumerate(self._stripped[axis]):
            if seen.meets(ruling):
                out |= 1 << index
        return out

    def asked_at(self) -> dict[PlaceCondition, int]:
        """What its rules ask of a path, with the rules that ask it."""
        out: dict[PlaceCondition, int] = {}
        for index, ruling in enumerate(self.rulings):
            out[ruling.at] = out.get(ruling.at, 0) | 1 << index
        return out

    def says(self, met: int) -> Say:
        """Of a cell that meets these rules; the same law as :func:`guard.policy.evaluate.judge`."""
        known = self._known.get(met)
        if known is None:
            known = self._known[met] = self._said(met)
        return known

    def _said(self, met: int) -> Say:
        found: list[tuple[int, bool, bool, int, str, Verdict, str, bool]] = []
        owners: set[str] = set()
        repos: set[str] = set()
        sandboxed = opened = False
        for table, rulings in self._layers:
            spoken = False
            repo = table.layer.kind == "repo"
            for bit, ruling, exceptions in rulings:
                if not met & bit:
                    continue
                spoken = True
                rule = ruling.rule
                verdict = max(
                    (e.verdict for b, e in exceptions if met & b), default=ruling.verdict, key=_rank
                )
                plain = not any(met & b for b, _ in exceptions)
                found.append(
                    (
                        -verdict.rank,
                        False,
                        ruling.on_host,
                        ruling.rank,
                        rule.id,
                        verdict,
                        ruling.layer,
                        plain and rule.may_allow,
                    )
                )
                if verdict is Verdict.ALLOW and not ruling.on_host:
                    sandboxed = True
                if verdict is not Verdict.DENY:
                    (repos if repo else owners).update(rule.grants)
                    opened = opened or (ruling.on_host and not repo)
            if not spoken:
                verdict = table.layer.default
                found.append(
                    (-verdict.rank, True, True, table.rank, DEFAULT, verdict, table.layer.kind, False)
                )
        # The order in which the evaluator gives its reasons.
        first = min(found, key=lambda one: one[:5])
        return Say(
            verdict=first[5],
            rule=first[4],
            layer=first[6],
            host=self.tables.permits_host and opened and not sandboxed,
            owners=frozenset(owners),
            repos=frozenset(repos),
            may_allow=first[5] is Verdict.ASK and all(one[7] for one in found if one[5] is Verdict.ASK),
        )


def _rank(verdict: Verdict) -> int:
    return verdict.rank


class Meeting:
    """Which rules of two sides a path meets. What both ask of it is looked at once."""

    def __init__(self, old: Side, new: Side) -> None:
        self._ends = old.ends, new.ends
        first, second = old.asked_at(), new.asked_at()
        self.alike = old.ends is new.ends
        """Whether a path is the same to both."""
        both = list(dict.fromkeys((*first, *second))) if self.alike else []
        # Whether what is there can be had back is asked apart from where it is.
        self._places: dict[PlaceCondition, tuple[int, int]] = {}
        for at in both:
            where = replace(at, recoverable="")
            old_rules, new_rules = self._places.get(where, (0, 0))
            self._places[where] = old_rules | first.get(at, 0), new_rules | second.get(at, 0)
        self._each = () if self.alike else (_anyhow(first), _anyhow(second))
        self._asked = first, second
        self._known: dict[object, tuple[int, int]] = {}
        self._lost: dict[int, tuple[int, int]] = {}

    def ends(self, where: Where) -> tuple[End, End]:
        old, new = self._ends
        end = old.of(where)
        return end, end if self.alike else new.of(where)

    def met(self, ends: tuple[End, End], lost: int = 0) -> tuple[int, int]:
        """``lost``: what cannot be had back, whatever the ends say of it."""
        key = _of_end(ends[0]) if self.alike else (_of_end(ends[0]), _of_end(ends[1]))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._met(ends)
        kept = self._lost.get(lost)
        if kept is None:
            kept = self._lost[lost] = _recoverable(self._asked[0], lost), _recoverable(self._asked[1], lost)
        return known[0] & kept[0], known[1] & kept[1]

    def _met(self, ends: tuple[End, End]) -> tuple[int, int]:
        old = new = 0
        for at, (first, second) in self._places.items():
            if holds_at(at, ends[0]):
                old |= first
                new |= second
        if self._each:
            old, new = (
                sum(rules for at, rules in asked.items() if holds_at(at, end))
                for asked, end in zip(self._each, ends, strict=True)
            )
        return old, new


def _anyhow(asked: dict[PlaceCondition, int]) -> dict[PlaceCondition, int]:
    """Without what is asked of whether it can be had back."""
    out: dict[PlaceCondition, int] = {}
    for at, rules in asked.items():
        where = replace(at, recoverable="")
        out[where] = out.get(where, 0) | rules
    return out


def _recoverable(asked: dict[PlaceCondition, int], lost: int) -> int:
    """The rules that are met as far as they ask for it, wherever it is."""
    end = End(0, 0, frozenset(), recursive=False, lost=lost)
    out = 0
    for at, rules in asked.items():
        if holds_at(PlaceCondition(at.strict, 0, 0, recoverable=at.recoverable), end):
            out |= rules
    return out
