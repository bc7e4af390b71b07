"""Each pack says of commands what its case file says, and its page tells a reviewer every rule."""

import tomllib
from pathlib import Path

import pytest

from guard.engine.imagined import decide_imagined, imagined_facts
from guard.model.decision import verdict_of
from guard.policy.files.build import chosen_profile, read_builtin, read_layers
from guard.policy.files.check import check_files
from guard.policy.files.compiled import read_source
from guard.policy.files.load import load_layer, load_pack
from guard.policy.files.locate import PACKS, PROFILES, Source, builtin, builtin_directory
from guard.policy.lint.finding import Severity
from guard.policy.rule import policy_of

ROOT = Path(builtin_directory())
BUILT = [(source, read_source(source)) for source in builtin()]
OF = {name: policy_of(layers, name) for name, layers in read_builtin(BUILT).items()}
CASES = {pack: tomllib.loads((ROOT / pack / "cases.toml").read_text())["case"] for pack in PACKS}
ALL = [
    pytest.param(pack, case, id=f"{pack}: {case['command']}")
    for pack, cases in CASES.items()
    for case in cases
]


@pytest.mark.parametrize(("pack", "case"), ALL)
def test_the_packs_say_what_the_case_says(pack: str, case: dict) -> None:
    decision = decide_imagined(case["command"], OF["balanced"], today="2030-01-01").decision
    mine = [r.rule for r in decision.reasons if r.source.startswith(f"{ROOT}/{pack}/")]

    assert (verdict_of(decision).value, decision.reasons[0].rule) == (case["says"], case["because"])
    assert (mine or [""])[0] == case.get("speaks", "")


@pytest.mark.parametrize("pack", PACKS)
def test_a_pack_has_cases_that_it_speaks_of_and_others(pack: str) -> None:
    said = {case["says"] for case in CASES[pack]}

    assert len(CASES[pack]) >= 25
    assert len({case["command"] for case in CASES[pack]}) == len(CASES[pack])
    assert "allow" in said
    assert said - {"allow"}


@pytest.mark.parametrize("pack", PACKS)
def test_the_page_of_a_pack_tells_every_rule(pack: str) -> None:
    page = (ROOT / pack / "README.md").read_text()
    path = ROOT / pack / "policy.yaml"
    for part in load_pack(path.read_bytes(), source=str(path)):
        for rule in part.rules:
            (line,) = [
                line for line in page.splitlines() if line.startswith(f"| `{rule.id}` | {rule.verdict.value}")
            ]
            assert line.endswith(f"| {rule.why} |")
            assert f"| {', '.join(rule.effects)} |" in line


def test_what_ships_is_what_is_named() -> None:
    assert {path.parent.name for path in ROOT.glob("*/policy.yaml")} == set(PACKS)
    assert {path.stem for path in (ROOT / "profiles").glob("*.yaml")} == set(PROFILES) == set(OF)


@pytest.mark.parametrize(("pack", "case"), ALL)
def test_strict_is_never_looser_and_observe_decides_alike(pack: str, case: dict) -> None:
    ranks = {
        name: verdict_of(decide_imagined(case["command"], policy, today="2030-01-01").decision).rank
        for name, policy in OF.items()
    }

    assert ranks["strict"] >= ranks["balanced"] == ranks["observe"]


def test_only_observe_observes() -> None:
    assert [name for name, policy in OF.items() if policy.observes] == ["observe"]


def asks(kind: str, profile: str) -> bytes:
    said = {"repo": "policy"}.get(kind, kind)
    return f"version: 1\nkind: {said}\nname: x\ndefault: allow\nprofile: {profile}\n".encode()


@pytest.mark.parametrize(
    ("said", "profile"),
    [
        ({}, "balanced"),
        ({"floor": "strict"}, "strict"),
        ({"personal": "strict"}, "strict"),
        ({"repo": "strict"}, "strict"),
        ({"floor": "observe"}, "observe"),
        ({"personal": "observe"}, "observe"),
        ({"floor": "balanced", "personal": "observe"}, "balanced"),
        ({"floor": "observe", "repo": "strict"}, "strict"),
        ({"floor": "strict", "personal": "balanced"}, "strict"),
    ],
)
def test_the_strictest_profile_that_is_asked_for_counts(said: dict, profile: str) -> None:
    files = [(Source(kind=kind, path=f"{kind}.yaml"), asks(kind, name)) for kind, name in said.items()]
    layers = read_layers([*BUILT, *files])

    assert [layer.name for layer in layers[:2]] == ["builtin-floor", profile]
    assert chosen_profile(layers[2:], PROFILES) == profile


def test_a_repository_cannot_make_the_guard_only_look_on() -> None:
    from guard.errors import PolicyFileError

    with pytest.raises(PolicyFileError, match="only look on"):
        load_layer(asks("repo", "observe"), kind="repo", source="p.yaml")
    with pytest.raises(PolicyFileError, match="only a built-in profile observes"):
        load_layer(asks("floor", "strict") + b"mode: observe\n", kind="floor", source="p.yaml")


def test_a_name_that_two_packs_give_is_refused() -> None:
    from guard.errors import PolicyFileError

    pack = b"version: 1\nkind: pack\nname: x\nzones: {vcs-store: ['$W/a']}\n"
    with pytest.raises(PolicyFileError, match="two packs say what `vcs-store` is"):
        read_layers([*BUILT, (Source(kind="pack", path="x"), pack)])


EXAMPLES = sorted((ROOT.parent / "examples").glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_does_what_it_says(path: Path) -> None:
    findings, judged = check_files(
        (Source(kind="repo", path=str(path)),),
        builtin(),
        lambda command, policy: decide_imagined(command, policy, today="2030-01-01").decision,
        imagined_facts(today="2030-01-01"),
    )

    assert [one for one in findings if one.severity is not Severity.NOTE] == []
    assert judged > 3
