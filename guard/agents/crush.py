"""Crush's hooks, from its documentation. Its sub-agents are not hooked at all; there is no question."""

from guard.agents import calls
from guard.agents.calls import Called, Layout, Tools
from guard.agents.codec import HookCall
from guard.agents.dialect import NOTHING, Dialect
from guard.model.proposal import Proposal

NAME = "crush"
_LAYOUT = Layout(event="event", events=frozenset({"PreToolUse"}), call="", subagent="", also=())


def _download(called: Called) -> Proposal:
    from guard.model.proposal import WriteProposal  # noqa: PLC0415 - rare

    written = WriteProposal(
        principal=called.principal, cwd=called.cwd, call=called.id, path=called.path("file_path"), content=""
    )
    return calls.batch(called, [calls.fetch_of(called, called.text("url")), written])


TOOLS: Tools = {
    "bash": calls.shell(directory="working_dir"),
    "edit": calls.edit("file_path"),
    "multiedit": calls.edits("file_path"),
    "write": calls.write("file_path"),
    "view": calls.read("file_path"),
    "fetch": calls.fetch("url"),
    "download": _download,
    "glob": calls.glob("path"),
    "grep": calls.grep("path"),
    "ls": calls.grep("path"),
    "job_output": calls.known_as("BashOutput"),
    "job_kill": calls.known_as("KillShell"),
    "todos": calls.known_as("TodoWrite"),
    # `agent` is not here: what it starts is hooked by nobody.
}


def read(payload: bytes) -> HookCall:
    """Raises PayloadError."""
    _, called = calls.read_event(_LAYOUT, payload, NAME)
    return HookCall(proposal=calls.proposed(TOOLS, called), tool=called.tool, arguments=called.arguments)


DIALECT = Dialect(name=NAME, deny=NOTHING, status=2, advises=True, reader=read)
