"""Tools of MCP servers: asked about, let through by a reviewed exception, and judged by what their arguments name."""

import json
import subprocess

import pytest

from guard import Guard, Tool
from guard.effects.tools import MOST, argument_effects
from guard.model.decision import Host
from guard.model.effect import Connect, Opaque, ReadPath, WritePath
from guard.model.paths import KnownPath
from guard.model.proposal import is_of_a_server

POLICY = """
version: 1
kind: policy
name: app
default: allow
exceptions:
  - id: issues
    rule: profile/server-tools
    programs: ["mcp__github__get_*"]
    verdict: allow
    reason: It only reads issues of our own repository.
    owner: ana
    approved_by: bob
    expires: 2999-12-31
rules:
  - id: no-production
    effect: [tool.use]
    programs: ["mcp__prod__*"]
    verdict: deny
    why: Production is not the agent's.
"""


@pytest.fixture
def work(tmp_path, monkeypatch):
    home, place = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    (place / ".guard").mkdir(parents=True)
    (place / ".guard/policy.yaml").write_text(POLICY)
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "GUARD_DOOR"):
        monkeypatch.delenv(name, raising=False)

    def git(*words):
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", "-C", str(place), *who, *words], check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "the law")
    subprocess.run(["git", "clone", "-q", "--bare", str(place), str(tmp_path / "origin.git")], check=True)
    git("remote", "add", "origin", str(tmp_path / "origin.git"))
    git("fetch", "-q", "origin")
    git("remote", "set-head", "origin", "main")
    return place


ALLOWED = (
    ("get_issue", {}),
    ("get_issue", {"number": 7, "draft": False, "owner": "ana", "labels": ["bug", "help wanted"]}),
    ("get_file", {"path": "src/a.py"}),
    ("get_text", {"body": "rm -rf /\nand more", "title": "mend this and/or that"}),
)
ASKED = (
    ("merge", {}),
    ("get_file", {"path": "~/.ssh/id_rsa"}),
    ("get_file", {"deep": [{"er": ".git/hooks/pre-commit"}]}),
    ("get_file", {"path": "a/../.git/config"}),
    ("get_page", {"url": "https://upload.example/x?y"}),
    ("get_page", {"url": "file:///etc/shadow"}),
    ("get_all", {"of": [str(number) for number in range(MOST + 1)]}),
)


@pytest.mark.parametrize(("tool", "arguments"), ALLOWED, ids=str)
def test_what_a_reviewed_policy_trusts_runs_unasked(work, tool, arguments):
    decision = Guard(work).decide(Tool(f"mcp__github__{tool}", arguments))

    assert type(decision).__name__ == "Allow", decision.reasons
    assert decision.placement == Host()


@pytest.mark.parametrize(("tool", "arguments"), ASKED, ids=str)
def test_what_it_names_is_judged_all_the_same(work, tool, arguments):
    decision = Guard(work).decide(Tool(f"mcp__github__{tool}", arguments))

    assert type(decision).__name__ in {"Ask", "Deny"}, decision.reasons


def test_a_policy_closes_a_server(work):
    decision = Guard(work).decide(Tool("mcp__prod__restart"))

    assert (type(decision).__name__, decision.reasons[0].rule) == ("Deny", "no-production")


@pytest.mark.parametrize(
    "tool", ["mcp__github", "mcp__github__", "mcp____get_x", "github__get_x", "get_x", "mcp_github_get_x"]
)
def test_a_name_that_is_no_servers_could_be_anything(work, tool):
    assert not is_of_a_server(tool)
    assert type(Guard(work).decide(Tool(tool))).__name__ == "Ask"


def test_an_exception_that_nobody_has_reviewed_opens_nothing(work):
    (work / ".guard/policy.yaml").write_text(POLICY.replace("get_*", "*"))

    assert type(Guard(work).decide(Tool("mcp__github__merge"))).__name__ == "Ask"


def test_a_call_that_is_not_trusted_is_asked_about_by_the_rule_that_can_have_exceptions(work):
    decision = Guard(work).decide(Tool("mcp__github__merge"))

    assert decision.reasons[0].rule == "server-tools"


def named(arguments):
    return argument_effects("mcp__a__b", json.dumps(arguments), "/w")


def test_each_path_is_read_and_written_and_each_address_talked_to():
    assert [(type(effect), getattr(effect, "path", None)) for effect in named({"a": ["x/y", "x/y"]})] == [
        (ReadPath, KnownPath("/w/x/y")),
        (WritePath, KnownPath("/w/x/y")),
    ]
    assert [(type(effect), effect.host, effect.port) for effect in named({"a": "https://h.example/z"})] == [
        (Connect, "h.example", 443)
    ]
    assert (
        named({"a": 1, "b": None, "c": [True], "d": "", "e": "two words", "f": "a\nb/c", "g": "/" * 5000})
        == ()
    )


def test_arguments_that_cannot_be_read_could_be_anything():
    assert [type(effect) for effect in argument_effects("mcp__a__b", "{", "/w")] == [Opaque]
    assert [type(effect) for effect in argument_effects("mcp__a__b", "[" * 100_000, "/w")] == [Opaque]
    assert [type(effect) for effect in named([str(number) for number in range(MOST + 1)])] == [Opaque]
