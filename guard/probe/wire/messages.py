"""Anthropic's Messages API."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from guard.probe.wire.turn import Conversation, Told, Turn, listed, text_of

_USAGE = {"input_tokens": 1, "output_tokens": 1}
_SAID: dict[str, Any] = {"role": "assistant", "content": []}


class Messages:
    def speaks(self, path: str) -> bool:
        return path.endswith("/messages")

    def streams(self, path: str, request: dict[str, Any]) -> bool:
        del path
        return bool(request.get("stream"))

    def whole(self, request: dict[str, Any], before: Sequence[dict[str, Any]]) -> dict[str, Any]:
        if request.get("thread", {}).get("type") != "continue" or not before:
            return request
        # Newer SDKs leave the conversation with the server, and send what is new.
        return {**before[-1], **request, "messages": [*before[-1]["messages"], _SAID, *request["messages"]]}

    def has_tools(self, request: dict[str, Any]) -> bool:
        return bool(request.get("tools"))

    def aside(self, request: dict[str, Any]) -> str:
        del request
        return ""

    def read(self, request: dict[str, Any]) -> Conversation:
        said = request["messages"]
        users = [message["content"] for message in said if message["role"] == "user"]
        return Conversation(
            first=text_of(users[0]) if users else "",
            turns=sum(message["role"] == "assistant" for message in said),
            results=[
                Told(text_of(block.get("content")), bool(block.get("is_error")))
                for content in users
                for block in listed(content)
                if block.get("type") == "tool_result"
            ],
        )

    def message(self, turn: Turn, request: dict[str, Any]) -> dict[str, Any]:
        at = len(request.get("messages") or ())
        blocks: list[dict[str, Any]] = [{"type": "text", "text": turn.text}] if turn.text else []
        blocks += [
            {"type": "tool_use", "id": f"toolu_{at:04}_{index}", "name": call.name, "input": call.given}
            for index, call in enumerate(turn.calls)
        ]
        return {
            "id": f"msg_{at:04}",
            "type": "message",
            "role": "assistant",
            "model": request.get("model", ""),
            "content": blocks,
            "stop_reason": "tool_use" if turn.calls else "end_turn",
            "stop_sequence": None,
            "usage": _USAGE,
        }

    def events(self, message: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        for event in self._events(message):
            yield event["type"], event

    def _events(self, message: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}}
        for index, block in enumerate(message["content"]):
            empty: dict[str, Any] = {**block, "text": ""}
            delta = {"type": "text_delta", "text": block.get("text")}
            if block["type"] == "tool_use":
                empty = {**block, "input": {}}
                delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
            yield {"type": "content_block_start", "index": index, "content_block": empty}
            yield {"type": "content_block_delta", "index": index, "delta": delta}
            yield {"type": "content_block_stop", "index": index}
        ended = {"stop_reason": message["stop_reason"], "stop_sequence": None}
        yield {"type": "message_delta", "delta": ended, "usage": {"output_tokens": 1}}
        yield {"type": "message_stop"}


DIALECT = Messages()
