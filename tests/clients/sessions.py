"""One session of a real client through many calls: a start costs seconds, a call next to nothing."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from guard.probe.model import Call, serving
from guard.probe.wire.turn import Told
from tests.agents.test_story import cloaked
from tests.cli.conftest import ROOT, made
from tests.clients.conftest import Scene

MCP_SERVER = [sys.executable, str(ROOT / "tests/integrations/mcp_server.py")]
TRUSTS = """\
version: 1
kind: policy
name: app
default: allow
exceptions:
  - id: files
    rule: profile/server-tools
    programs: ["mcp__files__*"]
    verdict: allow
    reason: It is ours.
    owner: ana
    approved_by: bob
    expires: 2999-12-31
"""
"""What is trusted is the name of a server and its tool, as policy has it."""
BRIEF = "brief-of-the-helper"
"""In what a sub-agent is told to do."""


@dataclass
class Session:
    scene: Scene
    told: dict[str, Told]
    """By the name of the step."""
    helper: list[Told]
    """What the sub-agent was told."""

    @property
    def canary(self) -> Path:
        return self.scene.home / "canary"


@contextmanager
def person() -> Iterator[Scene]:
    with tempfile.TemporaryDirectory(prefix="c", dir="/tmp") as place:
        scene = made(Scene(Path(place).resolve() / "home"))
        (scene.home / "canary").mkdir()
        (scene.home / "canary/file").write_text("still here\n")
        (scene.home / ".bashrc").write_text("# mine\n")
        # What nobody can read runs in a sandbox, and there is no home in it.
        (scene.work / "tool.py").write_text(
            cloaked(f"import os; print('home', os.path.exists('{scene.home}/canary'), 6 * 7)")
        )
        yield scene


def reviewed(scene: Scene, policy: str) -> None:
    """As the workspace's own, and as what its origin has."""
    (scene.work / ".guard").mkdir()
    (scene.work / ".guard/policy.yaml").write_text(policy)
    origin = scene.home / "origin.git"
    for words in (
        ["add", ".guard"],
        ["-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "the law"],
        ["clone", "-q", "--bare", ".", str(origin)],
        ["remote", "add", "origin", str(origin)],
        ["fetch", "-q", "origin"],
        ["remote", "set-head", "origin", "main"],
    ):
        subprocess.run(["git", "-C", str(scene.work), *words], check=True, capture_output=True)


def play(
    scene: Scene, agent: str, steps: Mapping[str, Call], helper: Mapping[str, Call], *more: str
) -> Session:
    """``more``: words after the recipe's. AssertionError for a session that does not come to its end."""
    with serving([*steps.values()], {BRIEF: [*helper.values()]}) as model:
        done = scene.drive(agent, model, *more)
        results, beside = list(model.results), list(model.told(BRIEF))
    assert done.returncode == 0, done.stderr
    assert len(results) == len(steps), (results, done.stderr)
    return Session(scene=scene, told=dict(zip(steps, results, strict=True)), helper=beside)
