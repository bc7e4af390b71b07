"""What can disarm a hook is found where its table says it stands, with the line, and nothing else is."""

import json
import os
import sys
from pathlib import Path

import pytest

from guard.agents.disarm import rows, rows_of, variables, words
from guard.agents.disarm_rows import ROWS
from guard.agents.table import AGENTS
from guard.cli import disarmed
from guard.cli.clients import CLIENTS, Whole
from guard.cli.disarmed import Found, signs
from guard.cli.installing import command

EVERY = tuple(AGENTS)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / "work" / "deep").mkdir(parents=True)
    return tmp_path / "home"


def around(home: Path, below: str = "work", agents: tuple[str, ...] = EVERY) -> list[Found]:
    found = disarmed.disarmed(agents, str(home / below), str(home))
    return [one for one in found if one.path.startswith(str(home))]


def put(at: Path, content: str) -> Path:
    at.parent.mkdir(parents=True, exist_ok=True)
    at.write_text(content)
    return at


def test_each_row_is_about_a_known_client_and_has_a_name_of_its_own() -> None:
    assert len({row.id for row in rows()}) == len(rows())
    assert {agent for row in rows() for agent in row.agents} <= set(AGENTS)
    assert {one.agent for one in (*words(), *variables())} <= set(AGENTS)
    assert all(row.files or row.people for row in rows())
    assert all(len({"key", "below", "line"} & row.keys()) <= 1 for row in ROWS.values())
    assert all(("key" in row) == ("when" in row) for row in ROWS.values())


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
def test_the_example_of_a_row_has_its_sign(row) -> None:
    assert signs(row, *row.example)


@pytest.mark.parametrize("row", [row for row in rows() if row.files], ids=lambda row: row.id)
@pytest.mark.parametrize("below", ["work", "work/deep"])
def test_an_example_is_found_from_its_directory_and_from_below(home: Path, row, below: str) -> None:
    path = put(home / "work" / row.example[0], row.example[1])

    found = [one for one in around(home, below) if one.row.id == row.id]

    assert [one.path for one in found] == [str(path)]
    assert not found[0].unread


@pytest.mark.parametrize(
    "row", [row for row in rows() if row.comes == "off" and row.files], ids=lambda row: row.id
)
def test_what_switches_hooks_off_is_found_in_the_persons_own_settings(home: Path, row) -> None:
    put(home / row.people[0], row.example[1])

    assert [one.row.id for one in around(home) if one.row.comes == "off"] == [row.id]


def test_other_clients_are_not_asked_about(home: Path) -> None:
    put(home / "work/.gemini/settings.json", '{"hooksConfig": {"enabled": false}}')

    assert around(home, agents=("claude-code", "codex")) == []
    assert {row.id for row in rows_of("gemini")} >= {"gemini-hooks-off", "planted-modules"}


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        (".claude/settings.json", '{\n  // why\n  "a": 1,\n  "disableAllHooks": true,\n}\n', 4),
        (".claude/settings.json", '\ufeff{"disableAllHooks": true}', 1),
        (".claude/settings.json", '{"disableAllHooks": false,\n "disableAllHooks": true}', 2),
        (".codex/config.toml", 'model = "x"\n\n[features]\nfast = true\nhooks = false\n', 5),
        (".codex/config.toml", "features = {fast = true, hooks = false}\n", 1),
        (".codex/config.toml", "features.hooks = false\n", 1),
        (".env", "A=1\nexport QWEN_CODE_SIMPLE='true'\n", 2),
        (".env", 'QWEN_CODE_SAFE_MODE = "Yes" # x\n', 1),
        (".qwen/.env", "QWEN_CODE_SAFE_MODE: on\n", 1),
    ],
)
def test_it_is_told_in_which_line(home: Path, name: str, content: str, line: int) -> None:
    put(home / "work" / name, content)

    assert [(one.row.comes, one.line) for one in around(home)] == [("off", line)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".claude/settings.json", '{"disableAllHooks": false}'),
        (".claude/settings.json", '{"disableAllHooks": true, "disableAllHooks": false}'),
        (".claude/settings.json", '{"nested": {"disableAllHooks": true}}'),
        (".claude/settings.json", '{"env": {}, "hooks": {}, "permissions": {"deny": ["Bash(rm:*)"]}}'),
        (".claude/settings.json", ""),
        (".claude/commands/talk.md", "Say `!important` and `ls`.\nUse a\\!`b`.\n"),
        (".codex/config.toml", "[features]\nhooks = true\n[profiles.x]\nhooks = false\n"),
        (".gemini/settings.json", '{"hooksConfig": {"enabled": true, "disabled": ["lint"]}}'),
        (".env", "QWEN_CODE_SAFE_MODE=0\n# QWEN_CODE_SIMPLE=1\nQWEN_CODE_SIMPLE=\nMY_QWEN_CODE_SIMPLE=1\n"),
        (".qwen/settings.json", '{"env": {"QWEN_CODE_SAFE_MODE": "0", "A": "1"}}'),
        ("opencode.json", '{"permission": {"?*": "deny", "*": "allow"}}'),
        (".gemini/commands/a.toml", 'prompt = "no shell here!"\n'),
        ("lib/guard.py", "x\n"),
        (".guard/policy.yaml", "rules:\n  - id: x\n    verdict: deny\n"),
    ],
)
def test_what_disarms_nothing_is_not_told(home: Path, name: str, content: str) -> None:
    put(home / "work" / name, content)

    assert around(home) == []


