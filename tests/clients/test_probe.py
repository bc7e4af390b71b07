"""``guard doctor --probe`` with the real clients, as a person says it."""

import json

import pytest

from guard.probe.recipes import RECIPES
from tests.agents.client import installed
from tests.cli.conftest import needs_a_sandbox
from tests.clients.packages import PACKAGES

SLOW = {"cline", "copilot", "opencode", "qwen", "gemini"}
"""They take longer to start than all the others together: their own tests start them already."""


@needs_a_sandbox
@pytest.mark.parametrize("agent", sorted(set(RECIPES) - SLOW))
def test_a_real_client_is_proved_to_be_stopped(scene, agent: str) -> None:
    place = installed(PACKAGES[agent].name, PACKAGES[agent].program)
    path = f"{place}:{scene.env['PATH']}"
    assert scene.guard("install", "--yes", "--agent", agent, PATH=path).returncode == 0

    done = scene.guard("doctor", "--probe", "--agent", agent, "--json", PATH=path)

    (told,) = json.loads(done.stdout)["agents"]
    assert "the guard denied it, and the file is there" in told["says"], told
    # Codex has its person trust a hook before it runs; nobody has, here.
    assert told["protected"] is (agent != "codex"), told
    assert done.returncode == (1 if agent == "codex" else 0)
    assert told["tried"]
