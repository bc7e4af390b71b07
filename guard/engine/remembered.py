"""Commands judged under many policies in a world that is only described: each is analysed once. Looks at nothing."""

from guard.engine.decide import judge_effects
from guard.engine.imagined import decide_imagined
from guard.engine.stages import Decided
from guard.model.decision import Decision
from guard.model.effect import ResolvedEffect
from guard.policy.rule import Policy


class Remembered:
    """What commands would do does not depend on the policy, so it is worked out at the first question."""

    def __init__(self, today: str) -> None:
        self.today = today
        self._known: dict[str, Decided] = {}

    def __call__(self, command: str, policy: Policy) -> Decision:
        known = self._known.get(command)
        if known is None:
            known = self._known[command] = decide_imagined(command, policy, today=self.today)
            return known.decision
        return judge_effects(known.analysed, known.effects, known.facts, policy).decision

    def effects(self, command: str, policy: Policy) -> tuple[ResolvedEffect, ...]:
        """What the command would do; ``policy`` only for the first question."""
        if command not in self._known:
            self(command, policy)
        return self._known[command].effects
