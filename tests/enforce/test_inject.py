"""The hooks inside: made of what the machine says, and with nothing that could switch them off."""

import json
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from guard.cli.inside import registrations
from guard.cli.registration import problems, switches_off
from guard.enforce.inject.clients import CLIENTS, inject
from guard.enforce.inject.made import Injected, inner_hook
from guard.enforce.toolchains import program
from guard.model.dataclass import replace

from .machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def injected(machine: Path, *argv: str, given: tuple[str, ...] = ()) -> Injected:
    """``machine``: the directory that is `/etc` outside."""
    managed = {client.agent: str(machine) + client.managed.removeprefix("/etc") for client in CLIENTS}
    words = argv or ("x",)
    return inject(words, os.path.basename(words[0]), given, registrations(), managed)


def put(machine: Path, path: str, text: str) -> None:
    """A file of the machine's own `/etc`."""
    place = machine / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def shown(found: Injected, path: str) -> str:
    assert found.problem == ""
    (content,) = [one.content for one in found.shown if one.path == f"/etc/{path}"]
    return content.decode()


CLAUDE = "claude-code/managed-settings.json"
CODEX = "codex/requirements.toml"
GEMINI, QWEN = "gemini-cli/settings.json", "qwen-code/settings.json"
OPENCODE = "opencode/opencode.json"
COPILOT = "github-copilot/policy.d/guard.json"


def test_a_machine_that_says_nothing_gets_our_hook_and_no_other(tmp_path: Path) -> None:
    found = json.loads(shown(injected(tmp_path), CLAUDE))

    assert problems(found) == []
    assert (found["disableAllHooks"], found["allowManagedHooksOnly"]) == (False, True)
    assert found["env"] == {
        "CLAUDE_CODE_SIMPLE": "0",
        "CLAUDE_CODE_SHELL_PREFIX": "/etc/guard/shell-line",
        "CLAUDE_CODE_SHELL": "/bin/bash",
        "SHELL": "/bin/bash",
    } | dict.fromkeys("BASH_ENV ENV LD_PRELOAD LD_AUDIT LD_LIBRARY_PATH NODE_OPTIONS BUN_OPTIONS".split(), "")
    assert inner_hook() in json.dumps(found)


@pytest.mark.parametrize("path", [CLAUDE, CODEX, GEMINI, QWEN, COPILOT, "guard/opencode.js"])
def test_each_client_that_knows_hooks_is_given_one_that_asks_at_the_door(tmp_path: Path, path: str) -> None:
    text = shown(injected(tmp_path), path)

    assert "GUARD_DOOR=" in text
    assert "__main__.py hook " in text


def test_those_that_look_in_their_home_only_are_given_it_there(tmp_path: Path) -> None:
    files = dict(injected(tmp_path).files)

    assert set(files) == {".cline/hooks/PreToolUse", ".pi/agent/extensions/guard.ts"}
    assert all(b"GUARD_DOOR=" in content for content in files.values())


