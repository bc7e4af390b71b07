"""Rules that a repository could have, out of what people kept approving there. Pure; proposes, changes nothing.

What is proposed is as narrow as its evidence: one kind of effect, in one zone (or to one host, on one branch), by the
programs that were seen. What another layer asks about is none of a repository's business, and is only told.
"""

from guard.model.dataclass import dataclass, replace
from guard.model.decision import Decision, Reason, verdict_of
from guard.model.effect import Connect, PublishVcs, ResolvedEffect, RewriteVcs, effect_name
from guard.model.facts import Facts
from guard.model.paths import ResolvedPath
from guard.model.typed import Any, Iterable
from guard.model.verdict import Verdict
from guard.policy.evaluate import judge
from guard.policy.hosts import UNKNOWN
from guard.policy.layers import DEFAULT
from guard.policy.review.compare import Comparison, Direction, decided
from guard.policy.rule import Policy, PolicyLayer, Rule, policy_of

ZONES = ("generated", "temp", "workspace")
"""Those that every policy may speak of in which anything is ever learned; the narrowest first."""
NEVER = frozenset(("secrets.read", "guard.tamper", "privilege"))
"""Effects that stay a question however often the answer was yes."""
_TREES = frozenset(("fs.read", "fs.write", "fs.delete", "fs.perms"))
_MOST_PROGRAMS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Decisions with the same facts that a person has answered."""

    effects: tuple[ResolvedEffect, ...]
    facts: Facts
    approved: int
    denied: int
    people: frozenset[str]
    days: tuple[str, str]
    """The first and the last."""
    commands: tuple[str, ...]
    """Redacted."""
    remembered: int
    """How many of them somebody asked to be remembered: they need not be many."""
    again: Decision
    """What the policy says of it now."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Where something is learned: an effect, and one zone, host, branch or program."""

    effect: str
    kind: str
    """``zones``, ``hosts``, ``branches`` or ``programs``."""
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    rule: Rule
    cell: Cell
    approved: int
    people: int
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Approvals that nothing is proposed from, and why."""

    why: str
    approved: int
    command: str


class Learner:
    """For the file of one repository among the layers around it."""

    def __init__(self, own: PolicyLayer, least: int) -> None:
        self._own = own
        self._least = least
        self._probes: dict[tuple[str, str], Policy] = {}
        # A zone of the file that reaches out of the workspace is as wide as a machine.
        inside = [
            (name, patterns)
            for name, patterns in own.zones
            if all(pattern.startswith(("$W/", "$T/")) for pattern in patterns)
        ]
        inside.sort(key=lambda zone: -max(map(len, zone[1]), default=0))
        self._zones = (*(name for name, _ in inside), *ZONES)

    def proposals(self, asks: Iterable[Ask]) -> tuple[list[Proposal], list[Kept]]:
        """Of what was approved at least so often and never denied; the rest is told with its reason."""
        found: dict[Cell, list[Ask]] = {}
        refused: set[Cell] = set()
        kept: dict[str, Kept] = {}
        for ask in asks:
            cells, why = self._cells(ask)
            if ask.denied:
                refused.update(cells)
            if why and ask.approved:
                had = kept.get(why, Kept(why=why, approved=0, command=ask.commands[0]))
                kept[why] = replace(had, approved=had.approved + ask.approved)
            elif ask.approved:
                for cell in cells:
                    found.setdefault(cell, []).append(ask)
        out: list[Proposal] = []
        for cell, those in found.items():
            total = sum(ask.approved for ask in those)
            command = those[0].commands[0]
            if cell in refused:
                why = f"somebody has also denied {described(cell)}"
                kept[why] = Kept(why=why, approved=total, command=command)
            elif total < self._least and not any(ask.remembered for ask in those):
                why = f"{described(cell)} was approved less than {self._least} times"
                kept[why] = Kept(why=why, approved=total, command=command)
            else:
                out.append(self._proposal(cell, those, total))
        return sorted(out, key=lambda one: (-one.approved, one.rule.id)), sorted(
            kept.values(), key=lambda one: (-one.approved, one.why)
        )

    def _cells(self, ask: Ask) -> tuple[list[Cell], str]:
        """Every cell that it was asked for; with a reason when it is not one that a rule of this file could answer."""
        if verdict_of(ask.again) is not Verdict.ASK:
            return [], f"the policy now says {verdict_of(ask.again).value} of it"
        asking = [reason for reason in ask.again.reasons if reason.verdict is Verdict.ASK]
        cells: list[Cell] = []
        why = ""
        for reason in asking:
            if reason.effect < 0 or reason.layer == "guard":
                why = why or f"the guard itself asks (`{reason.rule}`), and no policy opens that"
                continue
            cell, problem = self._cell(ask, reason)
            if cell is not None:
                cells.append(cell)
            why = why or problem
        return list(dict.fromkeys(cells)), why

    def _cell(self, ask: Ask, reason: Reason) -> tuple[Cell | None, str]:
        effect = ask.effects[reason.effect]
        name = effect_name(effect)
        cell = self._place(name, effect, ask.facts)
        if reason.layer != "repo":
            return cell, f"`{reason.rule}` of the {reason.layer} asks, and a repository cannot loosen it"
        if reason.rule != DEFAULT:
            return cell, f"the rule `{reason.rule}` of this file asks on purpose: change it by hand"
        if name in NEVER:
            return cell, f"`{name}` is never learned"
        if cell is None:
            return None, f"`{name}` was approved where no single zone, host or branch says where"
        return cell, ""

    def _place(self, name: str, effect: ResolvedEffect, facts: Facts) -> Cell | None:
        match effect:
            case Connect(host=host):
                return Cell(name, "hosts", host) if host not in ("", UNKNOWN) else None
            case PublishVcs(branch=branch) | RewriteVcs(branch=branch):
                return Cell(name, "branches", branch) if branch not in ("", UNKNOWN) else None
            case _:
                path: Any = getattr(effect, "path", None)
                if isinstance(path, ResolvedPath):
                    zone = next((zone for zone in self._zones if self._holds(name, zone, effect, facts)), "")
                    return Cell(name, "zones", zone) if zone else None
                return Cell(name, "programs", effect.program) if effect.program else None

    def _holds(self, name: str, zone: str, effect: ResolvedEffect, facts: Facts) -> bool:
        """Whether a rule that allows it there would speak of all of this effect: asked of the evaluator."""
        probe = self._probes.get((name, zone))
        if probe is None:
            rule = Rule(id="x", effects=(name,), zones=(zone,), verdict=Verdict.ALLOW, why="x")
            probe = self._probes[name, zone] = self.alone(rule)
        return verdict_of(judge((effect,), probe, facts)) is Verdict.ALLOW

    def alone(self, rule: Rule) -> Policy:
        """With this rule and no other, in which everything else is asked about."""
        layer = PolicyLayer(
            kind="repo", name="alone", default=Verdict.ASK, rules=(rule,), zones=self._own.zones
        )
        return policy_of((layer,), "alone")

    def _proposal(self, cell: Cell, asks: list[Ask], approved: int) -> Proposal:
        effects = [
            effect
            for ask in asks
            for effect in ask.effects
            if effect_name(effect) == cell.effect and self._place(cell.effect, effect, ask.facts) == cell
        ]
        programs = tuple(sorted({effect.program for effect in effects if effect.program}))
        deep = any(getattr(effect, "recursive", False) for effect in effects)
        conditions: dict[str, Any] = {cell.kind: (cell.name,)}
        if cell.kind != "programs" and 0 < len(programs) <= _MOST_PROGRAMS:
            conditions["programs"] = programs
        if cell.effect in _TREES and not deep:
            conditions["recursive"] = False
        if isinstance(effects[0], Connect) and not any(isinstance(e, Connect) and e.upload for e in effects):
            conditions["upload"] = False
        people = len(frozenset[str]().union(*(ask.people for ask in asks)))
        first, last = min(ask.days[0] for ask in asks), max(ask.days[1] for ask in asks)
        who = f" by {people} {'person' if people == 1 else 'people'}" if people else ""
        when = f" on {first}" if first == last else f" from {first} to {last}"
        noted = sum(ask.remembered for ask in asks)
        more = f"; {noted} asked to be remembered" if noted else ""
        rule = Rule(
            id=self._id(cell),
            effects=(cell.effect,),
            verdict=Verdict.ALLOW,
            why=f"Approved {approved} times of {approved}{who}{when}{more}.",
            **conditions,
        )
        commands = tuple(dict.fromkeys(command for ask in asks for command in ask.commands))
        return Proposal(rule=rule, cell=cell, approved=approved, people=people, commands=commands)

    def _id(self, cell: Cell) -> str:
        plain = "".join(
            char if char.isascii() and char.isalnum() else "-" for char in f"{cell.effect}-{cell.name}"
        )
        stem = "learned-" + "-".join(part for part in plain.lower().split("-") if part)
        known = {rule.id for rule in self._own.rules}
        name, number = stem[:60], 2
        while name in known:
            name, number = f"{stem[:57]}-{number}", number + 1
        return name


def described(cell: Cell) -> str:
    where = {"zones": "in zone", "hosts": "to", "branches": "on", "programs": "by"}[cell.kind]
    return f"`{cell.effect}` {where} `{cell.name}`"


def outside(
    comparison: Comparison, proposals: list[Proposal], learner: Learner, facts: Facts
) -> list[Proposal]:
    """Those that would loosen more than what was asked about in their cell; none, unless we are wrong."""
    wrong: list[Proposal] = []
    for row in comparison.rows:
        if row.direction is Direction.STRICTER and row.before.verdict is row.after.verdict:
            # What is still asked about may run in less room: a rule that allows it in the sandbox says so.
            continue
        those = [one for one in proposals if row.effect in one.rule.effects]
        meant = (
            row.direction is Direction.LOOSER
            and row.before.verdict is Verdict.ASK
            and row.after.verdict is Verdict.ALLOW
            and not row.after.host
            and all(
                any(
                    verdict_of(decided(cell, learner.alone(one.rule), facts)) is Verdict.ALLOW
                    for one in those
                )
                for cell in row.cells
            )
        )
        if not meant:
            wrong += those or proposals
    return [one for one in proposals if one in wrong]


def answers(ask: Ask, policy: Policy) -> bool:
    """Whether any part of what was asked would no longer be: then whoever has denied it is overruled."""
    return any(
        verdict_of(judge((ask.effects[reason.effect],), policy, ask.facts)) is Verdict.ALLOW
        for reason in ask.again.reasons
        if reason.verdict is Verdict.ASK and reason.effect >= 0
    )
