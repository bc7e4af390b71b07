"""``guard policy replay``: what another policy would have said of what was decided. Changes no policy and no log."""

import argparse
import json
import os
import sys
import tempfile
from concurrent.futures import Executor
from contextlib import ExitStack
from datetime import date
from time import gmtime, monotonic, strftime

from guard.audit.redact import Redactor
from guard.cli.exit_codes import FINDINGS, OK
from guard.cli.output import colours, say
from guard.cli.proposals import directory_of
from guard.enforce.places import Places
from guard.enforce.replay import logs
from guard.enforce.replay.columns import database
from guard.enforce.replay.judging import Judge, processes
from guard.enforce.replay.laws import composed, in_force
from guard.enforce.replay.table import Asked, Table
from guard.errors import PolicyFileError, UsageError
from guard.policy.replay import report
from guard.policy.replay.flips import Replay
from guard.policy.rule import Policy


def run(args: argparse.Namespace, cwd: str) -> int:
    today = args.at or strftime("%Y-%m-%d", gmtime())
    for option, day in (("--at", today), ("--since", args.since), ("--until", args.until)):
        _day(option, day)
    jobs = args.jobs if args.jobs is not None else len(os.sched_getaffinity(0))
    if jobs < 1:
        raise UsageError("--jobs is not a positive number", help_="give at least 1")
    if args.reanalyse and not args.policy:
        raise UsageError(
            "--reanalyse: there is nothing to compare", help_="name the new policy with --policy"
        )
    try:
        law = composed(args.policy, args.floor, cwd, alone=args.alone) if args.policy else in_force(cwd)
        # What a command is read as today has nothing to do with what was said of it then.
        old = (
            composed(args.base, args.floor, cwd, alone=args.alone)
            if args.base
            else in_force(cwd)
            if args.reanalyse
            else None
        )
    except PolicyFileError as error:
        raise UsageError(str(error), help_=error.help) from error
    asked = Asked(
        reanalyse=args.reanalyse,
        compared=old is not None,
        since=args.since,
        until=args.until,
        workspace=os.path.abspath(args.workspace) if args.workspace else "",
    )
    policies = (law.policy,) if old is None else (old.policy, law.policy)
    found, recorded = _replay(args, asked, policies, today, jobs)
    subject = report.Subject(
        log=" ".join(args.log or ["your log"]),
        policy=law.name,
        digest=law.policy.digest,
        base="" if old is None else old.name,
        today=today,
        verified=all(one.verified for one in recorded),
        whole=not any(one.problems for one in recorded),
        problems=tuple((p.place, p.what, p.next_step) for one in recorded for p in one.problems),
        malformed=sum(one.malformed for one in recorded),
        named=tuple(line for one in recorded for line in one.named),
        reanalysed=args.reanalyse,
    )
    shown = "json" if args.json else args.format
    match shown:
        case "json":
            say(json.dumps(report.data(found, subject)))
        case "markdown":
            say(report.markdown(found, subject).rstrip("\n"))
        case _:
            say(report.text(found, subject).rstrip("\n"))
    loose = found.looser or found.perhaps_looser or not subject.sound
    return FINDINGS if args.fail_on and loose else OK


def _day(option: str, day: str) -> None:
    try:
        if day:
            date.fromisoformat(day)
    except ValueError:
        raise UsageError(f"{option} {day}: no day of the calendar", help_="write it as 2030-01-31") from None


def _replay(
    args: argparse.Namespace, asked: Asked, policies: tuple[Policy, ...], today: str, jobs: int
) -> tuple[Replay, list[logs.Recorded]]:
    places = Places.from_environment()
    progress = _progress()
    with ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="guard-replay-"))
        connection = stack.enter_context(database(jobs))
        workers: Executor | None = None
        if jobs > 1:
            workers = stack.enter_context(processes(jobs, policies, today))
            stack.callback(workers.shutdown, wait=False, cancel_futures=True)
        recorded = [
            _recorded(path, scratch, places, workers, progress, keep=not args.no_cache)
            for path in args.log or [places.audit]
        ]
        files = tuple(file for one in recorded for file in one.files)
        if not files:
            progress("")
            return Replay(decisions=0, again=0, facts=0, same=0, other_rule=0, flips=(), unsure=()), recorded
        found = Table(connection, files, asked).replay(Judge(policies, today), workers, progress)
        progress("")
    only_text = found.decisions and not found.again and not asked.reanalyse
    if only_text and all("--reanalyse" in one.why for one in found.unsure):
        raise UsageError(
            f"{' '.join(args.log)}: commands without the effects that were recorded",
            help_="add --reanalyse, which reads them anew",
        )
    return found, recorded


def _recorded(
    path: str, scratch: str, places: Places, workers: Executor | None, progress: logs.Progress, *, keep: bool
) -> logs.Recorded:
    if path == "-" or os.path.isfile(path):
        if path.endswith(".parquet"):
            return logs.Recorded(
                files=(path,), decisions=-1, problems=(), verified=False, malformed=0, named=()
            )
        places.make(places.state)
        return logs.of_lines(path, scratch, Redactor.open(places.state), progress)
    directory = directory_of(path, "--log")
    if not os.path.isdir(directory):
        raise UsageError(
            f"{path}: there is no such log", help_="name a directory that holds `current.jsonl`, or a file"
        )
    if not os.path.lexists(os.path.join(directory, "current.jsonl")) and not os.path.isdir(
        os.path.join(directory, "seg")
    ):
        raise UsageError(
            f"{path}: there is no log in it", help_="name a directory that holds `current.jsonl`, or a file"
        )
    part = os.path.join(scratch, str(len(os.listdir(scratch))))
    os.mkdir(part)
    return logs.of_log(directory, part, workers, progress, keep=keep)


def _progress() -> logs.Progress:
    """At a terminal, in one line that is written over; nowhere else."""
    if not colours(sys.stderr):
        return lambda _: None
    last = 0.0

    def told(text: str) -> None:
        nonlocal last
        now = monotonic()
        if text and now - last < 0.1:
            return
        last = now
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()

    return told
