"""What a word may become: abstract text. Knows nothing of commands.

A ``Text`` is a sequence of exact strings and holes. A hole could be anything, the empty string included.
"""

from guard.model.dataclass import dataclass, once
from guard.model.source import Span
from guard.model.typed import TypeAlias
from guard.shell.ast import Script


@dataclass(frozen=True, slots=True)
class Hole:
    """Text nobody can tell before it runs. ``number`` when it can only be digits and a sign."""

    reason: str
    number: bool = False
    below: tuple[str, ...] = ()
    """It can only be names, one a line, of what lies below these absolute directories; empty = could be anything."""
    after: str = ""
    """How each of those names begins: ``./`` or ``src/``, so that none is taken for an option."""
    relative: bool = False
    """Whether those names are relative: in another directory the same names lead elsewhere."""
    gone: bool = False
    """Whether it may name what is not there now: what is looked at there says nothing of those names."""
    outside_git: bool = False
    """Whether none of those names lies in a ``.git``."""
    sources: tuple[str, ...] = ()
    """Where the text came from, as far as that was followed: see :mod:`guard.effects.sources`."""


BRACKETS = Hole("an array in brackets")
"""What stands for `( ... )` among the arguments of ``declare``: its elements were expanded where they stand."""


@dataclass(frozen=True, slots=True)
class Stream:
    """The name of a pipe that a process substitution gives: reads as ``text`` if that is known."""

    text: str | None
    reason: str
    sources: tuple[str, ...] = ()
    names: tuple[Hole, ...] = ()
    """What it prints, when it is names and nothing else."""
    into: Script | None = None
    """What reads from it, where it is one that is written to."""


@dataclass(frozen=True, slots=True)
class Wild:
    """An active pattern character or bracket expression."""

    text: str


Piece: TypeAlias = str | Hole | Stream
Text: TypeAlias = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One argument as the command would get it."""

    parts: tuple[Piece | Wild, ...]
    span: Span
    open: bool = False
    """From an unquoted hole: may be no argument, several, or an option."""

    @once
    def static(self) -> str | None:
        """The exact argument, or None when it is not known."""
        if self.open:
            return None
        parts = self.parts
        if len(parts) == 1:
            only = parts[0]
            return only if isinstance(only, str) else None
        out: list[str] = []
        for part in parts:
            if not isinstance(part, str):
                return None
            out.append(part)
        return "".join(out)

    @property
    def prefix(self) -> str:
        """What it surely begins with."""
        out: list[str] = []
        if not self.open:
            for part in self.parts:
                if not isinstance(part, str):
                    break
                out.append(part)
        return "".join(out)

    @property
    def stream(self) -> Stream | None:
        """The pipe it names, if it is exactly one process substitution."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Stream):
            return self.parts[0]
        return None

    @property
    def number(self) -> bool:
        """Whether it can only be a number."""
        return all(
            (isinstance(p, Hole) and p.number) or (isinstance(p, str) and p.lstrip("+-").isdigit())
            for p in self.parts
        )

    @property
    def text(self) -> str:
        """For people: holes shown as ``…``."""
        static = self.static
        if static is not None:
            return static
        return "".join(
            p if isinstance(p, str) else p.text if isinstance(p, Wild) else "…" for p in self.parts
        )

    @property
    def why(self) -> str:
        """Why it is not static."""
        for part in self.parts:
            if isinstance(part, Hole | Stream):
                return part.reason
            if isinstance(part, Wild):
                return "a pattern whose matches are not known"
        return "an unquoted expansion"


def static_text(text: Text) -> str | None:
    """The exact string, or None."""
    out: list[str] = []
    for part in text:
        if not isinstance(part, str):
            return None
        out.append(part)
    return "".join(out)


def names_in(text: Text | None) -> list[Hole]:
    """Its names, when it is names that a command lists and nothing else."""
    parts = text or ()
    if parts and all(
        (isinstance(p, Hole) and p.below) or (isinstance(p, str) and not p.strip("\n")) for p in parts
    ):
        return [part for part in parts if isinstance(part, Hole)]
    return []


def plain(value: str, span: Span) -> Field:
    """A field with exactly this text."""
    return Field((value,) if value else (), span)


def texts_of(fields: list[Field]) -> tuple[Text, ...] | None:
    """Arguments as the values of positional parameters; None when their number is not known."""
    if any(field.open for field in fields):
        return None
    return tuple(
        tuple(p if isinstance(p, str | Hole) else Hole("a pattern or a pipe") for p in field.parts) or ("",)
        for field in fields
    )
