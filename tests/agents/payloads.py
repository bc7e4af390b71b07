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
        "0.61.0-BeforeTool-mcp_fake_run_cmd": ("tool", "mcp_fake_run_cmd"),
        "0.61.0-BeforeTool-read_file": ("read", f"{APP}/keep.txt"),
        "0.61.0-BeforeTool-replace": ("edit", f"{APP}/keep.txt", ("hello", "bye")),
        "0.61.0-BeforeTool-run_shell_command": ("shell", "echo hi; rm -rf old/x", APP),
        "0.61.0-BeforeTool-web_fetch": ("fetch", "http://127.0.0.1:9/x"),
        "0.61.0-BeforeTool-write_file": ("write", f"{APP}/new.txt", "a\n"),
    },
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
    "gemini": [],
    "codex": [],
}
"""Written by us from what the clients' makers say of them, where nobody has recorded them."""


def payloads(agent: str) -> list[dict]:
    """All that we have of a client's events before a call."""
    known = recorded(agent)
    return [known[name] for name in PROPOSED.get(agent, {})] + [
        payload for payload, _ in DOCUMENTED.get(agent, [])
    ]


OTHERS = [agent for agent in AGENTS if agent != "claude-code"]


def obeyed(agent: str, event: dict, stdout: bytes, status: int, stderr: bytes) -> str:
    """What the client does: ``run``, ``ask``, ``deny``, ``rewrite``. As section by section of what was seen says it does."""
    body = _body(stdout)
    match agent:
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
    raise AssertionError(agent)


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
