"""Google's generateContent."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from guard.probe.wire.turn import Conversation, Told, Turn, listed, text_of

_USAGE = {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2}
_ASIDE = {
    "reasoning": "none",
    "next_speaker": "user",
    "model_choice": "pro",
    "complexity_reasoning": "none",
    "complexity_score": 50,
}
"""Who speaks next, and which model is to: the client asks this beside the conversation, in a form of its own."""


class Gemini:
    def speaks(self, path: str) -> bool:
        return path.endswith((":generateContent", ":streamGenerateContent"))

    def streams(self, path: str, request: dict[str, Any]) -> bool:
        del request
        return path.endswith(":streamGenerateContent")

    def whole(self, request: dict[str, Any], before: Sequence[dict[str, Any]]) -> dict[str, Any]:
        del before
        return request

    def has_tools(self, request: dict[str, Any]) -> bool:
        return bool(request.get("tools")) and not self.aside(request)

    def aside(self, request: dict[str, Any]) -> str:
        form: dict[str, Any] = request.get("generationConfig") or {}
        if form.get("responseJsonSchema") or form.get("responseMimeType") == "application/json":
            return json.dumps(_ASIDE)
        return ""

    def read(self, request: dict[str, Any]) -> Conversation:
        said = listed(request.get("contents"))
        users = [listed(message.get("parts")) for message in said if message.get("role") != "model"]
        spoken = next(
            (index for index, message in enumerate(said) if message.get("role") == "model"), len(said)
        )
        answers = [
            part["functionResponse"] for parts in users for part in parts if "functionResponse" in part
        ]
        return Conversation(
            first="".join(text_of(message.get("parts")) for message in said[:spoken]),
            turns=len(said) - len(users),
            results=[_told(answer.get("response") or {}) for answer in answers],
        )

    def message(self, turn: Turn, request: dict[str, Any]) -> dict[str, Any]:
        parts: list[dict[str, Any]] = [{"text": turn.text}] if turn.text else []
        parts += [
            {"functionCall": {"name": call.name, "args": call.given}, "thoughtSignature": "AAAA"}
            for call in turn.calls
        ]
        return {
            "candidates": [
                {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
            ],
            "usageMetadata": _USAGE,
            "modelVersion": "scripted",
            "responseId": f"r{len(listed(request.get('contents')))}",
        }

    def events(self, message: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        yield "", message


def _told(response: dict[str, Any]) -> Told:
    if "error" in response:
        return Told(str(response["error"]), True)
    return Told(str(response.get("output", json.dumps(response))), False)


DIALECT = Gemini()
