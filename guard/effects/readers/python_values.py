"""What a Python expression may be, as far as its effects need it. Known values are Python's own."""

# What a value of the read program holds can be anything: containers are looked into element by element.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false, reportUnknownMemberType=false

from guard.effects.readers.python_tables import is_harmless
from guard.model.dataclass import dataclass
from guard.model.typed import Any


@dataclass(frozen=True, slots=True)
class Data:
    """Text, numbers, lists and their like that nobody can tell. Only methods that such values have are called through it.

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
class Opened:
    """Something that a module opened by a path: an archive, a database, a document, a connection."""

    kind: str
    path: object


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a value, not yet called."""

    of: object
    name: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function or lambda of the code itself: its node, and the frame whose names it sees when it is called."""

    node: object
    frame: object


@dataclass(frozen=True, slots=True)
class Partial:
    """``functools.partial``."""

    target: object
    args: tuple[object, ...]
    keywords: tuple[tuple[str, object], ...]


class Items:
    """A list or a set. Other names may lead to the same one, so what is no longer known is forgotten in place."""

    __slots__ = ("item", "values")

    def __init__(self, values: list[object] | None, item: object = Data()) -> None:
        self.values = values
        """Every element in order; None when nobody can tell."""
        self.item = item
        """What any element may be, when they are not known."""

    def forget(self, added: object = None) -> None:
        """Whatever it held, and ``added``, in any number and order."""
        seen = self.values if self.values is not None else [self.item]
        self.item = either(*seen, *([] if added is None else [added]))
        self.values = None


class Table:
    """A dictionary, as :class:`Items` is a list."""

    __slots__ = ("item", "values")

    def __init__(self, values: "dict[Any, object] | None", item: object = Data()) -> None:
        self.values = values
        self.item = item

    def forget(self, added: object = None) -> None:
        seen = [*self.values.values()] if self.values is not None else [self.item]
        self.item = either(*seen, *([] if added is None else [added]))
        self.values = None


SIMPLE = (str, int, float, bytes, bool, complex)


def is_known(value: object) -> bool:
    """Whether it is exactly this value, all the way down."""
    match value:
        case tuple():
            return all(is_known(item) for item in value)
        case Items(values=list() as values):
            return all(is_known(item) for item in values)
        case Table(values=dict() as table):
            return all(is_known(item) for item in table.values())
        case _:
            return value is None or isinstance(value, SIMPLE)


def known(value: object) -> object:
    """The value as Python itself has it; only where :func:`is_known`."""
    match value:
        case tuple():
            return tuple(known(item) for item in value)
        case Items(values=list() as values):
            return [known(item) for item in values]
        case Table(values=dict() as table):
            return {key: known(item) for key, item in table.items()}
        case _:
            return value


def elements(value: object) -> list[object] | None:
    """What stands in it, in order; None when nobody can tell."""
    match value:
        case tuple():
            return list(value)
        case Items(values=list() as values):
            return list(values)
        case Table(values=dict() as table):
            return list(table)
        case str() if len(value) <= 256:
            return list(value)
        case _:
            return None


def is_powerful(value: object) -> bool:
    """Whether something can be done through it: what hides it must not pass for plain data."""
    match value:
        case Named(name=name):
            return not is_harmless(name)
        case Method(of=of):
            # Hidden, it could only be called, and a value that is called is opaque.
            return is_powerful(of)
        case Opened(kind=kind):
            return kind not in {"document", "config"}
        case Function() | Anything() | Partial() | PathValue():
            return True
        case tuple():
            return any(is_powerful(item) for item in value)
        case Items():
            return is_powerful(value.item) or any(is_powerful(item) for item in value.values or ())
        case Table():
            return is_powerful(value.item) or any(is_powerful(item) for item in (value.values or {}).values())
        case _:
            return False


ENVIRONMENT = Named("os.environ")


def holds_environment(value: object) -> bool:
    """Whether the whole environment is, or stands in, this value."""
    match value:
        case Named():
            return value == ENVIRONMENT
        case tuple():
            return any(holds_environment(item) for item in value)
        case Items(values=list() as values):
            return any(holds_environment(item) for item in values)
        case Table(values=dict() as table):
            return any(holds_environment(item) for item in table.values())
        case _:
            return False


def hides(*values: object) -> object:
    """What a function that only computes may give back of ``values``."""
    return Anything("something that was handed on") if any(is_powerful(v) for v in values) else Data()


def either(*values: object) -> object:
    """A value that is one of these."""
    if not values:
        return Data()
    first, rest = values[0], values[1:]
    if all(_same(first, other) for other in rest):
        return first
    if all(isinstance(value, PathValue) for value in values):
        return PathValue(_paths([value.path for value in values if isinstance(value, PathValue)]))
    if all(isinstance(value, Below | str) or (isinstance(value, Data) and value.name) for value in values):
        return _paths(list(values))
    if all(isinstance(value, FileValue) for value in values):
        return FileValue(Data())
    found = hides(*values)
    for value in values:
        if isinstance(value, Items | Table):
            # One name may from now on mean either: what changes through it changes the other.
            value.forget()
            value.item = Anything("one of two things")
    return found


def _same(one: object, other: object) -> bool:
    if isinstance(one, Items | Table) or isinstance(other, Items | Table):
        return one is other
    # `1 == True == 1.0`, and what is printed differs.
    return type(one) is type(other) and one == other


def _paths(values: list[object]) -> object:
    """The directory below which all of them lie, when they are the same; otherwise nobody can tell."""
    if all(isinstance(value, Data) and value.name for value in values):
        return Data(name=True)
    bases = {value.base for value in values if isinstance(value, Below)}
    if len(bases) == 1 and all(isinstance(value, Below) for value in values):
        return values[0]
    return Data()
