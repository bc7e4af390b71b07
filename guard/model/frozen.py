"""The base of values that are made by the thousand: what a frozen dataclass promises, at a third of its price.

Thirty frozen dataclasses cost 15 ms at import, more than the interpreter itself, and 0.3 us for each value made.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, dataclass_transform

    from typing_extensions import override
else:

    def dataclass_transform(**_: bool) -> object:
        """Importing ``typing`` for one decorator that does nothing would cost 2 ms."""
        return lambda cls: cls

    def override(method: object) -> object:
        """``typing.override`` comes with Python 3.12."""
        return method


@dataclass_transform(frozen_default=True)
class FrozenType(type):
    """Turns annotated names into slots and positional arguments.

    INVARIANT: nobody assigns to a field. Type checkers say so; at run time nothing does, which is where the speed is from.
    """

    if TYPE_CHECKING:
        field_names: tuple[str, ...]

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, object]) -> "FrozenType":
        annotations: dict[str, object] = body.get("__annotations__", {})  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType] - Python's own
        fields = tuple(annotations)
        defaults = {field: body.pop(field) for field in fields if field in body}
        body["__slots__"] = fields
        body["__match_args__"] = body["field_names"] = fields
        if fields:
            body["__init__"] = _first_init
            body["field_defaults"] = defaults
        return super().__new__(cls, name, bases, body)


def _first_init(self: "Any", *args: object, **kwargs: object) -> None:
    """Compiles ``__init__`` of the class, which most runs of a hook never need for most classes, and goes on with that."""
    cls: Any = self.__class__
    defaults: dict[str, object] = cls.field_defaults
    fields: tuple[str, ...] = cls.field_names
    given = [f"{field}={field}" if field in defaults else field for field in fields]
    lines = [f"self.{field}={field}" for field in fields]
    made: dict[str, object] = {}
    # The names come from class bodies in this project only.
    exec(f"def __init__(self,{','.join(given)}):\n " + "\n ".join(lines), dict(defaults), made)  # noqa: S102 - as dataclasses do
    init: Any = made["__init__"]
    cls.__init__ = init
    init(self, *args, **kwargs)


def _key(cls: "Any") -> "Callable[[Any], object]":
    """What equality and hash of a class look at; found when they first do."""
    if TYPE_CHECKING:
        from operator import attrgetter  # noqa: PLC0415 - only what is compared needs it
    else:
        from _operator import attrgetter  # noqa: PLC0415 - the part of it that is built in

    names: tuple[str, ...] = cls.field_names
    key: Callable[[Any], object] = attrgetter(*names) if names else lambda _: ()
    _KEYS[cls] = key
    return key


_KEYS: "dict[type, Callable[[Any], object]]" = {}


class Frozen(metaclass=FrozenType):
    """Equal by fields, hashable, and usable in ``match``. One level of inheritance: fields are not inherited."""

    @override
    def __eq__(self, other: object) -> bool:
        cls = type(self)
        if type(other) is not cls:
            return NotImplemented
        key = _KEYS.get(cls) or _key(cls)
        return key(self) == key(other)

    @override
    def __hash__(self) -> int:
        cls = type(self)
        return hash((cls, (_KEYS.get(cls) or _key(cls))(self)))

    @override
    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={getattr(self, name)!r}" for name in type(self).field_names)
        return f"{type(self).__name__}({inside})"
