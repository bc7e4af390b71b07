"""``guard audit``: read the log, and prove that it is whole."""

import argparse
import json
import os
import sys
import time
from collections.abc import Iterable
from typing import Any

from guard.audit.log import CURRENT, AuditLog
from guard.audit.verify import verify
from guard.cli.exit_codes import FINDINGS, OK, USAGE
from guard.cli.output import complain, say, style, visible
from guard.cli.proposals import directory_of
from guard.enforce.places import Places
from guard.errors import AuditError

_COLOUR = {"allow": "green", "ask": "yellow", "deny": "red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Read the audit log, or prove that nobody has changed it."
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    tail = actions.add_parser("tail", help="the last records", description="Show the last records.")
    tail.add_argument("-n", type=int, default=20, metavar="N", help="how many (default 20)")
    tail.add_argument("-f", "--follow", action="store_true", help="go on until interrupted")
    show = actions.add_parser("show", help="one record in full", description="Show one record as it stands.")
    show.add_argument("seq", type=int, metavar="SEQ", help="the number of the record")
    check = actions.add_parser(
        "verify",
        help="prove that the log is whole",
        description="Check every line, every link and the head. Exit code 0: whole; 1: it is not.",
    )
    export = actions.add_parser(
        "export",
        help="its decisions as a Parquet file",
        description="Write every decision to a Parquet file, for `guard policy replay --log` or a database.",
    )
    export.add_argument("--parquet", required=True, metavar="FILE", help="written whole or not at all")
    for action in (tail, show, check, export):
        action.add_argument("--dir", metavar="DIR", help="the log's directory (default: yours)")
        action.add_argument("--json", action="store_true", help="for machines: one JSON object a line")


def run(args: argparse.Namespace) -> int:
    directory = Places.from_environment().audit if args.dir is None else directory_of(args.dir, "--dir")
    if args.dir and not os.path.isdir(directory):
        complain(f"{directory}: there is no such directory", "name the directory that holds `current.jsonl`")
        return USAGE
    match args.action:
        case "tail":
            return _tail(directory, args)
        case "show":
            return _show(directory, args)
        case "export":
            from guard.cli import audit_export  # noqa: PLC0415 - a database

            return audit_export.run(args, directory)
        case _:
            return _verify(directory, args)


def _tail(directory: str, args: argparse.Namespace) -> int:
    if args.n < 0:
        complain("-n: a number of records cannot be negative", "use 0 or more")
        return USAGE
    records = list(AuditLog(directory).records())
    shown = records[-args.n :] if args.n else []
    _print(shown, as_json=args.json)
    if not records and not args.json:
        say("no records yet", stream=sys.stderr)
    seen = len(records)
    try:
        while args.follow:
            sys.stdout.flush()
            time.sleep(0.3)
            records = list(AuditLog(directory).records())
            _print(records[seen:], as_json=args.json)
            seen = len(records)
    except KeyboardInterrupt:
        return OK
    return OK


def _print(records: Iterable[dict[str, Any]], *, as_json: bool) -> None:
    for record in records:
        try:
            text = json.dumps(record, ensure_ascii=True) if as_json else line(record)
        except (KeyError, TypeError) as error:
            raise AuditError(
                f"record {record.get('seq', '?')}: not as the guard writes it",
                help_="run `guard audit verify`, and keep the log as evidence",
            ) from error
        say(text)


def line(record: dict[str, Any]) -> str:
    """A record as one line for people."""
    kind = str(record.get("type", "?"))
    head = f"{record.get('seq', '?'):>6}  {str(record.get('time', ''))[:19]}  {kind:<18}"
    if kind == "decision":
        decision, call = record["decision"], record["call"]
        verdict = decision["verdict"]
        where = decision["placement"] if verdict == "allow" else ""
        coloured = style(f"{verdict:<5}", _COLOUR.get(verdict, "bold"))
        text = call.get("text") or call.get("path") or ""
        text = text if isinstance(text, str) else "(not text)"
        return f"{head} {coloured} {where:<7} {decision['reason']['rule']:<26} {call['tool']}: {visible(text, 80)}"
    rest = {k: v for k, v in record.items() if k not in {"v", "seq", "prev", "time", "mono_ns", "type"}}
    return f"{head} {visible(json.dumps(rest, ensure_ascii=True), 100)}"


def _show(directory: str, args: argparse.Namespace) -> int:
    for record in AuditLog(directory).records():
        if record.get("seq") == args.seq:
            say(json.dumps(record, ensure_ascii=True, indent=None if args.json else 2))
            return OK
    complain(f"there is no record {args.seq} in {directory}", "see `guard audit tail` for the numbers")
    return USAGE


def _verify(directory: str, args: argparse.Namespace) -> int:
    if not os.path.exists(os.path.join(directory, CURRENT)) and args.dir:
        complain(f"{os.path.join(directory, CURRENT)}: there is no such log", "name the directory of a log")
        return USAGE
    try:
        report = verify(directory)
    except OSError as error:
        message = f"{directory}: the log cannot be read: {(error.strerror or '').lower()}"
        raise AuditError(message, help_="repair the permissions") from error
    if args.json:
        problems = [{"place": p.place, "what": p.what, "next": p.next_step} for p in report.problems]
        summary = {
            "ok": report.ok,
            "records": report.records,
            "decisions": report.decisions,
            "head": report.head,
        }
        say(json.dumps({**summary, "recovered": report.recovered, "problems": problems}))
    elif report.ok:
        note = f", {report.recovered} interrupted writes noted" if report.recovered else ""
        say(f"{style('whole', 'green')}: {report.records} records, {report.decisions} decisions{note}")
        say(f"head: {report.head}")
    else:
        say(style("NOT WHOLE", "red", "bold"))
        for problem in report.problems:
            say(f"{visible(problem.place)}: {problem.what}")
            say(f"  help: {problem.next_step}")
    return OK if report.ok else FINDINGS
