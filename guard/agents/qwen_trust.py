"""Which folders Qwen Code trusts: of the others it loads no settings, and no hook that is registered there. Pure."""

import os

from guard.model.typed import Any, cast


def trusted(settings: object, folders: object, directory: str) -> bool:
    """``settings``: a person's. ``folders``: of `trustedFolders.json`. ``directory``: absolute, without links.

    The deepest folder around it counts, and of two alike the one that is not trusted.
    """
    if _get(_get(_get(settings, "security"), "folderTrust"), "enabled") is not True:
        return True
    best, found = -1, False
    for path, level in (cast("dict[str, Any]", folders) if isinstance(folders, dict) else {}).items():
        if level not in ("TRUST_FOLDER", "TRUST_PARENT", "DO_NOT_TRUST"):
            continue
        around = os.path.normpath(os.path.dirname(path) if level == "TRUST_PARENT" else path)
        if not f"{directory}/".startswith(f"{around.rstrip('/')}/"):
            continue
        depth = around.rstrip("/").count("/")
        says = level != "DO_NOT_TRUST"
        if depth > best or (depth == best and not says):
            best, found = depth, says
    return found


def _get(value: object, key: str) -> object:
    return cast("dict[str, Any]", value).get(key) if isinstance(value, dict) else None
