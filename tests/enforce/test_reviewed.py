"""Which policy of a repository counts: the one on the default branch of `origin`, as it was fetched last."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.enforce.reviewed import reviewed_sources
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
