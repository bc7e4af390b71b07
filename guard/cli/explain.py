"""``guard explain``: every step that led to a decision."""

import argparse
import json
from typing import Any

from guard.audit.record import reason_json
from guard.cli.check import CODES, report, tell_restricted
from guard.cli.explained import (
    effect_lines,
    file_json,
    file_lines,
    files_read,
    looked_lines,
    value_json,
    value_lines,
)
from guard.cli.output import say, style, visible
from guard.cli.proposals import add_proposal, home_of, level_of, proposal_of
from guard.cli.render import headline, reason_lines
from guard.effects.trace import WordNote, place
from guard.enforce.pipeline import Guard
from guard.engine.stages import Decided
from guard.engine.traced import word_notes
from guard.model.decision import verdict_of
from guard.model.proposal import ShellProposal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Say what would be decided, and show every step: what each part would do and what each rule said of it,\n"
        "which values were known and where they came from, which files were read, what was looked up on this\n"
        "machine. Never runs anything. Which rule to change for another answer: `guard policy explain`.\n\n"
        "  guard explain -- 'd=build; rm -rf \"$d\"/* $OLD'"
    )
    parser.epilog = "exit codes: 0 allow, 10 ask, 11 deny, 2 malformed input, 3 the guard failed"
    add_proposal(parser)
    parser.add_argument("--json", action="store_true", help="for machines: docs/schemas/check.schema.json")


def run(args: argparse.Namespace) -> int:
    proposal = proposal_of(args)
    guard = Guard.open(cwd=proposal.cwd, home=home_of(args), level=level_of(args))
    decided = guard.decide(proposal)
    notes = word_notes(proposal, decided.facts)
    if args.json:
        say(json.dumps({**report(decided, guard), **_steps(decided, notes)}))
        return CODES[verdict_of(decided.decision)]
    text = proposal.command if isinstance(proposal, ShellProposal) else ""
    for line in (headline(decided), *reason_lines(decided)):
        say(line)
    _section("what it would do, and what each rule said", effect_lines(decided, text))
    _section("values", value_lines(notes, text))
    _section(
        "not read", [f"  {place(text, u.span.start):<6}{visible(u.reason)}" for u in decided.analysed.unread]
    )
    _section("files looked into", file_lines(decided))
    _section("looked up on this machine", looked_lines(decided))
    say()
    facts = decided.facts
    say(
        f"level {facts.level.value}, workspace {visible(facts.workspace or 'none')}, policy {decided.policy_digest}"
    )
    tell_restricted(guard)
    return CODES[verdict_of(decided.decision)]


def _section(title: str, lines: list[str]) -> None:
    if lines:
        say()
        say(style(title, "bold"))
        for line in lines:
            say(line)


def _steps(decided: Decided, notes: tuple[WordNote, ...]) -> dict[str, Any]:
    return {
        "looked_up": [{"question": repr(q), "answer": repr(a)} for q, a in decided.facts.answers.items()],
        "reasons": [reason_json(reason) for reason in decided.decision.reasons],
        "values": [value_json(note) for note in notes],
        "files": [file_json(path, fact) for path, fact in files_read(decided).items()],
    }
