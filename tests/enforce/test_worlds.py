"""Commands judged in a workspace that is really there: what lies in it decides. Cases are data in ``tests/cases/worlds``."""

import tomllib
from pathlib import Path

import pytest

from guard.enforce.pipeline import Guard
from guard.model.decision import Sandbox, verdict_of
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.verdict import Level

# Each case is a claim about several `commands`, in a workspace with its `files` (name to content) and `links`, and those of all.
TABLES = [
    (path.stem, world, case)
    for path in sorted((Path(__file__).parent.parent / "cases" / "worlds").glob("*.toml"))
    for world in [tomllib.loads(path.read_text())]
    for case in world["case"]
]


def _id(table: tuple[str, dict, dict]) -> str:
    return f"{table[0]}: {table[2]['name']}"


@pytest.mark.parametrize("table", TABLES, ids=_id)
def test_a_command_is_judged_by_what_is_there(table: tuple[str, dict, dict], tmp_path: Path) -> None:
    _, world, case = table
    home, workspace = tmp_path / "home", tmp_path / "work"
    (home / ".ssh").mkdir(parents=True)
    (home / ".ssh" / "id_rsa").write_text("key")
    (workspace / ".git").mkdir(parents=True)
    for name, text in {**world.get("files", {}), **case.get("files", {})}.items():
        place = workspace / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    for name, target in case.get("links", {}).items():
        (workspace / name).symlink_to(target)
    guard = Guard.open(cwd=str(workspace), home=str(home), level=Level.CONTAINED)
    said = {command: _ends(guard, command, str(workspace)) for command in case["commands"]}

    assert said == dict.fromkeys(case["commands"], case["says"])


def _ends(guard: Guard, command: str, cwd: str) -> str:
    proposal = ShellProposal(principal=Principal(agent="test"), cwd=cwd, command=command)
    decision = guard.decide(proposal).decision
    verdict = verdict_of(decision).value
    if verdict == "allow":
        return "contained" if isinstance(decision.placement, Sandbox) else "host"
    return verdict
