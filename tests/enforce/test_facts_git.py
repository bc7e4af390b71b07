"""Station 4 against real repositories: what could git bring back?"""

import os
import subprocess
from pathlib import Path

import pytest

from guard.enforce.gitfacts import look_git
from guard.enforce.gitindex import GitIndex
from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.enforce.trees import MAX_ENTRIES, Trees
from guard.model.facts import LookGit
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.verdict import Level


def git(root: Path, *args: str) -> str:
    environment = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.org",
    }
    return subprocess.run(
        ["git", "-C", str(root), *args], check=True, capture_output=True, text=True, env=environment
    ).stdout


@pytest.fixture(params=["2", "4"])
def repository(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    root = tmp_path / "repo"
    (root / "src" / "deep").mkdir(parents=True)
    (root / "src" / "a.py").write_text("a\n")
    (root / "src" / "deep" / "b.py").write_text("b\n")
    (root / "src" / "umläut.py").write_text("c\n")
    os.symlink("a.py", root / "src" / "link")
    git(root, "init", "-q", "-b", "trunk")
    git(root, "config", "index.version", request.param)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "x")
    return root


def lost(path: Path) -> int:
    return Trees(lambda: False).look(str(path)).unrecoverable


def test_a_committed_tree_can_be_brought_back(repository: Path) -> None:
    assert lost(repository / "src") == 0


def test_changed_untracked_and_ignored_files_cannot(repository: Path) -> None:
    (repository / ".gitignore").write_text("*.log\n")
    (repository / "src" / "a.py").write_text("b\n")
    (repository / "src" / "new.py").write_text("n\n")
    (repository / "src" / "x.log").write_text("l\n")

    assert lost(repository / "src") == 3


def test_a_file_that_was_only_touched_can(repository: Path) -> None:
    os.utime(repository / "src" / "a.py", ns=(1, 1))

    assert lost(repository / "src" / "a.py") == 0


def test_a_change_within_the_same_size_and_time_is_seen(repository: Path) -> None:
    path = repository / "src" / "a.py"
    before = path.stat()
    path.write_text("z\n")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.utime(repository / ".git" / "index", ns=(before.st_mtime_ns, before.st_mtime_ns))

    assert lost(path) == 1


def test_assume_unchanged_proves_nothing(repository: Path) -> None:
    git(repository, "update-index", "--assume-unchanged", "src/a.py")

    assert lost(repository / "src" / "a.py") == 1


def test_the_repository_itself_cannot_be_brought_back(repository: Path) -> None:
    assert lost(repository / ".git") > 0
    assert lost(repository) > 0


def test_outside_a_repository_everything_is_lost(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "x").write_text("x")

    assert lost(tmp_path / "d") == 1


def test_a_link_is_an_entry_unless_a_slash_follows(repository: Path) -> None:
    os.symlink("src", repository / "to-src")

    assert Trees(lambda: False).look(str(repository / "to-src")).entries == ()
    assert "a.py" in Trees(lambda: False).look(f"{repository}/to-src/").entries


def test_what_is_absent_may_be_there_later(tmp_path: Path) -> None:
    fact = Trees(lambda: False).look(str(tmp_path / "gone"))

    assert (fact.complete, fact.unrecoverable) == (False, -1)


def test_a_tree_too_large_to_list_says_so(tmp_path: Path) -> None:
    for number in range(MAX_ENTRIES + 1):
        (tmp_path / f"{number}").touch()

    fact = Trees(lambda: False).look(str(tmp_path))

    assert (fact.complete, fact.unrecoverable) == (False, -1)


@pytest.mark.parametrize("keep", [0, 3, 11, 12, 40, 100])
def test_a_broken_index_brings_nothing_back(repository: Path, keep: int) -> None:
    index = repository / ".git" / "index"
    index.write_bytes(index.read_bytes()[:keep])

    assert not GitIndex(str(repository)).readable
    assert lost(repository / "src") > 0


def test_the_state_of_a_repository_is_read_without_git(repository: Path) -> None:
    git(repository, "config", "alias.wipe", "!rm -rf ~")
    git(repository, "remote", "add", "origin", "https://example.org/x.git")
    git(repository, "config", "branch.trunk.remote", "origin")
    git(repository, "config", "branch.trunk.merge", "refs/heads/main")

    clean = look_git(str(repository / "src"), Trees(lambda: False), compare=True)
    (repository / "src" / "a.py").write_text("changed\n")
    changed = look_git(str(repository / "src"), Trees(lambda: False), compare=True)

    assert clean.root == str(repository)
    assert (clean.branch, clean.upstream) == ("trunk", "origin/main")
    assert clean.aliases == (("wipe", "!rm -rf ~"),)
    assert clean.remotes == (("origin", "https://example.org/x.git"),)
    assert (clean.dirty, changed.dirty) == (False, True)


def test_files_are_compared_for_what_would_lose_changes_only(repository: Path, tmp_path: Path) -> None:
    guard = Guard.open(
        cwd=str(repository),
        home=str(tmp_path),
        env={"PATH": "/usr/bin:/bin"},
        level=Level.CONTAINED,
        places=Places(state=str(tmp_path / "state"), config=str(tmp_path / "config")),
    )

    def asked(command: str) -> set[LookGit]:
        decided = guard.decide(
            ShellProposal(principal=Principal(agent="test"), cwd=str(repository), command=command)
        )
        return {lookup for lookup in decided.facts.answers if isinstance(lookup, LookGit)}

    here = str(repository)
    assert asked("git push origin HEAD") == {LookGit(here)}
    assert LookGit(here, compare=True) in asked("git checkout -- src/a.py")
    assert LookGit(here, compare=True) in asked("git reset --hard")
