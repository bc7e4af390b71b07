"""A workspace and a home of one test's own, in which this process itself is the program that uses the library."""

import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    place = tmp_path / "home"
    place.mkdir()
    (place / "letter").write_text("dear")
    monkeypatch.setenv("HOME", str(place))
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "GUARD_DOOR"):
        monkeypatch.delenv(name, raising=False)
    return place


@pytest.fixture
def work(home, tmp_path, monkeypatch) -> Path:
    place = tmp_path / "work"
    place.mkdir()
    subprocess.run(["git", "init", "-q", str(place)], check=True)
    (place / "a.txt").write_text("one two one\n")
    # Nobody reads what make does, so it is contained.
    (place / "Makefile").write_text(
        "made:\n\t@echo x > made\n\t@echo 1\nslow:\n\t@echo x > made\n\t@sleep 987654\n"
    )
    monkeypatch.chdir(place)
    return place
