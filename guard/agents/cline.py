"""Cline's hooks: the command line as 3.0.65 was seen to speak, the editor's extension from its sources.

It looks at no exit status. A deny ends the whole run of the command line; there is no question.
"""

from guard.agents import calls
from guard.agents.calls import Called, Layout, Tools
from guard.agents.codec import HookCall, PayloadError
from guard.agents.dialect import ARGUMENTS, REASON, Dialect
from guard.agents.strict_json import as_object, checked_text, optional_text, read_object, text
from guard.model.principal import Principal
from guard.model.proposal import BatchProposal, Proposal, ShellProposal, SingleProposal
from guard.model.typed import Any, cast

NAME = "cline"
_EVENTS = Layout(event="hookName", events=frozenset({"tool_call", "PreToolUse"}))


def _commands(called: Called) -> Proposal:
    """Each is a text for a shell, or a program with its arguments."""
    parts: list[SingleProposal] = []
    for one in called.list("commands"):
        command = _joined(cast("dict[str, Any]", one), called) if isinstance(one, dict) else one
        parts.append(calls.shell_proposal(called, checked_text(command, "tool_call.input.commands")))
    return calls.batch(called, parts)


def _joined(one: dict[str, Any], called: Called) -> str:
    from shlex import join  # noqa: PLC0415 - rare

    words = [text(one, "command", called.where)]
    if one.get("args"):
        words += [
            checked_text(word, f"{called.where}args") for word in calls.checked_list(one["args"], "args")
        ]
        return join(words)
    return words[0]


def _editor(called: Called) -> Proposal:
    path = called.path("path")
    if called.optional("old_text") or "insert_line" in called.arguments:
        change = calls.replacement(
            {"old": called.optional("old_text"), "new": called.text("new_text")},
            called.where,
            "old",
            "new",
            "",
        )
        return calls.edited(called, path, (change,))
    return calls.write("path", content="new_text")(called)


def _reads(called: Called) -> Proposal:
    parts: list[SingleProposal] = [
        calls.read_of(called, path) for path in calls.paths_in(called, "files", "path")
    ]
    return calls.batch(called, parts)


def _fetches(called: Called) -> Proposal:
    parts: list[SingleProposal] = []
    for one in called.list("requests"):
        request = as_object(one, f"`{called.where}requests` is not a list of objects")
        parts.append(calls.fetch_of(called, text(request, "url", f"{called.where}requests.")))
    return calls.batch(called, parts)


TOOLS: Tools = {
    "run_commands": _commands,
    "read_files": _reads,
    "editor": _editor,
    "apply_patch": calls.patch("input"),
    "search_codebase": calls.grep("path"),
    "fetch_web_content": _fetches,
    "spawn_agent": calls.known_as("Agent"),
    "execute_command": calls.shell(),
    "write_to_file": calls.write("path", "absolutePath"),
    "replace_in_file": calls.blocks("path", "diff"),
    "read_file": calls.read("path"),
    "search_files": calls.grep("path"),
    "list_files": calls.grep("path"),
    "list_code_definition_names": calls.grep("path"),
    "ask_question": calls.known_as("AskUserQuestion"),
    "ask_followup_question": calls.known_as("AskUserQuestion"),
    "plan_mode_respond": calls.known_as("ExitPlanMode"),
}


def read(payload: bytes) -> HookCall:
    """It names no directory but the roots of the workspace. Raises PayloadError."""
    event = read_object(payload)
    calls.check_event(event, _EVENTS)
    roots = [
        calls.checked_path(checked_text(root, "workspaceRoots"))
        for root in calls.checked_list(event.get("workspaceRoots"), "workspaceRoots")
    ]
    if not roots[0].startswith("/"):
        raise PayloadError("`workspaceRoots` holds no absolute path")
    name, arguments, call = _call(event)
    context = event.get("sessionContext")
    session = cast("dict[str, Any]", context).get("rootSessionId") if isinstance(context, dict) else None
    called = Called(
        principal=Principal(
            agent=NAME,
            session=checked_text(session, "sessionContext.rootSessionId")
            if session is not None
            else optional_text(event, "taskId", ""),
            version=optional_text(event, "clineVersion", ""),
            subagent=optional_text(event, "agent_id", "") if event.get("parent_agent_id") is not None else "",
        ),
        cwd=roots[0],
        tool=name,
        arguments=arguments,
        id=call,
        where="input.",
    )
    proposal = calls.proposed(TOOLS, called)
    return HookCall(
        proposal=proposal,
        tool=name,
        arguments=arguments,
        rewrites=name == "run_commands" and isinstance(proposal, ShellProposal | BatchProposal),
        command_key="commands",
        listed=True,
        project=roots[0],
    )


def _call(event: dict[str, Any]) -> tuple[str, dict[str, Any], str]:
    if "tool_call" in event:
        # The values of `preToolUse` beside it are all texts.
        given = as_object(event["tool_call"], "`tool_call` is not an object")
        name, call = text(given, "name", "tool_call."), optional_text(given, "id", "tool_call.")
        arguments = as_object(given.get("input"), "`tool_call.input` is missing or not an object")
    else:
        given = as_object(event.get("preToolUse"), "`preToolUse` is missing or not an object")
        name, call = optional_text(given, "tool", "preToolUse.") or text(given, "toolName", "preToolUse."), ""
        arguments = as_object(given.get("parameters"), "`preToolUse.parameters` is missing or not an object")
        if name in _TYPED:
            raise PayloadError(f"the values of `{name}` are not there as they are, only as texts")
    if not name:
        raise PayloadError("the name of the tool is empty")
    return name, arguments, call


_TYPED = frozenset({"run_commands", "read_files", "fetch_web_content"})

DIALECT = Dialect(
    name=NAME,
    deny={"cancel": True, "errorMessage": REASON},
    rewrite={"overrideInput": ARGUMENTS},
    rewrites_since="3.0.65",
    advises=True,
    reader=read,
)
