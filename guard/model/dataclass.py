"""``dataclass``, ``field``, ``fields`` and ``replace`` as this project uses them, for a twentieth of what they cost at start-up.

``once`` is ``functools.cached_property``.

The standard library compiles five functions for each class, and imports ``inspect`` to do so: with a hundred classes that
is most of what a hook call costs. Here they are compiled when they are first called. Type checkers see dataclasses.

``slots=True`` is for them alone: a class with slots is made twice.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar, dataclass_transform, overload

    T = TypeVar("T")
else:

    def dataclass_transform(**_: object) -> object:
        """Importing ``typing`` for a decorator that does nothing would cost 2 ms."""
        return lambda function: function

    def overload(function: object) -> object:
        return function


if TYPE_CHECKING:
    from functools import cached_property

    once = cached_property
else:

    class once:  # noqa: N801 - as `property`
        """Worked out at the first question, and beside the fields from then on: equality and copies do not see it."""

        def __init__(self, work: "Callable[[Any], Any]") -> None:
            self._work = work
            self._name = work.__name__

        def __get__(self, value: "Any", owner: object = None) -> "Any":
            found = self._work(value)
            setattr(value, self._name, found)
            return found


class _Missing:
    """No default."""


_MISSING = _Missing()


class Field:
    """One field of a class."""

    __slots__ = ("compare", "default", "default_factory", "hash", "keyword", "name", "repr")

    def __init__(
        self,
        default: object,
        default_factory: "Callable[[], object] | None",
        *,
        compare: bool,
        repr_: bool,
        hash_: bool,
    ) -> None:
        self.name = ""
        self.keyword = False
        self.default = default
        self.default_factory = default_factory
        self.compare = compare
        self.hash = hash_ and compare
        self.repr = repr_


def field(
    *,
    default: "Any" = _MISSING,
    default_factory: "Callable[[], Any] | None" = None,
    compare: bool = True,
    repr: bool = True,  # noqa: A002 - as the standard library has it
    hash: bool = True,  # noqa: A002 - as above
) -> "Any":
    """A field with a default that is made anew each time, that equality does not see, or that hashing can do without."""
    return Field(default, default_factory, compare=compare, repr_=repr, hash_=hash)


@overload
def dataclass(cls: "type[T]", /) -> "type[T]": ...
@overload
def dataclass(  # noqa: F811 - overloads
    *, frozen: bool = False, slots: bool = False, kw_only: bool = False
) -> "Callable[[type[T]], type[T]]": ...
@dataclass_transform(field_specifiers=(field,))
def dataclass(  # noqa: F811 - as above
    cls: "type[Any] | None" = None,
    /,
    *,
    frozen: bool = False,
    slots: bool = False,  # noqa: ARG001 - see above
    kw_only: bool = False,
) -> "Any":
    """As ``dataclasses.dataclass``. ``frozen``: hashable, and nobody assigns to a field: type checkers hold that."""
    if cls is not None:
        return _built(cls, frozen=frozen, keyword=kw_only)

    def decorate(found: "Any") -> "Any":
        return _built(found, frozen=frozen, keyword=kw_only)

    return decorate


def fields(value: object) -> "tuple[Field, ...]":
    """The fields of a class or of a value of it, in order."""
    found: Any = value
    own: tuple[Field, ...] = found.__guard_fields__
    return own


def replace(value: "T", /, **changes: object) -> "T":
    """A new value with some fields changed; of the standard library's dataclasses too."""
    cls: Any = value.__class__
    copy = _COPIES.get(cls)
    if copy is None:
        # As with values that are made: the first few cost less than the compiler.
        made = _COPIED.get(cls, 0)
        if made < _FEW or "__guard_fields__" not in cls.__dict__:
            _COPIED[cls] = made + 1
            return _slow_copy(value, changes)
        copy = _COPIES[cls] = _compiled_copy(cls)
    found: T = copy(value, **changes)
    return found


_COPIES: "dict[type, Callable[..., Any]]" = {}
_COPIED: dict[type, int] = {}


def _slow_copy(value: "T", changes: dict[str, object]) -> "T":
    cls: Any = value.__class__
    names = getattr(cls, "__dataclass_fields__", None) or [item.name for item in fields(cls)]
    for name in names:
        if name not in changes:
            changes[name] = getattr(value, name)
    made: T = cls(**changes)
    return made


def _compiled_copy(cls: "Any") -> "Callable[..., Any]":
    names = [item.name for item in fields(cls)]
    given = ",".join(f"{name}=_MISSING" for name in names)
    # No field begins with two underscores.
    lines = [f"__made.{name}=__old.{name} if {name} is _MISSING else {name}" for name in names]
    if hasattr(cls, "__post_init__"):
        lines.append("__made.__post_init__()")
    scope: dict[str, Any] = {"_MISSING": _MISSING, "_new": object.__new__, "_cls": cls}
    # The names come from class bodies in this project only.
    exec(  # noqa: S102 - as dataclasses do
        f"def copy(__old,/,*,{given}):\n __made=_new(_cls)\n " + "\n ".join([*lines, "return __made"]), scope
    )
    copy: Callable[..., Any] = scope["copy"]
    return copy


