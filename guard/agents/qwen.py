"""Qwen Code's PreToolUse protocol, as 0.24.4 was seen to speak it: Claude Code's answers, without a rewritten command."""

from guard.agents import calls
from guard.agents.calls import Called, Layout, Tools
from guard.agents.codec import HookCall
from guard.agents.dialect import CLAUDE_ALLOW, CLAUDE_ASK, CLAUDE_DENY, Dialect
from guard.model.proposal import Proposal, Replacement, SingleProposal

NAME = "qwen"
_LAYOUT = Layout(
    events=frozenset({"PreToolUse"}),
    also=("transcript_path", "permission_mode", "agent_type", "timestamp", "prompt_id", "tool_call_id"),
    without=frozenset({"tool_response"}),
)


def _read_many(called: Called) -> Proposal:
    parts: list[SingleProposal] = [
        calls.read_of(called, calls.searched(called.cwd, path), recursive=True)
        for path in calls.paths_in(called, "paths", "")
    ]
    return calls.batch(called, parts)


def _notebook(called: Called) -> Proposal:
    change = Replacement(old="", new=called.optional("new_source"))
    return calls.edited(called, called.path("notebook_path"), (change,))


TOOLS: Tools = {
    "run_shell_command": calls.shell(directory="directory"),
    "write_file": calls.write("file_path"),
    "edit": calls.edit("file_path"),
    "notebook_edit": _notebook,
    "read_file": calls.read("file_path", "absolute_path"),
    "read_many_files": _read_many,
    "list_directory": calls.listing("path"),
    "glob": calls.glob("path"),
    "grep_search": calls.grep("path"),
    "web_fetch": calls.fetch("url"),
    "web_search": calls.known_as("WebSearch"),
    "agent": calls.known_as("Agent"),
    "task": calls.known_as("Task"),
    "send_message": calls.known_as("SendMessage"),
    "list_agents": calls.known_as("TaskOutput"),
    "task_stop": calls.known_as("TaskStop"),
    # Finds tools; what is called by `tool_call` afterwards comes under its own name.
    "tool_search": calls.known_as("ToolSearch"),
    "skill": calls.known_as("Skill"),
    "get_goal": calls.known_as("TodoWrite"),
    "update_goal": calls.known_as("TodoWrite"),
    "todo_write": calls.known_as("TodoWrite"),
    "exit_plan_mode": calls.known_as("ExitPlanMode"),
    "ask_user_question": calls.known_as("AskUserQuestion"),
}


def read(payload: bytes) -> HookCall:
    """Its ``cwd`` is the session's; where a command runs stands in its arguments. Raises PayloadError."""
    _, called = calls.read_event(_LAYOUT, payload, NAME)
    return HookCall(
        proposal=calls.proposed(TOOLS, called, servers=True),
        tool=called.tool,
        arguments=called.arguments,
        project=called.cwd,
    )


DIALECT = Dialect(name=NAME, deny=CLAUDE_DENY, ask=CLAUDE_ASK, inside=CLAUDE_ALLOW, advises=True, reader=read)
