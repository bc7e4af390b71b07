"""One session of a real client through many calls: a start costs seconds, a call next to nothing."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from guard.probe.model import Call, Model, serving
from guard.probe.wire.turn import Told
from tests.agents.test_story import cloaked
from tests.cli.conftest import ROOT, made
from tests.clients.conftest import Scene
from tests.enforce.machine import hidden

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
UNREAD = hidden("""python3 -c 'open("made", "a").write("x"); print(6649 + 1)'""")
"""Says 6650, and one letter more in a file for each time that it ran."""


@dataclass
class Session:
    scene: Scene
    told: dict[str, Told]
    """By the name of the step."""
    helper: list[Told]
    """What the sub-agent was told."""
    model: Model

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
    return Session(scene=scene, told=dict(zip(steps, results, strict=True)), helper=beside, model=model)


def serve_files(scene: Scene, settings: str, *tools: str, names: Iterable[str] = ("files",)) -> None:
    """A server among the person's settings, which are a file of JSON; one more for each further name."""
    file = scene.home / settings
    words = [*MCP_SERVER[1:], f"{scene.home}/mcp.log", *tools]
    server = {"command": MCP_SERVER[0], "args": words, "trust": True}
    servers = {"mcpServers": dict.fromkeys(names, server)}
    file.write_text(json.dumps({**json.loads(file.read_text()), **servers}))


def refused(
    session: Session, names: Iterable[str], begins: str, *, asked: Iterable[str], nobody: str
) -> None:
    """Each of ``names`` with its rule; ``asked``: those that a person could have let run, had the client a question."""
    for name in names:
        assert session.told[name].text.startswith(begins), name
        assert "rule `" in session.told[name].text, name
    for name in asked:
        assert nobody in session.told[name].text, name


def edited(scene: Scene, *, ran: int = 1) -> None:
    """What the steps may change is changed, ``UNREAD`` ran so often, and what they may not change is as it was."""
    assert (scene.work / "made").read_text() == "x" * ran
    assert (scene.work / "new.txt").read_text() == "new\n"
    assert (scene.work / "src/a.py").read_text() == "print(2)\n"
    assert not (scene.home / ".bashrc").exists()
    assert not (scene.work / ".git/hooks/pre-commit").exists()
