"""How the hook is registered with Claude Code, and what is wrong with a registration. Reads values, touches no files."""

import sys
from collections.abc import Iterator
from shlex import quote
from typing import Any, cast

_HOOK = "hook claude-code"
_ALL_TOOLS = ("", "*", ".*")


def command(python: str = sys.executable) -> str:
    """What a client starts, through a shell, for each call.

    The shell is the last border: an interpreter that cannot start, is killed or has lost its modules ends with any code,
    and only 2 is a deny. Signals are ignored until the hook itself takes them: a shell that one kills says nothing.
    """
    return shielded(f"{quote(python)} -I -m guard")


def shielded(start: str) -> str:
    """:func:`command` for a guard that is started by the words ``start``."""
    return f"trap '' HUP INT TERM; {start} hook claude-code || exit 2"


def settings(python: str = sys.executable) -> dict[str, Any]:
    """What belongs into `~/.claude/settings.json`. ``onFailure`` is obeyed from 2.1.295 on, and ignored before."""
    return registered(command(python))


def registered(command: str) -> dict[str, Any]:
    """:func:`settings` for this command."""
    hook = {"type": "command", "command": command, "timeout": 60, "onFailure": "block"}
    return {"hooks": {"PreToolUse": [{"matcher": "*", "hooks": [hook]}]}}


def problems(given: object) -> list[tuple[str, str]] | None:
    """What is wrong with the registration in these settings, each with the next step; None where there is none of ours."""
    ours = [(group, hook) for group, hook in _hooks(given) if _HOOK in _started(hook)]
    if not ours:
        return None
    found: list[tuple[str, str]] = []
    if off := switches_off(given):
        found.append((f"`{off}` switches it off", f"remove `{off}`"))
    # One good registration is enough: they all run, and the strictest answer counts.
    return found + min(([*_wrong(group, hook)] for group, hook in ours), key=len)


def switches_off(given: object) -> str:
    """What in these settings keeps hooks from running, wherever they are registered; empty when nothing does."""
    if _get(given, "disableAllHooks"):
        return "disableAllHooks"
    # The client without anything of its own; seen to run no hook in 2.1.197, not even one of managed settings.
    simple = _get(_get(given, "env"), "CLAUDE_CODE_SIMPLE")
    return "CLAUDE_CODE_SIMPLE" if str(simple or "0").lower() not in {"0", "false", "no", "off"} else ""


def _wrong(group: dict[str, object], hook: dict[str, object]) -> Iterator[tuple[str, str]]:
    if group.get("matcher", "") not in _ALL_TOOLS:
        yield f"the matcher `{group['matcher']}` leaves other tools out", 'write "matcher": "*"'
    if hook.get("async") or hook.get("asyncRewake"):
        yield "an asynchronous hook stops nothing", "remove `async`"
    if hook.get("onFailure") != "block" and not _started(hook).rstrip().endswith("|| exit 2"):
        yield "a hook that cannot start lets the call run", f"write as the command: {command()}"


def _started(hook: dict[str, object]) -> str:
    arguments = hook.get("args")
    words = cast("list[object]", arguments) if isinstance(arguments, list) else []
    return " ".join(str(word) for word in (hook.get("command", ""), *words))


def _hooks(given: object) -> Iterator[tuple[dict[str, object], dict[str, object]]]:
    for group in _objects(_get(_get(given, "hooks"), "PreToolUse")):
        for hook in _objects(_get(group, "hooks")):
            yield group, hook


def _get(value: object, key: str) -> object:
    return cast("dict[str, object]", value).get(key) if isinstance(value, dict) else None


def _objects(value: object) -> list[dict[str, object]]:
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("dict[str, object]", item) for item in items if isinstance(item, dict)]
