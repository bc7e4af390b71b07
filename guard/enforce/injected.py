"""What makes an agent inside ask the guard outside: its hook, registered where neither it nor a repository can change it.

Claude Code reads `/etc/claude-code` before all other settings and obeys no other file about it. There is one inside,
made for the session: what the machine's own says, with our hook and without what would switch hooks off.
"""

import json
import os
import sys
from shlex import join
from typing import Any, cast

from guard.enforce.door import DOOR_VARIABLE
from guard.model.dataclass import dataclass
from sandbox.spec import HOME, Shown

CLIENTS = {"claude": "claude-code"}
"""Programs that get a hook, and as whom it speaks for them."""
MANAGED = "/etc/claude-code"
SETTINGS = "managed-settings.json"
DOOR = f"{HOME}/.guard-door"
"""Inside: where a hook asks."""
MAX_BYTES = 1024 * 1024
_ALSO = ("CLAUDE.md", "managed-mcp.json")
"""What else an organisation puts there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Injected:
    agent: str = ""
    """As whom the hook speaks; empty where the program gets none that we know of."""
    shown: tuple[Shown, ...] = ()
    read_only: tuple[str, ...] = ()
    """What the hook needs to start."""
    problem: str = ""
    """Why there can be none; then nothing may be started."""


def inner_hook() -> str:
    """How the hook is started inside, as words of a shell: the interpreter itself, and no package but ours.

    Where it asks is said here as well: a repository's settings may hold variables, and an empty one would leave the hook
    alone with a policy that nobody has written.
    """
    return f"{DOOR_VARIABLE}={DOOR} " + join(
        [_interpreter(), "-I", "-S", os.path.join(_package(), "__main__.py")]
    )


def inject(program: str, registration: dict[str, Any], managed: str = MANAGED) -> Injected:
    """For every program: a script may start the agent. ``registration``: settings that register the hook."""
    try:
        settings = _merged(_read(os.path.join(managed, SETTINGS)), registration)
        pieces = {name: _read(os.path.join(managed, name)) for name in (*_ALSO, *_parts(managed))}
        for name, content in pieces.items():
            if name not in _ALSO and _object(content).get("disableAllHooks"):
                # A piece counts more than the file that we make.
                raise ValueError(f"`disableAllHooks` in {managed}/{name} would switch our hook off")  # noqa: TRY301 - told below
    except (OSError, ValueError, TypeError, RecursionError) as error:
        return Injected(
            problem=f"{managed}/{SETTINGS} cannot be taken over, and without it an organisation's rules would not hold:"
            f" {error}; mend it"
        )
    shown = [Shown(path=f"{MANAGED}/{SETTINGS}", content=json.dumps(settings, indent=1).encode())]
    shown += [Shown(path=f"{MANAGED}/{name}", content=content) for name, content in pieces.items() if content]
    return Injected(agent=CLIENTS.get(program, ""), shown=tuple(shown), read_only=_needed())


def _merged(own: bytes, registration: dict[str, Any]) -> dict[str, Any]:
    """Raises ValueError, TypeError for settings that are none."""
    settings = _object(own)
    hooks = dict(settings.get("hooks") or {})
    for event, groups in registration["hooks"].items():
        hooks[event] = [*(hooks.get(event) or ()), *groups]
    # With it no hook runs, and a repository's settings may hold variables; those here count more.
    env: dict[str, Any] = {**(settings.get("env") or {}), "CLAUDE_CODE_SIMPLE": "0"}
    # Another hook may answer with another command than the one that was judged: those of a repository do not run.
    return {**settings, "env": env, "hooks": hooks, "disableAllHooks": False, "allowManagedHooksOnly": True}


def _object(content: bytes) -> dict[str, Any]:
    found: object = json.loads(content or b"{}")
    if not isinstance(found, dict):
        raise TypeError("it is no object")
    return cast("dict[str, Any]", found)


def _parts(managed: str) -> list[str]:
    try:
        names = sorted(os.listdir(os.path.join(managed, "managed-settings.d")))
    except OSError:
        return []
    # What is in pieces is put together in the order of their names.
    return [f"managed-settings.d/{name}" for name in names if name.endswith(".json")]


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return b""
    if len(content) > MAX_BYTES:
        raise ValueError(f"{path} is larger than {MAX_BYTES} bytes")
    return content


def _interpreter() -> str:
    return os.path.realpath(getattr(sys, "_base_executable", "") or sys.executable)


def _package() -> str:
    return os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


def _needed() -> tuple[str, ...]:
    """Our package, and the interpreter with its library where those are not the system's."""
    base = os.path.realpath(sys.base_prefix)
    library = os.path.dirname(os.path.realpath(os.__file__))
    places = [_package()]
    for path in (library, os.path.join(base, "lib"), _interpreter()):
        if not (path + "/").startswith("/usr/") and not any(
            (path + "/").startswith(place + "/") for place in places
        ):
            places.append(path)
    return tuple(places)
