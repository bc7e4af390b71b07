"""The Claude Agent SDK: a hook that decides every call of the client's, and its permission callback for what a person decides.

The client carries the calls out itself. A shell command that has to be contained runs as `guard exec`; what the hook has
not seen, or what was changed after it, is not permitted.
"""

import json
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any, TypeAlias, cast

from guard.agents.claude_code import DIALECT
from guard.agents.codec import HookCall, PayloadError
from guard.errors import GuardError, UsageError
from guard.integrations.uses import Calls, call_of
from guard.library.answers import Judged, refusal_of
from guard.library.calls import proposal_of
from guard.library.guards import AsyncGuard
from guard.model.dataclass import replace as replaced

try:
    # Half a gigabyte with the client in it, which no type checker of ours need have: its values are not ours to name.
    _sdk: Any = import_module("claude_agent_sdk")
except ImportError as error:
    raise UsageError(
        f"the Claude Agent SDK cannot be used: {error}",
        help_="install it: `pip install 'execguard[claude-agent-sdk]'`",
    ) from error

Given: TypeAlias = dict[str, Any]
Hook: TypeAlias = Callable[[Any, "str | None", Any], Awaitable[Any]]
_EVENT = "PreToolUse"
_REMEMBERED = 1000
"""Calls that may be asked about at the same time; of more, the oldest are refused."""
_REPOSITORY = {"project", "local"}
_SURROUNDINGS = ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")
_NOT_WITH = ("bare", "settings", "setting-sources", "permission-prompt-tool")


