"""A question put to a model, before it is put to a person: within its limits, on the record, and in time.

Whatever goes wrong is no answer, and the question is the same as before. What was answered is kept for a while, for
exactly the same action: a command that is rewritten to run in a sandbox is decided once more.
"""

import os
import subprocess
import sys
import time

from guard.audit.canonical import Json
from guard.audit.canonical import digest as digest_of_json
from guard.audit.log import AuditLog
from guard.audit.redact import Redactor
from guard.enforce.places import Places
from guard.enforce.reviewer.answer import Answer, one_line, read
from guard.enforce.reviewer.ledger import price, reserve, settle
from guard.enforce.reviewer.prompt import MAX_CHARS, MAX_TOKENS, SYSTEM, request_of
from guard.enforce.reviewer.told import Told, told_of
from guard.engine.decide import judge_effects
from guard.engine.granted import asked_digest
from guard.engine.stages import Decided
from guard.model.advice import Advice
from guard.model.dataclass import dataclass, replace
from guard.model.decision import Ask
from guard.model.hashes import sha256
from guard.model.jsons import dumps, loads
from guard.model.typed import Any
from guard.model.verdict import Verdict
from guard.policy.files.compiled import keep, read_kept
from guard.policy.rule import Policy, Reviewer

KEY = "ANTHROPIC_API_KEY"
BASE_URL = "ANTHROPIC_BASE_URL"
KEPT_S = 600
"""For which an answer counts for the same action again."""
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Came:
    """What came back: a body, or a problem."""

    body: str = ""
    problem: str = ""
    status: int = 0
    """Of HTTP, where the server refused; 0 otherwise."""
    request: str = ""


def read_again(decided: Decided, policy: Policy, places: Places, log: AuditLog) -> Decided:
    """The same, with what the policy's reviewer says of it. Only a question is put to one. Raises AuditError."""
    reviewer = policy.reviewer
    if reviewer is None or not isinstance(decided.decision, Ask):
        return decided
    digest = asked_digest(decided.analysed, decided.effects, decided.facts, policy.digest)
    path = _path(digest, reviewer, places)
    advice = _kept(path, digest)
    if advice is None:
        advice = _consulted(decided, digest, reviewer, places, log)
        if not advice.problem:
            _keep(path, advice)
    facts = replace(decided.facts, advice=advice)
    return judge_effects(decided.analysed, decided.effects, facts, policy)


def _consulted(decided: Decided, digest: str, reviewer: Reviewer, places: Places, log: AuditLog) -> Advice:
    principal = decided.analysed.proposal.principal
    places.make(places.state)
    told = told_of(decided, reviewer.send, Redactor.open(places.state))
    request = request_of(told.data, model=reviewer.model, marker=os.urandom(16).hex())
    question: str = request["messages"][0]["content"]
    most = price(reviewer, len(dumps(request)), MAX_TOKENS)
    key, why = _may_ask(question, reviewer)
    if not why:
        try:
            why = reserve(principal, decided.facts.today, most, reviewer, places)
        except OSError as error:
            why = f"its calls cannot be counted: {(error.strerror or '').lower()}"
    asked = log.append(
        {
            "type": "review.asked",
            "digest": digest,
            "agent": principal.agent,
            "session": one_line(principal.session),
            "model": reviewer.model,
            "base_url": reviewer.base_url,
            "system": "sha256:" + sha256(SYSTEM.encode()).hexdigest(),
            "prompt": question if not why else "",
            "whole": told.whole,
            "most": most,
        }
    )
    if why:
        return _written(Answer(problem=why), digest, asked.seq, reviewer.model, told, log)
    begun = time.monotonic()
    came = _ask(request, key, reviewer)
    took_ms = int((time.monotonic() - begun) * 1000)
    answer = Answer(problem=came.problem) if came.problem else read(came.body)
    cost = _cost(answer, came, reviewer, most)
    try:
        settle(principal, decided.facts.today, most, cost, places)
    except OSError:
        cost = most  # it stays written down as what it may have cost at most
    return _written(
        answer,
        digest,
        asked.seq,
        reviewer.model,
        told,
        log,
        ms=took_ms,
        cost=cost,
        request=one_line(came.request, 100),
    )


def _may_ask(question: str, reviewer: Reviewer) -> tuple[str, str]:
    """The key, or why nobody is asked."""
    key, elsewhere = os.environ.get(KEY, ""), os.environ.get(BASE_URL, "").rstrip("/")
    if not key:
        return "", f"{KEY} is not set where the guard runs"
    if not key.isascii() or not key.isprintable():
        return "", f"{KEY} is no key"
    if elsewhere and elsewhere != reviewer.base_url:
        # A hook has the variables of its client, and those a repository can set; and this key may be for that address.
        return "", f"{BASE_URL} names another address than the policy's `reviewer: base_url`"
    if len(question) > MAX_CHARS:
        return "", "the question is too long"
    return key, ""


