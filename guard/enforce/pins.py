"""Which law a session began under. What changes on the disk meanwhile tightens at once and loosens in the next session.

One small file for each session and workspace, written at its first call; the law itself is the compiled policy that is
kept for that digest. Where that is lost, nothing is allowed without a question until the session ends.
"""

import fcntl
import os
import time

from guard.audit.canonical import Json, text_of
from guard.audit.log import AuditLog
from guard.enforce.places import Places
from guard.errors import AuditError, PolicyFileError
from guard.faults import Point, reached
from guard.model.facts import Facts
from guard.model.hashes import sha256
from guard.model.jsons import dumps, loads
from guard.model.principal import Principal
from guard.model.typed import Callable
from guard.policy.files.compiled import kept_policy, read_kept, read_source
from guard.policy.files.locate import PolicySources
from guard.policy.files.restricted import restricted_policy
from guard.policy.rule import Policy

KEEP_S = 30 * 24 * 3600
_VERSION = 1
_LAYERS = {"pack": "builtin", "profile": "builtin", "floor": "floor", "repo": "repo", "personal": "personal"}


def session_policy(
    policy: Policy,
    problem: PolicyFileError | None,
    sources: Callable[[], PolicySources],
    principal: Principal,
    facts: Facts,
    places: Places,
    log: AuditLog,
) -> tuple[Policy, PolicyFileError | None]:
    """``policy``: what stands on the disk, in the files that ``sources`` names. AuditError: it cannot be written down."""
    path = _path(principal, facts.workspace, places)
    pinned = _pinned(path)
    if pinned is None:
        if problem is not None:
            return policy, problem  # there is no law yet that could be held to
        pinned = _begin(path, policy, sources, principal, facts, places, log)
    if pinned == policy.digest:
        return policy, problem
    from guard.policy.pinned import held_to  # noqa: PLC0415 - only where it has changed

    law, lost = law_of(pinned, places)
    held = held_to(law, policy)
    _tell_once(path, pinned, policy.digest, held.digest, principal, facts, log)
    return held, lost or problem


def law_of(digest: str, places: Places) -> tuple[Policy, PolicyFileError | None]:
    """The compiled policy with this digest; restricted mode, and what is wrong, where it is not there any more."""
    kept = kept_policy(digest, places.policy_cache) if digest.startswith("sha256:") else None
    if kept is not None:
        return kept, None
    lost = PolicyFileError(
        "the policy that this session began under is lost, and the one on the disk is another",
        place=places.policy_cache,
        help_="begin a new session",
    )
    return restricted_policy(str(lost)), lost


def changed_record(
    agent: str, session: str, workspace: str, old: str, new: str, in_force: str
) -> dict[str, Json]:
    return {
        "type": "policy.changed_on_disk",
        "agent": text_of(agent),
        "session": text_of(session),
        "workspace": text_of(workspace),
        "old": old,
        "new": new,
        "in_force": in_force,
    }


def layer_digests(policy: Policy, sources: PolicySources) -> dict[str, Json]:
    """The identity of the law, and of each layer; null where there is none. Raises PolicyFileError."""
    found: dict[str, Json] = {"digest": policy.digest}
    for name in dict.fromkeys(_LAYERS.values()):
        files = [source for source in sources.files if _LAYERS.get(source.kind) == name]
        total = sha256()
        for source in files:
            content = read_source(source)
            total.update(f"{source.path}\0{len(content)}\0".encode(errors="surrogateescape"))
            total.update(content)
        found[name] = f"sha256:{total.hexdigest()}" if files else None
    for name in ("approved_by", "pr"):
        said = next((value for layer in policy.layers if (value := getattr(layer, name))), "")
        if said:
            found[name] = text_of(said)
    return found


def _path(principal: Principal, workspace: str, places: Places) -> str:
    whose = f"{principal.agent}\0{principal.session}\0{workspace}"
    return os.path.join(places.pins, sha256(whose.encode(errors="surrogateescape")).hexdigest()[:32])


def _pinned(path: str) -> str | None:
    """The digest; None at the first call. A file that is not ours, or not whole, names no law that is kept."""
    kept = read_kept(path)
    if kept is None:
        return "?" if os.path.lexists(path) else None
    try:
        data = loads(kept)
        return str(data["digest"]) if data["version"] == _VERSION else "?"
    except (ValueError, KeyError, TypeError, RecursionError):
        return "?"


def _begin(
    path: str,
    policy: Policy,
    sources: Callable[[], PolicySources],
    principal: Principal,
    facts: Facts,
    places: Places,
    log: AuditLog,
) -> str:
    """The first call of a session. Two that come at once begin under the same law: the first one's."""
    law: dict[str, Json]
    try:
        law = layer_digests(policy, sources())
    except PolicyFileError:
        law = {"digest": policy.digest}  # one of them is gone in this moment; which law it is, is known
    # With the decision that follows it reaches the disk.
    log.append(
        {
            "type": "session.started",
            "mode": "hook",
            "agent": text_of(principal.agent),
            "session": text_of(principal.session),
            "level": facts.level.value,
            "workspace": text_of(facts.workspace),
            "policy": law,
        },
        durable=False,
    )
    from guard.temporary import temporary  # noqa: PLC0415 - once for a session

    early = temporary(path)
    try:
        places.make(places.pins)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(early, flags, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(dumps({"version": _VERSION, "digest": policy.digest}))
            file.flush()
            os.fsync(descriptor)
        reached(Point.PIN_WRITTEN)
        try:
            os.link(early, path)
        except FileExistsError:
            return _pinned(path) or "?"
        finally:
            os.unlink(early)
        reached(Point.PIN_PLACED)
        _forget_old(places.pins)
    except OSError as error:
        raise AuditError(
            f"{path}: which policy this session begins under cannot be noted: {(error.strerror or '').lower()}",
            help_="free space or repair permissions; until then nothing is allowed",
        ) from error
    return policy.digest


def _forget_old(directory: str) -> None:
    before = time.time_ns() - KEEP_S * 1_000_000_000
    with os.scandir(directory) as entries:
        paths = [entry.path for entry in entries]
    for path in paths:
        try:
            if os.lstat(path).st_mtime_ns >= before:
                continue
            os.unlink(path)
        except FileNotFoundError:
            continue  # another session has just placed its own, or was quicker
        reached(Point.PIN_FORGOTTEN)


def _tell_once(
    path: str, old: str, new: str, in_force: str, principal: Principal, facts: Facts, log: AuditLog
) -> None:
    """The record of a change, once for each that a session meets. Raises AuditError."""
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(f"{path}.told", flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if new.encode() in os.read(descriptor, 1 << 20).split(b"\n"):
                return
            log.append(
                changed_record(principal.agent, principal.session, facts.workspace, old, new, in_force)
            )
            # A crash in between tells it twice, and never not at all.
            os.write(descriptor, new.encode() + b"\n")
            reached(Point.PIN_TOLD)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise AuditError(
            f"{path}: that the policy has changed cannot be noted: {(error.strerror or '').lower()}",
            help_="free space or repair permissions; until then nothing is allowed",
        ) from error
