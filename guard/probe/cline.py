"""Cline's command line (3.0.65 tried)."""

import json

from guard.probe.headless import Headless, Start
from guard.probe.model import Call

_PROVIDER = "openai-compatible"


def headless(start: Start) -> Headless:
    settings = {"provider": _PROVIDER, "apiKey": "none", "model": "scripted", "baseUrl": f"{start.url}/v1"}
    providers = {
        "version": 1,
        "lastUsedProvider": _PROVIDER,
        "modes": {},
        "providers": {
            _PROVIDER: {
                "settings": settings,
                "updatedAt": "2026-01-01T00:00:00.000Z",
                "tokenSource": "manual",
            }
        },
    }
    return Headless(
        argv=("--json", "go on"),
        env=(
            # Otherwise it leaves a server behind, on a port that is the same for every home.
            ("CLINE_SESSION_BACKEND_MODE", "local"),
            ("CLINE_TELEMETRY_DISABLED", "1"),
            ("OTEL_SDK_DISABLED", "true"),
        ),
        files=((".cline/data/settings/providers.json", json.dumps(providers)),),
        run=lambda command: Call("run_commands", {"commands": [command]}),
    )
