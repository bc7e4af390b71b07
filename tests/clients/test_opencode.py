"""The real OpenCode, with the plugin as `guard install` writes it."""

import json
from pathlib import Path

import pytest

from guard.agents.failures import SEEN
from guard.probe.model import Call, serving
from tests.cli.conftest import needs_a_sandbox
from tests.clients import troubled
from tests.clients.sessions import BRIEF, MCP_SERVER, TRUSTS, UNREAD, edited, play, refused, reviewed

AGENT = "opencode"


def shell(command: str, **more: object) -> Call:
    return Call("bash", {"command": command, "description": "go on", **more})


def plugin(scene) -> Path:
    return scene.home / ".config/opencode/plugin/guard.js"


@needs_a_sandbox
def test_what_is_denied_does_not_happen_and_the_model_is_told_why(scene):
    scene.install(AGENT)
    canary = scene.home / "canary"
    canary.mkdir()
    server = {"type": "local", "command": [*MCP_SERVER, str(scene.home / "asked"), "keep_it"]}
    reviewed(scene, TRUSTS)
    # Another server's tool may be called as one of `files` could be, too.
    servers = {"mcp": {"files": server, "files_my": server}}
    (scene.work / "opencode.json").write_text(json.dumps(servers))
    script = {
        "outside": shell(f"rm -rf {canary}"),
        "read": shell("cat README.md"),
        "elsewhere": shell("cat a.py", workdir=str(scene.work / "src")),
        "unread": shell(UNREAD),
        "startup": Call("write", {"filePath": str(scene.home / ".bashrc"), "content": "evil\n"}),
        "git": Call("write", {"filePath": str(scene.work / ".git/hooks/pre-commit"), "content": "evil\n"}),
        "itself": Call("write", {"filePath": str(plugin(scene)), "content": "export const Guard = 1\n"}),
        "new": Call("write", {"filePath": str(scene.work / "new.txt"), "content": "new\n"}),
        "look": Call("read", {"filePath": str(scene.work / "src/a.py")}),
        "edit": Call("edit", {"filePath": str(scene.work / "src/a.py"), "oldString": "print(1)", "newString": "print(2)"}),
        "edit out": Call("edit", {"filePath": str(scene.home / "notes"), "oldString": "a", "newString": "b"}),
        "ask": shell("git push --force origin main"),
        "mcp": Call("files_remove", {"path": str(canary)}),
        "trusted": Call("files_keep_it", {"text": "this is mine"}),
        "another": Call("files_my_keep_it", {"text": "this is not"}),
        "sub": Call("task", {"description": "look", "prompt": f"{BRIEF}: look", "subagent_type": "general"}),
    }  # fmt: skip
    below = {"outside": shell(f"rm -rf {canary}"), "read": shell("cat README.md")}
    (scene.home / "notes").write_text("a\n")

    session = play(scene, AGENT, script, below)

    assert canary.exists()
    refused(
        session,
        ("outside", "startup", "git", "itself", "edit out", "ask", "mcp", "another"),
        "denied",
        asked=("git", "ask", "mcp", "another"),
        nobody="this client has no question to a person",
    )
    assert "# app" in session.told["read"].text
    assert "print(1)" in session.told["elsewhere"].text
    assert "6650" in session.told["unread"].text
    edited(scene)
    assert (scene.home / "notes").read_text() == "a\n"
    assert "kept this is mine" in session.told["trusted"].text
    assert "rule `run-unread`" in session.told["another"].text
    assert (scene.home / "asked").read_text() == "keep this is mine\n"
    assert [text.startswith("denied") for text, _ in session.helper] == [True, False]
    assert any(tool["function"]["name"] == "files_remove" for tool in session.model.requests[0]["tools"])


def test_whatever_is_wrong_with_the_hook_the_call_does_not_run(scene):
    scene.install(AGENT)
    troubled.replace(plugin(scene), "WAIT_MS = 30000", "WAIT_MS = 10000")

    troubled.compare(scene, AGENT, plugin(scene), SEEN[AGENT].installed, shell)


def spoil(file: Path) -> None:
    file.write_text(f"{file.read_text()}\n(((")


@pytest.mark.parametrize("words", [(), ("--pure",)])
def test_where_the_plugin_is_not_loaded_there_are_no_tools(scene, words):
    scene.install(AGENT)
    if not words:
        spoil(plugin(scene))

    with serving([shell("touch ran")]) as model:
        done = scene.drive(AGENT, model, *words)

    assert done.returncode == 0, done.stderr
    assert model.requests == []
    assert not (scene.work / "ran").exists()
    assert SEEN[AGENT].installed["not-loaded"] == "denied"


def test_without_what_closes_it_the_client_goes_on_without_the_plugin(scene):
    scene.install(AGENT)
    spoil(plugin(scene))
    (scene.home / ".config/opencode/opencode.jsonc").unlink()

    with serving([shell("touch ran")]) as model:
        scene.drive(AGENT, model)

    assert (scene.work / "ran").exists()
    assert SEEN[AGENT].alone["not-loaded"] == "runs"
