"""Payloads as clients send them, and to the byte what the registered line has to answer. Data, and the comparison.

A client that cannot be started without a person is at least answered by what it would start.
"""

import json
import re
from typing import Any

from guard.model.dataclass import dataclass

REASON = "@REASON"
"""In an expected answer: the guard's words, wherever they stand the same."""
_CANARY = "rm -rf @HOME/canary"
_HARMLESS = "cat README.md"
_STARTUP = "@HOME/.bashrc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    name: str
    payload: str
    """With ``@HOME`` and ``@WORK`` for directories."""
    denied: bool
    malformed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    stdout: str
    stderr: str = ""


def _claude(tool: str, **given: Any) -> dict[str, Any]:
    return {
        "session_id": "replay",
        "transcript_path": "@HOME/t.jsonl",
        "cwd": "@WORK",
        "permission_mode": "default",
        "hook_event_name": "PreToolUse",
        "tool_name": tool,
        "tool_input": given,
        "tool_use_id": "toolu_1",
    }


def _codex(tool: str, **given: Any) -> dict[str, Any]:
    return {**_claude(tool, **given), "turn_id": "1", "model": "gpt-5", "transcript_path": None}


def _gemini(tool: str, **given: Any) -> dict[str, Any]:
    return {
        "session_id": "replay",
        "transcript_path": "@HOME/t.json",
        "cwd": "@WORK",
        "hook_event_name": "BeforeTool",
        "timestamp": "2026-11-26T12:00:00.000Z",
        "tool_name": tool,
        "tool_input": given,
    }


def _qwen(tool: str, **given: Any) -> dict[str, Any]:
    return {**_claude(tool, **given), "timestamp": "2026-11-26T12:00:00.000Z", "tool_call_id": "1"}


def _copilot(tool: str, **given: Any) -> dict[str, Any]:
    return {
        "sessionId": "replay",
        "timestamp": 1795700000000,
        "cwd": "@WORK",
        "toolName": tool,
        "toolArgs": given,
    }


def _cursor(event: str, **given: Any) -> dict[str, Any]:
    return {
        "conversation_id": "c",
        "generation_id": "g",
        "model": "m",
        "hook_event_name": event,
        "cursor_version": "2.3.0",
        "workspace_roots": ["@WORK"],
        "user_email": None,
        "transcript_path": None,
        **given,
    }


def _cline(tool: str, **given: Any) -> dict[str, Any]:
    return {
        "clineVersion": "3.0.65",
        "timestamp": "1795700000000",
        "taskId": "t",
        "sessionContext": {"rootSessionId": "s"},
        "workspaceRoots": ["@WORK"],
        "userId": "u",
        "agent_id": "a",
        "parent_agent_id": None,
        "hookName": "tool_call",
        "iteration": 1,
        "tool_call": {"id": "1", "name": tool, "input": given},
    }


def _opencode(tool: str, **given: Any) -> dict[str, Any]:
    return {
        "hook_event_name": "tool.execute.before",
        "input": {"tool": tool, "sessionID": "s", "callID": "c"},
        "output": {"args": given},
        "directory": "@WORK",
    }


def _pi(tool: str, **given: Any) -> dict[str, Any]:
    return {
        "hook_event_name": "tool_call",
        "event": {"type": "tool_call", "toolName": tool, "toolCallId": "c", "input": given},
        "cwd": "@WORK",
    }


def _openhands(tool: str, **given: Any) -> dict[str, Any]:
    return {
        "event_type": "PreToolUse",
        "tool_name": tool,
        "tool_input": given,
        "session_id": "replay",
        "working_dir": "@WORK",
        "metadata": {},
    }


def _goose(tool: str, **given: Any) -> dict[str, Any]:
    return {
        "event": "PreToolUse",
        "session_id": "replay",
        "matcher_context": tool,
        "tool_name": tool,
        "tool_input": given,
        "working_dir": "@WORK",
        "tool_call_id": "c",
    }


def _crush(tool: str, **given: Any) -> dict[str, Any]:
    return {
        "event": "PreToolUse",
        "session_id": "replay",
        "cwd": "@WORK",
        "tool_name": tool,
        "tool_input": given,
    }


