"""policies/protected.yaml, entry by entry: predicted as a write, in every spelling, in places that do not exist yet."""

import os
import sys
import unicodedata

import pytest

from guard.engine.imagined import HOME, WORKSPACE, decide_imagined
from guard.errors import PolicyFileError
from guard.model.decision import verdict_of
from guard.model.names import folded, may_be_short_for
from guard.policy.files.compiled import load_policy
from guard.policy.files.locate import sources
from guard.policy.files.protected import Protected, load_protected, protected_path
from guard.policy.match import ZoneMap
from guard.policy.protected import ZONES
from guard.policy.zones import ZoneTable

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
with open(protected_path(), "rb") as _file:
    ENTRIES = load_protected(_file.read(), "policies/protected.yaml")
TABLE = ZoneTable(ZONES)
SAYS = {
    "agent-config": ("ask", "what-runs-later"),
    "vcs-internals": ("ask", "what-runs-later"),
    "startup": ("deny", "start-up-files"),
    "build-files": ("allow", ""),
    "guard-files": ("deny", ""),
}


def example(pattern: str, *, deep: bool = False) -> str:
    """A path that the pattern means, absolute in the imagined world."""
    parts = pattern.split("/")
    root = {"$W": WORKSPACE, "$*": WORKSPACE, "$H": HOME, "$T": "/tmp/t", "": ""}[parts[0]]
    out = []
    for index, part in enumerate(parts[1:]):
        if part == "**":
            out += ["made"] if index == len(parts) - 2 else ["sub/of"] if deep else []
        else:
            out.append(part.replace("*", "x"))
    return "/".join([root, *out])


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    return load_policy(sources("", "/nonexistent"), str(tmp_path_factory.mktemp("policy")))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_a_predicted_write_is_judged_as_the_zone_says(entry: Protected, policy) -> None:
    verdict, rule = SAYS[entry.zone]

    wrong = []
    for number, pattern in enumerate(entry.patterns()):
        for path in (
            {example(pattern), example(pattern, deep=True)} if number == 0 else {example(pattern, deep=True)}
        ):
            ways = ("echo x > '{}'", "cp a '{}'", "chmod +x '{}'", "ln -s a '{}'")
            for command in (way.format(path) for way in (ways if number == 0 else ways[:1])):
                decision = decide_imagined(command, policy).decision
                first = decision.reasons[0]
                # Another rule may be stricter, none may be milder.
                fits = verdict_of(decision).value == verdict and (
                    not rule or any(r.rule == rule for r in decision.reasons)
                )
                stricter = rule and verdict_of(decision).value == "deny"
                if not (fits or stricter):
                    wrong.append((command, verdict_of(decision).value, first.rule))

    assert wrong == []


def test_every_file_that_the_specification_names_is_listed() -> None:
    """By the zone that an exact path falls into."""
    names = {
        "agent-config": """.claude/settings.json .claude/settings.local.json .claude/commands/x.md .claude/hooks/x .claude/skills/x/SKILL.md
            .mcp.json .vscode/tasks.json .vscode/settings.json .cursor/mcp.json .cursor/rules/x.mdc .codex/config.toml CLAUDE.md AGENTS.md
            .envrc .github/workflows/ci.yml .devcontainer/devcontainer.json .gemini/settings.json .github/copilot-instructions.md
            .cursorrules .windsurfrules opencode.json .aider.conf.yml .npmrc .yarnrc.yml pip.conf .pre-commit-config.yaml .husky/pre-commit
            .tool-versions mise.toml lib/site-packages/x.pth sitecustomize.py .editorconfig .idea/workspace.xml Jenkinsfile .gitlab-ci.yml""",
        "vcs-internals": """.git/hooks/pre-commit .git/config .git/info/attributes .git/modules/x/hooks/post-checkout .git/modules/x/config
            sub/.git/hooks/pre-commit sub/.git/config .git .git/worktrees/w/gitdir .git/commondir .git/worktrees/w/commondir .gitattributes
            .gitmodules .git/objects/info/alternates bare.git/config bare.git/hooks/update .git/worktrees/w/config.worktree .git-blame-ignore-revs""",
        "build-files": """Makefile package.json .venv/bin/python conftest.py Justfile tox.ini setup.py pyproject.toml Cargo.toml build.rs""",
        "guard-files": ".guard/policy.yaml policies/guard.yaml",
    }  # fmt: skip
    missing = [
        f"{zone}: {name}"
        for zone, listed in names.items()
        for name in listed.split()
        if not zoned(f"$W/{name}", zone)
    ]

    assert missing == []


def zoned(place: str, zone: str) -> bool:
    return bool(TABLE.membership(place).inside & TABLE.bits((zone,)))


