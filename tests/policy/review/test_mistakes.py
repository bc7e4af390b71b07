"""Edits of a policy that look harmless in a diff of lines, each found by the diff, the check or a test. Golden files.

What the diff and the check say of each is in tests/golden/policy-diff and tests/golden/policy-check.
"""

import argparse
import re
from pathlib import Path

import pytest

from guard.cli import policy
from guard.errors import GuardError
from tests import golden

BASE = """version: 1
kind: policy
name: payments
default: ask
zones:
  generated: ["$W/build/**", "$W/dist/**"]
  migrations: ["$W/db/migrations/**"]
hosts:
  mirrors: ["index.example.org", "*.mirror.example"]
  inside: ["10.1.0.0/16"]
rules:
  - id: reading
    effect: [fs.read, exec]
    verdict: allow
    why: Reading is what the agent is for.
  - id: editing
    effect: [fs.write, fs.delete]
    zones: [workspace]
    verdict: allow
    why: Edits are reviewed before merge.
  - id: delete-trees
    effect: [fs.delete]
    zones: [workspace]
    except_zones: [generated]
    recursive: true
    verdict: ask
    why: A wrong path here deletes uncommitted work.
  - id: migrations-are-history
    effect: [fs.write, fs.delete]
    zones: [migrations]
    verdict: deny
    why: Applied migrations must never change.
  - id: mirrors
    effect: [net.connect]
    hosts: [mirrors, inside]
    verdict: allow
    why: Needed by the package managers.
  - id: forge
    effect: [net.connect]
    hosts: [git-remote]
    verdict: allow
    why: Pushing is judged by its branch.
  - id: own-branches
    effect: [vcs.publish]
    branches: ["agent/*"]
    verdict: allow
    why: Agent branches open a pull request.
  - id: infrastructure
    effect: [exec]
    programs: [terraform, tofu]
    verdict: deny
    why: Infrastructure is changed by the pipeline.
exceptions:
  - id: squash
    rule: migrations-are-history
    verdict: ask
    zones: [migrations]
    programs: [git]
    reason: One-off squash of old migrations.
    owner: dana
    approved_by: security
    expires: 2030-12-15
tests:
  - {run: "rm -r src", expect: ask}
  - {run: "git push origin agent/fix", expect: allow}
"""
MISTAKES = {
    "a-carve-out-swallows-another-zone": ('"$W/dist/**"]', '"$W/dist/**", "$W/db/**", "$W/src/**"]'),
    "a-branch-pattern-widens-and-breaks": ('["agent/*"]', '["agent*"]'),
    "a-zone-loses-what-lies-deeper": ('"$W/db/migrations/**"', '"$W/db/migrations/*"'),
    "a-host-suffix-without-its-dot": ('"*.mirror.example"', '"*mirror.example"'),
    "a-letter-that-looks-like-another": ("index.example.org", "index.ex\u0430mple.org"),
    "a-key-that-stands-twice": ("verdict: deny\n    why: Applied", "verdict: deny\n    verdict: allow\n    why: Applied"),
    "an-exception-that-outlives-its-reason": ("expires: 2030-12-15", "expires: 2031-12-15"),
    "an-exception-for-every-program": ("    programs: [git]\n", ""),
    "a-default-of-allow": ("default: ask", "default: allow"),
    "a-rule-for-trees-only": ("zones: [migrations]\n    verdict: deny", "zones: [migrations]\n    recursive: true\n    verdict: deny"),
    "a-rule-that-only-watches": ("verdict: deny\n    why: Infra", "verdict: deny\n    mode: shadow\n    why: Infra"),
    "a-program-that-is-forgotten": ("[terraform, tofu]", "[terraform]"),
    "an-effect-that-is-dropped": ("effect: [fs.write, fs.delete]\n    zones: [migrations]", "effect: [fs.write]\n    zones: [migrations]"),
    "a-zone-with-a-slip-of-the-pen": ("$W/db/migrations/**", "$W/db/migration/**"),
    "a-network-with-too-few-bits": ("10.1.0.0/16", "10.0.0.0/8"),
    "a-rule-that-a-broader-one-beats": ("    except_zones: [generated]\n    recursive: true\n", ""),
    "a-verdict-where-a-place-was-meant": ("verdict: ask\n    why: A wrong path", "verdict: allow\n    run: host\n    why: A wrong path"),
}  # fmt: skip


