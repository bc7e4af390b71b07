"""The state of a repository, read from its files: no git process runs on a repository nobody trusts.

Knows the part of ``git config`` syntax that matters here. Includes are not followed: what they set is not known.
"""

import os

from guard.enforce.gitindex import git_directory, work_tree
from guard.enforce.trees import Trees
from guard.enforce.walkpath import look_path
from guard.model.facts import GitFact

MAX_CONFIG_BYTES = 256 * 1024
MAX_COMPARED = 5000


def look_git(path: str, trees: Trees, *, compare: bool = False) -> GitFact:
    """``path`` is absolute. ``compare``: tell whether files have changed, which takes as long as there are files."""
    fact = look_path(path)
    root = work_tree(fact.real) if fact.real else ""
    if not root:
        return GitFact(root="")
    directory = git_directory(root)
    common = common_directory(directory)
    head = text_of_file(os.path.join(directory, "HEAD")).strip()
    branch = head.removeprefix("ref: refs/heads/") if head.startswith("ref: refs/heads/") else ""
    if is_reftable(common):
        # `HEAD` is a file for programs that do not know the format, and names a branch that there is not.
        branch = ""
    sections = config_sections(text_of_file(os.path.join(common, "config")))
    origin = text_of_file(os.path.join(common, "refs/remotes/origin/HEAD")).strip()
    branch_section = sections.get(f"branch.{branch}", {})
    merge = branch_section.get("merge", "").removeprefix("refs/heads/")
    remote = branch_section.get("remote", "")
    return GitFact(
        root=root,
        branch=branch,
        upstream=f"{remote}/{merge}" if remote and merge else "",
        default_branch=origin.removeprefix("ref: refs/remotes/origin/") if origin.startswith("ref: ") else "",
        dirty=_dirty(root, trees) if compare else None,
        aliases=tuple(sections.get("alias", {}).items()),
        remotes=tuple(
            (name.removeprefix("remote."), values.get("url", ""))
            for name, values in sections.items()
            if name.startswith("remote.")
        ),
    )


def common_directory(directory: str) -> str:
    """Of a linked work tree: the repository it belongs to."""
    other = text_of_file(os.path.join(directory, "commondir")).strip()
    return os.path.normpath(os.path.join(directory, other)) if other else directory


def is_reftable(common: str) -> bool:
    """Whether references are in git's newer format: then no file names a branch or a commit."""
    return os.path.lexists(os.path.join(common, "reftable"))


def _dirty(root: str, trees: Trees) -> bool | None:
    """Whether a tracked file differs from what the index holds; None when that would take too long to say."""
    index = trees.index(root)
    if index is None or not index.readable or len(index.entries) > MAX_COMPARED:
        return None
    for name in index.entries:
        path = os.path.join(root, name)
        try:
            info = os.lstat(path)
        except OSError:
            return True
        if not index.recoverable(path, info):
            return True
    return False


def text_of_file(path: str) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    with open(descriptor, "rb") as file:
        return os.fsdecode(file.read(MAX_CONFIG_BYTES))


def config_sections(text: str) -> dict[str, dict[str, str]]:
    """``[a "b"] c = d`` -> ``{"a.b": {"c": "d"}}``. Names in lower case, later values win."""
    sections: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for raw in lines:
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line.startswith("["):
            head, _, rest = line[1:].partition("]")
            name, _, sub = head.partition('"')
            key = name.strip().lower() + (f".{sub.rstrip().removesuffix(chr(34))}" if sub else "")
            current = sections.setdefault(key, {})
            line = rest.strip()
            if not line:
                continue
        while line.endswith("\\") and not line.endswith("\\\\"):
            line = line[:-1] + next(lines, "").strip()
        name, equals, value = line.partition("=")
        text_value = value.strip().strip('"').replace('\\"', '"') if equals else "true"
        current[name.strip().lower()] = text_value
    return sections
