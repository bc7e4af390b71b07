"""``guard sessions``: who was denied how often, and unlocking one that was denied too often."""

import argparse
import json
import os

from guard.audit.log import AuditLog
from guard.cli.changes import confirmed
from guard.cli.exit_codes import ASK, OK
from guard.cli.output import complain, say, style, visible
from guard.enforce.places import Places
from guard.enforce.sessions import Session, all_sessions, unlock
from guard.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Sessions of agents that were denied something, and the lock that ends one: a rule that has denied the same\n"
        "session `lock_after` times (see docs/policy.md) denies whatever it proposes from then on.\n\n"
        "  guard sessions list\n"
        "  guard sessions unlock 5f3c1e"
    )
    parser.epilog = "exit codes: 0 done, 10 not confirmed, 2 malformed, 3 failed"
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="who was denied how often; the latest last", allow_abbrev=False)
    listing.add_argument(
        "--json", action="store_true", help="one object a line: docs/schemas/sessions.schema.json"
    )
    lifting = actions.add_parser("unlock", help="begin to count anew; for a person", allow_abbrev=False)
    lifting.add_argument("session", metavar="SESSION", help="as `list` shows it, or the beginning of it")
    lifting.add_argument("--yes", action="store_true", help="do not ask at the terminal")


def run(args: argparse.Namespace) -> int:
    places = Places.from_environment()
    return (
        _list(places, as_json=args.json)
        if args.action == "list"
        else _unlock(places, args.session, yes=args.yes)
    )


def _list(places: Places, *, as_json: bool) -> int:
    found = [session for session in all_sessions(places) if session.denied]
    for session in found:
        rule = session.locked_by(session.limit)
        if as_json:
            say(
                json.dumps(
                    {
                        "agent": session.agent,
                        "session": session.session,
                        "denied": session.denied,
                        "locked_by": rule,
                    }
                )
            )
            continue
        counts = ", ".join(f"{visible(name)} {count}" for name, count in sorted(session.denied.items()))
        state = style("locked", "red") if rule else "open"
        say(
            f"{style(visible(session.session), 'bold')}  {visible(session.agent)}  {state}  denied by {counts}"
        )
    if not found and not as_json:
        say("no session was denied anything")
    return OK


def _unlock(places: Places, given: str, *, yes: bool) -> int:
    meant = [session for session in all_sessions(places) if given and session.session.startswith(given)]
    exact = [session for session in meant if session.session == given]
    session = _only(exact or meant, given)
    if not yes and not confirmed(f"unlock session {visible(session.session)} of {visible(session.agent)}?"):
        complain("not unlocked", "answer `yes` at the terminal, or add --yes")
        return ASK
    AuditLog(places.audit).append(
        {
            "type": "session.unlocked",
            "agent": session.agent,
            "session": session.session,
            "denied": dict(session.denied),
            "by": f"uid {os.getuid()}",
        }
    )
    unlock(session, places)
    say(f"unlocked {visible(session.session)}")
    return OK


def _only(found: list[Session], given: str) -> Session:
    if len(found) != 1:
        problem = (
            f"{len(found)} sessions begin with" if found else "no session was denied anything that is called"
        )
        raise UsageError(f"{problem} `{visible(given)}`", help_="see `guard sessions list`")
    return found[0]
