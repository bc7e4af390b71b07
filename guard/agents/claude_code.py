"""Claude Code's PreToolUse protocol: what its tools propose, and how to say allow, ask and deny in its dialect.

Proved against 1.0.128, 2.0.76, 2.1.63, 2.1.197 and 2.1.330. Only ``tool_name``, ``tool_input`` and ``cwd`` are in all.
"""

from guard.agents.codec import HookCall, PayloadError, Reply, explanation
from guard.agents.refusal import refusal
from guard.agents.strict_json import as_object, optional_text, read_object, text
from guard.engine.stages import Decided
from guard.model.decision import Allow, Ask, Deny, Sandbox
from guard.model.jsons import dumps
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
from guard.model.typed import Any, cast

NAME = "claude-code"
MAX_PATH = 4096
"""PATH_MAX of Linux, in characters rather than bytes: never too strict."""
_SHELLS = frozenset({"Bash", "Monitor"})
_MAGIC = frozenset("*?[]{}()!|\\")


def read(payload: bytes) -> HookCall:
    """Raises PayloadError for whatever is not a PreToolUse event."""
    event = read_object(payload)
    name = text(event, "hook_event_name", "")
    if name != "PreToolUse":
        raise PayloadError(f"the event is `{name}`, not `PreToolUse`: register this hook for PreToolUse only")
    tool = text(event, "tool_name", "")
    arguments = as_object(event.get("tool_input"), "`tool_input` is missing or not an object")
    cwd = _path(text(event, "cwd", ""))
    if not tool or not cwd.startswith("/"):
        raise PayloadError("`tool_name` is empty" if not tool else "`cwd` is not an absolute path")
    for known in ("transcript_path", "prompt_id", "permission_mode", "agent_type"):
        # Nothing rests on them, but another type means another protocol than the one we know.
        optional_text(event, known, "")
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
        command = text(arguments, "command", where)
        if "\0" in command:
            raise PayloadError("`tool_input.command` holds a NUL byte, and no command can")
        return ShellProposal(principal=principal, cwd=cwd, call=call, command=command)
    match tool:
        case "Write":
            path, content = _path(text(arguments, "file_path", where)), text(arguments, "content", where)
            return WriteProposal(principal=principal, cwd=cwd, call=call, path=path, content=content)
        case "Edit":
            path = _path(text(arguments, "file_path", where))
            return EditProposal(
                principal=principal, cwd=cwd, call=call, path=path, edits=(_edit(arguments, where),)
            )
        case "MultiEdit":
            edits: object = arguments.get("edits")
            if not isinstance(edits, list) or not edits:
                raise PayloadError("`tool_input.edits` is not a list of objects")
            path = _path(text(arguments, "file_path", where))
            changes = tuple(
                _edit(as_object(edit, "`tool_input.edits` is not a list of objects"), f"{where}edits.")
                for edit in cast("list[object]", edits)
            )
            return EditProposal(principal=principal, cwd=cwd, call=call, path=path, edits=changes)
        case "NotebookEdit":
            path = _path(text(arguments, "notebook_path", where))
            change = Replacement(old="", new=optional_text(arguments, "new_source", where))
            return EditProposal(principal=principal, cwd=cwd, call=call, path=path, edits=(change,))
        case "Read":
            return ReadProposal(
                principal=principal, cwd=cwd, call=call, path=_path(text(arguments, "file_path", where))
            )
        case "Glob":
            path = _searched(
                _path(optional_text(arguments, "path", where)) or cwd, text(arguments, "pattern", where)
            )
            return ReadProposal(principal=principal, cwd=cwd, call=call, path=path, recursive=True)
        case "Grep" | "LS":
            path = _path(optional_text(arguments, "path", where)) or cwd
            return ReadProposal(principal=principal, cwd=cwd, call=call, path=path, recursive=tool != "LS")
        case "WebFetch":
            return FetchProposal(principal=principal, cwd=cwd, call=call, url=text(arguments, "url", where))
        case _:
            sent = dumps(arguments, sort_keys=True)
            return ToolProposal(principal=principal, cwd=cwd, call=call, tool=tool, arguments=sent)


def _path(path: str) -> str:
    if len(path) > MAX_PATH:
        # No system call takes it, and looking at each of its parts would take longer than the client waits.
        raise PayloadError(f"a path of {len(path)} characters is longer than any file's")
    return path


def _searched(path: str, pattern: str) -> str:
    """The tree that a search for ``pattern`` in ``path`` looks through: ``/etc/*`` and ``../*`` lead elsewhere."""
    fixed, magic = pattern, ""
    start = next((index for index, char in enumerate(pattern) if char in _MAGIC), -1)
    if start >= 0:
        end = pattern.rfind("/", 0, start) + 1
        fixed, magic = pattern[:end], pattern[end:]
    # What comes after the first `*` or `{` may climb again, or be a path of its own: `{/etc,src}/*`.
    if ".." in magic or "{/" in magic or ",/" in magic or "(/" in magic or "|/" in magic:
        return "/"
    return _path(fixed if fixed.startswith(("/", "~")) else f"{path.rstrip('/')}/{fixed}")


def _edit(source: dict[str, Any], where: str) -> Replacement:
    everywhere = source.get("replace_all", False)
    if not isinstance(everywhere, bool):
        raise PayloadError(f"`{where}replace_all` is not true or false")
    return Replacement(
        old=text(source, "old_string", where),
        new=text(source, "new_string", where),
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


def approved(decided: Decided) -> Reply:
    """What a person has said yes to in another terminal: the client need not ask again."""
    return _say({"permissionDecision": "allow", "permissionDecisionReason": decided.decision.reasons[0].why})


def answer_inside(call: HookCall, decided: Decided, *, judged_later: bool) -> Reply:
    """For an agent that is in a sandbox as a whole: what may only run in one runs as it stands.

    ``judged_later``: what it changes is judged before it reaches the workspace, so that it needs nobody's yes before.
    """
    match decided.decision:
        case Allow(placement=Sandbox()):
            if not judged_later:
                return Reply()
            why = "the whole session is in a sandbox, and what it changes is looked at in the end"
            return _say({"permissionDecision": "allow", "permissionDecisionReason": why})
        case _:
            return answer(call, decided, "")


def refuse(problem: str) -> Reply:
    """For whatever goes wrong with us."""
    stdout, stderr = refusal(problem)
    return Reply(stdout=stdout, stderr=stderr, status=2)


def _say(output: dict[str, Any]) -> Reply:
    return Reply(stdout=_line({"hookSpecificOutput": {"hookEventName": "PreToolUse", **output}}))


def _line(body: dict[str, Any]) -> bytes:
    # `Infinity` is not JSON, and what is not JSON lets the call run.
    return dumps(body).encode() + b"\n"
