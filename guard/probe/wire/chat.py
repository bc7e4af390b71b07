"""OpenAI's Chat Completions."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from guard.probe.wire.turn import Conversation, Told, Turn, text_of

_USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


class Chat:
    def speaks(self, path: str) -> bool:
        return path.endswith("/chat/completions")

    def streams(self, path: str, request: dict[str, Any]) -> bool:
        del path
        return bool(request.get("stream"))

    def whole(self, request: dict[str, Any], before: Sequence[dict[str, Any]]) -> dict[str, Any]:
        del before
        return request

    def has_tools(self, request: dict[str, Any]) -> bool:
        return bool(request.get("tools"))

    def aside(self, request: dict[str, Any]) -> str:
        del request
        return ""

    def read(self, request: dict[str, Any]) -> Conversation:
        said = request["messages"]
        users = [message.get("content") for message in said if message.get("role") == "user"]
        return Conversation(
            first=text_of(users[0]) if users else "",
            turns=sum(message.get("role") == "assistant" for message in said),
            # This API has no word for an error.
            results=[
                Told(text_of(message.get("content")), False)
                for message in said
                if message.get("role") == "tool"
            ],
        )

    def message(self, turn: Turn, request: dict[str, Any]) -> dict[str, Any]:
        at = len(request["messages"])
        said: dict[str, Any] = {"role": "assistant", "content": turn.text or None}
        if turn.calls:
            said["tool_calls"] = [
                {
                    "id": f"call_{at}_{index}",
                    "type": "function",
                    "function": {"name": call.name, "arguments": json.dumps(call.given)},
                }
                for index, call in enumerate(turn.calls)
            ]
        return {
            "id": f"chatcmpl-{at}",
            "object": "chat.completion",
            "created": 0,
            "model": request.get("model", ""),
            "choices": [
                {
                    "index": 0,
                    "message": said,
                    "finish_reason": "tool_calls" if turn.calls else "stop",
                    "logprobs": None,
                }
            ],
            "usage": _USAGE,
        }

    def events(self, message: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        (choice,) = message["choices"]
        said = choice["message"]
        common = {**message, "object": "chat.completion.chunk"}
        calls = [{**call, "index": index} for index, call in enumerate(said.get("tool_calls", ()))]
        deltas: list[tuple[dict[str, Any], str | None]] = [
            ({"role": "assistant", "content": said["content"] or ""}, None)
        ]
        if calls:
            deltas.append(({"tool_calls": calls}, None))
        deltas.append(({}, choice["finish_reason"]))
        for delta, finish in deltas:
            yield (
                "",
                {**common, "usage": None, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]},
            )
        yield "", {**common, "choices": []}
        yield "", "[DONE]"


DIALECT = Chat()
