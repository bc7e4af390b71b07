"""The exported rules, as the real Codex reads them."""

from pathlib import Path

import pytest

from guard.enforce.revisions import builtin
from guard.model.dataclass import replace
from guard.model.verdict import Verdict
from guard.policy.export.codex import to_codex
from guard.policy.export.loss import Direction
from guard.policy.rule import Policy, PolicyException, PolicyLayer, Rule, policy_of
from tests.agents import client
from tests.policy.export.engines import codex


@pytest.fixture(scope="module")
def programs() -> Path:
    return client.installed("@openai/codex", "codex")


def of(*rules: Rule, default: Verdict = Verdict.ALLOW) -> Policy:
    return policy_of((PolicyLayer(kind="repo", name="repo", default=default, rules=rules),), "sha256:x")


RULES = (
    Rule(id="no-npx", effects=("exec",), verdict=Verdict.DENY, why='It runs "anything".', programs=("npx", "bunx")),
    Rule(id="publish", effects=("pkg.publish",), verdict=Verdict.ASK, why="Others get it.\n)\nprefix_rule("),
    Rule(id="npm", effects=("exec",), verdict=Verdict.ALLOW, why="Everyday.", programs=("npm",)),
    Rule(id="main", effects=("vcs.publish",), verdict=Verdict.DENY, why="Pull requests.", branches=("main", "release/*")),
    Rule(id="look", effects=("exec",), verdict=Verdict.DENY, why="Later.", programs=("curl",), shadow=True),
    Rule(id="tool", effects=("exec",), verdict=Verdict.DENY, why="Prod.", programs=("mcp__prod__stop",)),
    Rule(id="tools", effects=("tool.use",), verdict=Verdict.DENY, why="Prod.", programs=("mcp__prod__*",)),
    Rule(id="notes", effects=("fs.write",), verdict=Verdict.DENY, why="Mine.", zones=("workspace",)),
)  # fmt: skip


def test_codex_asks_and_forbids_as_the_rules_say(programs: Path, tmp_path: Path) -> None:
    rules = tmp_path / "guard.rules"
    rules.write_text(to_codex(of(*RULES)).text)

    expected = {
        "npx create-app": "forbidden",
        "bunx x": "forbidden",
        "npm publish --tag next": "prompt",
        "npm install": "",
        "npm": "",
        "git push origin main": "forbidden",
        "git push origin topic": "",
        "curl https://example.org": "",
        "ls": "",
    }
    assert {words: codex(programs, rules, words.split()) for words in expected} == expected


def test_the_strictest_of_two_rules_counts_in_codex_too(programs: Path, tmp_path: Path) -> None:
    rules = tmp_path / "guard.rules"
    asks = Rule(id="ask", effects=("exec",), verdict=Verdict.ASK, why="Look.", programs=("npm",))
    rules.write_text(to_codex(of(asks, replace(RULES[1], verdict=Verdict.DENY))).text)

    assert codex(programs, rules, ["npm", "publish"]) == "forbidden"
    assert codex(programs, rules, ["npm", "test"]) == "prompt"


def test_codex_reads_the_whole_built_in_policy_and_never_allows_by_it(programs: Path, tmp_path: Path) -> None:
    rules = tmp_path / "guard.rules"
    exported = to_codex(policy_of(tuple(builtin()), "sha256:x"))
    rules.write_text(exported.text)

    assert codex(programs, rules, ["sudo", "ls"]) == "prompt"
    assert codex(programs, rules, ["git", "status"]) == ""
    assert '"allow"' not in exported.text


def lost(policy: Policy, direction: Direction) -> dict[str, str]:
    return {loss.rule: loss.what for loss in to_codex(policy).worst(direction) if loss.rule != "*"}


def test_every_rule_that_is_not_said_whole_is_named() -> None:
    looser = lost(of(*RULES), Direction.LOOSER)

    assert set(looser) == {"repo/publish", "repo/main", "repo/notes", "repo/tool", "repo/tools"}
    assert set(lost(of(*RULES), Direction.STRICTER)) == {"repo/npm"}
    assert set(lost(of(*RULES), Direction.SAME)) == {"repo/look"}


def test_a_default_that_is_left_to_codex_is_looser_and_a_lost_exception_is_stricter() -> None:
    exception = PolicyException(
        id="e",
        rule="no-npx",
        verdict=Verdict.ALLOW,
        reason="r",
        owner="o",
        approved_by="p",
        expires="2030-01-01",
    )
    policy = of(RULES[0], default=Verdict.ASK)
    policy = policy_of((replace(policy.layers[0], exceptions=(exception,)),), "sha256:x")

    assert set(lost(policy, Direction.LOOSER)) == {"repo"}
    assert "exceptions" in lost(policy, Direction.STRICTER)["repo/no-npx"]
