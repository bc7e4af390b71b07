"""The real Gemini CLI, with the hook as `guard install` registers it."""

from collections.abc import Iterator

import pytest

from guard.probe.model import Call
from tests.cli.conftest import needs_a_sandbox
from tests.clients.sessions import BRIEF, TRUSTS, Session, person, play, reviewed, serve_files


def shell(command: str, **more: object) -> Call:
    return Call("run_shell_command", {"command": command, **more})


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with person() as scene:
        scene.install("gemini")
        reviewed(scene, TRUSTS)
        # With the tool of another name `mcp_files_keep_it`, too.
        serve_files(scene, ".gemini/settings.json", "keep_it", names=("files", "files__my"))
        work = scene.work

        def write(name: str, content: str) -> Call:
            return Call("write_file", {"file_path": f"{work}/{name}", "content": content})

        change = {"old_string": "print(1)", "new_string": "print(10)", "instruction": "ten"}
        steps = {
            "outside": shell(f"rm -rf {scene.home}/canary"),
            "read": shell("cat README.md"),
            "contained": shell("python3 tool.py"),
            "elsewhere": shell("python3 ../tool.py", dir_path="src"),
            "settings": write(".gemini/settings.json", "{}"),
            "workflow": write(".github/workflows/ci.yml", "on: push\n"),
            "hook of git": write(".git/hooks/post-commit", "#!/bin/sh\n"),
            "start-up": write("../.bashrc", "# yours\n"),
            "look": Call("read_file", {"file_path": f"{work}/src/a.py"}),
            "edit": Call("replace", {"file_path": f"{work}/src/a.py", **change}),
            "new": write("new.txt", "new\n"),
            "ask": shell("git push --force origin main"),
            "helper": Call("invoke_agent", {"agent_name": "generalist", "prompt": f"{BRIEF}: go on"}),
            "topic": Call("update_topic", {"title": "x", "summary": "y", "strategic_intent": "z"}),
            "server": Call("mcp_files_remove", {"path": f"{scene.home}/.bashrc"}),
            "trusted": Call("mcp_files_keep_it", {"text": "this is mine"}),
            "another": Call("mcp_files__my_keep_it", {"text": "this is not"}),
        }
        helper = {
            "outside": shell("rm -rf ../canary"),
            "allowed": shell("echo from the helper"),
            "done": Call("complete_task", {"result": "done"}),
        }
        yield play(scene, "gemini", steps, helper)


def test_what_is_denied_does_not_happen_and_the_model_is_told_why(session: Session) -> None:
    assert (session.canary / "file").exists()
    assert session.told["outside"].is_error
    assert (
        "Tool execution blocked: denied: Deletions outside of the workspace" in session.told["outside"].text
    )
    assert "rule `never-delete-outside`" in session.told["outside"].text


def test_what_is_allowed_runs_and_its_output_arrives(session: Session) -> None:
    assert "# app" in session.told["read"].text


@needs_a_sandbox
def test_what_nobody_can_read_runs_in_a_sandbox_and_its_output_arrives(session: Session) -> None:
    assert "home False 42" in session.told["contained"].text
    assert "home False 42" in session.told["elsewhere"].text


def test_its_own_edit_tools_write_where_they_may_and_nowhere_else(session: Session) -> None:
    work = session.scene.work

    assert (work / "src/a.py").read_text() == "print(10)\n"
    assert (work / "new.txt").read_text() == "new\n"
    assert (session.scene.home / ".bashrc").read_text() == "# mine\n"
    for name in (".gemini/settings.json", ".github/workflows/ci.yml", ".git/hooks/post-commit"):
        assert not (work / name).exists()
    for step in ("settings", "workflow"):
        assert "rule `" in session.told[step].text, step
    for step in ("hook of git", "start-up"):
        # The client itself does not write there, and asks no hook.
        assert session.told[step].is_error, step


def test_a_question_is_a_deny_that_says_what_a_person_can_do_and_nothing_hangs(session: Session) -> None:
    assert "denied, because a person has to decide" in session.told["ask"].text
    assert "this client has no question to a person" in session.told["ask"].text


def test_a_sub_agent_is_asked_about_as_its_parent_is(session: Session) -> None:
    outside, allowed = session.helper[:2]

    assert "rule `never-delete-outside`" in outside.text
    assert "from the helper" in allowed.text
    assert not session.told["helper"].is_error
    assert not session.told["topic"].is_error


def test_a_server_is_asked_about(session: Session) -> None:
    assert "Tool execution blocked" in session.told["server"].text
    assert "rule `start-up-files`" in session.told["server"].text
    assert "rule `run-unread`" in session.told["another"].text


def test_a_server_that_a_reviewed_policy_trusts_is_called_and_no_other(session: Session) -> None:
    assert "kept this is mine" in session.told["trusted"].text
    assert (session.scene.home / "mcp.log").read_text() == "keep this is mine\n"
