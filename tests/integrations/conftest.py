"""A workspace and a home of one test's own, in which this process itself is the program with the SDK."""

import subprocess

import pytest


@pytest.fixture
def home(tmp_path, monkeypatch):
    place = tmp_path / "home"
    place.mkdir()
    (place / "letter").write_text("dear")
    monkeypatch.setenv("HOME", str(place))
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "GUARD_DOOR"):
        monkeypatch.delenv(name, raising=False)
    return place


@pytest.fixture
def work(home, tmp_path, monkeypatch):
    place = tmp_path / "work"
    place.mkdir()
    subprocess.run(["git", "init", "-q", str(place)], check=True)
    (place / "a.txt").write_text("one\ntwo\n")
    (place / "precious").write_text("x")
    monkeypatch.chdir(place)
    return place
