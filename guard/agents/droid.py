"""Factory Droid's PreToolUse protocol, from what others saw of 0.186: Claude Code's words, its own tools."""

from guard.agents import calls
from guard.agents.calls import Called, Layout, Tools
from guard.agents.codec import HookCall
from guard.agents.dialect import CLAUDE_ALLOW, CLAUDE_ASK, CLAUDE_DENY, Dialect
from guard.model.proposal import Proposal, SingleProposal

NAME = "droid"
_LAYOUT = Layout(
    events=frozenset({"PreToolUse"}),
    also=("transcript_path", "permission_mode"),
    without=frozenset({"tool_response"}),
)


def _edit(called: Called) -> Proposal:
    keys = {"old": "old_str", "new": "new_str", "everywhere": "change_all"}
    if "changes" in called.arguments:
        return calls.edits("file_path", changes="changes", **keys)(called)
    return calls.edit("file_path", **keys)(called)


def _glob(called: Called) -> Proposal:
    given = called.arguments.get("patterns")
    patterns = [given] if isinstance(given, str) else calls.paths_in(called, "patterns", "")
    where = called.where_to("folder")
    parts: list[SingleProposal] = [
        calls.read_of(called, calls.searched(where, pattern), recursive=True) for pattern in patterns
    ]
    return calls.batch(called, parts)


TOOLS: Tools = {
    "Execute": calls.shell(),
    "Create": calls.write("file_path"),
    "Edit": _edit,
    "ApplyPatch": calls.patch("input"),
    "Read": calls.read("file_path"),
    "Grep": calls.grep("path"),
    "Glob": _glob,
    "LS": calls.listing("directory_path"),
    "FetchUrl": calls.fetch("url"),
    "WebSearch": calls.known_as("WebSearch"),
    "Task": calls.known_as("Task"),
    "TodoWrite": calls.known_as("TodoWrite"),
    "ExitSpecMode": calls.known_as("ExitPlanMode"),
}


def read(payload: bytes) -> HookCall:
    """Raises PayloadError."""
    _, called = calls.read_event(_LAYOUT, payload, NAME)
    return HookCall(
        proposal=calls.proposed(TOOLS, called, servers=True), tool=called.tool, arguments=called.arguments
    )


DIALECT = Dialect(name=NAME, deny=CLAUDE_DENY, ask=CLAUDE_ASK, inside=CLAUDE_ALLOW, advises=True, reader=read)