def test_what_an_organisation_says_goes_on_to_hold_and_cannot_switch_ours_off(tmp_path: Path) -> None:
    own = {
        "disableAllHooks": True,
        "permissions": {"deny": ["WebFetch"]},
        "hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": []}], "Stop": [{"hooks": []}]},
    }
    put(tmp_path, CLAUDE, json.dumps(own))
    put(tmp_path, GEMINI, '{"hooksConfig": {"enabled": false, "disabled": ["guard"]}, "ui": {"theme": "x"}}')
    put(tmp_path, QWEN, '{"disableAllHooks": true, "hooks": {"PreToolUse": [{"hooks": []}]}}')
    put(tmp_path, CODEX, 'allowed_sandbox_modes = ["read-only"]\n[features]\nhooks = false\nother = true\n')
    put(tmp_path, OPENCODE, '{"plugin": ["theirs"], "share": "disabled"}')

    found = injected(tmp_path)
    claude, gemini, qwen = (json.loads(shown(found, path)) for path in (CLAUDE, GEMINI, QWEN))
    codex, opencode = tomllib.loads(shown(found, CODEX)), json.loads(shown(found, OPENCODE))

    assert claude["permissions"] == own["permissions"]
    assert claude["hooks"]["Stop"] == [{"hooks": []}]
    assert claude["hooks"]["PreToolUse"][0] == {"matcher": "Bash", "hooks": []}
    assert problems(claude) == []
    assert (gemini["hooksConfig"]["enabled"], gemini["ui"]) == (True, {"theme": "x"})
    assert gemini["hooks"]["BeforeTool"][0]["hooks"][0]["name"] not in gemini["hooksConfig"]["disabled"]
    assert {("QWEN_CODE_SAFE_MODE", "0"), ("QWEN_CODE_SIMPLE", "0")} <= set(found.environment)
    assert (qwen["disableAllHooks"], len(qwen["hooks"]["PreToolUse"])) == (False, 2)
    assert codex["features"] == {"hooks": True, "other": True}
    assert (codex["allowed_sandbox_modes"], codex["allow_managed_hooks_only"]) == (["read-only"], True)
    assert opencode["plugin"] == ["theirs", "file:///etc/guard/opencode.js"]
    assert (opencode["share"], opencode["permission"]) == ("disabled", {"?*": "deny"})


def test_a_hook_that_is_registered_for_the_machine_is_not_asked_a_second_time(tmp_path: Path) -> None:
    theirs: dict[str, Any] = {"matcher": "*", "hooks": [{"type": "command", "command": "/usr/bin/python3 -I -m guard hook claude-code"}]}  # fmt: skip
    put(tmp_path, CLAUDE, json.dumps({"hooks": {"PreToolUse": [theirs]}}))

    found = json.loads(shown(injected(tmp_path), CLAUDE))

    assert len(found["hooks"]["PreToolUse"]) == 1
    assert "GUARD_DOOR=" in json.dumps(found)


def test_no_repository_can_name_the_hook(tmp_path: Path) -> None:
    names = {json.loads(shown(injected(tmp_path), GEMINI))["hooks"]["BeforeTool"][0]["hooks"][0]["name"] for _ in range(3)}  # fmt: skip

    assert len(names) == 3


def test_where_settings_lie_is_said_and_no_file_of_a_repository_says_it_otherwise(tmp_path: Path) -> None:
    environment = dict(injected(tmp_path).environment)

    assert environment["GEMINI_CLI_SYSTEM_SETTINGS_PATH"] == f"/etc/{GEMINI}"
    assert environment["QWEN_CODE_SYSTEM_SETTINGS_PATH"] == f"/etc/{QWEN}"
    assert (environment["OPENCODE_PURE"], environment["BASH_ENV"]) == ("false", "")


def test_its_other_files_are_there_too(tmp_path: Path) -> None:
    for name in ("CLAUDE.md", "managed-mcp.json", "managed-settings.d/1.json", "managed-settings.d/x.txt"):
        put(tmp_path, f"claude-code/{name}", "{}")
    for name in ("codex/config.toml", "gemini-cli/system-defaults.json", "github-copilot/policy.d/2.json"):
        put(tmp_path, name, "x = 1" if name.endswith("toml") else "{}")

    paths = {one.path.removeprefix("/etc/") for one in injected(tmp_path).shown}

    assert paths == {
        CLAUDE, "claude-code/CLAUDE.md", "claude-code/managed-mcp.json", "claude-code/managed-settings.d/1.json",
        CODEX, "codex/config.toml", GEMINI, "gemini-cli/system-defaults.json", QWEN, OPENCODE, "guard/opencode.js",
        COPILOT, "github-copilot/policy.d/2.json", "guard/bin/bash", "guard/shell-line",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("path", "text"),
    [
        *((CLAUDE, text) for text in ("{", "[]", "1", '{"hooks": 1}', '{"hooks": {"PreToolUse": 1}}', "\0")),
        (CLAUDE, "x" * 2_000_000),
        (CODEX, "[features"),
        (CODEX, 'hooks = "all"'),
        (GEMINI, '{"hooks": []}'),
        (QWEN, "// no"),
        (OPENCODE, '{"plugin": "mine"}'),
    ],
)
def test_where_it_cannot_be_taken_over_nothing_is_to_be_started(tmp_path: Path, path: str, text: str) -> None:
    put(tmp_path, path, text)

    found = injected(tmp_path)

    assert "cannot be taken over" in found.problem
    assert path.rpartition("/")[2] in found.problem
    assert (found.shown, found.read_only) == ((), ())


