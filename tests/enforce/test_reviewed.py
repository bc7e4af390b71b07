"""Which policy of a repository counts: the one on the default branch of `origin`, as it was fetched last."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from guard.enforce import reviewed
from guard.enforce.gitfacts import look_git
from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.enforce.reviewed import reviewed_sources
from guard.enforce.trees import Trees
from guard.errors import PolicyFileError
from guard.policy.files.compiled import read_source
from guard.policy.files.locate import Source

ENV = {
    "PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@a", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@a",
}  # fmt: skip
STRICT = "version: 1\nkind: policy\nname: team\ndefault: deny\n"
LOOSE = "version: 1\nkind: policy\nname: team\ndefault: allow\n"


def git(where: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words],
        cwd=where,
        env={**ENV, "HOME": str(where)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def write(where: Path, text: str, name: str = ".guard/policy.yaml") -> None:
    path = where / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    where = tmp_path / "origin"
    where.mkdir()
    git(where, "init", "-q", "-b", "main")
    write(where, STRICT)
    git(where, "add", "-A")
    git(where, "commit", "-qm", "x")
    return where


@pytest.fixture
def clone(origin: Path, tmp_path: Path) -> Path:
    git(tmp_path, "clone", "-q", f"file://{origin}", "clone")
    return tmp_path / "clone"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def found(where: Path, cache: Path) -> list[tuple[str, str, bool]]:
    return [(s.path, read_source(s).decode(), s.reviewed) for s in reviewed_sources(str(where), str(cache))]


REVIEWED = [("origin/main:.guard/policy.yaml", STRICT, True)]


def test_what_the_work_tree_says_is_not_the_law(clone: Path, cache: Path) -> None:
    write(clone, LOOSE)

    assert found(clone, cache) == REVIEWED


def test_what_was_deleted_there_is(clone: Path, cache: Path) -> None:
    shutil.rmtree(clone / ".guard")

    assert found(clone, cache) == REVIEWED


def test_a_branch_of_ones_own_says_nothing(clone: Path, cache: Path) -> None:
    git(clone, "switch", "-qc", "agent/fix")
    write(clone, LOOSE)
    git(clone, "commit", "-qam", "looser")

    assert found(clone, cache) == REVIEWED


def test_an_old_commit_does_not_bring_the_old_law_back(origin: Path, clone: Path, cache: Path) -> None:
    write(origin, STRICT + "lock_after: 3\n")
    git(origin, "commit", "-qam", "stricter")
    git(clone, "fetch", "-q")
    git(clone, "switch", "-q", "--detach", "HEAD")

    assert found(clone, cache) == [(REVIEWED[0][0], STRICT + "lock_after: 3\n", True)]


def test_packed_branches_are_found(clone: Path, cache: Path) -> None:
    git(clone, "pack-refs", "--all")
    assert not (clone / ".git/refs/remotes/origin/main").exists()

    assert found(clone, cache) == REVIEWED


def test_both_files_count(origin: Path, clone: Path, cache: Path) -> None:
    write(origin, LOOSE, "policies/guard.yaml")
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "more")
    git(clone, "fetch", "-q")

    assert found(clone, cache) == [*REVIEWED, ("origin/main:policies/guard.yaml", LOOSE, True)]


def test_a_default_branch_of_another_name_is_the_one(origin: Path, tmp_path: Path, cache: Path) -> None:
    git(origin, "branch", "-m", "trunk")
    git(tmp_path, "clone", "-q", f"file://{origin}", "clone")

    assert found(tmp_path / "clone", cache) == [("origin/trunk:.guard/policy.yaml", STRICT, True)]


def test_a_linked_work_tree_has_the_law_of_its_repository(clone: Path, tmp_path: Path, cache: Path) -> None:
    git(clone, "worktree", "add", "-q", str(tmp_path / "linked"))
    write(tmp_path / "linked", LOOSE)

    assert found(tmp_path / "linked", cache) == REVIEWED


def test_a_shallow_clone_of_one_branch_has_it(origin: Path, tmp_path: Path, cache: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{origin}", "clone")

    assert found(tmp_path / "clone", cache) == REVIEWED


def test_a_branch_without_a_policy_has_none_whatever_lies_in_the_work_tree(
    origin: Path, clone: Path, cache: Path
) -> None:
    git(origin, "rm", "-rq", ".guard")
    git(origin, "commit", "-qm", "no law")
    git(clone, "fetch", "-q")

    assert found(clone, cache) == []


@pytest.mark.parametrize("kind", ["no git", "no remote", "another branch only"])
def test_without_such_a_branch_the_work_tree_counts_and_is_not_reviewed(
    origin: Path, tmp_path: Path, cache: Path, kind: str
) -> None:
    where = tmp_path / "ws"
    match kind:
        case "no git":
            where.mkdir()
        case "no remote":
            shutil.copytree(origin, where)
        case _:
            git(origin, "branch", "feature")
            git(tmp_path, "clone", "-q", "--single-branch", "-b", "feature", f"file://{origin}", "ws")
    write(where, STRICT)

    assert reviewed_sources(str(where), str(cache)) == (
        Source(kind="repo", path=f"{where}/.guard/policy.yaml", reviewed=False),
    )


def test_git_is_asked_once_for_each_commit(clone: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = found(clone, cache)
    monkeypatch.setattr("subprocess.run", None)

    assert found(clone, cache) == first
    assert [path.stat().st_mode & 0o777 for path in cache.iterdir()] == [0o600]


def test_what_others_may_write_is_not_believed(clone: Path, cache: Path) -> None:
    first = found(clone, cache)
    (kept,) = cache.iterdir()
    kept.write_text(kept.read_text().replace("deny", "allow"))
    kept.chmod(0o666)

    assert found(clone, cache) == first


def test_a_commit_that_is_not_there_puts_the_guard_into_restricted_mode(clone: Path, tmp_path: Path) -> None:
    (clone / ".git/refs/remotes/origin/main").write_text("1" * 40 + "\n")
    guard = Guard.open(cwd=str(clone), home=str(tmp_path), places=Places.from_environment(str(tmp_path)))

    assert guard.problem is not None
    assert "cannot be read from origin/main" in str(guard.problem)
    assert guard.policy.digest == "restricted"


def test_a_blob_that_was_not_fetched_puts_it_there_too(origin: Path, tmp_path: Path, cache: Path) -> None:
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{origin}", "clone")
    with pytest.raises(PolicyFileError, match="cannot be read from origin/main"):
        found(tmp_path / "clone", cache)


def test_a_link_in_the_history_is_no_policy(origin: Path, clone: Path, cache: Path) -> None:
    (origin / ".guard/policy.yaml").unlink()
    (origin / ".guard/policy.yaml").symlink_to("/etc/passwd")
    git(origin, "add", "-A")
    git(origin, "commit", "-qm", "a link")
    git(clone, "fetch", "-q")
    with pytest.raises(PolicyFileError, match="not a regular file"):
        found(clone, cache)


def test_a_broken_file_on_the_branch_is_restricted_mode_with_its_place(
    origin: Path, clone: Path, tmp_path: Path
) -> None:
    write(origin, "default: [")
    git(origin, "commit", "-qam", "broken")
    git(clone, "fetch", "-q")
    guard = Guard.open(cwd=str(clone), home=str(tmp_path), places=Places.from_environment(str(tmp_path)))

    assert str(guard.problem).startswith("origin/main:.guard/policy.yaml:")


def test_the_guard_judges_by_it(clone: Path, tmp_path: Path) -> None:
    write(clone, LOOSE)
    guard = Guard.open(cwd=str(clone), home=str(tmp_path), places=Places.from_environment(str(tmp_path)))
    (repo,) = [layer for layer in guard.policy.layers if layer.kind == "repo"]

    assert guard.problem is None
    assert (repo.default.value, repo.source, repo.reviewed) == (
        "deny",
        "origin/main:.guard/policy.yaml",
        True,
    )


@pytest.mark.parametrize(
    "head",
    [
        "ref: refs/remotes/origin/../../heads/agent",
        "ref: refs/heads/agent",
        "x" * 500,
        "ref: refs/remotes/origin/",
    ],
)
def test_a_head_that_leads_elsewhere_is_not_followed(clone: Path, cache: Path, head: str) -> None:
    git(clone, "branch", "agent")
    (clone / ".git/refs/remotes/origin/HEAD").write_text(head + "\n")

    assert found(clone, cache) == REVIEWED


# ---------------------------------------------------------------------- references that are in no file

TABLE = "0x000000000001-0x000000000003-5f3a9c1e.ref"
"""What git calls one, by the documentation of the format."""


def in_reftable(clone: Path) -> None:
    """As git 2.45 and newer leave a repository: a file for those who do not know the format, and tables."""
    directory = clone / ".git"
    (directory / "reftable").mkdir()
    (directory / "reftable" / "tables.list").write_text(f"{TABLE}\n")
    (directory / "packed-refs").unlink(missing_ok=True)
    shutil.rmtree(directory / "refs")
    (directory / "refs").mkdir()
    (directory / "refs" / "heads").write_text("this repository uses the reftable format\n")
    (directory / "HEAD").write_text("ref: refs/heads/.invalid\n")
    git(clone, "config", "--file", ".git/config", "core.repositoryFormatVersion", "1")
    git(clone, "config", "--file", ".git/config", "extensions.refStorage", "reftable")


def test_a_git_that_cannot_read_the_references_leaves_no_loose_law(clone: Path, cache: Path) -> None:
    in_reftable(clone)
    write(clone, LOOSE)

    # An older git does not know the format, and a newer one finds no table of that name.
    with pytest.raises(PolicyFileError) as raised:
        reviewed_sources(str(clone), str(cache))

    assert "reftable" in str(raised.value.help)
    assert not list(cache.glob("references-*"))


@pytest.mark.parametrize("default", ["main", "trunk"])
def test_the_law_is_found_by_git_where_no_file_says_where_it_is(
    clone: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, default: str
) -> None:
    commit = git(clone, "rev-parse", "origin/main")
    in_reftable(clone)
    write(clone, LOOSE)
    # What it holds besides references is read as before.
    git(clone, "config", "--file", ".git/config", "--unset", "extensions.refStorage")
    shutil.rmtree(clone / ".git" / "refs")
    (clone / ".git" / "refs").mkdir()
    asked: list[tuple[str, ...]] = []

    def references(common: str, *branches: str) -> dict[str, tuple[str, str]]:
        asked.append(branches)
        there = {"HEAD": (commit, f"refs/remotes/origin/{default}"), default: (commit, "")}
        return {name: there[name] for name in branches if name in there}

    monkeypatch.setattr(reviewed, "_references", references)
    (law,) = reviewed_sources(str(clone), str(cache))

    assert (law.path, read_source(law)) == (f"origin/{default}:.guard/policy.yaml", STRICT.encode())
    before = len(asked)
    assert reviewed_sources(str(clone), str(cache)) == (law,)
    assert len(asked) == before, "as long as no reference has changed, git is not asked again"
    (clone / ".git" / "reftable" / "tables.list").write_text(f"{TABLE}\n0x4-0x4-00000000.ref\n")
    assert reviewed_sources(str(clone), str(cache)) == (law,)
    assert len(asked) > before


def test_a_file_that_names_a_commit_counts_for_nothing_beside_tables(clone: Path, cache: Path) -> None:
    write(clone, LOOSE)
    git(clone, "add", "-A")
    git(clone, "commit", "-qm", "mine")
    mine = git(clone, "rev-parse", "HEAD")
    in_reftable(clone)
    write(clone, mine + "\n", ".git/refs/remotes/origin/main")

    with pytest.raises(PolicyFileError):
        reviewed_sources(str(clone), str(cache))


def test_what_git_says_of_references_is_understood(clone: Path) -> None:
    commit = git(clone, "rev-parse", "origin/main")

    assert reviewed._references(str(clone / ".git"), "HEAD", "main", "master") == {
        "HEAD": (commit, "refs/remotes/origin/main"),
        "main": (commit, ""),
    }
    assert reviewed._asked_of_git(str(clone / ".git")) == ("main", commit)


def test_without_such_a_branch_the_work_tree_only_tightens(clone: Path, cache: Path) -> None:
    git(clone, "update-ref", "-d", "refs/remotes/origin/main")
    git(clone, "symbolic-ref", "-d", "refs/remotes/origin/HEAD")
    (clone / ".git" / "reftable").mkdir()

    # Git itself finds files here: it says that there is no such branch.
    assert [source.reviewed for source in reviewed_sources(str(clone), str(cache))] == [False]


def test_no_branch_is_made_up_where_no_file_names_one(clone: Path) -> None:
    assert look_git(str(clone), Trees(lambda: False)).branch == "main"
    in_reftable(clone)

    assert look_git(str(clone), Trees(lambda: False)).branch == ""
