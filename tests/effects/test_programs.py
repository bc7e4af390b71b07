"""What programs are understood to do: cases are data, one table each, several spellings of one claim."""

import tomllib
from pathlib import Path
from posixpath import normpath

import pytest

from guard.effects.evaluate import Evaluator
from guard.effects.programs import handler, names
from guard.effects.state import State
from guard.model.effect import EFFECT_NAMES, effect_name
from guard.model.facts import Facts
from guard.model.paths import KnownPath

CASES = [
    pytest.param(case["does"], case["not"], command, id=f"{path.stem}: {case['name']}: {command}")
    for path in sorted((Path(__file__).parent / "cases").glob("*.toml"))
    for case in ({"not": [], "does": [], **table} for table in tomllib.loads(path.read_text())["case"])
    for command in case["commands"]
]


def _said(command: str) -> set[str]:
    """Each effect as its name, and with its path where it has one: ``fs.delete``, ``fs.delete /work/a``."""
    evaluator = Evaluator(Facts(workspace="/work", home="/home/u", cwd="/work"))
    evaluator.analyse_text(command, State(cwd=("/work",)))
    said: set[str] = set()
    for effect in evaluator.effects:
        said.add(effect_name(effect))
        path = getattr(effect, "path", None)
        if path is not None:
            shown = normpath(path.text) if isinstance(path, KnownPath) else "?"
            deep = " below" if getattr(effect, "recursive", False) else ""
            said.update({f"{effect_name(effect)} {shown}", f"{effect_name(effect)} {shown}{deep}"})
        host = getattr(effect, "host", None)
        if host is not None:
            said.add(f"{effect_name(effect)} {host}")
    return said


@pytest.mark.parametrize(("does", "never", "command"), CASES)
def test_a_command_has_the_effects_that_the_case_names(
    does: list[str], never: list[str], command: str
) -> None:
    said = _said(command)
    assert not set(does) - said, said
    assert not set(never) & said, said
    assert {entry.split()[0] for entry in (*does, *never)} <= set(EFFECT_NAMES.values())


def test_every_program_that_is_named_has_a_handler() -> None:
    assert [name for name in names() if handler(name) is None] == []


@pytest.mark.parametrize("name", sorted(set(names()) - {"yes"}))
def test_a_program_says_something_whatever_its_arguments(name: str) -> None:
    for arguments in (
        "",
        "-",
        "--",
        "-x",
        "--unknown=1",
        '"$X"',
        "$X",
        "-e",
        "a b c d",
        "'' ''",
        "-- -x ../y",
    ):
        assert "exec" in _said(f"/usr/bin/{name} {arguments}")
