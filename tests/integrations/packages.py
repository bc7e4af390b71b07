"""SDKs that are too large to be in everybody's environment: installed once into a directory of their own, and kept."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

INSTALL_S = 240


def provided(name: str, *packages: str) -> Path:
    """The directory to import ``name`` from. ``packages``: exact versions, and nothing that they ask for besides.

    Skips, and says why, where there is none to be had.
    """
    base = os.environ.get("GUARD_TEST_CLIENTS") or os.path.expanduser("~/.cache/guard-test-clients")
    key = "-".join(package.replace("==", "-") for package in packages[:1])
    place = Path(base, f"{key}-py{sys.version_info[0]}{sys.version_info[1]}")
    if not (place / "complete").exists():
        early = Path(f"{place}.{os.getpid()}")
        words = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(early), *packages]
        # What CI holds all other packages to has no say in these.
        env = {key: value for key, value in os.environ.items() if key != "PIP_CONSTRAINT"}
        try:
            done = subprocess.run(
                words, capture_output=True, text=True, timeout=INSTALL_S, check=False, env=env
            )
        except subprocess.TimeoutExpired:
            pytest.skip(f"pip did not install {packages[0]} in {INSTALL_S} s: the real {name} is not tried")
        if done.returncode:
            pytest.skip(
                f"pip cannot install {packages[0]}: {done.stderr[-300:]}: the real {name} is not tried"
            )
        (early / "complete").touch()
        try:
            early.rename(place)
        except OSError:
            assert (place / "complete").exists()  # another process was quicker
    return place
