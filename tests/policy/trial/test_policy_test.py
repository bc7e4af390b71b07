"""``guard policy test``: what fails, what is not tried, which mistakes nobody would notice."""

import argparse
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from guard.cli import policy
from guard.policy.trial.widen import wider_branch, wider_host, wider_path

POLICY = """version: 1
kind: policy
name: p
default: ask
zones:
  made: ["$W/out/build/**"]
hosts:
  mirrors: ["*.mirror.example", index.example.org]
rules:
  - id: run
    effect: [exec]
    verdict: allow
    why: because
  - id: clean
    effect: [fs.delete]
    zones: [made]
    verdict: allow
    why: because
  - id: keep
    effect: [fs.delete]
    zones: [workspace]
    except_zones: [made]
    recursive: true
    verdict: deny
    why: because
  - id: mirrors
    effect: [net.connect]
    hosts: [mirrors]
    verdict: allow
    why: because
  - id: branches
    effect: [vcs.publish]
    branches: ["agent/*"]
    verdict: deny
    why: because
"""
WHOLE = """tests:
  - {run: "rm -r out/build", expect: allow}
  - {run: "rm -r out/other", expect: deny, rule: keep}
  - {run: "rm out/other", expect: ask}
  - {run: "curl https://a.mirror.example/", expect: allow}
  - {run: "curl https://index.example.org/", expect: allow}
  - {run: "curl https://a.example/", expect: ask}
  - {run: "curl https://evilindex.example.org/", expect: ask}
  - {run: "git push origin agent/x", expect: deny, rule: branches}
  - {run: "git push origin agent/x/y", expect: ask}
"""


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "home" / "ws").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "home" / "ws")
    return tmp_path / "home" / "ws"


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    policy.add_arguments(parser)
    return policy.run(parser.parse_args(["test", "p.yaml", "--alone", *words]))


