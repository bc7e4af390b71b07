"""``guard policy``: what people and machines read."""

import argparse
import json
from pathlib import Path

import pytest

from guard.cli import policy

GOOD = """version: 1
kind: policy
name: p
default: allow
rules:
  - id: no-tars
    effect: [exec]
    programs: [tar]
    verdict: deny
    why: Tars leave traces.
    examples: {match: ["tar cf a.tar src"], no_match: ["ls"]}
tests:
  - {run: "tar cf a.tar src", expect: deny, rule: no-tars}
  - {run: "rm -rf ~", expect: deny}
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "home" / "ws").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(tmp_path / "home" / "ws")
    return tmp_path / "home"


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    policy.add_arguments(parser)
    return policy.run(parser.parse_args(words))


def test_a_good_file_is_fine(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "ws" / "p.yaml").write_text(GOOD)

    assert run("check", "p.yaml") == 0
    assert capsys.readouterr().out == "fine: p.yaml (4 examples and tests)\n"


def test_what_is_in_force_here_is_fine(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "ws" / ".guard").mkdir()
    (home / "ws" / ".guard" / "policy.yaml").write_text(GOOD)

    assert run("check", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is True
    assert len(said["files"]) >= 3
    assert said["findings"] == []


def test_a_broken_file_is_a_finding_with_its_place(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "ws" / "p.yaml").write_text(GOOD.replace("verdict: deny", "verdict: dney"))

    assert run("check", "p.yaml") == 1
    assert capsys.readouterr().out == (
        "p.yaml:9:5: error GP001: `dney` is not known here\n"
        "  help: use one of 'allow', 'ask' or 'deny'\n"
        "1 error in p.yaml\n"
    )


def test_examples_tests_and_exceptions_that_do_not_hold_are_findings(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = GOOD.replace('tar cf a.tar src"], no_match: ["ls"]', 'ls"], no_match: ["tar tf a"]')
    text = text.replace('"rm -rf ~", expect: deny', '"rm -rf ~", expect: allow')
    text += """exceptions:
  - {id: old, rule: no-tars, verdict: allow, reason: x, owner: me, approved_by: you, expires: 2020-01-01}
