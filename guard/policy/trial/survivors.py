"""Mutants that no test notices, and the smallest command that would. Pure."""

from guard.model.dataclass import dataclass
from guard.model.decision import Decision, verdict_of
from guard.model.effect import ResolvedEffect, effect_name
from guard.model.enums import Enum
from guard.model.facts import Facts
from guard.model.typed import Callable, Iterator
from guard.policy.review.compare import Row, compare
from guard.policy.review.example import commands, example
from guard.policy.rule import Policy
from guard.policy.trial.mutants import Mutant
from guard.policy.trial.trial import Trial

TRIED = 60
"""Commands for one mutant, where the verdict stays and only the rule is another."""
Judge = Callable[[str, Policy], Decision]
Effects = Callable[[str, Policy], tuple[ResolvedEffect, ...]]


class Fate(Enum):
    KILLED = "killed"
    """A test fails."""
    SURVIVED = "survived"
    """No test fails, and a command would show it."""
    UNSEEN = "unseen"
    """It decides otherwise, and no single command shows it, only effects that are told in words."""
    SAME = "same"
    """It decides everything as the policy does, so there is nothing to test."""


@dataclass(frozen=True, slots=True)
class Outcome:
    mutant: Mutant
    fate: Fate
    command: str = ""
    """A test with it would kill the mutant."""
    expect: str = ""
    rule: str = ""
    """What decides it where nothing is wrong."""
    words: str = ""


class Hunt:
    """The tests of one file against its mutants."""

    def __init__(
        self, trials: list[Trial], policy: Policy, facts: Facts, judge: Judge, effects: Effects
    ) -> None:
        self._policy = policy
        self._facts = facts
        self._judge = judge
        self._effects = effects
        self._trials: list[tuple[Trial, frozenset[str]]] = [
            (trial, frozenset(effect_name(effect) for effect in effects(trial.command, policy)))
            for trial in trials
            # What fails without a mutant would kill all of them.
            if not trial.problem(judge(trial.command, policy))
        ]

    def outcome(self, mutant: Mutant) -> Outcome:
        return Outcome(mutant, Fate.KILLED) if self.noticed(mutant) else self._examined(mutant)

    def noticed(self, mutant: Mutant) -> bool:
        """Whether a test fails."""
        asked = [trial for trial, names in self._trials if names & mutant.effects]
        # Its own examples and cases most likely notice it.
        asked.sort(key=lambda trial: not (_names(trial) & mutant.rules))
        return any(trial.problem(self._judge(trial.command, mutant.policy)) for trial in asked)

    def _examined(self, mutant: Mutant) -> Outcome:
        found = compare(self._policy, mutant.policy, self._facts)
        shown = ""
        for row in found.rows:
            one = example(row, self._policy, mutant.policy, self._facts.today, self._engine)
            if one.command and (outcome := self._killing(mutant, one.command)):
                return outcome
            shown = shown or one.words
        for command in self._commands(found.rows):
            if outcome := self._killing(mutant, command):
                return outcome
        if found.rows or found.unproved:
            return Outcome(mutant, Fate.UNSEEN, words=shown or found.unproved[0])
        return Outcome(mutant, Fate.SAME)

    def _commands(self, rows: tuple[Row, ...]) -> Iterator[str]:
        left = TRIED
        for row in rows:
            for cell in row.cells:
                for command in commands(cell):
                    if left == 0:
                        return
                    left -= 1
                    yield command

    def _killing(self, mutant: Mutant, command: str) -> Outcome | None:
        before, after = self._judge(command, self._policy), self._judge(command, mutant.policy)
        if (verdict_of(before), before.reasons[0].rule) == (verdict_of(after), after.reasons[0].rule):
            return None
        return Outcome(
            mutant,
            Fate.SURVIVED,
            command=command,
            expect=verdict_of(before).value,
            rule=before.reasons[0].rule,
        )

    def _engine(
        self, command: str, policy: Policy, _today: str
    ) -> tuple[Decision, tuple[ResolvedEffect, ...]]:
        return self._judge(command, policy), self._effects(command, policy)


def _names(trial: Trial) -> frozenset[str]:
    return frozenset({trial.because, trial.speaks, trial.rule.id if trial.rule is not None else ""})
