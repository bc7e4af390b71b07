"""OpenHands' hooks, as 1.58.0 was seen to speak them. No question; one terminal for the whole session, which is typed into."""

from guard.agents import calls
from guard.agents.calls import Called, Layout, Tools
from guard.agents.codec import HookCall, PayloadError
from guard.agents.dialect import REASON, Dialect
from guard.model.dataclass import replace
from guard.model.proposal import Proposal

NAME = "openhands"
_LAYOUT = Layout(
    event="event_type",
    events=frozenset({"PreToolUse"}),
    cwd="working_dir",
    call="",
    subagent="",
    also=("message",),
)
_KEYS = frozenset({"", "C-c", "C-z", "C-d"})
"""What is typed only to look, to stop or to end."""


def _terminal(called: Called) -> Proposal:
    typed = called.arguments.get("is_input", False)
    if not isinstance(typed, bool):
        raise PayloadError("`tool_input.is_input` is not true or false")
    if not typed:
        return calls.shell_proposal(called, called.text("command"), typed_into=True, lasting=True)
    name = "BashOutput" if called.text("command").strip() in _KEYS else "typing into a running program"
    return calls.unknown(replace(called, tool=name))


def _file(called: Called) -> Proposal:
    match called.text("command"):
        case "view":
            return calls.read_of(called, called.path("path"), recursive=True)
        case "create":
            return calls.write("path", content="file_text")(called)
        case "str_replace":
            change = calls.replacement(
                {"old": called.text("old_str"), "new": called.optional("new_str")},
                called.where,
                "old",
                "new",
                "",
            )
            return calls.edited(called, called.path("path"), (change,))
        case "insert":
            change = calls.replacement(
                {"old": "", "new": called.text("new_str")}, called.where, "old", "new", ""
            )
            return calls.edited(called, called.path("path"), (change,))
        case _:
            return calls.unknown(called)


TOOLS: Tools = {
    "terminal": _terminal,
    "file_editor": _file,
    "apply_patch": calls.patch("patch"),
    "task_tracker": calls.known_as("TodoWrite"),
    "think": calls.known_as("TodoWrite"),
    "finish": calls.known_as("TaskStop"),
}


def read(payload: bytes) -> HookCall:
    """Raises PayloadError."""
    _, called = calls.read_event(_LAYOUT, payload, NAME)
    return HookCall(
        proposal=calls.proposed(TOOLS, called),
        tool=called.tool,
        arguments=called.arguments,
        project=called.cwd,
    )


DIALECT = Dialect(name=NAME, deny={"decision": "deny", "reason": REASON}, status=2, advises=True, reader=read)
