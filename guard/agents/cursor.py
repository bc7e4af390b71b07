"""Cursor's hooks, from its documentation: four events before something happens, answered alike.

Its documentation has a question for commands and MCP tools only. At `preToolUse` one would be taken and not asked, so
there it becomes a deny; commands are not rewritten, because nobody has seen that the answer is what runs.
"""

from guard.agents import calls
from guard.agents.calls import Called, Layout, Tools
from guard.agents.codec import HookCall, PayloadError
from guard.agents.dialect import REASON, Dialect
from guard.agents.strict_json import as_object, checked_text, optional_text, read_object, text
from guard.model.dataclass import replace
from guard.model.principal import Principal
from guard.model.proposal import Proposal
from guard.model.typed import Any

NAME = "cursor"
_EVENTS = Layout(
    events=frozenset({"preToolUse", "beforeShellExecution", "beforeMCPExecution", "beforeReadFile"})
)
_ASKED = frozenset({"beforeShellExecution", "beforeMCPExecution"})


def _shell(called: Called) -> Proposal:
    keys = [key for key in ("cwd", "working_directory") if called.optional(key)]
    if len({called.optional(key) for key in keys}) > 1:
        raise PayloadError("`tool_input.cwd` and `working_directory` name two directories")
    return calls.shell_proposal(called, called.text("command"), keys[0] if keys else "")


TOOLS: Tools = {
    "Shell": _shell,
    "Read": calls.read("file_path", "path"),
    "Write": calls.write("file_path", "path"),
    "Delete": calls.delete("file_path", "path"),
    "List": calls.listing("file_path", "path"),
    "Grep": calls.grep("path", "file_path"),
    "Task": calls.known_as("Task"),
}


def read(payload: bytes) -> HookCall:
    """Raises PayloadError."""
    event = read_object(payload)
    calls.check_event(event, _EVENTS)
    name = text(event, "hook_event_name", "")
    roots = _roots(event)
    cwd = calls.checked_path(optional_text(event, "cwd", "")) or (roots[0] if roots else "")
    if not cwd.startswith("/"):
        raise PayloadError("`cwd` and `workspace_roots` name no absolute path")
    for known in ("generation_id", "model", "cursor_version", "user_email", "transcript_path"):
        optional_text(event, known, "")
    called = Called(
        principal=Principal(
            agent=NAME,
            session=optional_text(event, "conversation_id", ""),
            version=optional_text(event, "cursor_version", ""),
        ),
        cwd=cwd,
        tool=name,
        arguments=event,
        id=optional_text(event, "tool_use_id", ""),
        where="",
    )
    called, proposal = _proposal(name, event, called)
    return HookCall(
        proposal=proposal,
        tool=called.tool,
        arguments=called.arguments,
        asks=name in _ASKED,
        project=roots[0] if roots else "",
    )


def _proposal(name: str, event: dict[str, Any], called: Called) -> tuple[Called, Proposal]:
    match name:
        case "beforeShellExecution":
            return called, calls.shell_proposal(called, called.text("command"))
        case "beforeReadFile":
            return called, calls.read_of(called, called.path("file_path"))
        case "beforeMCPExecution":
            given = event.get("tool_input")
            # JSON inside of a string; what it holds is judged by nobody who cannot read it.
            arguments = read_object(given.encode(errors="surrogatepass")) if isinstance(given, str) else given
            called = replace(
                called,
                tool=f"MCP:{text(event, 'tool_name', '')}",
                arguments=as_object(arguments, "`tool_input` is missing or not an object"),
            )
            return called, calls.unknown(called)
        case _:
            tool = text(event, "tool_name", "")
            if not tool:
                raise PayloadError("`tool_name` is empty")
            arguments = as_object(event.get("tool_input"), "`tool_input` is missing or not an object")
            called = replace(called, tool=tool, arguments=arguments, where="tool_input.")
            return called, calls.proposed(TOOLS, called)


def _roots(event: dict[str, Any]) -> list[str]:
    if event.get("workspace_roots") in (None, []):
        return []
    found = calls.checked_list(event["workspace_roots"], "workspace_roots")
    return [calls.checked_path(checked_text(root, "workspace_roots")) for root in found]


DIALECT = Dialect(
    name=NAME,
    deny={"permission": "deny", "user_message": REASON, "agent_message": REASON},
    ask={"permission": "ask", "user_message": REASON, "agent_message": REASON},
    # It has been said to take no output at all for output that is wrong.
    silent=b"{}\n",
    advises=True,
    reader=read,
)
