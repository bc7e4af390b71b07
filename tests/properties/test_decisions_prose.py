"""Prose is not code: what is refused as a command is not refused for being told, and is refused however it is run."""

import shlex
import tomllib
from pathlib import Path

import pytest

from guard.engine.imagined import decide_imagined
from guard.model.decision import verdict_of
from guard.policy.files.compiled import load_policy
from guard.policy.files.locate import sources
from guard.policy.rule import Policy

CASES = Path(__file__).parents[1] / "cases" / "decisions"
DENIED = sorted(
    {
        command
        for path in CASES.glob("*.toml")
        for case in tomllib.loads(path.read_text())["case"]
        if case["says"] == "deny" and case.get("level", "contained") == "contained"
        for command in case.get("commands", [case.get("command")])
        if "\0" not in command
    }
)


@pytest.fixture(scope="session")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Policy:
    return load_policy(sources("", "/nonexistent"), str(tmp_path_factory.mktemp("policy")))


def told(command: str) -> list[str]:
    """The command as somebody's words."""
    word = shlex.quote(command)
    ending = "STOP" if "STOP" not in command else "FINIS"
    out = [
        f"echo {word}",
        f"printf '%s\\n' {word}",
        f"git commit -m {word}",
        f"grep -F -- {word} f",
        f"cat > notes.md <<'{ending}'\n{command}\n{ending}",
        f'x={word}; echo "$x" > notes.md',
        f"gh issue create --title note --body {word}",
        f"test a = {word}",
    ]
    if "\n" not in command and not command.endswith("\\"):
        out.append(f"ls # {command}")
    return out


def run(command: str) -> list[str]:
    """The command as code."""
    word = shlex.quote(command)
    # Dash would read the same text in its own way: what bash runs is asked about here.
    return [
        f"bash -c {word}",
        f"eval {word}",
        f"printf '%s\\n' {word} | bash",
        f"bash <<< {word}",
        f'x={word}; eval "$x"',
        f"printf '%s\\n' {word} > run.sh; . ./run.sh",
    ]


@pytest.mark.parametrize("command", DENIED)
def test_words_about_it_are_not_refused(command: str, policy: Policy) -> None:
    refused = [
        text for text in told(command) if verdict_of(decide_imagined(text, policy).decision).value == "deny"
    ]

    assert refused == []


@pytest.mark.parametrize("command", DENIED)
def test_it_is_refused_however_it_is_run(command: str, policy: Policy) -> None:
    wanted = verdict_of(decide_imagined(command, policy).decision)
    loose = [
        text for text in run(command) if verdict_of(decide_imagined(text, policy).decision).rank < wanted.rank
    ]

    assert loose == []
