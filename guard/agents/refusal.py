"""The one form of no that every client we know takes, for whatever goes wrong with us. Needs nothing else of the guard."""

from guard.model.jsons import dumps


def refusal(problem: str) -> tuple[bytes, bytes]:
    """What to print on standard output and on standard error; the exit status that goes with it is 2."""
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
    return dumps(body).encode() + b"\n", f"{reason}\n".encode(errors="backslashreplace")
