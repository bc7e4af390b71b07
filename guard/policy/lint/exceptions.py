"""Exceptions that have ended, that last too long, that open too much, or that nobody else has looked at. Pure."""

from datetime import date

from guard.model.dataclass import replace
from guard.model.typed import Iterator
from guard.policy.layers import exceptions_to
from guard.policy.lint.document import Document
from guard.policy.lint.finding import Finding, Severity, finding
from guard.policy.rule import Policy, PolicyException, Rule

GRACE_DAYS = 7
"""For so long an exception that has ended is only a warning: no pull request fails for a date alone on the day after."""


def exceptions(document: Document, policy: Policy, today: str) -> Iterator[Finding]:
    """``policy``: the layers that the file would stand among."""
    held: dict[PolicyException, Rule] = {
        exception: rule
        for number, layer in enumerate(policy.layers)
        for rule in layer.rules
        for _, exception in exceptions_to(policy, number, rule)
    }
    longest = min(
        (layer.max_exception_days for layer in policy.layers if layer.max_exception_days), default=0
    )
    for path, exception in document.exceptions():
        left = (date.fromisoformat(exception.expires) - date.fromisoformat(today)).days
        if left < 0:
            yield finding(
                "GP010",
                document.at((*path, "expires")),
                f"the exception `{exception.id}` has expired on {exception.expires} and changes nothing",
                severity=Severity.ERROR if -left > GRACE_DAYS else Severity.WARNING,
            )
        elif longest and left > longest:
            yield finding(
                "GP011",
                document.at((*path, "expires")),
                f"the exception `{exception.id}` holds until {exception.expires}, and the floor permits {longest} days",
            )
        if not _narrows(exception):
            yield finding(
                "GP012",
                document.at(path),
                f"the exception `{exception.id}` voids the whole rule `{exception.rule}`",
            )
        elif exception in held and _repeats(exception, held[exception]):
            yield finding(
                "GP012",
                document.at(path),
                f"the exception `{exception.id}` says only what the rule `{exception.rule}` says, and so voids all of it",
                severity=Severity.WARNING,
            )
        if exception.owner.strip().lower() == exception.approved_by.strip().lower():
            yield finding(
                "GP013",
                document.at((*path, "approved_by")),
                f"`{exception.owner}` has approved the exception `{exception.id}` that is their own",
            )
        if exception not in held:
            yield finding("GP014", document.at((*path, "rule")), _in_vain(exception, document, policy))


def _narrows(exception: PolicyException) -> bool:
    return exception != replace(exception, zones=(), programs=(), hosts=(), branches=())


def _repeats(exception: PolicyException, rule: Rule) -> bool:
    """Whether each of its conditions is one that the rule has anyway."""
    return all(
        not mine or (its and set(its) <= set(mine))
        for mine, its in (
            (exception.zones, rule.zones),
            (exception.programs, rule.programs),
            (exception.hosts, rule.hosts),
            (exception.branches, rule.branches),
        )
    )


def _in_vain(exception: PolicyException, document: Document, policy: Policy) -> str:
    kind, _, name = exception.rule.rpartition("/")
    there = any(
        rule.id == name
        for layer in policy.layers
        if layer.kind == (kind or document.layer.kind)
        for rule in layer.rules
    )
    problem = (
        f"the rule `{exception.rule}` takes no exceptions"
        if there
        else f"there is no rule `{exception.rule}`"
    )
    return f"{problem}, so `{exception.id}` changes nothing"
