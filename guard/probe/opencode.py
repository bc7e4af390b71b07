"""OpenCode (1.18.33 tried)."""

import json

from guard.probe.headless import Headless, Start
from guard.probe.model import Call

_MODEL = "scripted/scripted"


def headless(start: Start) -> Headless:
    provider = {
        "npm": "@ai-sdk/openai-compatible",
        "name": "Scripted",
        "options": {"baseURL": f"{start.url}/v1", "apiKey": "none"},
        "models": {
            "scripted": {"name": "Scripted", "tool_call": True, "limit": {"context": 100000, "output": 8000}}
        },
    }
    settings = {
        "$schema": "https://opencode.ai/config.json",
        "model": _MODEL,
        "small_model": _MODEL,
        "autoupdate": False,
        "share": "disabled",
        "provider": {"scripted": provider},
    }
    return Headless(
        argv=("run", "--format", "json", "go on"),
        env=(
            ("OPENCODE_DISABLE_AUTOUPDATE", "1"),
            ("OPENCODE_DISABLE_LSP_DOWNLOAD", "1"),
            ("OPENCODE_DISABLE_MODELS_FETCH", "1"),
            ("OPENCODE_DISABLE_SHARE", "1"),
            # It fetches a library for plugins that ours does not use.
            ("npm_config_offline", "true"),
        ),
        # Not `opencode.jsonc`: that is where `guard install` writes.
        files=((".config/opencode/opencode.json", json.dumps(settings)),),
        run=lambda command: Call("bash", {"command": command, "description": "go on"}),
    )
