"""Stations 5 and 6 as one pure function: the same proposal, facts and policy give the same decision, today and in a replay."""

from guard.effects.place import is_below, place_of, roots
from guard.effects.resolve import resolve
from guard.engine.copies import copies
from guard.engine.stages import Analysed, Decided
from guard.engine.words import in_words
from guard.model.dataclass import replace
from guard.model.decision import Allow, Ask, Decision, Deny, Host, Reason, Sandbox
from guard.model.effect import (
    ChangeMode,
    DeletePath,
    LinkPath,
    Opaque,
    ReadPath,
    ReadSecret,
    ResolvedEffect,
    RunProgram,
    TamperGuard,
    WritePath,
)
from guard.model.enums import Enum
from guard.model.facts import Facts
from guard.model.names import folded
from guard.model.paths import ResolvedPath
from guard.model.proposal import BatchProposal, Proposal, ShellProposal
from guard.model.verdict import Level, Verdict
from guard.policy.evaluate import judge
from guard.policy.rule import Policy

GUARD_RULE = "guard-is-not-yours"
CONTAINMENT_RULE = "guard-containment-missing"
FAILED_RULE = "guard-failed"
LOCKED_RULE = "guard-session-locked"
TYPED_RULE = "guard-typed-unseen"


def decide(analysed: Analysed, facts: Facts, policy: Policy) -> Decided:
    """Judge what was analysed. Whatever could not be looked at is unresolved, never absent."""
    effects = resolve(analysed.effects, facts)
    return judge_effects(analysed, (*effects, *copies(effects, facts)), facts, policy)


def judge_effects(
    analysed: Analysed, effects: tuple[ResolvedEffect, ...], facts: Facts, policy: Policy
) -> Decided:
    """Judge effects that are resolved already: predicted ones, or those observed in a sandbox."""
    missing = [lookup for lookup in analysed.lookups if lookup not in facts.answers]
    if missing:
        effects = (
            *effects,
            Opaque(reason=f"{len(missing)} questions about this machine were not answered in time"),
        )
    # Only a shell command can be put into a sandbox: a tool of the agent runs where the agent runs, in one if that is.
    a_tool = not _only_commands(analysed.proposal)
    decision = in_words(
        weigh(effects, facts, policy, a_tool=a_tool, typed_into=_typed_into(analysed.proposal)),
        effects,
        undone=facts.level is Level.CONTAINED and not a_tool,
    )
    if facts.granted:
        from guard.engine.granted import with_grants  # noqa: PLC0415 - only where a person has approved something

        decision = with_grants(decision, analysed, effects, facts, policy.digest)
    if facts.advice is not None:
        from guard.engine.advised import with_advice  # noqa: PLC0415 - only where a model was asked

        def allowed(one: Allow) -> Decision:
            typed = _typed_into(analysed.proposal)
            return _with_invariants(one, effects, facts, policy, a_tool=a_tool, typed_into=typed)

        decision = with_advice(decision, analysed, effects, facts, policy.digest, allowed)
    return Decided(
        analysed=analysed, facts=facts, effects=effects, decision=decision, policy_digest=policy.digest
    )


def weigh(
    effects: tuple[ResolvedEffect, ...],
    facts: Facts,
    policy: Policy,
    *,
    a_tool: bool,
    typed_into: bool = False,
) -> Decision:
    """Station 6 alone, without a sentence for people: effects that are recorded need no proposal to be judged again."""
    decision = judge(effects, policy, facts)
    return _with_invariants(decision, effects, facts, policy, a_tool=a_tool, typed_into=typed_into)


def _with_invariants(
    decision: Decision,
    effects: tuple[ResolvedEffect, ...],
    facts: Facts,
    policy: Policy,
    *,
    a_tool: bool,
    typed_into: bool,
) -> Decision:
    """What no policy file can open: the guard's own files, and running what needs walls where there are none."""
    if facts.locked_by:
        reason = Reason(
            verdict=Verdict.DENY,
            rule=LOCKED_RULE,
            layer="guard",
            why=f"this session is locked: the rule `{facts.locked_by}` has denied it again and again",
            instead="stop and tell the person, who can see it with `guard sessions list` and unlock it",
        )
        return Deny(
            reasons=(reason, *decision.reasons),
            placement=decision.placement,
            obligations=decision.obligations,
            shadow=decision.shadow,
        )
    touched = [touches_guard(effect, facts) for effect in effects]
    if Touch.SURELY in touched:
        tampering = tuple(
            _guard_reason(effect, index)
            for index, (effect, touches) in enumerate(zip(effects, touched, strict=True))
            if touches is Touch.SURELY
        )
        # What a policy denies anyway is denied for the policy's reason: it says more.
        denied = isinstance(decision, Deny)
        return Deny(
            reasons=(*decision.reasons, *tampering) if denied else (*tampering, *decision.reasons),
            placement=decision.placement,
            obligations=decision.obligations,
            shadow=decision.shadow,
        )
    if typed_into:
        typed = [index for index, effect in enumerate(effects) if isinstance(effect, Opaque) and effect.typed]
        if typed:
            # Whoever may type into it has got past us for good: nobody asks about what is typed.
            reason = Reason(
                verdict=Verdict.DENY,
                rule=TYPED_RULE,
                layer="guard",
                why="it takes commands while it runs, and what this client types into it nobody would look at",
                instead="give it what it is to do with the command, as with `-c` or as a script, or pipe it in",
                effect=typed[0],
            )
            return Deny(
                reasons=(reason, *decision.reasons)
                if not isinstance(decision, Deny)
                else (*decision.reasons, reason),
                placement=decision.placement,
                obligations=decision.obligations,
                shadow=decision.shadow,
            )
    if not isinstance(decision, Allow):
        return decision
    placement = decision.placement
    if isinstance(placement, Host) and (
        Touch.PERHAPS in touched or any(isinstance(effect, Opaque) for effect in effects)
    ):
        # No rule of any layer puts on the host what nobody has understood; in a sandbox its changes are judged.
        from guard.policy.profiles import profile_for  # noqa: PLC0415 - as in `judge`

        placement = Sandbox(profile=profile_for(policy, frozenset(), frozenset()))
    contained = facts.level is Level.ENCLOSED or (facts.level is Level.CONTAINED and not a_tool)
    if isinstance(placement, Host) or contained:
        return decision if placement is decision.placement else replace(decision, placement=placement)
    first = decision.reasons[0]
    reason = Reason(
        verdict=Verdict.ASK,
        rule=CONTAINMENT_RULE,
        layer="guard",
        why=f"allowed only in a sandbox (rule `{first.rule}`), and "
        + ("a tool of the agent cannot be put into one" if a_tool else "none can be had here"),
        instead="use a shell command that does the same, or ask for approval"
        if a_tool
        else "run `guard doctor` to see what is missing, or ask for approval",
        effect=first.effect,
    )
    return Ask(
        reasons=(reason, *decision.reasons),
        placement=placement,
        obligations=decision.obligations,
        shadow=decision.shadow,
    )


