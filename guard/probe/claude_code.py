"""Claude Code (2.1.332 tried)."""

from guard.probe.headless import Headless, Start
from guard.probe.model import Call


def headless(start: Start) -> Headless:
    return Headless(
        argv=(
            "-p", "go on", "--output-format", "json", "--model", "claude-sonnet-4-5", "--dangerously-skip-permissions",
        ),
        env=(
            ("ANTHROPIC_API_KEY", "none"),
            ("ANTHROPIC_BASE_URL", start.url),
            ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
            ("DISABLE_AUTOUPDATER", "1"),
            ("DISABLE_TELEMETRY", "1"),
            # Root may not switch its questions off otherwise; what is switched off is the client's own judgement.
            ("IS_SANDBOX", "1"),
        ),
        run=lambda command: Call("Bash", {"command": command, "description": "go on"}),
    )  # fmt: skip
