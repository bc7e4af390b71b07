"""Pi's `tool_call`, as 0.73.1 was seen to call it, through the extension that `guard install` writes."""

from guard.agents import calls, plugin
from guard.agents.calls import Called, Layout, Tools
from guard.agents.codec import HookCall, PayloadError
from guard.agents.dialect import Dialect
from guard.agents.strict_json import as_object, optional_text, read_object, text
from guard.model.principal import Principal
from guard.model.proposal import Proposal, ShellProposal

NAME = "pi"
_EVENTS = Layout(events=frozenset({"tool_call"}))


def _edit(called: Called) -> Proposal:
    several = "edits" in called.arguments
    build = calls.edits if several else calls.edit
    return build("path", old="oldText", new="newText")(called)


TOOLS: Tools = {
    "bash": calls.shell(),
    "read": calls.read("path"),
    "write": calls.write("path"),
    "edit": _edit,
    "grep": calls.grep("path"),
    "find": calls.glob("path"),
    "ls": calls.listing("path"),
}


def read(payload: bytes) -> HookCall:
    """The client's event, and its directory. Raises PayloadError."""
    whole = read_object(payload)
    calls.check_event(whole, _EVENTS)
    event = as_object(whole.get("event"), "`event` is missing or not an object")
    if text(event, "type", "event.") != "tool_call":
        raise PayloadError("`event.type` is not `tool_call`")
    cwd = calls.checked_path(text(whole, "cwd", ""))
    if not cwd.startswith("/"):
        raise PayloadError("`cwd` is not an absolute path")
    tool = text(event, "toolName", "event.")
    if not tool:
        raise PayloadError("`event.toolName` is empty")
    called = Called(
        principal=Principal(agent=NAME, session=optional_text(whole, "session", "")),
        cwd=cwd,
        tool=tool,
        arguments=as_object(event.get("input"), "`event.input` is missing or not an object"),
        id=optional_text(event, "toolCallId", "event."),
        where="event.input.",
    )
    proposal = calls.proposed(TOOLS, called)
    return HookCall(
        proposal=proposal,
        tool=tool,
        arguments=called.arguments,
        rewrites=isinstance(proposal, ShellProposal),
        project=cwd,
    )


DIALECT = Dialect(name=NAME, deny=plugin.DENY, rewrite=plugin.REWRITE, silent=plugin.ALLOW, reader=read)
