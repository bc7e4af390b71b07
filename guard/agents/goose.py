"""Goose's hooks, from its documentation: a deny counts at any exit status, and `on_failure` makes the rest one."""

from guard.agents import calls
from guard.agents.calls import Layout, Tools
from guard.agents.codec import HookCall
from guard.agents.dialect import REASON, Dialect

NAME = "goose"
_LAYOUT = Layout(
    event="event",
    events=frozenset({"PreToolUse"}),
    cwd="working_dir",
    call="tool_call_id",
    subagent="",
    also=("matcher_context",),
)
TOOLS: Tools = {
    "developer__shell": calls.shell(),
    "developer__write": calls.write("path"),
    "developer__edit": calls.edit("path", old="before", new="after"),
    "developer__tree": calls.grep("path"),
}


def read(payload: bytes) -> HookCall:
    """Raises PayloadError."""
    _, called = calls.read_event(_LAYOUT, payload, NAME)
    return HookCall(proposal=calls.proposed(TOOLS, called), tool=called.tool, arguments=called.arguments)


DIALECT = Dialect(
    name=NAME, deny={"decision": "block", "reason": REASON}, status=2, advises=True, reader=read
)
