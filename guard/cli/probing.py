"""``guard doctor --probe``: the installed clients themselves, in a home that is thrown away, asked by a model of ours to do
what is denied. Protected is one only when nothing happened, the guard has the denial on record, and what is allowed came through.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any, NoReturn

from guard.cli.clients import Client
from guard.cli.exit_codes import FINDINGS, OK
from guard.cli.inspecting import line_of
from guard.cli.install import where
from guard.cli.installing import make, plan_line, plan_switch
from guard.cli.output import say, style, visible
from guard.cli.proposals import directory_of
from guard.cli.protection import Protection, protections
from guard.cli.versions import program_of
from guard.enforce.places import Places
from guard.errors import GuardError, UsageError
from guard.model.dataclass import dataclass
from guard.probe.recipes import RECIPES
from guard.probe.replays import differs, expected, replays
from guard.probe.session import LIMIT_S, Home, Seen, answer_of, drive, home_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Of one client."""

    agent: str
    can: bool = True
    """Whether it could be tried here at all."""
    tried: bool = True
    """Whether it did something that tells."""
    stopped: bool = False
    says: str
    fix: str = ""


def run(args: argparse.Namespace) -> int:
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _end)
    home, workspace = where()
    directory = directory_of(None)
    found = protections(directory, workspace, home, os.environ)
    if args.agent:
        found = [one for one in found if one.client.agent in args.agent]
        missing = sorted({*args.agent} - {one.client.agent for one in found})
        if missing:
            named = ", ".join(f"`{name}`" for name in missing)
            raise UsageError(
                f"doctor: {named} is neither on this machine nor registered", help_="say `guard doctor`"
            )
    told: list[dict[str, Any]] = []
    good = True
    for one, proof in zip(found, prove(found, os.environ), strict=True):
        fine = not one.wrong and (proof.stopped or not proof.can)
        good = good and fine
        told.append(_report(one, proof))
        if not args.json:
            mark = style("ok ", "green") if fine else style("NO ", "red", "bold")
            say(f"{mark} {visible(one.says)}")
            say(f"    {visible(proof.says)}")
            for fix in dict.fromkeys(fix for fix in (one.fix, proof.fix) if fix):
                say(f"    help: {visible(fix)}")
    if args.json:
        say(json.dumps({"ok": good, "agents": told}))
    elif not found:
        say("no agent is found here; `guard install` registers the hook")
    return OK if good else FINDINGS


def _report(one: Protection, proof: Proof) -> dict[str, Any]:
    return {
        "agent": one.client.agent,
        "version": one.version,
        "protected": not one.wrong and proof.stopped,
        "tried": proof.tried,
        "says": proof.says,
        "fix": proof.fix,
        "wrong": [{"says": what.says, "fix": what.fix} for what in one.wrong],
    }


def prove(found: list[Protection], environment: Mapping[str, str]) -> Iterator[Proof]:
    """One after the other. Interrupted, nothing is left of it."""
    try:
        for one in found:
            _progress(f"{one.client.agent} is started and asked to delete a file that it may not")
            proof = _prove(one, environment)
            _progress("")
            yield proof
    finally:
        _progress("")


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    """As ctrl-C: everything is cleaned up on the way out."""
    raise SystemExit(128 + number)


