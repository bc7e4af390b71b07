"""What is wrong with a registration of the hook, whichever client's: held against what `guard install` would write.

Reads values, and of files only whether a program is there.
"""

import json
import os
import re
import shlex
import sys
from collections.abc import Iterator
from typing import Any, cast

from guard.cli import jsonc
from guard.cli.clients import Client, Merged, Registered, Scope, Toml, Whole
from guard.cli.installing import command, is_ours
from guard.model.dataclass import dataclass

_ALL = ("", "*", ".*")
_COMMANDS = ("command", "bash")
_ANY = (*_COMMANDS, "args", "name", "powershell", "statusMessage", "description")
"""What may be written otherwise."""
_WAITS = ("timeout", "timeoutSec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    says: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    commands: tuple[str, ...] = ()
    """Of ours, as they stand there. None: it is not registered there."""
    wrong: tuple[Wrong, ...] = ()
    elsewhere: str = ""
    """The interpreter or program that answers, where it is none of this installation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hook:
    at: tuple[str, ...]
    """Keys on the way; numbers left out."""
    given: dict[str, Any]
    """Its fields, and those around it."""

    @property
    def command(self) -> str:
        told = next((self.given[key] for key in _COMMANDS if key in self.given), "")
        more = self.given.get("args")
        words = cast("list[object]", more) if isinstance(more, list) else []
        return " ".join(str(word) for word in (told, *words))


def inspect(client: Client, scope: Scope, path: str, text: str) -> Inspected:
    """Raises ValueError for a file that the client cannot read either."""
    wanted = client.register(path, command(sys.executable, client.agent, rewrites=False), scope)
    if isinstance(wanted, Whole) and not path.endswith(".json"):
        return _plugin(client, scope, path, text)
    found = [one for one in _hooks(_value(path, text)) if is_ours(one.command, client.agent)]
    if not found:
        return Inspected()
    wrong: list[Wrong] = []
    for hook in _hooks(_wanted(wanted)):
        here = [one for one in found if one.at == hook.at]
        if not here:
            fix = f"say `guard install --agent {client.agent}`"
            wrong.append(Wrong(says=f"it is not asked about `{hook.at[-1]}`", fix=fix))
            continue
        # One that is as it should be is enough: they all run, and the strictest answer counts.
        ways = [tuple(_differs(client, one, hook)) for one in here]
        best = min(ways, key=len)
        wrong += best
    commands = tuple(dict.fromkeys(one.command for one in found))
    return _with_programs(client, commands, wrong)


def _with_programs(client: Client, commands: tuple[str, ...], wrong: list[Wrong]) -> Inspected:
    elsewhere = ""
    for one in commands:
        program, says = started_by(one, client.agent)
        if says:
            wrong.append(Wrong(says=says, fix=f"say `guard install --agent {client.agent}`"))
        elif program != sys.executable:
            elsewhere = program
    return Inspected(commands=commands, wrong=tuple(dict.fromkeys(wrong)), elsewhere=elsewhere)


def started_by(line: str, agent: str) -> tuple[str, str]:
    """Which program a registered line starts, and what is wrong with that."""
    try:
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:
        return "", "its command is no line of a shell"
    if words[1:2] == ["-c"] and os.path.basename(words[0]) == "sh":
        return started_by(words[2], agent) if len(words) > 2 else ("", "its command is no line of a shell")
    at = next((at for at, word in enumerate(words[:-1]) if word == "hook" and words[at + 1] == agent), -1)
    if at < 1:
        return "", "its command starts something else"
    begin = at
    while begin and not set(words[begin - 1]) <= set(";|&()<>"):
        begin -= 1
    # `$@`: what `guard install` puts before it, to end what hangs.
    start = [word for word in words[begin:at] if word != "$@" and not re.match(r"[A-Za-z_]\w*=", word)]
    program = start[0] if start else ""
    if not program.startswith("/"):
        return program, f"`{program}` is looked for in PATH, and whatever lies there first answers"
    if not os.access(program, os.X_OK) or not os.path.isfile(program):
        return program, f"`{program}` is not there, or cannot be started"
    if "-m" in start and "-I" not in start:
        return program, "without `-I` a `guard.py` of the workspace is loaded in the guard's place"
    return program, ""


def _differs(client: Client, given: _Hook, wanted: _Hook) -> Iterator[Wrong]:
    again = f"say `guard install --agent {client.agent}`"
    covered = _covered(given.command)
    for key, value in wanted.given.items():
        has = given.given.get(key)
        if key in _ANY or has == value:
            continue
        if key == "matcher":
            # What is a regular expression there is broken by a `*` alone.
            if has is not None and has not in (_ALL if value == "*" else ("", ".*")):
                yield Wrong(
                    says=f"the matcher `{has}` leaves other tools out", fix=f'write "matcher": "{value}"'
                )
        elif key in _WAITS:
            if isinstance(has, (int, float)) and has < value:
                yield Wrong(
                    says=f"`{key}` is {has}: a hook that the client gives up waiting for stops nothing",
                    fix=again,
                )
        elif key in {"onFailure", "on_failure", "failClosed"}:
            if not covered:
                yield Wrong(says=f"`{key}` is not set: a hook that cannot start lets the call run", fix=again)
        elif key == "type" and has is None:
            continue
        else:
            yield Wrong(says=f"`{key}` is `{json.dumps(has)}` instead of `{json.dumps(value)}`", fix=again)
    for key in ("async", "asyncRewake"):
        if given.given.get(key):
            yield Wrong(says="an asynchronous hook stops nothing", fix=f"remove `{key}`")
    if not covered and not any(key in wanted.given for key in ("onFailure", "on_failure", "failClosed")):
        yield Wrong(says="a hook that cannot start lets the call run", fix=again)


def _covered(line: str) -> bool:
    """Whether the shell answers for a hook that does not: whatever it ends with, 2 is a deny."""
    _, _, after = line.partition(" hook ")
    return re.search(r"^[^;|&]*\|\|.*\bexit 2\b|\bcase \$\?.*\*\).*\bexit 2\b", after) is not None


def _plugin(client: Client, scope: Scope, path: str, text: str) -> Inspected:
    """Of code, only ours is known to be right: with its own command in it, it has to be that of `guard install`."""
    if not is_ours(text, client.agent):
        return Inspected()
    line = line_of(text)
    made = client.register(path, line, scope)
    if isinstance(made, Whole) and made.content == text:
        return _with_programs(client, (line,), [])
    again = Wrong(
        says="it is not what this guard writes: another version's, or changed by somebody",
        fix=f"say `guard install --agent {client.agent}`",
    )
    return Inspected(commands=(line or text,), wrong=(again,))


def line_of(text: str) -> str:
    """The line for a shell in a file of ours; empty where there is none."""
    if found := re.search(r'(?m)^const COMMAND = (".*")$', text):
        return str(json.loads(found.group(1)))
    found = re.search(r"(?m)^said=\$\((.*)\)$", text)
    return found.group(1) if found else ""


def _value(path: str, text: str) -> object:
    if path.endswith(".toml"):
        import tomllib  # noqa: PLC0415 - for managed files of one client

        return tomllib.loads(text)
    text = text.removeprefix("\ufeff")
    return jsonc.value_of(jsonc.read(text)) if text.strip() else None


def _wanted(registered: Registered) -> object:
    match registered:
        case Whole(content=content):
            return json.loads(content)
        case Toml(tables=tables):
            return tables
        case Merged(added=added):
            whole: dict[str, Any] = {}
            for one in added:
                at = whole
                for key in one.at[:-1]:
                    at = at.setdefault(key, {})
                at[one.at[-1]] = [one.element]
            return whole


def _hooks(
    value: object, at: tuple[str, ...] = (), group: "dict[str, Any] | None" = None, *, listed: bool = False
) -> Iterator[_Hook]:
    """Each object that starts something. ``group``: the fields of the elements of lists that it is in."""
    if isinstance(value, list):
        for one in cast("list[object]", value):
            yield from _hooks(one, at, group, listed=True)
    elif isinstance(value, dict):
        given = cast("dict[str, object]", value)
        if any(isinstance(given.get(key), str) for key in _COMMANDS):
            yield _Hook(at=at, given={**(group or {}), **given})
            return
        fields = {key: one for key, one in given.items() if not isinstance(one, (dict, list))}
        for key, one in given.items():
            yield from _hooks(one, (*at, key), {**(group or {}), **fields} if listed else group)
