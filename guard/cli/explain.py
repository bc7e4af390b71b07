"""``guard explain``: every step that led to a decision."""

import argparse
import json

from guard.audit.record import reason_json
from guard.cli.check import CODES, report, tell_restricted
from guard.cli.output import say, style, visible
from guard.cli.proposals import add_proposal, home_of, level_of, proposal_of
from guard.cli.render import decision_lines, effect_line
from guard.enforce.pipeline import Guard
from guard.model.decision import verdict_of

_MAX = 40


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Say what would be decided, and show every step: what was read, what it would do,\n"
        "what was looked up on this machine, and what each rule said. Never runs anything."
    )
    add_proposal(parser)
    parser.add_argument("--json", action="store_true", help="for machines: docs/schemas/check.schema.json")


def run(args: argparse.Namespace) -> int:
    proposal = proposal_of(args)
    guard = Guard.open(cwd=proposal.cwd, home=home_of(args), level=level_of(args))
    decided = guard.decide(proposal)
    if args.json:
        looked = [{"question": repr(q), "answer": repr(a)} for q, a in decided.facts.answers.items()]
        reasons = [reason_json(reason) for reason in decided.decision.reasons]
        say(json.dumps({**report(decided, guard), "looked_up": looked, "reasons": reasons}))
        return CODES[verdict_of(decided.decision)]
    for line in decision_lines(decided):
        say(line)
    say()
    say(style("not read", "bold"))
    for part in decided.analysed.unread or ():
        say(f"  characters {part.span.start} to {part.span.end}: {part.reason}")
    if not decided.analysed.unread:
        say("  nothing: all of it was read")
    say()
    say(style("looked up on this machine", "bold"))
    for question, answer in list(decided.facts.answers.items())[:_MAX]:
        say(f"  {visible(str(question), 100)}")
        say(f"    {visible(str(answer), 160)}")
    if not decided.facts.answers:
        say("  nothing")
    say()
    say(style("what each rule said", "bold"))
    for index, effect in enumerate(decided.effects[:_MAX]):
        say(f"  {effect_line(effect)}")
        for reason in decided.decision.reasons:
            if reason.effect == index:
                say(f"    {reason.verdict.value:<5} {reason.layer:<8} {reason.rule}: {visible(reason.why)}")
    say()
    facts = decided.facts
    say(
        f"level {facts.level.value}, workspace {visible(facts.workspace or 'none')}, policy {decided.policy_digest}"
    )
    tell_restricted(guard)
    return CODES[verdict_of(decided.decision)]
