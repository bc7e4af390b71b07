"""The end of a session that had a copy of the workspace: what it changed is judged and held; then let in, or not."""

import os

from guard.audit.canonical import text_of
from guard.audit.record import changes_record
from guard.audit.redact import Redactor
from guard.effects.observed import surprising
from guard.effects.place import is_below
from guard.enforce.apply import Applied
from guard.enforce.changeset import commit, discard, refused, release, stage, taken
from guard.enforce.manifest import ChangeSet, Entry, write_manifest
from guard.enforce.partial import apply_some, chosen
from guard.enforce.pipeline import Guard
from guard.engine.stages import Decided
from guard.errors import ApplyError
from guard.model.dataclass import dataclass, replace
from guard.model.decision import Allow
from guard.model.effect import ChangeMode, DeletePath, LinkPath, ResolvedEffect, WritePath
from guard.model.proposal import ShellProposal
from guard.model.verdict import Verdict
from sandbox.backend import Run
from sandbox.changes import NodeKind
from sandbox.errors import ChangesError

LOOKED_AT = "what a session has changed waits for a person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What there is to decide on; ``held`` is empty when that is nothing, or could not be kept: then ``why`` says so."""

    found: ChangeSet | None = None
    judged: Decided | None = None
    why: str = ""
    """What a person should know: the rule that speaks against it, or what is wrong with the set."""
    allowed: tuple[str, ...] = ()
    """Paths of the set that the policy lets in."""

    @property
    def held(self) -> str:
        return self.found.id if self.found is not None else ""

    @property
    def total(self) -> int:
        return len(self.found.entries) if self.found is not None else 0


def keep(guard: Guard, decided: Decided, decision: int, run: Run) -> Kept:
    """Judge the changes and hold them, durably: a session is lost by no crash after this. Raises AuditError."""
    try:
        changes = run.changes()
    except ChangesError as error:
        return _lost(guard, decision, f"the changes cannot be read: {error}")
    if not changes.entries and not changes.truncated:
        return Kept()
    judged = guard.judge_changes(decided, changes)
    redactor = Redactor.open(guard.places.state)
    never = refused(changes, guard.facts.workspace)
    why = never
    if not why and not isinstance(judged.decision, Allow):
        first = judged.decision.reasons[0]
        why = f"{first.why} (rule `{first.rule}`)"
    record = changes_record(
        decision,
        judged,
        redactor,
        held=text_of(why or LOOKED_AT),
        truncated=text_of(changes.truncated),
        approved=False,
    )
    if changes.truncated:
        guard.log.append(record)
        return _lost(guard, decision, never)
    proposal = decided.analysed.proposal
    try:
        staged = stage(
            changes,
            parent=guard.places.journal,
            workspace=guard.facts.workspace,
            decision=decision,
            why=why or LOOKED_AT,
            command=redactor.redact(proposal.command) if isinstance(proposal, ShellProposal) else "",
            surprises=surprising(changes, judged.effects, judged.facts),
        )
        try:
            write_manifest(staged)
            held = commit(staged, guard.places.held)
        except OSError:
            discard(staged)
            raise
    except (OSError, ApplyError) as error:
        guard.log.append(record)
        return _lost(guard, decision, f"the changes could not be kept: {error}")
    release(held)
    held = replace(held, lock=-1)
    # After it: what is held has reached nobody, and must not be lost with a log that cannot be written.
    guard.log.append(record)
    allowed = () if never else tuple(entry.path for entry in let_in_by(judged, held))
    return Kept(found=held, judged=judged, why=why, allowed=allowed)


def _lost(guard: Guard, decision: int, why: str) -> Kept:
    guard.log.append({"type": "guard.error", "decision": decision, "problem": text_of(why)})
    return Kept(why=f"{why}; they are thrown away")


def let_in_by(judged: Decided, found: ChangeSet) -> tuple[Entry, ...]:
    """What of the set no rule speaks against. Where a rule speaks of the whole, or of what is no file: nothing."""
    if isinstance(judged.decision, Allow):
        return found.entries
    against: set[str] = set()
    for reason in judged.decision.reasons:
        if reason.verdict is Verdict.ALLOW:
            continue
        path = _path(judged.effects[reason.effect]) if reason.effect >= 0 else ""
        if not path:
            return ()
        against.add(path)
    root = found.workspace.rstrip("/")

    def bad(entry: Entry) -> bool:
        path = f"{root}/{entry.path}"
        return path in against or any(is_below(path, one) for one in against)

    kept = [entry.path for entry in found.entries if bad(entry)]
    good = [
        entry.path
        for entry in found.entries
        if not bad(entry) and not any(other.startswith(entry.path + "/") for other in kept)
    ]
    # A directory that is made is let in with the file that needs it.
    files = [entry.path for entry in found.entries if entry.path in frozenset(good) and not _is_made(entry)]
    empty = [path for path in good if not any(other.startswith(path + "/") for other in good)]
    wanted = chosen(found, dict.fromkeys((*files, *empty))) if files or empty else ()
    return () if any(bad(entry) for entry in wanted) else wanted


def _is_made(entry: Entry) -> bool:
    return entry.before is None and entry.after is not None and entry.after.kind is NodeKind.DIRECTORY


def _path(effect: ResolvedEffect) -> str:
    match effect:
        case WritePath(path=at) | DeletePath(path=at) | ChangeMode(path=at) | LinkPath(path=at):
            return at.real
        case _:
            return ""


def apply_allowed(guard: Guard, kept: Kept) -> tuple[int, str, str]:
    """How many entries were applied, what puts them back, and what is in the way of those that were not."""
    found = kept.found
    if found is None or not kept.allowed:
        return 0, "", kept.why
    paths = frozenset(kept.allowed)
    entries = tuple(entry for entry in found.entries if entry.path in paths)
    try:
        result = apply_some(found, entries, guard.places)
    except (OSError, ApplyError) as error:
        why = f"the changes could not be applied: {error}"
        guard.log.append({"type": "guard.error", "decision": found.decision, "problem": text_of(why)})
        return 0, "", why
    if isinstance(result, Applied):
        guard.log.append(
            {
                "type": "changes.applied",
                "decision": found.decision,
                "undo": result.undo,
                "total": result.count,
            }
        )
        return result.count, result.undo, kept.why
    guard.log.append(
        {"type": "changes.conflict", "decision": found.decision, "held": found.id, "total": len(result.paths)}
    )
    return 0, "", f"`{result.paths[0]}` was changed by somebody else meanwhile"


def drop(guard: Guard, kept: Kept) -> bool:
    """Throw all of it away. False when somebody else works on it."""
    own = taken(kept.found) if kept.found is not None else None
    if own is None:
        return False
    guard.log.append(
        {"type": "changes.dropped", "decision": own.decision, "held": own.id, "by": f"uid {os.getuid()}"}
    )
    discard(own)
    return True
