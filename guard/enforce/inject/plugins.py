"""Clients that are given a file of ours: OpenCode a plugin, Copilot a policy, Cline a directory of hooks, Pi an extension."""

import os

from guard.enforce.inject.made import (
    OURS,
    Made,
    Registration,
    as_they_are,
    json_file,
    json_object,
    listed,
    own,
    with_ours,
)
from sandbox.spec import Shown

OPENCODE, COPILOT = "/etc/opencode", "/etc/github-copilot"
PLUGIN = f"{OURS}/opencode.js"
EXTENSION = ".pi/agent/extensions/guard.ts"
"""Below the home."""
_CONFIGS = ("opencode.json", "opencode.jsonc")


def opencode(registration: Registration, managed: str = OPENCODE) -> Made:
    """Managed configuration comes last: its plugin is asked last, and sees what others have made of a call."""
    assert not isinstance(registration, str)
    path = os.path.join(managed, _CONFIGS[0])
    ours = {"plugin": [f"file://{PLUGIN}"], **registration["settings"]}
    config = with_ours(json_object(own(managed, _CONFIGS[0]), path), ours, path)
    return Made(
        shown=(
            json_file(f"{OPENCODE}/{_CONFIGS[0]}", config),
            *as_they_are(managed, OPENCODE, _CONFIGS[1:]),
            Shown(path=PLUGIN, content=registration["plugin"].encode()),
        ),
        environment=(
            ("OPENCODE_TEST_MANAGED_CONFIG_DIR", OPENCODE),
            # Without plugins of others, which is what ours is too.
            ("OPENCODE_PURE", "false"),
        ),
    )


def copilot(registration: Registration, managed: str = COPILOT) -> Made:
    assert isinstance(registration, str)
    policies = [f"policy.d/{name}" for name in listed(os.path.join(managed, "policy.d"), ".json")]
    theirs = as_they_are(managed, COPILOT, [name for name in policies if name != "policy.d/guard.json"])
    return Made(shown=(*theirs, Shown(path=f"{COPILOT}/policy.d/guard.json", content=registration.encode())))


def cline(registration: Registration, managed: str = "") -> Made:
    """Looked for in its home and nowhere else; `--hooks-dir` is obeyed by nobody in 3.0.65."""
    assert isinstance(registration, str)
    del managed
    return Made(files=((".cline/hooks/PreToolUse", registration.encode()),))


def pi(registration: Registration, managed: str = "") -> Made:
    assert isinstance(registration, str)
    del managed
    return Made(files=((EXTENSION, registration.encode()),))
