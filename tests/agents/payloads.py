"""What real clients sent, what it proposes, and what each client takes an answer for."""

import json
from pathlib import Path

from guard.agents.table import AGENTS
from guard.model.proposal import (
    BatchProposal,
    DeleteProposal,
    EditProposal,
    FetchProposal,
    MoveProposal,
    ReadProposal,
    Replacement,
    ShellProposal,
    ToolProposal,
    WriteProposal,
)

RECORDED = Path(__file__).parents[1] / "cases" / "agents"
APP = "/home/ana/app"


def recorded(agent: str) -> dict[str, dict]:
    return {path.stem: json.loads(path.read_text()) for path in sorted((RECORDED / agent).glob("*.json"))}


def said(proposal) -> tuple:
    """A proposal without who makes it, as the tables here write it."""
    match proposal:
        case ShellProposal(command=command, cwd=cwd):
            return ("shell", command, cwd)
        case WriteProposal(path=path, content=content):
            return ("write", path, content)
        case EditProposal(path=path, edits=edits):
            return (
                "edit",
                path,
                *(
                    (one.old, one.new, "everywhere") if one.everywhere else (one.old, one.new)
                    for one in edits
                ),
            )
        case DeleteProposal(path=path):
            return ("delete", path)
        case MoveProposal(path=path, to=to):
            return ("move", path, to)
        case ReadProposal(path=path, recursive=deep):
            return ("search" if deep else "read", path)
        case FetchProposal(url=url):
            return ("fetch", url)
        case ToolProposal(tool=tool):
            return ("tool", tool)
        case BatchProposal(parts=parts):
            return ("batch", *map(said, parts))


