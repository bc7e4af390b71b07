"""Asks that wait for a person in another terminal, and what that person granted: files of the guard's own state.

A grant names one exact action by its digest and is taken by whoever removes its file first: of two processes one wins.
What is expired, malformed, or not ours alone is no grant. Nothing here decides: ``guard.engine.granted`` compares.
"""

import os
import time

from guard.audit.canonical import Json, text_of
from guard.audit.log import AuditLog
from guard.audit.record import decision_record
from guard.audit.redact import Redactor
from guard.enforce.places import Places
from guard.engine.granted import asked_digest
from guard.engine.stages import Decided
from guard.faults import Point, reached
from guard.model.dataclass import dataclass
from guard.model.effect import DeletePath, WritePath
from guard.model.hashes import sha256
from guard.model.jsons import dumps, loads
from guard.model.principal import Principal
from guard.model.typed import Any
from guard.policy.files.compiled import read_kept
from guard.temporary import sweep, temporary

TTL_S = 600
"""For an ask to be answered, and for a grant to be used."""
SESSION_S = 3600
"""For a grant that a session may use again."""
MOST = 200
"""Asks that wait; an agent can ask as often as it likes."""
_VERSION = 1
_ABOVE = 16
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingAsk:
    """What somebody was not permitted without a person."""

    digest: str
    decision: int
    """Number of the decision's record."""
    at: int
    """Seconds of the clock."""
    agent: str
    session: str
    terminal: int
    """The controlling terminal of who asked, as the kernel numbers it; 0 = none."""
    workspace: str
    shown: dict[str, Any]
    """``call``, ``effects`` and ``decision`` as the record has them, secrets taken out; ``losses`` in numbers."""

    @property
    def id(self) -> str:
        return self.digest[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A person's yes."""

    digest: str
    decision: int
    """The ask that it answers."""
    by: str
    surface: str
    at: int
    until: int
    agent: str = ""
    session: str = ""
    """Empty: for whoever comes with this action, once. Else for this session, as often as it comes until then."""

    @property
    def scope(self) -> str:
        return "session" if self.session else "once"

    def json(self) -> dict[str, Json]:
        return {
            "version": _VERSION,
            "digest": self.digest,
            "decision": self.decision,
            "by": self.by,
            "surface": self.surface,
            "at": self.at,
            "until": self.until,
            "agent": self.agent,
            "session": self.session,
        }


# ---------------------------------------------------------------------- asks


def digest_of(decided: Decided) -> str:
    return asked_digest(decided.analysed, decided.effects, decided.facts, decided.policy_digest)


def file_ask(decided: Decided, decision: int, places: Places) -> PendingAsk | None:
    """So that a person can be shown it. None where it cannot be kept: then nobody answers, and that is a no."""
    principal = decided.analysed.proposal.principal
    record = decision_record(decided, Redactor.open(places.state))
    ask = PendingAsk(
        digest=digest_of(decided),
        decision=decision,
        at=_now(),
        agent=principal.agent,
        session=principal.session,
        terminal=terminal_above("self"),
        workspace=decided.facts.workspace,
        shown={
            **{name: record[name] for name in ("call", "effects", "effects_total", "decision")},
            "losses": _losses(decided),
            "reviewer": _second(decided),
        },
    )
    data: dict[str, object] = {
        "version": _VERSION,
        "digest": ask.digest,
        "decision": decision,
        "at": ask.at,
        "agent": text_of(ask.agent),
        "session": text_of(ask.session),
        "terminal": ask.terminal,
        "workspace": text_of(ask.workspace),
        "shown": ask.shown,
    }
    try:
        places.make(places.approvals)
        places.make(places.asked)
        _make_room(places)
        _place(os.path.join(places.asked, ask.digest), data)
    except OSError:
        return None
    return ask


def asks(places: Places) -> tuple[PendingAsk, ...]:
    """Those that still wait, the oldest first. Raises OSError."""
    found = [ask for name in _names(places.asked) if (ask := _ask(os.path.join(places.asked, name)))]
    now = _now()
    return tuple(sorted((a for a in found if a.at <= now < a.at + TTL_S), key=lambda a: (a.at, a.digest)))


def is_asked(digest: str, places: Places) -> bool:
    """Whether it still waits."""
    return os.path.lexists(os.path.join(places.asked, digest))


def withdraw(digest: str, places: Places) -> None:
    """It waits no longer. Raises OSError."""
    _remove(os.path.join(places.asked, digest))


def _second(decided: Decided) -> str:
    """What a model said of it, in words; empty where none was asked."""
    if decided.facts.advice is None:
        return ""
    from guard.engine.advised import advice_words  # noqa: PLC0415 - only where a model was asked

    return advice_words(decided.facts.advice)


def _losses(decided: Decided) -> list[Json]:
    out: list[Json] = []
    for effect in decided.effects:
        if isinstance(effect, DeletePath | WritePath) and effect.path.loss is not None:
            loss = effect.path.loss
            out.append(
                {
                    "path": text_of(effect.path.given),
                    "files": loss.files,
                    "bytes": loss.bytes,
                    "untracked": loss.untracked,
                    "ignored": loss.ignored,
                    "modified": loss.modified,
                }
            )
    return out[:20]


def _make_room(places: Places) -> None:
    waiting = _names(places.asked)
    if len(waiting) < MOST:
        return
    paths = [os.path.join(places.asked, name) for name in waiting]
    for path in sorted(paths, key=os.path.getmtime)[: len(paths) - MOST + 1]:
        _remove(path)


def _ask(path: str) -> PendingAsk | None:
    data = _read(path)
    try:
        if data is None or data["digest"] != os.path.basename(path) or data["shown"].__class__ is not dict:
            return None
        return PendingAsk(
            digest=data["digest"],
            decision=int(data["decision"]),
            at=int(data["at"]),
            agent=_text(data["agent"]),
            session=_text(data["session"]),
            terminal=int(data["terminal"]),
            workspace=_text(data["workspace"]),
            shown=data["shown"],
        )
    except (KeyError, TypeError, ValueError):
        return None


# ---------------------------------------------------------------------- grants


def grant(ask: PendingAsk, places: Places, log: AuditLog, *, by: str, surface: str, session: bool) -> Grant:
    """A person's yes to it. Durable in the log before it counts. Raises AuditError, OSError."""
    now = _now()
    session = session and bool(ask.session)
    made = Grant(
        digest=ask.digest,
        decision=ask.decision,
        by=by,
        surface=surface,
        at=now,
        until=now + (SESSION_S if session else TTL_S),
        agent=ask.agent if session else "",
        session=ask.session if session else "",
    )
    log.append({"type": "approval.granted", **_noted(made), "until": made.until})
    _give(made, places)
    withdraw(ask.digest, places)
    return made


def open_grants(decided: Decided, places: Places) -> frozenset[str]:
    """The digest of what was asked, where somebody has granted it and nobody used it up; else nothing."""
    digest = digest_of(decided)
    principal = decided.analysed.proposal.principal
    return frozenset((digest,)) if _standing(digest, principal, places) else frozenset()


def take(decided: Decided, decision: int, places: Places, log: AuditLog) -> Grant | None:
    """Use it up, for the decision with this number. None: somebody was quicker, or it has ended meanwhile.

    Raises AuditError, OSError: then it is gone, and nothing may run.
    """
    digest, principal = digest_of(decided), decided.analysed.proposal.principal
    found = _standing(digest, principal, places)
    if found is None:
        return None
    if not found.session:
        try:
            # INVARIANT: of all who come, the one whose call removes the name has it.
            os.unlink(_path(digest, Principal(agent=""), places))
            reached(Point.APPROVAL_TAKEN)
        except FileNotFoundError:
            return None
    # Of a `guard approve` that ended in between.
    _remove(os.path.join(places.asked, digest))
    log.append({"type": "approval.used", **_noted(found), "used_by": decision})
    return found


def lend(decided: Decided, places: Places) -> None:
    """A grant of this session, once, for the command that the agent is told to run instead. Raises OSError."""
    digest, principal = digest_of(decided), decided.analysed.proposal.principal
    nobody = Principal(agent="")
    found = _standing(digest, principal, places)
    if found is None or not found.session or _standing(digest, nobody, places) is not None:
        return
    now = _now()
    _give(
        Grant(
            digest=digest,
            decision=found.decision,
            by=found.by,
            surface=found.surface,
            at=now,
            until=min(found.until, now + TTL_S),
        ),
        places,
    )


def expire(places: Places, log: AuditLog) -> int:
    """Remove and record the grants that nobody used in time, and the asks that nobody answered. Raises OSError, AuditError."""
    now, ended = _now(), 0
    for directory in (places.asked, places.granted):
        sweep(directory)
    for name in _names(places.granted):
        path = os.path.join(places.granted, name)
        found = _grant(path)
        if found is not None and found.at <= now < found.until:
            continue
        if not _remove(path):
            continue
        ended += 1
        if found is not None:
            log.append({"type": "approval.expired", **_noted(found)})
    for name in _names(places.asked):
        path = os.path.join(places.asked, name)
        ask = _ask(path)
        if ask is None or not ask.at <= now < ask.at + TTL_S:
            _remove(path)
    return ended


def _standing(digest: str, principal: Principal, places: Places) -> Grant | None:
    now = _now()
    for whose in dict.fromkeys((Principal(agent=""), principal)):
        found = _grant(_path(digest, whose, places))
        if (
            found is not None
            and found.digest == digest
            and found.at <= now < found.until
            and (not found.session or (found.agent, found.session) == (principal.agent, principal.session))
        ):
            return found
    return None


def _path(digest: str, principal: Principal, places: Places) -> str:
    """Of a grant for anybody, or of one for the session of ``principal``."""
    if not principal.session:
        return os.path.join(places.granted, digest)
    whose = sha256(f"{principal.agent}\0{principal.session}".encode(errors="surrogateescape")).hexdigest()
    return os.path.join(places.granted, f"{digest}-{whose[:32]}")


def _give(made: Grant, places: Places) -> None:
    places.make(places.approvals)
    places.make(places.granted)
    _place(
        _path(made.digest, Principal(agent=made.agent, session=made.session), places),
        {**made.json(), "agent": text_of(made.agent), "session": text_of(made.session)},
    )


def _grant(path: str) -> Grant | None:
    data = _read(path)
    try:
        if data is None:
            return None
        return Grant(
            digest=_digest(data["digest"]),
            decision=int(data["decision"]),
            by=str(data["by"]),
            surface=str(data["surface"]),
            at=int(data["at"]),
            until=int(data["until"]),
            agent=_text(data["agent"]),
            session=_text(data["session"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _noted(one: Grant) -> dict[str, Json]:
    return {
        "digest": one.digest,
        "decision": one.decision,
        "by": one.by,
        "surface": one.surface,
        "scope": one.scope,
        "agent": text_of(one.agent),
        "session": text_of(one.session),
    }


# ---------------------------------------------------------------------- files


def terminal_of(pid: str) -> int:
    """The number of its controlling terminal; 0 = none, or nobody can tell."""
    return _stat(pid)[1]


def terminal_above(pid: str) -> int:
    """The first terminal on the way from a process up: an agent starts its hooks in sessions of their own."""
    for _ in range(_ABOVE):
        parent, terminal = _stat(pid)
        if terminal or parent <= 1:
            return terminal
        pid = str(parent)
    return 0


def _stat(pid: str) -> tuple[int, int]:
    """Who started it, and its controlling terminal."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            words = file.read().rpartition(b")")[2].split()
        return int(words[1]), int(words[4])
    except (OSError, ValueError, IndexError):
        return 0, 0


def _now() -> int:
    return time.time_ns() // 1_000_000_000


def _names(directory: str) -> list[str]:
    try:
        return [name for name in os.listdir(directory) if not set(name) - _HEX - {"-"}]
    except FileNotFoundError:
        return []


def _read(path: str) -> dict[str, Any] | None:
    """What we wrote there ourselves."""
    kept = read_kept(path)
    if kept is None:
        return None
    try:
        data = loads(kept)
    except (ValueError, RecursionError):
        return None
    return data if data.__class__ is dict and data.get("version") == _VERSION else None


def _place(path: str, data: "dict[str, object] | dict[str, Json]") -> None:
    early = temporary(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(early, flags, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(dumps(data))
        file.flush()
        os.fsync(descriptor)
    reached(Point.APPROVAL_WRITTEN)
    os.replace(early, path)
    reached(Point.APPROVAL_PLACED)


def _remove(path: str) -> bool:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return False
    reached(Point.APPROVAL_TAKEN)
    return True


def _digest(value: object) -> str:
    text = str(value)
    if len(text) != 64 or set(text) - _HEX:
        raise ValueError(text)
    return text


def _text(value: object) -> str:
    """As ``text_of`` kept it."""
    if isinstance(value, str):
        return value
    from base64 import b64decode  # noqa: PLC0415 - names that are not text are rare

    raw: Any = value
    return b64decode(raw["b64"]).decode(errors="surrogateescape")
