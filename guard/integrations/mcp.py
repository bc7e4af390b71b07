"""What the guard does with the messages between an MCP client and a server on standard streams. Starts nothing itself.

Every message of the client is read strictly and written anew, so that the server reads what was judged; `tools/call` is
decided first. A call that is not permitted is answered here, as a result with `isError`: that, the model reads.
"""

import json
import threading
from collections.abc import Callable
from typing import Any, Protocol, cast

from guard.agents.codec import PayloadError
from guard.agents.strict_json import read_object

PARSE_ERROR, INVALID_REQUEST, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32602, -32603
MAX_WAITING = 64
"""Calls that are being decided at the same time: each may wait for a person."""
Send = Callable[[bytes], None]


class Judge(Protocol):
    """Says why a call is refused; empty when it is permitted. What it raises is a refusal."""

    def __call__(self, tool: str, arguments: dict[str, Any], call: str) -> str: ...


class Relay:
    """Both directions of one connection. ``to_server`` and ``to_client`` are called under a lock, one line each."""

    def __init__(self, judge: Judge, to_server: Send, to_client: Send, tell: Callable[[str], None]) -> None:
        self._judge, self._tell = judge, tell
        self._to_server, self._to_client = to_server, to_client
        self._lock = threading.Lock()
        self._deciding: dict[str, bool] = {}
        """The id of each call in hand, as JSON; True when the client has taken it back meanwhile."""
        self._threads: list[threading.Thread] = []

    def from_client(self, line: bytes) -> None:
        """One line of the client's."""
        if not line.strip():
            return
        try:
            message = read_object(line)
        except PayloadError as error:
            batch = line.lstrip().startswith(b"[")
            why = "a batch: send each message on a line of its own" if batch else str(error)
            self._answer_error(None, INVALID_REQUEST if batch else PARSE_ERROR, f"[guard] not relayed: {why}")
            return
        match message.get("method"):
            case "tools/call":
                self._call(message)
            case "notifications/cancelled" if self._taken_back(message):
                pass
            case _:
                self._send(self._to_server, message)

    def from_server(self, line: bytes) -> None:
        """One line of the server's: what is no message is not the client's to see."""
        if not line.strip():
            return
        try:
            message: object = json.loads(line)
        except (ValueError, RecursionError):
            self._tell(f"the server printed a line that is no message, left out: {line[:80]!r}")
            return
        if not isinstance(message, dict | list):
            self._tell(f"the server printed a line that is no message, left out: {line[:80]!r}")
            return
        with self._lock:
            self._to_client(line if line.endswith(b"\n") else line + b"\n")

    def finish(self) -> None:
        """Wait for the calls in hand."""
        for thread in self._threads:
            thread.join()

    # ------------------------------------------------------------------ calls

    def _call(self, message: dict[str, Any]) -> None:
        if "id" not in message:
            # Nobody could be told what became of it, and no client sends one.
            self._tell("a tools/call without an id: not relayed")
            return
        id_ = message["id"]
        params: object = message.get("params")
        name = cast("dict[str, Any]", params).get("name") if isinstance(params, dict) else None
        arguments = cast("dict[str, Any]", params).get("arguments") if isinstance(params, dict) else None
        if (
            not isinstance(name, str)
            or not name
            or not isinstance(arguments, dict | None)
            or not isinstance(id_, str | int)
            or isinstance(id_, bool)
        ):
            self._answer_error(
                id_,
                INVALID_PARAMS,
                "[guard] not relayed: a call needs an id, a name, and arguments that are an object",
            )
            return
        key = json.dumps(id_)
        with self._lock:
            busy = len(self._deciding) >= MAX_WAITING or key in self._deciding
            if not busy:
                self._deciding[key] = False
        if busy:
            self._answer_error(id_, INTERNAL_ERROR, "[guard] not relayed: too many calls wait for a decision")
            return
        given = cast("dict[str, Any]", arguments or {})
        thread = threading.Thread(target=self._decide, args=(message, key, name, given), daemon=True)
        self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def _decide(self, message: dict[str, Any], key: str, name: str, arguments: dict[str, Any]) -> None:
        try:
            refused = self._judge(name, arguments, key)
        except Exception as error:  # noqa: BLE001 - whatever fails here is a refusal, in words
            refused = f"[guard] denied: {type(error).__name__}: {error}"
        with self._lock:
            taken_back = self._deciding.pop(key)
        if taken_back:
            return
        if refused:
            # Clients of protocols since 2026 take no result without `resultType`, and the model would not read why; a
            # result has always been free to hold more than older ones know.
            told = [{"type": "text", "text": refused}]
            result = {"resultType": "complete", "content": told, "isError": True}
            self._send(self._to_client, {"jsonrpc": "2.0", "id": message["id"], "result": result})
        else:
            self._send(self._to_server, message)

    def _taken_back(self, message: dict[str, Any]) -> bool:
        params: object = message.get("params")
        if not isinstance(params, dict):
            return False
        key = json.dumps(cast("dict[str, Any]", params).get("requestId"))
        with self._lock:
            if key not in self._deciding:
                return False
            self._deciding[key] = True
            return True

    # ------------------------------------------------------------------ lines

    def _answer_error(self, id_: object, code: int, words: str) -> None:
        error = {"code": code, "message": words}
        self._send(self._to_client, {"jsonrpc": "2.0", "id": id_, "error": error})

    def _send(self, send: Send, message: dict[str, Any]) -> None:
        line = json.dumps(message, ensure_ascii=False).encode() + b"\n"
        with self._lock:
            send(line)
