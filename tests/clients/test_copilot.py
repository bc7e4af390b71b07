"""The real GitHub Copilot CLI, with the hook as `guard install` registers it."""

import json
import shlex
import sys
from pathlib import Path

from guard.agents.failures import SEEN
from guard.probe.model import Call
from tests.cli.conftest import needs_a_sandbox
from tests.clients import troubled
from tests.clients.sessions import BRIEF, MCP_SERVER, TRUSTS, UNREAD, edited, play, refused, reviewed

AGENT = "copilot"


def shell(command: str, **more: object) -> Call:
    return Call("bash", {"command": command, "description": "go on", **more})


def install(scene) -> Path:
    scene.install(AGENT)
    file = scene.home / ".copilot/hooks/guard.json"
    assert "--rewrites" in file.read_text()
    return file


@needs_a_sandbox
def test_what_is_denied_does_not_happen_and_the_model_is_told_why(scene):
    file = install(scene)
    canary = scene.home / "canary"
    canary.mkdir()
    server = {
        "type": "local",
        "command": MCP_SERVER[0],
        "args": [*MCP_SERVER[1:], str(scene.home / "asked"), "keep_it"],
        "tools": ["*"],
    }
    reviewed(scene, TRUSTS)
    servers = {"mcpServers": {"files": server, "files-my": server}}
    (scene.home / ".copilot/mcp-config.json").write_text(json.dumps(servers))
    edit = {"old_str": "print(1)", "new_str": "print(2)"}
    script = {
        "outside": shell(f"rm -rf {canary}"),
        "read": shell("cat README.md"),
        "unread": shell(UNREAD),
        "startup": Call("create", {"path": str(scene.home / ".bashrc"), "file_text": "evil\n"}),
        "git": Call("create", {"path": str(scene.work / ".git/hooks/pre-commit"), "file_text": "evil\n"}),
        "itself": Call("edit", {"path": str(file), "old_str": "preToolUse", "new_str": "never"}),
        "new": Call("create", {"path": str(scene.work / "new.txt"), "file_text": "new\n"}),
        "look": Call("view", {"path": str(scene.work / "src/a.py")}),
        "edit": Call("edit", {"path": str(scene.work / "src/a.py"), **edit}),
        "ask": shell("git push --force origin main"),
        "mcp": Call("files-remove", {"path": str(canary)}),
        "trusted": Call("files-keep_it", {"text": "this is mine"}),
        "another": Call("files-my-keep_it", {"text": "this is not"}),
        "typed into": shell("bash", mode="async"),
        "typed into, too": shell("python3 -i", mode="async"),
        "sub": Call(
            "task",
            {
                "agent_type": "general-purpose",
                "name": "look",
                "description": "look",
                "prompt": f"{BRIEF}: look",
            },
        ),
    }
    below = {"outside": shell(f"rm -rf {canary}"), "read": shell("cat README.md")}

    session = play(scene, AGENT, script, below)

    assert canary.exists()
    refused(
        session,
        (
            "outside",
            "startup",
            "git",
            "itself",
            "ask",
            "mcp",
            "another",
            "typed into",
            "typed into, too",
        ),
        "Denied by preToolUse hook",
        asked=("git", "ask", "mcp", "another"),
        nobody="unable to ask user for confirmation",
    )
    for name in ("typed into", "typed into, too"):
        assert "guard-typed-unseen" in session.told[name].text
    assert "# app" in session.told["read"].text
    assert "print(1)" in session.told["look"].text
    assert "6650" in session.told["unread"].text
    edited(scene)
    assert "kept this is mine" in session.told["trusted"].text
    assert "rule `run-unread`" in session.told["another"].text
    assert (scene.home / "asked").read_text() == "keep this is mine\n"
    assert ["rule `" in text for text, _ in session.helper] == [True, False]


def test_whatever_is_wrong_with_the_hook_the_call_does_not_run(scene):
    file = install(scene)
    troubled.replace(file, "-s KILL 40", "-s KILL 10")

    troubled.compare(scene, AGENT, file, SEEN[AGENT].installed, shell)


def test_registered_by_its_name_alone_it_lets_calls_through(scene):
    file = scene.home / ".copilot/hooks/guard.json"
    file.parent.mkdir(parents=True)
    alone = {
        "type": "command",
        "bash": f"{shlex.quote(sys.executable)} -I -m guard hook copilot",
        "timeoutSec": 5,
    }
    file.write_text(json.dumps({"version": 1, "hooks": {"preToolUse": [alone]}}))

    troubled.compare(scene, AGENT, file, SEEN[AGENT].alone, shell)