PROPOSED = {
    "codex": {
        "0.169.0-PreToolUse-Bash": (
            "shell",
            "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: new2.txt\n+hello\n*** Update File: keep.txt\n@@\n-bye\n+again\n*** End Patch\nEOF\n",
            APP,
        ),
        "0.169.0-PreToolUse-Bash-subagent": ("shell", "touch from_sub", APP),
        "0.169.0-PreToolUse-apply_patch": (
            "batch",
            ("write", "new.txt", "hello\n"),
            ("edit", "keep.txt", ("hello", "bye")),
        ),
        "0.169.0-PreToolUse-mcp__fake__run_cmd": ("tool", "mcp__fake__run_cmd"),
        "0.169.0-PreToolUse-spawn_agent": ("tool", "Agent"),
        "0.169.0-PreToolUse-view_image": ("read", "/home/ana/shot.png"),
    },
    "gemini": {
        "0.61.0-BeforeTool-glob": ("search", f"{APP}/"),
        "0.61.0-BeforeTool-grep_search": ("search", APP),
        "0.61.0-BeforeTool-list_directory": ("read", APP),
        "0.61.0-BeforeTool-mcp_fake_run_cmd": ("tool", "mcp__fake__run_cmd"),
        "0.61.0-BeforeTool-read_file": ("read", f"{APP}/keep.txt"),
        "0.61.0-BeforeTool-replace": ("edit", f"{APP}/keep.txt", ("hello", "bye")),
        "0.61.0-BeforeTool-run_shell_command": ("shell", "echo hi; rm -rf old/x", APP),
        "0.61.0-BeforeTool-web_fetch": ("fetch", "http://127.0.0.1:9/x"),
        "0.61.0-BeforeTool-write_file": ("write", f"{APP}/new.txt", "a\n"),
    },
    "qwen": {
        "0.24.4-PreToolUse-agent": ("tool", "Agent"),
        "0.24.4-PreToolUse-edit": ("edit", f"{APP}/keep.txt", ("hello", "bye")),
        "0.24.4-PreToolUse-glob": ("search", f"{APP}/"),
        "0.24.4-PreToolUse-grep_search": ("search", APP),
        "0.24.4-PreToolUse-mcp__fake__run_cmd": ("tool", "mcp__fake__run_cmd"),
        "0.24.4-PreToolUse-read_file": ("read", f"{APP}/keep.txt"),
        "0.24.4-PreToolUse-run_shell_command": ("shell", "echo hi; rm -rf old/x", f"{APP}/old"),
        "0.24.4-PreToolUse-run_shell_command-subagent": ("shell", "touch from_sub", APP),
        "0.24.4-PreToolUse-web_fetch": ("fetch", "http://127.0.0.1:9/x"),
        "0.24.4-PreToolUse-write_file": ("write", f"{APP}/new.txt", "a\n"),
    },
    "copilot": {
        "1.0.102-pascal-PreToolUse-Bash": ("shell", "touch made.txt && ls", APP),
        "1.0.102-preToolUse-bash": ("shell", "echo hi; rm -rf old/x", APP),
        "1.0.102-preToolUse-create": ("write", f"{APP}/new.txt", "a\n"),
        "1.0.102-preToolUse-edit": ("edit", f"{APP}/keep.txt", ("hello", "bye")),
        "1.0.102-preToolUse-fake-run_cmd": ("tool", "mcp__fake__run_cmd"),
        "1.0.102-preToolUse-glob": ("search", f"{APP}/"),
        "1.0.102-preToolUse-grep": ("search", APP),
        "1.0.102-preToolUse-view": ("read", f"{APP}/keep.txt"),
    },
    "cline": {
        "3.0.65-tool_call-editor-subagent": ("write", f"{APP}/new.txt", "x\n"),
        "3.0.65-tool_call-fetch_web_content-subagent": ("fetch", "http://127.0.0.1:9/x"),
        "3.0.65-tool_call-read_files-subagent": ("read", f"{APP}/keep.txt"),
        "3.0.65-tool_call-run_commands-subagent": ("shell", "touch made.txt && ls", APP),
        "3.0.65-tool_call-spawn_agent-subagent": ("tool", "Agent"),
    },
    "opencode": {
        "1.18.33-tool.execute.before-bash": ("shell", "echo hi; rm -rf old/x", f"{APP}/old"),
        "1.18.33-tool.execute.before-edit": ("edit", f"{APP}/keep.txt", ("hello", "bye")),
        "1.18.33-tool.execute.before-fake_run_cmd": ("tool", "fake_run_cmd"),
        "1.18.33-tool.execute.before-files_keep_it": ("tool", "mcp__files__keep_it"),
        "1.18.33-tool.execute.before-glob": ("search", f"{APP}/"),
        "1.18.33-tool.execute.before-grep": ("search", APP),
        "1.18.33-tool.execute.before-read": ("read", f"{APP}/keep.txt"),
        "1.18.33-tool.execute.before-task": ("tool", "Task"),
        "1.18.33-tool.execute.before-webfetch": ("fetch", "http://127.0.0.1:9/x"),
        "1.18.33-tool.execute.before-write": ("write", f"{APP}/new.txt", "a\n"),
    },
    "openhands": {"1.58.0-PreToolUse-terminal": ("shell", "touch made.txt", APP)},
    "pi": {"0.73.1-tool_call-bash": ("shell", "touch made.txt && ls", APP)},
}
"""Everything that was recorded of a client and is not here comes after the call, or is no tool call at all."""


def _generic(tool: str, **arguments: object) -> dict:
    return {"version": 1, "tool": tool, "cwd": APP, "session": "s", "call": "c", "input": arguments}


def _cursor(event: str, **more: object) -> dict:
    return {
        "conversation_id": "c",
        "generation_id": "g",
        "model": "m",
        "hook_event_name": event,
        "cursor_version": "2.4",
        "workspace_roots": [APP],
        "user_email": None,
        "transcript_path": None,
        **more,
    }


def _cursor_tool(tool: str, **arguments: object) -> dict:
    return _cursor("preToolUse", tool_name=tool, tool_input=arguments, tool_use_id="t", cwd=APP)


def _opencode(tool: str, **arguments: object) -> dict:
    return {
        "hook_event_name": "tool.execute.before",
        "input": {"tool": tool, "sessionID": "s", "callID": "c"},
        "output": {"args": arguments},
        "directory": APP,
    }


def _pi(tool: str, **arguments: object) -> dict:
    event = {"type": "tool_call", "toolName": tool, "toolCallId": "c", "input": arguments}
    return {"hook_event_name": "tool_call", "event": event, "cwd": APP}


def _cline(tool: str, **arguments: object) -> dict:
    call = {"id": "c", "name": tool, "input": arguments}
    return {"hookName": "tool_call", "workspaceRoots": [APP], "taskId": "t", "tool_call": call}


