"""Qwen Code (0.24.4 tried)."""

from guard.probe.headless import Headless, Start
from guard.probe.model import Call


def headless(start: Start) -> Headless:
    return Headless(
        argv=("--auth-type", "openai", "-p", "go on", "--output-format", "stream-json", "--yolo"),
        env=(
            ("OPENAI_API_KEY", "none"),
            ("OPENAI_BASE_URL", f"{start.url}/v1"),
            ("OPENAI_MODEL", "scripted"),
            ("QWEN_CODE_SUPPRESS_YOLO_WARNING", "1"),
        ),
        run=lambda command: Call("run_shell_command", {"command": command, "is_background": False}),
    )
