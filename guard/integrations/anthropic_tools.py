"""The anthropic SDK: a bash tool and an editor that the guard carries out, and any other tool with the guard before it.

For ``client.beta.messages.tool_runner(tools=...)``, and for loops written by hand. What is refused reaches the model as a
tool result with ``is_error`` and the reason.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, cast

from guard.errors import GuardError, UsageError
from guard.integrations.uses import Calls, call_of
from guard.library.answers import FileDone, Ran
from guard.library.calls import Call
from guard.library.guards import AsyncGuard, Guard
from guard.model.typed import override

try:
    from anthropic.lib.tools import (
        BetaAsyncBuiltinFunctionTool,
        BetaAsyncFunctionTool,
        BetaBuiltinFunctionTool,
        BetaFunctionTool,
        BetaFunctionToolResultType,
    )
    from anthropic.types.beta import BetaToolUnionParam
except ImportError as error:
    raise UsageError(
        f"the anthropic SDK cannot be used: {error}", help_="install it: `pip install 'execguard[anthropic]'`"
    ) from error

_BASH = {"type": "bash_20250124", "name": "bash"}
_EDITOR = {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool"}
_CLIENT_TOOLS = ("bash_", "text_editor_", "memory_", "computer_", "browser_")
RESTARTED = "each command is started anew"


class Refused(Exception):
    """Reaches the model as it stands, with ``is_error``: by ``content`` in newer SDKs, by its ``repr`` in older ones."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.content = text

    @override
    def __repr__(self) -> str:
        return str(self)


def refused(text: str) -> Exception:
    """The exception that this SDK turns into an error with exactly these words."""
    try:
        from anthropic.lib.tools import ToolError  # noqa: PLC0415 - SDKs before 2.0 have none
    except ImportError:
        return Refused(text)
    return ToolError(text)


# ---------------------------------------------------------------------- bash and editor


class GuardedBash(BetaBuiltinFunctionTool):
    """The ``bash`` tool: each command is decided, contained where that is decided, and its changes are judged."""

    def __init__(self, guard: Guard, *, timeout_s: float | None = None) -> None:
        self._guard, self._timeout_s = guard, timeout_s

    @override
    def to_dict(self) -> BetaToolUnionParam:
        return cast("BetaToolUnionParam", dict(_BASH))

    @override
    def call(self, input: object) -> BetaFunctionToolResultType:
        command = _command(input)
        if not command:
            return RESTARTED
        return _ran(_trying(lambda: self._guard.run(command, timeout_s=self._timeout_s)))


class AsyncGuardedBash(BetaAsyncBuiltinFunctionTool):
    """:class:`GuardedBash` for ``AsyncAnthropic``."""

    def __init__(self, guard: AsyncGuard, *, timeout_s: float | None = None) -> None:
        self._guard, self._timeout_s = guard, timeout_s

    @override
    def to_dict(self) -> BetaToolUnionParam:
        return cast("BetaToolUnionParam", dict(_BASH))

    @override
    async def call(self, input: object) -> BetaFunctionToolResultType:
        command = _command(input)
        if not command:
            return RESTARTED
        try:
            return _ran(await self._guard.run(command, timeout_s=self._timeout_s))
        except GuardError as error:
            raise refused(_failed(error)) from error


