"""bashlex as an optional second opinion on what was read. It can only make a person look again, never allow.

bashlex is GPL: it runs in a worker process and is never imported here.
"""

import json
import os
import sys

from guard.engine.stages import Analysed
from guard.model.dataclass import dataclass, replace
from guard.model.effect import Opaque
from guard.model.typed import TypeAlias, cast
from guard.shell.parse import parse
from guard.shell.walk import simples, unread

TIMEOUT = 2.0
MAX_CHARACTERS = 8 * 1024
"""bashlex takes exponential time on some texts and quadratic time on long ones."""

Words: TypeAlias = tuple[str | None, ...]
"""The words of a simple command; None stands for a word that only bash can tell."""


@dataclass(frozen=True, slots=True)
class Agreement:
    commands: int


@dataclass(frozen=True, slots=True)
class Disagreement:
    only_guard: tuple[Words, ...]
    only_bashlex: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class NotAvailable:
    reason: str


Opinion: TypeAlias = Agreement | Disagreement | NotAvailable


def second_opinion(text: str) -> Opinion:
    """Whether bashlex sees the same simple commands in this text as the guard does."""
    script = parse(text)
    if unread(script):
        return NotAvailable("the guard did not read all of it")
    if len(text) > MAX_CHARACTERS:
        return NotAvailable(f"the command is longer than {MAX_CHARACTERS} characters")
    theirs = _ask_bashlex(text)
    if isinstance(theirs, NotAvailable):
        return theirs
    ours = [tuple(word.static for word in found.words) for found in simples(script)]
    return _compare(ours, theirs)


def cross_checked(analysed: Analysed, text: str) -> Analysed:
    """Where bashlex sees other commands, what was read counts as not understood. ``GUARD_CROSSCHECK=1`` turns it on.

    That bashlex is missing, slow or unable to read the text changes nothing: it refuses a sixth of what agents write.
    """
    match second_opinion(text):
        case Disagreement(only_guard, only_bashlex):
            seen = [" ".join(word or "?" for word in words) for words in (*only_guard, *only_bashlex)]
            reason = f"a second reader of the shell sees other commands: {', '.join(seen)[:200]}"
            return replace(analysed, effects=(*analysed.effects, Opaque(reason=reason)))
        case Agreement() | NotAvailable():
            return analysed


def _compare(ours: list[Words], theirs: list[tuple[str, ...]]) -> Opinion:
    left = list(theirs)
    only_guard: list[Words] = []
    # The most exact first, or a word that could be anything would take the partner of an exact one.
    for words in sorted(ours, key=lambda words: words.count(None)):
        partner = next((other for other in left if _same(words, other)), None)
        if partner is None:
            only_guard.append(words)
        else:
            left.remove(partner)
    if only_guard or left:
        return Disagreement(tuple(only_guard), tuple(left))
    return Agreement(len(ours))


def _same(ours: Words, theirs: tuple[str, ...]) -> bool:
    return len(ours) == len(theirs) and all(
        mine is None or mine == other for mine, other in zip(ours, theirs, strict=True)
    )


def _ask_bashlex(text: str) -> list[tuple[str, ...]] | NotAvailable:
    import subprocess  # noqa: PLC0415 - only who asks pays for it

    worker = os.path.join(os.path.dirname(__file__), "bashlex_worker.py")
    try:
        run = subprocess.run(
            [sys.executable, "-I", worker],
            input=json.dumps(text),
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=True,
        )
        answer = cast("dict[str, object]", json.loads(run.stdout))
    except (OSError, ValueError, subprocess.SubprocessError) as problem:
        return NotAvailable(f"the bashlex worker gave no answer: {type(problem).__name__}")
    match answer:
        case {"error": str(reason)}:
            return NotAvailable(reason)
        case {"commands": commands}:
            # Our own worker wrote it: lists of lists of text.
            return [tuple(words) for words in cast("list[list[str]]", commands)]
        case _:
            return NotAvailable("the bashlex worker gave an answer of another shape")