SPELLINGS = [
    ".GIT/hooks/x", ".Git/HOOKS/x", ".git./hooks/x", ".git /hooks/x", ".git. . /hooks./x", ".git::$INDEX_ALLOCATION/hooks/x",
    ".git:x/hooks/x", "GIT~1/hooks/x", "git~2/hooks/x", "GI7EBA~1/hooks/x", ".g\u200cit/hooks/x", "\u200e.git/hooks/x", ".git\ufeff/hooks/x",
    ".g\u00adit/hooks/x", ".g\ufe0fit/hooks/x", "\uff0egit/hooks/x", ".\uff47it/hooks/x", ".g\u0131t/hooks/x", ".g\u0130t/hooks/x", ".git\\hooks\\x",
    "sub\\.git/hooks/x", ".git/hoo\u212as/x", ".git/hook\u017f/x",
    "Claude.md", "claude.MD", "AGENTS.md.", "CLAUDE.md::$DATA", "CLAUDE~1/settings.json", ".CLAUDE/settings.json", "SITECU~1.PY", "MCP~1.JSO",
    ".VSCODE/tasks.json", "VSCODE~1/tasks.json", "GITHUB~1/workflows/x", ".github/WORKFL~1/ci.yml", ".envrc.", ".ENVRC", "EDITOR~1", "GITMOD~1",
    ".gitmodules\u200d", ".gitModules", "a/b/.GitAttributes", "PRE-CO~1.YAM", "\u24d2\u24db\u24d0\u24e4\u24d3\u24d4.md",
]  # fmt: skip


@pytest.mark.parametrize("name", SPELLINGS, ids=ascii)
def test_a_name_counts_however_a_disk_may_spell_it(name: str) -> None:
    assert zoned(f"$W/{name}", "agent-config") or zoned(f"$W/{name}", "vcs-internals")


@pytest.mark.parametrize(
    "name",
    ["src/git/hooks/x", ".gitignore", "git~/hooks/x", "x~1", "digit~1/x", "claudes.md", ".git2/hooks/x", "agents.mdx", "model.pth",
     ".github/ISSUE_TEMPLATE/x.md", "notes.txt", "a.git-b/config", ".gitkeep", "vscode/tasks.json"],
)  # fmt: skip
def test_other_names_are_no_spelling_of_it(name: str) -> None:
    assert not zoned(f"$W/{name}", "agent-config")
    assert not zoned(f"$W/{name}", "vcs-internals")


def test_folding_is_idempotent_and_keeps_the_root() -> None:
    for text in ("$W/.GIT./x ", "$H/\u0130I/a:b", "/etc/Cron.d./X", "$*/...", "$W/a. b/..."):
        once = folded(text)

        assert folded(once) == once
        assert once.startswith(text[:2] if text.startswith("$") else "/")


def test_composed_and_decomposed_names_are_one() -> None:
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert folded(unicodedata.normalize(form, "$W/Ünïté.md")) == folded("$W/ÜNÏTÉ.md")


def test_short_names_stand_for_what_they_may_stand_for() -> None:
    assert may_be_short_for("git~1", ".git")
    assert may_be_short_for("settin~1.jso", "settings.json")
    assert not may_be_short_for("git~1", ".github")
    assert not may_be_short_for("settin~1.jso", "settings.toml")
    assert not may_be_short_for("~1", ".git")
    assert not may_be_short_for("git~x", ".git")


def test_patterns_of_one_beginning_are_found_whatever_was_asked_first() -> None:
    zones = {"a": ("$W/x/**", "/etc/*"), "b": ("**/y", "$W/x/z")}
    together = {place: ZoneMap(zones).membership(place) for place in ("$W/x/z", "/etc/y", "/", "$W", "q/y")}

    for first in together:
        one = ZoneMap(zones)
        one.membership(first)

        assert {place: one.membership(place) for place in together} == together


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("version: 1\nentries: []\n", "entries"),
        ('version: 1\nentries:\n  - {id: a, zone: startup, paths: ["x"], obeyed_by: b, why: c}\n', "paths"),
        ('version: 1\nentries:\n  - {id: a, zone: startup, paths: ["x/y"], obeyed_by: b, why: c}\n', "does not begin"),
        ('version: 1\nentries:\n  - {id: a, zone: other, paths: ["$W/y"], obeyed_by: b, why: c}\n', "zone"),
        ('version: 1\nentries:\n  - {id: a, zone: startup, paths: ["$W/y"], obeyed_by: b}\n', "why"),
        ('version: 1\nentries:\n  - {id: a, zone: startup, paths: ["$W/../y"], obeyed_by: b, why: c}\n', "does not begin"),
        (
            "version: 1\nentries:\n" + '  - {id: a, zone: startup, paths: ["$W/y"], obeyed_by: b, why: c}\n' * 2,
            "twice",
        ),
    ],
)  # fmt: skip
def test_a_list_that_is_not_whole_is_an_error(text: str, says: str) -> None:
    with pytest.raises(PolicyFileError, match=says):
        load_protected(text.encode(), "p.yaml")


def test_what_was_generated_is_what_the_list_says() -> None:
    sys.path.insert(0, os.path.join(ROOT, "docs"))
    try:
        import protected_list
    finally:
        sys.path.pop(0)

    assert protected_list.wrong() == []
