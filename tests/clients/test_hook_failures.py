"""The table of what clients do when the hook fails is what the real clients do."""

import pytest

from guard.agents.failures import SEEN
from tests.clients.failing import done_by

TRIED_HERE = ("codex", "gemini", "qwen")


@pytest.mark.parametrize("agent", TRIED_HERE)
def test_with_the_hook_that_install_registers_the_table_is_true(agent: str) -> None:
    assert done_by(agent, SEEN[agent].installed, bare=False) == SEEN[agent].installed


@pytest.mark.parametrize("agent", TRIED_HERE)
def test_with_a_hook_that_is_registered_by_its_name_alone_the_table_is_true(agent: str) -> None:
    assert done_by(agent, SEEN[agent].alone, bare=True) == SEEN[agent].alone