def _cline_ide(tool: str, **arguments: str) -> dict:
    return {
        "hookName": "PreToolUse",
        "workspaceRoots": [APP],
        "taskId": "t",
        "preToolUse": {"toolName": tool, "parameters": arguments},
    }


def _openhands(tool: str, **arguments: object) -> dict:
    return {
        "event_type": "PreToolUse",
        "tool_name": tool,
        "tool_input": arguments,
        "session_id": "s",
        "working_dir": APP,
    }


def _goose(tool: str, **arguments: object) -> dict:
    return {
        "event": "PreToolUse",
        "tool_name": tool,
        "tool_input": arguments,
        "session_id": "s",
        "tool_call_id": "c",
        "working_dir": APP,
    }


def _crush(tool: str, **arguments: object) -> dict:
    return {"event": "PreToolUse", "tool_name": tool, "tool_input": arguments, "session_id": "s", "cwd": APP}


def _claude_like(tool: str, **arguments: object) -> dict:
    return {
        "hook_event_name": "PreToolUse",
        "tool_name": tool,
        "tool_input": arguments,
        "session_id": "s",
        "cwd": APP,
    }


def _gemini(tool: str, **arguments: object) -> dict:
    return {**_claude_like(tool, **arguments), "hook_event_name": "BeforeTool"}


def _copilot(tool: str, **arguments: object) -> dict:
    return {"sessionId": "s", "cwd": APP, "toolName": tool, "toolArgs": arguments}


def _windsurf(action: str, **info: object) -> dict:
    return {"agent_action_name": action, "trajectory_id": "t", "execution_id": "e", "tool_info": info}


def call(agent: str, tool: str, **arguments: object) -> dict:
    """Written by us: the client's event before a call of ``tool``."""
    written = {
        "cline": _cline,
        "copilot": _copilot,
        "crush": _crush,
        "cursor": _cursor_tool,
        "gemini": _gemini,
        "goose": _goose,
        "opencode": _opencode,
        "openhands": _openhands,
        "pi": _pi,
        "windsurf": _windsurf,
    }
    return written.get(agent, _claude_like)(tool, **arguments)


_PATCH = "*** Begin Patch\n*** Delete File: a\n*** Update File: b\n@@\n-x\n+y\n*** End Patch"
_PATCHED = ("batch", ("delete", "a"), ("edit", "b", ("x", "y")))