def test_a_piece_that_would_switch_hooks_off_is_told(tmp_path: Path) -> None:
    put(tmp_path, "claude-code/managed-settings.d/1.json", '{"disableAllHooks": true}')

    assert "disableAllHooks" in injected(tmp_path).problem


@pytest.mark.parametrize(
    ("argv", "given", "agent", "says"),
    [
        (("claude", "-p", "x"), (), "claude-code", ""),
        (("claude", "--bare"), (), "", "--bare"),
        (("claude",), ("CLAUDE_CODE_SIMPLE",), "", "CLAUDE_CODE_SIMPLE"),
        (("/opt/bin/codex", "exec"), (), "codex", ""),
        (("codex", "--bare"), (), "codex", ""),
        (("gemini",), (), "gemini", ""),
        (("qwen", "--safe-mode"), (), "", "--safe-mode"),
        (("qwen",), ("QWEN_CODE_SIMPLE",), "", "QWEN_CODE_SIMPLE"),
        (("opencode", "run", "--pure"), (), "", "--pure"),
        (("opencode", "--pure=true"), (), "", "--pure"),
        (("copilot",), (), "copilot", ""),
        (("cline", "--config", "/tmp/x"), (), "", "--config"),
        (("pi",), ("PI_CODING_AGENT_DIR",), "", "PI_CODING_AGENT_DIR"),
        (("aider",), (), "", ""),
    ],
)
def test_what_takes_the_hook_away_is_told(
    tmp_path: Path, argv: tuple[str, ...], given: tuple[str, ...], agent: str, says: str
) -> None:
    found = injected(tmp_path, *argv, given=given)

    assert (found.agent, found.words) == (agent, ())
    assert found.without == (
        f"`{argv[0]}` may run no hook with `{says}`: then the walls alone hold it" if says else ""
    )


@pytest.mark.parametrize("word", ["-ne", "--no-extensions"])
def test_what_can_be_brought_back_is(tmp_path: Path, word: str) -> None:
    found = injected(tmp_path, "pi", word)

    assert (found.agent, found.without) == ("pi", "")
    assert found.words == ("-e", "/home/sandbox/.pi/agent/extensions/guard.ts")


@pytest.mark.sandbox
def test_inside_the_files_are_there_and_nobody_can_change_them(machine: Machine) -> None:
    from .test_run import run

    text = (
        "for f in /etc/claude-code/managed-settings.json /etc/codex/requirements.toml ~/.cline/hooks/PreToolUse; do"
        " before=$(cat $f); (echo {} > $f; rm -rf $f /etc/claude-code; mv $f $f.x; chmod 777 $f) 2>/dev/null;"
        ' [ "$before" = "$(cat $f)" ] && [ -n "$before" ] && echo same; done;'
        " test -x ~/.cline/hooks/PreToolUse && echo runs"
    )

    done = run(machine, text, "--at-end", "drop")

    assert done.stdout == b"same\nsame\nsame\nruns\n"


