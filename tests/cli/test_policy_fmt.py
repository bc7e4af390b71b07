"""``guard policy fmt`` as it is called: what it writes, what it leaves alone, what it says."""

import json
import os
import stat

import jsonschema
import pytest

from tests import golden
from tests.cli.conftest import ROOT

SCHEMA = json.loads((ROOT / "docs" / "schemas" / "policy-fmt.schema.json").read_text())
ROUGH = """# Ours.
kind: policy
version: 1
name: p   # short
default: 'ask'
rules:
- {id: a, verdict: ask, effect: [fs.delete, fs.read], why: x}  # why not
"""
FINE = """# Ours.
version: 1
kind: policy
name: p  # short
default: ask

rules:
  # why not
  - id: a
    effect: [fs.read, fs.delete]
    verdict: ask
    why: x
"""


@pytest.fixture
def policy(user):
    (user.work / ".guard").mkdir()
    path = user.work / ".guard" / "policy.yaml"
    path.write_text(ROUGH)
    return path


def test_the_policy_of_the_repository_is_written_and_keeps_its_mode(user, policy):
    policy.chmod(0o640)
    done = user.guard("policy", "fmt")
    again = user.guard("policy", "fmt", "--check")

    assert (done.returncode, policy.read_text()) == (0, FINE), done.stderr
    assert stat.S_IMODE(policy.stat().st_mode) == 0o640
    assert done.stdout.decode() == f"formatted: {policy}\n"
    assert (again.returncode, again.stdout.decode()) == (0, f"fine: {policy}\n")
    assert os.listdir(policy.parent) == ["policy.yaml"]


def test_check_shows_what_would_change_and_writes_nothing(user, policy):
    done = user.guard("policy", "fmt", "--check", ".guard/policy.yaml")

    assert (done.returncode, policy.read_text()) == (1, ROUGH)
    golden.matches("policy-fmt/check.txt", done.stdout.decode())


def test_a_link_stays_one(user, policy):
    link = user.work / "link.yaml"
    link.symlink_to(policy)

    assert user.guard("policy", "fmt", "link.yaml").returncode == 0
    assert link.is_symlink()
    assert policy.read_text() == FINE


def test_a_file_that_is_no_policy_is_left_alone_and_the_others_are_written(user, policy):
    bad = user.work / "bad.yaml"
    bad.write_text("version: 1\nkind: policy\nname: p\nname: q\n")
    done = user.guard("policy", "fmt", "bad.yaml", ".guard/policy.yaml")

    assert done.returncode == 1
    assert done.stderr.decode() == "guard: bad.yaml:4:1: `name` stands here twice\n  help: keep one of them\n"
    assert "name: q" in bad.read_text()
    assert policy.read_text() == FINE


def test_a_directory_is_its_policies(user, policy):
    (user.work / ".guard" / "other.yaml").write_text("jobs: [1]\n")
    done = user.guard("policy", "fmt", ".guard")

    assert (done.returncode, done.stdout) == (0, b"formatted: .guard/policy.yaml\n")


def test_standard_input_goes_to_standard_output(user):
    done = user.guard("policy", "fmt", "-", stdin=ROUGH.encode(), LANG="C")
    refused = user.guard("policy", "fmt", "-", stdin=b"version: 9\n")
    checked = user.guard("policy", "fmt", "--check", "-", stdin=FINE.encode())

    assert (done.returncode, done.stdout.decode()) == (0, FINE)
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert b"<stdin>:" in refused.stderr
    assert (checked.returncode, checked.stdout) == (0, b"")


@pytest.mark.parametrize("words", [["nowhere.yaml"], ["-", "x"], [], ["src"]], ids=" ".join)
def test_what_cannot_be_meant_is_said(user, words):
    done = user.guard("policy", "fmt", *words)

    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"guard: ")


def test_json_says_what_became_of_each_file(user, policy):
    (user.work / "bad.yaml").write_text("version: 9\n")
    done = user.guard("policy", "fmt", "--check", "--json", "bad.yaml", ".guard/policy.yaml")
    report = json.loads(done.stdout)

    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert [file["state"] for file in report["files"]] == ["refused", "changed"]
    assert (done.returncode, report["ok"], report["written"]) == (1, False, False)


def test_ends_of_lines_are_said_where_nothing_else_differs(user, policy):
    policy.write_bytes(FINE.replace("\n", "\r\n").encode())
    done = user.guard("policy", "fmt", "--check")

    assert done.returncode == 1
    assert b"only the ends of lines differ" in done.stdout
