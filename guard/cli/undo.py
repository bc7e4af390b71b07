"""``guard undo``: put back what a run changed."""

import argparse
import json
import os

from guard.audit.log import AuditLog
from guard.cli.changes import confirmed, readable, summary
from guard.cli.exit_codes import ASK, HELD, OK
from guard.cli.mend import mend
from guard.cli.output import complain, say, style, visible
from guard.enforce.apply import Conflict
from guard.enforce.changeset import list_sets
from guard.enforce.manifest import read_set
from guard.enforce.places import Places
from guard.enforce.undo import undo


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Put back what a run changed. Without ID, list what can be put back, the oldest first.\n"
        "Nothing is put back when one of the files has changed since. An undo can itself be undone.\n\n"
        "  guard undo\n"
        "  guard undo 12-3fa9c1"
    )
    parser.epilog = (
        "exit codes: 0 done, 10 not confirmed, 12 files have changed since, 2 malformed, 3 failed\n"
        "the list with --json: docs/schemas/changes.schema.json"
    )
    parser.add_argument("id", nargs="?", metavar="ID", help="from `guard exec` or `guard undo`")
    parser.add_argument("--yes", action="store_true", help="do not ask at the terminal")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace) -> int:
    places = Places.from_environment()
    mend(places)
    if args.id is None:
        return _list(places, as_json=args.json)
    found = read_set(places.undo, args.id)
    if not args.yes and not confirmed(
        f"put back {len(found.entries)} changes in {visible(found.workspace)}?"
    ):
        complain("not put back", "answer `yes` at the terminal, or add --yes")
        return ASK
    log = AuditLog(places.audit)
    log.append(
        {"type": "changes.undo", "decision": found.decision, "undo": found.id, "by": f"uid {os.getuid()}"}
    )
    result = undo(args.id, places)
    if isinstance(result, Conflict):
        complain(
            f"`{result.paths[0]}` and {len(result.paths) - 1} others have changed since; nothing was put back",
            "put back those files by hand, or undo what changed them first",
        )
        return HELD
    log.append(
        {"type": "changes.undone", "decision": found.decision, "undo": found.id, "total": result.count}
    )
    if args.json:
        say(json.dumps({"undone": result.count, "undo": result.undo}))
    else:
        say(f"put back {result.count} changes; to have them again: `guard undo {result.undo}`")
    return OK


def _list(places: Places, *, as_json: bool) -> int:
    for found in readable(places.undo):
        if as_json:
            say(json.dumps(summary(found)))
        else:
            command = visible(found.command, 80)
            say(
                f"{style(found.id, 'bold')}  {len(found.entries)} changes in {visible(found.workspace)}  by {command}"
            )
    if not list_sets(places.undo) and not as_json:
        say("nothing to put back")
    return OK
