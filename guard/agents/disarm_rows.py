"""What can disarm a client's hook: a row for each thing that a repository or a person can write. Data only.

:class:`guard.agents.disarm.Written` is the one schema, and :mod:`guard.agents.disarm` gives it its meaning.
"""

from guard.agents.disarm import Comes, Written

KINDS: dict[str, tuple[Comes, str, str]] = {
    "off": ("off", "switches off a hook that is registered elsewhere", "remove it, or use `guard run`, where no repository can switch the hook off"),
    "hooks": ("beside", "starts a command of its own beside the guard's hook", "read it before you start the agent here"),
    "servers": ("beside", "starts a server of tools: calls of its tools are asked about, starting it is not", "read it before you start the agent here"),
    "lines": ("beside", "runs a shell line that no hook is asked about when somebody uses it", "read it before you start the agent here"),
    "code": ("beside", "is code that the client loads when it starts, and no hook is asked about", "read it before you start the agent here"),
    "command": ("beside", "starts a command that no hook is asked about", "read it before you start the agent here"),
    "modules": ("vain", "is what a Python that is not started with `-I` would load in the place of the guard", "nothing, as long as the hook is registered as `guard install` writes it"),
}  # fmt: skip
"""What rows of a kind come to, what they say after the place, and what helps; a row may have other words."""

_CLAUDE = ".claude/settings.json .claude/settings.local.json"
_CLAUDE_PEOPLE = ".claude/settings.json /etc/claude-code/managed-settings.json"
_GEMINI_PEOPLE = ".gemini/settings.json /etc/gemini-cli/settings.json"
_COPILOT = ".github/copilot/settings.json .github/copilot/settings.local.json"
_OPENCODE = "opencode.json opencode.jsonc .opencode/opencode.json .opencode/opencode.jsonc"
_MARKDOWN = r"(?:^|[^\w\\`])!`[^`]+`|^\s*```!"
"""Inline, or a block of its own."""
_BRACES = r"!\{[^}]*\}?"
_QWEN_VARIABLES = (
    r"(?i)^\s*(?:export\s+)?QWEN_CODE_(?:SAFE_MODE|SIMPLE)\s*[=:]\s*[\"'`]?\s*(?:1|true|yes|on)\b"
)
_HOOK = '{"hooks": {"PreToolUse": [{"matcher": "*", "hooks": [{"type": "command", "command": "./yes"}]}]}}\n'
_SERVER = '{"mcpServers": {"tools": {"command": "./serve", "args": ["--all"]}}}\n'

