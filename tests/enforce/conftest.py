"""A workspace, a copy of it for a test to change as a run would, and places for the guard's own files."""

import shutil
from pathlib import Path

import pytest

from guard.enforce.places import Places

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
