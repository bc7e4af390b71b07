"""A Python that the OpenHands SDK runs on, with the SDK in it: an environment of its own, made once and kept."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = Path(__file__).with_name("openhands.txt")
"""Exact versions of the SDK, its tools, and all that they bring."""
VERSION = next(line for line in PACKAGES.read_text().splitlines() if line.startswith("openhands-sdk=="))
NEWEST = 13
"""The minor version up to which all of them have wheels."""
INSTALL_S = 240


def python_with_openhands() -> Path:
    """Skips, and says why, where there is none to be had."""
    base = Path(os.environ.get("GUARD_TEST_CLIENTS") or os.path.expanduser("~/.cache/guard-test-clients"))
    base.mkdir(parents=True, exist_ok=True)
    python = _python()
    place = base / f"{VERSION.replace('==', '-')}-{python.resolve().name}"
    with (base / f".{place.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "complete").exists():
            _install(python, place)
    return place / "bin/python"


def _python() -> Path:
    names = [f"python3.{minor}" for minor in range(12, NEWEST + 1)]
    if (3, 12) <= sys.version_info[:2] <= (3, NEWEST):
        return Path(sys.executable)
    found = [Path(path) for name in names if (path := shutil.which(name)) and "shims" not in path]
    for name in names:
        found += sorted(Path(os.path.expanduser("~/.pyenv/versions")).glob(f"{name[6:]}.*/bin/{name}"))
    if not found:
        pytest.skip(
            f"there is no Python from 3.12 to 3.{NEWEST} on this machine: the real OpenHands is not tried"
        )
    return found[0]


def _install(python: Path, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    # What CI holds all other packages to has no say in these.
    env = {key: value for key, value in os.environ.items() if key not in {"PIP_CONSTRAINT", "PYTHONPATH"}}
    for words in (
        [python, "-m", "venv", place],
        [place / "bin/pip", "install", "-q", "--no-deps", "-r", PACKAGES],
    ):
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, timeout=INSTALL_S, check=False, env=env
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"pip did not install {VERSION} in {INSTALL_S} s: the real OpenHands is not tried")
        if done.returncode:
            pytest.skip(
                f"pip cannot install {VERSION}: {done.stderr[-300:]}: the real OpenHands is not tried"
            )
    (place / "complete").touch()
