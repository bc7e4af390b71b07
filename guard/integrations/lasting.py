"""What a command leaves behind in a shell that later commands run in, so that those would do something else than they say.

Of a directory, which the client tells after each command, nothing is said here; nor of what nobody can read, which is
asked about anyway.
"""

import re
from collections.abc import Collection, Iterator

from guard.shell.ast import (
    ArithmeticFor,
    Case,
    Command,
    For,
    Function,
    Group,
    If,
    Literal,
    Loop,
    Script,
    Simple,
    Word,
)
from guard.shell.parse import parse

_ALWAYS = frozenset({"BASH_ENV", "CDPATH", "ENV", "GLOBIGNORE", "HOME", "IFS", "OLDPWD", "PATH", "PWD"})
"""Names that the shell itself reads, set or not."""
_REFERS = frozenset({"declare", "local", "typeset"})
_SETS = _REFERS | {"export", "getopts", "let", "mapfile", "read", "readarray", "readonly", "unset"}
_THROUGH = frozenset({"builtin", "command"})


def left_behind(command: str, known: Collection[str]) -> str:
    """What, in words; empty where it is nothing. ``known``: variables whose values are taken from the environment.

    A variable that nobody knows needs no mention: a command that uses it cannot be read, and is asked about.
    """
    for one in _commands(parse(command)):
        match one:
            case Function(name=name):
                return f"the function `{name}`"
            case For(name=name) if name in known or name in _ALWAYS:
                return f"another value of `{name}`"
            case Simple():
                words = _words(one)
                match words[0].static if words else "":
                    case "source" | ".":
                        return "what the file sets"
                    case "eval":
                        inner = [word.static for word in words[1:]]
                        told = left_behind(" ".join(text for text in inner if text is not None), known)
                        if told:
                            return told
                    case _:
                        pass
                for name in _names(one, words):
                    if not name:
                        return "a variable that is not named in plain words"
                    if name in known or name in _ALWAYS:
                        return f"another value of `{name}`"
            case _:
                pass
    return ""


def _commands(script: Script) -> Iterator[Command]:
    """Those that run in the shell itself: none of a subshell, of a pipe with several, or in the background."""
    for item in script.items:
        if not item.background and len(item.pipeline.commands) == 1:
            yield from _inside(item.pipeline.commands[0])


def _inside(command: Command) -> Iterator[Command]:
    yield command
    match command:
        case Group(body=body) | ArithmeticFor(body=body) | For(body=body):
            yield from _commands(body)
        case If(branches=branches, otherwise=otherwise):
            for condition, body in branches:
                yield from _commands(condition)
                yield from _commands(body)
            if otherwise is not None:
                yield from _commands(otherwise)
        case Loop(condition=condition, body=body):
            yield from _commands(condition)
            yield from _commands(body)
        case Case(items=items):
            for one in items:
                yield from _commands(one.body)
        case _:
            pass


def _words(command: Simple) -> tuple[Word, ...]:
    words = command.words
    while words and words[0].static in _THROUGH:
        words = words[1:]
    return words


def _names(command: Simple, words: tuple[Word, ...]) -> Iterator[str]:
    """Of the variables that it sets or takes away; empty for one that is not plain."""
    if not words:
        yield from (one.name for one in command.assignments)
        return
    program, arguments = words[0].static or "", words[1:]
    if program == "printf":
        if not arguments or not (arguments[0].static or "").startswith("-v"):
            return
        arguments = arguments[:2]
    elif program not in _SETS:
        return
    for word in arguments:
        first = word.parts[0] if word.parts else None
        text = first.text if isinstance(first, Literal) else ""
        if text.startswith("-"):
            if program == "printf":
                text = text[2:]
            elif program not in _REFERS or "n" not in text:
                continue
            else:
                text = ""  # another name for a variable, by which it is set later
            if program == "printf" and not text:
                continue
        name = re.split(r"[=+\[]", text, maxsplit=1)[0]
        yield name if name != text or word.static is not None else ""
