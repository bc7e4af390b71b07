"""The OpenAI Agents SDK: the guard's executor for its shell tool, editor for its patches, guardrail for function tools.

The SDK asks nobody when a tool has no ``needs_approval``; an executor is always there, and so is a guardrail.
"""

import shlex
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from guard.agents.codec import PayloadError
from guard.agents.strict_json import read_object
from guard.errors import GuardError, UsageError
from guard.integrations.uses import Calls, call_of
from guard.library.answers import FileDone, Ran
from guard.library.guards import AsyncGuard
from guard.model.outcome import LimitReached

try:
    from agents import (
        ApplyPatchOperation,
        ApplyPatchResult,
        ApplyPatchTool,
        FunctionTool,
        ShellCallOutcome,
        ShellCommandOutput,
        ShellCommandRequest,
        ShellResult,
        ShellTool,
        Tool,
        ToolGuardrailFunctionOutput,
        ToolInputGuardrail,
        ToolInputGuardrailData,
        apply_diff,
    )
except ImportError as error:
    raise UsageError(
        f"the OpenAI Agents SDK cannot be used: {error}",
        help_="install it: `pip install 'execguard[openai-agents]'`",
    ) from error

REFUSED = 126
"""The exit code of a command that was not permitted, as the shell has it for one that cannot be run."""


class GuardedShell:
    """``ShellTool(executor=GuardedShell(guard))``: each command is decided, contained where that is decided, and judged."""

    def __init__(self, guard: AsyncGuard) -> None:
        self._guard = guard

    async def __call__(self, request: ShellCommandRequest) -> ShellResult:
        action = request.data.action
        timeout_s = None if action.timeout_ms is None else action.timeout_ms / 1000
        output: list[ShellCommandOutput] = []
        for command in action.commands:
            try:
                ran = await self._guard.run(command, timeout_s=timeout_s, id_=request.data.call_id)
            except GuardError as error:
                output.append(_output(command, "", f"[guard] not carried out: {error}", REFUSED))
                break
            output.append(_ran(command, ran))
            if not ran.permitted:
                break  # what comes after it was meant for a machine where it had run
        return ShellResult(output=output, max_output_length=action.max_output_length)


class GuardedEditor:
    """``ApplyPatchTool(editor=GuardedEditor(guard))``: each file is decided, and touched through no link that came after."""

    def __init__(self, guard: AsyncGuard) -> None:
        self._guard = guard

    async def create_file(self, operation: ApplyPatchOperation) -> ApplyPatchResult:
        return await self._written(operation, "", create=True)

    async def update_file(self, operation: ApplyPatchOperation) -> ApplyPatchResult:
        try:
            before = await self._guard.read(operation.path)
        except GuardError as error:
            return _failed(f"[guard] not carried out: {error}")
        return await self._written(operation, before.content) if before.done else _failed(before.text)

    async def delete_file(self, operation: ApplyPatchOperation) -> ApplyPatchResult:
        try:
            ran = await self._guard.run(f"rm -- {shlex.quote(operation.path)}")
        except GuardError as error:
            return _failed(f"[guard] not carried out: {error}")
        return _completed(operation) if ran.ok else _failed(ran.text)

    async def _written(
        self, operation: ApplyPatchOperation, before: str, *, create: bool = False
    ) -> ApplyPatchResult:
        if operation.move_to:
            return _failed(
                "[guard] a patch that moves a file is not carried out: create one, and delete the other"
            )
        try:
            after = apply_diff(before, operation.diff or "", "create" if create else "default")
        except ValueError as error:
            return _failed(f"{operation.path}: the patch does not fit: {error}")
        try:
            done: FileDone = await self._guard.write(operation.path, after)
        except GuardError as error:
            return _failed(f"[guard] not carried out: {error}")
        return _completed(operation) if done.done else _failed(done.text)


