"""Claude Code's PreToolUse protocol: what its tools propose, and how to say allow, ask and deny in its dialect.

Proved against 1.0.128, 2.0.76, 2.1.63, 2.1.197 and 2.1.330. Only ``tool_name``, ``tool_input`` and ``cwd`` are in all.
"""

import json
from typing import Any

from guard.agents.codec import HookCall, PayloadError, Reply, explanation
from guard.agents.strict_json import checked_text, optional_text, read_object, text
from guard.engine.stages import Decided
from guard.model.decision import Allow, Ask, Deny, Sandbox
from guard.model.principal import Principal
from guard.model.proposal import (
    EditProposal,
    FetchProposal,
    Proposal,
    ReadProposal,
    Replacement,
    ShellProposal,
    ToolProposal,
    WriteProposal,
)

NAME = "claude-code"
_SHELLS = frozenset({"Bash", "Monitor"})


def read(payload: bytes) -> HookCall:
    """Raises PayloadError for whatever is not a PreToolUse event."""
    event = read_object(payload)
    name = text(event, "hook_event_name", "")
    if name != "PreToolUse":
        raise PayloadError(f"the event is `{name}`, not `PreToolUse`: register this hook for PreToolUse only")
    tool = text(event, "tool_name", "")
    arguments = event.get("tool_input")
    if not isinstance(arguments, dict):
        raise PayloadError("`tool_input` is missing or not an object")
    cwd = text(event, "cwd", "")
    if not tool or not cwd.startswith("/"):
        raise PayloadError("`tool_name` is empty" if not tool else "`cwd` is not an absolute path")
    principal = Principal(
        agent=NAME,
        session=optional_text(event, "session_id", ""),
        subagent=optional_text(event, "agent_id", ""),
    )
    call = optional_text(event, "tool_use_id", "")
    proposal = _proposal(tool, arguments, principal, cwd, call)
    # 1.0.128 runs its own command whatever `updatedInput` says; the same versions send no `tool_use_id`.
    return HookCall(
        proposal=proposal,
        tool=tool,
        arguments=arguments,
        rewrites=bool(call) and isinstance(proposal, ShellProposal),
    )


def _proposal(tool: str, arguments: dict[str, Any], principal: Principal, cwd: str, call: str) -> Proposal:
    where = "tool_input."
    if tool in _SHELLS:
        return ShellProposal(
            principal=principal, cwd=cwd, call=call, command=text(arguments, "command", where)
        )
    match tool:
        case "Write":
            path, content = text(arguments, "file_path", where), text(arguments, "content", where)
            return WriteProposal(principal=principal, cwd=cwd, call=call, path=path, content=content)
        case "Edit":
            path = text(arguments, "file_path", where)
            return EditProposal(
                principal=principal, cwd=cwd, call=call, path=path, edits=(_edit(arguments, where),)
            )
        case "MultiEdit":
            edits = arguments.get("edits")
            if not isinstance(edits, list) or not edits or not all(isinstance(edit, dict) for edit in edits):
                raise PayloadError("`tool_input.edits` is not a list of objects")
            path = text(arguments, "file_path", where)
            changes = tuple(_edit(edit, f"{where}edits.") for edit in edits)
            return EditProposal(principal=principal, cwd=cwd, call=call, path=path, edits=changes)
        case "NotebookEdit":
            path = text(arguments, "notebook_path", where)
            change = Replacement(old="", new=optional_text(arguments, "new_source", where))
            return EditProposal(principal=principal, cwd=cwd, call=call, path=path, edits=(change,))
        case "Read":
            return ReadProposal(
                principal=principal, cwd=cwd, call=call, path=text(arguments, "file_path", where)
            )
        case "Grep" | "Glob" | "LS":
            path = optional_text(arguments, "path", where) or cwd
            return ReadProposal(principal=principal, cwd=cwd, call=call, path=path, recursive=tool != "LS")
        case "WebFetch":
            return FetchProposal(principal=principal, cwd=cwd, call=call, url=text(arguments, "url", where))
        case _:
            sent = json.dumps(arguments, ensure_ascii=True, sort_keys=True)
            return ToolProposal(principal=principal, cwd=cwd, call=call, tool=tool, arguments=sent)


def _edit(source: dict[str, Any], where: str) -> Replacement:
    everywhere = source.get("replace_all", False)
    if not isinstance(everywhere, bool):
        raise PayloadError(f"`{where}replace_all` is not true or false")
    return Replacement(
        old=checked_text(source.get("old_string", ""), where + "old_string"),
        new=checked_text(source.get("new_string", ""), where + "new_string"),
        everywhere=everywhere,
    )


def answer(call: HookCall, decided: Decided, rewritten: str) -> Reply:
    """``rewritten``: the command that runs this one contained; empty when there is none."""
    decision = decided.decision
    match decision:
        case Deny():
            return _say(
                {"permissionDecision": "deny", "permissionDecisionReason": f"denied: {explanation(decided)}"}
            )
        case Ask():
            return _say({"permissionDecision": "ask", "permissionDecisionReason": explanation(decided)})
        case Allow(placement=Sandbox()):
            if not rewritten or not call.rewrites:
                return refuse("it may only run in a sandbox, and this client cannot be told to do so")
            return _say(
                {"permissionDecision": "allow", "updatedInput": {**call.arguments, "command": rewritten}}
            )
        case Allow():
            # No opinion: what the client's own permissions say goes on to hold.
            return Reply()


def refuse(problem: str) -> Reply:
    """For whatever goes wrong with us: the one form that every client we know takes as a deny."""
    reason = f"denied: guard could not judge this call: {problem}"
    body = {
        "decision": "block",
        "reason": reason,
        "cancel": True,
        "errorMessage": reason,
        "permission": "deny",
        "permissionDecision": "deny",
        "permissionDecisionReason": reason,
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": "deny",
            "permissionDecisionReason": reason,
        },
    }
    return Reply(stdout=_line(body), stderr=f"{reason}\n".encode(errors="backslashreplace"), status=2)


def _say(output: dict[str, Any]) -> Reply:
    return Reply(stdout=_line({"hookSpecificOutput": {"hookEventName": "PreToolUse", **output}}))


def _line(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=True).encode() + b"\n"
