"""What every command that touches changes does first: finish what a crash interrupted, say so, record it."""

from guard.audit.canonical import text_of
from guard.audit.log import AuditLog
from guard.cli.output import complain
from guard.enforce.begun import close_interrupted
from guard.enforce.journal import recover
from guard.enforce.places import Places
from guard.temporary import sweep
from sandbox import leftovers


def mend(places: Places) -> None:
    """Raises AuditError when it cannot be recorded."""
    log = AuditLog(places.audit)
    for note in recover(places):
        log.append({"type": "log.note", "note": text_of(note)})
        complain(note)
    for one in close_interrupted(places, log):
        complain(f"run {one.decision}: {one.problem}")
    for directory in (places.state, places.policy_cache, places.runs, places.pins):
        sweep(directory)
    leftovers.sweep()
