"""What each client calls a server's tool, and what policy then calls it."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from guard.agents.codec import PayloadError
from guard.agents.table import dialect_of
from guard.effects.writes import tool_effects
from guard.model.effect import Opaque, UseTool
from guard.model.proposal import ToolProposal
from tests.agents import payloads

FILE = Path(__file__).parents[1] / "cases/agents/server_tools.toml"
CASES = [
    pytest.param(agent, case, id=f"{agent}: {name}")
    for agent, cases in tomllib.loads(FILE.read_text()).items()
    for name, case in cases.items()
]


def sent(agent: str, case: dict[str, Any]) -> dict[str, Any]:
    called, arguments = case["called"], case.get("arguments", {"path": "a"})
    payload = payloads.call(agent, called, **arguments)
    said = {key: None if case[key] == "null" else case[key] for key in ("servers", "own") if key in case}
    match agent, case.get("server"):
        case "gemini", [server, tool]:
            said["mcp_context"] = {"server_name": server, "tool_name": tool, "command": "serve"}
        case "windsurf", [server, tool]:
            said["tool_info"] = {"mcp_server_name": server, "mcp_tool_name": tool}
    return payload | said


@pytest.mark.parametrize(("agent", "case"), CASES)
def test_a_name_is_a_servers_tool_where_it_can_be_no_other(agent, case):
    proposal = dialect_of(agent).read(json.dumps(sent(agent, case)).encode()).proposal

    assert isinstance(proposal, ToolProposal)
    effects = [type(effect) for effect in tool_effects(proposal)]
    if case["is"]:
        assert proposal.tool == case["is"]
        assert UseTool in effects
        assert Opaque not in effects
    else:
        assert UseTool not in effects
        assert Opaque in effects


@pytest.mark.parametrize(
    "context",
    [None, "files", [], {}, {"server_name": "files"}, {"server_name": 1, "tool_name": "a"}],
    ids=str,
)
def test_a_word_of_a_server_that_cannot_be_read_is_no_event(context):
    payload = sent("gemini", {"called": "mcp_files_remove"}) | {"mcp_context": context}

    with pytest.raises(PayloadError):
        dialect_of("gemini").read(json.dumps(payload).encode())


@pytest.mark.parametrize("key", ["servers", "own"])
@pytest.mark.parametrize("given", ["files", {"files": 1}, 1, [1], ["files", None]], ids=str)
def test_a_list_of_servers_that_is_none_is_no_event(key, given):
    payload = sent("opencode", {"called": "files_remove", "servers": ["files"], "own": []}) | {key: given}

    with pytest.raises(PayloadError):
        dialect_of("opencode").read(json.dumps(payload).encode())
