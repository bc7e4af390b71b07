"""Gemini CLI, and Qwen Code which was made of it: the system's settings count more than all others.

Which file those are is a variable, and a repository's `.env` sets what is not set: so it is.
"""

import os
import secrets
from typing import Any, cast

from guard.enforce.inject.made import (
    Made,
    Registration,
    as_they_are,
    hook_lines,
    json_file,
    json_object,
    own,
    with_ours,
)
from sandbox.spec import Shown

GEMINI, QWEN = "/etc/gemini-cli", "/etc/qwen-code"
QWEN_OFF = ("QWEN_CODE_SAFE_MODE", "QWEN_CODE_SIMPLE")
SETTINGS, DEFAULTS = "settings.json", "system-defaults.json"


def gemini(registration: Registration, managed: str = GEMINI) -> Made:
    shown, hooks = _made(registration, managed, GEMINI, {"hooksConfig": {"enabled": True}})
    return Made(
        shown=shown,
        hooks=hooks,
        environment=(
            ("GEMINI_CLI_SYSTEM_SETTINGS_PATH", f"{GEMINI}/{SETTINGS}"),
            ("GEMINI_CLI_SYSTEM_DEFAULTS_PATH", f"{GEMINI}/{DEFAULTS}"),
            # It would start itself anew, with what it has read from a repository's `.env`.
            ("GEMINI_CLI_NO_RELAUNCH", "true"),
        ),
    )


def qwen(registration: Registration, managed: str = QWEN) -> Made:
    shown, hooks = _made(registration, managed, QWEN, {"disableAllHooks": False})
    return Made(
        shown=shown,
        hooks=hooks,
        environment=(
            ("QWEN_CODE_SYSTEM_SETTINGS_PATH", f"{QWEN}/{SETTINGS}"),
            ("QWEN_CODE_SYSTEM_DEFAULTS_PATH", f"{QWEN}/{DEFAULTS}"),
            ("QWEN_CODE_NO_RELAUNCH", "true"),
            # With either it runs no hook, and a repository's `.env` or settings may say so.
            *((name, "0") for name in QWEN_OFF),
        ),
    )


def _made(
    registration: Registration, managed: str, at: str, held: dict[str, Any]
) -> tuple[tuple[Shown, ...], tuple[str, ...]]:
    assert not isinstance(registration, str)
    path = os.path.join(managed, SETTINGS)
    ours = {**_renamed(cast("dict[str, Any]", registration)), **held}
    settings = with_ours(json_object(own(managed, SETTINGS), path), ours, path)
    shown = (json_file(f"{at}/{SETTINGS}", settings), *as_they_are(managed, at, (DEFAULTS,)))
    return shown, hook_lines(settings)


def _renamed(registration: dict[str, Any]) -> dict[str, Any]:
    """A list of names that a repository switches off is added to ours: nobody can know this one."""
    name = f"guard-{secrets.token_hex(8)}"
    hooks = {
        event: [{**group, "hooks": [{**hook, "name": name} for hook in group["hooks"]]} for group in groups]
        for event, groups in registration["hooks"].items()
    }
    return {**registration, "hooks": hooks}
