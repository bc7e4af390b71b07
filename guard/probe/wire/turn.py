"""What is common to the four: a conversation as it was sent, and the model's next turn."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol, cast


class Told(NamedTuple):
    """What the model was told about a call."""

    text: str
    is_error: bool


class Wanted(NamedTuple):
    """A call that the model proposes. ``given``: an object, or the text of a custom tool."""

    name: str
    given: dict[str, Any] | str
    custom: bool = False
    namespace: str = ""


class Turn(NamedTuple):
    text: str = ""
    calls: tuple[Wanted, ...] = ()


class Conversation(NamedTuple):
    first: str
    """What the person, or the agent above, said first."""
    turns: int
    """How often the model has spoken."""
    results: list[Told]


class Dialect(Protocol):
    def speaks(self, path: str) -> bool: ...
    def streams(self, path: str, request: dict[str, Any]) -> bool: ...
    def whole(self, request: dict[str, Any], before: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """With what a server would remember of the conversation put in front."""
        ...

    def has_tools(self, request: dict[str, Any]) -> bool: ...
    def aside(self, request: dict[str, Any]) -> str:
        """What a question without tools is answered, where any text will not do."""
        ...

    def read(self, request: dict[str, Any]) -> Conversation: ...
    def message(self, turn: Turn, request: dict[str, Any]) -> dict[str, Any]: ...
    def events(self, message: dict[str, Any]) -> Iterator[tuple[str, Any]]:
        """The same message, told piece by piece: each as its name, which may be empty, and its data."""
        ...


def text_of(content: Any) -> str:
    """Of a text, or of a list of blocks that may have one each."""
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        block = cast("dict[str, Any]", content)
        return text_of(block.get("text", block.get("content")))
    return "".join(text_of(block) for block in listed(content))


def listed(content: Any) -> list[Any]:
    """A list as it is, and anything else as none."""
    return [*cast("Sequence[Any]", content)] if isinstance(content, list) else []
