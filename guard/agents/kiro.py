"""Kiro's hooks, from its documentation and from what others saw: exit status 2 is a deny, and there is no other answer."""

from guard.agents import calls
from guard.agents.calls import Called, Layout, Tools
from guard.agents.codec import HookCall
from guard.agents.dialect import NOTHING, Dialect
from guard.agents.strict_json import as_object, text
from guard.model.jsons import dumps
from guard.model.proposal import Proposal, Replacement, SingleProposal

NAME = "kiro"
_LAYOUT = Layout(
    events=frozenset({"PreToolUse", "preToolUse"}),
    call="",
    subagent="",
    also=(),
    without=frozenset({"tool_response"}),
)


def _reads(called: Called) -> Proposal:
    if "operations" not in called.arguments:
        return calls.read_of(called, called.path("path"), recursive=True)
    parts: list[SingleProposal] = [
        calls.read_of(called, path, recursive=True) for path in calls.paths_in(called, "operations", "path")
    ]
    return calls.batch(called, parts)


def _writes(called: Called) -> Proposal:
    """Which of its ways of writing it is makes no difference to what may be written."""
    if "operations" not in called.arguments:
        return _written(called, called.arguments)
    problem = f"`{called.where}operations` is not a list of objects"
    parts: list[SingleProposal] = [
        _written(called, as_object(one, problem)) for one in called.list("operations")
    ]
    return calls.batch(called, parts)


def _written(called: Called, source: "dict[str, object]") -> SingleProposal:
    path = calls.checked_path(text(source, "path", called.where))
    return calls.edited(called, path, (Replacement(old="", new=dumps(source, sort_keys=True)),))


TOOLS: Tools = {
    "shell": calls.shell(directory="working_dir"),
    "execute_bash": calls.shell(directory="working_dir"),
    "execute_cmd": calls.shell(directory="working_dir"),
    "read": _reads,
    "fs_read": _reads,
    "read_file": calls.read("path"),
    "write": _writes,
    "fs_write": _writes,
    "str_replace": calls.edit("path", old="old_str", new="new_str"),
    "grep": calls.grep("path"),
    "glob": calls.glob("path"),
    "web_fetch": calls.fetch("url"),
    "web_search": calls.known_as("WebSearch"),
    "todo_list": calls.known_as("TodoWrite"),
    "thinking": calls.known_as("TodoWrite"),
}


def read(payload: bytes) -> HookCall:
    """Raises PayloadError."""
    _, called = calls.read_event(_LAYOUT, payload, NAME)
    return HookCall(proposal=calls.proposed(TOOLS, called), tool=called.tool, arguments=called.arguments)


DIALECT = Dialect(name=NAME, deny=NOTHING, status=2, advises=True, reader=read)
