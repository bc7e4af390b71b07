"""The real Claude Code, from its package, and how a test starts it against a scripted model."""

import json
from pathlib import Path

import pytest

from tests.agents.model import Model
from tests.clients.packages import NOT_TRIED, PACKAGES, NotInstalled, programs

PACKAGE = "@anthropic-ai/claude-code"
SETTINGS = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "ANTHROPIC_API_KEY": "none",
    # Root may not switch its questions off otherwise; what is switched off is the client's own judgement, not ours.
    "IS_SANDBOX": "1",
}


def installed(package: str = PACKAGE, program: str = "claude") -> Path:
    """The directory with ``program`` in it, and the `node` it runs on: to be put first in PATH. Installed once and kept.

    Skips, and says why, where there is none to be had; versions are those of ``tests/clients/packages.py``.
    """
    agent = next(
        agent for agent, known in PACKAGES.items() if known.name == package and known.program == program
    )
    try:
        return programs(agent)
    except NotInstalled as missing:
        pytest.skip(f"{agent} {NOT_TRIED}: {missing}")


def environment(model: Model) -> dict[str, str]:
    return {**SETTINGS, "ANTHROPIC_BASE_URL": model.url}


def words(*more: str) -> list[str]:
    """One session without a terminal, in which the client itself asks nobody."""
    return [
        "claude", "-p", "go on", "--output-format", "json", "--model", "claude-sonnet-4-5", "--dangerously-skip-permissions", *more,
    ]  # fmt: skip


def session_of(stdout: str) -> str:
    return json.loads(stdout)["session_id"]