@pytest.mark.parametrize("agent", sorted(CLIENTS))
@pytest.mark.parametrize("rewrites", [False, True])
def test_our_own_registration_in_a_project_is_none_of_somebody_else(
    home: Path, agent: str, rewrites: bool
) -> None:
    client = CLIENTS[agent]
    path = str(home / "work" / client.files["project"])
    registered = client.register(path, command(sys.executable, agent, rewrites=rewrites), "project")
    if isinstance(registered, Whole):
        put(Path(path), registered.content)
    else:
        whole: dict = {}
        for one in registered.added:
            at = whole
            for key in one.at[:-1]:
                at = at.setdefault(key, {})
            at[one.at[-1]] = [one.element]
        put(Path(path), json.dumps(whole))

    assert around(home) == []


@pytest.mark.parametrize(
    "written",
    [
        "./guard hook claude-code || exit 2",
        "python3 -I -m guard hook claude-code",
        "/tmp/x/guard hook claude-code",
    ],
)
def test_a_hook_that_only_looks_like_ours_is_told(home: Path, written: str) -> None:
    put(
        home / "work/.claude/settings.json",
        json.dumps({"hooks": {"PreToolUse": [{"hooks": [{"type": "command", "command": written}]}]}}),
    )

    assert [(one.row.id, one.what) for one in around(home)] == [("claude-own-hooks", written)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (".claude/settings.json", "{"),
        (".claude/settings.json", "[" * 5000),
        (".codex/config.toml", "= 1"),
        (".qwen/settings.json", "\x00"),
    ],
)
def test_settings_that_cannot_be_read_are_told_and_not_skipped(home: Path, name: str, content: str) -> None:
    path = put(home / "work" / name, content)

    found = around(home)

    assert len(found) == 1
    assert all(one.unread and one.path == str(path) for one in found)


def test_neither_a_pipe_nor_a_loop_of_links_holds_it_up(home: Path) -> None:
    (home / "work/.claude/commands/deep").mkdir(parents=True)
    (home / "work/.claude/commands/deep/again").symlink_to(home / "work/.claude")
    os.mkfifo(home / "work/.claude/settings.json")
    (home / "work/.claude/settings.local.json").symlink_to("settings.local.json")

    assert [one.unread for one in around(home)] != []


def test_variables_that_are_set_are_told_by_name() -> None:
    given = {"CLAUDE_CODE_SIMPLE": "1", "OPENCODE_PURE": "0", "CODEX_HOME": "/x", "HOME": "/h"}

    found = list(disarmed.variables(("claude-code", "opencode"), given))

    assert [name for name, _ in found] == ["CLAUDE_CODE_SIMPLE"]