DOCUMENTED: dict[str, list[tuple[dict, tuple]]] = {
    "generic": [
        (_generic("shell", command="ls"), ("shell", "ls", APP)),
        (_generic("shell", command="ls", directory="src", typed_into=True), ("shell", "ls", f"{APP}/src")),
        (_generic("write", path="a", content="x"), ("write", "a", "x")),
        (
            _generic(
                "edit",
                path="a",
                edits=[{"old": "x", "new": "y"}, {"old": "", "new": "z", "everywhere": True}],
            ),
            ("edit", "a", ("x", "y"), ("", "z", "everywhere")),
        ),
        (_generic("delete", path="a"), ("delete", "a")),
        (_generic("move", path="a", to="b"), ("move", "a", "b")),
        (
            _generic("patch", patch="*** Begin Patch\n*** Delete File: a\n*** End Patch"),
            ("delete", "a"),
        ),
        (
            _generic("diff", diff="--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"),
            ("edit", "x", ("a", "b")),
        ),
        (_generic("read", path="a"), ("read", "a")),
        (_generic("read", path="a", recursive=True), ("search", "a")),
        (_generic("fetch", url="https://e.org/"), ("fetch", "https://e.org/")),
        (_generic("tool", name="deploy", arguments={"a": 1}), ("tool", "tool:deploy")),
    ],
    "cursor": [
        (_cursor("beforeShellExecution", command="ls", cwd="", sandbox=False), ("shell", "ls", APP)),
        (_cursor("beforeShellExecution", command="ls", cwd="/srv"), ("shell", "ls", "/srv")),
        (
            _cursor("beforeMCPExecution", tool_name="run", tool_input='{"command": "ls"}', command="srv"),
            ("tool", "MCP:run"),
        ),
        (_cursor("beforeReadFile", file_path=f"{APP}/a", content="x", attachments=[]), ("read", f"{APP}/a")),
        (_cursor_tool("Shell", command="ls", working_directory="src"), ("shell", "ls", f"{APP}/src")),
        (_cursor_tool("Write", file_path="a", content="x"), ("write", "a", "x")),
        (_cursor_tool("Read", file_path="a"), ("read", "a")),
        (_cursor_tool("Delete", file_path="a"), ("delete", "a")),
        (_cursor_tool("List", file_path="src"), ("read", "src")),
        (_cursor_tool("Grep", pattern="x"), ("search", APP)),
        (_cursor_tool("Task", prompt="x"), ("tool", "Task")),
        (_cursor_tool("MCP:run", command="ls"), ("tool", "MCP:run")),
    ],
    "qwen": [
        (_claude_like("list_directory", path="/srv"), ("read", "/srv")),
        (_claude_like("todo_write", todos=[]), ("tool", "TodoWrite")),
        (_claude_like("save_memory", fact="x"), ("tool", "save_memory")),
    ],
    "copilot": [
        (
            {"sessionId": "s", "cwd": APP, "toolName": "bash", "toolArgs": '{"command": "ls"}'},
            ("shell", "ls", APP),
        ),
        (
            {"sessionId": "s", "cwd": APP, "toolName": "write_bash", "toolArgs": {"input": "ls"}},
            ("tool", "write_bash"),
        ),
        (
            {
                "sessionId": "s",
                "cwd": APP,
                "toolName": "write_agent",
                "toolArgs": {"agent_id": "a", "message": "go"},
            },
            ("tool", "SendMessage"),
        ),
    ],
    "cline": [
        (
            _cline("run_commands", commands=["ls", {"command": "rm", "args": ["a b"]}]),
            ("batch", ("shell", "ls", APP), ("shell", "rm 'a b'", APP)),
        ),
        (_cline("editor", path="a", old_text="x", new_text="y"), ("edit", "a", ("x", "y"))),
        (_cline("apply_patch", input=_PATCH), _PATCHED),
        (_cline("search_codebase", queries=["x"]), ("search", APP)),
        (_cline("team_task", task="x"), ("tool", "team_task")),
        (_cline("ask_question", question="x", options=["a", "b"]), ("tool", "AskUserQuestion")),
        (_cline_ide("execute_command", command="ls", requires_approval="true"), ("shell", "ls", APP)),
        (_cline_ide("write_to_file", path="a", content="x"), ("write", "a", "x")),
        (
            _cline_ide("replace_in_file", path="a", diff="------- SEARCH\nx\n=======\ny\n+++++++ REPLACE"),
            ("edit", "a", ("x", "y")),
        ),
        (_cline_ide("use_mcp_tool", server_name="s", tool_name="t"), ("tool", "use_mcp_tool")),
    ],
    "opencode": [
        (_opencode("apply_patch", patchText=_PATCH), _PATCHED),
        (_opencode("apply_patch", patchText=_PATCH) | {"servers": ["a"], "own": ["apply_patch"]}, _PATCHED),
        (_opencode("bash", command="ls", workdir="src"), ("shell", "ls", f"{APP}/src")),
        (_opencode("skill", name="x"), ("tool", "skill")),
    ],
    "pi": [
        (_pi("edit", path="a", oldText="x", newText="y"), ("edit", "a", ("x", "y"))),
        (_pi("edit", path="a", edits=[{"oldText": "x", "newText": "y"}]), ("edit", "a", ("x", "y"))),
        (_pi("write", path="a", content="x"), ("write", "a", "x")),
        (_pi("find", pattern="*.py", path="src"), ("search", "src/")),
        (
            _pi("write", path="@/etc/profile", content="x"),
            ("batch", ("write", "@/etc/profile", "x"), ("write", "/etc/profile", "x")),
        ),
        (
            _pi("edit", path="@.envrc", oldText="x", newText="y"),
            ("batch", ("edit", "@.envrc", ("x", "y")), ("edit", ".envrc", ("x", "y"))),
        ),
        (_pi("read", path="@~/.ssh/id"), ("batch", ("read", "@~/.ssh/id"), ("read", "~/.ssh/id"))),
        (_pi("grep", pattern="x", path="@/etc"), ("batch", ("search", "@/etc"), ("search", "/etc"))),
        (_pi("ls", path="@"), ("batch", ("read", "@"), ("read", APP))),
    ],
    "openhands": [
        (_openhands("terminal", command="C-c", is_input=True), ("tool", "BashOutput")),
        (
            _openhands("terminal", command="rm -rf /", is_input=True),
            ("tool", "typing into a running program"),
        ),
        (_openhands("file_editor", command="view", path="/srv"), ("search", "/srv")),
        (_openhands("file_editor", command="create", path="/a", file_text="x"), ("write", "/a", "x")),
        (
            _openhands("file_editor", command="str_replace", path="/a", old_str="x", new_str="y"),
            ("edit", "/a", ("x", "y")),
        ),
        (_openhands("file_editor", command="undo_edit", path="/a"), ("tool", "file_editor")),
    ],
    "goose": [
        (_goose("developer__shell", command="ls"), ("shell", "ls", APP)),
        (_goose("developer__write", path="a", content="x"), ("write", "a", "x")),
        (_goose("developer__edit", path="a", before="x", after="y"), ("edit", "a", ("x", "y"))),
        (_goose("other__tool", a=1), ("tool", "other__tool")),
    ],
    "crush": [
        (_crush("bash", command="ls"), ("shell", "ls", APP)),
        (
            _crush("download", url="http://h/", file_path="a"),
            ("batch", ("fetch", "http://h/"), ("write", "a", "")),
        ),
        (
            _crush("multiedit", file_path="a", edits=[{"old_string": "x", "new_string": "y"}]),
            ("edit", "a", ("x", "y")),
        ),
        (_crush("agent", prompt="x"), ("tool", "agent")),
    ],
    "windsurf": [
        (_windsurf("pre_run_command", command_line="ls", cwd=APP), ("shell", "ls", APP)),
        (
            _windsurf("pre_write_code", file_path=f"{APP}/a", edits=[{"old_string": "x", "new_string": "y"}]),
            ("edit", f"{APP}/a", ("x", "y")),
        ),
        (_windsurf("pre_read_code", file_path=f"{APP}/a"), ("read", f"{APP}/a")),
        (
            _windsurf("pre_mcp_tool_use", mcp_server_name="s", mcp_tool_name="t", mcp_tool_arguments={}),
            ("tool", "mcp__s__t"),
        ),
    ],
    "kiro": [
        (_claude_like("execute_bash", command="ls"), ("shell", "ls", APP)),
        (
            _claude_like(
                "fs_read", operations=[{"mode": "Line", "path": "a"}, {"mode": "Directory", "path": "b"}]
            ),
            ("batch", ("search", "a"), ("search", "b")),
        ),
        (
            _claude_like("fs_write", command="create", path="a", file_text="x"),
            ("edit", "a", ("", '{"command": "create", "file_text": "x", "path": "a"}')),
        ),
        (_claude_like("str_replace", path="a", old_str="x", new_str="y"), ("edit", "a", ("x", "y"))),
        (_claude_like("@srv/run", command="ls"), ("tool", "@srv/run")),
    ],
    "droid": [
        (_claude_like("Execute", command="ls", riskLevel="low"), ("shell", "ls", APP)),
        (_claude_like("Create", file_path="a", content="x"), ("write", "a", "x")),
        (
            _claude_like("Edit", file_path="a", old_str="x", new_str="y", change_all=True),
            ("edit", "a", ("x", "y", "everywhere")),
        ),
        (
            _claude_like("Edit", file_path="a", changes=[{"old_str": "x", "new_str": "y"}]),
            ("edit", "a", ("x", "y")),
        ),
        (_claude_like("ApplyPatch", input=_PATCH), _PATCHED),
        (
            _claude_like("Glob", patterns=["/etc/*", "*.py"], folder="src"),
            ("batch", ("search", "/etc/"), ("search", "src/")),
        ),
        (_claude_like("LS"), ("read", APP)),
    ],
}
"""Written by us from what the clients' makers say of them, where nobody has recorded them."""


