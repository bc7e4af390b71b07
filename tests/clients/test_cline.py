"""The real command line of Cline, with the hook as `guard install` writes it.

A deny ends the run, and that of a sub-agent only its own: so one session shows many.
"""

import json
import shlex
import sys
from pathlib import Path

from guard.agents.failures import SEEN
from guard.probe.model import Call, serving
from tests.cli.conftest import needs_a_sandbox
from tests.clients import troubled
from tests.clients.sessions import UNREAD, edited

AGENT = "cline"


def shell(*commands: str) -> Call:
    return Call("run_commands", {"commands": list(commands)})


def below(word: str) -> Call:
    return Call("spawn_agent", {"systemPrompt": "look", "task": f"{word}: look"})


def word(name: str) -> str:
    return f"SUBAGENT-{name}-"


def install(scene) -> Path:
    scene.install(AGENT)
    file = scene.home / ".cline/hooks/PreToolUse"
    assert "--rewrites" in file.read_text()
    return file


@needs_a_sandbox
def test_what_is_denied_does_not_happen_and_ends_the_run(scene):
    file = install(scene)
    canary = scene.home / "canary"
    canary.mkdir()
    edit = {"old_text": "print(1)", "new_text": "print(2)"}
    runs = {
        "read": shell("cat README.md"),
        "unread": shell(UNREAD),
        "two": shell("echo one", UNREAD),
        "new": Call("editor", {"path": str(scene.work / "new.txt"), "new_text": "new\n"}),
        "look": Call("read_files", {"files": [{"path": str(scene.work / "src/a.py")}]}),
        "edit": Call("editor", {"path": str(scene.work / "src/a.py"), **edit}),
    }
    denied = {
        "outside": shell(f"rm -rf {canary}"),
        "second": shell("echo one", f"rm -rf {canary}"),
        "startup": Call("editor", {"path": str(scene.home / ".bashrc"), "new_text": "evil\n"}),
        "git": Call("editor", {"path": str(scene.work / ".git/hooks/pre-commit"), "new_text": "evil\n"}),
        "itself": Call("editor", {"path": str(file), "old_text": "guard", "new_text": "true"}),
        "ask": shell("git push --force origin main"),
    }
    script = [
        *runs.values(),
        *(below(word(name)) for name in denied),
        denied["outside"],
        shell("touch after"),
    ]
    agents = {
        word(name): [shell("cat README.md"), call, shell("touch after")] for name, call in denied.items()
    }

    with serving(script, agents) as model:
        done = scene.drive(AGENT, model)

    told = dict(zip([*runs, *denied], (text for text, _ in model.results), strict=True))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-2])["finishReason"] == "aborted"
    assert canary.exists()
    assert not (scene.work / "after").exists()
    assert "# app" in told["read"]
    assert "print(1)" in told["look"]
    assert "6650" in told["unread"]
    assert "one\\n6650" in told["two"]
    edited(scene, ran=2)
    for name in denied:
        assert json.loads(told[name])["finishReason"] == "aborted", name
        assert ["# app" in text for text, _ in model.told(word(name))] == [True], name
    assert "guard hook cline" in file.read_text()


def test_whatever_is_wrong_with_the_hook_becomes_of_the_call_what_the_table_says(scene):
    file = install(scene)
    troubled.replace(file, "-s KILL 40", "-s KILL 10")

    compare(scene, file, SEEN[AGENT].installed)


def test_a_hook_that_only_starts_the_guard_lets_calls_through(scene):
    file = scene.home / ".cline/hooks/PreToolUse"
    file.parent.mkdir(parents=True)
    file.write_text(f"#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -m guard hook cline\n")
    file.chmod(0o755)

    compare(scene, file, SEEN[AGENT].alone)


def compare(scene, file: Path, table) -> None:
    troubled.put(scene.home / "troubled", file)
    names = troubled.tried(table)
    agents = {word(name): [shell(troubled.command(name))] for name in names}
    with serving([below(word(name)) for name in names], agents) as model:
        done = scene.drive(AGENT, model)

    assert done.returncode == 0, done.stderr
    ran = troubled.check(scene, names, table)
    ends = [json.loads(text)["finishReason"] for text, _ in model.results]
    # Without an interpreter the last sub-agent is not even started, and that ends the run itself.
    assert len(names) - len(ends) in {0, 1}
    assert {name for name, end in zip(names, ends, strict=False) if end == "completed"} == ran
