"""``Enum`` as this project uses it, without what the standard library's brings along. Type checkers see that one.

Importing ``enum`` costs half a bare interpreter start, and each class of it what ten of ours cost.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from enum import Enum as Enum
else:

    class EnumType(type):
        """Turns the plain values in a class body into its members."""

        def __new__(cls, name, bases, body):
            if not bases:
                return super().__new__(cls, name, bases, body)
            values = {
                key: value
                for key, value in body.items()
                if not key.startswith("_") and not hasattr(value, "__get__")
            }
            made = super().__new__(
                cls, name, bases, {key: value for key, value in body.items() if key not in values}
            )
            made._members, made._of_value = {}, {}
            for key, value in values.items():
                # A second name for the same value is the same member.
                member = made._of_value.get(value)
                if member is None:
                    member = object.__new__(made)
                    member.name, member.value = key, value
                    made._of_value[value] = member
                made._members[key] = member
                setattr(made, key, member)
            return made

        def __call__(cls, value):
            try:
                return value if isinstance(value, cls) else cls._of_value[value]
            except (KeyError, TypeError):
                raise ValueError(f"{value!r} is not a valid {cls.__qualname__}") from None

        def __getitem__(cls, name):
            return cls._members[name]

        def __iter__(cls):
            return iter(cls._of_value.values())

        def __len__(cls):
            return len(cls._of_value)

        def __contains__(cls, value):
            return isinstance(value, cls)

        def __bool__(cls):
            return True

    class Enum(metaclass=EnumType):
        """Members are equal to themselves only."""

        def __repr__(self):
            return f"<{type(self).__name__}.{self.name}: {self.value!r}>"

        def __str__(self):
            return f"{type(self).__name__}.{self.name}"

        def __reduce_ex__(self, _protocol):
            return type(self), (self.value,)