"""
    (home / "ws" / "p.yaml").write_text(text)

    assert run("check", "--json", "p.yaml") == 1
    problems = [finding["problem"] for finding in json.loads(capsys.readouterr().out)["findings"]]
    assert problems == [
        "the rule `no-tars` does not speak of its example `ls`",
        "the rule `no-tars` speaks of its example `tar tf a`",
        "`rm -rf ~` should be allow, and is deny by `never-delete-outside` (floor)",
        "the exception `old` voids the whole rule `no-tars`",
        "the exception `old` has expired on 2020-01-01 and changes nothing",
    ]


WARNED = GOOD.replace("rules:", "zones:\n  z: ['$W/a/*']\nrules:")


def test_warnings_do_not_fail_a_check_unless_they_are_asked_to(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "ws" / "p.yaml").write_text(WARNED)

    assert run("check", "p.yaml") == 0
    out = capsys.readouterr().out
    assert "p.yaml:6:3: warning GP040: nothing speaks of the zone `z`\n" in out
    assert out.endswith("2 warnings in p.yaml\n")
    assert run("check", "--fail-on", "warning", "p.yaml") == 1


def test_findings_as_annotations_of_a_job(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "ws" / "a,b.yaml").write_text(WARNED.replace("$W/a/*", "$W/50%/*"))

    assert run("check", "--format", "github", "a,b.yaml") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("::warning file=a%2Cb.yaml,line=6,col=3,title=guard policy check GP040::")
    assert second.startswith(
        "::warning file=a%2Cb.yaml,line=6,col=7,title=guard policy check GP030::`$W/50%25/*`"
    )


def test_another_form_is_written_beside_what_is_shown(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "ws" / "p.yaml").write_text(WARNED)

    assert run("check", "p.yaml", "--also", "json=a.json", "--also", "github=b.txt") == 0
    assert capsys.readouterr().out.endswith("2 warnings in p.yaml\n")
    assert len(json.loads((home / "ws" / "a.json").read_text())["findings"]) == 2
    assert (home / "ws" / "b.txt").read_text().count("::warning ") == 2
    for wrong in ("text=a", "json", "json="):
        with pytest.raises(SystemExit):
            run("check", "p.yaml", "--also", wrong)


def test_findings_as_sarif(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "ws" / "p.yaml").write_text(WARNED.replace("verdict: deny", "verdict: dney"))

    assert run("check", "--format", "sarif", str(home / "ws" / "p.yaml")) == 1
    (made,) = json.loads(capsys.readouterr().out)["runs"]
    (result,) = made["results"]
    assert made["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "GP001"
    assert result["level"] == "error"
    place = result["locations"][0]["physicalLocation"]
    # As a reader elsewhere sees it, whose checkout is somewhere else.
    assert place["artifactLocation"]["uri"] == "p.yaml"
    assert place["region"] == {"startLine": 11, "startColumn": 5}


def test_a_file_that_is_not_there_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("check", "nowhere.yaml") == 2
    assert "nowhere.yaml: there is no such file" in capsys.readouterr().err


def test_show_names_every_layer_and_where_it_comes_from(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "ws" / ".guard").mkdir()
    (home / "ws" / ".guard" / "policy.yaml").write_text(GOOD)

    assert run("show", "--json") == 0
    layers = json.loads(capsys.readouterr().out)["layers"]
    assert [layer["kind"] for layer in layers][:2] == ["floor", "profile"]
    assert layers[-1]["rules"][0]["source"].endswith("policy.yaml:6")
    assert run("show") == 0
    assert "no-tars: exec by tar" in capsys.readouterr().out


def test_compile_prints_the_digest_that_decisions_carry(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compile") == 0
    plain = capsys.readouterr().out.strip()
    assert run("compile", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"digest": plain}


def test_show_of_a_broken_policy_says_what_is_broken(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "ws" / ".guard").mkdir()
    (home / "ws" / ".guard" / "policy.yaml").write_text("version: 1\nversion: 1\n")

    assert run("show") == 1
    assert "stands here twice" in capsys.readouterr().err


def test_the_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("schema") == 0
    assert json.loads(capsys.readouterr().out)["title"] == "Policy of the guard, version 1"


def test_the_policy_in_the_manual_is_fine(home: Path) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "policy.md").read_text()
    (home / "ws" / "p.yaml").write_text(manual.split("```yaml\n")[1].split("```")[0])

    assert run("check", "p.yaml") == 0


def test_the_manual_names_every_key_zone_group_and_effect() -> None:
    from guard.model.effect import EFFECT_NAMES
    from guard.policy import hosts, zones
    from guard.policy.files.schema import RuleTable

    manual = (Path(__file__).parents[2] / "docs" / "policy.md").read_text()
    words = set(manual.replace("`", " ").replace(",", " ").replace(".\n", " ").split())

    assert {
        *RuleTable.model_fields,
        *zones.NAMED,
        *zones.COMPUTED,
        *hosts.NAMED,
        *EFFECT_NAMES.values(),
    } - words == set()


PROFILES = """version: 1
kind: policy
name: p
default: allow
profiles:
  mine: {why: x, network: {ports: [5432]}, limits: {wall: 1h}}
rules:
  - {id: tests, effect: [exec.opaque], verdict: allow, run: mine, why: x}
"""


def test_what_a_repository_gives_itself_in_vain_is_a_finding(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "ws" / ".guard").mkdir()
    (home / "ws" / ".guard" / "policy.yaml").write_text(PROFILES)

    assert run("check", "--json") == 1
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [finding["place"].rpartition("/")[2] for finding in findings] == ["policy.yaml:6"] * 2
    assert "the loopback ports 5432, which no other layer permits" in findings[0]["problem"]
    assert "wall to 1 h, and 10 min is the most" in findings[1]["problem"]


def test_what_the_owner_permits_a_repository_is_fine(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "ws" / ".guard").mkdir()
    (home / "ws" / ".guard" / "policy.yaml").write_text(PROFILES.replace("1h", "1m"))
    (home / ".config" / "guard").mkdir(parents=True)
    (home / ".config" / "guard" / "personal.yaml").write_text(
        "version: 1\nkind: personal\nname: p\ndefault: allow\n"
        "profiles: {repository: {why: x, network: {ports: [5432]}}}\n"
    )

    assert run("check") == 0
    assert run("show") == 0
    assert "profile mine: wall 1 min; ports 5432" in capsys.readouterr().out


def test_a_profile_of_the_floor_may_be_named_by_a_repository(home: Path) -> None:
    (home / "ws" / "floor.yaml").write_text(
        "version: 1\nkind: floor\nname: f\ndefault: allow\nprofiles: {ours: {why: x, limits: {wall: 1m}}}\n"
    )
    (home / "ws" / "p.yaml").write_text(
        "version: 1\nkind: policy\nname: p\ndefault: allow\n"
        "rules: [{id: a, effect: [exec], verdict: allow, run: ours, why: x}]\n"
    )

    assert run("check", "floor.yaml", "p.yaml") == 0
    assert run("check", "p.yaml") == 1
