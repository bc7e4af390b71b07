"""What git would run by itself in a repository: its hooks, and programs that its configuration names. Runs no git."""

import os

from guard.enforce.gitfacts import common_directory, config_sections, text_of_file
from guard.enforce.gitindex import git_directory, work_tree
from guard.enforce.walkpath import look_path
from guard.model.facts import GitRunsFact

_PLAIN = frozenset(
    "repositoryformatversion filemode bare logallrefupdates ignorecase precomposeunicode symlinks url fetch remote merge rebase "
    "name email active autocrlf".split()
)
"""Last words of what stands in every repository: no need to ask what they mean."""
_WHEN_NAMED = frozenset(
    "alias difftool mergetool guitool browser man web help sendemail imap instaweb tar gui".split()
)
"""Sections that count when a command of their own is given, and are looked at there."""


def look_git_runs(path: str, home: str) -> GitRunsFact:
    """``path`` is absolute. Where it is in no repository, nothing runs."""
    fact = look_path(path)
    root = work_tree(fact.real) if fact.real else ""
    if not root:
        return GitRunsFact()
    directory = git_directory(root)
    common = common_directory(directory)
    hooks_path, keys = "", list[str]()
    for place in (os.path.join(common, "config"), os.path.join(directory, "config.worktree")):
        for section, values in config_sections(text_of_file(place)).items():
            hooks_path = values.get("hookspath", hooks_path) if section == "core" else hooks_path
            keys += [f"{section}.{name}" for name, value in values.items() if _runs(section, name, value)]
    if not hooks_path and not _own_hooks_path(home):
        return GitRunsFact(hooks=_active(os.path.join(common, "hooks")), config=tuple(keys))
    if not hooks_path or hooks_path.startswith("~"):
        return GitRunsFact(hooks=("*",), config=tuple(keys))
    return GitRunsFact(hooks=_active(os.path.join(root, hooks_path)), config=tuple(keys))


def _runs(section: str, name: str, value: str) -> bool:
    if name in _PLAIN or section.partition(".")[0] in _WHEN_NAMED:
        return False
    from guard.effects.knowledge.git_settings import meaning, settled  # noqa: PLC0415 - only where there is more than usual

    key = f"{section}.{name}"
    if key in {"core.hookspath", "init.templatedir"}:
        # Hooks are looked at by name.
        return False
    if key == "commit.gpgsign":
        return value.lower() in {"true", "yes", "on", "1"}
    return key == "core.attributesfile" or (meaning(key) == "runs" and not settled(key, value))


def _own_hooks_path(home: str) -> bool:
    """Whether the person's or the machine's configuration puts hooks somewhere else."""
    places = ("/etc/gitconfig", os.path.join(home, ".gitconfig"), os.path.join(home, ".config/git/config"))
    return any("hookspath" in config_sections(text_of_file(place)).get("core", {}) for place in places)


def _active(directory: str) -> tuple[str, ...]:
    try:
        names = sorted(os.listdir(directory))
    except FileNotFoundError:
        return ()
    except OSError:
        return ("*",)
    return tuple(
        name
        for name in names
        if not name.endswith(".sample") and os.access(os.path.join(directory, name), os.X_OK)
        and not os.path.isdir(os.path.join(directory, name))
    )  # fmt: skip
