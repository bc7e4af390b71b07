"""What became of the battery, as text for people and as a page. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sandbox.battery.case import Case, Section
from sandbox.battery.trial import Outcome, Result

_MARKS = {
    Outcome.STOPPED: "stopped",
    Outcome.MISSED: "**missed**",
    Outcome.UNTRIED: "**not tried**",
    Outcome.NOT_APPLICABLE: "-",
}


def holds(results: Sequence[Result]) -> bool:
    """Whether everything that applies was tried and stopped."""
    return not any(result.outcome in {Outcome.MISSED, Outcome.UNTRIED} for result in results)


def counted(results: Sequence[Result]) -> dict[Outcome, int]:
    found = Counter(result.outcome for result in results)
    return {outcome: found[outcome] for outcome in Outcome}


def summary(results: Sequence[Result]) -> str:
    """``245 stopped, 1 missed``; what there is none of is left out, but for what was stopped."""
    counts = counted(results)
    shown = [f"{counts[one]} {one.value}" for one in Outcome if counts[one] or one is Outcome.STOPPED]
    return ", ".join(shown)


def page(
    sections: Sequence[Section], columns: Mapping[str, Mapping[str, Outcome]], reasons: Sequence[str]
) -> str:
    """The table in Markdown. ``columns``: what was tried, to the outcome of each case by its id."""
    lines: list[str] = []
    for section in sections:
        lines += [f"## {section.letter}. {section.title}", ""]
        lines.append("| case | what it tries | proved without walls | " + " | ".join(columns) + " |")
        lines.append("| --- | --- | --- |" + " --- |" * len(columns))
        for case in section.cases:
            cells = [_MARKS[found[case.id]] if case.id in found else "?" for found in columns.values()]
            lines.append(" | ".join([f"| {case.id}", case.tries, _proof(case), *cells]) + " |")
        lines.append("")
    if reasons:
        lines += ["## What does not apply, and why", "", *(f"* {reason}" for reason in reasons), ""]
    return "\n".join(lines)


def _proof(case: Case) -> str:
    match case.control:
        case "nobody":
            return "as an ordinary user"
        case "root":
            return "as root, in namespaces of its own"
        case _:
            return f"no: {case.no_control}"
