"""Gemini CLI (0.61.0 tried)."""

from guard.probe.headless import Headless, Start
from guard.probe.model import Call


def headless(start: Start) -> Headless:
    return Headless(
        argv=("-m", "gemini-2.5-pro", "-p", "go on", "--output-format", "stream-json", "--yolo"),
        env=(
            # With the other kind of key, an address of one's own counts only with an entry in the very settings that hold
            # the hook.
            ("GOOGLE_GENAI_USE_VERTEXAI", "true"),
            ("GOOGLE_API_KEY", "none"),
            ("GOOGLE_VERTEX_BASE_URL", start.url),
            ("GEMINI_CLI_TRUST_WORKSPACE", "true"),
            ("GEMINI_TELEMETRY_ENABLED", "false"),
        ),
        run=lambda command: Call("run_shell_command", {"command": command}),
    )
