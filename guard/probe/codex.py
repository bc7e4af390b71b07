"""OpenAI Codex CLI (0.171.0 tried)."""

import json

from guard.probe.headless import Headless, Start
from guard.probe.model import Call


def headless(start: Start) -> Headless:
    settings = f"""\
model = "gpt-5.5"
model_provider = "scripted"
check_for_update_on_startup = false
[model_providers.scripted]
name = "scripted"
base_url = {json.dumps(f"{start.url}/v1")}
env_key = "SCRIPTED_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
supports_websockets = false
[analytics]
enabled = false
[projects.{json.dumps(start.workspace)}]
trust_level = "trusted"
"""
    return Headless(
        argv=(
            # A hook that no person has trusted is skipped without a word. What a person has trusted is looked up, not tried.
            "exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-hook-trust",
            "--dangerously-bypass-approvals-and-sandbox", "go on",
        ),
        env=(("CODEX_HOME", f"{start.home}/.codex"), ("SCRIPTED_KEY", "none")),
        files=((".codex/config.toml", settings),),
        run=lambda command: Call("exec_command", {"cmd": command}),
    )  # fmt: skip
