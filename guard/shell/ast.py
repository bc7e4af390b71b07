"""The tree of a shell script: what bash would see, with the place of everything. Knows nothing of danger.

A script that is not positively understood holds ``Unread`` nodes; nothing is ever silently dropped.
"""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from guard.model.source import Span

# --------------------------------------------------------------------------- words


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that bash takes as it is. ``quoted`` text neither splits, globs nor expands."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """``$name`` or ``${name<op>operand}``.

    ``name``: a variable, a digit, or one of ``? $ ! # @ * -``. ``length`` for ``${#name}``, ``indirect`` for
    ``${!name}``. ``subscript`` is the raw text between brackets. ``operator`` is one of ``:- - := = :? ? :+ + # ##
    % %% / // /# /% ^ ^^ , ,, : @`` or empty.
    """

    name: str
    quoted: bool
    span: Span
    operator: str = ""
    operand: "Word | None" = None
    replacement: "Word | None" = None
    """Second operand of ``/`` operators and of ``:offset:length``."""
    length: bool = False
    indirect: bool = False
    subscript: "Word | None" = None


@dataclass(frozen=True, slots=True)
class Substitution:
    """``$( )`` or backticks."""

    script: "Script"
    quoted: bool
    span: Span


@dataclass(frozen=True, slots=True)
class ProcessSubstitution:
    """``<( )`` when ``reads``, else ``>( )``."""

    script: "Script"
    reads: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """``$(( ))``. ``parts`` are the expansions inside, which run."""

    text: str
    parts: "tuple[Part, ...]"
    quoted: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Tilde:
    """``~`` or ``~user`` at a place where bash expands it. ``user`` may be empty, ``+`` or ``-``."""

    user: str
    span: Span


@dataclass(frozen=True, slots=True)
class Glob:
    """One unquoted pattern character or bracket expression: ``*``, ``?``, ``[...]``, or an extglob group."""

    text: str


@dataclass(frozen=True, slots=True)
class Braces:
    """``{a,b}`` or ``{1..9}`` that bash would expand: each alternative is a word of its own."""

    alternatives: "tuple[tuple[Part, ...], ...]"
    span: Span


Part: TypeAlias = (
    Literal | Parameter | Substitution | ProcessSubstitution | Arithmetic | Tilde | Glob | Braces
)


@dataclass(frozen=True, slots=True)
class Word:
    parts: tuple[Part, ...]
    span: Span

    @property
    def static(self) -> str | None:
        """The exact text, when no expansion, glob, tilde or brace is involved; else None."""
        if all(isinstance(part, Literal) for part in self.parts):
            return "".join(part.text for part in self.parts if isinstance(part, Literal))
        return None


# --------------------------------------------------------------------------- commands


class RedirectOp(Enum):
    READ = "<"
    WRITE = ">"
    CLOBBER = ">|"
    APPEND = ">>"
    READ_WRITE = "<>"
    DUP_IN = "<&"
    DUP_OUT = ">&"
    BOTH = "&>"
    BOTH_APPEND = "&>>"
    HEREDOC = "<<"
    HERESTRING = "<<<"


@dataclass(frozen=True, slots=True)
class Redirect:
    """``fd`` is None for the operator's default, a number, or a variable name for ``{name}>``.

    For a heredoc ``target`` is the body (already stripped of tabs for ``<<-``); unquoted bodies hold expansions.
    """

    op: RedirectOp
    fd: int | str | None
    target: Word
    span: Span


@dataclass(frozen=True, slots=True)
class Assignment:
    """``name=value``, ``name+=value``, ``name[sub]=value`` or ``name=( ... )``."""

    name: str
    value: Word | None
    """None for an array."""
    array: tuple[Word, ...] = ()
    append: bool = False
    subscript: Word | None = None
    span: Span = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Simple:
    """Assignments, words and redirections; ``words`` may be empty."""

    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Group:
    """``{ ...; }``."""

    body: "Script"
    redirects: tuple[Redirect, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Subshell:
    """``( ... )``."""

    body: "Script"
    redirects: tuple[Redirect, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class If:
    """``branches`` are (condition, body) pairs for if and every elif."""

    branches: "tuple[tuple[Script, Script], ...]"
    otherwise: "Script | None"
    redirects: tuple[Redirect, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Loop:
    """``while`` or, if ``until``, ``until``."""

    condition: "Script"
    body: "Script"
    until: bool
    redirects: tuple[Redirect, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class For:
    """``words`` is None for ``for x; do`` over the positional parameters."""

    name: str
    words: tuple[Word, ...] | None
    body: "Script"
    redirects: tuple[Redirect, ...]
    span: Span
    select: bool = False


@dataclass(frozen=True, slots=True)
class ArithmeticFor:
    """``for (( a; b; c ))``; ``parts`` are the expansions in the three expressions."""

    text: str
    parts: tuple[Part, ...]
    body: "Script"
    redirects: tuple[Redirect, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class CaseItem:
    patterns: tuple[Word, ...]
    body: "Script"
    terminator: str
    """``;;``, ``;&`` or ``;;&``."""


@dataclass(frozen=True, slots=True)
class Case:
    word: Word
    items: tuple[CaseItem, ...]
    redirects: tuple[Redirect, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    body: "Command"
    span: Span


@dataclass(frozen=True, slots=True)
class Condition:
    """``[[ ... ]]``: ``words`` are all operands and operators in order; operators are static literals."""

    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class ArithmeticCommand:
    """``(( ... ))``."""

    text: str
    parts: tuple[Part, ...]
    redirects: tuple[Redirect, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Coproc:
    name: str
    body: "Command"
    span: Span


@dataclass(frozen=True, slots=True)
class Unread:
    """What we could not read: from ``span`` on, for this reason. Stands where a command would."""

    reason: str
    span: Span


Command: TypeAlias = (
    Simple
    | Group
    | Subshell
    | If
    | Loop
    | For
    | ArithmeticFor
    | Case
    | Function
    | Condition
    | ArithmeticCommand
    | Coproc
    | Unread
)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """``stderr_too[i]`` says that the pipe after command i is ``|&``."""

    commands: tuple[Command, ...]
    negated: bool
    span: Span
    stderr_too: tuple[bool, ...] = ()
    timed: bool = False


class Join(Enum):
    """How an item of a list follows the one before."""

    FIRST = ""
    THEN = ";"
    AND = "&&"
    OR = "||"


@dataclass(frozen=True, slots=True)
class Item:
    """One pipeline of a list. ``background`` means that its and-or list ends in ``&``."""

    join: Join
    pipeline: Pipeline
    background: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """A list of commands. ``text`` is the whole input, for messages; spans index into the outermost text."""

    items: tuple[Item, ...]
    span: Span
