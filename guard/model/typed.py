"""The names of ``typing``, ``collections.abc`` and ``types`` that our modules need while they load, without loading those.

The three together cost more than a bare interpreter. Type checkers see the real ones; at run time a form says nothing.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable as Callable
    from collections.abc import Iterable as Iterable
    from collections.abc import Iterator as Iterator
    from collections.abc import Mapping as Mapping
    from types import MappingProxyType as MappingProxyType
    from typing import Any as Any
    from typing import Literal as Literal
    from typing import NoReturn as NoReturn
    from typing import TypeAlias as TypeAlias
    from typing import TypedDict as TypedDict
    from typing import TypeVar as TypeVar
    from typing import Unpack as Unpack
    from typing import assert_never as assert_never
    from typing import cast as cast

    from typing_extensions import override as override
else:
    MappingProxyType = type(type.__dict__)
    Any = NoReturn = TypeAlias = object

    class _Form:
        def __class_getitem__(cls, _parameters):
            return cls

        def __init_subclass__(cls, **_options):
            pass

    class Callable(_Form):
        pass

    class Iterable(_Form):
        pass

    class Iterator(_Form):
        pass

    class Mapping(_Form):
        pass

    class Literal(_Form):
        pass

    class Unpack(_Form):
        pass

    class TypedDict(dict, _Form):
        pass

    def TypeVar(_name, *_bounds, **_options):  # noqa: N802 - as typing has it
        return object

    def override(method):
        """``typing.override`` comes with Python 3.12."""
        return method

    def assert_never(value):
        raise AssertionError(f"expected code to be unreachable, but got: {value!r}")

    def cast(_kind, value):
        return value
