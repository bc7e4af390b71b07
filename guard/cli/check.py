"""``guard check``: the decision on one proposal, or on many, without running anything."""

import argparse
import json
import os
import sys
import time
from typing import Any

from guard.audit.canonical import text_of
from guard.audit.record import decision_json, effect_json, placement_name
from guard.cli.exit_codes import ASK, DENY, OK
from guard.cli.lines import MAX_LINE, is_object, object_of, only_keys, text_of_key
from guard.cli.output import complain, say
from guard.cli.proposals import add_proposal, directory_of, home_of, level_of, proposal_of
from guard.cli.render import decision_lines
from guard.enforce.connections import needs
from guard.enforce.pipeline import Guard
from guard.engine.stages import Decided
from guard.errors import UsageError
from guard.model.decision import verdict_of
from guard.model.principal import Principal
from guard.model.proposal import (
    EditProposal,
    Proposal,
    ReadProposal,
    Replacement,
    ShellProposal,
    WriteProposal,
)
from guard.model.verdict import Verdict

CODES = {Verdict.ALLOW: OK, Verdict.ASK: ASK, Verdict.DENY: DENY}
_KEYS = frozenset({"id", "command", "tool", "path", "content", "old", "new", "cwd", "env", "home"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Say what would be decided, and which hosts a contained command needs. Never runs anything.\n\n"
        "  guard check -- rm -rf build ~\n"
        "  guard check --tool Write --path .git/hooks/pre-commit < hook\n"
        "  guard check --batch < cases.jsonl > verdicts.jsonl"
    )
    parser.epilog = "exit codes: 0 allow, 10 ask, 11 deny, 2 malformed input, 3 the guard failed"
    add_proposal(parser)
    parser.add_argument("--json", action="store_true", help="for machines: docs/schemas/check.schema.json")
    parser.add_argument(
        "--batch",
        action="store_true",
        help="one JSON object a line in, one out, in order: docs/schemas/batch.schema.json",
    )


def run(args: argparse.Namespace) -> int:
    if args.batch:
        return _batch(args)
    proposal = proposal_of(args)
    guard = Guard.open(cwd=proposal.cwd, home=home_of(args), level=level_of(args))
    decided = guard.decide(proposal)
    if args.json:
        say(json.dumps(report(decided, guard)))
    else:
        for line in decision_lines(decided):
            say(line)
        tell_restricted(guard)
    return CODES[verdict_of(decided.decision)]


def tell_restricted(guard: Guard) -> None:
    """Why everything is asked about, if a policy file could not be read."""
    if guard.problem is not None:
        complain(f"restricted mode: {guard.problem}", guard.problem.help)


def report(decided: Decided, guard: Guard) -> dict[str, Any]:
    """The decision as JSON, with what it rests on."""
    return {
        **decision_json(decided.decision),
        "effects": [effect_json(effect) for effect in decided.effects],
        "unread": [{"span": [u.span.start, u.span.end], "reason": u.reason} for u in decided.analysed.unread],
        "level": decided.facts.level.value,
        "workspace": text_of(decided.facts.workspace),
        "policy": decided.policy_digest,
        "needs": [text_of(host) for host in needs(decided)],
        "restricted": str(guard.problem) if guard.problem is not None else None,
    }


# ------------------------------------------------------------------ batch


def _batch(args: argparse.Namespace) -> int:
    if args.words or args.path:
        raise UsageError("--batch reads its commands from standard input", help_="leave the command out")
    cwd = directory_of(args.cwd, "--cwd")
    guard = Guard.open(cwd=cwd, home=home_of(args), level=level_of(args))
    tell_restricted(guard)
    stream = sys.stdin.buffer
    while line := stream.readline(MAX_LINE):
        if not line.strip():
            continue
        sys.stdout.write(json.dumps(_one(line, guard, args)) + "\n")
    sys.stdout.flush()
    return OK


def _one(line: bytes, guard: Guard, args: argparse.Namespace) -> dict[str, Any]:
    """The answer to one line; an ``error`` object when it is malformed."""
    case: dict[str, Any] = {}
    try:
        case = object_of(line)
        only_keys(case, _KEYS)
        cwd = _text(case, "cwd") or guard.facts.cwd
        home = _text(case, "home") or home_of(args)
        env = _environment(case)
        proposal = _proposal(case, os.path.abspath(cwd))
        here = (
            guard
            if not ({"cwd", "home", "env"} & case.keys())
            else guard.at(cwd=proposal.cwd, home=home, env=env)
        )
        started = time.perf_counter_ns()
        decided = here.decide(proposal)
        spent = (time.perf_counter_ns() - started) // 1000
    except UsageError as error:
        return {"id": case.get("id"), "error": str(error), "help": error.help}
    first = decided.decision.reasons[0]
    return {
        "id": case.get("id"),
        "verdict": verdict_of(decided.decision).value,
        "placement": placement_name(decided.decision),
        "rule": first.rule,
        "effects": [effect_json(effect) for effect in decided.effects],
        "why": first.why,
        "us": spent,
    }


def _text(case: dict[str, Any], key: str) -> str:
    value = text_of_key(case, key)
    if "\0" in value and key in {"cwd", "home", "path"}:
        raise UsageError(f"`{key}` holds a NUL byte", help_="no path can")
    return value


def _environment(case: dict[str, Any]) -> dict[str, str] | None:
    value = case.get("env")
    if value is None:
        return None
    if not is_object(value) or not all(isinstance(v, str) for v in value.values()):
        raise UsageError("`env` is not an object of strings", help_='write {"NAME": "value"}')
    return {"PATH": os.environ.get("PATH", ""), **value}


def _proposal(case: dict[str, Any], cwd: str) -> Proposal:
    principal = Principal(agent="batch")
    tool = _text(case, "tool") or "Bash"
    if tool == "Bash":
        if "command" not in case:
            raise UsageError("`command` is missing", help_="give `command`, or `tool` with `path`")
        return ShellProposal(principal=principal, cwd=cwd, command=_text(case, "command"))
    path = _text(case, "path")
    if not path:
        raise UsageError("`path` is missing", help_="name the file that the tool would use")
    match tool:
        case "Write":
            return WriteProposal(principal=principal, cwd=cwd, path=path, content=_text(case, "content"))
        case "Edit":
            edit = Replacement(old=_text(case, "old"), new=_text(case, "new"))
            return EditProposal(principal=principal, cwd=cwd, path=path, edits=(edit,))
        case "Read":
            return ReadProposal(principal=principal, cwd=cwd, path=path)
        case _:
            raise UsageError(f"unknown tool `{tool}`", help_="use Bash, Write, Edit or Read")
