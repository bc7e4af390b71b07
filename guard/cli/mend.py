"""What every command that touches changes does first: finish what a crash interrupted, say so, record it."""

from guard.audit.canonical import text_of
from guard.audit.log import AuditLog
from guard.cli.output import complain
from guard.enforce.journal import recover
from guard.enforce.places import Places


def mend(places: Places) -> None:
    """Raises AuditError when it cannot be recorded."""
    for note in recover(places):
        AuditLog(places.audit).append({"type": "log.note", "note": text_of(note)})
        complain(note)