def guardrail(guard: AsyncGuard, *, calls: Calls | None = None) -> ToolInputGuardrail[Any]:
    """``@function_tool(tool_input_guardrails=[guardrail(guard, calls=...)])``: a call is permitted before the function runs.

    Put it last. ``calls``: what a use comes to, by the name of the tool; one that is not named there may do anything, so
    a person is asked.
    """

    async def permitted(data: ToolInputGuardrailData) -> ToolGuardrailFunctionOutput:
        told = await _refusal(data, guard, calls or {})
        if told:
            return ToolGuardrailFunctionOutput.reject_content(told)
        return ToolGuardrailFunctionOutput.allow()

    return ToolInputGuardrail(guardrail_function=permitted, name="guard")


def guard_tools(tools: Iterable[Tool], guard: AsyncGuard, *, calls: Calls | None = None) -> list[Tool]:
    """The same tools, the guard before each function tool; those whose executor or editor is the guard's, as they are.

    ``calls`` is as for :func:`guardrail`. Raises TypeError for every other tool. What runs at the provider is no call on
    this machine, and is given to the agent beside these.
    """
    last = guardrail(guard, calls=calls)
    return [_guarded(tool, last) for tool in tools]


def _guarded(tool: Tool, last: ToolInputGuardrail[Any]) -> Tool:
    match tool:
        case FunctionTool():
            # Last, so that nothing of the program's stands between what was decided and what runs.
            return replace(tool, tool_input_guardrails=[*(tool.tool_input_guardrails or ()), last])
        case ShellTool(executor=executor):
            if isinstance(executor, GuardedShell):
                return tool
            raise TypeError("a ShellTool has to have `executor=GuardedShell(guard)`")
        case ApplyPatchTool(editor=editor):
            if isinstance(editor, GuardedEditor):
                return tool
            raise TypeError("an ApplyPatchTool has to have `editor=GuardedEditor(guard)`")
        case _:
            raise TypeError(
                f"{type(tool).__name__} cannot be put behind the guard; one that runs at the provider is given beside these"
            )


async def _refusal(data: ToolInputGuardrailData, guard: AsyncGuard, calls: Calls) -> str:
    """Why a call of a function tool is not carried out; empty when it is permitted."""
    context = data.context
    # What the SDK runs is the call itself; the text beside it may be another by now. A realtime session has only the text.
    sent = context.tool_arguments if context.tool_call is None else context.tool_call.arguments
    try:
        given = read_object((sent or "{}").encode(errors="surrogatepass"))
        call = call_of(context.qualified_tool_name, given, calls)
        if call is None:
            return ""
        answer = await guard.permit(call, id_=context.tool_call_id)
    except (GuardError, PayloadError) as error:
        return f"[guard] not carried out: {error}"
    return "" if answer.permitted else answer.text


def _ran(command: str, ran: Ran) -> ShellCommandOutput:
    if not ran.permitted:
        return _output(command, "", ran.text, REFUSED)
    told = ran.stderr.decode(errors="backslashreplace")
    if ran.held:
        told += f"\n[guard] its changes are held for a person and not in the workspace: {ran.held}"
    if ran.stopped or isinstance(ran.outcome, LimitReached):
        return ShellCommandOutput(
            stdout=ran.stdout.decode(errors="backslashreplace"),
            stderr=told,
            outcome=ShellCallOutcome(type="timeout"),
            command=command,
        )
    status = ran.status
    if status is None:
        return _output(command, ran.stdout.decode(errors="backslashreplace"), ran.text, REFUSED)
    return _output(command, ran.stdout.decode(errors="backslashreplace"), told, status)


def _output(command: str, stdout: str, stderr: str, status: int) -> ShellCommandOutput:
    return ShellCommandOutput(
        stdout=stdout, stderr=stderr, outcome=ShellCallOutcome(type="exit", exit_code=status), command=command
    )


def _completed(operation: ApplyPatchOperation) -> ApplyPatchResult:
    return ApplyPatchResult(status="completed", output=f"{operation.path}: done")


def _failed(text: str) -> ApplyPatchResult:
    return ApplyPatchResult(status="failed", output=text)
