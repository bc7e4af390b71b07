"""Stations 7 to 11 for one shell command: record, permit, confine, judge what happened, apply or hold, record again."""

import signal
import time

from guard.audit.canonical import Json, text_of
from guard.audit.record import changes_record, outcome_record, unproposed_record
from guard.audit.redact import Redactor
from guard.effects.observed import surprising
from guard.enforce.apply import Applied, apply
from guard.enforce.approve import Approver, permitted
from guard.enforce.begun import Where, begin, end
from guard.enforce.changeset import commit, discard, refused, release, stage
from guard.enforce.confine import Confined, confine
from guard.enforce.connections import note
from guard.enforce.manifest import ChangeSet, write_manifest
from guard.enforce.observing import lets_in, only_observed
from guard.enforce.pipeline import Guard
from guard.enforce.walls import accepted
from guard.enforce.watch import Seen, Watch, applied_meanwhile, explained_by
from guard.engine.advised import is_advised
from guard.engine.granted import is_granted
from guard.engine.stages import Decided
from guard.errors import ApplyError
from guard.model.dataclass import dataclass, field, replace
from guard.model.decision import Allow, Ask, Host, may_be_answered
from guard.model.effect import Opaque
from guard.model.outcome import Killed, NotStarted, Outcome
from guard.model.proposal import ShellProposal
from guard.model.verdict import Verdict
from sandbox.changes import Changes
from sandbox.errors import ChangesError
from sandbox.result import Connections
from sandbox.spec import Stdio

_TICK_NS = 20_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What became of one command. ``outcome`` is None when it was not permitted."""

    decided: Decided
    decision: int
    """Number of the decision's record."""
    outcome: Outcome | None = None
    backend: str = ""
    judged: Decided | None = None
    """The decision on the observed changes; None when there were none to judge."""
    applied: int = 0
    undo: str = ""
    """Put the changes back with this id."""
    held: str = ""
    """The id of the change set that waits for a person."""
    why_held: str = ""
    unproposed: tuple[str, ...] = ()
    unproposed_rule: str = ""
    """The rule that asks about what is in ``unproposed``, or denies it; empty when the policy lets it pass."""
    observed: str = ""
    """The rule that would have asked or denied, before the run or of its changes, where the policy only observes."""
    surprises: int = 0
    """Entries of the change set that nothing said of the command foretold."""
    connections: Connections = field(default_factory=Connections)


def carry(
    guard: Guard,
    proposal: ShellProposal,
    approver: Approver,
    stdio: Stdio,
    *,
    preferred: tuple[str, ...] = (),
    watch: bool = True,
) -> Carried:
    """Raises AuditError when something could not be recorded: then it was not run, or its changes were not applied."""
    decided, number, permit = permitted(guard, proposal, approver)
    if permit is None:
        return Carried(decided=decided, decision=number)
    where = Where.HOST if isinstance(permit.placement, Host) else Where.COPY
    begun = begin(guard.places, number, guard.facts.workspace, where)
    watcher = _watcher(guard, decided) if watch and guard.facts.workspace else None
    # The kernel's file times lag behind the clock by up to a tick.
    started_ns = time.time_ns() - _TICK_NS
    try:
        confined = confine(
            permit,
            proposal,
            decided.facts,
            stdio,
            preferred,
            accepted(guard.places.config),
            guard.places.caches,
        )
    finally:
        seen = watcher.stop() if watcher is not None else Seen()
    try:
        connections = confined.run.connections() if confined.run is not None else Connections()
        note(guard, number, connections)
        unproposed, rule = note_unproposed(guard, decided, number, seen, started_ns)
        carried = _changes(guard, decided, number, confined, started_ns)
    finally:
        if confined.run is not None:
            confined.run.destroy()
    extra: dict[str, Json] = {"backend": confined.backend, "undo": carried.undo, "held": carried.held}
    if confined.walls is not None:
        enforces: list[Json] = [*sorted(confined.walls.enforces)]
        extra["walls"] = {"enforces": enforces, "detail": text_of(confined.walls.detail)}
    guard.log.append(outcome_record(number, confined.outcome, **extra))
    end(begun)
    return Carried(
        decided=decided,
        decision=number,
        outcome=confined.outcome,
        backend=confined.backend,
        judged=carried.judged,
        applied=carried.applied,
        undo=carried.undo,
        held=carried.held,
        why_held=carried.why_held,
        unproposed=tuple(unproposed),
        unproposed_rule=rule,
        surprises=carried.surprises,
        observed=_observed(guard, decided) or (_observed(guard, carried.judged) if carried.applied else ""),
        connections=connections,
    )


def _observed(guard: Guard, decided: Decided | None) -> str:
    if decided is None or not only_observed(guard.policy, decided):
        return ""
    return decided.decision.reasons[0].rule


def note_unproposed(
    guard: Guard, decided: Decided, decision: int, seen: Seen, started_ns: int = 0
) -> tuple[list[str], str]:
    """Judge and record what no decision explains, and say where nobody could look."""
    if seen.problem:
        guard.log.append({"type": "guard.error", "decision": decision, "problem": text_of(seen.problem)})
    if not seen.paths:
        return [], ""
    known = applied_meanwhile(guard.places, guard.facts.workspace, started_ns)
    rest = [path for path in seen.paths if path not in known]
    if rest:
        total = seen.total - (len(seen.paths) - len(rest))
        judged = guard.judge_unproposed(decided, tuple(rest))
        redactor = Redactor.open(guard.places.state)
        guard.log.append(unproposed_record(decision, rest, total, judged, redactor), durable=False)
        if not isinstance(judged.decision, Allow):
            return rest, judged.decision.reasons[0].rule
    return rest, ""


