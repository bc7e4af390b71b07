"""``guard install`` and ``uninstall``: what is there stays, and what was there comes back to the byte."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from guard.agents.table import AGENTS
from guard.cli import jsonc
from guard.cli.clients import CLIENTS, path_of, started
from guard.cli.installing import command, plan_install, plan_uninstall, remembered
from guard.enforce.places import Places
from tests.cli.configurations import CONFIGURATIONS

ROOT = Path(__file__).parents[2]
USERS = [client for client in CLIENTS.values() if "user" in client.files]


def schema(name: str) -> dict:
    return json.loads((ROOT / "docs" / "schemas" / f"{name}.schema.json").read_text())


class Scene:
    def __init__(self, root: Path) -> None:
        self.home = root / "home"
        self.work = self.home / "work"
        (self.work / ".git").mkdir(parents=True)
        self.env = {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
        self.places = Places.from_environment(str(self.home))

    def guard(self, *arguments: str, code: int = 0, **options: object) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "guard", *arguments],
            cwd=self.work,
            capture_output=True,
            text=True,
            check=False,
            **{"stdin": subprocess.DEVNULL, "env": self.env, **options},
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def file(self, agent: str, scope: str = "user") -> Path:
        return Path(path_of(CLIENTS[agent], scope, str(self.home), str(self.work)))

    def put(self, agent: str, content: bytes) -> Path:
        path = self.file(agent)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def tree(root: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
        for path in sorted(root.rglob("*"))
        if ".local" not in path.parts
    }


def test_there_are_twenty_configurations():
    assert len(CONFIGURATIONS) >= 20
    assert len({name for name, _, _ in CONFIGURATIONS}) == len(CONFIGURATIONS)


@pytest.mark.parametrize(("agent", "content"), [pytest.param(a, c, id=name) for name, a, c in CONFIGURATIONS])
def test_what_was_there_comes_back_to_the_byte(scene, agent, content):
    from guard.cli.installing import make

    path = scene.put(agent, content)
    path.chmod(0o640)
    client, home, work = CLIENTS[agent], str(scene.home), str(scene.work)
    before = jsonc.value_of(jsonc.read(content.decode("utf-8-sig"))) if content.strip() else {}

    change = plan_install(client, "user", home, work, sys.executable, rewrites=False)
    make(change, scene.places, installing=True)
    installed = path.read_bytes()
    again = plan_install(client, "user", home, work, sys.executable, rewrites=False)
    after = jsonc.value_of(jsonc.read(installed.decode("utf-8-sig")))
    make(plan_uninstall(client, "user", home, work, scene.places), scene.places, installing=False)

    assert change.needed
    assert not again.needed
    assert contains(after, before)
    assert json.dumps(command(sys.executable, agent, rewrites=False))[1:-1] in installed.decode()
    assert all(one in installed for one in re.findall(rb"//[^\r\n]*|/\*.*?\*/", content))
    assert path.read_bytes() == content
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert remembered(scene.places, str(path)) is None


def contains(after: object, before: object) -> bool:
    if isinstance(before, dict):
        return isinstance(after, dict) and all(
            key in after and contains(after[key], before[key]) for key in before
        )
    if isinstance(before, list):
        return isinstance(after, list) and after[: len(before)] == before
    return after == before


@pytest.mark.parametrize(("agent", "content"), [pytest.param(a, c, id=name) for name, a, c in CONFIGURATIONS])
def test_after_somebody_else_has_changed_it_only_ours_goes(scene, agent, content):
    from guard.cli.installing import make

    path = scene.put(agent, content)
    client, home, work = CLIENTS[agent], str(scene.home), str(scene.work)
    make(
        plan_install(client, "user", home, work, sys.executable, rewrites=False),
        scene.places,
        installing=True,
    )
    path.write_text(jsonc.with_member(path.read_text("utf-8-sig"), (), "later", {"added": True}))

    make(plan_uninstall(client, "user", home, work, scene.places), scene.places, installing=False)

    left = path.read_text("utf-8-sig")
    after, before = (
        jsonc.value_of(jsonc.read(left)),
        jsonc.value_of(jsonc.read(content.decode("utf-8-sig") or "{}")),
    )
    assert after.pop("later") == {"added": True}
    assert "guard hook" not in left
    assert pruned(after) == pruned(before)


def pruned(value: object) -> object:
    """Without what is empty, and without the version that one client needs."""
    if isinstance(value, dict):
        found = {key: pruned(one) for key, one in value.items() if key != "version"}
        return {key: one for key, one in found.items() if one not in ({}, [])}
    return value


@pytest.mark.parametrize("client", USERS, ids=lambda client: client.agent)
def test_where_there_was_nothing_there_is_nothing_again(scene, client):
    before = tree(scene.home)

    told = scene.guard("install", "--agent", client.agent, "--yes")
    installed = tree(scene.home)
    status = json.loads(scene.guard("status", "--agent", client.agent, "--json"))
    scene.guard("install", "--agent", client.agent, "--yes")
    twice = tree(scene.home)
    scene.guard("uninstall", "--agent", client.agent, "--yes")

    assert f"guard hook {client.agent}" in told
    assert installed != before
    assert twice == installed
    assert [one["state"] for one in status["agents"][0]["registered"]] == ["registered"]
    assert tree(scene.home) == before


def test_nothing_is_made_that_was_not_asked_for(scene):
    before = tree(scene.home)

    shown = scene.guard("install", "--agent", "gemini", "--dry-run")
    refused = scene.guard("install", "--agent", "gemini", code=2)

    assert '+            "command": "/bin/sh -c ' in shown
    assert "add --yes" in refused
    assert tree(scene.home) == before


def test_the_agents_that_are_here_are_those_that_are_registered(scene):
    (scene.home / ".gemini").mkdir()
    (scene.home / ".cursor").mkdir()

    done = json.loads(scene.guard("install", "--yes", "--json"))
    Draft202012Validator(schema("install")).validate(done)
    Draft202012Validator(schema("status")).validate(json.loads(scene.guard("status", "--json")))

    assert [change["agent"] for change in done["changes"]] == ["gemini", "cursor"]
    assert all(change["made"] for change in done["changes"])
    assert scene.guard("status").count("registered, user") == 2


def test_an_agent_that_does_not_ask_is_a_finding(scene):
    (scene.home / ".qwen").mkdir()

    assert "qwen: not registered; say `guard install --agent qwen`" in scene.guard("status", code=1)


def test_a_hook_of_somebody_else_stays(scene):
    path = scene.put("cline", b"#!/bin/sh\nexit 0\n")

    told = scene.guard("install", "--agent", "cline", "--yes", code=1)

    assert "is a hook of somebody else" in told
    assert path.read_bytes() == b"#!/bin/sh\nexit 0\n"


@pytest.mark.parametrize(
    "content", [b"{", b'{"hooks": 5}', b'{"hooks": {"PreToolUse": {}}}', b"\xff", b"[]", b"{'a': 1}"]
)
def test_what_cannot_be_read_is_not_changed(scene, content):
    path = scene.put("claude-code", content)

    told = scene.guard("install", "--agent", "claude-code", "--yes", code=1)

    assert str(path) in told
    assert "mend the file" in told
    assert path.read_bytes() == content


def test_a_link_stays_a_link(scene):
    real = scene.home / "dotfiles" / "claude.json"
    real.parent.mkdir()
    real.write_text("{}")
    path = scene.file("claude-code")
    path.parent.mkdir()
    path.symlink_to(real)

    scene.guard("install", "--agent", "claude-code", "--yes")

    assert path.is_symlink()
    assert "guard hook claude-code" in real.read_text()


def test_a_hook_of_an_older_guard_is_replaced_and_its_neighbour_stays(scene):
    path = scene.put(
        "claude-code",
        b'{"hooks": {"PreToolUse": [{"matcher": "*", "hooks": [{"type": "command", "command": "mine"}, '
        b'{"type": "command", "command": "/old/python -m guard hook claude-code"}]}]}}',
    )

    scene.guard("install", "--agent", "claude-code", "--yes")

    groups = json.loads(path.read_text())["hooks"]["PreToolUse"]
    commands = [hook["command"] for group in groups for hook in group["hooks"]]
    assert commands == ["mine", command(sys.executable, "claude-code", rewrites=False)]


def test_toml_keeps_what_a_person_wrote(tmp_path):
    from guard.cli.clients import Toml
    from guard.cli.installing import _toml_commands, _with_tables, _without_tables

    text = '# ours\nallow_managed_hooks_only = true  # yes\n\n[features]\nweb = true\n\n[[hooks.Stop]]\nmatcher = "*"\n'
    registered = CLIENTS["codex"].register("/etc/x", command("/p", "codex", rewrites=False), "managed")
    assert isinstance(registered, Toml)

    after = _with_tables(text, registered.tables, "codex")

    assert "# ours\nallow_managed_hooks_only = true  # yes\n" in after
    assert _with_tables(after, registered.tables, "codex") == after
    assert _toml_commands(after) == [command("/p", "codex", rewrites=False)]
    assert _toml_commands(_without_tables(after, registered.tables, "codex")) == []
    assert '[[hooks.Stop]]\nmatcher = "*"' in _without_tables(after, registered.tables, "codex")


def shell(line: str, **more: object) -> subprocess.CompletedProcess:
    return subprocess.run(["/bin/sh", "-c", line], input=b"{}", capture_output=True, check=False, **more)


@pytest.mark.parametrize("agent", CLIENTS)
def test_whatever_keeps_the_hook_from_starting_ends_as_a_deny_with_a_word(agent, tmp_path):
    empty = tmp_path / "python"
    empty.write_text("")
    for python in ("/nowhere/python", str(tmp_path), str(empty), "/bin/false"):
        done = shell(command(python, agent, rewrites=False))

        assert done.returncode == 2, python
        assert done.stderr.strip()
        assert not done.stdout


def stand_in(path: Path, script: str) -> str:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    "script",
    [
        "exit 0",
        "echo rubbish",
        'echo \'{"decision": "allow"}\'',
        "kill -9 $$",
        "kill -9 $PPID",
        "cat > /dev/null; exit 1",
        'echo "{}"; exit 92',
        "exec sleep 60",
    ],
)
def test_only_our_own_word_lets_a_call_through(tmp_path, script):
    python = stand_in(tmp_path / "a python", script)

    done = shell(started([python, "-m", "guard", "hook", "codex"], give_up_s=1))

    assert done.returncode == 2
    assert "the guard gave no answer" in done.stderr.decode()
    assert not done.stdout


def test_what_our_hook_says_reaches_the_client_as_it_stands(tmp_path):
    answer = r'{"reason": "a\\n %s $HOME `x` \u00e4", "decision": "deny"}'
    (tmp_path / "answer").write_text(answer + "\n")
    says = [
        (f"cat '{tmp_path}/answer'; exit 91", 0, answer + "\n"),
        (f"cat '{tmp_path}/answer'; exit 2", 2, answer + "\n"),
        ("exit 91", 0, ""),
    ]
    for script, status, stdout in says:
        done = shell(started([stand_in(tmp_path / "python", script), "hook"]))

        assert (done.returncode, done.stdout.decode(), done.stderr) == (status, stdout, b"")


def test_an_answer_that_cannot_be_written_is_a_deny(tmp_path):
    line = started([stand_in(tmp_path / "python", "echo no; exit 91"), "hook"])

    assert shell(f"{line} > /dev/full").returncode == 2
    assert shell(f"{line} >&-").returncode == 2


SHELLS = [name for name in ("sh", "bash", "dash", "zsh", "fish", "busybox") if shutil.which(name)]
"""What a machine has is what its people can have."""


@pytest.mark.parametrize("name", SHELLS)
def test_the_line_means_the_same_in_every_shell(tmp_path, name):
    words = [name, "sh", "-c"] if name == "busybox" else [name, "-c"]
    for script, status in (("echo yes; exit 91", 0), ("exit 2", 2), ("echo yes", 2)):
        line = started([stand_in(tmp_path / "it's a python", script), "-I", "hook"])

        assert subprocess.run([*words, line], capture_output=True, check=False).returncode == status


@pytest.mark.parametrize("agent", ["codex", "gemini", "qwen", "goose"])
def test_the_registered_line_answers_as_the_hook_does(scene, agent):
    line = command(sys.executable, agent, rewrites=False)

    done = subprocess.run(
        ["/bin/sh", "-c", line], input=b"{", capture_output=True, check=False, env=scene.env
    )

    assert done.returncode == 2
    assert b"the payload is" in done.stderr
    assert b"no answer" not in done.stderr


def test_the_script_of_a_client_that_looks_at_no_exit_status_says_it_in_words(scene):
    scene.guard("install", "--agent", "cline", "--yes")
    path = scene.file("cline")
    path.write_text(path.read_text().replace(sys.executable, "/nowhere/python"))

    done = subprocess.run([str(path)], input=b"{}", capture_output=True, check=False)

    assert json.loads(done.stdout)["cancel"] is True


SWITCHES = {
    "a rule for a tool": b'// mine\n{\n  "permission": {\n    "bash": "allow" // all\n  }\n}\n',
    "no permission": b'{\n\t"theme": "dark",\n}\n',
    "all of them, on one line": b'{"permission": {"*": "ask"}, "model": "x/y"}',
    "nothing": b"",
}


@pytest.mark.parametrize("content", SWITCHES.values(), ids=SWITCHES)
@pytest.mark.parametrize("changed", [False, True])
def test_what_closes_opencode_comes_last_and_goes_with_the_plugin(scene, content, changed):
    path = scene.file("opencode").parents[1] / "opencode.jsonc"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    before = jsonc.value_of(jsonc.read(content.decode() or "{}"))

    scene.guard("install", "--agent", "opencode", "--yes")
    installed = path.read_text()
    scene.guard("install", "--agent", "opencode", "--yes")
    twice = path.read_text()
    permissions = jsonc.value_of(jsonc.read(installed))["permission"]
    if changed:
        path.write_text(jsonc.with_member(installed, (), "later", {"added": True}))
    scene.guard("uninstall", "--agent", "opencode", "--yes")

    assert twice == installed
    assert list(permissions.items()) == [*before.get("permission", {}).items(), ("?*", "deny")]
    left = path.read_text()
    if changed:
        after = jsonc.value_of(jsonc.read(left))
        assert after.pop("later") == {"added": True}
        assert pruned({**before, "$schema": after["$schema"]}) == after
    else:
        assert left.encode() == content
    assert not scene.file("opencode").exists()


MOVED = [client for client in CLIENTS.values() if client.moved[0]]


@pytest.mark.parametrize("client", MOVED, ids=lambda client: client.agent)
def test_a_client_that_looks_elsewhere_is_registered_there_and_nobody_writes_there(scene, client):
    variable, usual = client.moved
    elsewhere = scene.home / "elsewhere"
    elsewhere.mkdir()
    before = tree(scene.home)
    scene.env[variable] = str(elsewhere)
    path = elsewhere / client.files["user"].removeprefix(f"{usual}/")

    scene.guard("install", "--agent", client.agent, "--yes")
    installed = path.read_text()
    status = json.loads(scene.guard("status", "--agent", client.agent, "--json"))
    denied = scene.guard("check", "--tool", "Write", "--path", str(path), code=11)
    unmoved = json.loads(
        scene.guard("status", "--agent", client.agent, "--json", code=1, env={**scene.env, variable: ""})
    )
    scene.guard("uninstall", "--agent", client.agent, "--yes")

    assert not scene.file(client.agent).exists()
    assert f"guard hook {client.agent}" in installed
    assert [one["path"] for one in status["agents"][0]["registered"]] == [str(path)]
    assert status["good"]
    assert not unmoved["good"]
    assert "guard-is-not-yours" in denied
    assert tree(scene.home) == before


def test_a_relative_place_is_none(scene):
    scene.env["XDG_CONFIG_HOME"] = "elsewhere"

    scene.guard("install", "--agent", "opencode", "--yes")

    assert scene.file("opencode").exists()


def test_an_opencode_that_nothing_closes_is_a_finding(scene):
    scene.guard("install", "--agent", "opencode", "--yes")
    switch = scene.file("opencode").parents[1] / "opencode.jsonc"
    switch.write_text('{"permission": {"?*": "ask"}}')

    told = scene.guard("status", "--agent", "opencode", code=1)
    scene.guard("install", "--agent", "opencode", "--yes")

    assert "nothing stops the client when it does not load us" in told
    assert "registered, user" in scene.guard("status", "--agent", "opencode")
    assert json.loads(switch.read_text())["permission"] == {"?*": "deny"}


def test_permissions_that_are_one_word_are_left_alone_and_said(scene):
    path = scene.file("opencode").parents[1] / "opencode.jsonc"
    path.parent.mkdir(parents=True)
    path.write_text('{"permission": "ask"}')

    told = scene.guard("install", "--agent", "opencode", "--yes", code=1)

    assert f"{path}: `permission` is not what it should be" in told
    assert path.read_text() == '{"permission": "ask"}'
    assert "guard hook opencode" in scene.file("opencode").read_text()


def test_a_plugin_that_somebody_has_changed_is_not_the_one_of_this_guard(scene):
    scene.guard("install", "--agent", "opencode", "--yes")
    plugin = scene.file("opencode")
    plugin.write_text(plugin.read_text().replace("if (answer.no)", "if (false)"))

    told = json.loads(scene.guard("status", "--agent", "opencode", "--json", code=1))

    assert [one["state"] for one in told["agents"][0]["registered"]] == ["other"]


@pytest.mark.skipif(not os.path.exists("/usr/bin/env"), reason="needs env")
@pytest.mark.parametrize(
    ("agent", "says", "rewrites"),
    [
        ("codex", "codex-cli 0.169.0", True),
        ("gemini", "0.60.9", False),
        ("gemini", "0.61.0.1", False),
        ("copilot", "GitHub Copilot CLI 1.0.102.\nRun `copilot update` to check for updates.", True),
        ("cline", "3.0.64", False),
        ("cline", "from 10.0.0.1", False),
    ],
)
def test_a_version_that_rewrites_is_told_so(scene, agent, says, rewrites):
    bin_ = scene.home / "bin"
    bin_.mkdir()
    (bin_ / agent).write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\n")
    (bin_ / agent).chmod(0o755)
    scene.env["PATH"] = f"{bin_}:/usr/bin:/bin"

    scene.guard("install", "--agent", agent, "--yes")

    assert (f"guard hook {agent} --rewrites " in scene.file(agent).read_text()) is rewrites


def test_the_page_says_of_each_client_what_the_data_say():
    page = (ROOT / "docs" / "agents.md").read_text()

    for client in CLIENTS.values():
        row = next(
            line
            for line in page.split("## Registering")[1].splitlines()
            if line.startswith(f"| `{client.agent}` |")
        )
        assert client.closed in row
        assert client.open in row
    told = {
        line.split("`")[1] for line in page.split("## Registering")[0].splitlines() if line.startswith("| `")
    }
    assert told == set(AGENTS)


def test_no_agent_writes_where_another_one_registers(scene):
    for agent in ("codex", "cursor", "opencode", "kiro"):
        scene.guard("install", "--agent", agent, "--yes")

        told = scene.guard("check", "--tool", "Edit", "--path", str(scene.file(agent)), code=11)

        assert "guard-is-not-yours" in told
