"""Directories that git takes for a repository though nobody calls them ``.git``. Looks, and runs nothing.

Below such a directory every git command obeys its ``config``, fsmonitor and pager included, unless
``safe.bareRepository=explicit`` is set. Source: ``is_git_directory`` in git's ``setup.c``.
"""

import os

_OBEYED = frozenset(
    "config config.worktree hooks info commondir gitdir worktrees modules objects refs HEAD".split()
)


def repository_around(path: str) -> str:
    """The innermost such directory above the absolute ``path``; empty when there is none, or nothing git obeys is meant."""
    parts = path.split("/")
    if _OBEYED.isdisjoint(parts) or ".git" in parts:
        return ""
    for count in range(len(parts) - 1, 1, -1):
        if parts[count] in _OBEYED and looks_like_one("/".join(parts[:count]), parts[count]):
            return "/".join(parts[:count])
    return ""


def looks_like_one(directory: str, coming: str = "") -> bool:
    """``coming``: what is about to be made there, and counts as if it were there."""

    def has(name: str) -> bool:
        return name == coming or os.path.lexists(f"{directory}/{name}")

    return has("HEAD") and (has("commondir") or (has("objects") and has("refs")))
