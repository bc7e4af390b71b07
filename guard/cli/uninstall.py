"""``guard uninstall``: take the hook out again, so that a configuration is what it was before."""

import argparse

from guard.cli.exit_codes import FINDINGS, OK
from guard.cli.install import add_common, carry_out, chosen, where
from guard.cli.installing import Change, plan_uninstall, plan_unswitch, registered_in
from guard.cli.output import complain, say
from guard.enforce.places import Places
from guard.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Take the hook out of the configuration of agents. Shows what it changes first."
    parser.epilog = (
        "A file that nobody has changed since is what it was before, to the byte; else only our parts go.\n\n"
        "exit codes: 0 done, or nothing to do; 1 some of it could not be done"
    )
    add_common(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="only show what would be changed")


def run(args: argparse.Namespace) -> int:
    home, workspace = where()
    places = Places.from_environment()
    changes: list[Change] = []
    failed = False
    for client in chosen(args.agent, home, args.scope):
        try:
            if switch := plan_unswitch(client, args.scope, home, workspace, places):
                changes.append(switch)
            changes.append(plan_uninstall(client, args.scope, home, workspace, places))
        except UsageError as error:
            complain(str(error), error.help)
            failed = True
    done = carry_out(changes, places, args, installing=False)
    for change in done:
        if registered_in(change.client, change.scope, home, workspace) != ():
            complain(
                f"{change.path} still registers the hook",
                "look at it: it is written in a way that we do not write",
            )
            failed = True
        elif not change.exact and not args.json:
            say(f"{change.client.agent}: the file was changed since, so only our parts were taken out")
    return FINDINGS if failed else OK