@pytest.mark.sandbox
def test_a_variable_that_says_where_a_service_is_enters_when_it_is_named_and_no_loader_ever(
    machine: Machine,
) -> None:
    from .test_run import run

    machine.env |= {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9", "NODE_OPTIONS": "--require /tmp/x"}

    plain = run(machine, "echo $ANTHROPIC_BASE_URL", "--at-end", "drop")
    named = run(machine, "echo $ANTHROPIC_BASE_URL", "--at-end", "drop", "--env", "ANTHROPIC_BASE_URL")
    loader = run(machine, "echo ran", "--at-end", "drop", "--env", "NODE_OPTIONS")

    assert (plain.stdout, named.stdout) == (b"\n", b"http://127.0.0.1:9\n")
    assert (loader.returncode, loader.stdout) == (2, b"")
    assert b"NODE_OPTIONS" in loader.stderr


def test_a_program_that_is_a_link_is_shown_where_it_lies(machine: Machine) -> None:
    from guard.enforce.pipeline import Guard

    packages = machine.home / "npm/node_modules"
    (packages / "agent/bin").mkdir(parents=True)
    (packages / "agent/bin/agent.js").touch(0o755)
    single = machine.home / "share/one"
    single.parent.mkdir()
    single.touch(0o755)
    programs = machine.home / "bin"
    programs.mkdir()
    (programs / "agent").symlink_to(packages / "agent/bin/agent.js")
    (programs / "one").symlink_to(single)
    facts = Guard.open(cwd=str(machine.work), home=str(machine.home)).facts
    facts = replace(facts, env={"PATH": f"{programs}:/usr/bin"})

    assert program("agent", facts) == (os.path.realpath(packages),)
    assert program("one", facts) == (os.path.realpath(single),)
    assert (program("git", facts), program("no-such", facts)) == ((), ())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"disableAllHooks": True}, "disableAllHooks"),
        ({"env": {"CLAUDE_CODE_SIMPLE": "1"}}, "CLAUDE_CODE_SIMPLE"),
        ({"env": {"CLAUDE_CODE_SIMPLE": "true"}}, "CLAUDE_CODE_SIMPLE"),
        ({"env": {"CLAUDE_CODE_SIMPLE": "0"}}, ""),
        ({"disableAllHooks": False, "env": {}}, ""),
        ({"env": 1}, ""),
        ([], ""),
    ],
)
def test_what_switches_hooks_off_is_known(given: object, said: str) -> None:
    assert switches_off(given) == said


def test_doctor_says_whether_an_agent_can_be_enclosed_and_who_switches_hooks_off(machine: Machine) -> None:
    before = json.loads(machine.run("doctor", "--json").stdout)
    (machine.work / ".claude").mkdir()
    (machine.work / ".claude/settings.json").write_text('{"disableAllHooks": true}')
    after = json.loads(machine.run("doctor", "--json").stdout)

    (enclosed,) = [one for one in before["findings"] if one["area"] == "enclosed"]
    assert "guard run" in enclosed["says"] or "not here" in enclosed["says"]
    hooks = [one for one in after["findings"] if one["area"] == "around here" and not one["ok"]]
    assert ["disableAllHooks" in one["says"] for one in hooks] == [True]
    assert "guard run" in hooks[0]["fix"]


@pytest.mark.sandbox
def test_the_line_that_starts_a_hook_inside_is_answered_and_its_answer_is_believed(machine: Machine) -> None:
    """What is registered is more than the hook: a shell that lets nothing through but the hook's own word."""
    from .test_run import run

    settings = json.loads(shown(injected(machine.home), GEMINI))
    (line,) = [hook["command"] for group in settings["hooks"]["BeforeTool"] for hook in group["hooks"]]
    for name, command in (("yes", "ls"), ("no", "rm -rf /usr")):
        call = {"hook_event_name": "BeforeTool", "cwd": str(machine.work), "session_id": "s", "tool_name": "run_shell_command", "tool_input": {"command": command}}  # fmt: skip
        (machine.work / name).write_text(json.dumps(call))
    (machine.work / "hook").write_text(line)

    done = run(
        machine,
        "for n in yes no; do sh ./hook < $n > out; echo $? $(grep -c deny out); done",
        "--at-end",
        "drop",
    )

    assert done.stdout in {b"0 0\n0 1\n", b"0 0\n2 1\n"}, done.stderr