def _windsurf(action: str, **given: Any) -> dict[str, Any]:
    return {
        "agent_action_name": action,
        "trajectory_id": "t",
        "execution_id": "e",
        "timestamp": "2026-11-26T12:00:00Z",
        "tool_info": given,
    }


def _kiro(tool: str, **given: Any) -> dict[str, Any]:
    return {
        "hook_event_name": "PreToolUse",
        "cwd": "@WORK",
        "session_id": "replay",
        "tool_name": tool,
        "tool_input": given,
    }


_WRITE = {"file_path": _STARTUP, "content": "x\n"}
_EDIT = f"*** Begin Patch\n*** Add File: {_STARTUP}\n+x\n*** End Patch"
_BASH: dict[str, Any] = {"command": _HARMLESS, "mode": "sync", "initial_wait": 10}
PAYLOADS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "claude-code": (
        _claude("Bash", command=_HARMLESS),
        _claude("Bash", command=_CANARY),
        _claude("Write", **_WRITE),
    ),
    "codex": (
        _codex("Bash", command=_HARMLESS),
        _codex("Bash", command=_CANARY),
        _codex("apply_patch", command=_EDIT),
    ),
    "gemini": (
        _gemini("run_shell_command", command=_HARMLESS),
        _gemini("run_shell_command", command=_CANARY),
        _gemini("write_file", **_WRITE),
    ),
    "qwen": (
        _qwen("run_shell_command", command=_HARMLESS, is_background=False),
        _qwen("run_shell_command", command=_CANARY, is_background=False),
        _qwen("write_file", **_WRITE),
    ),
    "copilot": (
        _copilot("bash", **_BASH),
        _copilot("bash", **{**_BASH, "command": _CANARY}),
        _copilot("create", path=_STARTUP, file_text="x\n"),
    ),
    "cursor": (
        _cursor("beforeShellExecution", command=_HARMLESS, cwd="@WORK"),
        _cursor("beforeShellExecution", command=_CANARY, cwd=""),
        _cursor("preToolUse", tool_name="Write", tool_input=_WRITE, tool_use_id="t"),
    ),
    "cline": (
        _cline("run_commands", commands=[_HARMLESS]),
        _cline("run_commands", commands=[_CANARY]),
        _cline("editor", path=_STARTUP, new_text="x\n"),
    ),
    "opencode": (
        _opencode("bash", command=_HARMLESS, description="d"),
        _opencode("bash", command=_CANARY, description="d"),
        _opencode("write", filePath=_STARTUP, content="x\n"),
    ),
    "pi": (
        _pi("bash", command=_HARMLESS),
        _pi("bash", command=_CANARY),
        _pi("write", path=_STARTUP, content="x\n"),
    ),
    "openhands": (
        _openhands("terminal", command=_HARMLESS, is_input=False),
        _openhands("terminal", command=_CANARY, is_input=False),
        _openhands("file_editor", command="create", path=_STARTUP, file_text="x\n"),
    ),
    "goose": (
        _goose("developer__shell", command=_HARMLESS),
        _goose("developer__shell", command=_CANARY),
        _goose("developer__write", path=_STARTUP, content="x\n"),
    ),
    "crush": (
        _crush("bash", command=_HARMLESS),
        _crush("bash", command=_CANARY),
        _crush("write", **_WRITE),
    ),
    "windsurf": (
        _windsurf("pre_run_command", command_line=_HARMLESS, cwd="@WORK"),
        _windsurf("pre_run_command", command_line=_CANARY, cwd="@WORK"),
        _windsurf("pre_write_code", file_path=_STARTUP, edits=[{"old_string": "", "new_string": "x\n"}]),
    ),
    "kiro": (
        _kiro("execute_bash", command=_HARMLESS),
        _kiro("execute_bash", command=_CANARY),
        _kiro("fs_write", path=_STARTUP, command="create", file_text="x\n"),
    ),
    "droid": (
        _claude("Execute", command=_HARMLESS, riskLevel="low"),
        _claude("Execute", command=_CANARY, riskLevel="low"),
        _claude("Create", **_WRITE),
    ),
}
"""A command that is allowed, one that is denied, and a file that is denied."""


