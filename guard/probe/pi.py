"""Pi (0.73.1 tried)."""

import json

from guard.probe.headless import Headless, Start
from guard.probe.model import Call


def headless(start: Start) -> Headless:
    model = {
        "id": "scripted",
        "name": "Scripted",
        "reasoning": False,
        "input": ["text"],
        "contextWindow": 100000,
        "maxTokens": 4000,
        "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0},
    }
    provider = {
        "baseUrl": f"{start.url}/v1",
        "api": "openai-completions",
        "apiKey": "none",
        "models": [model],
    }
    return Headless(
        argv=("--provider", "scripted", "--model", "scripted", "--mode", "json", "-p", "go on"),
        env=(("PI_OFFLINE", "1"),),
        files=((".pi/agent/models.json", json.dumps({"providers": {"scripted": provider}})),),
        run=lambda command: Call("bash", {"command": command}),
    )
