"""The hook of Claude Code inside: made of what the machine says, and with nothing that could switch it off."""

import json
import os
from pathlib import Path

import pytest

from guard.cli.registration import problems, registered, shielded, switches_off
from guard.enforce.injected import inject, inner_hook
from guard.enforce.toolchains import program
from guard.model.dataclass import replace

from .machine import Machine

OURS = registered(shielded(inner_hook()))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def settings(managed: Path) -> dict:
    found = inject("claude", OURS, str(managed))

    assert found.problem == ""
    assert found.shown[0].path == "/etc/claude-code/managed-settings.json"
    return json.loads(found.shown[0].content)


def test_a_machine_that_says_nothing_gets_our_hook_and_no_other(tmp_path: Path) -> None:
    found = settings(tmp_path / "none")

    assert problems(found) == []
    assert (found["disableAllHooks"], found["allowManagedHooksOnly"]) == (False, True)
    assert found["env"] == {"CLAUDE_CODE_SIMPLE": "0"}
    assert inner_hook() in json.dumps(found)


def test_what_an_organisation_says_goes_on_to_hold_and_cannot_switch_ours_off(tmp_path: Path) -> None:
    own = {
        "disableAllHooks": True,
        "permissions": {"deny": ["WebFetch"]},
        "hooks": {"PreToolUse": [{"matcher": "Bash", "hooks": []}], "Stop": [{"hooks": []}]},
    }
    (tmp_path / "managed-settings.json").write_text(json.dumps(own))

    found = settings(tmp_path)

    assert found["permissions"] == own["permissions"]
    assert found["hooks"]["Stop"] == own["hooks"]["Stop"]
    assert found["hooks"]["PreToolUse"] == [*own["hooks"]["PreToolUse"], *OURS["hooks"]["PreToolUse"]]
    assert problems(found) == []


def test_its_other_files_are_there_too(tmp_path: Path) -> None:
    (tmp_path / "managed-settings.d").mkdir()
    for name in ("CLAUDE.md", "managed-mcp.json", "managed-settings.d/1.json", "managed-settings.d/x.txt"):
        (tmp_path / name).write_text("{}")

    shown = {one.path.removeprefix("/etc/claude-code/") for one in inject("x", OURS, str(tmp_path)).shown}

    assert shown == {"managed-settings.json", "CLAUDE.md", "managed-mcp.json", "managed-settings.d/1.json"}


@pytest.mark.parametrize(
    "text", ["{", "[]", "1", '{"hooks": 1}', '{"hooks": {"PreToolUse": 1}}', "\0", "x" * 2_000_000]
)
def test_where_it_cannot_be_taken_over_nothing_is_to_be_started(tmp_path: Path, text: str) -> None:
    (tmp_path / "managed-settings.json").write_text(text)

    found = inject("claude", OURS, str(tmp_path))

    assert "cannot be taken over" in found.problem
    assert (found.shown, found.read_only) == ((), ())


def test_a_piece_that_would_switch_hooks_off_is_told(tmp_path: Path) -> None:
    (tmp_path / "managed-settings.d").mkdir()
    (tmp_path / "managed-settings.d/1.json").write_text('{"disableAllHooks": true}')

    assert "disableAllHooks" in inject("claude", OURS, str(tmp_path)).problem


@pytest.mark.sandbox
def test_inside_the_file_is_there_and_nobody_can_change_it(machine: Machine) -> None:
    from .test_run import run

    text = (
        "f=/etc/claude-code/managed-settings.json; cat $f; (echo {} > $f; rm -rf $f /etc/claude-code;"
        " mv /etc/claude-code /etc/x; chmod 777 $f) 2>/dev/null; cat $f"
    )

    done = run(machine, text, "--at-end", "drop")

    first, second = done.stdout[: len(done.stdout) // 2], done.stdout[len(done.stdout) // 2 :]
    assert first == second
    assert problems(json.loads(first)) == []


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
