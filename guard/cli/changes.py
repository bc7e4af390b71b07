"""``guard changes``: what a run did and was not allowed to reach the workspace. For a person to decide."""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from typing import Any

from guard.audit.canonical import text_of
from guard.audit.log import AuditLog
from guard.cli.difference import difference, renames
from guard.cli.exit_codes import ASK, HELD, OK
from guard.cli.mend import mend
from guard.cli.output import complain, say, style, visible
from guard.cli.pager import paged
from guard.enforce.apply import Conflict, apply
from guard.enforce.changeset import discard, list_sets
from guard.enforce.manifest import ChangeSet, Entry, read_set
from guard.enforce.partial import apply_some, chosen
from guard.enforce.places import Places
from guard.errors import ApplyError, UsageError
from guard.model.dataclass import replace
from sandbox.changes import NodeKind, only_the_time

MAX_PATHS = 200
"""In one record."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Changes that a run made in its sandbox and that the policy held back. A run's changes are one unit:\n"
        "look at them, then let them in, all or by name, or throw them away. docs/changes.md says why a set is held.\n\n"
        "  guard changes list\n"
        "  guard changes show 12-3fa9c1\n"
        "  guard changes apply 12-3fa9c1      asks at the terminal; `guard undo` puts it back\n"
        "  guard changes apply 12-3fa9c1 src/a.py docs      only these; the rest stays held"
    )
    parser.epilog = (
        "exit codes: 0 done, 10 not confirmed, 12 the workspace has changed meanwhile, 2 malformed, 3 failed\n"
        "`list` and `show` with --json: docs/schemas/changes.schema.json"
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser(
        "list", help="all held change sets", description="List held change sets, the oldest first."
    )
    for name, help_ in (
        ("show", "as a unified diff"),
        ("apply", "let it, or some of it, into the workspace"),
        ("drop", "throw it away"),
    ):
        action = actions.add_parser(name, help=help_, description=f"One held change set: {help_}.")
        action.add_argument("id", metavar="ID", help="from `guard changes list`")
        if name == "apply":
            action.add_argument(
                "path",
                metavar="PATH",
                nargs="*",
                help="only these files and directories, by their paths below the workspace",
            )
        if name != "show":
            action.add_argument("--yes", action="store_true", help="do not ask at the terminal")
    for action in actions.choices.values():
        action.add_argument("--json", action="store_true", help="for machines")


def run(args: argparse.Namespace) -> int:
    places = Places.from_environment()
    mend(places)
    match args.action:
        case "list":
            return _list(places, as_json=args.json)
        case "show":
            return _show(read_set(places.held, args.id), as_json=args.json)
        case "apply":
            return let_in(read_set(places.held, args.id), places, args)
        case _:
            return throw_away(places, args)


def summary(found: ChangeSet) -> dict[str, Any]:
    came_from = renames(found)
    return {
        "id": found.id,
        "workspace": _text(found.workspace),
        "record": found.decision,
        "command": found.command,
        "why": found.why,
        "surprises": sum(entry.surprise for entry in found.entries),
        "changes": [_entry_json(entry, came_from.get(entry.path, "")) for entry in found.entries],
    }


def _entry_json(entry: Entry, origin: str) -> dict[str, Any]:
    out: dict[str, Any] = {"path": _text(entry.path), "change": kind_of(entry)}
    if entry.surprise:
        out["surprise"] = True
    if origin:
        out["from"] = _text(origin)
    for name, node in (("before", entry.before), ("after", entry.after)):
        if node is not None:
            out[name] = {"kind": node.kind.value, "mode": f"{node.mode:04o}", "size": node.size}
            if node.kind is NodeKind.FILE:
                out[name]["sha256"] = node.sha256
            if only_the_time(entry.before, entry.after):
                out[name]["mtime_ns"] = node.mtime_ns
            if node.kind is NodeKind.SYMLINK:
                out[name]["target"] = _text(node.target)
    return out


def kind_of(entry: Entry) -> str:
    if entry.before is None:
        return "created"
    return "deleted" if entry.after is None else "modified"


def readable(parent: str) -> Iterator[ChangeSet]:
    """Every set that can be read; of the others it is said why they cannot, so that one does not hide the rest."""
    for id_ in list_sets(parent):
        try:
            yield read_set(parent, id_)
        except (ApplyError, UsageError) as error:
            complain(str(error), error.help)
        except OSError as error:
            complain(
                f"{error.filename}: {(error.strerror or str(error)).lower()}", "find out who put it there"
            )


def _list(places: Places, *, as_json: bool) -> int:
    for found in readable(places.held):
        if as_json:
            say(json.dumps(summary(found)))
        else:
            say(f"{style(found.id, 'bold')}  {counted(found)} in {visible(found.workspace)}")
            say(f"  by   {visible(found.command, 100)}")
            say(f"  why  {visible(found.why, 160)}")
    if not list_sets(places.held) and not as_json:
        say("nothing is held")
    return OK


def _show(found: ChangeSet, *, as_json: bool) -> int:
    if as_json:
        say(json.dumps(summary(found)))
        return OK
    with paged():
        say(f"by   {visible(found.command)}")
        say(f"why  {visible(found.why)}")
        say(f"{counted(found)}")
        for line in difference(found):
            say(line)
    return OK


def counted(found: ChangeSet) -> str:
    """``3 changes, 1 of them not foreseen``."""
    surprises = sum(entry.surprise for entry in found.entries)
    total = f"{len(found.entries)} change{'' if len(found.entries) == 1 else 's'}"
    return f"{total}, {surprises} of them not foreseen" if surprises else total


def let_in(found: ChangeSet, places: Places, args: argparse.Namespace) -> int:
    entries = chosen(found, args.path) if args.path else found.entries
    some = len(entries) < len(found.entries)
    what = f"{len(entries)} of {len(found.entries)}" if some else f"{len(found.entries)}"
    if not args.yes and not confirmed(f"apply {what} changes to {visible(found.workspace)}?"):
        complain("not applied", "answer `yes` at the terminal, or add --yes")
        return ASK
    log = AuditLog(places.audit)
    # Recorded before it happens: a person lets in what the policy held back.
    log.append(
        {
            "type": "changes.released",
            "decision": found.decision,
            "held": found.id,
            "by": f"uid {os.getuid()}",
            # Which ones, where it was not all of them.
            **(
                {"paths": [text_of(entry.path) for entry in entries[:MAX_PATHS]], "total": len(entries)}
                if some
                else {}
            ),
        }
    )
    result = apply_some(found, entries, places) if some else apply(found, places)
    if isinstance(result, Conflict):
        log.append(
            {
                "type": "changes.conflict",
                "decision": found.decision,
                "held": found.id,
                "total": len(result.paths),
            }
        )
        complain(
            f"`{result.paths[0]}` and {len(result.paths) - 1} others have changed since the run; nothing was applied",
            f"look with `guard changes show {found.id}`, then run the command again or drop it",
        )
        return HELD
    log.append(
        {"type": "changes.applied", "decision": found.decision, "undo": result.undo, "total": result.count}
    )
    if args.json:
        say(json.dumps({"applied": result.count, "undo": result.undo}))
    else:
        rest = f"; {len(found.entries) - len(entries)} stay held" if some else ""
        say(f"applied {result.count} changes; put back with `guard undo {result.undo}`{rest}")
    return OK


def throw_away(places: Places, args: argparse.Namespace) -> int:
    try:
        found = read_set(places.held, args.id)
    except (ApplyError, UsageError):
        if args.id not in list_sets(places.held):
            raise
        found = _damaged(places, args.id)
    if not args.yes and not confirmed(f"throw {found.id} away for good?"):
        complain("not dropped", "answer `yes` at the terminal, or add --yes")
        return ASK
    AuditLog(places.audit).append(
        {"type": "changes.dropped", "decision": found.decision, "held": found.id, "by": f"uid {os.getuid()}"}
    )
    discard(found)
    say(json.dumps({"dropped": found.id}) if args.json else f"dropped {found.id}")
    return OK


def _damaged(places: Places, id_: str) -> ChangeSet:
    """A set that cannot be read can still be thrown away."""
    empty = ChangeSet(id=id_, directory="", workspace="", decision=-1, why="damaged", command="", entries=())
    return replace(empty, directory=os.path.join(places.held, id_))


def confirmed(question: str) -> bool:
    """A person at the terminal types ``yes``; without a terminal the answer is no."""
    if not sys.stdin.isatty():
        return False
    say(f"{question} only `yes` does it: ")
    return sys.stdin.readline().strip() == "yes"


def _text(path: str) -> str:
    return os.fsencode(path).decode(errors="backslashreplace")