def test_a_file_whose_tests_notice_every_mistake(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (work / "p.yaml").write_text(POLICY + WHOLE)

    assert run("--coverage", "--mutate", "--threshold", "100") == 0
    assert capsys.readouterr().out == (
        "p.yaml: 9 of 9 tests pass; "
        "100 % covered: 5 of 5 rules decide a test, 2 of 2 edges of zones are tried; "
        "14 of 14 mistakes are noticed, 0 are not\n"
    )


@pytest.mark.parametrize(
    ("gone", "place", "change"),
    [
        ("rm -r out/build", "p.yaml:22:20", "rule `keep`: without `made` in `except_zones`"),
        ("rm out/other", "p.yaml:6:10", "zone `made`: `$W/out/build/**` becomes `$W/out/**`"),
        ("curl https://a.example/", "p.yaml:8:13", "host group `mirrors`: `*.mirror.example` becomes `*.example`"),
        ("git push origin agent/x/y", "p.yaml:33:16", "rule `branches`: `agent/*` becomes `agent/**`"),
        ("git push origin agent/x", "p.yaml:34:5", "rule `branches`: `deny` becomes `allow`"),
    ],
)  # fmt: skip
def test_what_no_test_notices_is_told_with_a_test_that_would(
    gone: str, place: str, change: str, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And with that test nothing survives any more: it is tried."""
    lines = [line for line in WHOLE.splitlines() if f'"{gone}"' not in line]
    if gone == "rm out/other":
        lines = [line for line in lines if "out/other" not in line]
    (work / "p.yaml").write_text(POLICY + "\n".join(lines) + "\n")

    assert run("--mutate") == 1
    out = capsys.readouterr().out.splitlines()
    at = out.index(f"{place}: survived: {change}, and every test passes")
    assert out[at + 1].startswith("  add: - {run: ")
    added = dict.fromkeys(line.replace("  add: ", "  ") for line in out if line.startswith("  add: "))
    (work / "p.yaml").write_text(POLICY + "\n".join([*lines, *added]) + "\n")
    assert run("--mutate") == 0


def test_what_is_not_tried(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tests = 'tests:\n  - {run: "rm -r out/build", expect: allow}\n'
    (work / "p.yaml").write_text(POLICY + tests)

    assert run("--coverage") == 0
    assert capsys.readouterr().out.splitlines() == [
        "p.yaml:19:5: untried: no test is decided by the rule `keep`",
        "p.yaml:26:5: untried: no test is decided by the rule `mirrors`",
        "p.yaml:31:5: untried: no test is decided by the rule `branches`",
        "p.yaml:6:10: untried: no test is about a place just outside of `$W/out/build/**` of the zone `made`, in `$W/out/**`",
        "p.yaml: 1 of 1 tests pass; 42 % covered: 2 of 5 rules decide a test, 1 of 2 edges of zones are tried",
    ]
    assert run("--threshold", "42") == 0
    assert run("--threshold", "43") == 1


def test_a_test_that_fails_is_told_with_its_place_and_kills_nothing(
    work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = WHOLE.replace('agent/x/y", expect: ask', 'agent/x/y", expect: deny')
    (work / "p.yaml").write_text(POLICY + wrong)

    assert run("--mutate") == 1
    out = capsys.readouterr().out
    assert (
        "p.yaml:45:5: failed: `git push origin agent/x/y` should be deny, and is ask by `default` (repo)"
        in out
    )
    assert "8 of 9 tests pass" in out
    # It would notice every mistake, and so does not count.
    assert "p.yaml:33:16: survived: rule `branches`: `agent/*` becomes `agent/**`" in out


def test_mistakes_that_change_nothing_are_no_reproach(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    double = POLICY.replace(
        "  - id: clean", "  - {id: too, effect: [exec], verdict: allow, why: because}\n  - id: clean"
    )
    (work / "p.yaml").write_text(double + WHOLE)

    assert run("--mutate") == 0
    assert "2 change nothing" in capsys.readouterr().out


def test_junit(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    failing = WHOLE.replace("expect: ask}", "expect: deny}", 1).replace("rm out/other", "rm out/<&>")
    (work / "p.yaml").write_text(POLICY + failing)

    assert run("--mutate", "--threshold", "100", "--format", "junit") == 1
    (suite,) = ET.fromstring(capsys.readouterr().out)
    failed = {case.get("name"): case for case in suite if case.find("failure") is not None}
    assert int(suite.get("tests") or "") == len(suite) == 9 + 14 + 1
    assert int(suite.get("failures") or "") == len(failed)
    assert "test: rm out/<&>" in failed


def test_json_is_as_its_schema_says(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import jsonschema

    schema = Path(__file__).parents[3] / "docs" / "schemas" / "policy-test.schema.json"
    (work / "p.yaml").write_text(POLICY + "tests: []\n")

    assert run("--mutate", "--coverage", "--format", "json") == 1
    data = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, json.loads(schema.read_text()))
    assert not data["ok"]
    assert data["files"][0]["mistakes"]["survived"] == len(data["files"][0]["mistakes"]["survivors"]) > 5


def test_a_file_that_cannot_be_read_fails(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (work / "p.yaml").write_text(POLICY + "rules: []\n")

    assert run() == 1
    assert "p.yaml:36:1: unreadable: `rules` stands here twice" in capsys.readouterr().out


CASES = """[[case]]
command = "rm -r out/build"
says = "allow"

[[case]]
command = "rm -r src"
says = "deny"
because = "keep"
speaks = "keep"
"""


def cases(work: Path, text: str) -> int:
    (work / "policy.yaml").write_text(POLICY)
    (work / "cases.toml").write_text(text)
    parser = argparse.ArgumentParser()
    policy.add_arguments(parser)
    return policy.run(parser.parse_args(["test", "policy.yaml", "--alone"]))


def test_the_cases_beside_a_policy_are_tests_of_it(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cases(work, CASES) == 0
    assert capsys.readouterr().out == "policy.yaml: 2 of 2 tests pass\n"
    assert cases(work, CASES.replace('speaks = "keep"', 'speaks = "clean"')) == 1
    assert (
        "cases.toml:5: failed: of this file `clean` should speak of `rm -r src` first"
        in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (CASES.replace("says", "sez"), "cases.toml:1: unreadable: unknown key `sez`"),
        (CASES.replace('"deny"', '"dney"'), "cases.toml:5: unreadable: `dney` is no verdict"),
        (CASES.replace('"allow"', "1"), "cases.toml:1: unreadable: a case needs a `command`"),
        ("x = 1\n" + CASES, "cases.toml: unreadable: holds something else than cases"),
        ("case = [{command = 'ls'}]\n", "cases.toml: unreadable: holds something else than cases"),
        (CASES + "[[case\n", "cases.toml: unreadable: not TOML"),
    ],
)
def test_cases_are_read_strictly(
    text: str, problem: str, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cases(work, text) == 1
    assert problem in capsys.readouterr().out


def test_a_threshold_is_a_percentage() -> None:
    with pytest.raises(SystemExit):
        run("--threshold", "101")


def test_what_is_not_there_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    assert "p.yaml: there is no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("pattern", "wider"),
    [
        ("$W/a/b/**", "$W/a/**"),
        ("$W/a/**", "$W/**"),
        ("$W/**", ""),
        ("$T", "$T/**"),
        ("$W/a/*", "$W/a/**"),
        ("$W/a/*.log", "$W/a/*"),
        ("$W/**/x", "$W/**/*"),
        ("$W/**/x/**", "$W/**"),
    ],
)
def test_a_wider_pattern(pattern: str, wider: str) -> None:
    assert wider_path(pattern) == wider


def test_wider_names() -> None:
    assert [wider_host(one) for one in ("*.b.example", "*.example", "10.0.0.0/8", "10.0.0.1", "a.example", "0.0.0.0/0")] == [
        "*.example", "", "10.0.0.0/7", "10.0.0.1/31", "", "",
    ]  # fmt: skip
    assert [wider_branch(one) for one in ("main", "agent/*", "agent/**", "*", "**")] == [
        "main*", "agent/**", "**", "**", "",
    ]  # fmt: skip
