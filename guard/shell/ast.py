"""The tree of a shell script: what bash would see, with the place of everything. Knows nothing of danger.

A script that is not positively understood holds ``Unread`` nodes; nothing is ever silently dropped.
"""

from __future__ import annotations

from guard.model.enums import Enum
from guard.model.frozen import Frozen
from guard.model.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

NOWHERE = Span(0, 0)
"""Of what is made, not read."""

# --------------------------------------------------------------------------- words


class Literal(Frozen):
    """Text that bash takes as it is. ``quoted`` text neither splits, globs nor expands."""

    text: str
    quoted: bool
    span: Span = NOWHERE


class Parameter(Frozen):
    """``$name`` or ``${name<op>operand}``.

    ``name``: a variable, a digit, or one of ``? $ ! # @ * -``. ``length`` for ``${#name}``, ``indirect`` for
    ``${!name}``. ``subscript`` is the raw text between brackets. ``operator`` is one of ``:- - := = :? ? :+ + # ##
    % %% / // /# /% ^ ^^ , ,, : @`` or empty.
    """

    name: str
    quoted: bool
    span: Span
    operator: str = ""
    operand: Word | None = None
    replacement: Word | None = None
    """Second operand of ``/`` operators and of ``:offset:length``."""
    length: bool = False
    indirect: bool = False
    subscript: Word | None = None


class Substitution(Frozen):
    """``$( )`` or backticks."""

    script: Script
    quoted: bool
    span: Span


class ProcessSubstitution(Frozen):
    """``<( )`` when ``reads``, else ``>( )``."""

    script: Script
    reads: bool
    span: Span


class Arithmetic(Frozen):
    """``$(( ))``. ``parts`` are the expansions inside, which run."""

    text: str
    parts: tuple[Part, ...]
    quoted: bool
    span: Span


class Tilde(Frozen):
    """``~`` or ``~user`` at a place where bash expands it. ``user`` may be empty, ``+`` or ``-``."""

    user: str
    span: Span


class Glob(Frozen):
    """Unquoted pattern text: ``*``, ``?``, ``[...]``, an extglob group, or a piece of the last two around an expansion.

    What was quoted inside has a backslash before it, where it would mean something without.
    """

    text: str
    span: Span = NOWHERE


class Braces(Frozen):
    """``{a,b}`` or ``{1..9}`` that bash would expand: each alternative is a word of its own."""

    alternatives: tuple[tuple[Part, ...], ...]
    span: Span


class ArrayValue(Frozen):
    """``( ... )`` after ``name=`` in the arguments of ``declare`` and its kin: the last part of such a word."""

    elements: tuple[Word, ...]
    subscripts: tuple[Word | None, ...]
    """For each element its ``[sub]=``; empty when none has one."""
    span: Span


Part: TypeAlias = (
    Literal | Parameter | Substitution | ProcessSubstitution | Arithmetic | Tilde | Glob | Braces | ArrayValue
)


class Word(Frozen):
    parts: tuple[Part, ...]
    span: Span

    @property
    def static(self) -> str | None:
        """The exact text, when no expansion, glob, tilde or brace is involved; else None."""
        parts = self.parts
        if len(parts) == 1:
            return parts[0].text if isinstance(parts[0], Literal) else None
        out = ""
        for part in parts:
            if not isinstance(part, Literal):
                return None
            out += part.text
        return out


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


class Redirect(Frozen):
    """``fd`` is None for the operator's default, a number, or a variable name for ``{name}>``.

    For a heredoc ``target`` is the body (already stripped of tabs for ``<<-``); unquoted bodies hold expansions.
    """

    op: RedirectOp
    fd: int | str | None
    target: Word
    span: Span


class Assignment(Frozen):
    """``name=value``, ``name+=value``, ``name[sub]=value`` or ``name=( ... )``."""

    name: str
    value: Word | None
    """None for an array."""
    array: tuple[Word, ...] = ()
    append: bool = False
    subscript: Word | None = None
    span: Span = NOWHERE
    subscripts: tuple[Word | None, ...] = ()
    """For each element of ``array`` its ``[sub]=``; empty when none has one."""


class Simple(Frozen):
    """Assignments, words and redirections; ``words`` may be empty."""

    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    span: Span


class Group(Frozen):
    """``{ ...; }``."""

    body: Script
    redirects: tuple[Redirect, ...]
    span: Span


class Subshell(Frozen):
    """``( ... )``."""

    body: Script
    redirects: tuple[Redirect, ...]
    span: Span


class If(Frozen):
    """``branches`` are (condition, body) pairs for if and every elif."""

    branches: tuple[tuple[Script, Script], ...]
    otherwise: Script | None
    redirects: tuple[Redirect, ...]
    span: Span


class Loop(Frozen):
    """``while`` or, if ``until``, ``until``."""

    condition: Script
    body: Script
    until: bool
    redirects: tuple[Redirect, ...]
    span: Span


class For(Frozen):
    """``words`` is None for ``for x; do`` over the positional parameters."""

    name: str
    words: tuple[Word, ...] | None
    body: Script
    redirects: tuple[Redirect, ...]
    span: Span
    select: bool = False


class ArithmeticFor(Frozen):
    """``for (( a; b; c ))``; ``parts`` are the expansions in the three expressions."""

    text: str
    parts: tuple[Part, ...]
    body: Script
    redirects: tuple[Redirect, ...]
    span: Span


class CaseItem(Frozen):
    patterns: tuple[Word, ...]
    body: Script
    terminator: str
    """``;;``, ``;&`` or ``;;&``."""
    span: Span = NOWHERE


class Case(Frozen):
    word: Word
    items: tuple[CaseItem, ...]
    redirects: tuple[Redirect, ...]
    span: Span


class Function(Frozen):
    name: str
    body: Command
    span: Span


class Condition(Frozen):
    """``[[ ... ]]``: ``words`` are all operands and operators in order; operators are static literals."""

    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    span: Span


class ArithmeticCommand(Frozen):
    """``(( ... ))``."""

    text: str
    parts: tuple[Part, ...]
    redirects: tuple[Redirect, ...]
    span: Span


class Coproc(Frozen):
    name: str
    body: Command
    span: Span


class Unread(Frozen):
    """What we could not read: from ``span`` on, for this reason. Stands where a command would."""

    reason: str
    span: Span
    at: int = 0
    """Where reading stopped."""


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


class Pipeline(Frozen):
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


class Item(Frozen):
    """One pipeline of a list. ``background`` means that its and-or list ends in ``&``."""

    join: Join
    pipeline: Pipeline
    background: bool = False

    @property
    def span(self) -> Span:
        return self.pipeline.span


class Script(Frozen):
    """A list of commands. Spans index into the outermost text; what an escape inside backticks hides has theirs."""

    items: tuple[Item, ...]
    span: Span
    lines: tuple[int, ...] = ()
    """Of the outermost script: which items begin a line. An error in one line ends that line only."""
