"""Claude Code: it reads `/etc/claude-code` before all other settings and obeys no other file about it.

There is one inside, made for the session: what the machine's own says, with our hook and without what would switch
hooks off.
"""

import os
from typing import Any

from guard.enforce.inject.made import (
    Made,
    NotTakenOver,
    Registration,
    as_they_are,
    hook_lines,
    json_file,
    json_object,
    listed,
    own,
    with_ours,
)
from guard.enforce.inject.net import LINE
from guard.enforce.inject.variables import QUIET

MANAGED = "/etc/claude-code"
SETTINGS = "managed-settings.json"
_ALSO = ("CLAUDE.md", "managed-mcp.json")
"""What else an organisation puts there."""


def made(registration: Registration, managed: str = MANAGED) -> Made:
    assert not isinstance(registration, str)
    path = os.path.join(managed, SETTINGS)
    theirs = json_object(own(managed, SETTINGS), path)
    settings = with_ours(theirs, {**registration, **_held()}, path)
    pieces = as_they_are(managed, MANAGED, [*_ALSO, *_parts(managed)])
    for piece in pieces:
        name = os.path.basename(piece.path)
        if name not in _ALSO and json_object(piece.content, name).get("disableAllHooks"):
            # A piece counts more than the file that we make.
            raise NotTakenOver(
                f"`disableAllHooks` in {managed}/managed-settings.d/{name} would switch our hook off"
            )
    return Made(
        shown=(json_file(f"{MANAGED}/{SETTINGS}", settings), *pieces),
        environment=(("CLAUDE_CODE_SHELL_PREFIX", LINE),),
        hooks=hook_lines(settings),
    )


def _held() -> dict[str, Any]:
    return {
        # With the first no hook runs, and a repository's settings may hold variables; those here count more.
        "env": {
            "CLAUDE_CODE_SIMPLE": "0",
            "CLAUDE_CODE_SHELL_PREFIX": LINE,
            # What starts the second net itself.
            "CLAUDE_CODE_SHELL": "/bin/bash",
            "SHELL": "/bin/bash",
            **dict(QUIET),
        },
        # Another hook may answer with another command than the one that was judged: those of a repository do not run.
        "disableAllHooks": False,
        "allowManagedHooksOnly": True,
    }


def _parts(managed: str) -> list[str]:
    # What is in pieces is put together in the order of their names.
    return [
        f"managed-settings.d/{name}" for name in listed(os.path.join(managed, "managed-settings.d"), ".json")
    ]
