"""GitHub Copilot CLI's hooks, as 1.0.102 was seen to speak them: its own form, and Claude Code's where the key is `PreToolUse`.

Its own form does not name the event: what has the shape of another is refused.
"""

from guard.agents import calls, claude_code
from guard.agents.calls import Called, Layout, Tools
from guard.agents.codec import HookCall
from guard.agents.dialect import ARGUMENTS, CLAUDE_ASK, CLAUDE_DENY, REASON, Dialect
from guard.agents.strict_json import read_object
from guard.model.proposal import Proposal, ShellProposal

NAME = "copilot"
_OWN = Layout(
    event="",
    events=frozenset(),
    tool="toolName",
    arguments="toolArgs",
    session="sessionId",
    call="toolCallId",
    subagent="",
    also=(),
    without=frozenset({"hookName", "toolResult", "toolInput", "error", "reason", "prompt", "serverName"}),
)
_PASCAL = Layout(
    events=frozenset({"PreToolUse"}),
    also=("timestamp", "transcript_path"),
    without=frozenset({"tool_response", "tool_result"}),
)
TOOLS: Tools = {
    "bash": calls.shell(typed_into=True, lasting=True),
    "create": calls.write("path", content="file_text"),
    "edit": calls.edit("path", old="old_str", new="new_str", everywhere="replace_all"),
    "view": calls.read("path"),
    "glob": calls.glob("path"),
    "grep": calls.grep("path"),
    "web_fetch": calls.fetch("url"),
    "read_bash": calls.known_as("BashOutput"),
    "list_bash": calls.known_as("BashOutput"),
    "stop_bash": calls.known_as("KillShell"),
    "task": calls.known_as("Task"),
    "read_agent": calls.known_as("TaskOutput"),
    "list_agents": calls.known_as("TaskList"),
    "write_agent": calls.known_as("SendMessage"),
    "update_todo": calls.known_as("TodoWrite"),
    "ask_user": calls.known_as("AskUserQuestion"),
}
_LONGEST = 64
"""So long is a name at most: what comes after is left out."""
_MAPPED: Tools = {**claude_code.TOOLS, "Bash": calls.shell(typed_into=True, lasting=True)}


def _proposed(tools: Tools, called: Called) -> Proposal:
    """A server's tool is called `SERVER-TOOL`, and `-` stands for whatever the client would not have in a name."""
    server, dash, tool = called.tool.partition("-")
    if not dash or "-" in tool or len(called.tool) >= _LONGEST:
        return calls.proposed(tools, called)
    return calls.served(called, server, tool)


def read(payload: bytes) -> HookCall:
    """Raises PayloadError."""
    event = read_object(payload)
    if "hook_event_name" in event:
        calls.check_event(event, _PASCAL)
        called = calls.called_in(event, _PASCAL, NAME)
        # Whether a rewritten command is run is known of its own form only.
        return HookCall(
            proposal=_proposed(_MAPPED, called),
            tool=called.tool,
            arguments=called.arguments,
            event="PreToolUse",
        )
    calls.check_event(event, _OWN)
    if isinstance(given := event.get("toolArgs"), str):
        # Older versions: JSON in a string.
        event["toolArgs"] = read_object(given.encode(errors="surrogatepass"))
    called = calls.called_in(event, _OWN, NAME)
    proposal = _proposed(TOOLS, called)
    return HookCall(
        proposal=proposal,
        tool=called.tool,
        arguments=called.arguments,
        rewrites=isinstance(proposal, ShellProposal),
    )


DIALECT = Dialect(
    name=NAME,
    deny={"permissionDecision": "deny", "permissionDecisionReason": REASON},
    ask={"permissionDecision": "ask", "permissionDecisionReason": REASON},
    rewrite={"permissionDecision": "allow", "modifiedArgs": ARGUMENTS},
    inside={"permissionDecision": "allow", "permissionDecisionReason": REASON},
    rewrites_since="1.0.102",
    advises=True,
    others={"PreToolUse": Dialect(name=NAME, deny=CLAUDE_DENY, ask=CLAUDE_ASK, advises=True, reader=read)},
    reader=read,
)
