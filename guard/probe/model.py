"""A scripted model on 127.0.0.1: it proposes the tool calls of a script, one turn after the other.

Real clients talk to it as to their own: Messages (Anthropic), Responses and Chat Completions (OpenAI), generateContent
(Google). Which turn comes next is read from the request alone, so that a client may ask again, and side questions (a
title, a summary) do not move the script.
"""

import gzip
import json
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, TypeAlias

from guard.model.typed import override
from guard.probe.wire import chat, gemini, messages, responses
from guard.probe.wire.turn import Conversation, Dialect, Told, Turn, Wanted

LAST_WORDS = "that is all"
ASIDE = "fine"
"""What a question without tools gets."""
MODELS = ("claude-sonnet-4-5", "gpt-5", "gpt-5-codex", "gemini-2.5-pro", "scripted")
MAX_BODY = 64 * 1024 * 1024


class Call(NamedTuple):
    """One call of a tool. ``given``: its input, or what makes it of the result before; text for a custom tool."""

    name: str
    given: dict[str, Any] | str | Callable[[str], dict[str, Any] | str]
    kind: str = ""
    """`custom` for a tool of the Responses API that takes text."""
    namespace: str = ""


Step: TypeAlias = Call | tuple[str, dict[str, Any]] | list[Call]
"""One turn: a call, a call as name and input, or several at once."""


@dataclass
class Model:
    script: list[Step]
    """What is proposed in the conversation that the client was started for."""
    beside: dict[str, list[Step]] = field(default_factory=dict[str, list[Step]])
    """Other conversations, of sub-agents, by a word in their first message."""
    port: int = 0
    requests: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    """Those with tools, as they came; what a server would remember of the conversation is put in front."""
    _conversations: list[Conversation] = field(default_factory=list[Conversation])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def results(self) -> list[Told]:
        """What the model was told about each call of the script, in order: the text, and whether it was called an error."""
        return self.told("")

    def told(self, word: str) -> list[Told]:
        """The same for the conversation beside that has ``word`` in its first message."""
        mine = [one for one in self._conversations if self._word(one) == word]
        empty: list[Told] = []
        return max((one.results for one in mine), key=len, default=empty)

    def forget(self) -> None:
        """As if nobody had asked yet."""
        self.requests.clear()
        self._conversations.clear()

    def next(self, conversation: Conversation) -> Turn:
        self._conversations.append(conversation)
        word = self._word(conversation)
        script = self.beside[word] if word else self.script
        if conversation.turns >= len(script):
            return Turn(text=LAST_WORDS)
        step = script[conversation.turns]
        calls: list[tuple[Any, ...]] = [*step] if isinstance(step, list) else [step]
        last = conversation.results[-1].text if conversation.results else ""
        return Turn(calls=tuple(_wanted(Call._make([*call, "", ""][:4]), last) for call in calls))

    def _word(self, conversation: Conversation) -> str:
        return next((word for word in self.beside if word in conversation.first), "")


def _wanted(call: Call, last: str) -> Wanted:
    given = call.given(last) if callable(call.given) else call.given
    return Wanted(name=call.name, given=given, custom=call.kind == "custom", namespace=call.namespace)


@contextmanager
def serving(script: Sequence[Step], beside: Mapping[str, Sequence[Step]] | None = None) -> Generator[Model]:
    """The model, until the block ends."""
    model = Model(list(script), {word: list(steps) for word, steps in (beside or {}).items()})

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


_DIALECTS: tuple[Dialect, ...] = (messages.DIALECT, responses.DIALECT, chat.DIALECT, gemini.DIALECT)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked: Model

    def do_HEAD(self) -> None:
        self._send(b"", "text/plain")

    def do_GET(self) -> None:
        if self.path.split("?")[0].endswith("/models"):
            known = [
                {"id": name, "object": "model", "type": "model", "display_name": name, "created_at": "2026-01-01T00:00:00Z"}
                for name in MODELS
            ]  # fmt: skip
            models = [{"name": f"models/{name}"} for name in MODELS]
            listed = {"object": "list", "has_more": False, "data": known, "models": models}
            self._send(json.dumps(listed).encode(), "application/json")
            return
        self._send(b"{}", "application/json", 404)

    def do_POST(self) -> None:
        try:
            request = json.loads(self._body() or b"{}")
        except ValueError:
            self._send(b'{"error": {"message": "the body is no JSON"}}', "application/json", 400)
            return
        path = self.path.split("?")[0]
        if path.endswith("/count_tokens"):
            self._send(b'{"input_tokens": 1}', "application/json")
            return
        if path.endswith(":countTokens"):
            self._send(b'{"totalTokens": 1}', "application/json")
            return
        dialect = next((one for one in _DIALECTS if one.speaks(path)), None)
        if dialect is None:
            self._send(b"{}", "application/json", 404)
            return
        self._answer(dialect, path, request)

    def _answer(self, dialect: Dialect, path: str, request: dict[str, Any]) -> None:
        model = self.asked
        request = dialect.whole(request, model.requests)
        if dialect.has_tools(request):
            model.requests.append(request)
            turn = model.next(dialect.read(request))
        else:
            turn = Turn(text=dialect.aside(request) or ASIDE)
        message = dialect.message(turn, request)
        if dialect.streams(path, request):
            told = "".join(_event(one) for one in dialect.events(message))
            self._send(told.encode(), "text/event-stream")
        else:
            self._send(json.dumps(message).encode(), "application/json")

    def _body(self) -> bytes:
        if self.headers.get("transfer-encoding", "").lower() == "chunked":
            body = b""
            while (size := int(self.rfile.readline().split(b";")[0], 16)) and len(body) < MAX_BODY:
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(min(int(self.headers.get("content-length") or 0), MAX_BODY))
        return gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body

    def _send(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: whoever asked says what they saw."""


def _event(event: tuple[str, Any]) -> str:
    name, data = event
    said = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {name}\n" if name else "") + f"data: {said}\n\n"
