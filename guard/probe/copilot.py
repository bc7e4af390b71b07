"""GitHub Copilot CLI (1.0.102 tried)."""

from guard.probe.headless import Headless, Start
from guard.probe.model import Call


def headless(start: Start) -> Headless:
    return Headless(
        argv=(
            "-p", "go on", "--allow-all-tools", "--allow-all-paths", "--allow-all-urls", "--no-auto-update", "--no-color",
            "--output-format", "json",
        ),
        env=(
            ("COPILOT_AUTO_UPDATE", "false"),
            ("COPILOT_MODEL", "gpt-5"),
            ("COPILOT_OFFLINE", "true"),
            ("COPILOT_PROVIDER_API_KEY", "none"),
            ("COPILOT_PROVIDER_BASE_URL", f"{start.url}/v1"),
            ("COPILOT_PROVIDER_WIRE_API", "completions"),
        ),
        run=lambda command: Call("bash", {"command": command, "description": "go on"}),
    )  # fmt: skip
