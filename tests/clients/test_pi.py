"""The real Pi, with the extension as `guard install` writes it."""

from pathlib import Path

from guard.agents.failures import SEEN
from guard.probe.model import Call, serving
from tests.cli.conftest import needs_a_sandbox
from tests.clients import troubled
from tests.clients.sessions import UNREAD, edited, play, refused

AGENT = "pi"


def shell(command: str) -> Call:
    return Call("bash", {"command": command})


def extension(scene) -> Path:
    return scene.home / ".pi/agent/extensions/guard.ts"


@needs_a_sandbox
def test_what_is_denied_does_not_happen_and_the_model_is_told_why(scene):
    scene.install(AGENT)
    canary = scene.home / "canary"
    canary.mkdir()
    script = {
        "outside": shell(f"rm -rf {canary}"),
        "read": shell("cat README.md"),
        "unread": shell(UNREAD),
        "startup": Call("write", {"path": str(scene.home / ".bashrc"), "content": "evil\n"}),
        "git": Call("write", {"path": str(scene.work / ".git/hooks/pre-commit"), "content": "evil\n"}),
        "itself": Call("write", {"path": str(extension(scene)), "content": "export default () => {}\n"}),
        "new": Call("write", {"path": "new.txt", "content": "new\n"}),
        "look": Call("read", {"path": "src/a.py"}),
        "edit": Call("edit", {"path": "src/a.py", "edits": [{"oldText": "print(1)", "newText": "print(2)"}]}),
        "edit out": Call("edit", {"path": "../notes", "edits": [{"oldText": "a", "newText": "b"}]}),
        "ask": shell("git push --force origin main"),
    }
    (scene.home / "notes").write_text("a\n")

    session = play(scene, AGENT, script, {})

    assert canary.exists()
    refused(
        session,
        ("outside", "startup", "git", "itself", "edit out", "ask"),
        "denied",
        asked=("git", "ask"),
        nobody="this client has no question to a person",
    )
    assert "# app" in session.told["read"].text
    assert "print(1)" in session.told["look"].text
    assert "6650" in session.told["unread"].text
    edited(scene)
    assert (scene.home / "notes").read_text() == "a\n"


def test_whatever_is_wrong_with_the_hook_the_call_does_not_run(scene):
    scene.install(AGENT)
    troubled.replace(extension(scene), "WAIT_MS = 30000", "WAIT_MS = 10000")

    troubled.compare(scene, AGENT, extension(scene), SEEN[AGENT].installed, shell)


def test_an_extension_that_does_not_load_keeps_the_client_from_starting(scene):
    scene.install(AGENT)
    extension(scene).write_text(f"{extension(scene).read_text()}\n(((")

    with serving([shell("touch ran")]) as model:
        done = scene.drive(AGENT, model)

    assert done.returncode != 0
    assert "guard.ts" in done.stdout + done.stderr
    assert model.requests == []
    assert not (scene.work / "ran").exists()
    assert SEEN[AGENT].installed["not-loaded"] == "denied"
