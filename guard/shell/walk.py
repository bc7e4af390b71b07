"""Walking a script: every node in order, the commands it names, and what in it could not be read."""

from __future__ import annotations

from guard.model.frozen import Frozen
from guard.model.source import Span
from guard.shell.ast import Script, Simple, Unread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def nodes(node: object) -> Iterator[Frozen]:
    """This node and every one below it, in the order of the fields, which is that of the text but for redirections."""
    if isinstance(node, Frozen):
        if isinstance(node, Span):
            return
        yield node
        for name in type(node).field_names:
            child: object = getattr(node, name)
            if isinstance(child, Frozen | tuple):
                yield from nodes(child)  # pyright: ignore[reportUnknownArgumentType] - any tuple of nodes
    elif isinstance(node, tuple):
        for child in node:  # pyright: ignore[reportUnknownVariableType] - as above
            if isinstance(child, Frozen | tuple):
                yield from nodes(child)  # pyright: ignore[reportUnknownArgumentType] - as above


def unread(script: Script) -> tuple[Unread, ...]:
    """Every ``Unread`` anywhere in the tree, inside words and substitutions too, in order."""
    return tuple(node for node in nodes(script) if isinstance(node, Unread))


def simples(script: Script) -> tuple[Simple, ...]:
    """Every simple command that has words, wherever it stands."""
    return tuple(node for node in nodes(script) if isinstance(node, Simple) and node.words)


def command_names(script: Script) -> tuple[str | None, ...]:
    """The first word of every simple command, in order; None for one that only bash can tell."""
    return tuple(found.words[0].static for found in simples(script))


def same(one: object, other: object) -> bool:
    """Whether two trees differ in nothing but where they stand."""
    if isinstance(one, Span) or isinstance(other, Span):
        return isinstance(one, Span) and isinstance(other, Span)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))  # pyright: ignore[reportUnknownArgumentType] - any tuples
    if isinstance(one, Unread) and isinstance(other, Unread):
        return one.reason == other.reason
    if isinstance(one, Frozen) and type(one) is type(other):
        return all(same(getattr(one, name), getattr(other, name)) for name in type(one).field_names)
    return one == other
