"""``guard policy check``: what is wrong with policy files, before they are law. Changes nothing."""

import argparse
import json
import os
from collections.abc import Iterator
from time import gmtime, strftime

from guard.cli import also
from guard.cli.annotations import About, Result, github, relative, sarif
from guard.cli.exit_codes import FINDINGS, OK, USAGE
from guard.cli.output import complain, say, style, visible
from guard.engine.imagined import decide_imagined, imagined_facts
from guard.policy.files.check import check_files
from guard.policy.files.locate import PolicySources, Source
from guard.policy.lint.codes import CODES
from guard.policy.lint.finding import Finding, Severity

_COLOUR = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}


def files_of(names: list[str], here: PolicySources) -> PolicySources | None:
    """The files that are named, or those in force; None, said, where one is not there."""
    for path in names:
        if not os.path.lexists(path):
            complain(f"{path}: there is no such file", "name a policy file, or none for those in force")
            return None
    return PolicySources(files=tuple(Source(kind="", path=path) for path in names)) if names else here


def run(args: argparse.Namespace, here: PolicySources, workspace: str) -> int:
    files = files_of(args.files, here)
    if files is None:
        return USAGE
    today = strftime("%Y-%m-%d", gmtime())
    findings, judged = check_files(
        files.files,
        here.files,
        lambda command, policy: decide_imagined(command, policy, today=today).decision,
        imagined_facts(today=today),
        workspace=workspace,
        ours=bool(args.files),
        alone=args.alone,
    )
    findings.sort(key=lambda one: (one.place.file, one.place.line, one.place.column, one.code))

    def shown(format_: str) -> str:
        match format_:
            case "json":
                return _json(findings, files, judged)
            case "sarif":
                about = {code: About(**vars_of(code)) for code in CODES}
                return sarif("guard policy check", about, [_result(one) for one in findings])
            case "github":
                seen = _shown(findings, notes=args.notes)
                return "\n".join(github(_result(one), f"guard policy check {one.code}") for one in seen)
            case _:
                return "\n".join(_text(findings, files, judged, notes=args.notes))

    also.write(args.also, shown)
    if text := shown("json" if args.json else args.format):
        say(text)
    worst = min((one.severity.rank for one in findings), default=Severity.NOTE.rank)
    return FINDINGS if worst <= Severity(args.fail_on).rank else OK


def vars_of(code: str) -> dict[str, str]:
    one = CODES[code]
    return {"name": one.name, "says": one.says, "help": one.help, "level": one.severity}


def _result(one: Finding) -> Result:
    return Result(
        rule=one.code,
        level=one.severity.value,
        message=visible(f"{one.problem}; {one.help}" if one.help else one.problem),
        file=relative(one.place.file, os.getcwd()),
        line=one.place.line,
        column=one.place.column,
    )


def _json(findings: list[Finding], files: PolicySources, judged: int) -> str:
    return json.dumps(
        {
            "ok": not any(one.severity is Severity.ERROR for one in findings),
            "files": [source.path for source in files.files],
            "judged": judged,
            "findings": [
                {
                    "code": one.code,
                    "severity": one.severity.value,
                    "place": one.place.text(),
                    "file": one.place.file,
                    "line": one.place.line,
                    "column": one.place.column,
                    "problem": one.problem,
                    "help": one.help,
                }
                for one in findings
            ],
        }
    )


def _shown(findings: list[Finding], *, notes: bool) -> list[Finding]:
    return [one for one in findings if notes or one.severity is not Severity.NOTE]


def _text(findings: list[Finding], files: PolicySources, judged: int, *, notes: bool) -> Iterator[str]:
    for one in _shown(findings, notes=notes):
        word = style(one.severity.value, _COLOUR[one.severity])
        yield f"{style(visible(one.place.text()), 'bold')}: {word} {one.code}: {visible(one.problem)}"
        if one.help:
            yield f"  help: {visible(one.help)}"
    names = ", ".join(visible(source.path) for source in files.files)
    counted = [(severity, sum(one.severity is severity for one in findings)) for severity in Severity]
    said = ", ".join(_count(number, severity.value) for severity, number in counted if number)
    if any(one.severity is Severity.NOTE for one in findings) and not notes:
        said += " (--notes)"
    if any(one.severity is not Severity.NOTE for one in findings):
        yield f"{said} in {names}"
    else:
        yield (
            f"{style('fine', 'green')}: {names} ({_count(judged, 'example or test', 'examples and tests')}"
            + (f"; {said})" if said else ")")
        )


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
