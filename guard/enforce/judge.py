"""Stations 3 to 6 for one proposal, against the clock. Never raises for anything an agent can propose."""

import time

from guard.enforce.facts import Imagined, World, answer_all, gather
from guard.engine.decide import decide, failed, judge_effects
from guard.engine.stages import Decided
from guard.model.dataclass import replace
from guard.model.effect import ResolvedEffect, RunProgram
from guard.model.facts import Facts
from guard.model.proposal import Proposal, ShellProposal
from guard.model.typed import TYPE_CHECKING, Callable
from guard.policy.rule import Policy

if TYPE_CHECKING:
    from sandbox.changes import Changes

BUDGET_S = 10.0


def judge_proposal(
    proposal: Proposal,
    facts: Facts,
    policy: Policy,
    *,
    crosscheck: bool = False,
    seen: tuple[str, ...] = (),
    budget_s: float = BUDGET_S,
) -> Decided:
    """``facts`` hold what does not depend on the proposal; the rest is looked up here. ``crosscheck``: by a second reader.

    ``seen``: the places that may be looked at, for who sees no others; empty = all.
    """
    try:
        if facts.cwd != proposal.cwd:
            facts = replace(facts, cwd=proposal.cwd)
        if isinstance(proposal, ShellProposal) and proposal.env:
            facts = replace(facts, env={**facts.env, **dict(proposal.env)})
        late = _clock(budget_s)
        analysed, facts = gather(proposal, facts, _world(facts, policy, late, seen), late)
        if crosscheck and isinstance(proposal, ShellProposal):
            from guard.enforce.crosscheck import cross_checked  # noqa: PLC0415 - only who asks pays for it

            analysed = cross_checked(analysed, proposal.command)
        return decide(analysed, facts, policy)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong with us is a deny, in words, never an allow
        return failed(proposal, facts, policy.digest, f"{type(error).__name__}: {error}")


def judge_changes(
    decided: Decided, changes: "Changes", policy: Policy, *, budget_s: float = BUDGET_S
) -> Decided:
    """Station 10: the same rules on what really changed. Looks at the workspace as it was: call before applying."""
    from guard.effects.observed import observe, observed_lookups  # noqa: PLC0415 - a hook judges proposals only

    facts = replace(decided.facts, advice=None)
    try:
        late = _clock(budget_s)
        if facts.forbidden:
            from guard.enforce.forbidden import with_content  # noqa: PLC0415 - as above

            facts = replace(facts, forbidden=with_content(facts.forbidden))
        facts = answer_all(observed_lookups(changes, facts), facts, _world(facts, policy, late), late)
        effects: tuple[ResolvedEffect, ...] = observe(changes, decided.effects, facts)
        if not effects:
            effects = (RunProgram(program=":", names=(":",), observed=True),)
        return judge_effects(decided.analysed, effects, facts, policy)
    except Exception as error:  # noqa: BLE001 - as above: what cannot be judged is not applied
        return failed(decided.analysed.proposal, facts, policy.digest, f"{type(error).__name__}: {error}")


def judge_unproposed(decided: Decided, paths: tuple[str, ...], policy: Policy) -> Decided:
    """What policy says of changes that no proposal explains; they have happened already."""
    from guard.effects.observed import unproposed  # noqa: PLC0415 - as above

    try:
        return judge_effects(decided.analysed, unproposed(paths, decided.facts), decided.facts, policy)
    except Exception as error:  # noqa: BLE001 - as above
        return failed(
            decided.analysed.proposal, decided.facts, policy.digest, f"{type(error).__name__}: {error}"
        )


def _world(facts: Facts, policy: Policy, late: Callable[[], bool], seen: tuple[str, ...] = ()) -> Imagined:
    world = World(facts, policy.named_programs, late)
    if seen:
        from guard.enforce.view import Inside  # noqa: PLC0415 - only for who is enclosed

        return Inside(world, seen)
    return Imagined(world, (facts.workspace, facts.home, facts.cwd))


def _clock(budget_s: float) -> Callable[[], bool]:
    end = time.monotonic() + budget_s
    return lambda: time.monotonic() > end
