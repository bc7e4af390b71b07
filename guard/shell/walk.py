"""Walking a script: what in it could not be read."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from guard.shell.ast import Script, Unread


def unread(script: Script) -> tuple[Unread, ...]:
    """Every ``Unread`` anywhere in the tree, inside words and substitutions too, in order."""
    return tuple(_unread(script))


def _unread(node: object) -> Iterator[Unread]:
    if isinstance(node, Unread):
        yield node
    elif isinstance(node, tuple):
        for child in node:  # pyright: ignore[reportUnknownVariableType] - any tuple of nodes
            yield from _unread(child)  # pyright: ignore[reportUnknownArgumentType]
    elif is_dataclass(node):
        for field in fields(node):
            yield from _unread(getattr(node, field.name))
