"""OpenAI's Responses API."""

import json
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from guard.probe.wire.turn import Conversation, Told, Turn, Wanted, listed, text_of

_USAGE = {
    "input_tokens": 1,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 1,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 2,
}
_BUILT_IN = ("shell", "apply_patch")
"""Tools that the API knows by type: their calls and results are items of their own kind."""
_RESULTS = (
    "function_call_output",
    "custom_tool_call_output",
    *(f"{name}_call_output" for name in _BUILT_IN),
)


class Responses:
    def speaks(self, path: str) -> bool:
        return path.endswith("/responses")

    def streams(self, path: str, request: dict[str, Any]) -> bool:
        del path
        return bool(request.get("stream"))

    def whole(self, request: dict[str, Any], before: Sequence[dict[str, Any]]) -> dict[str, Any]:
        if not request.get("previous_response_id") or not before:
            return request
        said: dict[str, Any] = {"type": "message", "role": "assistant", "content": []}
        return {**before[-1], **request, "input": [*_items(before[-1]), said, *_items(request)]}

    def has_tools(self, request: dict[str, Any]) -> bool:
        return bool(request.get("tools")) or any(
            item.get("type") == "additional_tools" for item in _items(request)
        )

    def aside(self, request: dict[str, Any]) -> str:
        del request
        return ""

    def read(self, request: dict[str, Any]) -> Conversation:
        items = _items(request)
        # What one turn said is several items, one after the other.
        spoke = [False, *(_is_models(item) for item in items)]
        return Conversation(
            first="".join(text_of(item.get("content")) for item in items[: _first(items)]),
            turns=sum(now and not before for before, now in pairwise(spoke)),
            results=[_told(item) for item in items if item.get("type") in _RESULTS],
        )

    def message(self, turn: Turn, request: dict[str, Any]) -> dict[str, Any]:
        at = len(_items(request))
        output: list[dict[str, Any]] = []
        if turn.text:
            said: dict[str, Any] = {"type": "output_text", "text": turn.text, "annotations": []}
            output.append(
                {"type": "message", "id": f"msg_{at}", "status": "completed", "role": "assistant", "content": [said]}
            )  # fmt: skip
        kinds = frozenset(tool.get("type") for tool in listed(request.get("tools"))).intersection(_BUILT_IN)
        output += [_call(call, f"{at}_{index}", kinds) for index, call in enumerate(turn.calls)]
        return {
            "id": f"resp_{at}",
            "object": "response",
            "created_at": 0,
            "status": "completed",
            "model": request.get("model", ""),
            "output": output,
            "parallel_tool_calls": False,
            "tool_choice": "auto",
            "tools": [],
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "metadata": {},
            "usage": _USAGE,
        }

    def events(self, message: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        for number, event in enumerate(self._events(message)):
            yield event["type"], {**event, "sequence_number": number}

    def _events(self, message: dict[str, Any]) -> Iterator[dict[str, Any]]:
        begun: dict[str, Any] = {**message, "status": "in_progress", "output": [], "usage": None}
        yield {"type": "response.created", "response": begun}
        for index, item in enumerate(message["output"]):
            at = {"item_id": item["id"], "output_index": index}
            yield {
                "type": "response.output_item.added",
                "output_index": index,
                "item": {**item, "status": "in_progress"},
            }
            if item["type"] == "message":
                part = item["content"][0]
                inside = {**at, "content_index": 0}
                yield {"type": "response.content_part.added", **inside, "part": {**part, "text": ""}}
                yield {"type": "response.output_text.delta", **inside, "delta": part["text"], "logprobs": []}
                yield {"type": "response.output_text.done", **inside, "text": part["text"], "logprobs": []}
            elif item["type"] == "function_call":
                yield {"type": "response.function_call_arguments.delta", **at, "delta": item["arguments"]}
                yield {"type": "response.function_call_arguments.done", **at, "arguments": item["arguments"]}
            yield {"type": "response.output_item.done", "output_index": index, "item": item}
        yield {"type": "response.completed", "response": message}


def _items(request: dict[str, Any]) -> list[dict[str, Any]]:
    given = request.get("input")
    return [{"role": "user", "content": given}] if isinstance(given, str) else listed(given)


def _is_models(item: dict[str, Any]) -> bool:
    kind = item.get("type") or "message"
    return (
        kind == "reasoning"
        or kind.endswith("_call")
        or (kind == "message" and item.get("role") == "assistant")
    )


def _first(items: list[dict[str, Any]]) -> int:
    return next((index for index, item in enumerate(items) if _is_models(item)), len(items))


def _told(item: dict[str, Any]) -> Told:
    output = item.get("output")
    match item["type"]:
        case "shell_call_output":
            ran = listed(output)
            text = "".join(f"{one.get('stdout', '')}{one.get('stderr', '')}" for one in ran)
            return Told(text, any(one["outcome"] != {"type": "exit", "exit_code": 0} for one in ran))
        case "apply_patch_call_output":
            return Told(text_of(output), item.get("status") == "failed")
        case _:
            return Told(text_of(output), item.get("success") is False)


def _call(call: Wanted, name: str, kinds: frozenset[Any]) -> dict[str, Any]:
    if call.name in kinds:
        own = "action" if call.name == "shell" else "operation"
        kind = f"{call.name}_call"
        return {
            "type": kind,
            "id": f"{kind}_{name}",
            "call_id": f"call_{name}",
            "status": "completed",
            own: call.given,
        }
    where = {"namespace": call.namespace} if call.namespace else {}
    common = {"status": "completed", "call_id": f"call_{name}", "name": call.name, **where}
    if call.custom:
        return {"type": "custom_tool_call", "id": f"ctc_{name}", **common, "input": call.given}
    return {"type": "function_call", "id": f"fc_{name}", **common, "arguments": json.dumps(call.given)}


DIALECT = Responses()
