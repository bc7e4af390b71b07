"""What the proxy decided, as lines in memory that outlive it: its caller reads them even after a crash."""

import json
import os
from dataclasses import asdict, fields
from typing import Any

from sandbox.result import Connection, Connections

MAX_ENTRIES = 1000
MAX_TEXT = 256
_FIELDS = frozenset(field.name for field in fields(Connection))


class Journal:
    """Appends; past ``MAX_ENTRIES`` it only counts."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor, self._count, self._more = descriptor, 0, 0

    def decided(self, connection: Connection) -> int:
        """Returns the number of the entry, or -1 past the bound."""
        if self._count >= MAX_ENTRIES:
            self._more += 1
            # Rarely, so that the file stays small; exactly, when we end in order.
            if self._more & (self._more - 1) == 0:
                self._write({"more": self._more})
            return -1
        self._count += 1
        entry = {
            key: value[:MAX_TEXT] if isinstance(value, str) else value
            for key, value in asdict(connection).items()
        }
        self._write({"id": self._count, **entry})
        return self._count

    def reached(self, number: int, address: str) -> None:
        self._change(number, address=address)

    def failed(self, number: int, why: str, detail: str) -> None:
        """It was refused after all, or came to nothing."""
        self._change(number, why=why, detail=detail[:MAX_TEXT])

    def ended(self, number: int, *, sent: int, received: int) -> None:
        if sent or received:
            self._change(number, sent=sent, received=received)

    def _change(self, number: int, **fields: str | int) -> None:
        if number > 0:
            self._write({"id": number, **fields})

    def close(self) -> None:
        if self._more:
            self._write({"more": self._more})

    def _write(self, line: dict[str, Any]) -> None:
        os.write(self._descriptor, json.dumps(line).encode() + b"\n")


ALLOWED_ALL_THE_SAME = frozenset(("unreachable", "bad-answer"))
"""Reasons that come after the decision and do not change it."""


def read(content: bytes) -> Connections:
    """What is no entry is what the proxy said when it broke."""
    found: dict[int, dict[str, Any]] = {}
    more, said = 0, list[str]()
    for raw in content.splitlines():
        try:
            line: dict[str, Any] = json.loads(raw)
            number = line.pop("id", 0)
            more = line.pop("more", more)
        except (ValueError, AttributeError):
            said.append(raw.decode(errors="replace"))
            continue
        if number:
            found.setdefault(number, {}).update(line)
            why = line.get("why", "")
            if why and why not in ALLOWED_ALL_THE_SAME:
                found[number]["allowed"] = False
    entries = tuple(
        Connection(**{key: value for key, value in entry.items() if key in _FIELDS})
        for entry in found.values()
    )
    return Connections(entries=entries, more=more, problem=said[-1][:MAX_TEXT] if said else "")
