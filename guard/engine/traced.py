"""The analysis of a proposal once more, with notes on every word. For explanations: no decision rests on it."""

from guard.effects.trace import Tracer, WordNote
from guard.engine.analyse import start_of
from guard.model.facts import Facts
from guard.model.proposal import Proposal, ShellProposal


def word_notes(proposal: Proposal, facts: Facts) -> tuple[WordNote, ...]:
    """What was known of each word when ``facts`` were; empty for what is no shell text."""
    if not isinstance(proposal, ShellProposal):
        return ()
    tracer = Tracer(facts)
    tracer.analyse_text(proposal.command, start_of(proposal))
    return tracer.notes
