"""The real Claude Code, with the hook as `guard install` registers it."""

import json
import shlex
import sys

from guard.agents.failures import SEEN
from guard.probe.model import Call, serving
from tests.cli.conftest import needs_a_sandbox
from tests.clients import troubled


@needs_a_sandbox
def test_what_is_denied_does_not_happen_and_the_model_is_told_why(scene):
    scene.install("claude-code")
    canary = scene.home / "canary"
    canary.mkdir()

    with serving(
        [Call("Bash", {"command": f"rm -rf {canary}"}), Call("Bash", {"command": "cat README.md"})]
    ) as model:
        done = scene.drive("claude-code", model)

    assert done.returncode == 0, done.stderr
    assert canary.exists()
    (denied, is_error), (read, _) = model.results
    assert is_error
    assert "rule `" in denied
    assert "# app" in read


def shell(command: str) -> Call:
    return Call("Bash", {"command": command, "description": "go on"})


@needs_a_sandbox
def test_a_hook_that_fails_is_a_deny(scene):
    scene.install("claude-code")
    file = scene.home / ".claude/settings.json"
    troubled.replace(file, "-s KILL 40", "-s KILL 3")

    troubled.compare(scene, "claude-code", file, SEEN["claude-code"].installed, shell)


@needs_a_sandbox
def test_a_hook_that_is_registered_by_its_bare_name_fails_open(scene):
    file = scene.home / ".claude/settings.json"
    file.parent.mkdir()
    hook = {
        "type": "command",
        "command": f"{shlex.quote(sys.executable)} -I -m guard hook claude-code",
        "timeout": 3,
    }
    file.write_text(json.dumps({"hooks": {"PreToolUse": [{"matcher": "*", "hooks": [hook]}]}}))

    troubled.compare(scene, "claude-code", file, SEEN["claude-code"].alone, shell)


@needs_a_sandbox
def test_the_clients_own_switch_is_enough_for_all_but_words_that_are_no_answer(scene):
    """Without the shell's line around the hook: what `onFailure` alone is worth."""
    file = scene.home / ".claude/settings.json"
    file.parent.mkdir()
    words = f"{shlex.quote(sys.executable)} -I -m guard hook claude-code"
    hook = {"type": "command", "command": words, "timeout": 3, "onFailure": "block"}
    file.write_text(json.dumps({"hooks": {"PreToolUse": [{"matcher": "*", "hooks": [hook]}]}}))
    table = dict.fromkeys(SEEN["claude-code"].alone, "denied") | {"garbage": "runs", "nothing": "runs"}

    troubled.compare(scene, "claude-code", file, table, shell)