def _only_commands(proposal: Proposal) -> bool:
    match proposal:
        case BatchProposal(parts=parts):
            return all(isinstance(part, ShellProposal) for part in parts)
        case _:
            return isinstance(proposal, ShellProposal)


def _typed_into(proposal: Proposal) -> bool:
    match proposal:
        case BatchProposal(parts=parts):
            return any(isinstance(part, ShellProposal) and part.typed_into for part in parts)
        case ShellProposal(typed_into=typed_into):
            return typed_into
        case _:
            return False


class Touch(Enum):
    """Whether an effect reaches the guard's own files or process."""

    NO = 0
    PERHAPS = 1
    SURELY = 2


def _guard_reason(effect: ResolvedEffect, index: int) -> Reason:
    match effect:
        case TamperGuard(detail=detail):
            what = detail or "this would change the guard itself"
        case ReadPath(path=path) | WritePath(path=path) | DeletePath(path=path):
            what = f"`{path.given}` is part of the guard or of its policy"
        case ChangeMode(path=path) | LinkPath(path=path) | ReadSecret(path=path):
            what = f"`{path.given}` is part of the guard or of its policy"
        case _:
            what = "this would change the guard itself"
    return Reason(
        verdict=Verdict.DENY,
        rule=GUARD_RULE,
        layer="guard",
        why=what,
        instead="a person changes the guard or its policy, through a pull request",
        effect=index,
    )


def touches_guard(effect: ResolvedEffect, facts: Facts) -> Touch:
    """What no policy can open."""
    match effect:
        case RunProgram():
            return Touch.NO
        case TamperGuard():
            return Touch.SURELY
        case WritePath(path=path, recursive=deep):
            touch = _guarded(path, facts, deep=deep)
            # `git switch` may rewrite any file: whether it does is seen in the sandbox.
            return Touch.PERHAPS if deep and touch is not Touch.NO and not _is_own(path, facts) else touch
        case DeletePath(path=path, recursive=deep) | ChangeMode(path=path, recursive=deep):
            return _guarded(path, facts, deep=deep)
        case LinkPath(path=path, target=target):
            # A hard link to a file of ours is a second door to it.
            ours = _is_own(path, facts) or _is_own(target, facts)
            return Touch.SURELY if ours else Touch.NO
        case _:
            return Touch.NO


def _is_own(path: ResolvedPath, facts: Facts) -> bool:
    real = folded(path.real)
    return any(real == own or real.startswith(own + "/") for own in _own(facts.guard_paths))


def _own(paths: tuple[str, ...]) -> tuple[str, ...]:
    known = _OWN.get(paths)
    if known is None:
        _OWN.clear()
        known = _OWN[paths] = tuple(map(folded, paths))
    return known


_OWN: dict[tuple[str, ...], tuple[str, ...]] = {}
"""The guard's own paths as they are compared; one guard has one set of them."""


def _guarded(path: ResolvedPath, facts: Facts, *, deep: bool) -> Touch:
    if not path.real:
        return Touch.NO
    if _is_own(path, facts):
        return Touch.SURELY
    if not deep:
        return Touch.NO
    inside = [own for own in facts.guard_paths if is_below(own, path.real)]
    if not inside:
        return Touch.NO
    if not path.listed:
        return Touch.PERHAPS
    named, below = roots(facts), frozenset(path.below)
    return Touch.SURELY if any(place_of(own, named) in below for own in inside) else Touch.NO


def failed(proposal: Proposal, facts: Facts, policy_digest: str, problem: str) -> Decided:
    """When deciding itself went wrong: a deny that says so."""
    effects: tuple[ResolvedEffect, ...] = (Opaque(reason=f"the guard could not judge it: {problem}"),)
    reason = Reason(
        verdict=Verdict.DENY,
        rule=FAILED_RULE,
        layer="guard",
        why=f"the guard itself failed: {problem}",
        instead="report this with the output of `guard explain`; nothing was run",
        effect=0,
    )
    return Decided(
        analysed=Analysed(proposal=proposal, effects=(Opaque(reason=problem),), lookups=frozenset()),
        facts=facts,
        effects=effects,
        decision=Deny(reasons=(reason,), placement=Sandbox()),
        policy_digest=policy_digest,
    )
