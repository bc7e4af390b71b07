"""The exported permissions, as the real Claude Code reads them."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from guard.enforce.revisions import builtin
from guard.model.dataclass import replace
from guard.model.verdict import Verdict
from guard.policy.export.claude import to_claude
from guard.policy.export.loss import Direction
from guard.policy.rule import Policy, PolicyException, PolicyLayer, Rule, policy_of
from tests.agents import client
from tests.agents.model import serving
from tests.clients.sessions import MCP_SERVER

ASK, DENY = Verdict.ASK, Verdict.DENY
ZONES = (
    ("migrations", ("$W/db/migrations/**",)),
    ("odd", ("$W/src/[id].ts", "$W/pages/{a,b}.tsx")),
    ("keys", ("$H/.keys/**", "$W/**/*.pem")),
)
RULES = (
    Rule(id="migrations", effects=("fs.write",), verdict=DENY, why="w", zones=("migrations",)),
    Rule(id="odd", effects=("fs.write", "fs.delete"), verdict=DENY, why="w", zones=("odd",)),
    Rule(id="keys", effects=("fs.read",), verdict=DENY, why="w", zones=("keys",)),
    Rule(id="agent", effects=("fs.write",), verdict=DENY, why="w", zones=("agent-config",)),
    Rule(id="ask-notes", effects=("fs.read",), verdict=ASK, why="w", zones=("notes",)),
    Rule(id="npx", effects=("exec",), verdict=DENY, why="w", programs=("npx",)),
    Rule(id="sudo", effects=("privilege",), verdict=ASK, why="w"),
    Rule(id="main", effects=("vcs.publish",), verdict=DENY, why="w", branches=("main", "release/*")),
    Rule(id="hosts", effects=("net.connect",), verdict=DENY, why="w", hosts=("evil.example", "*.internal", "169.254.169.254")),
    Rule(id="tools", effects=("tool.use",), verdict=DENY, why="w", programs=("mcp__files__rem*", "mcp__files__keep_on?")),
    Rule(id="a-tool", effects=("exec",), verdict=ASK, why="w", programs=("mcp__files__keep_it",)),
    Rule(id="allowed", effects=("exec", "fs.write"), verdict=Verdict.ALLOW, why="w"),
    Rule(id="later", effects=("exec",), verdict=DENY, why="w", programs=("true",), shadow=True),
)  # fmt: skip


def of(*rules: Rule, default: Verdict = Verdict.ALLOW) -> Policy:
    zones = (*ZONES, ("notes", ("$W/notes.txt",)))
    return policy_of(
        (PolicyLayer(kind="repo", name="repo", default=default, rules=rules, zones=zones),), "sha256:x"
    )


def permissions(*rules: Rule) -> dict[str, list[str]]:
    return json.loads(to_claude(of(*rules)).text)["permissions"]


@pytest.fixture(scope="module")
def claude() -> Path:
    return client.installed()


def asked(path: Path) -> list[tuple[str, dict[str, Any], bool]]:
    """What is tried: tool, input, and whether it is to be stopped."""

    def bash(command: str, stopped: bool) -> tuple[str, dict[str, Any], bool]:
        return "Bash", {"command": command, "description": "go on"}, stopped

    def read(name: str, stopped: bool) -> tuple[str, dict[str, Any], bool]:
        return "Read", {"file_path": str(path / name)}, stopped

    def write(name: str, stopped: bool) -> tuple[str, dict[str, Any], bool]:
        return "Write", {"file_path": str(path / name), "content": "x"}, stopped

    return [
        write("db/migrations/2.sql", True),
        write("db/other.sql", False),
        read("db/migrations/1.sql", False),
        write("src/[id].ts", True),
        write("src/i.ts", False),
        write("pages/b.tsx", True),
        write("pages/c.tsx", False),
        write("CLAUDE.md", True),
        read("../.keys/one", True),
        read("deep/in/x.pem", True),
        read("deep/in/x.txt", False),
        read("notes.txt", True),
        bash("npx create-app", True),
        bash("echo one; npx two", True),
        bash("sudo true", True),
        bash("git push origin main", True),
        bash("git push --force origin release/2 --tags", True),
        bash("git push origin HEAD:main", True),
        bash("git -C . status || true", False),
        bash("cat deep/in/x.pem", True),
        bash("true", False),
        ("mcp__files__remove", {"path": str(path / "notes.txt")}, True),
        ("mcp__files__keep_it", {"text": "it"}, True),
        ("mcp__files__keep_on", {"text": "on"}, False),
        ("WebFetch", {"url": "https://evil.example/x", "prompt": "p"}, True),
        ("WebFetch", {"url": "https://a.internal/x", "prompt": "p"}, True),
        ("WebFetch", {"url": "http://169.254.169.254/x", "prompt": "p"}, True),
    ]


STOPPED = ("denied", "haven't granted", "No such tool available: mcp__files__remove")


def test_the_client_stops_what_the_rules_stop_and_nothing_else(claude: Path, tmp_path: Path) -> None:
    home, work = tmp_path / "home", tmp_path / "home" / "ws"
    for name in ("db/migrations/1.sql", "deep/in/x.pem", "deep/in/x.txt", "notes.txt", "../.keys/one"):
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text("x\n")
    (work / ".claude").mkdir()
    (work / ".claude/settings.json").write_text(to_claude(of(*RULES)).text)
    server = {
        "command": MCP_SERVER[0],
        "args": [*MCP_SERVER[1:], str(tmp_path / "log"), "keep_it", "keep_on"],
    }
    (tmp_path / "servers.json").write_text(json.dumps({"mcpServers": {"files": server}}))
    tried = asked(work)
    with serving(*((tool, given) for tool, given, _ in tried)) as model:
        done = subprocess.run(
            client.words("--strict-mcp-config", "--mcp-config", str(tmp_path / "servers.json")),
            cwd=work,
            env={"HOME": str(home), "PATH": f"{claude}:/usr/bin:/bin", **client.environment(model)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        results = model.results

    assert len(results) == len(tried), done.stderr
    got = {
        json.dumps(given): is_error and any(word in text for word in STOPPED)
        for (text, is_error), (_, given, _) in zip(results, tried, strict=True)
    }
    assert got == {json.dumps(given): stopped for _, given, stopped in tried}
    assert (tmp_path / "log").read_text() == "keep on\n"


TOOLS = [
    (("tool.use",), ("mcp__prod__*", "mcp__a__b"), ["mcp__prod__*", "mcp__a__b"], set()),
    (("tool.use",), (), ["mcp__*"], set()),
    (("tool.use",), ("*__restart", "mcp__p?d__x"), ["mcp__*__restart"], {"tools called mcp__p?d__x"}),
    # No server's tool is called so: nothing is left to say.
    (("tool.use",), ("npx", "mcp__files"), [], set()),
    (("tool.use",), ("m*x",), [], {"tool.use"}),
    (("tool.use", "fs.delete"), ("mcp__a__b",), ["mcp__a__b"], {"fs.delete"}),
    (("exec",), ("mcp__a__b", "npx"), ["Bash(npx:*)", "mcp__a__b"], set()),
    (("exec",), ("mcp__a__*",), ["mcp__a__*"], set()),
    (("exec",), ("*",), ["mcp__*"], {"exec"}),
    (("fs.delete",), ("mcp__a__b",), [], {"fs.delete"}),
]


@pytest.mark.parametrize(("effects", "programs", "entries", "lost"), TOOLS, ids=str)
def test_a_servers_tool_is_said_by_its_name(
    effects: tuple[str, ...], programs: tuple[str, ...], entries: list[str], lost: set[str]
) -> None:
    exported = to_claude(of(Rule(id="r", effects=effects, verdict=DENY, why="w", programs=programs)))

    assert json.loads(exported.text)["permissions"]["deny"] == entries
    assert {loss.what for loss in exported.worst(Direction.LOOSER) if loss.rule != "*"} == {
        f"nothing is said of {what}" for what in lost
    }


@pytest.mark.parametrize("more", [{"certain": False}, {"observed": True}, {"zones": ("keys",)}], ids=str)
def test_a_rule_about_some_calls_of_a_tool_is_said_to_be_lost(more: dict[str, Any]) -> None:
    exported = to_claude(of(Rule(id="r", effects=("tool.use",), verdict=DENY, why="w", **more)))

    assert json.loads(exported.text)["permissions"]["deny"] == []
    assert [loss.what for loss in exported.worst(Direction.LOOSER) if loss.rule != "*"] == [
        "nothing is said of tool.use"
    ]


def test_nothing_is_ever_allowed_by_the_export() -> None:
    assert set(permissions(*RULES)) == {"ask", "deny"}
    built_in = json.loads(to_claude(policy_of(tuple(builtin()), "sha256:x")).text)["permissions"]

    assert set(built_in) == {"ask", "deny"}
    assert not set(built_in["ask"]) & set(built_in["deny"])


@pytest.mark.parametrize(
    ("zones", "pattern"),
    [((), ("$H/**",)), ((), ("$T/**",)), ((), ("/**",)), ((), ("$W/src(1)/**",)), (("src",), ("$W/**",))],
)
def test_what_would_be_about_more_than_the_zone_is_left_out_and_said(
    zones: tuple[str, ...], pattern: tuple[str, ...]
) -> None:
    rule = Rule(id="r", effects=("fs.write",), verdict=DENY, why="w", zones=("wide",), except_zones=zones)
    known = (("wide", pattern), ("src", ("$W/src/**",)))
    layer = PolicyLayer(kind="repo", name="repo", default=Verdict.ALLOW, rules=(rule,), zones=known)
    exported = to_claude(policy_of((layer,), "sha256:x"))

    assert json.loads(exported.text)["permissions"] == {"ask": [], "deny": []}
    assert [loss.rule for loss in exported.worst(Direction.LOOSER)] == ["*", "*", "repo/r"]


@pytest.mark.parametrize(
    "more",
    [
        {"recursive": True},
        {"surprise": True},
        {"observed": True},
        {"programs": ("sed",)},
        {"certain": False},
        {"append": True},
    ],
    ids=str,
)
def test_a_rule_about_other_writes_than_a_tool_makes_is_said_to_be_lost(more: dict[str, Any]) -> None:
    exported = to_claude(of(replace(RULES[0], **more)))

    assert json.loads(exported.text)["permissions"]["deny"] == []
    assert [loss.rule for loss in exported.worst(Direction.LOOSER)] == ["*", "*", "repo/migrations"]


def test_every_rule_is_said_or_named_among_the_losses() -> None:
    """Of each strict rule alone: without an entry there must be a loss to the looser side."""
    policy = policy_of(tuple(builtin()), "sha256:x")
    for layer in policy.layers:
        for rule in layer.rules:
            exported = to_claude(
                policy_of((replace(layer, rules=(rule,), default=Verdict.ALLOW),), "sha256:x")
            )
            said = json.loads(exported.text)["permissions"]
            own = [loss for loss in exported.lost if loss.rule != "*"]

            assert said["ask"] or said["deny"] or own, rule.id
            if rule.verdict is not Verdict.ALLOW and not rule.shadow and not (said["ask"] or said["deny"]):
                assert any(loss.direction is Direction.LOOSER for loss in own), rule.id


def test_a_lost_exception_and_a_lost_carve_out_are_stricter() -> None:
    exception = PolicyException(
        id="e",
        rule="migrations",
        verdict=Verdict.ALLOW,
        reason="r",
        owner="o",
        approved_by="p",
        expires="2030-01-01",
    )
    policy = of(replace(RULES[0], except_zones=("odd",)), default=ASK)
    policy = policy_of((replace(policy.layers[0], exceptions=(exception,)),), "sha256:x")
    exported = to_claude(policy)

    assert len(exported.worst(Direction.STRICTER)) == 2
    assert any("default: ask" in loss.what for loss in exported.worst(Direction.LOOSER))
