"""Payloads as clients send them, and to the byte what the registered line has to answer. Data, and the comparison.

A client that cannot be started without a person is at least answered by what it would start.
"""

import json
import re
from typing import Any, TypeAlias, cast

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


_TOOL, _GIVEN = "@TOOL", "@GIVEN"
"""In a frame: the name of the tool, and what it is given; as a key, all of that stands beside the others."""
_CLAUDE_CODE: dict[str, Any] = {
    "session_id": "replay", "transcript_path": "@HOME/t.jsonl", "cwd": "@WORK", "permission_mode": "default",
    "hook_event_name": "PreToolUse", "tool_name": _TOOL, "tool_input": _GIVEN, "tool_use_id": "toolu_1",
}  # fmt: skip
_TIME = "2026-11-26T12:00:00.000Z"
_FRAMES: dict[str, dict[str, Any]] = {
    "claude-code": _CLAUDE_CODE,
    "codex": {**_CLAUDE_CODE, "turn_id": "1", "model": "gpt-5", "transcript_path": None},
    "gemini": {
        "session_id": "replay", "transcript_path": "@HOME/t.json", "cwd": "@WORK", "hook_event_name": "BeforeTool",
        "timestamp": _TIME, "tool_name": _TOOL, "tool_input": _GIVEN,
    },
    "qwen": {**_CLAUDE_CODE, "timestamp": _TIME, "tool_call_id": "1"},
    "copilot": {
        "sessionId": "replay", "timestamp": 1795700000000, "cwd": "@WORK", "toolName": _TOOL, "toolArgs": _GIVEN,
    },
    "cursor": {
        "conversation_id": "c", "generation_id": "g", "model": "m", "hook_event_name": _TOOL, "cursor_version": "2.3.0",
        "workspace_roots": ["@WORK"], "user_email": None, "transcript_path": None, _GIVEN: None,
    },
    "cline": {
        "clineVersion": "3.0.65", "timestamp": "1795700000000", "taskId": "t", "sessionContext": {"rootSessionId": "s"},
        "workspaceRoots": ["@WORK"], "userId": "u", "agent_id": "a", "parent_agent_id": None, "hookName": "tool_call",
        "iteration": 1, "tool_call": {"id": "1", "name": _TOOL, "input": _GIVEN},
    },
    "opencode": {
        "hook_event_name": "tool.execute.before", "input": {"tool": _TOOL, "sessionID": "s", "callID": "c"},
        "output": {"args": _GIVEN}, "directory": "@WORK",
    },
    "pi": {
        "hook_event_name": "tool_call", "cwd": "@WORK",
        "event": {"type": "tool_call", "toolName": _TOOL, "toolCallId": "c", "input": _GIVEN},
    },
    "openhands": {
        "event_type": "PreToolUse", "tool_name": _TOOL, "tool_input": _GIVEN, "session_id": "replay",
        "working_dir": "@WORK", "metadata": {},
    },
    "goose": {
        "event": "PreToolUse", "session_id": "replay", "matcher_context": _TOOL, "tool_name": _TOOL,
        "tool_input": _GIVEN, "working_dir": "@WORK", "tool_call_id": "c",
    },
    "crush": {
        "event": "PreToolUse", "session_id": "replay", "cwd": "@WORK", "tool_name": _TOOL, "tool_input": _GIVEN,
    },
    "windsurf": {
        "agent_action_name": _TOOL, "trajectory_id": "t", "execution_id": "e", "timestamp": "2026-11-26T12:00:00Z",
        "tool_info": _GIVEN,
    },
    "kiro": {
        "hook_event_name": "PreToolUse", "cwd": "@WORK", "session_id": "replay", "tool_name": _TOOL,
        "tool_input": _GIVEN,
    },
    "droid": _CLAUDE_CODE,
}  # fmt: skip
_Given: TypeAlias = dict[str, Any]
_Call: TypeAlias = tuple[str, _Given]


def _shell(tool: str, key: str = "command", **more: Any) -> tuple[_Call, _Call]:
    return (tool, {key: _HARMLESS, **more}), (tool, {key: _CANARY, **more})


_WRITE = {"file_path": _STARTUP, "content": "x\n"}
_PATH: _Given = {"path": _STARTUP, "content": "x\n"}
_TEXT: _Given = {"path": _STARTUP, "file_text": "x\n"}
_PATCH = f"*** Begin Patch\n*** Add File: {_STARTUP}\n+x\n*** End Patch"
_CALLS: dict[str, tuple[_Call, _Call, _Call]] = {
    "claude-code": (*_shell("Bash"), ("Write", _WRITE)),
    "codex": (*_shell("Bash"), ("apply_patch", {"command": _PATCH})),
    "gemini": (*_shell("run_shell_command"), ("write_file", _WRITE)),
    "qwen": (*_shell("run_shell_command", is_background=False), ("write_file", _WRITE)),
    "copilot": (*_shell("bash", mode="sync", initial_wait=10), ("create", _TEXT)),
    "cursor": (
        ("beforeShellExecution", {"command": _HARMLESS, "cwd": "@WORK"}),
        ("beforeShellExecution", {"command": _CANARY, "cwd": ""}),
        ("preToolUse", {"tool_name": "Write", "tool_input": _WRITE, "tool_use_id": "t"}),
    ),
    "cline": (
        ("run_commands", {"commands": [_HARMLESS]}),
        ("run_commands", {"commands": [_CANARY]}),
        ("editor", {"path": _STARTUP, "new_text": "x\n"}),
    ),
    "opencode": (
        *_shell("bash", description="d"),
        ("write", {"filePath": _STARTUP, "content": "x\n"}),
    ),
    "pi": (*_shell("bash"), ("write", _PATH)),
    "openhands": (*_shell("terminal", is_input=False), ("file_editor", {"command": "create", **_TEXT})),
    "goose": (*_shell("developer__shell"), ("developer__write", _PATH)),
    "crush": (*_shell("bash"), ("write", _WRITE)),
    "windsurf": (
        *_shell("pre_run_command", "command_line", cwd="@WORK"),
        ("pre_write_code", {"file_path": _STARTUP, "edits": [{"old_string": "", "new_string": "x\n"}]}),
    ),
    "kiro": (*_shell("execute_bash"), ("fs_write", {"command": "create", **_TEXT})),
    "droid": (*_shell("Execute", riskLevel="low"), ("Create", _WRITE)),
}


def _framed(frame: dict[str, Any], tool: str, given: _Given) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in frame.items():
        if key == _GIVEN:
            out.update(given)
        elif isinstance(value, dict):
            out[key] = _framed(cast("dict[str, Any]", value), tool, given)
        else:
            out[key] = tool if value == _TOOL else given if value == _GIVEN else value
    return out


PAYLOADS: dict[str, tuple[dict[str, Any], ...]] = {
    agent: tuple(_framed(_FRAMES[agent], tool, given) for tool, given in calls)
    for agent, calls in _CALLS.items()
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
