"""What can disarm a client's hook: settings, files, words and variables. Reads none of them; :mod:`guard.cli.disarmed` does.

A row says what a repository or a person can write, where, and what it comes to. Its example is what tests write. The rows
themselves are :mod:`guard.agents.disarm_rows`, loaded when somebody asks.
"""

import functools
from typing import Literal, Required, TypeAlias, TypedDict

from guard.model.dataclass import dataclass

Comes = Literal["off", "beside", "vain"]
"""``off``: hooks that are registered elsewhere do not run, or their answer does not count.
``beside``: the client runs something that no hook is asked about.
``vain``: it is aimed at the guard, and changes nothing where the hook stands as `guard install` writes it."""


When = Literal["on", "off", "any", "names us"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A value in JSON or TOML."""

    at: tuple[str, ...]
    when: When
    """``on``: as good as true; ``off``: false; ``any``: not empty; ``names us``: a list with a hook of ours in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """Everything that is started (or asked) below a key in JSON or TOML, and is not ours."""

    at: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    pattern: str
    """Of :mod:`re`, looked for in each line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class There:
    """The file itself, unless it is ours."""


Sign: TypeAlias = Key | Commands | Line | There


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    id: str
    agents: tuple[str, ...]
    """Empty: whichever it is."""
    comes: Comes
    files: tuple[str, ...]
    """Below a workspace and the directories around it, as :mod:`glob` reads them, `**` too."""
    people: tuple[str, ...] = ()
    """Where a person's or an administrator's own settings say the same: below the home directory, or absolute."""
    sign: Sign
    says: str
    """Follows the place."""
    fix: str
    managed: bool = False
    """Whether a hook that is registered for everybody on the machine runs all the same."""
    example: tuple[str, str]
    """A path below a workspace, and a content that has the sign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """An argument, or a variable of the environment."""

    agent: str
    word: str
    says: str


class Written(TypedDict, total=False):
    """A row as it is written. Several names are separated by spaces; of ``key``, ``below`` and ``line`` at most one."""

    kind: Required[str]
    """Of ``KINDS``: what it comes to, and the words where the row has none."""
    agents: str
    files: str
    people: str
    key: str
    """With a dot between the levels; ``when`` says with which value."""
    when: When
    below: str
    """The key below which commands stand; empty for the whole file."""
    line: str
    says: str
    fix: str
    managed: bool
    where: str
    """Of the example; left out, the first of ``files`` or ``people``."""
    holds: Required[str]
    """The content of the example."""


@functools.cache
def rows() -> tuple[Row, ...]:
    from guard.agents.disarm_rows import ROWS  # noqa: PLC0415 - few ask

    return tuple(_row(name, written) for name, written in ROWS.items())


def rows_of(agent: str) -> tuple[Row, ...]:
    """Of one client, and those that are about every one."""
    return tuple(row for row in rows() if not row.agents or agent in row.agents)


@functools.cache
def words() -> tuple[Word, ...]:
    from guard.agents.disarm_rows import WORDS  # noqa: PLC0415 - as above

    return tuple(Word(agent=agent, word=word, says=says) for agent, word, says in WORDS)


@functools.cache
def variables() -> tuple[Word, ...]:
    from guard.agents.disarm_rows import VARIABLES  # noqa: PLC0415 - as above

    return tuple(Word(agent=agent, word=word, says=says) for agent, word, says in VARIABLES)


def _row(name: str, written: Written) -> Row:
    from guard.agents.disarm_rows import KINDS  # noqa: PLC0415 - as above

    comes, says, fix = KINDS[written["kind"]]
    files, people = tuple(written.get("files", "").split()), tuple(written.get("people", "").split())
    return Row(
        id=name,
        agents=tuple(written.get("agents", "").split()),
        comes=comes,
        files=files,
        people=people,
        sign=_sign(written),
        says=written.get("says", says),
        fix=written.get("fix", fix),
        managed=written.get("managed", False),
        example=(written.get("where") or (files or people)[0], written["holds"]),
    )


def _sign(written: Written) -> Sign:
    match written:
        case {"key": key, "when": when}:
            return Key(at=tuple(key.split(".")), when=when)
        case {"below": below}:
            return Commands(at=tuple(below.split(".")) if below else ())
        case {"line": pattern}:
            return Line(pattern=pattern)
        case _:
            return There()
