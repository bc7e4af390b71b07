"""A test double of a model's server on 127.0.0.1 that answers questions as a script says: well, badly, late or not at all."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from guard.enforce.reviewer.prompt import TOOL

GOOD: dict[str, Any] = {
    "does": "Lists the files here.",
    "risk": "low",
    "recommendation": "allow",
    "confidence": 95,
}


def message(form: Any = None, **changed: Any) -> dict[str, Any]:
    """A whole answer; ``changed``: keys of the message in the place of the usual ones."""
    said: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-test-1",
        "content": [
            {"type": "tool_use", "id": "toolu_1", "name": TOOL, "input": GOOD if form is None else form}
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 1000, "output_tokens": 50},
    }
    return {name: value for name, value in {**said, **changed}.items() if value != "absent"}


def form(**changed: Any) -> dict[str, Any]:
    return {**GOOD, **changed}


@dataclass
class Reply:
    body: bytes
    status: int = 200
    half: bool = False
    """Only the first half of it comes, and then the connection ends."""
    hang: bool = False
    """Nothing comes, as long as the server runs."""
    headers: dict[str, str] = field(default_factory=dict)


def says(recommendation: str, **more: Any) -> Reply:
    return Reply(json.dumps(message(form(recommendation=recommendation, **more))).encode())


@dataclass
class Server:
    reply: Reply
    port: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(reply: Reply) -> Iterator[Server]:
    served = Server(reply)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            served.raw.append(bytes(str(self.headers), "latin-1") + body)
            served.requests.append(json.loads(body))
            # Versions of the SDK differ in the header.
            bearer = self.headers.get("authorization", "").removeprefix("Bearer ")
            served.keys.append(self.headers.get("x-api-key") or bearer)
            served.paths.append(self.path)
            answer = served.reply
            if answer.hang:
                served.over.wait(60)
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in {
                "content-type": "application/json",
                "request-id": "req_1",
                **answer.headers,
            }.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            if answer.half:
                self.wfile.write(answer.body[: len(answer.body) // 2])
                self.wfile.flush()
                self.close_connection = True
                return
            self.wfile.write(answer.body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield served
    finally:
        served.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
