"""``guard policy diff``: what a change of policy files lets agents do, and what it keeps from them. Changes no policy."""

import argparse
import os
from datetime import date
from time import gmtime, strftime

from guard.audit.canonical import Json
from guard.audit.log import AuditLog
from guard.cli import also
from guard.cli.annotations import About, Result, github, sarif
from guard.cli.exit_codes import FINDINGS, OK, USAGE
from guard.cli.output import complain, say
from guard.enforce.places import Places
from guard.enforce.revisions import NONE, Contents, builtin, contents, digest, layers
from guard.engine.imagined import decide_imagined, imagined_facts
from guard.errors import PolicyFileError
from guard.model.decision import Decision
from guard.model.effect import ResolvedEffect
from guard.model.jsons import dumps
from guard.policy.review import report
from guard.policy.review.difference import Difference, difference
from guard.policy.rule import Policy, PolicyLayer


def run(args: argparse.Namespace, cwd: str) -> int:
    today = args.at or strftime("%Y-%m-%d", gmtime())
    try:
        date.fromisoformat(today)
    except ValueError:
        complain(f"--at {today}: no day of the calendar", "write it as 2030-01-31")
        return USAGE
    try:
        sides = contents(args.base, cwd), contents(args.head, cwd)
        around, old, new = _layers(sides, args, cwd)
    except PolicyFileError as error:
        complain(str(error), error.help)
        return USAGE
    if not around and not (old and new):
        complain("--alone: there is no policy on one side", "leave --alone out, or name a file")
        return USAGE
    facts = imagined_facts(today=today)
    found = difference(tuple(old), tuple(new), tuple(around), facts, _engine)
    subject = report.Subject(
        base=args.base,
        head=args.head,
        floor=", ".join(f"{layer.kind} {layer.name}" for layer in around),
        digest=digest(sides[1]),
    )
    accepted = " ".join(args.accept or ()).strip()
    if args.accept and not accepted:
        complain("--accept: the reason is empty", "say why the looser rows are wanted")
        return USAGE
    if accepted and found.looser:
        _record(found, subject, digest(sides[0]), accepted)
    also.write(args.also, lambda name: _shown(name, found, subject, accepted))
    say(_shown("json" if args.json else args.format, found, subject, accepted).rstrip("\n"))
    failing = args.fail_on and (found.looser or found.unproved) and not (accepted and not found.unproved)
    return FINDINGS if failing else OK


def _layers(
    sides: tuple[Contents, Contents], args: argparse.Namespace, cwd: str
) -> tuple[list[PolicyLayer], list[PolicyLayer], list[PolicyLayer]]:
    """What stands around, and both sides. A built-in file that is compared itself does not stand around."""
    above = [] if args.alone else builtin()
    floors: list[PolicyLayer] = []
    for path in args.floor:
        floors += layers(contents(path, cwd), [*above, *floors], kind="floor")
    old, new = (layers(side, [*above, *floors]) for side in sides)
    compared = {(layer.kind, layer.name) for layer in (*old, *new)}
    if above:
        # Which built-in profile is in force is asked for by the files themselves: it is part of what changes.
        asked = [builtin([*floors, *side]) for side in (old, new)]
        if asked[0] != asked[1]:
            above = [layer for layer in asked[0] if layer in asked[1]]
            old, new = (
                [*(layer for layer in built if layer not in above), *side]
                for built, side in zip(asked, (old, new), strict=True)
            )
        else:
            above = asked[0]
    return [layer for layer in (*above, *floors) if (layer.kind, layer.name) not in compared], old, new


def _engine(command: str, policy: Policy, today: str) -> tuple[Decision, tuple[ResolvedEffect, ...]]:
    decided = decide_imagined(command, policy, today=today)
    return decided.decision, decided.effects


def _record(found: Difference, subject: report.Subject, base: str, reason: str) -> None:
    """Durable before it is said: a change that somebody has accepted can be traced to who, why and what."""
    rows: list[Json] = [
        {
            "effect": change.row.effect,
            "before": change.row.before.verdict.value,
            "after": change.row.after.verdict.value,
            "example": change.example.command or change.example.words,
        }
        for change in found.changes
        if change.looser
    ]
    places = Places.from_environment()
    AuditLog(places.audit).append(
        {
            "type": "policy.looser-accepted",
            "reason": reason,
            "uid": os.getuid(),
            "base": base,
            "policy": subject.digest,
            "head": subject.head,
            "looser": found.looser,
            "rows": rows[:100],
        }
    )


def _shown(format_: str, found: Difference, subject: report.Subject, accepted: str) -> str:
    match format_:
        case "markdown":
            return report.markdown(found, subject, accepted)
        case "json":
            return dumps(report.data(found, subject, accepted))
        case "github":
            return "\n".join(github(one, "guard policy") for one in _results(found, subject))
        case "sarif":
            return sarif("guard policy diff", {"policy-change": _ABOUT}, _results(found, subject))
        case _:
            return report.text(found, subject, accepted)


def _file(subject: report.Subject) -> str:
    return subject.head.rpartition(":")[2] if subject.head != NONE else subject.base.rpartition(":")[2]


_ABOUT = About(
    name="policy-change",
    says="A change of policy lets agents do more or less than before.",
    help="see docs/policy-review.md",
    level="warning",
)


def _results(found: Difference, subject: report.Subject) -> list[Result]:
    return [
        Result(rule="policy-change", level=level, message=message, file=_file(subject))
        for level, _, message in report.findings(found)
    ]
