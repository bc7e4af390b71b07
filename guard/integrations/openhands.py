"""The OpenHands SDK: an analyzer that asks the guard about each action, and a policy that stops before what it does not permit.

The SDK carries the actions out itself, in one terminal for the whole conversation; nothing is contained. Whatever stands
unanswered in a conversation when it is run, the SDK takes as confirmed: run it through :class:`Guarded` only.
"""

import asyncio
import json
import os
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar, cast

from pydantic import PrivateAttr

from guard.agents.codec import HookCall, PayloadError
from guard.agents.openhands import DIALECT, TOOLS
from guard.errors import GuardError, UsageError
from guard.integrations.uses import Calls, call_of
from guard.library.answers import Judged, refusal_of
from guard.library.calls import proposal_of
from guard.library.guards import AsyncGuard
from guard.model.dataclass import replace as replaced
from guard.model.decision import Ask, Deny
from guard.model.effect import ReadPath, ReadSecret, RunProgram
from guard.model.proposal import ShellProposal

try:
    # Needs a newer Python than this package: its values are not ours to name.
    _sdk: Any = import_module("openhands.sdk")
    _security: Any = import_module("openhands.sdk.security")
    _state: Any = import_module("openhands.sdk.conversation.state")
except ImportError as error:
    raise UsageError(
        f"the OpenHands SDK cannot be used: {error}",
        help_="install it, with Python 3.12 or newer: `pip install 'execguard[openhands]'`",
    ) from error

