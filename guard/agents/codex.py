"""OpenAI Codex CLI's PreToolUse protocol, as 0.169.0 was seen to speak it.

The strictest reader of answers there is: an unknown key, a question or an empty reason, and the call runs. It has no
question, and no event for what is typed into a running session.
"""

from guard.agents import calls
from guard.agents.calls import Layout, Tools
from guard.agents.codec import HookCall
from guard.agents.dialect import CLAUDE_DENY, CLAUDE_REWRITE, Dialect
from guard.model.proposal import ShellProposal

NAME = "codex"
_LAYOUT = Layout(
    events=frozenset({"PreToolUse"}),
    also=("transcript_path", "permission_mode", "agent_type", "turn_id", "model"),
)
_AGENTS: Tools = {
    "spawn_agent": calls.known_as("Agent"),
    "resume_agent": calls.known_as("SendMessage"),
    "send_input": calls.known_as("SendMessage"),
    "wait": calls.known_as("TaskOutput"),
    "wait_agent": calls.known_as("TaskOutput"),
    "close_agent": calls.known_as("TaskStop"),
}
TOOLS: Tools = {
    "Bash": calls.shell(typed_into=True),
    "apply_patch": calls.patch("command"),
    "view_image": calls.read("path"),
    "update_plan": calls.known_as("TodoWrite"),
    "get_goal": calls.known_as("TodoWrite"),
    "create_goal": calls.known_as("TodoWrite"),
    "update_goal": calls.known_as("TodoWrite"),
    "request_user_input": calls.known_as("AskUserQuestion"),
    **_AGENTS,
    # Since 0.171.0 some of these come with the name of their group in front, and nothing between the two.
    **{f"multi_agent_v1{name}": means for name, means in _AGENTS.items()},
}


def read(payload: bytes) -> HookCall:
    """Its ``cwd`` is where this very call runs, not where the session does. Raises PayloadError."""
    _, called = calls.read_event(_LAYOUT, payload, NAME)
    proposal = calls.proposed(TOOLS, called, servers=True)
    return HookCall(
        proposal=proposal,
        tool=called.tool,
        # Nothing else may be in the answer.
        arguments={"command": ""} if isinstance(proposal, ShellProposal) else called.arguments,
        rewrites=isinstance(proposal, ShellProposal),
    )


DIALECT = Dialect(
    name=NAME, deny=CLAUDE_DENY, rewrite=CLAUDE_REWRITE, rewrites_since="0.169.0", advises=True, reader=read
)