def _watcher(guard: Guard, decided: Decided) -> Watch:
    on_host = isinstance(decided.decision.placement, Host)
    watcher = Watch(guard.facts.workspace, explained_by(decided.effects, on_host=on_host))
    watcher.start()
    return watcher


def _changes(guard: Guard, decided: Decided, decision: int, confined: Confined, started_ns: int) -> Carried:
    """Station 10. Nothing of a run that did not start, or that cannot be read, reaches the workspace."""
    nothing = Carried(decided=decided, decision=decision)
    if confined.run is None or isinstance(confined.outcome, NotStarted):
        return nothing
    try:
        changes = confined.run.changes()
    except ChangesError as error:
        why = f"the changes cannot be read: {error}"
        guard.log.append({"type": "guard.error", "decision": decision, "problem": text_of(why)})
        return Carried(decided=decided, decision=decision, why_held=f"{why}; they are thrown away")
    if not changes.entries and not changes.truncated:
        return nothing
    # Nobody let it come to an end: what it was writing may be half of a file.
    cut = confined.outcome == Killed(signal=signal.SIGKILL)
    return _judge(guard, decided, decision, changes, started_ns, cut=cut)


def _judge(
    guard: Guard, decided: Decided, decision: int, changes: Changes, started_ns: int, *, cut: bool
) -> Carried:
    judged = guard.judge_changes(decided, changes)
    surprises = surprising(changes, judged.effects, judged.facts)
    carried = _settle(guard, decided, decision, changes, judged, surprises, started_ns, cut=cut)
    return replace(carried, surprises=len(surprises))


def _settle(
    guard: Guard,
    decided: Decided,
    decision: int,
    changes: Changes,
    judged: Decided,
    surprises: frozenset[str],
    started_ns: int,
    *,
    cut: bool,
) -> Carried:
    redactor = Redactor.open(guard.places.state)
    why = refused(changes, guard.facts.workspace)
    if not why and cut:
        why = "the sandbox was killed while the command ran, so these may be half of what it would have done"
    approved = _foreseen(decided, judged)
    observed = not approved and lets_in(guard.policy, judged)
    if not why and not approved and not observed and not isinstance(judged.decision, Allow):
        first = judged.decision.reasons[0]
        why = f"{first.why} (rule `{first.rule}`)"
    guard.log.append(
        changes_record(
            decision,
            judged,
            redactor,
            held=text_of(why),
            truncated=text_of(changes.truncated),
            approved=approved,
            **({"mode": "observe"} if observed else {}),
        )
    )
    if changes.truncated:
        return Carried(
            decided=decided, decision=decision, judged=judged, why_held=f"{why}; they are thrown away"
        )
    proposal = decided.analysed.proposal
    command = redactor.redact(proposal.command) if isinstance(proposal, ShellProposal) else ""
    try:
        staged = stage(
            changes,
            parent=guard.places.journal,
            workspace=guard.facts.workspace,
            decision=decision,
            why=why,
            command=command,
            surprises=surprises,
        )
    except (OSError, ApplyError) as error:
        return _lost(guard, decided, judged, decision, f"the changes could not be kept: {error}")
    if why:
        return _hold(guard, staged, decided, judged, why)
    try:
        result = apply(staged, guard.places, started_ns)
    except (OSError, ApplyError) as error:
        return _hold(guard, staged, decided, judged, f"the changes could not be applied: {error}")
    if isinstance(result, Applied):
        return Carried(
            decided=decided, decision=decision, judged=judged, applied=result.count, undo=result.undo
        )
    why = f"`{result.paths[0]}` was changed by somebody else meanwhile"
    return _hold(guard, staged, decided, judged, why)


def _foreseen(decided: Decided, judged: Decided) -> bool:
    """Whether a person has said yes to all of this already: each effect asked about was shown to them before the run.

    Not where the command could have done anything: then they were not told what it would be.
    """
    advised = is_advised(decided.decision)
    shown = isinstance(decided.decision, Ask) or is_granted(decided.decision) or advised
    # A model's word holds for what every rule that asks lets it answer, and for nothing that turns up later.
    if advised and not may_be_answered(judged.decision):
        return False
    if not shown or not isinstance(judged.decision, Ask):
        return False
    if any(isinstance(effect, Opaque) for effect in decided.effects):
        return False
    asked = [reason.effect for reason in judged.decision.reasons if reason.verdict is Verdict.ASK]
    return all(index >= 0 and not judged.effects[index].surprise for index in asked)


def _hold(guard: Guard, staged: ChangeSet, decided: Decided, judged: Decided, why: str) -> Carried:
    held = replace(staged, why=why)
    try:
        write_manifest(held)
        held = commit(held, guard.places.held)
    except OSError as error:
        discard(staged)
        return _lost(guard, decided, judged, staged.decision, f"{why}; and could not be kept: {error}")
    release(held)
    return Carried(decided=decided, decision=staged.decision, judged=judged, held=held.id, why_held=why)


def _lost(guard: Guard, decided: Decided, judged: Decided, decision: int, why: str) -> Carried:
    """Nothing of it reaches the workspace, and nothing of it is kept."""
    guard.log.append({"type": "guard.error", "decision": decision, "problem": text_of(why)})
    return Carried(decided=decided, decision=decision, judged=judged, why_held=f"{why}; they are thrown away")
