"""``guard install``: put the hook in front of the agents of this machine, after showing what is changed."""

import argparse
import difflib
import json
import os
import sys
from collections.abc import Iterable

from guard.agents.table import AGENTS
from guard.cli.clients import CLIENTS, SCOPES, Client, Scope, followed
from guard.cli.exit_codes import FINDINGS, OK
from guard.cli.installing import Change, make, plan_install, plan_switch
from guard.cli.output import colours, complain, say, style, visible
from guard.cli.proposals import directory_of
from guard.cli.versions import program_of, version_of
from guard.enforce.pipeline import workspace_of
from guard.enforce.places import Places, home_of
from guard.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Register the hook with the agents of this machine. Shows what it changes first."
    parser.epilog = (
        "examples:\n"
        "  guard install                            every agent that is found here\n"
        "  guard install --agent codex --dry-run    only show it\n"
        "  sudo .venv/bin/guard install --agent claude-code --scope managed\n\n"
        "exit codes: 0 done, or nothing to do; 1 some of it could not be done"
    )
    add_common(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="only show what would be changed")


def add_common(parser: argparse.ArgumentParser) -> None:
    """``--agent``, ``--scope``, ``--json``."""
    parser.add_argument(
        "--agent",
        action="append",
        choices=[name for name in AGENTS if name in CLIENTS],
        metavar="A",
        help="only this one (default: those that are found here); may be given again",
    )
    parser.add_argument(
        "--scope",
        choices=SCOPES,
        default="user",
        help="for you, for this workspace, or for everybody on this machine (default: user)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object for machines")


def run(args: argparse.Namespace) -> int:
    home, workspace = where()
    places = Places.from_environment()
    scope: Scope = args.scope
    changes: list[Change] = []
    failed = False
    for client in chosen(args.agent, home, scope):
        try:
            changes.append(
                plan_install(client, scope, home, workspace, sys.executable, rewrites=_rewrites(client))
            )
            if switch := plan_switch(client, scope, home, workspace):
                changes.append(switch)
        except UsageError as error:
            complain(str(error), error.help)
            failed = True
    done = carry_out(changes, places, args, installing=True)
    if not args.json:
        for change in done:
            if change.client.after:
                say(f"{change.client.agent}: {change.client.after}")
    return FINDINGS if failed else OK


def where() -> tuple[str, str]:
    """The home directory, and the workspace around this directory."""
    home = home_of(os.environ)
    return home, workspace_of(directory_of(None), os.path.realpath(home))


def chosen(asked: "list[str] | None", home: str, scope: Scope) -> list[Client]:
    """Those that were named; else those that are here and can be registered so."""
    if asked:
        return [followed(CLIENTS[name], os.environ) for name in dict.fromkeys(asked)]
    known = [followed(client, os.environ) for client in CLIENTS.values()]
    found = [client for client in known if scope in client.files and present(client, home)]
    if not found:
        raise UsageError("no agent is found on this machine", help_="name one with --agent")
    return found


def present(client: Client, home: str) -> bool:
    return os.path.isdir(os.path.join(home, client.home)) or bool(program_of(client.programs))


def _rewrites(client: Client) -> bool:
    """Whether the version that is here is known to run what it is answered. An older one would run its own command."""
    if not client.proved:
        return False
    program = program_of(client.programs)
    return bool(program) and version_of(program) >= client.proved


def carry_out(
    changes: list[Change], places: Places, args: argparse.Namespace, *, installing: bool
) -> list[Change]:
    """Show, ask, make. Those that were made."""
    needed = [change for change in changes if change.needed]
    if args.json:
        if needed and not (args.yes or args.dry_run):
            raise UsageError("--json cannot ask", help_="add --yes, or --dry-run")
        made = [] if args.dry_run else _make(needed, places, installing=installing)
        say(json.dumps(report(changes, made)))
        return made
    for change in changes:
        if not change.needed:
            state = "registered already" if installing else "not registered"
            say(f"{change.client.agent}: {state} in {visible(change.path)}")
    for change in needed:
        show(change)
    if not needed or args.dry_run:
        return []
    if not args.yes:
        if not sys.stdin.isatty():
            raise UsageError("nobody can be asked here", help_="add --yes, or --dry-run to see it")
        sys.stdout.write("Make this change? [y/N] ")
        sys.stdout.flush()
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            say("nothing was changed")
            return []
    made = _make(needed, places, installing=installing)
    for change in made:
        what = "registered in" if installing else "taken out of"
        say(f"{change.client.agent}: {what} {visible(change.path)}")
    return made


def _make(needed: Iterable[Change], places: Places, *, installing: bool) -> list[Change]:
    made: list[Change] = []
    for change in needed:
        make(change, places, installing=installing)
        made.append(change)
    return made


def show(change: Change) -> None:
    """As a diff. What a configuration holds besides is not shown beyond the lines around."""
    before = _lines(change.before)
    after = _lines(change.after)
    name = visible(change.path)
    lines = difflib.unified_diff(
        before,
        after,
        "/dev/null" if change.before is None else name,
        "/dev/null" if change.after is None else name,
        lineterm="",
        n=2,
    )
    for line in lines:
        colour = {"+": "green", "-": "red"}.get(line[:1], "")
        text = visible(line)
        say(style(text, colour) if colour and colours(sys.stdout) else text)


def _lines(content: bytes | None) -> list[str]:
    return [] if content is None else content.decode(errors="backslashreplace").split("\n")


def report(changes: list[Change], made: list[Change]) -> dict[str, object]:
    return {
        "changes": [
            {
                "agent": change.client.agent,
                "scope": change.scope,
                "path": change.path,
                "needed": change.needed,
                "made": change in made,
                "exact": change.exact,
                "after": change.client.after if change.after is not None else "",
            }
            for change in changes
        ]
    }
