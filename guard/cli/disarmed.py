"""What of :mod:`guard.agents.disarm` stands around a workspace, each with its file and line. Changes and starts nothing."""

import fnmatch
import glob
import json
import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping
from typing import Any, cast

from guard.agents import disarm
from guard.agents.disarm import Commands, Key, Line, Row, There, rows
from guard.cli import jsonc
from guard.cli.clients import CLIENTS, Whole
from guard.cli.installing import command
from guard.cli.registration import command as claude_command
from guard.model.dataclass import dataclass

MAX_BYTES = 1024 * 1024
MAX_FILES = 500
_LONG = 80
_STARTS = frozenset({"command", "bash", "powershell", "url", "serverUrl", "httpUrl"})
_OFF = frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    row: Row
    path: str
    line: int = 0
    """0 where it is the file itself."""
    what: str = ""
    unread: str = ""
    """Why nobody can say what stands there."""

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


def disarmed(agents: tuple[str, ...], directory: str, home: str) -> list[Found]:
    """Around ``directory``, and in the settings of people, for these clients; each place once."""
    out: dict[tuple[str, int, str], Found] = {}
    for row in rows():
        if row.agents and not set(row.agents) & set(agents):
            continue
        for path in _places(row, directory, home):
            for found in _in_file(row, path):
                # A file that nobody can read is told once, whatever it might hold.
                out.setdefault(
                    (found.path, found.line, found.what or (not found.unread and row.id) or ""), found
                )
    return list(out.values())


def signs(row: Row, name: str, text: str) -> list[tuple[int, str]]:
    """Line and wording of each sign of ``row`` in a file of this name. Raises ValueError for what is not JSON or TOML."""
    match row.sign:
        case There():
            return [] if _is_ours(row, name, text) else [(0, "")]
        case Line(pattern=pattern):
            return [
                (number, found.group().strip())
                for number, line in enumerate(text.split("\n"), start=1)
                if (found := re.search(pattern, line[:MAX_BYTES]))
            ]
        case Key(at=at, when=when):
            value, line = _value(name, text, at)
            return [(line, ".".join(at))] if _counts(value, when) else []
        case Commands(at=at):
            value, _ = _value(name, text, at)
            ours = _commands(row)
            return [
                (_line_of(text, started), started)
                for started in _started(value)
                if started.strip() and started not in ours
            ]


def variables(agents: tuple[str, ...], environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Those of this environment that keep a client from the hook: the name, and what it does."""
    for one in disarm.variables():
        if one.agent in agents and environment.get(one.word, "").lower() not in _OFF:
            yield one.word, f"{one.agent} {one.says}"


def _places(row: Row, directory: str, home: str) -> Iterator[str]:
    real_home = os.path.realpath(home)
    for pattern in row.people:
        yield os.path.join(home, pattern)
    at = os.path.realpath(directory)
    while True:
        if at != real_home:
            for pattern in row.files:
                yield from _matching(at, pattern)
        above = os.path.dirname(at)
        if above == at:
            return
        at = above


def _matching(directory: str, pattern: str) -> Iterator[str]:
    base, deep, name = pattern.partition("/**/")
    if not deep:
        names = sorted(glob.glob(pattern, root_dir=directory, include_hidden=True))
        yield from (os.path.join(directory, one) for one in names[:MAX_FILES])
        return
    left = MAX_FILES
    for at, directories, files in os.walk(os.path.join(directory, base)):
        directories.sort()
        for one in sorted(fnmatch.filter(files, name)):
            if not left:
                return
            left -= 1
            yield os.path.join(at, one)


def _in_file(row: Row, path: str) -> Iterator[Found]:
    if _own(path):
        return
    try:
        text = _read(path)
        if text is None:
            return
        found = signs(row, path, text)
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        yield Found(row=row, path=path, unread=why or "it cannot be read")
        return
    for line, what in found:
        yield Found(row=row, path=path, line=line, what=what if len(what) <= _LONG else f"{what[:_LONG]}…")


def _own(path: str) -> bool:
    """A file of this guard, in a checkout of it."""
    package = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    return os.path.realpath(path).startswith((package + "/", os.path.dirname(package) + "/sandbox/"))


def _read(path: str) -> str | None:
    """None for what is no file. Raises OSError, ValueError."""
    try:
        # A pipe that lies there is not waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES} bytes")
    return content.decode().removeprefix("\ufeff")


def _value(name: str, text: str, at: tuple[str, ...]) -> tuple[object, int]:
    """What stands at ``at``, and in which line; None where nothing does."""
    if name.endswith(".toml"):
        import tomllib  # noqa: PLC0415 - for the files of one client

        value: Any = tomllib.loads(text)
        for key in at:
            value = cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
        written = re.search(rf"(?m)^\s*[\w.\"'-]*\b{re.escape(at[-1])}\b", text)
        return value, text.count("\n", 0, written.end()) + 1 if written else 1
    if not text.strip():
        return None, 0
    node: jsonc.Node = jsonc.read(text)
    line = 1
    for key in at:
        member = node.member(key) if isinstance(node, jsonc.Container) and node.is_object else None
        if member is None:
            return None, 0
        node, line = member.node, text.count("\n", 0, member.start) + 1
    return jsonc.value_of(node), line


def _counts(value: object, when: str) -> bool:
    match when:
        case "on":
            return str(value).lower() not in _OFF if isinstance(value, str) else bool(value)
        case "off":
            return value is False or (isinstance(value, str) and value.lower() in _OFF - {""})
        case "any":
            return bool(value)
        case _:
            names = cast("list[object]", value) if isinstance(value, list) else []
            return any(str(one) == "guard" or "guard hook" in str(one) for one in names)


def _started(value: object) -> Iterator[str]:
    """Each command, and each address, that is told below."""
    if isinstance(value, list):
        for one in cast("list[object]", value):
            yield from _started(one)
    elif isinstance(value, dict):
        given = cast("dict[str, object]", value)
        for key, one in given.items():
            if key in _STARTS and isinstance(one, str):
                more = given.get("args")
                words = cast("list[object]", more) if isinstance(more, list) else []
                yield " ".join([one, *(str(word) for word in words)])
            elif key in _STARTS and isinstance(one, list):
                yield " ".join(str(word) for word in cast("list[object]", one))
            else:
                yield from _started(one)


def _line_of(text: str, started: str) -> int:
    written = json.dumps(started, ensure_ascii=False)[1:-1]
    at = next(
        (at for part in (written, started, started.partition(" ")[0]) if (at := text.find(part)) >= 0), 0
    )
    return text.count("\n", 0, at) + 1


def _commands(row: Row) -> tuple[str, ...]:
    """What `guard install` writes, of this installation: another one's is told like anything else."""
    agents = row.agents or tuple(CLIENTS)
    installed = [command(sys.executable, agent, rewrites=way) for agent in agents for way in (False, True)]
    return (*installed, claude_command())


def _is_ours(row: Row, path: str, text: str) -> bool:
    for agent in row.agents:
        for way in (False, True):
            made = CLIENTS[agent].register(path, command(sys.executable, agent, rewrites=way), "project")
            if isinstance(made, Whole) and made.content == text:
                return True
    return False
