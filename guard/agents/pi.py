"""Pi's `tool_call`, as 0.73.1 was seen to call it, through the extension that `guard install` writes."""

from guard.agents import calls, plugin
from guard.agents.calls import Builder, Called, Layout, Tools
from guard.agents.codec import HookCall, PayloadError
from guard.agents.dialect import Dialect
from guard.agents.strict_json import as_object, optional_text, read_object, text
from guard.model.dataclass import replace
from guard.model.principal import Principal
from guard.model.proposal import BatchProposal, Proposal, SingleProposal

NAME = "pi"
_EVENTS = Layout(events=frozenset({"tool_call"}))


def _edit(called: Called) -> Proposal:
    several = "edits" in called.arguments
    build = calls.edits if several else calls.edit
    return build("path", old="oldText", new="newText")(called)


def _either(build: Builder) -> Builder:
    """Later versions take an `@` at the beginning of a path for a way to say "this file": it is judged with and without."""

    def both(called: Called) -> Proposal:
        path = called.optional("path")
        if not path.startswith("@"):
            return build(called)
        parts: list[SingleProposal] = []
        for one in (path, path[1:]):
            found = build(replace(called, arguments={**called.arguments, "path": one}))
            parts += found.parts if isinstance(found, BatchProposal) else (found,)
        return calls.batch(called, parts)

    return both


TOOLS: Tools = {
    "bash": calls.shell(),
    "read": _either(calls.read("path")),
    "write": _either(calls.write("path")),
    "edit": _either(_edit),
    "grep": _either(calls.grep("path")),
    "find": _either(calls.glob("path")),
    "ls": _either(calls.listing("path")),
}


def read(payload: bytes) -> HookCall:
    """The client's event, and its directory. Raises PayloadError."""
    whole = read_object(payload)
    calls.check_event(whole, _EVENTS)
    event = as_object(whole.get("event"), "`event` is missing or not an object")
    if text(event, "type", "event.") != "tool_call":
        raise PayloadError("`event.type` is not `tool_call`")
    called = Called(
        principal=Principal(agent=NAME, session=optional_text(whole, "session", "")),
        cwd=plugin.directory(whole, "cwd"),
        tool=plugin.tool_of(event, "toolName", "event."),
        arguments=as_object(event.get("input"), "`event.input` is missing or not an object"),
        id=optional_text(event, "toolCallId", "event."),
        where="event.input.",
    )
    return plugin.hook_call(called, calls.proposed(TOOLS, called))


DIALECT = Dialect(name=NAME, deny=plugin.DENY, rewrite=plugin.REWRITE, silent=plugin.ALLOW, reader=read)
