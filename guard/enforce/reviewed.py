"""A repository's policy as other people have seen it: from the branch that changes reach by review, not from the work tree.

What an agent writes, commits or checks out is therefore never the law that it is judged by; it is only what ``guard
policy check`` and ``diff`` look at. Which commit that is, is read from git's files; git itself runs once for each commit.
"""

import os

from guard.enforce.gitfacts import common_directory, is_reftable, text_of_file
from guard.enforce.gitindex import git_directory
from guard.errors import PolicyFileError
from guard.model.hashes import sha256
from guard.model.jsons import dumps, loads
from guard.model.typed import Any
from guard.policy.files.compiled import MAX_BYTES, keep, read_kept
from guard.policy.files.locate import REPO_FILES, Source, in_work_tree

UNREVIEWED = "this repository has no branch of `origin` that changes reach by review"
_BRANCHES = "refs/remotes/origin/"
_USUAL = ("main", "master")
_FORMAT = 1
_TIMEOUT_S = 5
_MAX_PACKED = 256 * 1024 * 1024
_HEX = frozenset("0123456789abcdef")
_REF = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+@#=%,")


def reviewed_sources(workspace: str, cache: str) -> tuple[Source, ...]:
    """The repository's policy files. Where there is no such branch, those of the work tree, which then only tighten.

    Raises PolicyFileError when there is one and what it says cannot be read: no law is not a loose one.
    """
    directory = git_directory(workspace) if workspace else ""
    if not directory:
        return in_work_tree(workspace)
    common = common_directory(directory)
    branch, commit = _tip_by_git(common, cache) if is_reftable(common) else _tip(common)
    if not commit:
        return in_work_tree(workspace)
    return tuple(
        Source(kind="repo", path=f"origin/{branch}:{name}", content=text.encode("latin-1"))
        for name, text in _files(common, branch, commit, cache)
    )


def _tip(common: str) -> tuple[str, str]:
    """The default branch of ``origin`` as it was fetched last, and its commit; two empty texts for none."""
    head = text_of_file(os.path.join(common, _BRANCHES, "HEAD")).strip()
    named = head.removeprefix("ref: " + _BRANCHES)
    usual = _USUAL if named == head or not _is_plain(named) else (named, *_USUAL)
    packed = b""
    for branch in usual:
        commit = text_of_file(os.path.join(common, _BRANCHES, branch)).strip()
        if not commit:
            packed = packed or _packed(common)
            commit = _among(packed, _BRANCHES + branch)
        if _is_commit(commit):
            return branch, commit
    return "", ""


def _tip_by_git(common: str, cache: str) -> tuple[str, str]:
    """As :func:`_tip`. Asked again when a reference has changed: each change is a table of its own, and they are listed."""
    listed = text_of_file(os.path.join(common, "reftable", "tables.list"))
    known = sha256(f"{common}\0{listed}".encode(errors="surrogateescape")).hexdigest()
    path = os.path.join(cache, f"references-{known}.json")
    if listed and (kept := read_kept(path)) is not None:
        try:
            data = loads(kept)
            if data["format"] == _FORMAT:
                return str(data["branch"]), str(data["commit"])
        except (ValueError, KeyError, TypeError):
            pass
    try:
        branch, commit = _asked_of_git(common)
    except PolicyFileError as error:
        # It may have a law that we do not see: that there is none is not taken for granted.
        raise PolicyFileError(
            str(error),
            help_="its references are in the reftable format: have git 2.45 or newer in /usr/bin, "
            "or run `git refs migrate --ref-format=files`",
        ) from error
    if listed:
        try:  # noqa: SIM105 - as in `keep`
            keep(path, dumps({"format": _FORMAT, "branch": branch, "commit": commit}))
        except OSError:
            pass
    return branch, commit


def _asked_of_git(common: str) -> tuple[str, str]:
    found = _references(common, "HEAD", *_USUAL)
    _, symbolic = found.get("HEAD", ("", ""))
    named = symbolic.removeprefix(_BRANCHES)
    usual = _USUAL if named == symbolic or not _is_plain(named) else (named, *_USUAL)
    for branch in usual:
        commit, _ = (found if branch in found else _references(common, branch)).get(branch, ("", ""))
        if _is_commit(commit):
            return branch, commit
    return "", ""


