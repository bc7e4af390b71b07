"""``guard doctor --probe`` with the real clients, as a person says it."""

import json
import subprocess
from pathlib import Path

import pytest

from guard.agents.codex_trust import digest_of, key_of
from guard.probe.recipes import RECIPES
from tests.agents.client import installed
from tests.cli.conftest import needs_a_sandbox
from tests.clients.packages import PACKAGES


@needs_a_sandbox
@pytest.mark.parametrize("agent", sorted(RECIPES))
def test_a_real_client_is_proved_to_be_stopped(scene, agent: str) -> None:
    place = installed(PACKAGES[agent].name, PACKAGES[agent].program)
    path = f"{place}:{scene.env['PATH']}"
    assert scene.guard("install", "--yes", "--agent", agent, PATH=path).returncode == 0

    done = scene.guard("doctor", "--probe", "--agent", agent, "--json", PATH=path)

    (told,) = json.loads(done.stdout)["agents"]
    assert "the guard denied it, and the file is there" in told["says"], told
    # Codex has its person trust a hook before it runs; nobody has, here.
    assert told["protected"] is (agent != "codex"), told
    assert done.returncode == (1 if agent == "codex" else 0)
    assert told["tried"]


def hooks(program: Path, scene) -> dict:
    """What Codex itself says of the hooks that it has found."""
    words = [
        {"id": 1, "method": "initialize", "params": {"clientInfo": {"name": "test", "version": "1"}}},
        {"method": "initialized"},
        {"id": 2, "method": "hooks/list", "params": {"cwds": [str(scene.work)]}},
    ]
    env = {
        **scene.env,
        "CODEX_HOME": str(scene.home / ".codex"),
        "PATH": f"{program.parent}:{scene.env['PATH']}",
    }
    with subprocess.Popen(
        [program, "app-server"], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as started:  # fmt: skip
        for one in words:
            started.stdin.write(json.dumps(one) + "\n")
        started.stdin.flush()
        told = next(json.loads(line) for line in started.stdout if json.loads(line).get("id") == 2)
        started.kill()
    return {one["command"]: one for one in told["result"]["data"][0]["hooks"]}


def test_codex_trusts_what_the_doctor_takes_for_trusted(scene):
    program = installed(PACKAGES["codex"].name, "codex") / "codex"
    scene.install("codex")
    file = scene.home / ".codex/hooks.json"
    other = {"hooks": [{"type": "command", "command": "true é", "statusMessage": "one moment"}]}
    settings = json.loads(file.read_text())
    settings["hooks"]["PreToolUse"].append(other)
    file.write_text(json.dumps(settings))
    groups = settings["hooks"]["PreToolUse"]
    digests = [digest_of(group.get("matcher"), group["hooks"][0]) for group in groups]

    before = hooks(program, scene)
    (scene.home / ".codex/config.toml").write_text(
        "".join(
            f'[hooks.state."{key_of(str(file), at, 0)}"]\ntrusted_hash = "{digest}"\n'
            for at, digest in enumerate(digests)
        )
    )
    after = hooks(program, scene)

    assert [one["currentHash"] for one in before.values()] == digests
    assert {one["trustStatus"] for one in before.values()} == {"untrusted"}
    assert {one["trustStatus"] for one in after.values()} == {"trusted"}
