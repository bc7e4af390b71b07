"""Settings that programs read where they work, in a workspace where they lie: cases are data."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from guard.enforce.pipeline import Guard
from guard.model.decision import Sandbox, verdict_of
from guard.model.facts import LookSettings, SettingsFact
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal


def cases() -> Iterator:
    for path in sorted((Path(__file__).parent.parent / "cases" / "settings").glob("*.toml")):
        for case in tomllib.loads(path.read_text())["case"]:
            for number, files in enumerate(case.get("each", [case.get("files", {})])):
                for command in case["commands"]:
                    yield pytest.param(
                        {**case, "files": files, "command": command},
                        id=f"{case['name']}: {number}: {command}"[:120],
                    )


@pytest.fixture(scope="module")
def guard(in_a_home: Callable[[Mapping[str, str]], Guard]) -> Guard:
    return in_a_home({"PATH": "/usr/bin:/bin"})


def decided(guard: Guard, tmp_path: Path, files: dict[str, str], command: str):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    here = guard.at(cwd=str(tmp_path))
    return here.decide(ShellProposal(principal=Principal(agent="test"), cwd=str(tmp_path), command=command))


@pytest.mark.parametrize("case", list(cases()))
def test_settings_of_the_project_are_read_as_the_case_says(case: dict, guard: Guard, tmp_path: Path) -> None:
    found = decided(guard, tmp_path, case["files"], case["command"])
    decision = found.decision
    placed = "sandbox" if isinstance(decision.placement, Sandbox) else "host"

    assert (verdict_of(decision).value, case.get("where", placed)) == (case["says"], placed), (
        decision.reasons[0],
        [effect for effect in found.effects if getattr(effect, "reason", "")],
    )
    if "because" in case:
        assert decision.reasons[0].rule == case["because"]


def test_what_was_read_is_among_the_facts_with_its_hash(guard: Guard, tmp_path: Path) -> None:
    found = decided(guard, tmp_path, {".npmrc": "save-exact=true\n"}, "npm ls")
    answers = [
        answer
        for question, answer in found.facts.answers.items()
        if isinstance(question, LookSettings) and isinstance(answer, SettingsFact)
    ]

    assert [path for answer in answers for path, _ in answer.found] == [str(tmp_path / ".npmrc")]
    assert len(answers[0].found[0][1].sha256) == 64


@pytest.mark.parametrize("text", [b"\0binary", b"a=1\n" * 100_000])
def test_what_cannot_be_read_is_not_taken_for_harmless(guard: Guard, tmp_path: Path, text: bytes) -> None:
    (tmp_path / ".npmrc").write_bytes(text)
    found = decided(guard, tmp_path, {}, "npm ls")

    assert isinstance(found.decision.placement, Sandbox)


def test_a_link_is_read_where_it_leads_and_a_broken_one_is_not_harmless(guard: Guard, tmp_path: Path) -> None:
    (tmp_path / "else").write_text("script-shell=./evil\n")
    (tmp_path / ".npmrc").symlink_to("else")
    assert isinstance(decided(guard, tmp_path, {}, "npm ls").decision.placement, Sandbox)

    (tmp_path / "else").write_text("fund=false\n")
    assert not isinstance(decided(guard, tmp_path, {}, "npm ls").decision.placement, Sandbox)

    (tmp_path / "else").unlink()
    assert isinstance(decided(guard, tmp_path, {}, "npm ls").decision.placement, Sandbox)