def _start(order: bytes, timeout_s: int) -> bytes:
    """What the process said that asks the server. Raises OSError, subprocess.TimeoutExpired."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
    paths = dumps([root, *[entry for entry in sys.path if entry]])
    start = (
        f"import sys; sys.path[:0] = {paths}; from guard.integrations.reviewer import main; sys.exit(main())"
    )
    return subprocess.run(
        [sys.executable, "-I", "-c", start],
        input=order,
        capture_output=True,
        timeout=timeout_s,
        env={},
        check=False,
    ).stdout


def _ask(request: dict[str, Any], key: str, reviewer: Reviewer) -> _Came:
    order = dumps(
        {"key": key, "base_url": reviewer.base_url, "timeout_s": reviewer.timeout_s, "request": request}
    )
    try:
        heard = _start(order.encode(), reviewer.timeout_s)
    except subprocess.TimeoutExpired:
        return _Came(problem=f"no answer within {reviewer.timeout_s} s")
    except OSError as error:
        return _Came(problem=f"it could not be asked: {(error.strerror or '').lower()}")
    try:
        said = loads(heard.decode())
        came = _Came(
            body=str(said.get("body", "")),
            problem=one_line(str(said.get("problem", ""))),
            status=int(said.get("status", 0)),
            request=str(said.get("request", "")),
        )
    except (ValueError, TypeError, AttributeError, RecursionError):
        return _Came(problem="what asked it ended and said nothing")
    return came if came.body or came.problem else replace(came, problem="it said nothing")


def _cost(answer: Answer, came: _Came, reviewer: Reviewer, most: int) -> int:
    """What it cost, and the most that it may have where nobody knows."""
    if came.status:
        return 0
    if answer.input_tokens < 0 or answer.output_tokens < 0:
        return most
    return price(reviewer, answer.input_tokens, answer.output_tokens)


def _written(
    answer: Answer,
    digest: str,
    asked: int,
    model: str,
    told: Told,
    log: AuditLog,
    *,
    ms: int = 0,
    cost: int = 0,
    request: str = "",
) -> Advice:
    """Durable in the log before it counts."""
    verdict = answer.counts_as(told_all=told.whole)
    said: dict[str, Json] = {
        "does": answer.does,
        "risk": answer.risk,
        "recommendation": answer.recommendation.value,
        "confidence": answer.confidence,
    }
    record: dict[str, Json] = {
        "type": "review.answered",
        "asked": asked,
        "digest": digest,
        "problem": answer.problem,
        "counts_as": verdict.value,
        "ms": ms,
        "cost": cost,
        "response": {
            "id": answer.id,
            "model": answer.model,
            "stop": answer.stop,
            "input_tokens": answer.input_tokens,
            "output_tokens": answer.output_tokens,
            "request": request,
        },
    }
    if not answer.problem:
        record["answer"] = said
    number = log.append(record).seq
    if answer.problem:
        return Advice(digest=digest, record=number, problem=answer.problem)
    return Advice(
        digest=digest,
        record=number,
        model=model,
        verdict=verdict,
        says=answer.does,
        risk=answer.risk,
        confidence=answer.confidence,
    )


# ---------------------------------------------------------------------- what was answered before


def _path(digest: str, reviewer: Reviewer, places: Places) -> str:
    """Another model, or one that is told something else, was never asked."""
    who = digest_of_json(
        [reviewer.model, reviewer.base_url, [*reviewer.send], sha256(SYSTEM.encode()).hexdigest()]
    )
    return os.path.join(places.reviews, "answers", f"{digest}-{who.removeprefix('sha256:')[:16]}")


def _keep(path: str, advice: Advice) -> None:
    data = {
        "version": _VERSION,
        "at": _now(),
        "digest": advice.digest,
        "record": advice.record,
        "model": advice.model,
        "verdict": advice.verdict.value,
        "says": advice.says,
        "risk": advice.risk,
        "confidence": advice.confidence,
    }
    try:
        _make_room(os.path.dirname(path))
        keep(path, dumps(data))
    except OSError:
        return  # then it is asked again


def _kept(path: str, digest: str) -> Advice | None:
    text = read_kept(path)
    if text is None:
        return None
    try:
        data = loads(text)
        if data["version"] != _VERSION or data["digest"] != digest or not 0 <= _now() - data["at"] < KEPT_S:
            return None
        return Advice(
            digest=digest,
            record=int(data["record"]),
            model=str(data["model"]),
            verdict=Verdict(data["verdict"]),
            says=str(data["says"]),
            risk=str(data["risk"]),
            confidence=int(data["confidence"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _make_room(directory: str) -> None:
    """What counts no longer goes."""
    try:
        names = os.listdir(directory)
    except FileNotFoundError:
        return
    for name in names:
        path = os.path.join(directory, name)
        try:
            if os.stat(path).st_mtime + KEPT_S < _now():
                os.unlink(path)
        except FileNotFoundError:
            continue


def _now() -> int:
    return time.time_ns() // 1_000_000_000