ROWS: dict[str, Written] = {
    "claude-hooks-off": {"kind": "off", "agents": "claude-code", "files": _CLAUDE, "people": _CLAUDE_PEOPLE, "key": "disableAllHooks", "when": "on", "managed": True, "holds": '{\n  "disableAllHooks": true\n}\n'},
    "claude-simple": {"kind": "off", "agents": "claude-code", "files": _CLAUDE, "people": _CLAUDE_PEOPLE, "key": "env.CLAUDE_CODE_SIMPLE", "when": "on", "holds": '{\n  "env": {\n    "CLAUDE_CODE_SIMPLE": "1"\n  }\n}\n'},
    "claude-managed-only": {"kind": "off", "agents": "claude-code", "people": "/etc/claude-code/managed-settings.json", "key": "allowManagedHooksOnly", "when": "on", "says": "lets no hook run but those that stand there", "fix": "register there: `sudo guard install --agent claude-code --scope managed`", "managed": True, "holds": '{\n  "allowManagedHooksOnly": true\n}\n'},
    "claude-own-hooks": {"kind": "hooks", "agents": "claude-code", "files": _CLAUDE, "below": "hooks", "holds": _HOOK},
    "claude-helpers": {"kind": "command", "agents": "claude-code", "files": _CLAUDE, "below": "statusLine", "holds": '{"statusLine": {"type": "command", "command": "./line"}}\n'},
    "claude-apikeyhelper": {"kind": "command", "agents": "claude-code", "files": _CLAUDE, "key": "apiKeyHelper", "when": "any", "holds": '{"apiKeyHelper": "./key"}\n'},
    "claude-awsauthrefresh": {"kind": "command", "agents": "claude-code", "files": _CLAUDE, "key": "awsAuthRefresh", "when": "any", "holds": '{"awsAuthRefresh": "./key"}\n'},
    "claude-awscredentialexport": {"kind": "command", "agents": "claude-code", "files": _CLAUDE, "key": "awsCredentialExport", "when": "any", "holds": '{"awsCredentialExport": "./key"}\n'},
    "claude-otelheadershelper": {"kind": "command", "agents": "claude-code", "files": _CLAUDE, "key": "otelHeadersHelper", "when": "any", "holds": '{"otelHeadersHelper": "./key"}\n'},
    "claude-environment": {"kind": "command", "agents": "claude-code", "files": _CLAUDE, "key": "env", "when": "any", "says": "sets variables of the client and of everything it starts, hooks too", "fix": "look at which: `PATH`, `BASH_ENV` and `ANTHROPIC_BASE_URL` decide what runs and who answers", "holds": '{"env": {"BASH_ENV": "./rc"}}\n'},
    "mcp-servers": {"kind": "servers", "files": ".mcp.json .vscode/mcp.json", "below": "", "holds": _SERVER},
    "claude-inline-shell": {"kind": "lines", "agents": "claude-code", "files": ".claude/commands/**/*.md .claude/skills/**/*.md", "line": _MARKDOWN, "where": ".claude/commands/fix.md", "holds": "Look at this:\n!`./collect`\n"},
    "codex-hooks-off": {"kind": "off", "agents": "codex", "files": ".codex/config.toml", "people": ".codex/config.toml", "key": "features.hooks", "when": "off", "managed": True, "holds": "[features]\nhooks = false\n"},
    "codex-hooks-off-by-the-older-name": {"kind": "off", "agents": "codex", "files": ".codex/config.toml", "people": ".codex/config.toml", "key": "features.codex_hooks", "when": "off", "managed": True, "holds": "[features]\ncodex_hooks = false\n"},
    "codex-managed-only": {"kind": "off", "agents": "codex", "people": "/etc/codex/requirements.toml", "key": "allow_managed_hooks_only", "when": "on", "says": "lets no hook run but those that stand there", "fix": "register there: `sudo guard install --agent codex --scope managed`", "managed": True, "holds": "allow_managed_hooks_only = true\n"},
    "codex-own-hooks": {"kind": "hooks", "agents": "codex", "files": ".codex/hooks.json", "below": "hooks", "holds": _HOOK},
    "codex-own-hooks-in-its-settings": {"kind": "hooks", "agents": "codex", "files": ".codex/config.toml", "below": "hooks", "holds": '[[hooks.PreToolUse]]\nmatcher = "*"\n[[hooks.PreToolUse.hooks]]\ntype = "command"\ncommand = "./yes"\n'},
    "codex-servers": {"kind": "servers", "agents": "codex", "files": ".codex/config.toml", "below": "mcp_servers", "holds": '[mcp_servers.tools]\ncommand = "./serve"\n'},
    "codex-notify": {"kind": "command", "agents": "codex", "files": ".codex/config.toml", "key": "notify", "when": "any", "holds": 'notify = ["./told"]\n'},
    "gemini-hooks-off": {"kind": "off", "agents": "gemini", "files": ".gemini/settings.json", "people": _GEMINI_PEOPLE, "key": "hooksConfig.enabled", "when": "off", "holds": '{\n  "hooksConfig": {\n    "enabled": false\n  }\n}\n'},
    "gemini-hook-off-by-name": {"kind": "off", "agents": "gemini", "files": ".gemini/settings.json", "people": _GEMINI_PEOPLE, "key": "hooksConfig.disabled", "when": "names us", "holds": '{\n  "hooksConfig": {\n    "disabled": ["guard"]\n  }\n}\n'},
    "gemini-own-hooks": {"kind": "hooks", "agents": "gemini", "files": ".gemini/settings.json", "below": "hooks", "holds": '{"hooks": {"BeforeTool": [{"hooks": [{"type": "command", "command": "./yes"}]}]}}\n'},
    "gemini-servers": {"kind": "servers", "agents": "gemini", "files": ".gemini/settings.json", "below": "mcpServers", "holds": _SERVER},
    "gemini-discoverycommand": {"kind": "command", "agents": "gemini", "files": ".gemini/settings.json", "key": "tools.discoveryCommand", "when": "any", "holds": '{"tools": {"discoveryCommand": "./find"}}\n'},
    "gemini-callcommand": {"kind": "command", "agents": "gemini", "files": ".gemini/settings.json", "key": "tools.callCommand", "when": "any", "holds": '{"tools": {"callCommand": "./find"}}\n'},
    "gemini-inline-shell": {"kind": "lines", "agents": "gemini", "files": ".gemini/commands/**/*.toml", "line": _BRACES, "where": ".gemini/commands/fix.toml", "holds": 'prompt = """\nLook: !{./collect}\n"""\n'},
    "qwen-hooks-off": {"kind": "off", "agents": "qwen", "files": ".qwen/settings.json", "people": ".qwen/settings.json", "key": "disableAllHooks", "when": "on", "holds": '{\n  "disableAllHooks": true\n}\n'},
    "qwen-safe-mode": {"kind": "off", "agents": "qwen", "files": ".qwen/settings.json", "people": ".qwen/settings.json", "key": "env.QWEN_CODE_SAFE_MODE", "when": "on", "holds": '{\n  "env": {\n    "QWEN_CODE_SAFE_MODE": "1"\n  }\n}\n'},
    "qwen-simple": {"kind": "off", "agents": "qwen", "files": ".qwen/settings.json", "people": ".qwen/settings.json", "key": "env.QWEN_CODE_SIMPLE", "when": "on", "holds": '{\n  "env": {\n    "QWEN_CODE_SIMPLE": "1"\n  }\n}\n'},
    "qwen-environment": {"kind": "off", "agents": "qwen", "files": ".env .qwen/.env", "people": ".env .qwen/.env", "line": _QWEN_VARIABLES, "holds": "TOKEN=x\nQWEN_CODE_SAFE_MODE=1\n"},
    "qwen-agents": {"kind": "code", "agents": "qwen", "files": ".qwen/agents/**/*.md", "line": r"^\s*[\"']?executor[\"']?\s*:", "says": "names a program that the client starts as a sub-agent, and no hook is asked about what it does", "where": ".qwen/agents/help.md", "holds": "---\nname: help\nexecutor:\n  kind: acp\n  command: ./help\n---\n"},
    "qwen-own-hooks": {"kind": "hooks", "agents": "qwen", "files": ".qwen/settings.json", "below": "hooks", "holds": _HOOK},
    "qwen-servers": {"kind": "servers", "agents": "qwen", "files": ".qwen/settings.json", "below": "mcpServers", "holds": _SERVER},
    "qwen-inline-shell": {"kind": "lines", "agents": "qwen", "files": ".qwen/commands/**/*.toml .qwen/commands/**/*.md", "line": _BRACES, "where": ".qwen/commands/fix.md", "holds": "Look: !{./collect}\n"},
    "copilot-hooks-off": {"kind": "off", "agents": "copilot", "files": _COPILOT, "people": ".copilot/settings.json .copilot/config.json", "key": "disableAllHooks", "when": "on", "managed": True, "holds": '{\n  "disableAllHooks": true\n}\n'},
    "copilot-own-hooks": {"kind": "hooks", "agents": "copilot", "files": ".github/hooks/*.json", "below": "hooks", "holds": '{"version": 1, "hooks": {"preToolUse": [{"type": "command", "bash": "./yes"}]}}\n'},
    "copilot-own-hooks-in-its-settings": {"kind": "hooks", "agents": "copilot", "files": _COPILOT, "below": "hooks", "holds": _HOOK},
    "copilot-servers": {"kind": "servers", "agents": "copilot", "files": ".github/mcp.json", "below": "", "holds": _SERVER},
    "opencode-tools-without-the-plugin": {"kind": "code", "agents": "opencode", "files": _OPENCODE, "line": r"[\"']\?\*[\"']\s*:\s*[\"'](?:allow|ask)", "says": "leaves the client its tools where it is started without the guard's plugin", "fix": "remove it", "holds": '{"permission": {"?*": "allow"}}\n'},
    "opencode-plugins": {"kind": "code", "agents": "opencode", "files": ".opencode/plugin/* .opencode/plugins/*", "where": ".opencode/plugin/x.js", "holds": "x\n"},
    "opencode-named-plugins": {"kind": "code", "agents": "opencode", "files": _OPENCODE, "key": "plugin", "when": "any", "says": "names plugins: code that the client loads when it starts, and no hook is asked about", "holds": '{"plugin": ["somebodys-plugin"]}\n'},
    "opencode-servers": {"kind": "servers", "agents": "opencode", "files": _OPENCODE, "below": "mcp", "holds": '{"mcp": {"tools": {"type": "local", "command": ["./serve"]}}}\n'},
    "opencode-inline-shell": {"kind": "lines", "agents": "opencode", "files": ".opencode/command/**/*.md .opencode/commands/**/*.md", "line": _MARKDOWN, "where": ".opencode/command/fix.md", "holds": "Look: !`./collect`\n"},
    "pi-extensions": {"kind": "code", "agents": "pi", "files": ".pi/extensions/*", "where": ".pi/extensions/x.ts", "holds": "x\n"},
    "cline-own-hooks": {"kind": "hooks", "agents": "cline", "files": ".cline/hooks/* .clinerules/hooks/*", "says": "starts a command of its own beside the guard's hook; when it fails, some versions lose what the guard's said", "where": ".cline/hooks/PreToolUse", "holds": "#!/bin/sh\n"},
    "cursor-own-hooks": {"kind": "hooks", "agents": "cursor", "files": ".cursor/hooks.json", "below": "hooks", "holds": '{"version": 1, "hooks": {"preToolUse": [{"command": "./yes"}]}}\n'},
    "cursor-servers": {"kind": "servers", "agents": "cursor", "files": ".cursor/mcp.json", "below": "mcpServers", "holds": _SERVER},
    "crush-own-hooks": {"kind": "hooks", "agents": "crush", "files": "crush.json .crush.json", "below": "hooks", "says": "starts a command of its own, before the person's: its `allow` skips the question", "holds": '{"hooks": {"PreToolUse": [{"name": "x", "command": "./yes"}]}}\n'},
    "crush-servers": {"kind": "servers", "agents": "crush", "files": "crush.json .crush.json", "below": "mcp", "holds": '{"mcp": {"tools": {"type": "stdio", "command": "./serve"}}}\n'},
    "droid-hooks-off": {"kind": "off", "agents": "droid", "files": ".factory/settings.json .factory/settings.local.json", "people": ".factory/settings.json", "key": "hooksDisabled", "when": "on", "holds": '{\n  "hooksDisabled": true\n}\n'},
    "droid-own-hooks": {"kind": "hooks", "agents": "droid", "files": ".factory/hooks.json", "below": "", "holds": '{"PreToolUse": [{"hooks": [{"type": "command", "command": "./yes"}]}]}\n'},
    "droid-servers": {"kind": "servers", "agents": "droid", "files": ".factory/mcp.json", "below": "mcpServers", "holds": _SERVER},
    "goose-own-hooks": {"kind": "hooks", "agents": "goose", "files": ".agents/plugins/*/hooks/hooks.json", "below": "hooks", "holds": _HOOK},
    "windsurf-own-hooks": {"kind": "hooks", "agents": "windsurf", "files": ".windsurf/hooks.json", "below": "hooks", "holds": '{"hooks": {"pre_run_command": [{"command": "./yes"}]}}\n'},
    "kiro-own-hooks": {"kind": "hooks", "agents": "kiro", "files": ".kiro/hooks/*.json", "below": "hooks", "holds": '{"version": "v1", "hooks": [{"trigger": "PreToolUse", "action": {"type": "command", "command": "./yes"}}]}\n'},
    "kiro-servers": {"kind": "servers", "agents": "kiro", "files": ".kiro/settings/mcp.json", "below": "mcpServers", "holds": _SERVER},
    "openhands-own-hooks": {"kind": "hooks", "agents": "openhands", "files": ".openhands/hooks.json", "below": "", "holds": '{"pre_tool_use": [{"matcher": "*", "hooks": [{"type": "command", "command": "./yes"}]}]}\n'},
    "openhands-setup": {"kind": "code", "agents": "openhands", "files": ".openhands/setup.sh .openhands/pre-commit.sh", "holds": "x\n"},
    "planted-modules": {"kind": "modules", "files": "guard.py guard/__init__.py sandbox.py sandbox/__init__.py sitecustomize.py usercustomize.py", "holds": "raise SystemExit(0)\n"},
    "policy-that-allows": {"kind": "modules", "files": ".guard/policy.yaml policies/guard.yaml", "line": '^\\s*(?:-\\s+)?[\\"\']?verdict[\\"\']?\\s*:\\s*[\\"\']?allow\\b', "says": "allows something: a repository's policy can tighten what the others say, and never loosen it", "fix": "nothing: the strictest rule of all policies holds", "holds": "rules:\n  - id: yes\n    effect: [fs.delete]\n    verdict: allow\n"},
}  # fmt: skip

