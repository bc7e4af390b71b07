"""The pages about the policy language: complete, in the order of the canonical form, and what they show is what comes out."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from guard.model.effect import EFFECT_NAMES
from guard.policy import hosts, zones
from guard.policy.files import order
from guard.policy.files.schema import (
    ExceptionTable,
    LimitsTable,
    PackTable,
    PolicyTable,
    ProfileTable,
    RuleTable,
    TestTable,
)

ROOT = Path(__file__).parent.parent
LANGUAGE = (ROOT / "docs" / "policy-language.md").read_text(encoding="utf-8")
FIRST = (ROOT / "docs" / "first-policy.md").read_text(encoding="utf-8")
STEP = re.compile(r"<!-- file: (\S+) -->\n```yaml\n(.*?)```|```console\n(.*?)```", re.DOTALL)


def table(heading: str, number: int = 0) -> list[str]:
    """The names in the first column."""
    section = LANGUAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = (
        [part for part in section.split("\n\n") if part.lstrip().startswith("| ")][number]
        .strip()
        .splitlines()[2:]
    )
    return [re.match(r"\| `([^`]+)` \|", row).group(1) for row in rows]


@pytest.mark.parametrize(
    ("heading", "number", "keys", "models"),
    [
        ("The file", 0, order.FILE_KEYS, [PolicyTable, PackTable]),
        ("A rule", 0, order.RULE_KEYS, [RuleTable]),
        ("An exception", 0, order.EXCEPTION_KEYS, [ExceptionTable]),
        ("A profile", 0, order.PROFILE_KEYS, [ProfileTable]),
        ("A profile", 1, tuple(LimitsTable.model_fields), [LimitsTable]),
        ("A test", 0, order.TEST_KEYS, [TestTable]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_key_stands_there_once_in_its_order(heading, number, keys, models) -> None:
    assert table(heading, number) == list(keys)
    assert set(keys) == {key for model in models for key in model.model_fields}


def test_what_must_be_given_is_said() -> None:
    for heading, model in (("A rule", RuleTable), ("An exception", ExceptionTable), ("A test", TestTable), ("The file", PolicyTable)):  # fmt: skip
        section = LANGUAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
        said = {
            re.match(r"\| `(\w+)`", row).group(1) for row in section.splitlines() if "must be given" in row
        }

        assert said == {name for name, field in model.model_fields.items() if field.is_required()}


def test_every_effect_zone_and_group_has_a_line() -> None:
    assert table("Effects") == list(EFFECT_NAMES.values())
    assert sorted(table("Zones")) == sorted({*zones.NAMED, *zones.COMPUTED})
    assert table("Hosts") == list(hosts.NAMED)


@pytest.fixture
def home() -> Iterator[Path]:
    # A short path: what people read is cut where it is long.
    with tempfile.TemporaryDirectory(prefix="p", dir="/tmp") as place:
        yield Path(place)


def test_the_first_policy_does_what_its_page_shows(home: Path) -> None:
    work = home / "payments"
    for name in ("db/migrations/001.sql", "src/a.py", "policies/x"):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text("x\n")
    subprocess.run(["git", "init", "-q", "-b", "main", str(work)], check=True)
    env = {
        "HOME": str(home),
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
    }
    commands = 0
    for step in STEP.finditer(FIRST):
        if step.group(1):
            (work / step.group(1)).write_text(step.group(2))
            continue
        for part in re.split(r"(?m)^\$ ", step.group(3))[1:]:
            command, _, shown = part.partition("\n")
            commands += 1
            done = subprocess.run(
                ["bash", "-c", re.sub(r"^guard", f"{sys.executable} -m guard", command)],
                cwd=work, env=env, capture_output=True, text=True, check=False,
            )  # fmt: skip
            expected = re.search(r"# exit status (\d+)", command)
            said = done.stdout.replace(str(work.resolve()), "/home/you/payments")
            said = re.sub(r"(builtin/[\w/-]+\.yaml):\d+", r"\1:N", said)

            assert done.returncode == (int(expected.group(1)) if expected else 0), done.stderr
            assert_shown(shown.splitlines(), said.splitlines())
    assert commands == 6


def assert_shown(shown: list[str], said: list[str]) -> None:
    """Line for line; `...` stands for any number of them."""
    at, skipping = 0, False
    for line in shown:
        if line == "...":
            skipping = True
            continue
        found = next((n for n in range(at, len(said)) if said[n] == line), None) if skipping else at

        assert found is not None, f"{line!r} in {said[at:]}"
        assert said[found : found + 1] == [line]
        at, skipping = found + 1, False
    assert skipping or at == len(said), said[at:]
