"""LangChain: a middleware that decides every tool call of an agent, and carries out those of shells itself.

Put it first: what comes before it sees calls that nobody has decided, and may make them.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from guard.errors import GuardError, UsageError
from guard.integrations.uses import Calls, call_of
from guard.library.guards import AsyncGuard, Guard
from guard.model.typed import override

try:
    from langchain.agents.middleware import AgentMiddleware
    from langchain.agents.middleware.types import ToolCallRequest
    from langchain_core.messages import ToolMessage
except ImportError as error:
    raise UsageError(
        f"LangChain cannot be used: {error}", help_="install it: `pip install 'execguard[langchain]'`"
    ) from error


class GuardMiddleware(AgentMiddleware[Any, Any, Any]):
    """``create_agent(model, tools, middleware=[GuardMiddleware(guard), ...])``.

    ``shells``: tools whose argument ``command`` the guard runs itself, instead of the tool. ``calls``: what a use of
    another tool comes to; one that is not named may do anything, and a person is asked. A ``Guard`` is for ``invoke``, an
    ``AsyncGuard`` for ``ainvoke``.
    """

    def __init__(
        self, guard: Guard | AsyncGuard, *, shells: tuple[str, ...] = ("shell",), calls: Calls | None = None
    ) -> None:
        super().__init__()
        self._guard, self._shells, self._calls = guard, shells, calls or {}

    @override
    def wrap_tool_call(self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Any]) -> Any:
        if not isinstance(self._guard, Guard):
            return _refused(request, "[guard] an AsyncGuard is for `ainvoke`: use a Guard")
        try:
            command = self._command(request)
            if command is not None:
                ran = self._guard.run(command, id_=_id(request))
                return _told(request, ran.text, ok=ran.permitted)
            call = call_of(request.tool_call["name"], request.tool_call["args"], self._calls)
            answer = None if call is None else self._guard.permit(call, id_=_id(request))
        except GuardError as error:
            return _refused(request, f"[guard] not carried out: {error}")
        return handler(request) if answer is None or answer.permitted else _refused(request, answer.text)

    @override
    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[Any]]
    ) -> Any:
        if not isinstance(self._guard, AsyncGuard):
            return _refused(request, "[guard] a Guard is for `invoke`: use an AsyncGuard")
        try:
            command = self._command(request)
            if command is not None:
                ran = await self._guard.run(command, id_=_id(request))
                return _told(request, ran.text, ok=ran.permitted)
            call = call_of(request.tool_call["name"], request.tool_call["args"], self._calls)
            answer = None if call is None else await self._guard.permit(call, id_=_id(request))
        except GuardError as error:
            return _refused(request, f"[guard] not carried out: {error}")
        return (
            await handler(request) if answer is None or answer.permitted else _refused(request, answer.text)
        )

    def _command(self, request: ToolCallRequest) -> str | None:
        """What a shell is to run; None for every other tool. Raises UsageError."""
        if request.tool_call["name"] not in self._shells:
            return None
        command = request.tool_call["args"].get("command")
        if isinstance(command, list) and all(isinstance(word, str) for word in command):  # pyright: ignore[reportUnknownVariableType]
            command = "\n".join(command)  # pyright: ignore[reportUnknownArgumentType]
        if not isinstance(command, str) or not command:
            raise UsageError("`command` is missing or not text", help_="give the command")
        return command


def _id(request: ToolCallRequest) -> str:
    return request.tool_call["id"] or ""


def _told(request: ToolCallRequest, text: str, *, ok: bool) -> ToolMessage:
    return ToolMessage(
        content=text or "(no output)",
        tool_call_id=_id(request),
        name=request.tool_call["name"],
        status="success" if ok else "error",
    )


def _refused(request: ToolCallRequest, text: str) -> ToolMessage:
    return _told(request, text, ok=False)
