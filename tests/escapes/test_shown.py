"""What a person is asked about is the place that is written to, not the name that was given."""

import os

import pytest

from guard.cli.exec import Terminal
from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.model.decision import Ask
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.verdict import Level


@pytest.fixture
def guard(tmp_path) -> Guard:
    work = tmp_path / "home" / "work"
    (work / ".vscode").mkdir(parents=True)
    (tmp_path / "home" / "other" / "deep").mkdir(parents=True)
    os.symlink(".vscode/tasks.json", work / "notes.json")
    os.symlink("../other", work / "data")
    os.symlink("notes.json", work / "todo.json")
    return Guard.open(
        cwd=str(work),
        home=str(tmp_path / "home"),
        env={"PATH": "/usr/bin:/bin"},
        level=Level.CONTAINED,
        places=Places(state=str(tmp_path / "state"), config=str(tmp_path / "config")),
    )


@pytest.mark.parametrize(
    ("command", "place"),
    [
        ("echo x > notes.json", "work/.vscode/tasks.json"),
        ("echo x >> todo.json", "work/.vscode/tasks.json"),
        ("cp README.md data/deep/new", "other/deep/new"),
        ("tee data/../notes.txt < README.md", "notes.txt"),
        ("f=notes.json; echo x > $f", "work/.vscode/tasks.json"),
    ],
)
def test_a_person_is_asked_about_the_place_that_is_written_to(guard, monkeypatch, tmp_path, command, place):
    principal = Principal(agent="test")
    decided = guard.decide(ShellProposal(principal=principal, cwd=guard.facts.cwd, command=command))
    master, slave = os.openpty()
    opened = os.open
    monkeypatch.setattr(
        os,
        "open",
        lambda path, *rest, **more: os.dup(slave) if path == "/dev/tty" else opened(path, *rest, **more),
    )
    os.write(master, b"no\n")

    approved = Terminal().approves(decided, 0)
    shown = b""
    while b"run it?" not in shown:
        shown += os.read(master, 65536)
    os.close(master)
    os.close(slave)

    assert isinstance(decided.decision, Ask)
    assert not approved
    text = shown.decode().replace("$W", f"{tmp_path}/home/work").replace("$H", f"{tmp_path}/home")
    assert f"{tmp_path}/home/{place}" in text
