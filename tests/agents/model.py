"""A test double of a model's server on 127.0.0.1: it proposes the tool calls of a script, one turn after the other.

It speaks as much of the Messages API as clients need. Which turn comes next is read from the request alone, so that a
client may ask again, and side questions (a title, a summary) do not move the script.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LAST_WORDS = "that is all"
_SAID: dict[str, Any] = {"role": "assistant", "content": []}
_USAGE = {"input_tokens": 1, "output_tokens": 1}


@dataclass
class Model:
    """``script``: one tool call for each turn, as name and input."""

    script: list[tuple[str, dict[str, Any]]]
    port: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)
    """Of the conversation itself, those with tools, as they came."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def results(self) -> list[tuple[str, bool]]:
        """What the model was told about each call, in order: the text, and whether it was called an error."""
        longest = max(self.requests, key=lambda request: len(request["messages"]), default={"messages": []})
        return [
            (_text(block.get("content")), bool(block.get("is_error")))
            for message in longest["messages"]
            if message["role"] == "user" and isinstance(message["content"], list)
            for block in message["content"]
            if block.get("type") == "tool_result"
        ]

    def answer(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        """The blocks of the next turn."""
        continues = request.get("thread", {}).get("type") == "continue"
        if not request.get("tools") and not continues:
            return [{"type": "text", "text": "fine"}]
        if continues:
            # Newer SDKs leave the conversation with the server, and send what is new.
            request = {**request, "messages": [*self.requests[-1]["messages"], _SAID, *request["messages"]]}
        self.requests.append(request)
        turn = sum(message["role"] == "assistant" for message in request["messages"])
        if turn >= len(self.script):
            return [{"type": "text", "text": LAST_WORDS}]
        name, given = self.script[turn]
        return [{"type": "tool_use", "id": f"toolu_{turn:04}", "name": name, "input": given}]


@contextmanager
def serving(*script: tuple[str, dict[str, Any]]) -> Iterator[Model]:
    model = Model(list(script))

    class Handler(_Handler):
        asked = model

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    model.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield model
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    return "".join(block.get("text", "") for block in content or ())


def _events(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The same message, told piece by piece."""
    blocks, stop = message["content"], message["stop_reason"]
    yield {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}}
    for index, block in enumerate(blocks):
        if block["type"] == "text":
            empty, delta = {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}
        else:
            empty = {**block, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        yield {"type": "content_block_start", "index": index, "content_block": empty}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": stop, "stop_sequence": None},
        "usage": {"output_tokens": 1},
    }
    yield {"type": "message_stop"}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked: Model

    def do_HEAD(self) -> None:
        self._send(b"", "text/plain")

    def do_GET(self) -> None:
        self._send(b"{}", "application/json", 404)

    def do_POST(self) -> None:
        request = json.loads(self._body() or b"{}")
        path = self.path.split("?")[0]
        if path.endswith("/count_tokens"):
            self._send(b'{"input_tokens": 1}', "application/json")
            return
        if not path.endswith("/messages"):
            self._send(b"{}", "application/json", 404)
            return
        blocks = self.asked.answer(request)
        message = {
            "id": f"msg_{len(self.asked.requests):04}",
            "type": "message",
            "role": "assistant",
            "model": request.get("model", ""),
            "content": blocks,
            "stop_reason": "tool_use" if blocks[0]["type"] == "tool_use" else "end_turn",
            "stop_sequence": None,
            "usage": _USAGE,
        }
        if request.get("stream"):
            told = "".join(
                f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in _events(message)
            )
            self._send(told.encode(), "text/event-stream")
        else:
            self._send(json.dumps(message).encode(), "application/json")

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the test says what it saw."""
