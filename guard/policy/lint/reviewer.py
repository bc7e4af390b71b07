"""What a file lets a model answer: in vain, or about what nobody could read. Pure."""

from guard.model.typed import Iterator
from guard.policy.lint.document import Document
from guard.policy.lint.finding import Finding, finding
from guard.policy.rule import Policy


def reviewer(document: Document, policy: Policy) -> Iterator[Finding]:
    for path, rule in document.rules():
        if not rule.may_allow:
            continue
        at = document.at((*path, "reviewer"))
        if policy.reviewer is None:
            forbids = any(not layer.permits_reviewer for layer in policy.layers)
            why = "a layer says `permits_reviewer: false`" if forbids else "no layer has a `reviewer`"
            yield finding("GP060", at, f"nobody answers what `{rule.id}` asks but a person: {why}")
        elif "exec.opaque" in rule.effects:
            yield finding(
                "GP061", at, f"`{rule.id}` lets a model answer for what the guard itself could not read"
            )
