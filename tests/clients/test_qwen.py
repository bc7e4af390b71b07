"""The real Qwen Code, with the hook as `guard install` registers it."""

from collections.abc import Iterator

import pytest

from guard.agents.disarm import rows_of, words
from guard.cli.disarmed import disarmed
from guard.probe.model import Call
from tests.cli.conftest import needs_a_sandbox
from tests.clients.sessions import BRIEF, Session, person, play, serve_files


def shell(command: str, **more: object) -> Call:
    return Call("run_shell_command", {"command": command, "is_background": False, **more})


def advised(told: str) -> dict[str, object]:
    """What the deny says to say instead, to the letter."""
    return {"command": told.partition("exactly this instead:\n")[2], "is_background": False}


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with person() as scene:
        scene.install("qwen")
        serve_files(scene, ".qwen/settings.json")
        work = scene.work

        def write(name: str, content: str) -> Call:
            return Call("write_file", {"file_path": f"{work}/{name}", "content": content})

        change = {"old_string": "print(1)", "new_string": "print(10)"}
        task = {"description": "help", "prompt": f"{BRIEF}: go on", "subagent_type": "general-purpose"}
        steps = {
            "outside": shell(f"rm -rf {scene.home}/canary"),
            "read": shell("cat README.md"),
            "advice": shell("python3 tool.py"),
            "contained": Call("run_shell_command", advised),
            "settings": write(".qwen/settings.json", "{}"),
            "hook of git": write(".git/hooks/post-commit", "#!/bin/sh\n"),
            "start-up": Call("write_file", {"file_path": f"{scene.home}/.bashrc", "content": "# yours\n"}),
            "look": Call("read_file", {"file_path": f"{work}/src/a.py"}),
            "edit": Call("edit", {"file_path": f"{work}/src/a.py", **change}),
            "new": write("new.txt", "new\n"),
            "ask": shell("git push --force origin main"),
            "behind another": Call(
                "tool_call",
                {"name": "web_fetch", "arguments": {"url": "http://other.example/", "prompt": "x"}},
            ),
            "helper": Call("agent", {**task, "run_in_background": False}),
            "goal": Call("get_goal", {}),
            "server": Call("mcp__files__remove", {"path": f"{scene.home}/.bashrc"}),
        }
        helper = {"outside": shell("rm -rf ../canary"), "allowed": shell("echo from the helper")}
        yield play(scene, "qwen", steps, helper)


def test_what_is_denied_does_not_happen_and_the_model_is_told_why(session: Session) -> None:
    assert (session.canary / "file").exists()
    assert session.told["outside"].text.startswith("denied: Deletions outside of the workspace")
    assert "rule `never-delete-outside`" in session.told["outside"].text
    # The real tool behind the one that calls it.
    assert "rule `other-hosts`" in session.told["behind another"].text


def test_what_is_allowed_runs_and_its_output_arrives(session: Session) -> None:
    assert "# app" in session.told["read"].text


@needs_a_sandbox
def test_what_nobody_can_read_runs_in_a_sandbox_when_it_is_said_as_advised(session: Session) -> None:
    assert "42" not in session.told["advice"].text
    assert "home False 42" in session.told["contained"].text


def test_its_own_edit_tools_write_where_they_may_and_nowhere_else(session: Session) -> None:
    work = session.scene.work

    assert (work / "src/a.py").read_text() == "print(10)\n"
    assert (work / "new.txt").read_text() == "new\n"
    assert (session.scene.home / ".bashrc").read_text() == "# mine\n"
    for name in (".qwen/settings.json", ".git/hooks/post-commit"):
        assert not (work / name).exists()
    for step in ("settings", "hook of git", "start-up"):
        assert "rule `" in session.told[step].text, step


def test_a_question_without_a_person_is_a_deny(session: Session) -> None:
    assert "rule `others-see-it`" in session.told["ask"].text


def test_a_sub_agent_is_asked_about_as_its_parent_is(session: Session) -> None:
    outside, allowed = session.helper[:2]

    assert "rule `never-delete-outside`" in outside.text
    assert "from the helper" in allowed.text
    assert "rule `" not in session.told["helper"].text
    assert "rule `" not in session.told["goal"].text


def test_a_server_is_asked_about(session: Session) -> None:
    assert "rule `" in session.told["server"].text
    assert not (session.scene.home / "mcp.log").exists()


OFF = [row for row in rows_of("qwen") if row.comes == "off" and "qwen" in row.agents]


@pytest.mark.parametrize(
    ("files", "more"),
    [*(((row.example,), ()) for row in OFF), *(((), (one.word,)) for one in words() if one.agent == "qwen")],
    ids=[*(row.id for row in OFF), *(one.word for one in words() if one.agent == "qwen")],
)
def test_what_the_doctor_says_switches_the_hook_off_does(files, more) -> None:
    with person() as scene:
        scene.install("qwen")
        for name, content in files:
            (scene.work / name).parent.mkdir(exist_ok=True)
            (scene.work / name).write_text(content)

        told = play(scene, "qwen", {"outside": shell(f"rm -rf {scene.home}/canary")}, {}, *more).told

        assert "rule `" not in told["outside"].text
        assert not (scene.home / "canary").exists()


def test_a_sub_agent_that_is_a_program_of_its_own_is_started_unasked() -> None:
    with person() as scene:
        scene.install("qwen")
        program, agent = scene.work / "help", scene.work / ".qwen/agents/help.md"
        program.write_text(f"#!/bin/sh\n: > {scene.home}/ran\n")
        program.chmod(0o755)
        agent.parent.mkdir(parents=True)
        agent.write_text(
            "---\nname: help\ndescription: Helps.\nexecutor:\n  kind: acp\n"
            f"  command: {program}\n---\nYou help with everything.\n"
        )
        task = {"description": "help", "prompt": "go on", "subagent_type": "help", "run_in_background": False}

        play(scene, "qwen", {"helper": Call("agent", task)}, {})

        assert (scene.home / "ran").exists()
        assert [one.row.id for one in disarmed(("qwen",), str(scene.work), str(scene.home))] == [
            "qwen-agents"
        ]
