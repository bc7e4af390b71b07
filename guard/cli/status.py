"""``guard status``: which agents are here, and which of them ask the guard. Reads configurations, starts nothing."""

import argparse
import json
import os
import sys

from guard.cli.clients import CLIENTS, SCOPES, Client, Merged, Scope, Toml, Whole, followed, path_of
from guard.cli.exit_codes import FINDINGS, OK
from guard.cli.install import add_common, present, where
from guard.cli.installing import command, registered_in, switched_in
from guard.cli.output import say, style, visible
from guard.model.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    client: Client
    scope: Scope
    path: str
    state: str
    """``registered``, ``half`` (what closes the client when it does not load us is missing), ``other`` (ours, but not
    what would be written now), ``unreadable``."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Say which agents of this machine ask the guard, and what lets calls through all the same."
    )
    parser.epilog = (
        "It reads what is written; whether a client obeys it is for `guard doctor` to find out.\n\n"
        "exit codes: 0 every agent that is here is registered, 1 one is not, or not as it should be"
    )
    add_common(parser)
    for action in parser._actions:  # noqa: SLF001 - the same option, with another default
        if action.dest == "scope":
            action.default, action.help = None, "only this scope (default: all)"


def run(args: argparse.Namespace) -> int:
    home, workspace = where()
    clients = [followed(CLIENTS[name], os.environ) for name in dict.fromkeys(args.agent or CLIENTS)]
    scopes: tuple[Scope, ...] = (args.scope,) if args.scope else SCOPES
    found = {client.agent: _found(client, scopes, home, workspace) for client in clients}
    here = [client for client in clients if args.agent or present(client, home) or found[client.agent]]
    good = all(any(one.state == "registered" for one in found[client.agent]) for client in here)
    if args.json:
        say(
            json.dumps(
                {"good": good, "agents": [_report(client, found[client.agent], home) for client in here]}
            )
        )
    elif not here:
        say("no agent is found on this machine")
    for client in [] if args.json else here:
        _show(client, found[client.agent])
    return OK if good else FINDINGS


def _found(client: Client, scopes: tuple[Scope, ...], home: str, workspace: str) -> list[Found]:
    out: list[Found] = []
    for scope in scopes:
        commands = registered_in(client, scope, home, workspace)
        if commands == ():
            continue
        path = path_of(client, scope, home, workspace)
        if commands is None:
            state = "unreadable"
        elif all(_is_written_now(client, scope, path, one) for one in commands):
            switched = switched_in(client, scope, home, workspace)
            state = "registered" if switched else "half"
        else:
            state = "other"
        out.append(Found(client=client, scope=scope, path=path, state=state))
    return out


def _is_written_now(client: Client, scope: Scope, path: str, given: str) -> bool:
    """``given``: a command, or the whole of a file of ours."""
    for rewrites in (False, True):
        way = command(sys.executable, client.agent, rewrites=rewrites)
        match client.register(path, way, scope):
            case Whole(content=content):
                if given == content:
                    return True
            case Merged() | Toml():
                if way in given:
                    return True
    return False


_MEANING = {
    "registered": "registered",
    "half": "registered, and nothing stops the client when it does not load us: `guard install` mends it",
    "other": "registered with another command: `guard install` writes the one of this guard",
    "unreadable": "cannot be read, by the client neither: mend it",
}


def _show(client: Client, found: list[Found]) -> None:
    if not found:
        say(f"{style(client.agent, 'bold')}: not registered; say `guard install --agent {client.agent}`")
        return
    for one in found:
        say(f"{style(client.agent, 'bold')}: {_MEANING[one.state]}, {one.scope}: {visible(one.path)}")
    if client.closed:
        say(f"  kept closed by {client.closed}")
    if client.open:
        say(f"  lets calls through: {client.open}")
    if client.after:
        say(f"  still to do: {client.after}")


def _report(client: Client, found: list[Found], home: str) -> dict[str, object]:
    return {
        "agent": client.agent,
        "here": present(client, home),
        "registered": [{"scope": one.scope, "path": one.path, "state": one.state} for one in found],
        "closed": client.closed,
        "open": client.open,
        "after": client.after,
    }
