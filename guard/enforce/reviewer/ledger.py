"""How often a session's questions went to a reviewer, and what that has cost: one line for each call, only ever appended.

What a call may cost at most is written down before it is made, and what it did cost afterwards: a crash in between has
spent the most. A session that never asked has no file.
"""

import fcntl
import os
from typing import Self

from guard.enforce.places import Places
from guard.model.hashes import sha256
from guard.model.jsons import dumps, loads
from guard.model.principal import Principal
from guard.policy.rule import Reviewer

_MAX_BYTES = 4 * 1024 * 1024
_PER_MILLION = 1_000_000


def price(reviewer: Reviewer, input_tokens: int, output_tokens: int) -> int:
    """In millionths of a dollar, rounded up."""
    spent = input_tokens * reviewer.input_price + output_tokens * reviewer.output_price
    return -(-spent // _PER_MILLION)


def reserve(principal: Principal, today: str, most: int, reviewer: Reviewer, places: Places) -> str:
    """Empty where one more call is within the limits, which is then counted; else which limit it is. Raises OSError."""
    with _open(principal, today, places) as file:
        calls, spent = _sum(file.read(_MAX_BYTES + 1), reviewer.max_cost)
        if calls >= reviewer.max_calls:
            return f"this session has asked {calls} times, and `max_calls` is {reviewer.max_calls}"
        if reviewer.max_cost and spent + most > reviewer.max_cost:
            return "this session would cost more than `max_usd` with one more question"
        file.write(f"\n{dumps({'most': most})}\n".encode())
    return ""


def settle(principal: Principal, today: str, most: int, cost: int, places: Places) -> None:
    """What it did cost, where that is known. Raises OSError."""
    with _open(principal, today, places) as file:
        file.write(f"\n{dumps({'back': most - cost})}\n".encode())


def _sum(content: bytes, limit: int) -> tuple[int, int]:
    calls = spent = 0
    # What is too long to be counted, or what a crash has cut, has cost all there was.
    if len(content) > _MAX_BYTES:
        return 1 << 30, limit
    for line in content.split(b"\n"):
        if not line:
            continue
        try:
            found = loads(line.decode())
            if "back" in found:
                spent -= int(found["back"])
            else:
                calls, spent = calls + 1, spent + int(found["most"])
        except (ValueError, KeyError, TypeError):
            calls, spent = calls + 1, spent + limit
    return calls, spent


class _open:  # noqa: N801 - reads as a call
    """The session's file, ours alone as long as it is open; what is written goes to its end."""

    def __init__(self, principal: Principal, today: str, places: Places) -> None:
        # Who has no session counts by the day.
        whose = f"{principal.agent}\0{principal.session or today}"
        name = sha256(whose.encode(errors="surrogateescape")).hexdigest()[:32]
        places.make(places.reviews)
        places.make(os.path.join(places.reviews, "calls"))
        self._path = os.path.join(places.reviews, "calls", name)

    def __enter__(self) -> Self:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        return self

    def read(self, most: int) -> bytes:
        blocks: list[bytes] = []
        size = 0
        while size < most and (block := os.read(self._descriptor, most - size)):
            blocks.append(block)
            size += len(block)
        return b"".join(blocks)

    def write(self, line: bytes) -> None:
        os.write(self._descriptor, line)

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
