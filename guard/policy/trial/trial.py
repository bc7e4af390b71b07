"""A command with what a policy must say of it: an example of a rule, a test of a file, a case of a pack. Pure."""

from guard.model.dataclass import dataclass
from guard.model.decision import Decision, verdict_of
from guard.model.verdict import Verdict
from guard.policy.lint.document import Document
from guard.policy.lint.finding import Place
from guard.policy.rule import Policy, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    command: str
    place: Place
    kind: str
    """``example``, ``test`` or ``case``."""
    verdict: Verdict | None = None
    """None: of an example only the rule is asked for."""
    because: str = ""
    """The rule that comes first among the reasons; empty when it may be any."""
    rule: Rule | None = None
    """Of an example: that speaks, or with ``silent`` does not."""
    layer: str = ""
    silent: bool = False
    file: str = ""
    """Of a case that says so: ``speaks`` is the first rule of this file that has something to say; empty for none."""
    speaks: str = ""

    def problem(self, decision: Decision) -> str:
        """Empty when the policy says what it must."""
        if self.rule is not None:
            spoke = any(
                reason.rule == self.rule.id and reason.layer == self.layer
                for reason in (*decision.reasons, *decision.shadow)
            )
            if spoke is not self.silent:
                return ""
            said = "speaks of" if self.silent else "does not speak of"
            return f"the rule `{self.rule.id}` {said} its example `{self.command}`"
        verdict, first = verdict_of(decision), decision.reasons[0]
        if verdict is not self.verdict or (self.because and first.rule != self.because):
            return (
                f"`{self.command}` should be {self._expected()}, "
                f"and is {verdict.value} by `{first.rule}` ({first.layer})"
            )
        if self.file:
            mine = next((r.rule for r in decision.reasons if r.source.rpartition(":")[0] == self.file), "")
            if mine != self.speaks:
                return f"of this file {_none(self.speaks)} should speak of `{self.command}` first, and {_none(mine)} does"
        return ""

    def _expected(self) -> str:
        verdict = self.verdict.value if self.verdict is not None else "decided"
        return verdict + (f" by `{self.because}`" if self.because else "")


def _none(rule: str) -> str:
    return f"`{rule}`" if rule else "no rule"


def trials(document: Document, policy: Policy) -> list[Trial]:
    """The examples and the tests of a file, in its order."""
    out: list[Trial] = []
    for path, rule in document.rules():
        layer = next(layer.kind for layer in policy.layers if rule in layer.rules)
        for key, commands in (("match", rule.match), ("no_match", rule.no_match)):
            out += [
                Trial(
                    command=command,
                    place=document.at((*path, "examples", key, number)),
                    kind="example",
                    rule=rule,
                    layer=layer,
                    silent=key == "no_match",
                )
                for number, command in enumerate(commands)
            ]
    out += [
        Trial(
            command=test.run,
            place=document.at(("tests", number)),
            kind="test",
            verdict=test.expect,
            because=test.rule,
        )
        for number, test in enumerate(document.layer.tests)
    ]
    return out
