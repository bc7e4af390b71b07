"""``guard audit export``: the decisions of a log as a Parquet file, for replays elsewhere and for any database."""

import argparse
import json
import os
import tempfile

from guard.cli.exit_codes import FINDINGS, OK
from guard.cli.output import complain, say
from guard.enforce.replay import logs
from guard.enforce.replay.columns import database, quoted
from guard.errors import GuardError


def run(args: argparse.Namespace, directory: str) -> int:
    if not os.path.isdir(directory):
        raise GuardError(
            f"{directory}: there is no log", help_="name the directory that holds `current.jsonl`"
        )
    target = os.path.abspath(args.parquet)
    early = f"{target}.{os.getpid()}"
    with tempfile.TemporaryDirectory(prefix="guard-export-") as scratch, database(1) as connection:
        found = logs.of_log(directory, scratch, None, lambda _: None, keep=False)
        if not found.files:
            raise GuardError(
                f"{directory}: there are no records", help_="name the directory that holds `current.jsonl`"
            )
        files = ", ".join(quoted(path) for path in found.files)
        try:
            connection.execute(
                f"COPY (SELECT * FROM read_parquet([{files}])) TO {quoted(early)} (FORMAT parquet, COMPRESSION zstd)"  # noqa: S608 - quoted
            )
            os.chmod(early, 0o600)
            os.replace(early, target)
        finally:
            if os.path.lexists(early):
                os.unlink(early)
    for problem in found.problems:
        complain(f"{problem.place}: {problem.what}", problem.next_step)
    for place, what in found.named:
        complain(f"{place}: {what}", "see `guard audit show`")
    whole = not found.problems and not found.malformed
    if args.json:
        told = {
            "file": target,
            "decisions": found.decisions,
            "whole": not found.problems,
            "malformed": found.malformed,
        }
        say(json.dumps(told))
    else:
        say(f"{found.decisions:,} decisions: {target}")
    return OK if whole else FINDINGS
