"""What a session is given so that the agent in it asks, and the ways all clients have in common. Starts nothing."""

import json
import os
import re
import sys
from shlex import join
from typing import Any, cast

from guard.enforce.door import DOOR_VARIABLE
from guard.model.dataclass import dataclass
from guard.model.typed import Callable, Mapping, TypeAlias
from sandbox.spec import HOME, Shown

DOOR = f"{HOME}/.guard-door"
"""Inside: where a hook asks."""
OURS = "/etc/guard"
"""Inside: what we bring ourselves."""
MAX_BYTES = 1024 * 1024
Registration: TypeAlias = "Mapping[str, Any] | str"
"""What registers the hook: a part of the client's own file, or the whole of one of ours."""
Registrations: TypeAlias = Mapping[str, Registration]
"""By the name of the agent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What one client needs. All of it is there for every program: a script may start the client."""

    shown: tuple[Shown, ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()
    """Below the home inside, and what stands in them; they can be started, and cannot be changed."""
    environment: tuple[tuple[str, str], ...] = ()
    hooks: tuple[str, ...] = ()
    """Lines that start its hooks, where it does that as it starts other shells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Injected:
    agent: str = ""
    """As whom the hook speaks; empty where the program gets none that we know of."""
    shown: tuple[Shown, ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()
    """As :attr:`Made.files`."""
    environment: tuple[tuple[str, str], ...] = ()
    """What the session's variables are, whatever else says so."""
    programs: str = ""
    """A directory that comes first on PATH; empty for none."""
    words: tuple[str, ...] = ()
    """Put right behind the program's name."""
    read_only: tuple[str, ...] = ()
    """What the hook needs to start."""
    without: str = ""
    """Why this program, which could be given a hook, is given none; for people."""
    told: tuple[str, ...] = ()
    """What is left out of what the repository wants, for people."""
    problem: str = ""
    """Why there can be none; then nothing may be started."""


class NotTakenOver(Exception):
    """A file of the machine that an organisation has put there, and that cannot hold in the session. ``str`` says why."""


Source: TypeAlias = Callable[[Registration, str], Made]
"""From the registration and the directory of the machine's own files. Raises NotTakenOver."""


def inner_words() -> list[str]:
    """How the guard is started inside: the interpreter itself, and no package but ours.

    Where it asks is said here as well: a repository's settings may hold variables, and an empty one would leave the hook
    alone with a policy that nobody has written.
    """
    # Not as a shell's assignment: the words may stand behind others.
    return ["/usr/bin/env", *_told()]


def inner_hook() -> str:
    """:func:`inner_words` for a shell that they are the first words of."""
    return join(_told())


def _told() -> list[str]:
    return [f"{DOOR_VARIABLE}={DOOR}", interpreter(), "-I", "-S", os.path.join(package(), "__main__.py")]


def interpreter() -> str:
    return os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable)


def package() -> str:
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))


def needed() -> tuple[str, ...]:
    """Our package, and the interpreter with its library where those are not the system's."""
    base = os.path.realpath(sys.base_prefix)
    library = os.path.dirname(os.path.realpath(os.__file__))
    places = [package()]
    for path in (library, os.path.join(base, "lib"), interpreter()):
        if not (path + "/").startswith("/usr/") and not any(
            (path + "/").startswith(place + "/") for place in places
        ):
            places.append(path)
    return tuple(places)


def own(directory: str, name: str) -> bytes:
    """A file of the machine; empty where there is none. Raises NotTakenOver."""
    path = os.path.join(directory, name)
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise NotTakenOver(f"{path}: {error.strerror or error}") from error
    if len(content) > MAX_BYTES:
        raise NotTakenOver(f"{path} is larger than {MAX_BYTES} bytes")
    return content


def listed(directory: str, end: str) -> list[str]:
    """In the order of their names. Raises NotTakenOver."""
    try:
        return sorted(name for name in os.listdir(directory) if name.endswith(end))
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise NotTakenOver(f"{directory}: {error.strerror or error}") from error


def json_object(content: bytes, path: str) -> dict[str, Any]:
    """Raises NotTakenOver."""
    try:
        found: object = json.loads(content or b"{}")
    except (ValueError, RecursionError) as error:
        raise NotTakenOver(f"{path}: {error}") from error
    if not isinstance(found, dict):
        raise NotTakenOver(f"{path}: it is no object")
    return cast("dict[str, Any]", found)


def json_file(path: str, value: object) -> Shown:
    return Shown(path=path, content=json.dumps(value, indent=1).encode())


def as_they_are(directory: str, at: str, names: "tuple[str, ...] | list[str]") -> list[Shown]:
    """Files of the machine that hold inside as well. Raises NotTakenOver."""
    contents = {name: own(directory, name) for name in names}
    return [Shown(path=f"{at}/{name}", content=content) for name, content in contents.items() if content]


def with_ours(theirs: Mapping[str, Any], ours: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Both: lists one after the other, without an older registration of ours; where only one value can be, it is ours.

    Raises NotTakenOver.
    """
    out = dict(theirs)
    for key, value in ours.items():
        old: object = theirs.get(key)
        match value:
            case dict() if old is None or isinstance(old, dict):
                out[key] = with_ours(
                    cast("dict[str, Any]", old or {}), cast("dict[str, Any]", value), f"{path}: `{key}`"
                )
            case list() if old is None or isinstance(old, list):
                kept = [one for one in cast("list[object]", old or []) if not _is_ours(one)]
                out[key] = [*kept, *cast("list[object]", value)]
            case dict() | list():
                raise NotTakenOver(f"{path}: `{key}` is not what it should be")
            case _:
                out[key] = value
    return out


def hook_lines(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Of the settings of Claude Code and those who took them over."""
    return tuple(
        hook["command"]
        for groups in settings["hooks"].values()
        for group in _objects(groups)
        for hook in _objects(group.get("hooks"))
        if isinstance(hook.get("command"), str)
    )


def _objects(value: object) -> list[dict[str, Any]]:
    elements = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("dict[str, Any]", one) for one in elements if isinstance(one, dict)]


def _is_ours(element: object) -> bool:
    """A hook that was registered for the machine: inside, it would ask a second time."""
    return re.search(r"guard(?:/__main__\.py['\"]?)? hook [a-z]", str(element)) is not None
