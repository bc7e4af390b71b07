"""What a Python expression may be, as far as its effects need it. Known values are Python's own."""

# What a value of the read program holds can be anything: containers are looked into element by element.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from guard.model.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Data:
    """Text, numbers, lists and their like that nobody can tell: nothing is called through them.

    ``name``: it can only be the name of an entry of a directory.
    """

    why: str = "a value that is not known before it runs"
    name: bool = False


@dataclass(frozen=True, slots=True)
class Anything:
    """An object that nobody has followed: calling it or its methods could do anything."""

    why: str


@dataclass(frozen=True, slots=True)
class Named:
    """A module, or what a module gives by a name: ``os.path.join``."""

    name: str


@dataclass(frozen=True, slots=True)
class Below:
    """Some path below this one."""

    base: str


@dataclass(frozen=True, slots=True)
class PathValue:
    """A ``pathlib.Path``. ``path`` is text, :class:`Below` or :class:`Data`."""

    path: object


@dataclass(frozen=True, slots=True)
class FileValue:
    """An open file: what is written to it was said when it was opened."""

    path: object


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a value, not yet called."""

    of: object
    name: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function or lambda of the code itself: its node, and the names it sees."""

    node: object
    scope: dict[str, object]


def is_known(value: object) -> bool:
    """Whether it is exactly this value, all the way down."""
    if isinstance(value, list | tuple | set):
        return all(is_known(item) for item in value)
    if isinstance(value, dict):
        return all(is_known(key) and is_known(item) for key, item in value.items())
    return value is None or isinstance(value, str | int | float | bytes | bool)
