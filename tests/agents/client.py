"""The real Claude Code, from its package, and how a test starts it against a scripted model."""

import json
from pathlib import Path

import pytest

from guard.probe.recipes import RECIPES, Headless, Start
from tests.agents.model import Model
from tests.clients.packages import NOT_TRIED, PACKAGES, NotInstalled, programs

PACKAGE = "@anthropic-ai/claude-code"


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
    return dict(_recipe(model.url).env)


def words(*more: str) -> list[str]:
    """One session without a terminal, in which the client itself asks nobody."""
    return ["claude", *_recipe("").argv, *more]


def _recipe(url: str) -> Headless:
    return RECIPES["claude-code"](Start(url=url, home="", workspace=""))


def session_of(stdout: str) -> str:
    return json.loads(stdout)["session_id"]