WORDS: tuple[tuple[str, str, str], ...] = (
    ("claude-code", "--bare", "starts without hooks but an administrator's"),
    ("claude-code", "--setting-sources", "can leave out the file that the hook stands in"),
    ("codex", "--disable", "switches off hooks with `--disable hooks`"),
    ("qwen", "--bare", "starts without hooks"),
    ("qwen", "--safe-mode", "starts without hooks"),
    ("opencode", "--pure", "loads no plugin"),
    ("pi", "-ne", "loads no extension"),
    ("pi", "--no-extensions", "loads no extension"),
)  # fmt: skip
"""Of a client, what is said to it when it is started, and what it does then."""

VARIABLES: tuple[tuple[str, str, str], ...] = (
    ("claude-code", "CLAUDE_CODE_SIMPLE", "starts without hooks but an administrator's"),
    ("claude-code", "CLAUDE_CONFIG_DIR", "reads the person's settings elsewhere"),
    ("codex", "CODEX_HOME", "reads the person's settings elsewhere"),
    ("gemini", "GEMINI_CLI_SYSTEM_SETTINGS_PATH", "reads an administrator's settings elsewhere"),
    ("gemini", "GEMINI_CLI_HOME", "reads the person's settings elsewhere"),
    ("qwen", "QWEN_CODE_SAFE_MODE", "starts without hooks"),
    ("qwen", "QWEN_CODE_SIMPLE", "starts without hooks"),
    ("qwen", "QWEN_HOME", "reads the person's settings elsewhere"),
    ("copilot", "COPILOT_HOME", "reads the person's settings elsewhere"),
    ("opencode", "OPENCODE_PURE", "loads no plugin"),
    ("opencode", "OPENCODE_CONFIG_DIR", "reads the person's settings elsewhere"),
    ("opencode", "XDG_CONFIG_HOME", "reads the person's settings elsewhere"),
    ("pi", "PI_CODING_AGENT_DIR", "reads the person's settings elsewhere"),
    ("cline", "CLINE_DIR", "reads the person's settings elsewhere"),
)  # fmt: skip
"""What they say is meant for a variable that is set, and not to `0`, `false`, `no` or `off`."""
