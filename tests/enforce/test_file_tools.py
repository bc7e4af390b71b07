"""What the agent's own file tools are given, in a workspace where it lies: cases are data."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.model.decision import verdict_of
from guard.model.principal import Principal
from guard.model.proposal import (
    DeleteProposal,
    EditProposal,
    MoveProposal,
    Proposal,
    ReadProposal,
    Replacement,
    WriteProposal,
)
from guard.model.verdict import Level, Verdict

AGENT = Principal(agent="test")
SPELLINGS = Path(__file__).parent.parent / "cases" / "files" / "spelling.toml"


def cases() -> Iterator:
    for case in tomllib.loads(SPELLINGS.read_text())["case"]:
        for path in case["paths"]:
            yield pytest.param(path, case["says"], id=f"{case['name']}: {path!r}")


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Guard:
    home = tmp_path_factory.mktemp("home")
    (home / "work").mkdir()
    return Guard.open(
        cwd=str(home / "work"),
        home="/home/you",
        env={},
        workspace=str(home / "work"),
        level=Level.CONTAINED,
        places=Places.from_environment(str(home), {}),
    )


def proposals(path: str, cwd: str) -> list[Proposal]:
    return [
        WriteProposal(principal=AGENT, cwd=cwd, path=path, content="x"),
        EditProposal(principal=AGENT, cwd=cwd, path=path, edits=(Replacement(old="a", new="b"),)),
        ReadProposal(principal=AGENT, cwd=cwd, path=path),
        DeleteProposal(principal=AGENT, cwd=cwd, path=path),
        MoveProposal(principal=AGENT, cwd=cwd, path="notes.txt", to=path),
        MoveProposal(principal=AGENT, cwd=cwd, path=path, to="notes.txt"),
    ]


@pytest.mark.parametrize(("path", "says"), list(cases()))
def test_a_spelling_is_judged_as_whatever_it_may_be(path: str, says: str, guard: Guard) -> None:
    found = [guard.decide(one).decision for one in proposals(path, guard.facts.cwd)]

    # A tool cannot be put into a sandbox: to delete is asked about either way.
    assert verdict_of(found[0]).value == says, found[0].reasons[0]
    assert verdict_of(found[1]).value == says
    if says == "ask":
        assert Verdict.ALLOW not in [verdict_of(one) for one in found]
