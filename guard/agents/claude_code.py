"""Claude Code's PreToolUse protocol: what its tools propose, and how to say allow, ask and deny in its dialect.

Proved against 1.0.128, 2.0.76, 2.1.63, 2.1.197 and 2.1.330. Only ``tool_name``, ``tool_input`` and ``cwd`` are in all.
"""

from guard.agents import calls
from guard.agents.calls import Called, Layout, Tools
from guard.agents.codec import HookCall
from guard.agents.dialect import CLAUDE_ALLOW, CLAUDE_ASK, CLAUDE_DENY, CLAUDE_REWRITE, Dialect
from guard.model.proposal import BOOKKEEPING, Proposal, Replacement, ShellProposal

NAME = "claude-code"
_LAYOUT = Layout(
    events=frozenset({"PreToolUse"}), also=("transcript_path", "prompt_id", "permission_mode", "agent_type")
)


def _notebook(called: Called) -> Proposal:
    change = Replacement(old="", new=called.optional("new_source"))
    return calls.edited(called, called.path("notebook_path"), (change,))


TOOLS: Tools = {
    "Bash": calls.shell(),
    "Monitor": calls.shell(),
    "Write": calls.write("file_path"),
    "Edit": calls.edit("file_path"),
    "MultiEdit": calls.edits("file_path"),
    "NotebookEdit": _notebook,
    "Read": calls.read("file_path"),
    "Glob": calls.glob("path"),
    "Grep": calls.grep("path"),
    "LS": calls.listing("path"),
    "WebFetch": calls.fetch(),
    # Under its own names policy knows them.
    **dict.fromkeys(BOOKKEEPING, calls.unknown),
}


def read(payload: bytes) -> HookCall:
    """Raises PayloadError for whatever is not a PreToolUse event."""
    _, called = calls.read_event(_LAYOUT, payload, NAME)
    proposal = calls.proposed(TOOLS, called, servers=True)
    # 1.0.128 runs its own command whatever `updatedInput` says; the same versions send no `tool_use_id`.
    return HookCall(
        proposal=proposal,
        tool=called.tool,
        arguments=called.arguments,
        rewrites=bool(called.id) and isinstance(proposal, ShellProposal),
    )


DIALECT = Dialect(
    name=NAME,
    deny=CLAUDE_DENY,
    ask=CLAUDE_ASK,
    rewrite=CLAUDE_REWRITE,
    inside=CLAUDE_ALLOW,
    reader=read,
)