class GuardedEditor(BetaBuiltinFunctionTool):
    """The text editor tool: each view and change is decided, and carried out through no link that came after."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    @override
    def to_dict(self) -> BetaToolUnionParam:
        return cast("BetaToolUnionParam", dict(_EDITOR))

    @override
    def call(self, input: object) -> BetaFunctionToolResultType:
        step = _Edit(input)
        guard = self._guard
        match step.command:
            case "view":
                return step.viewed(_done(_trying(lambda: guard.read(step.path))))
            case "create":
                _done(_trying(lambda: guard.write(step.path, step.text("file_text"))))
            case "str_replace":
                _done(_trying(lambda: guard.edit(step.path, step.text("old_str"), step.text("new_str", ""))))
            case _:
                content = _done(_trying(lambda: guard.read(step.path)))
                _done(_trying(lambda: guard.write(step.path, step.inserted(content))))
        return f"{step.path}: done"


class AsyncGuardedEditor(BetaAsyncBuiltinFunctionTool):
    """:class:`GuardedEditor` for ``AsyncAnthropic``."""

    def __init__(self, guard: AsyncGuard) -> None:
        self._guard = guard

    @override
    def to_dict(self) -> BetaToolUnionParam:
        return cast("BetaToolUnionParam", dict(_EDITOR))

    @override
    async def call(self, input: object) -> BetaFunctionToolResultType:
        step = _Edit(input)
        guard = self._guard
        try:
            match step.command:
                case "view":
                    return step.viewed(_done(await guard.read(step.path)))
                case "create":
                    _done(await guard.write(step.path, step.text("file_text")))
                case "str_replace":
                    _done(await guard.edit(step.path, step.text("old_str"), step.text("new_str", "")))
                case _:
                    content = _done(await guard.read(step.path))
                    _done(await guard.write(step.path, step.inserted(content)))
        except GuardError as error:
            raise refused(_failed(error)) from error
        return f"{step.path}: done"


class _Edit:
    """One use of the editor, read strictly: what is not as the tool has it is refused."""

    def __init__(self, given: object) -> None:
        self._given = _object(given)
        self.command = self.text("command")
        if self.command not in {"view", "create", "str_replace", "insert"}:
            raise refused(f"[guard] the editor has no command `{self.command}`")
        self.path = self.text("path")

    def text(self, key: str, default: str | None = None) -> str:
        value = self._given.get(key, default)
        if not isinstance(value, str):
            raise refused(f"[guard] `{key}` is missing or not text")
        return value

    def viewed(self, content: str) -> str:
        lines = content.splitlines()
        first, last = 1, len(lines)
        chosen = self._given.get("view_range")
        if chosen is not None:
            match chosen:
                case [int(start), int(end)] if start >= 1 and (end == -1 or end >= start):
                    first, last = start, len(lines) if end == -1 else min(end, len(lines))
                case _:
                    raise refused("[guard] `view_range` is not two line numbers")
        return "\n".join(f"{number}\t{lines[number - 1]}" for number in range(first, last + 1))

    def inserted(self, content: str) -> str:
        after = self._given.get("insert_line")
        lines = content.splitlines(keepends=True)
        if not isinstance(after, int) or isinstance(after, bool) or not 0 <= after <= len(lines):
            raise refused(f"[guard] `insert_line` is not a number from 0 to {len(lines)}")
        text = self.text("insert_text")
        if after and not lines[after - 1].endswith("\n"):
            lines[after - 1] += "\n"
        if after < len(lines) and not text.endswith("\n"):
            text += "\n"
        return "".join([*lines[:after], text, *lines[after:]])


# ---------------------------------------------------------------------- other tools


class GuardedTool(BetaBuiltinFunctionTool):
    """A tool of the program's own, which is permitted first."""

    def __init__(self, tool: Any, guard: Guard, calls: Calls) -> None:
        self._tool, self._guard, self._calls = tool, guard, calls

    def __getattr__(self, name: str) -> Any:
        # Whatever else a tool has, a `close` say, is the tool's.
        return getattr(self._tool, name)

    @override
    def to_dict(self) -> BetaToolUnionParam:
        return cast("BetaToolUnionParam", self._tool.to_dict())

    @override
    def call(self, input: object) -> BetaFunctionToolResultType:
        call = _call(self.name, input, self._calls)
        if call is not None:
            answer = _trying(lambda: self._guard.permit(call))
            if not answer.permitted:
                raise refused(answer.text)
        return cast("BetaFunctionToolResultType", self._tool.call(input))


class AsyncGuardedTool(BetaAsyncBuiltinFunctionTool):
    """:class:`GuardedTool` for ``AsyncAnthropic``."""

    def __init__(self, tool: Any, guard: AsyncGuard, calls: Calls) -> None:
        self._tool, self._guard, self._calls = tool, guard, calls

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tool, name)

    @override
    def to_dict(self) -> BetaToolUnionParam:
        return cast("BetaToolUnionParam", self._tool.to_dict())

    @override
    async def call(self, input: object) -> BetaFunctionToolResultType:
        call = _call(self.name, input, self._calls)
        if call is not None:
            try:
                answer = await self._guard.permit(call)
            except GuardError as error:
                raise refused(_failed(error)) from error
            if not answer.permitted:
                raise refused(answer.text)
        return cast("BetaFunctionToolResultType", await self._tool.call(input))


_OURS = (GuardedBash, GuardedEditor, GuardedTool, AsyncGuardedBash, AsyncGuardedEditor, AsyncGuardedTool)


