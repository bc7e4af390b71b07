"""What a use of a program's own tool comes to, for the guard: the same for every SDK."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from guard.errors import UsageError
from guard.library.calls import Call, Tool

Calls: TypeAlias = Mapping[str, Callable[[dict[str, Any]], Call | None]]
"""By the name of a tool: what a use of it comes to. None: the program knows that it has no effect, and it is not decided."""


def call_of(name: str, given: dict[str, Any], calls: Calls) -> Call | None:
    """A tool that ``calls`` does not name may do anything. Raises UsageError where its function fails."""
    if name not in calls:
        return Tool(name, given)
    try:
        return calls[name](given)
    except Exception as error:
        raise UsageError(
            f"nobody can say what `{name}` would do: {error!r}",
            help_=f"mend the entry of `{name}` in `calls`",
        ) from error
