"""What Codex, Gemini CLI and Qwen Code do with a call when the hook fails: the table is what the real clients do."""

import json
from pathlib import Path

import pytest

from guard.agents.failures import SEEN
from guard.cli.clients import CLIENTS
from guard.probe.headless import Start
from guard.probe.model import Call
from guard.probe.recipes import RECIPES
from tests.clients import troubled

AGENTS = ("codex", "gemini", "qwen")
SAYS = {"codex": "blocked by", "gemini": "blocked", "qwen": r"denied|personal\.yaml"}
"""In what the model is told of each deny. A question that nobody answers is told as it was asked."""
HANGS_S = 8


def run(agent: str, command: str) -> Call:
    nowhere = Start(url="http://127.0.0.1:1", home="/nowhere", workspace="/nowhere")
    return RECIPES[agent](nowhere).run(command)


def install(scene, agent: str) -> Path:
    scene.install(agent)
    return scene.home / CLIENTS[agent].files["user"]


@pytest.mark.parametrize("agent", AGENTS)
def test_one_failure_lets_a_call_through_with_the_hook_that_install_registers(scene, agent: str) -> None:
    file = install(scene, agent)
    troubled.replace(file, "-s KILL 40", f"-s KILL {HANGS_S}")

    troubled.compare(
        scene, agent, file, SEEN[agent].installed, lambda command: run(agent, command), says=SAYS[agent]
    )

    assert [name for name, does in SEEN[agent].installed.items() if does == "runs"] == ["shell-killed"]


@pytest.mark.parametrize("agent", AGENTS)
def test_a_hook_that_is_registered_by_its_name_alone_lets_them_through(scene, agent: str) -> None:
    file = install(scene, agent)
    settings = json.loads(file.read_text())
    ((group,),) = settings["hooks"].values()
    (hook,) = group["hooks"]
    # Here it is the client that gives up.
    hook["timeout"] = HANGS_S * hook["timeout"] // 60
    words = hook["command"].partition('said=$("$@" ')[2].partition(")")[0]
    hook["command"] = words.replace(" --says-done", "").replace(" --rewrites", "")
    file.write_text(json.dumps(settings))

    # Gemini CLI sends SIGTERM, and then waits for as long as it takes.
    troubled.compare(
        scene,
        agent,
        file,
        SEEN[agent].alone,
        lambda command: run(agent, command),
        says=SAYS[agent],
        obeys=True,
    )
