"""What ships: the floor and the profile, with their examples, in a checkout and in a wheel."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from guard.engine.imagined import decide_imagined
from guard.model.verdict import Verdict
from guard.policy.files.build import read_builtin
from guard.policy.files.compiled import read_source
from guard.policy.files.locate import builtin
from guard.policy.rule import policy_of

ROOT = Path(__file__).parents[2]


PROFILES = read_builtin([(source, read_source(source)) for source in builtin()])
POLICY = policy_of(PROFILES["balanced"], "shipped")
EXAMPLES = [
    pytest.param(layer.kind, rule.id, command, wanted, id=f"{rule.id}: {command}")
    for layer in POLICY.layers
    for rule in layer.rules
    for commands, wanted in ((rule.match, True), (rule.no_match, False))
    for command in commands
]


@pytest.mark.parametrize(("layer", "rule", "command", "wanted"), EXAMPLES)
def test_a_rule_speaks_of_its_examples_and_of_no_others(
    layer: str, rule: str, command: str, wanted: bool
) -> None:
    reasons = decide_imagined(command, POLICY).decision.reasons

    assert any(reason.rule == rule and reason.layer == layer for reason in reasons) is wanted


@pytest.mark.parametrize(
    "rule",
    [rule for layer in POLICY.layers for rule in layer.rules if rule.verdict is not Verdict.ALLOW],
    ids=lambda r: r.id,
)
def test_a_refusal_says_what_would_be_accepted(rule: object) -> None:
    assert rule.why
    assert rule.instead or rule.id == "deleted-unknown"


def test_nothing_unread_is_permitted_on_the_host() -> None:
    for layer in POLICY.layers:
        for rule in layer.rules:
            if {"exec.opaque"} & set(rule.effects) or "unresolved" in rule.zones:
                assert rule.run == "sandbox"


def test_a_wheel_carries_the_packs_where_the_installed_package_looks(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    code = """
import importlib.resources, sys
sys.path.insert(0, sys.argv[1])
from guard.policy.files.locate import builtin_directory
import guard
assert guard.__file__.startswith(sys.argv[1])
for name in ("files/policy.yaml", "profiles/strict.yaml"):
    assert importlib.resources.files("guard").joinpath("policies", "builtin", name).is_file()
print(builtin_directory())
"""
    out = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(site)], check=True, capture_output=True, text=True
    )

    assert out.stdout.strip() == str(site / "guard" / "policies" / "builtin")
