"""What our own plugins say to the hook, and are told: for clients that load code instead of starting a command.

A plugin takes no answer, and any that it does not know, for a deny; so does it with another exit status than 0.
"""

from guard.agents import calls
from guard.agents.calls import Called
from guard.agents.codec import HookCall, PayloadError
from guard.agents.dialect import ARGUMENTS, REASON, Form
from guard.agents.strict_json import text
from guard.model.proposal import Proposal, ShellProposal
from guard.model.typed import Any

DENY: Form = {"decision": "deny", "reason": REASON}
REWRITE: Form = {"decision": "allow", "arguments": ARGUMENTS}
ALLOW = b'{"decision": "allow"}\n'


def directory(event: dict[str, Any], key: str) -> str:
    """Raises PayloadError for what is no absolute path."""
    cwd = calls.checked_path(text(event, key, ""))
    if not cwd.startswith("/"):
        raise PayloadError(f"`{key}` is not an absolute path")
    return cwd


def tool_of(event: dict[str, Any], key: str, where: str) -> str:
    tool = text(event, key, where)
    if not tool:
        raise PayloadError(f"`{where}{key}` is empty")
    return tool


def hook_call(called: Called, proposal: Proposal) -> HookCall:
    return HookCall(
        proposal=proposal,
        tool=called.tool,
        arguments=called.arguments,
        # It is our plugin that puts the command in its place.
        rewrites=isinstance(proposal, ShellProposal),
        project=called.cwd,
    )