def _built(cls: "Any", *, frozen: bool, keyword: bool) -> "Any":
    body: dict[str, Any] = cls.__dict__
    found: dict[str, Field] = {}
    for base in reversed(cls.__mro__[1:]):
        found.update({item.name: item for item in base.__dict__.get("__guard_fields__", ())})
    names: dict[str, object] = body.get("__annotations__", {})
    for name, annotation in names.items():
        # Of most annotations the text costs more than the field.
        if (isinstance(annotation, str) or type(annotation).__module__ == "typing") and str(
            annotation
        ).startswith(("ClassVar", "typing.ClassVar")):
            continue
        given = body.get(name, _MISSING)
        item = given if isinstance(given, Field) else Field(given, None, compare=True, repr_=True, hash_=True)
        item.name, item.keyword = name, keyword
        if given is not _MISSING:
            delattr(cls, name)
        found[name] = item
    if "__init__" in body:
        raise TypeError(f"`{cls.__qualname__}` fills its own fields: then `replace` could not copy it")
    cls.__guard_fields__ = tuple(found.values())
    setattr(cls, "__match_args__", tuple([item.name for item in found.values() if not item.keyword]))  # noqa: B010 - mypy holds it for constant
    cls.__init__ = _first_init
    if "__repr__" not in body:
        cls.__repr__ = _repr
    if "__eq__" not in body:
        cls.__eq__ = _first_eq
        cls.__hash__ = _first_hash if frozen else None
    return cls


_FEW = 12
"""So many values of a class are cheaper to fill by a loop than the compiler is to call."""
_MADE: dict[type, int] = {}


def _first_init(self: "Any", *args: object, **kwargs: object) -> None:
    """The first few values of a class are filled here; then ``__init__`` is compiled for it."""
    cls: Any = self.__class__
    made = _MADE.get(cls, 0)
    if made >= _FEW:
        init = _compiled(cls)
        cls.__init__ = init
        init(self, *args, **kwargs)
        return
    _MADE[cls] = made + 1
    at = 0
    for item in fields(cls):
        name = item.name
        if not item.keyword and at < len(args):
            value = args[at]
            at += 1
            if name in kwargs:
                raise TypeError(f"{cls.__name__}() got multiple values for `{name}`")
        elif name in kwargs:
            value = kwargs.pop(name)
        elif item.default_factory is not None:
            value = item.default_factory()
        elif item.default is not _MISSING:
            value = item.default
        else:
            raise TypeError(f"{cls.__name__}() is missing `{name}`")
        setattr(self, name, value)
    if kwargs or at < len(args):
        raise TypeError(f"{cls.__name__}() got more than its fields: {', '.join(kwargs) or args[at]!r}")
    if hasattr(cls, "__post_init__"):
        self.__post_init__()


def _compiled(cls: "Any") -> "Any":
    plain: list[str] = []
    keywords: list[str] = []
    lines: list[str] = []
    scope: dict[str, object] = {"_MISSING": _MISSING}
    for item in fields(cls):
        name = item.name
        text = name
        if item.default_factory is not None:
            scope[f"_make_{name}"] = item.default_factory
            text = f"{name}=_MISSING"
            lines.append(f"self.{name}=_make_{name}() if {name} is _MISSING else {name}")
        else:
            if item.default is not _MISSING:
                scope[f"_default_{name}"] = item.default
                text = f"{name}=_default_{name}"
            lines.append(f"self.{name}={name}")
        (keywords if item.keyword else plain).append(text)
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    given = ",".join(["self", *plain, *(["*", *keywords] if keywords else [])])
    # The names come from class bodies in this project only.
    exec(f"def __init__({given}):\n " + "\n ".join(lines or ["pass"]), scope)  # noqa: S102 - as dataclasses do
    return scope["__init__"]


def _key(cls: "Any", seen_by: str) -> "Callable[[Any], object]":
    """What equality (``compare``) or ``hash`` looks at."""
    if TYPE_CHECKING:
        from operator import attrgetter  # noqa: PLC0415 - only what is compared needs it
    else:
        from _operator import attrgetter  # noqa: PLC0415 - the part of it that is built in

    names = [item.name for item in fields(cls) if getattr(item, seen_by)]
    getter: Callable[[Any], object] = attrgetter(*names) if names else _nothing
    return getter


def _nothing(_: object) -> object:
    return ()


def _first_eq(self: "Any", other: object) -> bool:
    cls: Any = self.__class__
    key = _key(cls, "compare")

    def __eq__(one: "Any", two: object) -> bool:  # noqa: N807 - it becomes the method
        return key(one) == key(two) if two.__class__ is one.__class__ else NotImplemented

    cls.__eq__ = __eq__
    result: bool = __eq__(self, other)
    return result


def _first_hash(self: "Any") -> int:
    cls: Any = self.__class__
    key = _key(cls, "hash")

    def __hash__(one: "Any") -> int:  # noqa: N807 - it becomes the method
        return hash((cls, key(one)))

    cls.__hash__ = __hash__
    return __hash__(self)


def _repr(self: "Any") -> str:
    inside = ", ".join(f"{item.name}={getattr(self, item.name)!r}" for item in fields(self) if item.repr)
    return f"{type(self).__qualname__}({inside})"
