"""How the hook of an enclosed session is registered with each client that knows hooks: the words that start it are others."""

from collections.abc import Iterable
from typing import Any

from guard.cli.clients import CLIENTS, Added, Merged, Toml, Whole, started
from guard.cli.hook import SAYS_DONE
from guard.cli.registration import registered, shielded
from guard.enforce.inject.clients import CLIENTS as INSIDE
from guard.enforce.inject.made import Registration, Registrations, inner_hook, inner_words


def registrations() -> Registrations:
    return {client.agent: _registration(client.agent) for client in INSIDE}


def _registration(agent: str) -> Registration:
    if agent == "claude-code":
        return registered(shielded(inner_hook()))
    command = started([*inner_words(), "hook", agent, SAYS_DONE])
    client = CLIENTS[agent]
    match client.register("", command, "managed"):
        case Whole(content=content) if client.switch is not None:
            switches = client.switch("").switches
            return {"plugin": content, "settings": _set(switches)}
        case Whole(content=content):
            return content
        case Toml(tables=tables):
            return tables
        case Merged(added=added):
            return _nested(added)


def _nested(added: tuple[Added, ...]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for one in added:
        at = out
        for key in one.at[:-1]:
            at = at.setdefault(key, {})
        at.setdefault(one.at[-1], []).append(one.element)
    return out


def _set(switches: Iterable[tuple[tuple[str, ...], str, object]]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for where, key, value in switches:
        at = out
        for name in where:
            at = at.setdefault(name, {})
        at[key] = value
    return out
