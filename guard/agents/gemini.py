"""Gemini CLI's BeforeTool protocol, as 0.61.0 was seen to speak it. A question without a person there hangs for ever."""

from guard.agents import calls
from guard.agents.calls import Called, Layout, Tools
from guard.agents.codec import HookCall
from guard.agents.dialect import ARGUMENTS, REASON, Dialect
from guard.agents.strict_json import as_object, text
from guard.model.proposal import Proposal, ShellProposal, SingleProposal

NAME = "gemini"
_LAYOUT = Layout(
    events=frozenset({"BeforeTool"}),
    call="",
    subagent="",
    also=("transcript_path", "timestamp", "original_request_name"),
    without=frozenset({"tool_response"}),
)


def _fetch(called: Called) -> Proposal:
    """The addresses stand somewhere in a sentence."""
    words = [word for word in called.text("prompt").split() if "://" in word]
    parts: list[SingleProposal] = [
        calls.fetch_of(called, word[start:] if (start := word.find("http")) > 0 else word)
        for word in dict.fromkeys(words)
    ]
    return calls.batch(called, parts) if parts else calls.unknown(called)


def read_many(called: Called) -> Proposal:
    """Patterns, each of which leads somewhere."""
    key = "include" if "include" in called.arguments else "paths"
    parts: list[SingleProposal] = [
        calls.read_of(called, calls.searched(called.cwd, path), recursive=True)
        for path in calls.paths_in(called, key, "")
    ]
    return calls.batch(called, parts)


TOOLS: Tools = {
    "run_shell_command": calls.shell(directory="dir_path"),
    "write_file": calls.write("file_path"),
    "replace": calls.edit("file_path"),
    "read_file": calls.read("file_path", "absolute_path"),
    "read_many_files": read_many,
    "list_directory": calls.listing("dir_path", "path"),
    "glob": calls.glob("dir_path", "path"),
    "grep_search": calls.grep("dir_path", "path"),
    "search_file_content": calls.grep("dir_path", "path"),
    "web_fetch": _fetch,
    "google_web_search": calls.known_as("WebSearch"),
    "invoke_agent": calls.known_as("Agent"),
    "activate_skill": calls.known_as("Skill"),
    "update_topic": calls.known_as("TodoWrite"),
    "list_background_processes": calls.known_as("TaskOutput"),
    "read_background_output": calls.known_as("TaskOutput"),
    "write_todos": calls.known_as("TodoWrite"),
    "ask_user": calls.known_as("AskUserQuestion"),
    "enter_plan_mode": calls.known_as("EnterPlanMode"),
    "exit_plan_mode": calls.known_as("ExitPlanMode"),
}


def _of_a_server(called: Called, context: object) -> Proposal:
    """Whatever a server calls its tool: it is not one of the client's own. The name itself has nothing between the two."""
    given = as_object(context, "`mcp_context` is not an object")
    server, tool = (text(given, key, "mcp_context.") for key in ("server_name", "tool_name"))
    return calls.served(called, server, tool)


def read(payload: bytes) -> HookCall:
    """Its ``cwd`` is the session's; where a command runs stands in its arguments. Raises PayloadError."""
    event, called = calls.read_event(_LAYOUT, payload, NAME)
    proposal = (
        _of_a_server(called, event["mcp_context"])
        if "mcp_context" in event
        else calls.proposed(TOOLS, called)
    )
    return HookCall(
        proposal=proposal,
        tool=called.tool,
        arguments=called.arguments,
        rewrites=isinstance(proposal, ShellProposal),
        project=called.cwd,
    )


DIALECT = Dialect(
    name=NAME,
    deny={"decision": "deny", "reason": REASON},
    rewrite={
        "decision": "allow",
        "hookSpecificOutput": {"hookEventName": "BeforeTool", "tool_input": ARGUMENTS},
    },
    rewrites_since="0.61.0",
    advises=True,
    reader=read,
)