FOUND_BY = {
    "a-carve-out-swallows-another-zone": "check, diff, test",
    "a-branch-pattern-widens-and-breaks": "check, diff, test",
    "a-zone-loses-what-lies-deeper": "check, diff",
    "a-host-suffix-without-its-dot": "check, diff",
    "a-letter-that-looks-like-another": "check, diff, test",
    "a-key-that-stands-twice": "check, diff, test",
    "an-exception-that-outlives-its-reason": "diff",
    "an-exception-for-every-program": "check, diff",
    "a-default-of-allow": "check, diff",
    "a-rule-for-trees-only": "diff",
    "a-rule-that-only-watches": "check, diff",
    "a-program-that-is-forgotten": "diff",
    "an-effect-that-is-dropped": "diff",
    "a-zone-with-a-slip-of-the-pen": "check, diff",
    "a-network-with-too-few-bits": "diff",
    "a-rule-that-a-broader-one-beats": "check",
    "a-verdict-where-a-place-was-meant": "check, diff, test",
}
"""By what each is found: errors, warnings and notes of the check, looser rows of the diff, the file's own two tests.

A check runs the tests too.
"""


@pytest.mark.parametrize("name", MISTAKES)
def test_is_found(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = MISTAKES[name]

    assert BASE.count(before) == 1
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.yaml").write_text(BASE, encoding="utf-8")
    (tmp_path / "head.yaml").write_text(BASE.replace(before, after), encoding="utf-8")
    parser = argparse.ArgumentParser()
    policy.add_arguments(parser)
    words = [
        "diff",
        "base.yaml",
        "head.yaml",
        "--alone",
        "--at",
        "2030-06-01",
        "--format",
        "markdown",
        "--fail-on",
        "looser",
    ]
    try:
        code = policy.run(parser.parse_args(words))
    except GuardError as error:
        code, shown = 2, f"{error}\n"
    else:
        said = capsys.readouterr()
        shown = said.out + said.err

    # Whether it becomes looser or cannot be read: a check that asks for it fails.
    assert (code in (1, 2)) is ("diff" in FOUND_BY[name])
    shown = re.sub(r"\b\d+ kinds of effects", "N kinds of effects", golden.normal(shown, work=tmp_path))
    golden.matches(f"policy-diff/{name}.md", shown)


def said(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    (tmp_path / "head.yaml").write_text(text, encoding="utf-8")
    parser = argparse.ArgumentParser()
    policy.add_arguments(parser)
    code = policy.run(parser.parse_args([*words, "head.yaml", "--alone"]))
    return code, golden.normal(capsys.readouterr().out, work=tmp_path)


@pytest.mark.parametrize("name", MISTAKES)
def test_is_found_by_what_is_said_to_find_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("policy_check", "policy_test"):
        monkeypatch.setattr(f"guard.cli.{module}.strftime", lambda *_: "2030-06-01")
    monkeypatch.chdir(tmp_path)
    # The directory is there, as it is where such a policy is written.
    (tmp_path / "db" / "migrations").mkdir(parents=True)
    text = BASE.replace(*MISTAKES[name])
    before = said(tmp_path, BASE, capsys, "check", "--notes")[1]
    _, checked = said(tmp_path, text, capsys, "check", "--notes")
    failed, _ = said(tmp_path, text, capsys, "test")

    assert ("check" in FOUND_BY[name]) is (checked != before)
    assert ("test" in FOUND_BY[name]) is (failed == 1)
    if checked != before:
        golden.matches(f"policy-check/{name}.txt", checked)


def test_every_mistake_is_found_by_something() -> None:
    assert MISTAKES.keys() == FOUND_BY.keys()
    assert all(FOUND_BY.values())
