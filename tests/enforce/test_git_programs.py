"""Commands of git in a repository whose hooks and settings run programs: cases are data."""

import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.model.decision import Sandbox, verdict_of
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.verdict import Level, Verdict

CASES = Path(__file__).parent.parent / "cases" / "files" / "git.toml"
OURS = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")


def cases() -> Iterator:
    for case in tomllib.loads(CASES.read_text())["case"]:
        for settings in [{key: "./x"} for key in case.get("each_setting", [])] or [case.get("settings", {})]:
            for command in case["commands"]:
                said = f"{case['name']}: {' '.join(settings)}: {command}"
                yield pytest.param({**case, "settings": settings, "command": command}, id=said[:120])


def made(at: Path, case: dict) -> Path:
    repository = at / "work"

    def git(*words: str) -> None:
        subprocess.run(["git", "-C", str(repository), *OURS, *words], check=True)

    subprocess.run(["git", "init", "-q", "-b", "main", str(repository)], check=True)
    for text in ("1\n", "2\n"):
        (repository / "a").write_text(text)
        git("add", "a")
        git("commit", "-q", "-m", text)
    git("remote", "add", "origin", "https://github.com/a/b")
    for key, value in case["settings"].items():
        git("config", key, value)
    for name in case.get("hooks", []):
        hook = repository / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\n")
        hook.chmod(0o755)
    return repository


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Guard]:
    """One for all commands that are about the same hooks and settings: nothing is run there."""
    return {}


@pytest.mark.parametrize("case", list(cases()))
def test_what_git_runs_by_itself_is_seen(
    case: dict, repositories: dict[str, Guard], tmp_path_factory: pytest.TempPathFactory
) -> None:
    kind = repr((case.get("hooks", []), case["settings"]))
    guard = repositories.get(kind)
    if guard is None:
        at = tmp_path_factory.mktemp("home")
        repository = made(at / "home" / "you", case)
        guard = repositories[kind] = Guard.open(
            cwd=str(repository),
            home=str(at / "home" / "you"),
            env={"PATH": "/usr/bin:/bin"},
            level=Level.CONTAINED,
            places=Places.from_environment(str(at / "own"), {}),
        )

    decision = guard.decide(
        ShellProposal(principal=Principal(agent="test"), cwd=guard.facts.cwd, command=case["command"])
    ).decision
    allowed = verdict_of(decision) is Verdict.ALLOW

    assert allowed is (case.get("says") != "stopped"), decision.reasons[0]
    if "where" in case:
        assert ("sandbox" if isinstance(decision.placement, Sandbox) else "host") == case["where"]
