"""The types that hold what each station found: each one holds the one before. No behaviour."""

from guard.model.dataclass import dataclass
from guard.model.decision import Decision
from guard.model.effect import ResolvedEffect, SymbolicEffect
from guard.model.facts import Facts, Lookup
from guard.model.proposal import Proposal
from guard.model.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadPart:
    """A part of the command that we could not read, with the place and the reason."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysed:
    """What the text says it would do, on symbolic paths."""

    proposal: Proposal
    effects: tuple[SymbolicEffect, ...]
    lookups: frozenset[Lookup]
    """What must be known to say more. Analysis is repeated until ``facts.answers`` holds all of them."""
    unread: tuple[UnreadPart, ...] = ()
    consulted: frozenset[Lookup] = frozenset()
    """Those of ``lookups`` whose answers the effects rest on; the others only say where the effects lead."""
    left: tuple[str, ...] = ()
    """What it leaves in a shell that lives on, in words; each is an effect that cannot be read, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The answer, with everything it rests on."""

    analysed: Analysed
    facts: Facts
    effects: tuple[ResolvedEffect, ...]
    decision: Decision
    policy_digest: str
