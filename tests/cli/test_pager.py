"""Long output goes through a pager for people at a terminal, and nowhere else."""

import io
import os
import subprocess
import sys

import pytest

from guard.cli import pager
from guard.cli.output import say


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict]]:
    found: list[tuple[list[str], dict]] = []
    monkeypatch.setattr(subprocess, "run", lambda argv, **options: found.append((argv, options)))
    monkeypatch.setattr(os, "access", lambda *_: True)
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((80, 24)))
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("PAGER", "touch evil")
    monkeypatch.setenv("LESSOPEN", "|evil %s")
    monkeypatch.setenv("LESS", "+!evil")
    return found


def output(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, lines: int) -> str:
    monkeypatch.setattr(sys, "stdout", stream)
    with pager.paged():
        for number in range(lines):
            say(f"line {number}")
    assert sys.stdout is stream
    return stream.getvalue()


def test_a_long_text_at_a_terminal_is_paged_securely(monkeypatch: pytest.MonkeyPatch, ran: list) -> None:
    assert output(monkeypatch, Terminal(), 100) == ""

    ((argv, options),) = ran
    assert argv[0].endswith("/less")
    assert options["input"].decode().splitlines() == [f"line {number}" for number in range(100)]
    assert options["env"]["LESSSECURE"] == "1"
    assert not {"LESSOPEN", "LESS"} & options["env"].keys()


def test_what_fits_on_the_screen_is_only_said(monkeypatch: pytest.MonkeyPatch, ran: list) -> None:
    assert output(monkeypatch, Terminal(), 10).count("\n") == 10
    assert ran == []


@pytest.mark.parametrize("how", ["no terminal", "dumb", "typed input is a file"])
def test_machines_get_it_as_it_comes(monkeypatch: pytest.MonkeyPatch, ran: list, how: str) -> None:
    stream: io.StringIO = Terminal()
    if how == "no terminal":
        stream = io.StringIO()
    elif how == "dumb":
        monkeypatch.setenv("TERM", "dumb")
    else:
        monkeypatch.setattr(sys, "stdin", io.StringIO())

    assert output(monkeypatch, stream, 100).count("\n") == 100
    assert ran == []