def payloads(agent: str) -> list[dict]:
    """All that we have of a client's events before a call."""
    known = recorded(agent)
    if agent == "claude-code":
        return list(known.values())
    return [known[name] for name in PROPOSED.get(agent, {})] + [
        payload for payload, _ in DOCUMENTED.get(agent, [])
    ]


OTHERS = [agent for agent in AGENTS if agent != "claude-code"]


def obeyed(agent: str, event: dict, stdout: bytes, status: int, stderr: bytes) -> str:
    """What the client does: ``run``, ``ask``, ``deny``, ``rewrite``. As section by section of what was seen says it does."""
    body = _body(stdout)
    match agent:
        case "claude-code":
            return "deny" if status == 2 else _claude(body, rewrites=True)
        case "codex":
            return _codex(body, stdout, status, stderr)
        case "gemini":
            if status not in {0, 1}:
                return "deny" if stderr.strip() or stdout.strip() else "run"
            if body is None:
                return "run"
            if body.get("decision") in {"deny", "block"}:
                return "deny"
            changed = (body.get("hookSpecificOutput") or {}).get("tool_input")
            return (
                "rewrite" if isinstance(changed, dict) else "hang" if body.get("decision") == "ask" else "run"
            )
        case "cursor":
            if status == 2 or body is None:
                return "deny"
            says = body.get("permission", "")
            if says == "ask" and event.get("hook_event_name") not in {
                "beforeShellExecution",
                "beforeMCPExecution",
            }:
                return "run"
            return says if says in {"ask", "deny"} else "run"
        case "generic":
            if status != 0 or body is None:
                return "ask" if body is not None and body.get("decision") == "ask" else "deny"
            return "rewrite" if "input" in body else "run" if body.get("decision") == "allow" else "deny"
        case "qwen" | "droid":
            if status == 2:
                return "deny" if stderr.strip() else "run"
            return _claude(body, rewrites=False)
        case "copilot":
            if status != 0:
                return "deny"
            if "hook_event_name" in event:
                return _claude(body, rewrites=False)
            says = (body or {}).get("permissionDecision", "")
            return (
                says if says in {"ask", "deny"} else "rewrite" if body and "modifiedArgs" in body else "run"
            )
        case "cline":
            if body is not None and body.get("cancel") is True:
                return "deny"
            return "rewrite" if body is not None and "overrideInput" in body else "run"
        case "opencode" | "pi":
            # Our own plugin: whatever is not an allow is none.
            if status != 0 or body is None or body.get("decision") != "allow":
                return "deny"
            return "rewrite" if "arguments" in body else "run"
        case "openhands":
            return "deny" if status == 2 or (body is not None and body.get("decision") == "deny") else "run"
        case "goose":
            blocked = body is not None and body.get("decision") == "block" and body.get("reason")
            return "deny" if blocked or (status == 2 and stderr.strip()) else "run"
        case "crush" | "windsurf" | "kiro":
            return "deny" if status == 2 and stderr.strip() else "run"
    raise AssertionError(agent)


