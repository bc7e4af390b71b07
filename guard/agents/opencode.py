"""OpenCode's `tool.execute.before`, as 1.18.33 was seen to call it, through the plugin that `guard install` writes."""

from guard.agents import calls, plugin
from guard.agents.calls import Called, Layout, Tools
from guard.agents.codec import HookCall, PayloadError
from guard.agents.dialect import Dialect
from guard.agents.strict_json import as_object, checked_text, optional_text, read_object
from guard.model.principal import Principal
from guard.model.proposal import Proposal
from guard.model.typed import Any, cast

NAME = "opencode"
_EVENTS = Layout(events=frozenset({"tool.execute.before"}))
_NAMED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


def _patch(called: Called) -> Proposal:
    keys = [key for key in ("patchText", "patch", "input") if key in called.arguments]
    if len(keys) != 1:
        raise PayloadError(f"`{called.tool}` has no patch, or several")
    return calls.patch(keys[0])(called)


TOOLS: Tools = {
    "bash": calls.shell(directory="workdir"),
    "write": calls.write("filePath"),
    "edit": calls.edit("filePath", old="oldString", new="newString", everywhere="replaceAll"),
    "multiedit": calls.edits("filePath", old="oldString", new="newString", everywhere="replaceAll"),
    "apply_patch": _patch,
    "patch": _patch,
    "read": calls.read("filePath"),
    "glob": calls.glob("path"),
    "grep": calls.grep("path"),
    "list": calls.grep("path"),
    "webfetch": calls.fetch("url"),
    "websearch": calls.known_as("WebSearch"),
    "task": calls.known_as("Task"),
    "todowrite": calls.known_as("TodoWrite"),
    "todoread": calls.known_as("TodoRead"),
    "question": calls.known_as("AskUserQuestion"),
}


def _proposed(event: dict[str, Any], called: Called) -> Proposal:
    """A server's tool is called `SERVER_TOOL`, and replaces one of the client's own that is called so."""
    if "_" not in called.tool or "servers" not in event:
        return calls.proposed(TOOLS, called)
    servers, own = (_names(event, key) for key in ("servers", "own"))
    if servers is None or own is None:
        # The client did not say what there is.
        return calls.foreign(called)
    found = [name for name in servers if called.tool.startswith(f"{_shown(name)}_")]
    if not found:
        return calls.proposed(TOOLS, called)
    if len(found) > 1 or called.tool in own or called.tool in TOOLS:
        return calls.foreign(called)
    return calls.served(called, found[0], called.tool[len(_shown(found[0])) + 1 :])


def _names(event: dict[str, Any], key: str) -> "list[str] | None":
    given = event.get(key)
    if given is None:
        return None
    if not isinstance(given, list):
        raise PayloadError(f"`{key}` is not a list")
    return [checked_text(name, key) for name in cast("list[object]", given)]


def _shown(server: str) -> str:
    """As the client writes it into the name of a tool: each unit of UTF-16 that it would not have there becomes a `_`."""
    return "".join(
        char if char in _NAMED else "_" * (len(char.encode("utf-16-le", "surrogatepass")) // 2)
        for char in server
    )


def read(payload: bytes) -> HookCall:
    """The client's two arguments, and its directory. Raises PayloadError."""
    event = read_object(payload)
    calls.check_event(event, _EVENTS)
    given = as_object(event.get("input"), "`input` is missing or not an object")
    output = as_object(event.get("output"), "`output` is missing or not an object")
    called = Called(
        principal=Principal(agent=NAME, session=optional_text(given, "sessionID", "input.")),
        cwd=plugin.directory(event, "directory"),
        tool=plugin.tool_of(given, "tool", "input."),
        arguments=as_object(output.get("args"), "`output.args` is missing or not an object"),
        id=optional_text(given, "callID", "input."),
        where="output.args.",
    )
    return plugin.hook_call(called, _proposed(event, called))


DIALECT = Dialect(name=NAME, deny=plugin.DENY, rewrite=plugin.REWRITE, silent=plugin.ALLOW, reader=read)