def guard_tools(tools: Iterable[Any], guard: Guard | AsyncGuard, *, calls: Calls | None = None) -> list[Any]:
    """The same tools, each with the guard before it; those that are guarded already, and the server's own, as they are.

    ``calls``: what a use of a tool comes to, by its name; a tool that is not named there may do anything, so a person is
    asked. Raises TypeError for what would run without the guard: dicts of client tools, toolsets, tools of the other kind.
    """
    return [_guarded(tool, guard, calls or {}) for tool in tools]


def _guarded(tool: Any, guard: Guard | AsyncGuard, calls: Calls) -> Any:
    if isinstance(tool, _OURS):
        return tool
    if isinstance(tool, dict):
        kind = str(cast("dict[str, object]", tool).get("type", "custom"))
        if kind == "custom" or kind.startswith(_CLIENT_TOOLS):
            raise TypeError(
                f"the tool of type `{kind}` is given as a dict: whoever answers its calls would not ask the guard"
            )
        return cast("dict[str, object]", tool)
    if isinstance(guard, Guard) and isinstance(tool, BetaFunctionTool | BetaBuiltinFunctionTool):
        return GuardedTool(tool, guard, calls)
    if isinstance(guard, AsyncGuard) and isinstance(
        tool, BetaAsyncFunctionTool | BetaAsyncBuiltinFunctionTool
    ):
        return AsyncGuardedTool(tool, guard, calls)
    raise TypeError(f"{type(tool).__name__} cannot be put behind a {type(guard).__name__}")


# ---------------------------------------------------------------------- loops written by hand

Dispatch: TypeAlias = Callable[[str, dict[str, Any]], object]


def run_tool_use(
    block: Any, guard: Guard, dispatch: Dispatch | None = None, *, calls: Calls | None = None
) -> dict[str, Any]:
    """The ``tool_result`` for one ``tool_use`` block of a message.

    ``bash`` and the editor are carried out by the guard; every other tool is permitted first and then given to
    ``dispatch(name, input)``, whose answer is the content.
    """
    try:
        content = _used(block, guard, dispatch, calls or {})
    except Exception as error:  # noqa: BLE001 - as the SDK's runner does: what a tool raises, the model reads
        told = getattr(error, "content", None) or repr(error)
        return {"type": "tool_result", "tool_use_id": block.id, "content": told, "is_error": True}
    return {"type": "tool_result", "tool_use_id": block.id, "content": content}


def _used(block: Any, guard: Guard, dispatch: Dispatch | None, calls: Calls) -> object:
    name, given = str(block.name), _object(block.input)
    match name:
        case "bash":
            return GuardedBash(guard).call(given)
        case "str_replace_based_edit_tool":
            return GuardedEditor(guard).call(given)
        case _ if dispatch is None:
            raise refused(f"[guard] there is no tool `{name}`")
        case _:
            call = _call(name, given, calls)
            if call is not None:
                answer = _trying(lambda: guard.permit(call, id_=str(block.id)))
                if not answer.permitted:
                    raise refused(answer.text)
            return dispatch(name, given)


# ---------------------------------------------------------------------- words


def _trying(work: Callable[[], Any]) -> Any:
    """A failure of the guard is a refusal, with its own words."""
    try:
        return work()
    except GuardError as error:
        raise refused(_failed(error)) from error


def _failed(error: GuardError) -> str:
    return f"[guard] not carried out: {error}"


def _ran(ran: Ran) -> str:
    if not ran.permitted:
        raise refused(ran.text)
    return ran.text or "(no output)"


def _done(done: FileDone) -> str:
    if not done.done:
        raise refused(done.text)
    return done.content


def _object(given: object) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise refused("[guard] the input of a tool is an object")
    return cast("dict[str, Any]", given)


def _command(given: object) -> str:
    """Empty: the model asks for a new shell."""
    values = _object(given)
    if values.get("restart") is True:
        return ""
    command = values.get("command")
    if not isinstance(command, str) or not command:
        raise refused("[guard] `command` is missing or not text")
    return command


def _call(name: str, given: object, calls: Calls) -> Call | None:
    return cast("Call | None", _trying(lambda: call_of(name, _object(given), calls)))


__all__ = [
    "AsyncGuardedBash",
    "AsyncGuardedEditor",
    "Calls",
    "GuardedBash",
    "GuardedEditor",
    "guard_tools",
    "run_tool_use",
]
