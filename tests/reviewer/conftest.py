"""A guard whose policy asks about a few things, with a reviewer; and the SDK, in this process instead of one of its own."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.enforce.reviewer import consult
from guard.integrations import reviewer
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.verdict import Level

from .server import Server, says, serving

KEY = "sk-test-of-the-guard"
ONE = Principal(agent="claude-code", session="one")
PERSONAL = """\
version: 1
kind: personal
name: mine
default: allow
{more}reviewer:
  model: claude-test
  base_url: {url}
  timeout_s: 10
{reviewer}rules:
  - id: may
    effect: [fs.write, fs.delete]
    zones: [mine]
    verdict: ask
    reviewer: may_allow
    why: Notes are looked at.
  - id: person
    effect: [fs.write, fs.delete]
    zones: [yours]
    verdict: ask
    why: These are yours.
  - id: never
    effect: [fs.write, fs.delete]
    zones: [closed]
    verdict: deny
    why: Nobody writes here.
zones:
  mine: ["$W/notes/**"]
  yours: ["$W/yours/**"]
  closed: ["$W/closed/**"]
"""
MAY, PERSON, NEVER = "echo x > notes/a", "echo x > yours/a", "echo x > closed/a"
BOTH = f"{MAY}; {PERSON}"


@dataclass
class Law:
    """A policy file and its compiled form: to make that is most of a test's time, so it is made once for each text."""

    config: Path
    compiled: Path
    server: Server

    def write(self, more: str = "", reviewer: str = "", url: str = "") -> None:
        text = PERSONAL.format(url=url or self.server.url, more=more, reviewer=reviewer)
        (self.config / "personal.yaml").write_text(text)


@pytest.fixture(scope="session")
def law(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Law]:
    root = tmp_path_factory.mktemp("law")
    (root / "config").mkdir()
    (root / "compiled").mkdir()
    with serving(says("allow")) as served:
        yield Law(root / "config", root / "compiled", served)


@pytest.fixture
def server(law: Law) -> Server:
    law.server.reply = says("allow")
    for kept in (law.server.requests, law.server.raw, law.server.keys, law.server.paths):
        kept.clear()
    return law.server


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK takes a second to load, and it is the same code."""
    monkeypatch.setattr(consult, "_start", lambda order, _timeout_s: reviewer.answer_to(order))


Open = Callable[..., Guard]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, law: Law, server: Server) -> Iterator[Open]:
    del server  # which begins anew
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    work, state = tmp_path / "work", tmp_path / "state"
    for name in ("notes", "yours", "closed"):
        (work / name).mkdir(parents=True)
    shutil.copytree(law.compiled, state / "policy")

    def open_(reviewer: str = "", *, more: str = "", level: Level = Level.CONTAINED, url: str = "") -> Guard:
        law.write(more, reviewer, url)
        return Guard.open(
            cwd=str(work),
            home=str(tmp_path),
            env={"PATH": "/usr/bin:/bin"},
            level=level,
            places=Places(state=str(state), config=str(law.config)),
        )

    yield open_
    shutil.copytree(state / "policy", law.compiled, dirs_exist_ok=True)


def proposal(guard: Guard, command: str, principal: Principal = ONE) -> ShellProposal:
    return ShellProposal(principal=principal, cwd=guard.facts.cwd, command=command)


def records(guard: Guard, kind: str) -> list[dict]:
    return [record for record in guard.log.records() if record["type"] == kind]