def options(guard: AsyncGuard, base: Any = None, *, calls: Calls | None = None) -> Any:
    """``ClaudeAgentOptions`` with the guard before every call of the client and of its sub-agents.

    ``base``: the program's own; its ``can_use_tool`` is asked about what the guard permits and the client itself asks
    about, and without one the guard's answer holds. ``calls``: what a use of one of the program's own tools comes to, by
    its whole name, `mcp__notes__add`. Raises UsageError for options with which the guard would not be asked.
    """
    given = _sdk.ClaudeAgentOptions() if base is None else base
    _check(given)
    gate = _Gate(guard, calls or {}, given.can_use_tool)
    hooks: dict[str, list[Any]] = given.hooks or {}
    own = [replace(one, hooks=[_unchanging(hook) for hook in one.hooks]) for one in hooks.get(_EVENT, ())]
    ours = _sdk.HookMatcher(matcher=None, hooks=[gate.before], on_failure="block")
    return replace(
        given,
        cwd=guard.cwd if given.cwd is None else given.cwd,
        hooks={**hooks, _EVENT: [ours, *own]},
        can_use_tool=gate.may,
        setting_sources=list(given.setting_sources or ()),
        settings=_settings(given),
        env={**given.env, "CLAUDE_CODE_SIMPLE": "0"},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    tool: str
    runs: Given
    """What the client was told to run."""
    judged: Judged | None
    """None: the program says that it has no effect."""


class _Gate:
    """One client's calls, from the hook that sees each of them to the callback that is asked about some."""

    def __init__(self, guard: AsyncGuard, calls: Calls, own: Any) -> None:
        self._guard, self._calls, self._own = guard, calls, own
        self._seen: OrderedDict[str, _Seen] = OrderedDict()

    async def before(self, event: Any, _id: str | None, _context: Any) -> Given:
        """The hook. Whatever fails in here is a deny."""
        try:
            call = _read(event)
            return await self._judge(call)
        except (PayloadError, GuardError) as error:
            return _denied(f"[guard] denied: {error}")
        except Exception as error:  # noqa: BLE001 - the border: a crash of ours must not let the call run
            return _denied(f"[guard] denied: {type(error).__name__}: {error}")

    async def _judge(self, call: HookCall) -> Given:
        proposal, runs = call.proposal, call.arguments
        if call.tool in self._calls:
            use = call_of(call.tool, call.arguments, self._calls)
            if use is None:
                self._remember(proposal.call, _Seen(tool=call.tool, runs=runs, judged=None))
                return {}
            meant = proposal_of(use, proposal.principal, proposal.cwd, proposal.call)
            # The program's own tool runs what it runs: no command that we answer with.
            call = replaced(call, proposal=meant, rewrites=False)
        judged = await self._guard.judged(call)
        if judged.contained and judged.permitted:
            runs = {**runs, call.command_key: judged.contained}
        self._remember(proposal.call, _Seen(tool=call.tool, runs=runs, judged=judged))
        if judged.permitted and not judged.contained:
            return {}
        reply = DIALECT.answer(call, judged.decided, judged.contained)
        if reply.status:
            return _denied(reply.stderr.decode(errors="backslashreplace").strip())
        return cast("Given", json.loads(reply.stdout))

    def _remember(self, id_: str, seen: _Seen) -> None:
        self._seen[id_] = seen
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    async def may(self, tool: str, given: Given, context: Any) -> Any:
        """The permission callback: for what the hook has said to ask about, and for what the client asks about itself."""
        seen = self._seen.pop(context.tool_use_id or "", None)
        if seen is None or seen.tool != tool or seen.runs != given:
            return _refused("[guard] denied: this is not the call that was judged; make it again")
        judged = seen.judged
        if judged is None or judged.permitted:
            return await self._let(tool, given, context, free=judged is None)
        try:
            approved = await self._guard.approved(judged)
        except (GuardError, OSError) as error:
            return _refused(f"[guard] denied: {error}")
        if not approved:
            return _refused(refusal_of(judged.decided.decision))
        if not judged.contained:
            return _sdk.PermissionResultAllow()
        return _sdk.PermissionResultAllow(updated_input={**given, "command": judged.contained})

    async def _let(self, tool: str, given: Given, context: Any, *, free: bool) -> Any:
        """What the guard permits, the program may still refuse; what it changes, nobody has judged."""
        if self._own is None:
            return _sdk.PermissionResultAllow()
        answer = await self._own(tool, given, context)
        changed = getattr(answer, "updated_input", None)
        if not free and changed is not None and changed != given:
            return _refused("[guard] denied: the program has changed the call after it was judged")
        return answer


def _read(event: object) -> HookCall:
    try:
        payload = json.dumps(event).encode()
    except (TypeError, ValueError) as error:
        raise PayloadError(f"the event is no JSON: {error}") from error
    return DIALECT.read(payload)


def _denied(words: str) -> Given:
    said = {"hookEventName": _EVENT, "permissionDecision": "deny", "permissionDecisionReason": words}
    return {"hookSpecificOutput": said}


def _refused(words: str) -> Any:
    return _sdk.PermissionResultDeny(message=words)


def _unchanging(hook: Hook) -> Hook:
    """A hook of the program's own, which may refuse: of two that change a call, nobody knows whose words run."""

    async def run(event: Any, id_: str | None, context: Any) -> Any:
        answer = await hook(event, id_, context)
        said = cast("Given", answer).get("hookSpecificOutput") if isinstance(answer, dict) else None
        if isinstance(said, dict) and "updatedInput" in said:
            return _denied(
                "[guard] denied: another hook of the program changes the call that is being judged"
            )
        return cast("Any", answer)

    return run


# ---------------------------------------------------------------------- options


def _check(given: Any) -> None:
    """Raises UsageError where the guard would not be asked, or somebody else would answer in its place."""
    hooks: Given = given.hooks or {}
    repository = sorted(_REPOSITORY & set(given.setting_sources or ()))
    flags = [key for key in _NOT_WITH if key in given.extra_args]
    moved = [name for name in _SURROUNDINGS if name in given.env and given.env[name] != os.environ.get(name)]
    problems = (
        (
            given.permission_prompt_tool_name,
            "`permission_prompt_tool_name` answers in the guard's place",
            "leave it out",
        ),
        (
            "PermissionRequest" in hooks,
            "a hook for `PermissionRequest` answers in the guard's place",
            "use `can_use_tool`",
        ),
        (
            repository,
            f"`setting_sources` names {', '.join(repository)}: a repository's settings run commands that nobody judges",
            "leave it out, or name `user` alone",
        ),
        (flags, f"`extra_args` holds {', '.join(flags)}, with which the hook may not run", "leave it out"),
        (
            moved,
            f"`env` changes {', '.join(moved)}: what runs contained would be decided by another policy",
            "set it for the whole program",
        ),
    )
    for found, problem, help_ in problems:
        if found:
            raise UsageError(problem, help_=help_)


def _settings(given: Any) -> str:
    """The program's own, with hooks switched on, which no other settings of the session can undo. Raises UsageError."""
    text: str = given.settings or "{}"
    try:
        if not text.lstrip().startswith("{"):
            with open(os.path.join(given.cwd or os.getcwd(), text), encoding="utf-8") as file:
                text = file.read()
        found: object = json.loads(text)
        if not isinstance(found, dict):
            raise TypeError("no object")  # noqa: TRY301 - told below
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise UsageError(
            f"`settings` cannot be read: {error}", help_="the client would start without them: mend them"
        ) from error
    return json.dumps({**cast("Given", found), "disableAllHooks": False})


__all__ = ["options"]
