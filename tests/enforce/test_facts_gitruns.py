"""Station 4: what git would run by itself, read without running git."""

import os
import subprocess
from pathlib import Path

import pytest

from guard.enforce.gitruns import look_git_runs


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path / "app")], check=True)
    return tmp_path / "app"


def runs(repository: Path):
    return look_git_runs(str(repository), str(repository.parent / "home"))


def hook(path: Path, *, executable: bool = True) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755 if executable else 0o644)


def configure(repository: Path, key: str, value: str) -> None:
    subprocess.run(["git", "-C", str(repository), "config", key, value], check=True)


def test_samples_and_files_that_cannot_run_are_no_hooks(repository: Path) -> None:
    hook(repository / ".git/hooks/pre-push", executable=False)

    assert runs(repository).hooks == ()


def test_a_hook_is_named(repository: Path) -> None:
    hook(repository / ".git/hooks/pre-commit")
    os.symlink("pre-commit", repository / ".git/hooks/post-commit")

    assert runs(repository).hooks == ("post-commit", "pre-commit")


def test_hooks_are_looked_for_where_the_configuration_says(repository: Path) -> None:
    configure(repository, "core.hooksPath", ".husky/_")
    hook(repository / ".husky/_/commit-msg")

    assert runs(repository).hooks == ("commit-msg",)


def test_a_persons_own_hooks_path_could_hold_any_hook(repository: Path) -> None:
    home = repository.parent / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[core]\n\thooksPath = ~/hooks\n")

    assert runs(repository).hooks == ("*",)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("core.fsmonitor", "./watch"),
        ("filter.x.clean", "sh x"),
        ("filter.x.process", "sh x"),
        ("diff.external", "./d"),
        ("diff.img.textconv", "strings"),
        ("merge.x.driver", "sh"),
        ("core.sshCommand", "ssh -x"),
        ("include.path", "../other"),
        ("credential.helper", "!sh"),
        ("gpg.program", "./g"),
        ("commit.gpgsign", "true"),
    ],
)
def test_configuration_that_runs_things_is_named(repository: Path, key: str, value: str) -> None:
    configure(repository, key, value)

    assert [name.lower() for name in runs(repository).config] == [key.lower()]


@pytest.mark.parametrize(
    ("key", "value"), [("core.fsmonitor", "true"), ("user.name", "x"), ("commit.gpgsign", "false")]
)
def test_configuration_that_runs_nothing_is_not(repository: Path, key: str, value: str) -> None:
    configure(repository, key, value)

    assert runs(repository).config == ()


def test_a_linked_work_tree_has_the_hooks_of_its_repository(repository: Path) -> None:
    git = ["git", "-C", str(repository), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    subprocess.run([*git, "worktree", "add", "-q", str(repository.parent / "other")], check=True)
    hook(repository / ".git/hooks/pre-commit")

    assert runs(repository.parent / "other").hooks == ("pre-commit",)


def test_where_there_is_no_repository_nothing_runs(tmp_path: Path) -> None:
    assert look_git_runs(str(tmp_path), str(tmp_path)).hooks == ()