def replays(agent: str) -> tuple[Replay, ...]:
    allowed, command, file = (json.dumps(one) for one in PAYLOADS[agent])
    return (
        Replay(name="a command that is allowed", payload=allowed, denied=False),
        Replay(name="a command that is denied", payload=command, denied=True),
        Replay(name="a file that is denied", payload=file, denied=True),
        Replay(name="a payload that is cut off", payload=command[:-9], denied=True, malformed=True),
    )


_NOTHING = Answer(status=0, stdout="")
_CLAUDE = (
    '{"hookSpecificOutput": {"hookEventName": "PreToolUse", "permissionDecision": "deny",'
    ' "permissionDecisionReason": "@REASON"}}\n'
)
_EITHER = '{"decision": "deny", "reason": "@REASON"}\n'
_WORDS = Answer(status=2, stdout="", stderr="@REASON\n")
ALLOWED: dict[str, Answer] = {
    "cursor": Answer(status=0, stdout="{}\n"),
    "opencode": Answer(status=0, stdout='{"decision": "allow"}\n'),
    "pi": Answer(status=0, stdout='{"decision": "allow"}\n'),
}
"""Where it is something: the others are told nothing."""
DENIED: dict[str, Answer] = {
    "claude-code": Answer(status=0, stdout=_CLAUDE),
    "codex": Answer(status=0, stdout=_CLAUDE),
    "gemini": Answer(status=0, stdout=_EITHER),
    "qwen": Answer(status=0, stdout=_CLAUDE),
    "copilot": Answer(
        status=0, stdout='{"permissionDecision": "deny", "permissionDecisionReason": "@REASON"}\n'
    ),
    "cursor": Answer(
        status=0, stdout='{"permission": "deny", "user_message": "@REASON", "agent_message": "@REASON"}\n'
    ),
    "cline": Answer(status=0, stdout='{"cancel": true, "errorMessage": "@REASON"}\n'),
    "opencode": Answer(status=0, stdout=_EITHER),
    "pi": Answer(status=0, stdout=_EITHER),
    "openhands": Answer(status=2, stdout=_EITHER, stderr="@REASON\n"),
    "goose": Answer(status=2, stdout='{"decision": "block", "reason": "@REASON"}\n', stderr="@REASON\n"),
    "crush": _WORDS,
    "windsurf": _WORDS,
    "kiro": _WORDS,
    "droid": Answer(status=0, stdout=_CLAUDE),
}
REFUSED = Answer(
    status=2,
    stdout=(
        '{"decision": "block", "reason": "@REASON", "cancel": true, "errorMessage": "@REASON", "permission": "deny",'
        ' "permissionDecision": "deny", "permissionDecisionReason": "@REASON", "hookSpecificOutput": {"hookEventName":'
        ' "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": "@REASON"}}\n'
    ),
    stderr="@REASON\n",
)
"""To what is no payload: a deny in every client's words at once."""


def expected(agent: str, replay: Replay) -> Answer:
    if not replay.denied:
        return ALLOWED.get(agent, _NOTHING)
    return REFUSED if replay.malformed else DENIED[agent]


def differs(wanted: Answer, given: Answer) -> str:
    """What of ``given`` is not as it should be, for people; empty when all of it is. A reason may say what it likes."""
    if given.status != wanted.status:
        return f"exit status {given.status} instead of {wanted.status}"
    for name, shape, text in (
        ("output", wanted.stdout, given.stdout),
        ("error output", wanted.stderr, given.stderr),
    ):
        pattern = re.escape(shape).replace(REASON, "(?P<reason>.+)", 1).replace(REASON, "(?P=reason)")
        found = re.fullmatch(pattern, text, re.DOTALL)
        if found is None:
            return f"{name} `{text[:200]}` instead of `{shape}`"
        if name == "output" and "reason" in found.groupdict():
            try:
                json.loads(text)
            except ValueError:
                return f"{name} `{text[:200]}` is no JSON"
    return ""
