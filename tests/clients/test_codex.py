"""The real Codex CLI, with the hook as `guard install` registers it."""

import json
from collections.abc import Iterator

import pytest

from guard.probe.model import Call
from tests.cli.conftest import needs_a_sandbox
from tests.clients.sessions import BRIEF, MCP_SERVER, Session, person, play

AGENTS = "multi_agent_v1"


def patch(*lines: str) -> Call:
    return Call("apply_patch", "\n".join(["*** Begin Patch", *lines, "*** End Patch"]), "custom")


def shell(command: str, **more: object) -> Call:
    return Call("exec_command", {"cmd": command, **more})


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    agent: list[str] = []

    def started(last: str) -> dict[str, object]:
        agent.append(json.loads(last)["agent_id"])
        return {"targets": agent, "timeout_ms": 20_000}

    with person() as scene:
        scene.install("codex")
        steps = {
            "outside": shell(f"rm -rf {scene.home}/canary"),
            "read": shell("cat README.md"),
            "contained": shell("python3 tool.py"),
            "elsewhere": shell("python3 ../tool.py", workdir=str(scene.work / "src")),
            "git hook": patch("*** Add File: .git/hooks/post-commit", "+#!/bin/sh", "+true"),
            "start-up": patch(f"*** Update File: {scene.home}/.bashrc", "@@", "-# mine", "+# yours"),
            "own settings": patch(f"*** Delete File: {scene.home}/.codex/hooks.json"),
            "one of two": patch(
                "*** Add File: good.txt", "+good", "*** Add File: .git/hooks/pre-push", "+bad"
            ),
            "edit": patch("*** Update File: src/a.py", "@@", "-print(1)", "+print(10)"),
            "key": Call("view_image", {"path": str(scene.home / ".ssh/id_rsa")}),
            "ask": shell("git push --force origin main"),
            "bash": shell("bash"),
            "bash in a terminal": shell("bash -i", tty=True),
            "python in a terminal": shell("python3", tty=True),
            "sh of another name": shell("exec -a tool sh", tty=True),
            "helper": Call("spawn_agent", {"message": f"{BRIEF}: go on"}, "", AGENTS),
            "wait": Call("wait_agent", started, "", AGENTS),
            "close": Call("close_agent", lambda _: {"target": agent[0]}, "", AGENTS),
            "goal": Call("get_goal", {}),
            "server": Call("remove", {"path": str(scene.home / ".bashrc")}, "", "mcp__files"),
        }
        helper = {"outside": shell("rm -rf ../canary"), "allowed": shell("echo from the helper")}
        server = {"command": MCP_SERVER[0], "args": [*MCP_SERVER[1:], str(scene.home / "mcp.log")]}
        words = f'{{command="{server["command"]}",args={json.dumps(server["args"])}}}'
        yield play(scene, "codex", steps, helper, "-c", f"mcp_servers.files={words}")


def test_what_is_denied_does_not_happen_and_the_model_is_told_why(session: Session) -> None:
    assert (session.canary / "file").exists()
    assert (
        "blocked by PreToolUse hook: denied: Deletions outside of the workspace"
        in session.told["outside"].text
    )
    assert "rule `never-delete-outside`" in session.told["outside"].text
    assert "rule `credentials`" in session.told["key"].text


def test_what_is_allowed_runs_and_its_output_arrives(session: Session) -> None:
    assert "# app" in session.told["read"].text


@needs_a_sandbox
def test_what_nobody_can_read_runs_in_a_sandbox_and_its_output_arrives(session: Session) -> None:
    assert "home False 42" in session.told["contained"].text
    assert "home False 42" in session.told["elsewhere"].text


def test_its_own_edit_tool_writes_where_it_may_and_nowhere_else(session: Session) -> None:
    hooks = session.scene.work / ".git/hooks"

    assert (session.scene.work / "src/a.py").read_text() == "print(10)\n"
    assert "Success" in session.told["edit"].text
    assert not (hooks / "post-commit").exists()
    assert not (hooks / "pre-push").exists()
    assert not (session.scene.work / "good.txt").exists()
    assert (session.scene.home / ".bashrc").read_text() == "# mine\n"
    assert (session.scene.home / ".codex/hooks.json").exists()
    for step in ("git hook", "start-up", "own settings", "one of two"):
        assert "rule `" in session.told[step].text, step


def test_a_question_is_a_deny_that_says_what_a_person_can_do(session: Session) -> None:
    assert "denied, because a person has to decide" in session.told["ask"].text
    assert "this client has no question to a person" in session.told["ask"].text


@pytest.mark.parametrize("step", ["bash", "bash in a terminal", "python in a terminal", "sh of another name"])
def test_nothing_is_opened_that_could_be_typed_into(session: Session, step: str) -> None:
    # No event tells of what `write_stdin` types.
    assert "rule `guard-typed-unseen`" in session.told[step].text


def test_a_sub_agent_is_asked_about_as_its_parent_is(session: Session) -> None:
    outside, allowed = session.helper

    assert "rule `never-delete-outside`" in outside.text
    assert "from the helper" in allowed.text
    assert "agent_id" in session.told["helper"].text
    for step in ("wait", "close", "goal"):
        assert "blocked" not in session.told[step].text, step


def test_a_server_is_asked_about(session: Session) -> None:
    assert "blocked by PreToolUse hook" in session.told["server"].text
    assert not (session.scene.home / "mcp.log").exists()


def test_what_a_script_of_its_code_mode_calls_is_asked_about() -> None:
    """The newer models send one script that calls the tools."""
    calls = [
        ("exec_command", {"cmd": "rm -rf ../canary"}),
        ("exec_command", {"cmd": "cat README.md"}),
        ("exec_command", {"cmd": "bash -i"}),
        ("apply_patch", "*** Begin Patch\n*** Add File: .git/hooks/post-commit\n+x\n*** End Patch"),
        ("apply_patch", "*** Begin Patch\n*** Add File: new.txt\n+new\n*** End Patch"),
    ]
    script = "const told = [];\n" + "".join(
        f"try {{ told.push(await tools.{name}({json.dumps(given)})) }} catch (e) {{ told.push('no ' + e) }}\n"
        for name, given in calls
    )
    with person() as scene:
        scene.install("codex")
        session = play(
            scene, "codex", {"script": Call("exec", f"{script}text(JSON.stringify(told))", "custom")}, {}, "-m", "gpt-6-sol"
        )  # fmt: skip
        told = json.loads(session.told["script"].text.partition("Output:")[2])

        assert (session.canary / "file").exists()
        assert "rule `never-delete-outside`" in told[0]
        assert "# app" in told[1]["output"]
        assert "rule `guard-typed-unseen`" in told[2]
        assert "rule `what-runs-later`" in told[3]
        assert not (scene.work / ".git/hooks/post-commit").exists()
        assert (scene.work / "new.txt").read_text() == "new\n"
