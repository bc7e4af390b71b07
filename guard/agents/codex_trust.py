"""Which hooks Codex runs: those whose definition a person has trusted. Others it skips without a word. Pure.

What it keeps is a digest of what it would run, as its own `hooks/list` told it in version 0.171.0.
"""

import hashlib
import json
from typing import Any, cast

TIMEOUT_S = 600
"""What it takes for a hook that names none."""


def key_of(path: str, group: int, hook: int) -> str:
    """How it names a hook of `PreToolUse`: by the file that it stands in, and where."""
    return f"{path}:pre_tool_use:{group}:{hook}"


def digest_of(matcher: object, hook: dict[str, Any]) -> str:
    """Of a hook that is a command."""
    handler: dict[str, Any] = {
        "async": bool(hook.get("async", False)),
        "command": hook.get("command", ""),
        "timeout": hook.get("timeout", TIMEOUT_S),
        "type": "command",
    }
    if "statusMessage" in hook:
        handler["statusMessage"] = hook["statusMessage"]
    whole: dict[str, Any] = {"event_name": "pre_tool_use", "hooks": [handler]}
    if matcher is not None:
        whole["matcher"] = matcher
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def trust(config: object, path: str, groups: object) -> dict[str, str]:
    """The state of each command hook in ``groups``: ``trusted``, ``untrusted``, ``modified`` or ``disabled``, by its command.

    ``config``: the person's `config.toml`. ``path``: the file that the groups stand in.
    """
    out: dict[str, str] = {}
    state = _get(_get(config, "hooks"), "state")
    for at, group in enumerate(cast("list[object]", groups) if isinstance(groups, list) else []):
        hooks = _get(group, "hooks")
        for index, hook in enumerate(cast("list[object]", hooks) if isinstance(hooks, list) else []):
            if not isinstance(hook, dict):
                continue
            given = cast("dict[str, Any]", hook)
            known = _get(state, key_of(path, at, index))
            digest = _get(known, "trusted_hash")
            if _get(known, "enabled") is False:
                says = "disabled"
            elif digest is None:
                says = "untrusted"
            else:
                says = "trusted" if digest == digest_of(_get(group, "matcher"), given) else "modified"
            out[str(given.get("command", ""))] = says
    return out


def _get(value: object, key: str) -> object:
    return cast("dict[str, object]", value).get(key) if isinstance(value, dict) else None
