"""``guard caches``: what sandboxed runs have kept for each workspace, and throwing it away."""

import argparse
import json
import os

from guard.cli.exit_codes import OK
from guard.cli.output import say, style, visible
from guard.enforce.caches import Kept, clear, listed
from guard.enforce.places import Places, home_of
from guard.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Caches that runs in the sandbox have written, such as ~/.npm: kept for the next run in the same workspace,\n"
        "never used by this machine itself. Which there are: docs/profiles.md.\n\n"
        "  guard caches list\n"
        "  guard caches clear --all"
    )
    parser.epilog = "exit codes: 0 done, 2 malformed, 3 failed"
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser(
        "list", help="each workspace, with what is kept and its size", allow_abbrev=False
    )
    listing.add_argument(
        "--json", action="store_true", help="one object a line: docs/schemas/caches.schema.json"
    )
    clearing = actions.add_parser(
        "clear", help="begin anew; the next run fills them again", allow_abbrev=False
    )
    which = clearing.add_mutually_exclusive_group()
    which.add_argument("--workspace", metavar="DIR", help="of this workspace (default: the one around you)")
    which.add_argument("--all", action="store_true", help="of every workspace")


def run(args: argparse.Namespace) -> int:
    stores = Places.from_environment().caches
    found = listed(stores)
    if args.action == "list":
        return _list(found, as_json=args.json)
    if args.all:
        chosen = found
    else:
        workspace = os.path.realpath(args.workspace or _around())
        chosen = [one for one in found if one.workspace == workspace]
        if not chosen and args.workspace is not None:
            raise UsageError(f"{workspace}: nothing is kept for it", help_="see `guard caches list`")
    for one in chosen:
        clear(stores, one.id)
        say(f"cleared {visible(one.workspace)}")
    if not chosen:
        say("nothing is kept")
    return OK


def _around() -> str:
    from guard.enforce.pipeline import workspace_of  # noqa: PLC0415 - one definition of what a workspace is

    return workspace_of(os.getcwd(), os.path.realpath(home_of(os.environ)))


def _list(found: list[Kept], *, as_json: bool) -> int:
    for one in found:
        if as_json:
            say(
                json.dumps(
                    {
                        "workspace": os.fsencode(one.workspace).decode(errors="backslashreplace"),
                        "caches": [{"place": place, "bytes": size} for place, size in one.caches],
                    }
                )
            )
            continue
        say(style(visible(one.workspace), "bold"))
        for place, size in one.caches:
            say(f"  {size / (1 << 20):9.1f} MiB  {visible(place)}")
    if not found and not as_json:
        say("nothing is kept")
    return OK
