"""Which version of a client is here: from its package, or else from itself, with a limit of time."""

import json
import os
import re
import shutil
import subprocess
from typing import Any, cast

_WAIT_S = 20
_UP = 4
"""How far above a program its package may begin."""
_VERSION = r"(?<![\d.])(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?!\.?\d)"


def program_of(names: tuple[str, ...]) -> str:
    """The first of these that is on PATH; empty without one."""
    return next((found for name in names if (found := shutil.which(name))), "")


def version_of(program: str, *, start: bool = True) -> tuple[int, ...]:
    """Empty when nobody can say. ``start``: whether it may be asked itself."""
    return _packaged(program) or (_told(program) if start else ())


def written(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _packaged(program: str) -> tuple[int, ...]:
    at = os.path.dirname(os.path.realpath(program))
    if "/node_modules/" not in at:
        return ()
    for _ in range(_UP):
        try:
            with open(os.path.join(at, "package.json"), encoding="utf-8") as file:
                found: Any = json.load(file)
        except FileNotFoundError:
            at = os.path.dirname(at)
            continue
        except (OSError, ValueError, RecursionError):
            return ()
        return _numbers(str(cast("dict[str, Any]", found).get("version"))) if isinstance(found, dict) else ()
    return ()


def _told(program: str) -> tuple[int, ...]:
    try:
        done = subprocess.run(
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_WAIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return _numbers(done.stdout) if done.returncode == 0 else ()


def _numbers(text: str) -> tuple[int, ...]:
    found = re.search(_VERSION, text)
    return tuple(map(int, found.groups())) if found else ()
