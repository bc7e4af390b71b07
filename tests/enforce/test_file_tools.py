"""What the agent's own file tools are given, in a workspace where it lies: cases are data."""

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from guard.enforce.pipeline import Guard
from guard.model.decision import Sandbox, verdict_of
from guard.model.principal import Principal
from guard.model.proposal import (
    DeleteProposal,
    EditProposal,
    MoveProposal,
    Proposal,
    ReadProposal,
    Replacement,
    ShellProposal,
    WriteProposal,
)
from guard.model.verdict import Verdict

AGENT = Principal(agent="test")
SPELLINGS = Path(__file__).parent.parent / "cases" / "files" / "spelling.toml"


def cases() -> Iterator:
    for case in tomllib.loads(SPELLINGS.read_text())["case"]:
        for path in case["paths"]:
            yield pytest.param(path, case["says"], id=f"{case['name']}: {path!r}")


@pytest.fixture(scope="module")
def guard(in_a_home: Callable[[Mapping[str, str]], Guard]) -> Guard:
    return in_a_home({})


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


@pytest.fixture(scope="module")
def linked(guard: Guard) -> Guard:
    """With files in the workspace that go by a name outside of it, or in the repository, too."""
    work = Path(guard.facts.cwd)
    for name in ("alone", "other", "settings"):
        (work / name).write_text("x\n")
    (work / "store").mkdir()
    os.link(work / "settings", work / "store" / "config")
    os.link(work / "other", work.parent / "shared")
    return guard


@pytest.mark.parametrize("path", ["other", "settings", "store/config", "./other", "store/../other"])
def test_a_file_by_another_name_may_be_any_file(path: str, linked: Guard) -> None:
    write, edit, read, *_ = [linked.decide(one).decision for one in proposals(path, linked.facts.cwd)]

    assert (verdict_of(write), verdict_of(edit), verdict_of(read)) == (
        Verdict.ASK,
        Verdict.ASK,
        Verdict.ALLOW,
    )


@pytest.mark.parametrize(
    ("command", "contained"),
    [
        ("echo x > other", True),
        ("echo x >> settings", True),
        ("cp alone other", True),
        ("tee store/config < alone", True),
        ("truncate -s 0 other", True),
        ("dd if=alone of=other", True),
        ("chmod +x other", True),
        ("ln -s other link; echo x > link", True),
        ("echo x > alone", False),
        ("chmod +x alone", False),
        ("cat other", False),
        ("cp other new", False),
        ("mkdir -p store", False),
    ],
)
def test_what_is_written_through_one_name_is_written_in_the_sandbox(
    command: str, contained: bool, linked: Guard
) -> None:
    decision = linked.decide(ShellProposal(principal=AGENT, cwd=linked.facts.cwd, command=command)).decision

    assert verdict_of(decision) is Verdict.ALLOW
    assert isinstance(decision.placement, Sandbox) is contained
