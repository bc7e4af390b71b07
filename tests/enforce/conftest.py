"""A workspace, a copy of it for a test to change as a run would, and places for the guard's own files."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.model.verdict import Level

from .trees import build_workspace


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(state=str(tmp_path / "state"), config=str(tmp_path / "config"))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    build_workspace(root)
    return root


@pytest.fixture
def wanted(workspace: Path, tmp_path: Path) -> Path:
    """A copy of the workspace for a test to change as a run would."""
    copy = tmp_path / "wanted"
    shutil.copytree(workspace, copy, symlinks=True)
    return copy


@pytest.fixture(scope="module")
def in_a_home(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Mapping[str, str]], Guard]:
    """The guard of an empty workspace, with what is built in alone, for this environment."""
    home = tmp_path_factory.mktemp("home")
    work = home / "work"
    work.mkdir()
    return lambda env: Guard.open(
        cwd=str(work),
        home="/home/you",
        env=dict(env),
        workspace=str(work),
        level=Level.CONTAINED,
        places=Places.from_environment(str(home), {}),
    )
