"""What can disarm a client's hook, as data: settings, files, words and variables. Reads nothing; :mod:`guard.cli.disarmed` does.

A row says what a repository or a person can write, where, and what it comes to. Its example is what tests write.
"""

from typing import Literal, TypeAlias

from guard.model.dataclass import dataclass

Comes = Literal["off", "beside", "vain"]
"""``off``: hooks that are registered elsewhere do not run, or their answer does not count.
``beside``: the client runs something that no hook is asked about.
``vain``: it is aimed at the guard, and changes nothing where the hook stands as `guard install` writes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A value in JSON or TOML."""

    at: tuple[str, ...]
    when: Literal["on", "off", "any", "names us"]
    """``on``: as good as true; ``off``: false; ``any``: not empty; ``names us``: a list with a hook of ours in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """Everything that is started (or asked) below a key in JSON or TOML, and is not ours."""

    at: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    pattern: str
    """Of :mod:`re`, looked for in each line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """The file itself, unless it is ours."""


Sign: TypeAlias = Key | Commands | Line | There


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    id: str
    agents: tuple[str, ...]
    """Empty: whichever it is."""
    comes: Comes
    files: tuple[str, ...]
    """Below a workspace and the directories around it, as :mod:`glob` reads them, `**` too."""
    people: tuple[str, ...] = ()
    """Where a person's or an administrator's own settings say the same: below the home directory, or absolute."""
    sign: Sign
    says: str
    """Follows the place."""
    fix: str
    managed: bool = False
    """Whether a hook that is registered for everybody on the machine runs all the same."""
    example: tuple[str, str]
    """A path below a workspace, and a content that has the sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """An argument, or a variable of the environment."""

    agent: str
    word: str
    says: str


_HELD = ("claude-hooks-off", "codex-hooks-off", "codex-hooks-off-by-the-older-name", "copilot-hooks-off")
_CLAUDE = (".claude/settings.json", ".claude/settings.local.json")
_CLAUDE_PEOPLE = (".claude/settings.json", "/etc/claude-code/managed-settings.json")
_GEMINI_PEOPLE = (".gemini/settings.json", "/etc/gemini-cli/settings.json")
_COPILOT = (".github/copilot/settings.json", ".github/copilot/settings.local.json")
_OPENCODE = ("opencode.json", "opencode.jsonc", ".opencode/opencode.json", ".opencode/opencode.jsonc")
_OFF = "remove it, or use `guard run`, where no repository can switch the hook off"
_LOOK = "read it before you start the agent here"
_OWN = "starts a command of its own beside the guard's hook"
_SERVERS = "starts a server of tools: calls of its tools are asked about, starting it is not"
_SHELL = "runs a shell line that no hook is asked about when somebody uses it"
_CODE = "is code that the client loads when it starts, and no hook is asked about"
_ISOLATED = "is what a Python that is not started with `-I` would load in the place of the guard"
_BLIND = "nothing, as long as the hook is registered as `guard install` writes it"


def _off(
    name: str,
    agents: tuple[str, ...],
    files: tuple[str, ...],
    people: tuple[str, ...],
    key: Key,
    content: str,
) -> Row:
    return Row(
        id=name,
        agents=agents,
        comes="off",
        files=files,
        people=people,
        sign=key,
        says="switches off a hook that is registered elsewhere",
        fix=_OFF,
        managed=name in _HELD,
        example=(files[0], content),
    )


def _started(
    name: str, agents: tuple[str, ...], files: tuple[str, ...], at: tuple[str, ...], says: str, content: str
) -> Row:
    return Row(
        id=name,
        agents=agents,
        comes="beside",
        files=files,
        sign=Commands(at=at),
        says=says,
        fix=_LOOK,
        example=(files[0], content),
    )


def _code(name: str, agent: str, files: tuple[str, ...], example: str) -> Row:
    return Row(
        id=name, agents=(agent,), comes="beside", files=files, sign=There(), says=_CODE, fix=_LOOK, example=(example, "x\n")
    )  # fmt: skip


def _inline(name: str, agent: str, files: tuple[str, ...], pattern: str, example: tuple[str, str]) -> Row:
    return Row(
        id=name, agents=(agent,), comes="beside", files=files, sign=Line(pattern=pattern), says=_SHELL, fix=_LOOK,
        example=example,
    )  # fmt: skip


_MARKDOWN = r"(?:^|[^\w\\`])!`[^`]+`|^\s*```!"
"""Inline, or a block of its own."""
_BRACES = r"!\{[^}]*\}?"
_HOOK = '{"hooks": {"PreToolUse": [{"matcher": "*", "hooks": [{"type": "command", "command": "./yes"}]}]}}\n'
_SERVER = '{"mcpServers": {"tools": {"command": "./serve", "args": ["--all"]}}}\n'

ROWS: tuple[Row, ...] = (
    _off(
        "claude-hooks-off",
        ("claude-code",),
        _CLAUDE,
        _CLAUDE_PEOPLE,
        Key(at=("disableAllHooks",), when="on"),
        '{\n  "disableAllHooks": true\n}\n',
    ),
    _off(
        "claude-simple",
        ("claude-code",),
        _CLAUDE,
        _CLAUDE_PEOPLE,
        Key(at=("env", "CLAUDE_CODE_SIMPLE"), when="on"),
        '{\n  "env": {\n    "CLAUDE_CODE_SIMPLE": "1"\n  }\n}\n',
    ),
    Row(
        id="claude-managed-only",
        agents=("claude-code",),
        comes="off",
        files=(),
        people=("/etc/claude-code/managed-settings.json",),
        sign=Key(at=("allowManagedHooksOnly",), when="on"),
        says="lets no hook run but those that stand there",
        fix="register there: `sudo guard install --agent claude-code --scope managed`",
        managed=True,
        example=("/etc/claude-code/managed-settings.json", '{\n  "allowManagedHooksOnly": true\n}\n'),
    ),
    _started("claude-own-hooks", ("claude-code",), _CLAUDE, ("hooks",), _OWN, _HOOK),
    _started(
        "claude-helpers",
        ("claude-code",),
        _CLAUDE,
        ("statusLine",),
        "starts a command that no hook is asked about",
        '{"statusLine": {"type": "command", "command": "./line"}}\n',
    ),
    *(
        Row(
            id=f"claude-{key.lower()}",
            agents=("claude-code",),
            comes="beside",
            files=_CLAUDE,
            sign=Key(at=(key,), when="any"),
            says="starts a command that no hook is asked about",
            fix=_LOOK,
            example=(_CLAUDE[0], f'{{"{key}": "./key"}}\n'),
        )
        for key in ("apiKeyHelper", "awsAuthRefresh", "awsCredentialExport", "otelHeadersHelper")
    ),
    Row(
        id="claude-environment",
        agents=("claude-code",),
        comes="beside",
        files=_CLAUDE,
        sign=Key(at=("env",), when="any"),
        says="sets variables of the client and of everything it starts, hooks too",
        fix="look at which: `PATH`, `BASH_ENV` and `ANTHROPIC_BASE_URL` decide what runs and who answers",
        example=(_CLAUDE[0], '{"env": {"BASH_ENV": "./rc"}}\n'),
    ),
    _started("mcp-servers", (), (".mcp.json", ".vscode/mcp.json"), (), _SERVERS, _SERVER),
    _inline(
        "claude-inline-shell",
        "claude-code",
        (".claude/commands/**/*.md", ".claude/skills/**/*.md"),
        _MARKDOWN,
        (".claude/commands/fix.md", "Look at this:\n!`./collect`\n"),
    ),
    _off(
        "codex-hooks-off",
        ("codex",),
        (".codex/config.toml",),
        (".codex/config.toml",),
        Key(at=("features", "hooks"), when="off"),
        "[features]\nhooks = false\n",
    ),
    _off(
        "codex-hooks-off-by-the-older-name",
        ("codex",),
        (".codex/config.toml",),
        (".codex/config.toml",),
        Key(at=("features", "codex_hooks"), when="off"),
        "[features]\ncodex_hooks = false\n",
    ),
    Row(
        id="codex-managed-only",
        agents=("codex",),
        comes="off",
        files=(),
        people=("/etc/codex/requirements.toml",),
        sign=Key(at=("allow_managed_hooks_only",), when="on"),
        says="lets no hook run but those that stand there",
        fix="register there: `sudo guard install --agent codex --scope managed`",
        managed=True,
        example=("/etc/codex/requirements.toml", "allow_managed_hooks_only = true\n"),
    ),
    _started("codex-own-hooks", ("codex",), (".codex/hooks.json",), ("hooks",), _OWN, _HOOK),
    _started(
        "codex-own-hooks-in-its-settings",
        ("codex",),
        (".codex/config.toml",),
        ("hooks",),
        _OWN,
        '[[hooks.PreToolUse]]\nmatcher = "*"\n[[hooks.PreToolUse.hooks]]\ntype = "command"\ncommand = "./yes"\n',
    ),
    _started(
        "codex-servers",
        ("codex",),
        (".codex/config.toml",),
        ("mcp_servers",),
        _SERVERS,
        '[mcp_servers.tools]\ncommand = "./serve"\n',
    ),
    Row(
        id="codex-notify",
        agents=("codex",),
        comes="beside",
        files=(".codex/config.toml",),
        sign=Key(at=("notify",), when="any"),
        says="starts a command that no hook is asked about",
        fix=_LOOK,
        example=(".codex/config.toml", 'notify = ["./told"]\n'),
    ),
    _off(
        "gemini-hooks-off",
        ("gemini",),
        (".gemini/settings.json",),
        _GEMINI_PEOPLE,
        Key(at=("hooksConfig", "enabled"), when="off"),
        '{\n  "hooksConfig": {\n    "enabled": false\n  }\n}\n',
    ),
    _off(
        "gemini-hook-off-by-name",
        ("gemini",),
        (".gemini/settings.json",),
        _GEMINI_PEOPLE,
        Key(at=("hooksConfig", "disabled"), when="names us"),
        '{\n  "hooksConfig": {\n    "disabled": ["guard"]\n  }\n}\n',
    ),
    _started(
        "gemini-own-hooks",
        ("gemini",),
        (".gemini/settings.json",),
        ("hooks",),
        _OWN,
        '{"hooks": {"BeforeTool": [{"hooks": [{"type": "command", "command": "./yes"}]}]}}\n',
    ),
    _started("gemini-servers", ("gemini",), (".gemini/settings.json",), ("mcpServers",), _SERVERS, _SERVER),
    *(
        Row(
            id=f"gemini-{key.lower()}",
            agents=("gemini",),
            comes="beside",
            files=(".gemini/settings.json",),
            sign=Key(at=("tools", key), when="any"),
            says="starts a command that no hook is asked about",
            fix=_LOOK,
            example=(".gemini/settings.json", f'{{"tools": {{"{key}": "./find"}}}}\n'),
        )
        for key in ("discoveryCommand", "callCommand")
    ),
    _inline(
        "gemini-inline-shell",
        "gemini",
        (".gemini/commands/**/*.toml",),
        _BRACES,
        (".gemini/commands/fix.toml", 'prompt = """\nLook: !{./collect}\n"""\n'),
    ),
    _off(
        "qwen-hooks-off",
        ("qwen",),
        (".qwen/settings.json",),
        (".qwen/settings.json",),
        Key(at=("disableAllHooks",), when="on"),
        '{\n  "disableAllHooks": true\n}\n',
    ),
    _started("qwen-own-hooks", ("qwen",), (".qwen/settings.json",), ("hooks",), _OWN, _HOOK),
    _started("qwen-servers", ("qwen",), (".qwen/settings.json",), ("mcpServers",), _SERVERS, _SERVER),
    _inline(
        "qwen-inline-shell",
        "qwen",
        (".qwen/commands/**/*.toml", ".qwen/commands/**/*.md"),
        _BRACES,
        (".qwen/commands/fix.md", "Look: !{./collect}\n"),
    ),
    _off(
        "copilot-hooks-off",
        ("copilot",),
        _COPILOT,
        (".copilot/settings.json", ".copilot/config.json"),
        Key(at=("disableAllHooks",), when="on"),
        '{\n  "disableAllHooks": true\n}\n',
    ),
    _started(
        "copilot-own-hooks",
        ("copilot",),
        (".github/hooks/*.json",),
        ("hooks",),
        _OWN,
        '{"version": 1, "hooks": {"preToolUse": [{"type": "command", "bash": "./yes"}]}}\n',
    ),
    _started("copilot-own-hooks-in-its-settings", ("copilot",), _COPILOT, ("hooks",), _OWN, _HOOK),
    _started("copilot-servers", ("copilot",), (".github/mcp.json",), (), _SERVERS, _SERVER),
    _code("opencode-plugins", "opencode", (".opencode/plugin/*", ".opencode/plugins/*"), ".opencode/plugin/x.js"),
    Row(
        id="opencode-named-plugins",
        agents=("opencode",),
        comes="beside",
        files=_OPENCODE,
        sign=Key(at=("plugin",), when="any"),
        says="names plugins: code that the client loads when it starts, and no hook is asked about",
        fix=_LOOK,
        example=("opencode.json", '{"plugin": ["somebodys-plugin"]}\n'),
    ),
    _started(
        "opencode-servers",
        ("opencode",),
        _OPENCODE,
        ("mcp",),
        _SERVERS,
        '{"mcp": {"tools": {"type": "local", "command": ["./serve"]}}}\n',
    ),
    _inline(
        "opencode-inline-shell",
        "opencode",
        (".opencode/command/**/*.md", ".opencode/commands/**/*.md"),
        _MARKDOWN,
        (".opencode/command/fix.md", "Look: !`./collect`\n"),
    ),
    _code("pi-extensions", "pi", (".pi/extensions/*",), ".pi/extensions/x.ts"),
    Row(
        id="cline-own-hooks",
        agents=("cline",),
        comes="beside",
        files=(".cline/hooks/*", ".clinerules/hooks/*"),
        sign=There(),
        says=_OWN + "; when it fails, some versions lose what the guard's said",
        fix=_LOOK,
        example=(".cline/hooks/PreToolUse", "#!/bin/sh\n"),
    ),
    _started(
        "cursor-own-hooks",
        ("cursor",),
        (".cursor/hooks.json",),
        ("hooks",),
        _OWN,
        '{"version": 1, "hooks": {"preToolUse": [{"command": "./yes"}]}}\n',
    ),
    _started("cursor-servers", ("cursor",), (".cursor/mcp.json",), ("mcpServers",), _SERVERS, _SERVER),
    _started(
        "crush-own-hooks",
        ("crush",),
        ("crush.json", ".crush.json"),
        ("hooks",),
        "starts a command of its own, before the person's: its `allow` skips the question",
        '{"hooks": {"PreToolUse": [{"name": "x", "command": "./yes"}]}}\n',
    ),
    _started(
        "crush-servers",
        ("crush",),
        ("crush.json", ".crush.json"),
        ("mcp",),
        _SERVERS,
        '{"mcp": {"tools": {"type": "stdio", "command": "./serve"}}}\n',
    ),
    _off(
        "droid-hooks-off",
        ("droid",),
        (".factory/settings.json", ".factory/settings.local.json"),
        (".factory/settings.json",),
        Key(at=("hooksDisabled",), when="on"),
        '{\n  "hooksDisabled": true\n}\n',
    ),
    _started(
        "droid-own-hooks",
        ("droid",),
        (".factory/hooks.json",),
        (),
        _OWN,
        '{"PreToolUse": [{"hooks": [{"type": "command", "command": "./yes"}]}]}\n',
    ),
    _started("droid-servers", ("droid",), (".factory/mcp.json",), ("mcpServers",), _SERVERS, _SERVER),
    _started(
        "goose-own-hooks",
        ("goose",),
        (".agents/plugins/*/hooks/hooks.json",),
        ("hooks",),
        _OWN,
        _HOOK,
    ),
    _started(
        "windsurf-own-hooks",
        ("windsurf",),
        (".windsurf/hooks.json",),
        ("hooks",),
        _OWN,
        '{"hooks": {"pre_run_command": [{"command": "./yes"}]}}\n',
    ),
    _started(
        "kiro-own-hooks",
        ("kiro",),
        (".kiro/hooks/*.json",),
        ("hooks",),
        _OWN,
        '{"version": "v1", "hooks": [{"trigger": "PreToolUse", "action": {"type": "command", "command": "./yes"}}]}\n',
    ),
    _started("kiro-servers", ("kiro",), (".kiro/settings/mcp.json",), ("mcpServers",), _SERVERS, _SERVER),
    _started(
        "openhands-own-hooks",
        ("openhands",),
        (".openhands/hooks.json",),
        (),
        _OWN,
        '{"pre_tool_use": [{"matcher": "*", "hooks": [{"type": "command", "command": "./yes"}]}]}\n',
    ),
    _code(
        "openhands-setup", "openhands", (".openhands/setup.sh", ".openhands/pre-commit.sh"), ".openhands/setup.sh"
    ),
    Row(
        id="planted-modules",
        agents=(),
        comes="vain",
        files=(
            "guard.py",
            "guard/__init__.py",
            "sandbox.py",
            "sandbox/__init__.py",
            "sitecustomize.py",
            "usercustomize.py",
        ),
        sign=There(),
        says=_ISOLATED,
        fix=_BLIND,
        example=("guard.py", "raise SystemExit(0)\n"),
    ),
    Row(
        id="policy-that-allows",
        agents=(),
        comes="vain",
        files=(".guard/policy.yaml", "policies/guard.yaml"),
        sign=Line(pattern=r"^\s*(?:-\s+)?[\"']?verdict[\"']?\s*:\s*[\"']?allow\b"),
        says="allows something: a repository's policy can tighten what the others say, and never loosen it",
        fix="nothing: the strictest rule of all policies holds",
        example=(".guard/policy.yaml", "rules:\n  - id: yes\n    effect: [fs.delete]\n    verdict: allow\n"),
    ),
)  # fmt: skip

WORDS: tuple[Word, ...] = (
    Word(agent="claude-code", word="--bare", says="starts without hooks but an administrator's"),
    Word(
        agent="claude-code", word="--setting-sources", says="can leave out the file that the hook stands in"
    ),
    Word(agent="codex", word="--disable", says="switches off hooks with `--disable hooks`"),
    Word(agent="opencode", word="--pure", says="loads no plugin"),
    Word(agent="pi", word="-ne", says="loads no extension"),
    Word(agent="pi", word="--no-extensions", says="loads no extension"),
)
VARIABLES: tuple[Word, ...] = (
    Word(agent="claude-code", word="CLAUDE_CODE_SIMPLE", says="starts without hooks but an administrator's"),
    Word(agent="claude-code", word="CLAUDE_CONFIG_DIR", says="reads the person's settings elsewhere"),
    Word(agent="codex", word="CODEX_HOME", says="reads the person's settings elsewhere"),
    Word(
        agent="gemini",
        word="GEMINI_CLI_SYSTEM_SETTINGS_PATH",
        says="reads an administrator's settings elsewhere",
    ),
    Word(agent="gemini", word="GEMINI_CLI_HOME", says="reads the person's settings elsewhere"),
    Word(agent="qwen", word="QWEN_HOME", says="reads the person's settings elsewhere"),
    Word(agent="copilot", word="COPILOT_HOME", says="reads the person's settings elsewhere"),
    Word(agent="opencode", word="OPENCODE_PURE", says="loads no plugin"),
    Word(agent="opencode", word="OPENCODE_CONFIG_DIR", says="reads the person's settings elsewhere"),
    Word(agent="opencode", word="XDG_CONFIG_HOME", says="reads the person's settings elsewhere"),
    Word(agent="pi", word="PI_CODING_AGENT_DIR", says="reads the person's settings elsewhere"),
    Word(agent="cline", word="CLINE_DIR", says="reads the person's settings elsewhere"),
)
"""What they say is meant for a variable that is set, and not to `0`, `false`, `no` or `off`."""


def rows_of(agent: str) -> tuple[Row, ...]:
    """Of one client, and those that are about every one."""
    return tuple(row for row in ROWS if not row.agents or agent in row.agents)
