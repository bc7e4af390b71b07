"""How often rules have denied a session, and when that ends it: whoever meets one wall again and again seeks a way round.

One line for each denial, only ever appended: processes need not agree, and a crash loses no count. A session that
was never denied has no file.
"""

import os

from guard.enforce.places import Places
from guard.model.dataclass import dataclass, field
from guard.model.hashes import sha256
from guard.model.jsons import dumps, loads
from guard.model.principal import Principal

MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    agent: str
    session: str
    denied: dict[str, int] = field(default_factory=dict[str, int])
    """How often by each rule, since a person last unlocked it."""
    limit: int = 0
    """That was in force when it was last denied."""

    def locked_by(self, limit: int) -> str:
        """The rule that has denied it ``limit`` times; empty while none has, or without a limit."""
        most = max(self.denied, key=lambda rule: (self.denied[rule], rule), default="")
        return most if limit and most and self.denied[most] >= limit else ""


def session_of(principal: Principal, places: Places) -> Session:
    """What is known of it. Raises OSError when it cannot be read."""
    empty = Session(agent=principal.agent, session=principal.session)
    return _read(_path(principal.agent, principal.session, places), empty) if principal.session else empty


def note_denial(principal: Principal, rule: str, limit: int, places: Places) -> Session:
    """One more. Raises OSError."""
    _append(places, principal.agent, principal.session, {"rule": rule, "limit": limit})
    return session_of(principal, places)


def unlock(session: Session, places: Places) -> None:
    """Begin to count anew. Raises OSError."""
    _append(places, session.agent, session.session, {"unlocked": os.getuid()})


def all_sessions(places: Places) -> tuple[Session, ...]:
    """Every session that was ever denied anything, the latest denial last."""
    try:
        with os.scandir(places.sessions) as entries:
            files = sorted((entry.stat().st_mtime_ns, entry.path) for entry in entries if entry.is_file())
    except FileNotFoundError:
        return ()
    return tuple(_read(path, Session(agent="?", session="?")) for _, path in files)


def _path(agent: str, session: str, places: Places) -> str:
    name = sha256(f"{agent}\0{session}".encode(errors="surrogateescape")).hexdigest()[:32]
    return os.path.join(places.sessions, name)


def _append(places: Places, agent: str, session: str, what: dict[str, object]) -> None:
    places.make(places.sessions)
    line = dumps({"agent": agent, "session": session, **what}) + "\n"
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(_path(agent, session, places), flags, 0o600)
    try:
        # What a crash left of a line must not swallow this one.
        os.write(descriptor, ("\n" + line).encode(errors="surrogateescape"))
    finally:
        os.close(descriptor)


def _read(path: str, empty: Session) -> Session:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return empty
    with open(descriptor, "rb") as file:
        lines = file.read(MAX_BYTES).split(b"\n")
    agent, session = empty.agent, empty.session
    denied: dict[str, int] = {}
    limit = 0
    for line in lines:
        if not line:
            continue
        try:
            found = loads(line.decode(errors="surrogateescape"))
            agent, session = str(found["agent"]), str(found["session"])
            if "unlocked" in found:
                denied.clear()
                continue
            rule, limit = str(found["rule"]), int(found["limit"])
        except (ValueError, KeyError, TypeError):
            # A line that a crash cut was a denial, and counts as one of no rule that anybody knows.
            rule = "?"
        denied[rule] = denied.get(rule, 0) + 1
    return Session(agent=agent, session=session, denied=denied, limit=limit)