def _references(common: str, *branches: str) -> dict[str, tuple[str, str]]:
    """Of those that there are: the commit, and which reference it stands for. Raises PolicyFileError."""
    names = [_BRANCHES + branch for branch in branches]
    said = _git(common, branches[0], "for-each-ref", "--format=%(refname) %(objectname) %(symref)", *names)
    out: dict[str, tuple[str, str]] = {}
    for line in said.decode(errors="replace").splitlines():
        name, _, rest = line.partition(" ")
        commit, _, symbolic = rest.partition(" ")
        out[name.removeprefix(_BRANCHES)] = commit, symbolic
    return out


def _is_commit(text: str) -> bool:
    return len(text) in (40, 64) and not set(text) - _HEX


def _is_plain(branch: str) -> bool:
    return bool(branch) and not set(branch) - _REF and ".." not in branch and not branch.startswith("/")


def _packed(common: str) -> bytes:
    """A megabyte for every ten thousand branches, so it is searched and not taken apart."""
    try:
        with open(os.path.join(common, "packed-refs"), "rb") as file:
            return b"\n" + file.read(_MAX_PACKED)
    except OSError:
        return b"\n"


def _among(packed: bytes, ref: str) -> str:
    at = packed.find(f" {ref}\n".encode())
    return packed[packed.rfind(b"\n", 0, at) + 1 : at].decode("ascii", errors="replace") if at > 0 else ""


def _files(common: str, branch: str, commit: str, cache: str) -> list[tuple[str, str]]:
    """Names and contents, each byte a character. What a commit holds never changes, so it is asked for once."""
    path = os.path.join(cache, f"reviewed-{commit}.json")
    kept = read_kept(path)
    if kept is not None:
        try:
            data = loads(kept)
            if data["format"] == _FORMAT:
                return [(str(name), str(text)) for name, text in data["files"]]
        except (ValueError, KeyError, TypeError):
            pass
    found = [(name, text.decode("latin-1")) for name, text in _ask(common, branch, commit)]
    table: dict[str, Any] = {"format": _FORMAT, "files": [list(file) for file in found]}
    try:  # noqa: SIM105 - as in `keep`
        keep(path, dumps(table))
    except OSError:
        # Slower, and not wrong.
        pass
    return found


def _ask(common: str, branch: str, commit: str) -> list[tuple[str, bytes]]:
    listed = _git(common, branch, "ls-tree", "-l", "-z", "--full-tree", commit, "--", *REPO_FILES)
    found: list[tuple[str, bytes]] = []
    for entry in listed.split(b"\0"):
        if not entry:
            continue
        told, _, name_bytes = entry.partition(b"\t")
        name = name_bytes.decode(errors="replace")
        mode, kind, blob, size = told.decode("ascii").split()
        place = f"origin/{branch}:{name}"
        if kind != "blob" or mode not in {"100644", "100755"}:
            raise PolicyFileError(
                "is not a regular file", place=place, help_="put a YAML file there, or remove it"
            )
        if not size.isdecimal():
            raise _unreadable(branch, "this clone does not hold it")
        if int(size) > MAX_BYTES:
            raise PolicyFileError(
                "is larger than 1 MiB", place=place, help_="split it, or remove what it does not need"
            )
        found.append((name, _git(common, branch, "cat-file", "blob", blob)))
    return found


def _git(common: str, branch: str, *words: str) -> bytes:
    import shutil  # noqa: PLC0415 - once for each commit of the branch
    import subprocess  # noqa: PLC0415 - as above

    from guard.enforce.gitcommand import git_argv, git_env  # noqa: PLC0415 - as above

    git = shutil.which("git", path="/usr/bin:/bin:/usr/local/bin:/opt/homebrew/bin") or shutil.which("git")
    if git is None:
        raise _unreadable(branch, "there is no git here")
    try:
        done = subprocess.run(
            git_argv(git, *words),
            env={**git_env(os.environ), "GIT_DIR": common, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unreadable(branch, f"git did not answer: {error}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise _unreadable(branch, f"git says: {said[0][:200]}" if said else "git did not say why")
    return done.stdout


def _unreadable(branch: str, why: str) -> PolicyFileError:
    return PolicyFileError(
        f"the repository's policy cannot be read from origin/{branch}: {why}",
        help_=f"make it readable, such as with `git fetch origin {branch}`",
    )