def _claude(body: dict | None, *, rewrites: bool) -> str:
    output = (body or {}).get("hookSpecificOutput") or {}
    if output.get("hookEventName") != "PreToolUse":
        return "run"
    says = output.get("permissionDecision", "")
    if says == "allow" and "updatedInput" in output:
        # Of a client that takes no other command, this runs the one that was to be contained.
        return "rewrite" if rewrites else "run"
    return says if says in {"ask", "deny"} else "run"


def _codex(body: dict | None, stdout: bytes, status: int, stderr: bytes) -> str:
    """The strictest: whatever it does not know to the letter, and the call runs."""
    if status == 2:
        return "deny" if stderr.strip() else "run"
    if status != 0 or not isinstance(body, dict):
        return "run"
    if set(body) != {"hookSpecificOutput"}:
        return "run"
    output = body["hookSpecificOutput"]
    if output.get("hookEventName") != "PreToolUse":
        return "run"
    if set(output) == {"hookEventName", "permissionDecision", "permissionDecisionReason"}:
        says, reason = output["permissionDecision"], output["permissionDecisionReason"]
        return "deny" if says == "deny" and reason.strip() else "run"
    if set(output) == {"hookEventName", "permissionDecision", "updatedInput"}:
        good = output["permissionDecision"] == "allow" and set(output["updatedInput"]) == {"command"}
        return "rewrite" if good else "run"
    return "run"


def _body(stdout: bytes) -> dict | None:
    """Exactly one object, or it is as good as noise."""
    try:
        found = json.loads(stdout)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


__all__ = ["DOCUMENTED", "OTHERS", "PROPOSED", "Replacement", "obeyed", "payloads", "recorded", "said"]
