"""Configurations as people have them: (name, agent, bytes). Each with something that a rewritten file would lose."""

CONFIGURATIONS: list[tuple[str, str, bytes]] = [
    ("claude, nothing in it", "claude-code", b"{}"),
    ("claude, empty file", "claude-code", b""),
    (
        "claude, permissions, four blanks",
        "claude-code",
        b'{\n    "permissions": {\n        "allow": ["Bash(npm test:*)"],\n        "deny": []\n    },\n    "model": "opus"\n}\n',
    ),
    (
        "claude, another PreToolUse hook",
        "claude-code",
        b'{\n  "hooks": {\n    "PreToolUse": [\n      {"matcher": "Bash", "hooks": [{"type": "command", "command": "~/bin/lint.sh"}]}\n    ]\n  }\n}\n',
    ),
    (
        "claude, other events, tabs, no newline at the end",
        "claude-code",
        b'{\n\t"hooks": {\n\t\t"Stop": [\n\t\t\t{ "hooks": [ { "type": "command", "command": "say done" } ] }\n\t\t]\n\t},\n\t"env": { "A": "1" }\n}',
    ),
    (
        "claude, Windows line ends",
        "claude-code",
        b'{\r\n  "model": "sonnet",\r\n  "hooks": {\r\n    "PreToolUse": []\r\n  }\r\n}\r\n',
    ),
    ("claude, all on one line", "claude-code", b'{"model":"opus","hooks":{"PostToolUse":[]}}\n'),
    (
        "claude, comments and trailing commas",
        "claude-code",
        b'// mine\n{\n  // which one\n  "model": "opus", // the big one\n  /* hooks: none yet */\n  "cleanupPeriodDays": 5,\n}\n',
    ),
    ("claude, a byte order mark", "claude-code", b'\xef\xbb\xbf{\n  "model": "opus"\n}\n'),
    (
        "claude, other scripts and escapes",
        "claude-code",
        '{\n  "outputStyle": "Erklärend ✨",\n  "statusLine": {"command": "echo \\u00e9\\/x"}\n}\n'.encode(),
    ),
    (
        "codex, hooks of others",
        "codex",
        b'{\n  "hooks": {\n    "PreToolUse": [\n      {\n        "matcher": "apply_patch",\n        "hooks": [\n          { "type": "command", "command": "format" } // after each patch\n        ]\n      }\n    ],\n    "Stop": []\n  }\n}\n',
    ),
    ("codex, a list of nothing", "codex", b'{"hooks": {"PreToolUse": [\n\n]}}\n'),
    (
        "gemini, servers and a theme",
        "gemini",
        b'{\n  "theme": "Dracula",\n  "mcpServers": {\n    "db": { "command": "npx", "args": ["-y", "db-mcp"], "env": {"URL": "x"} }\n  },\n  "hooksConfig": { "enabled": true }\n}\n',
    ),
    (
        "gemini, a hook before a tool",
        "gemini",
        b'{\n  "hooks": {\n    "BeforeTool": [{ "matcher": "write_file", "hooks": [{ "name": "w", "type": "command", "command": "w" }] }],\n    "AfterTool": []\n  },\n  "selectedAuthType": "oauth"\n}\n',
    ),
    ("qwen, plain", "qwen", b'{\n  "tools": {"approvalMode": "default"},\n  "$version": 2\n}'),
    (
        "cursor, two hooks",
        "cursor",
        b'{\n  "version": 1,\n  "hooks": {\n    "beforeShellExecution": [{ "command": "./audit.sh" }],\n    "afterFileEdit": [{ "command": "./format.sh" }]\n  }\n}\n',
    ),
    ("cursor, without a version", "cursor", b'{"hooks": {}}'),
    (
        "crush, providers",
        "crush",
        b'{\n  "$schema": "https://charm.land/crush.json",\n  "lsp": {\n    "go": { "command": "gopls" }\n  },\n  "providers": {}\n}\n',
    ),
    (
        "windsurf, one event",
        "windsurf",
        b'{\n  "hooks": {\n    "pre_run_command": [\n      {\n        "command": "python3 log.py",\n        "show_output": false\n      }\n    ]\n  }\n}\n',
    ),
    (
        "droid, events at the top",
        "droid",
        b'{\n  "PreToolUse": [\n    {\n      "matcher": "Execute",\n      "hooks": [{ "type": "command", "command": "check" }]\n    }\n  ],\n  "Stop": []\n}\n',
    ),
    (
        "droid, ours between others",
        "droid",
        b'{"PreToolUse": [{"matcher": "A", "hooks": []}], "SessionStart": [{"matcher": "", "hooks": []}]}',
    ),
    ("claude, deep and wide", "claude-code", b'{"a": {"b": [1, 2, {"c": null}]}, "hooks": {"PreToolUse": [{"hooks": []}]}, "z": "}]"}\n'),
]  # fmt: skip
