"""A person with one client, the guard in front of it as `guard install` puts it, and a scripted model."""

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from guard.probe.model import Model
from guard.probe.recipes import RECIPES, Headless, Start
from tests.agents.client import installed
from tests.cli.conftest import User, made
from tests.clients.packages import PACKAGES

TIME_LIMIT_S = 120


@dataclass
class Scene(User):
    before: tuple[str, ...] = ()
    """Words in front of the client's: `guard run` and its options."""
    extra: dict[str, str] = field(default_factory=dict)
    """Variables of the person."""

    def recipe(self, agent: str, model: Model) -> Headless:
        return RECIPES[agent](Start(url=model.url, home=str(self.home), workspace=str(self.work)))

    def path(self, agent: str) -> str:
        """With the client first; skips where there is none to be had."""
        return f"{installed(PACKAGES[agent].name, PACKAGES[agent].program)}:{self.env['PATH']}"

    def install(self, agent: str) -> None:
        # By its version it is decided whether it is told to run what it is answered.
        done = self.guard("install", "--agent", agent, "--yes", PATH=self.path(agent))
        assert done.returncode == 0, done.stderr.decode()

    def drive(self, agent: str, model: Model, *more: str) -> subprocess.CompletedProcess[str]:
        """One session of the real client, to its end. ``more``: words after the recipe's."""
        recipe = self.recipe(agent, model)
        for name, content in recipe.files:
            path = self.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        env = {**self.env, **dict(recipe.env), "PATH": self.path(agent), **self.extra}
        return subprocess.run(
            [*self.before, PACKAGES[agent].program, *recipe.argv, *more],
            cwd=self.work,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT_S,
            check=False,
        )


@pytest.fixture
def scene() -> Iterator[Scene]:
    with tempfile.TemporaryDirectory(prefix="c", dir="/tmp") as place:
        yield made(Scene(Path(place).resolve() / "home"))
