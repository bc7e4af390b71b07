"""What the arguments of a server's tool name: files and addresses. What the tool does with them, nobody can see."""

from guard.effects.writes import address_effect, path_of
from guard.model.effect import Opaque, ReadPath, SymbolicEffect, WritePath
from guard.model.jsons import loads
from guard.model.typed import Any, Iterator, cast

MOST = 64
"""Texts of one call that are looked at; of more, nobody says what they name."""
_LONGEST = 4096
"""PATH_MAX of Linux."""


def argument_effects(name: str, arguments: str, cwd: str) -> tuple[SymbolicEffect, ...]:
    """Each file that is named may be read, with all below it, and written; each address may be talked to."""
    unknown = Opaque(
        reason=f"the arguments of `{name}` are more than can be looked at", program=name, names=(name,)
    )
    try:
        found = dict.fromkeys(_texts(loads(arguments)))
    except (ValueError, RecursionError):
        return (unknown,)
    named = [text for text in found if _names_something(text)]
    if len(named) > MOST:
        return (unknown,)
    effects: list[SymbolicEffect] = []
    for text in named:
        if "://" in text:
            effects.append(address_effect(text, cwd, name))
        else:
            path = path_of(text, cwd)
            effects.append(ReadPath(path=path, recursive=True, program=name, names=(name,)))
            effects.append(WritePath(path=path, program=name, names=(name,)))
    return tuple(effects)


def _names_something(text: str) -> bool:
    """A line that may be a path or an address. Sentences and contents name nothing, unless they lead out of a directory."""
    if not text or len(text) > _LONGEST or "\n" in text:
        return False
    return "/" in text or text[0] in "~." or not any(char.isspace() for char in text)


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for one in value:  # pyright: ignore[reportUnknownVariableType] - JSON
                yield from _texts(one)  # pyright: ignore[reportUnknownArgumentType] - JSON
        case dict():
            for one in cast("dict[str, Any]", value).values():
                yield from _texts(one)
        case _:
            pass