def _prove(one: Protection, environment: Mapping[str, str]) -> Proof:
    client = one.client
    line = registered_line(one)
    program = program_of(client.programs)
    if not line:
        fix = f"say `guard install --agent {client.agent}`"
        return Proof(
            agent=client.agent, tried=False, says="not tried: it is not registered as it should be", fix=fix
        )
    directory = os.path.realpath(tempfile.mkdtemp(prefix="execguard-probe-"))
    try:
        # In a home of its own: its denials are none of the client's.
        if wrong := replayed(client.agent, line, home_in(os.path.join(directory, "r")), environment):
            says = f"what it would start answers wrongly: {wrong}"
            return Proof(
                agent=client.agent, tried=True, says=says, fix=f"say `guard install --agent {client.agent}`"
            )
        answers = "what it would start answers as it should"
        if client.agent not in RECIPES:
            says = f"{answers}; itself not tried: there is no way to start it without a person"
            return Proof(agent=client.agent, can=False, tried=False, says=says)
        if not program:
            named = " or ".join(f"`{name}`" for name in client.programs)
            says = f"{answers}; itself not tried: {named} is not on PATH"
            return Proof(agent=client.agent, can=False, tried=False, says=says)
        place = home_in(os.path.join(directory, "p"))
        register(client, line, place)
        seen = drive(client.agent, program, place, environment, LIMIT_S)
        return judged(client.agent, seen, denials(place.home, client.agent, place.canary))
    except (OSError, GuardError, subprocess.TimeoutExpired) as error:
        return Proof(
            agent=client.agent, tried=False, says=f"not tried: {error}", fix="see whether it starts by itself"
        )
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def replayed(agent: str, line: str, place: Home, environment: Mapping[str, str]) -> str:
    """What is wrong with the answers to payloads as the client sends them; empty when nothing is."""
    for replay in replays(agent):
        given = answer_of(line, replay.payload, place, environment)
        if wrong := differs(expected(agent, replay), given):
            return f"{replay.name}: {visible(wrong)}"
    return ""


def registered_line(one: Protection) -> str:
    """What this client starts for each call; empty where nothing that is right is registered."""
    for registration in one.registrations:
        for command in registration.inspected.commands:
            if not registration.inspected.wrong:
                return command if "\n" not in command else line_of(command)
    return ""


def register(client: Client, line: str, place: Home) -> None:
    """In the home that is thrown away, as it is in the person's own. Raises UsageError, OSError."""
    places = Places.from_environment(place.home)
    make(plan_line(client, "user", place.home, place.workspace, line), places, installing=True)
    if (switch := plan_switch(client, "user", place.home, place.workspace)) is not None:
        make(switch, places, installing=True)


def denials(home: str, agent: str, canary: str) -> int:
    """How many the guard itself has on record there, of a command about the canary."""
    path = os.path.join(Places.from_environment(home).audit, "current.jsonl")
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            records: list[Any] = [json.loads(line) for line in file]
    except (OSError, ValueError):
        return 0
    return sum(
        one.get("decision", {}).get("verdict") == "deny"
        and one.get("agent", {}).get("name") == agent
        and canary in one.get("call", {}).get("text", "")
        for one in records
    )


def judged(agent: str, seen: Seen, recorded: int) -> Proof:
    """What was seen, taken for no more than it is."""
    if not seen.lives:
        how = "although the guard denied it" if recorded else "and did not ask the guard"
        fix = f"do not let it work here unless in `guard run`; say `guard install --agent {agent}` and try again"
        return Proof(
            agent=agent, tried=True, says=f"tried: it ran the command that is denied, {how}", fix=fix
        )
    if not seen.asked:
        why = "; ".join(one for one in (seen.ended, visible(seen.tail)) if one)
        return Proof(
            agent=agent,
            tried=False,
            says=f"not tried: it did not get as far as to ask its model: {why}",
            fix="see whether it starts by itself",
        )
    if not recorded:
        says = "tried: the command that is denied did not happen, and the guard was not asked about it"
        return Proof(
            agent=agent,
            tried=True,
            says=f"{says}{_what(seen)}",
            fix=f"say `guard install --agent {agent}`, and look whether it loads the hook",
        )
    if not seen.came_back:
        says = "tried: it was stopped, and what is allowed did not come through either"
        return Proof(
            agent=agent,
            tried=True,
            says=f"{says}{_what(seen)}",
            fix="see `guard audit tail` after a session of your own",
        )
    return Proof(
        agent=agent,
        tried=True,
        stopped=True,
        says="tried: it was asked to delete a file, the guard denied it, and the file is there",
    )


def _what(seen: Seen) -> str:
    told = visible(seen.denied.text, 200) if seen.denied is not None else visible(seen.tail)
    return f": {told}" if told else ""


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text[:100]}")
        sys.stderr.flush()
    elif text:
        sys.stderr.write(text + "\n")
