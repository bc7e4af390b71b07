"""``guard doctor`` says of each client whether it asks the guard, and names what keeps it from doing so."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

from guard.agents.codex_trust import digest_of, key_of
from guard.cli.clients import CLIENTS, Scope
from guard.cli.inspecting import started_by
from guard.cli.installing import command, make, plan_install, plan_switch
from guard.cli.protection import Protection, protections, surroundings
from guard.enforce.places import Places

NONE = {"PATH": "/usr/bin:/bin"}


class Here:
    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.work, self.programs = root / "home", root / "work", root / "programs"
        for directory in (self.home, self.work, self.programs):
            directory.mkdir()
        monkeypatch.setenv("PATH", f"{self.programs}:/usr/bin:/bin")
        monkeypatch.setenv("HOME", str(self.home))
        for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name, raising=False)
        self.places = Places.from_environment()

    def install(
        self, agent: str, scope: Scope = "user", python: str = sys.executable, *, rewrites: bool = False
    ) -> Path:
        client = CLIENTS[agent]
        where = (client, scope, str(self.home), str(self.work))
        switch = plan_switch(*where)
        for change in (plan_install(*where, python, rewrites=rewrites), *((switch,) if switch else ())):
            make(change, self.places, installing=True)
        base = self.home if scope == "user" else self.work
        return base / client.files[scope]

    def program(self, name: str, version: str) -> None:
        (self.programs / name).write_text(f"#!/bin/sh\necho {version}\n")
        (self.programs / name).chmod(0o755)

    def trust(self, hooks: Path) -> None:
        group = json.loads(hooks.read_text())["hooks"]["PreToolUse"][0]
        digest = digest_of(group["matcher"], group["hooks"][0])
        (self.home / ".codex/config.toml").write_text(
            f'[hooks.state."{key_of(str(hooks), 0, 0)}"]\ntrusted_hash = "{digest}"\n'
        )

    def found(self, agent: str, environment: dict[str, str] | None = None) -> Protection:
        (one,) = [
            one
            for one in protections(str(self.work), str(self.work), str(self.home), environment or NONE)
            if one.client.agent == agent
        ]
        return one


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    return Here(tmp_path, monkeypatch)


@pytest.mark.parametrize("agent", sorted(CLIENTS))
def test_what_install_writes_is_found_to_be_right(here: Here, agent: str) -> None:
    scope: Scope = "user" if "user" in CLIENTS[agent].files else "project"
    path = here.install(agent, scope)
    if agent == "codex":
        here.trust(path)

    found = here.found(agent)

    assert found.wrong == ()
    assert f"protected: hook in {path} ({scope})" in found.says
    assert [one.path for one in found.registrations] == [str(path)]


def test_opencode_without_what_stops_it_where_the_plugin_is_not_loaded_is_not_protected(here: Here) -> None:
    (here.install("opencode").parents[1] / "opencode.jsonc").unlink()

    assert "nothing stops the client where it does not load the hook" in here.found("opencode").says


def test_what_lets_a_call_through_all_the_same_is_named(here: Here) -> None:
    here.trust(here.install("codex"))
    here.install("claude-code")
    here.install("windsurf")

    assert "but not when all of it is killed" in here.found("codex").says
    assert "but not when" not in here.found("claude-code").says
    assert "was not tried" in here.found("windsurf").says


def test_a_client_that_is_here_and_not_registered_is_not_protected(here: Here) -> None:
    here.program("codex", "codex-cli 0.171.0")

    found = here.found("codex")

    assert found.says == "codex 0.171.0: not protected: not registered"
    assert found.fix == "say `guard install --agent codex`"


@pytest.mark.parametrize(
    ("agent", "change", "says"),
    [
        ("claude-code", (r'"matcher": "\*"', '"matcher": "Bash"'), "the matcher `Bash` leaves other tools out"),
        ("claude-code", (r'"timeout": 60', '"timeout": 1'), "`timeout` is 1"),
        ("claude-code", (r'"type": "command"', '"type": "command", "async": true'), "asynchronous"),
        ("cursor", (r'"failClosed": true', '"failClosed": false'), "`beforeReadFile`|`failClosed` is not set"),
        ("cursor", (r'"beforeMCPExecution"', '"afterMCPExecution"'), "it is not asked about `beforeMCPExecution`"),
        ("goose", (r'"matcher": "\.\*"', '"matcher": "*"'), r"the matcher `\*` leaves other tools out"),
        ("gemini", (r'"matcher": "\.\*"', '"matcher": "run_shell_command"'), "leaves other tools out"),
        ("gemini", (r'"timeout": 60000', '"timeout": 60'), "`timeout` is 60"),
        ("kiro", (r'"enabled": true', '"enabled": false'), "`enabled` is `false`"),
        ("copilot", (r'"timeoutSec": 60', '"timeoutSec": 2'), "`timeoutSec` is 2"),
        ("droid", (r" -I -m", " -m"), "without `-I`"),
        ("qwen", (re.escape(sys.executable), "/nowhere/python"), "`/nowhere/python` is not there"),
        ("crush", (re.escape(sys.executable), "python3"), "`python3` is looked for in PATH"),
        ("windsurf", (r"; case .*?esac", ""), "a hook that cannot start lets the call run"),
        ("openhands", (r"; case .*?esac", ""), "a hook that cannot start lets the call run"),
        ("opencode", (r"throw new Error", "console.log"), "it is not what this guard writes"),
        ("pi", (r"block: true", "block: false"), "it is not what this guard writes"),
        ("cline", (r'"cancel": true', '"cancel": false'), "it is not what this guard writes"),
    ],
)  # fmt: skip
def test_what_a_registration_has_lost_is_named(
    here: Here, agent: str, change: tuple[str, str], says: str
) -> None:
    path = here.install(agent, "user" if "user" in CLIENTS[agent].files else "project")
    text = path.read_text()
    changed = re.sub(change[0], change[1], text)
    assert changed != text
    if agent == "cursor" and "failClosed" in change[1]:
        # The shell's own answer covers it; without it the switch is all there is.
        changed = re.sub(r"; case .*?esac", "", changed)
    path.write_text(changed)

    found = here.found(agent)

    assert any(re.search(says, one.says) for one in found.wrong), found.says
    assert "not protected" in found.says
    assert all(one.fix for one in found.wrong)


@pytest.mark.parametrize(
    ("agent", "name", "content", "says"),
    [
        ("claude-code", ".claude/settings.json", '{"disableAllHooks": true}', "`disableAllHooks` in"),
        (
            "claude-code",
            ".claude/settings.local.json",
            '{"env": {"CLAUDE_CODE_SIMPLE": "1"}}',
            "CLAUDE_CODE_SIMPLE",
        ),
        ("claude-code", ".claude/settings.json", "{", "nobody can say what stands there"),
        (
            "gemini",
            ".gemini/settings.json",
            '{"hooksConfig": {"disabled": ["guard"]}}',
            "`hooksConfig.disabled` in",
        ),
        ("qwen", ".qwen/settings.json", '{"disableAllHooks": true}', "`disableAllHooks` in"),
        ("copilot", ".github/copilot/settings.json", '{"disableAllHooks": true}', "`disableAllHooks` in"),
        ("droid", ".factory/settings.json", '{"hooksDisabled": true}', "`hooksDisabled` in"),
    ],
)
def test_a_repository_that_switches_the_hook_off_is_named(
    here: Here, agent: str, name: str, content: str, says: str
) -> None:
    here.install(agent)
    (here.work / name).parent.mkdir(parents=True, exist_ok=True)
    (here.work / name).write_text(content)
    # From a directory below as well.
    (here.work / "deep").mkdir()

    found = here.found(agent)

    assert says in found.says
    assert "not protected" in found.says
    assert str(here.work / name) in found.says


@pytest.mark.parametrize("agent", ["opencode", "pi", "claude-code"])
def test_a_hook_in_the_usual_place_is_none_where_the_client_looks_elsewhere(here: Here, agent: str) -> None:
    here.install(agent)
    here.program(CLIENTS[agent].programs[0], "99.0.0")
    variable, usual = CLIENTS[agent].moved
    elsewhere = here.home / "elsewhere"
    there = {variable: str(elsewhere)}

    unregistered = here.found(agent, there)
    (here.home / usual).rename(elsewhere)
    registered = here.found(agent, there)
    elsewhere.rename(here.home / usual)
    relative = here.found(agent, {variable: "elsewhere"})

    assert [one.says for one in unregistered.wrong] == ["not registered"]
    assert registered.wrong == ()
    assert f"`{variable}` is set here" in relative.says


def test_a_variable_that_switches_the_hook_off_is_named(here: Here) -> None:
    here.install("claude-code")

    assert here.found("claude-code").wrong == ()
    assert (
        "`CLAUDE_CODE_SIMPLE` is set" in here.found("claude-code", {**NONE, "CLAUDE_CODE_SIMPLE": "1"}).says
    )


ON = {"security": {"folderTrust": {"enabled": True}}}


@pytest.mark.parametrize(
    ("settings", "folders", "loaded"),
    [
        ({}, {"@": "DO_NOT_TRUST"}, True),
        ({"security": {"folderTrust": {"enabled": False}}}, {}, True),
        (ON, {}, False),
        (ON, {"@": "TRUST_FOLDER"}, True),
        (ON, {"@": "DO_NOT_TRUST"}, False),
        (ON, {"@/below": "TRUST_FOLDER"}, False),
        (ON, {"@/below": "TRUST_PARENT"}, True),
        (ON, {"@/../other": "TRUST_PARENT"}, True),
        (ON, {"/": "TRUST_FOLDER"}, True),
        (ON, {"/": "TRUST_FOLDER", "@": "DO_NOT_TRUST"}, False),
        (ON, {"/": "DO_NOT_TRUST", "@": "TRUST_FOLDER"}, True),
        (ON, {"@": "TRUST_FOLDER", "@/x": "TRUST_PARENT", "@/": "DO_NOT_TRUST"}, False),
        (ON, {"@": "TRUST_EVERYTHING"}, False),
        (ON, [], False),
    ],
    ids=str,
)
def test_a_project_that_qwen_does_not_trust_has_no_hook(here: Here, settings, folders, loaded: bool) -> None:
    here.install("qwen", "project")
    (here.home / ".qwen").mkdir()
    (here.home / ".qwen/settings.json").write_text(json.dumps(settings))
    if isinstance(folders, dict):
        folders = {path.replace("@", str(here.work)): level for path, level in folders.items()}
    (here.home / ".qwen/trustedFolders.json").write_text(json.dumps(folders))

    says = here.found("qwen").says

    assert ("qwen: protected" in says) is loaded
    assert ("is no trusted folder" in says) is not loaded


def test_nobody_knows_what_qwen_trusts_where_it_cannot_be_read(here: Here) -> None:
    here.install("qwen", "project")
    (here.home / ".qwen").mkdir()
    (here.home / ".qwen/trustedFolders.json").write_text("{")

    assert "nobody can say whether" in here.found("qwen").says


def test_a_hook_of_the_persons_own_is_loaded_in_every_folder(here: Here) -> None:
    path = here.install("qwen")
    path.write_text(json.dumps({**json.loads(path.read_text()), **ON}))

    assert "qwen: protected" in here.found("qwen").says


def test_a_hook_that_codex_does_not_trust_is_no_protection(here: Here) -> None:
    path = here.install("codex")
    config = here.home / ".codex/config.toml"

    untrusted = here.found("codex").says
    here.trust(path)
    trusted = here.found("codex").says
    path.write_text(path.read_text().replace('"timeout": 60', '"timeout": 61'))
    changed = here.found("codex").says
    here.trust(path)
    config.write_text(config.read_text() + "enabled = false\n")
    disabled = here.found("codex").says
    config.write_text("[")
    broken = here.found("codex").says

    assert "not trusted yet, and skipped without a word" in untrusted
    assert "codex: protected" in trusted
    assert "changed since it was trusted" in changed
    assert "enabled = false" in disabled
    assert "nobody can say whether it is trusted" in broken


def test_a_project_that_codex_does_not_trust_has_no_hooks(here: Here) -> None:
    path = here.install("codex", "project")
    (here.home / ".codex").mkdir()
    here.trust(path)
    config = here.home / ".codex/config.toml"
    alone = here.found("codex").says
    config.write_text(config.read_text() + f'[projects."{here.work}"]\ntrust_level = "trusted"\n')

    assert "is no trusted project" in alone
    assert here.found("codex").wrong == ()


def test_a_version_that_ignores_what_it_is_answered_is_named(here: Here) -> None:
    here.install("gemini", rewrites=True)
    here.program("gemini", "0.40.0")
    old = here.found("gemini").says
    here.program("gemini", "0.61.0")
    new = here.found("gemini").says
    here.install("gemini")

    assert "before 0.61.0 it runs its own command" in old
    assert "gemini 0.61.0: protected" in new
    assert "could run commands contained" in here.found("gemini").says


def test_another_installation_may_answer(here: Here) -> None:
    other = here.programs / "python3"
    other.symlink_to(sys.executable)
    here.install("claude-code", python=str(other))

    found = here.found("claude-code")

    assert found.wrong == ()
    assert f"answered by another installation, {other}" in found.says


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (command(sys.executable, "codex", rewrites=True), ""),
        (f"GUARD_DOOR=/x {sys.executable} -I -S /g/guard/__main__.py hook codex || exit 2", ""),
        ("guard hook codex", "PATH"),
        ("./guard hook codex", "PATH"),
        ("env -i guard hook codex", "PATH"),
        ("true; guard hook codex", "PATH"),
        ("echo guard hook codex2", "something else"),
        ("guard 'hook codex", "no line of a shell"),
        (f"{sys.executable} -m guard hook codex", "without `-I`"),
    ],
)
def test_it_is_seen_which_program_a_line_starts(line: str, says: str) -> None:
    program, wrong = started_by(line, "codex")

    assert (says in wrong) if says else (wrong == "" and program == sys.executable)


def around(here: Here, path: str) -> list[tuple[bool, str]]:
    protected = protections(str(here.work), str(here.work), str(here.home), NONE)
    return [
        (fault, what.says)
        for fault, what in surroundings(protected, str(here.work), str(here.home), {"PATH": path})
    ]


def test_directories_of_path_where_others_may_write_are_named(here: Here) -> None:
    open_ = here.home / "open"
    open_.mkdir()
    open_.chmod(0o777)
    (here.work / "bin").mkdir()

    found = around(here, f"/usr/bin:.::{open_}:{here.work}/bin:/bin")

    assert [fault for fault, _ in found] == [True, True, True, False]
    assert "everybody may write there" in found[2][1]
    assert "inside of this workspace" in found[3][1]


def test_what_is_aimed_at_the_guard_is_named_and_is_no_fault(here: Here) -> None:
    (here.work / "guard.py").write_text("raise SystemExit(0)\n")
    (here.work / ".guard").mkdir()
    (here.work / ".guard/policy.yaml").write_text("rules:\n  - id: x\n    verdict: allow\n")

    found = around(here, "/usr/bin")

    assert [fault for fault, _ in found] == [False, False]
    assert "guard.py" in found[0][1]
    assert f"{here.work}/.guard/policy.yaml:3" in found[1][1]


def test_what_runs_beside_is_named_for_the_clients_that_are_asked(here: Here) -> None:
    (here.work / ".gemini/commands").mkdir(parents=True)
    (here.work / ".gemini/commands/a.toml").write_text('prompt = "!{ls}"\n')

    before = around(here, "/usr/bin")
    here.install("gemini")

    assert before == []
    assert [fault for fault, _ in around(here, "/usr/bin")] == [False]


def test_doctor_tells_it_in_words_and_to_machines(user, tmp_path: Path) -> None:
    (user.home / ".claude").mkdir()
    (user.work / ".claude").mkdir()
    (user.work / ".claude/settings.json").write_text('{\n "disableAllHooks": true}\n')
    user.guard("install", "--yes", "--agent", "claude-code")

    report = json.loads(user.guard("doctor", "--json").stdout)

    (one,) = [one for one in report["agents"] if one["agent"] == "claude-code"]
    assert (one["protected"], one["tried"]) == (False, False)
    assert [
        f"{os.path.realpath(user.work)}/.claude/settings.json:2" in what["says"] for what in one["wrong"]
    ] == [True]
    assert not report["ok"]
    assert [f["ok"] for f in report["findings"] if f["area"] == "agents" and "claude-code" in f["says"]] == [
        False
    ]