_T = TypeVar("_T")
_Analyzer: Any = _security.SecurityAnalyzerBase
_Policy: Any = _security.ConfirmationPolicyBase
_TERMINAL = "terminal"
_EDITOR = "file_editor"
_ONLY_LOOKS = (ReadPath, ReadSecret, RunProgram)
_FAILED = (PayloadError, GuardError, OSError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the guard says of one action."""

    refusal: str = ""
    """Why it is not permitted, for the model; empty when it is."""
    question: Judged | None = None
    """What a person may still permit."""
    changes: bool = True
    """Whether what comes after it in the same turn may mean something else once it is done."""


class GuardAnalyzer(_Analyzer):  # type: ignore[misc]  # pyright: ignore[reportUntypedBaseClass] - as above
    """LOW for what the guard permits, HIGH for everything else: and for all, when it was restored and knows no guard."""

    _gate: "Gate | None" = PrivateAttr(default=None)
    """No field: those are written to the conversation's file."""

    def behind(self, gate: "Gate") -> "GuardAnalyzer":
        self._gate = gate
        return self

    def security_risk(self, action: Any) -> Any:
        permitted = self._gate is not None and not self._gate.look(action).refusal
        return _security.SecurityRisk.LOW if permitted else _security.SecurityRisk.HIGH


class StopUnlessLow(_Policy):  # type: ignore[misc]  # pyright: ignore[reportUntypedBaseClass] - as above
    """Stops before whatever is not LOW: also what nobody has analyzed."""

    def should_confirm(self, risk: Any = _security.SecurityRisk.UNKNOWN) -> bool:
        return bool(risk is not _security.SecurityRisk.LOW)


class Gate:
    """One conversation's actions, from the analyzer that sees each of them to whoever asks about some."""

    def __init__(self, conversation: Any, guard: AsyncGuard, calls: Calls) -> None:
        self._state: Any = conversation.state
        self._guard, self._calls = guard, calls
        self._directory = os.path.abspath(str(conversation.workspace.working_dir))
        self._found: dict[str, Finding] = {}
        self._before = len(self._state.events)
        """What was done before us, in another process perhaps, says nothing of the terminal as it is now."""

    def pending(self) -> list[Any]:
        """Actions that nothing has come of yet."""
        return list(_state.ConversationState.get_unmatched_actions(self._state.active_branch()))

    def look(self, action: Any) -> Finding:
        """Decides it, and remembers. Whatever fails in here is a refusal that no person is asked about."""
        try:
            finding = self._too_early(action) or self._looked(action)
        except _FAILED as error:
            finding = Finding(refusal=f"[guard] denied: {error}")
        except Exception as error:  # noqa: BLE001 - the border: a crash of ours must not let the action run
            finding = Finding(refusal=f"[guard] denied: {type(error).__name__}: {error}")
        self._found[action.id] = finding
        return finding

    def answered(self, action: Any) -> str:
        """Why it is not carried out, after a person was asked where that may be; empty when it may be."""
        finding = self._found.get(action.id) or self.look(action)
        if not finding.refusal or finding.question is None:
            return finding.refusal
        judged = finding.question
        try:
            return "" if _waited(self._guard.approved(judged)) else finding.refusal
        except _FAILED as error:
            return f"[guard] denied: {error}"

    def refused(self, action: Any) -> str:
        """Why no person need be asked about it; empty when it is permitted, or may yet be."""
        finding = self._found.get(action.id) or self.look(action)
        return "" if finding.question is not None else finding.refusal

    def forget(self) -> None:
        self._found.clear()

    def _too_early(self, action: Any) -> Finding | None:
        """What it does may rest on another of the same turn: a link that a file is written through, a script that is run."""
        for one in self.pending():
            if one.id == action.id:
                break
            found = self._found.get(one.id)
            if found is not None and not found.changes:
                continue
            # Commands of the terminal are read together, and an editor makes no links.
            if one.tool_name != action.tool_name or one.tool_name not in {_TERMINAL, _EDITOR}:
                return Finding(
                    refusal=f"[guard] denied: what `{action.tool_name}` is to do here may rest on what `{one.tool_name}` "
                    "changes before it in the same turn\ninstead: make the second call when the first is done"
                )
        return None

    def _looked(self, action: Any) -> Finding:
        given = _arguments(action)
        name = str(action.tool_name)
        if name in self._calls:
            use = call_of(name, given, self._calls)
            if use is None:
                return Finding(changes=False)
            call = self._read(action, name, given, self._directory)
            meant = proposal_of(use, call.proposal.principal, self._directory, str(action.tool_call_id))
            return self._finding(replaced(call, proposal=meant))
        if name != _TERMINAL or given.get("is_input") is True or not str(given.get("command", "")).strip():
            return self._finding(self._read(action, name, given, self._directory))
        directory, before = self._standing(action, reset=given.get("reset") is True)
        if not directory:
            return Finding(
                refusal="[guard] denied: nobody can say in which directory the terminal is\n"
                "instead: run the command with `reset`, which starts a new terminal"
            )
        finding = self._finding(self._read(action, name, given, directory))
        if not before or (finding.refusal and finding.question is None):
            return finding
        # Those of the same turn run one after the other in the same shell, and none of them has run yet.
        together = {**given, "command": "\n".join([*before, str(given["command"])])}
        both = self._finding(self._read(action, name, together, directory))
        return finding if finding.refusal and (both.question is not None or not both.refusal) else both

    def _finding(self, call: HookCall) -> Finding:
        judged = _waited(self._guard.judged(replaced(call, rewrites=False)))
        decision, left = judged.decided.decision, judged.decided.analysed.left
        if left and not isinstance(decision, Deny):
            # Whoever approves one command does not know what it will mean for all those after it.
            return Finding(
                refusal=f"[guard] denied: it would leave {left[0]} in the terminal, and later commands would do something "
                "else than they say\ninstead: put the whole command in parentheses, or in a script"
            )
        if judged.permitted:
            changes = not all(isinstance(effect, _ONLY_LOOKS) for effect in judged.decided.effects)
            return Finding(changes=changes)
        return Finding(refusal=refusal_of(decision), question=judged if isinstance(decision, Ask) else None)

    def _read(self, action: Any, name: str, given: dict[str, Any], directory: str) -> HookCall:
        """By the same words as the client's hook has it."""
        if name in TOOLS and getattr(action.action, "kind", "") == "MCPToolAction":
            name = f"{name} of a server"  # which does what it likes, under the name of one of the SDK's own
        event = {
            "event_type": "PreToolUse",
            "tool_name": name,
            "tool_input": given,
            "session_id": self._guard.session,
            "working_dir": directory,
        }
        try:
            call = DIALECT.read(json.dumps(event).encode())
        except (TypeError, ValueError) as error:
            raise PayloadError(f"the action is no JSON: {error}") from error
        proposal = replaced(call.proposal, call=str(action.tool_call_id))
        if isinstance(proposal, ShellProposal):
            proposal = replaced(proposal, directory_told=True)
        return replaced(call, proposal=proposal)

    def _standing(self, action: Any, *, reset: bool) -> tuple[str, list[str]]:
        """Where the terminal is, empty if nobody can say, and what it is given in this turn before ``action``."""
        before: list[str] = []
        directory = ""
        if reset:
            return self._directory, before
        for one in self.pending():
            if one.id == action.id:
                break
            if one.tool_name != _TERMINAL:
                continue
            given = _arguments(one)
            if given.get("is_input") is True:
                return "", []
            if given.get("reset") is True:
                before, directory = [], self._directory
            before.append(str(given.get("command", "")))
        return directory or self._left(), before

    def _left(self) -> str:
        for number, event in self._backwards():
            observation = getattr(event, "observation", None)
            if observation is None or getattr(event, "tool_name", "") != _TERMINAL:
                continue
            if number < self._before:
                return ""
            said = getattr(getattr(observation, "metadata", None), "working_dir", None)
            if said:
                return str(said) if os.path.isabs(str(said)) else ""
            # One that was just started anew has said nothing yet.
            return self._directory if getattr(observation, "command", None) == "[RESET]" else ""
        return self._directory

    def _backwards(self) -> Iterator[tuple[int, Any]]:
        events = self._state.events
        for number in range(len(events) - 1, -1, -1):
            yield number, events[number]


class Guarded:
    """``Guarded(conversation, guard).run()`` in the place of ``conversation.run()``.

    ``guard``: its ``approve`` is asked about what a person has to decide, in a loop of its own; without one that is
    refused. ``calls``: what a use of one of the program's own tools comes to, by its name; one that is not named may do
    anything, and a person is asked. Raises UsageError for a conversation whose actions the guard would not see.
    """

    def __init__(self, conversation: Any, guard: AsyncGuard, *, calls: Calls | None = None) -> None:
        _check(conversation)
        self._conversation = conversation
        self._gate = Gate(conversation, guard, calls or {})
        conversation.set_security_analyzer(GuardAnalyzer().behind(self._gate))
        conversation.set_confirmation_policy(StopUnlessLow())

    def run(self) -> None:
        """Until the agent has finished, is paused or fails. Raises GuardError when it does not stop being refused."""
        for _ in range(self._conversation.max_iteration_per_run):
            self.settle()
            self._conversation.run()
            if not self.waiting:
                return
        raise GuardError(
            "the agent was stopped: in each of its turns something had to be decided",
            help_="see with `guard sessions list` what it tries, and give it another task",
        )

    @property
    def waiting(self) -> bool:
        """Something stands before an action: call :meth:`settle` before the conversation is run again."""
        return bool(
            self._conversation.state.execution_status
            == _sdk.ConversationExecutionStatus.WAITING_FOR_CONFIRMATION
        )

    def settle(self) -> None:
        """Answers for every action that stands unanswered: those of one turn are carried out all, or none."""
        pending = self._gate.pending()
        why = self._why_not(pending)
        self._gate.forget()
        if why:
            several = f"none of these {len(pending)} calls was carried out, because of one: "
            self._conversation.reject_pending_actions(several + why if len(pending) > 1 else why)

    def _why_not(self, pending: list[Any]) -> str:
        # Nobody is asked about a turn that cannot be carried out anyway.
        for ask in (self._gate.refused, self._gate.answered):
            for action in pending:
                why = ask(action)
                if why:
                    return why
        return ""


def _check(conversation: Any) -> None:
    if not isinstance(conversation, _sdk.LocalConversation):
        raise UsageError(
            "this conversation runs on another machine, and what it would do there nobody can say here",
            help_="put the guard on that machine: `guard install --agent openhands`",
        )
    agent = conversation.agent
    if not isinstance(agent, _sdk.Agent):
        raise UsageError(
            f"a {type(agent).__name__} carries out its calls without asking this SDK",
            help_="use `guard install` for the client that it starts",
        )
    if agent.tool_concurrency_limit != 1:
        raise UsageError(
            "with several calls at a time nobody can say in which terminal a command runs",
            help_="leave `tool_concurrency_limit` at 1",
        )


def _arguments(action: Any) -> dict[str, Any]:
    if action.action is None:
        raise PayloadError("the action has no arguments that could be read")
    given = cast("dict[str, Any]", action.action.model_dump(mode="json"))
    kind = given.pop("kind", "")
    data = given.get("data")
    return cast("dict[str, Any]", data) if kind == "MCPToolAction" and isinstance(data, dict) else given


def _waited(work: Coroutine[Any, Any, _T]) -> _T:
    """In a thread and a loop of its own: the SDK calls from threads with and without one."""
    done: list[_T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(asyncio.run(work))
        except BaseException as error:  # noqa: BLE001 - it is the caller's
            failed.append(error)

    thread = threading.Thread(target=run, name="guard", daemon=True)
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return done[0]


__all__ = ["GuardAnalyzer", "Guarded", "StopUnlessLow"]
