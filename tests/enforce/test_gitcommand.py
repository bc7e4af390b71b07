"""Our own git on a repository that a command wrote to: it runs nothing of what stands there."""

import ast
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from guard.enforce.gitcommand import git_argv, git_env
from guard.errors import UsageError

ROOT = Path(__file__).parents[2]
GIT = shutil.which("git") or "git"
NEEDED = {
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "diff.external=",
    "safe.bareRepository=explicit",
    "core.sshCommand=false",
    "protocol.allow=never",
}


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A repository in which everything that can name a program names one that leaves a mark."""
    work = tmp_path / "repo"
    evil = tmp_path / "evil"
    evil.write_text(f'#!/bin/sh\necho "$0 $*" >> {tmp_path}/ran\ncat 2>/dev/null <&0 >/dev/null\necho\n')
    evil.chmod(0o755)

    def git(*words: str) -> None:
        subprocess.run([GIT, *words], cwd=work, check=True, capture_output=True, env=plain(tmp_path))

    work.mkdir()
    git("init", "-q")
    (work / "a.bin").write_text("one\n")
    (work / "b.txt").write_text("one\n")
    git("add", "-A")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x")
    for name in ("core.fsmonitor", "core.pager", "core.editor", "diff.external", "diff.evil.textconv", "diff.evil.command",
                 "core.sshCommand", "gpg.program", "core.askPass", "pager.log", "pager.diff"):  # fmt: skip
        git("config", name, str(evil))
    git("config", "log.showSignature", "true")
    git("config", "alias.status", f"!{evil}")
    hooks = work / "hooks"
    hooks.mkdir()
    git("config", "core.hooksPath", str(hooks))
    for name in (
        "pre-commit",
        "post-index-change",
        "prepare-commit-msg",
        "post-commit",
        "commit-msg",
        "fsmonitor-watchman",
    ):
        shutil.copy(evil, hooks / name)
        shutil.copy(evil, work / ".git" / "hooks" / name)
    (work / ".gitattributes").write_text("*.bin diff=evil\n")
    (work / "a.bin").write_text("two\n")
    (work / "b.txt").write_text("two\n")
    return work


def plain(tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}


COMMANDS = [
    ("status", "--short"), ("diff",), ("diff", "HEAD", "--stat", "-p"), ("log", "-p"), ("show", "HEAD"), ("diff-index", "-p", "HEAD"),
    ("ls-files", "-m"), ("rev-parse", "HEAD"), ("cat-file", "-p", "HEAD"), ("commit", "-q", "--allow-empty", "-m", "y"),
]  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_nothing_of_a_hostile_repository_runs(words: tuple[str, ...], hostile: Path, tmp_path: Path) -> None:
    steered = {
        **plain(tmp_path),
        "GIT_EXTERNAL_DIFF": str(tmp_path / "evil"),
        "GIT_PAGER": str(tmp_path / "evil"),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": str(tmp_path / "evil"),
    }
    (tmp_path / "ran").unlink(missing_ok=True)

    done = subprocess.run(
        git_argv(GIT, *words, settings=("user.name=a", "user.email=a@b")),
        cwd=hostile,
        env=git_env(steered),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "words", [("status",), ("diff",), ("commit", "--allow-empty", "-qm", "y")], ids=" ".join
)
def test_the_same_repository_runs_things_for_anybody_else(
    words: tuple[str, ...], hostile: Path, tmp_path: Path
) -> None:
    (tmp_path / "ran").unlink(missing_ok=True)
    env = {
        **plain(tmp_path),
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }

    subprocess.run([GIT, *words], cwd=hostile, env=env, capture_output=True, check=False)

    assert (tmp_path / "ran").exists()


def test_every_switch_is_there_and_the_last_word() -> None:
    argv = git_argv("git", "diff", "HEAD", settings=("core.fsmonitor=evil",))

    given = [argv[index + 1] for index, word in enumerate(argv) if word == "-c"]
    assert set(given) >= NEEDED
    assert given.index("core.fsmonitor=evil") < given.index("core.fsmonitor=false")
    assert argv[argv.index("diff") :] == ["diff", "--no-ext-diff", "--no-textconv", "HEAD"]
    assert {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}.items() <= git_env(
        {"GIT_DIR": "/x"}
    ).items()
    assert "GIT_DIR" not in git_env({"GIT_DIR": "/x"})


@pytest.mark.parametrize(
    "words", [(), ("fetch",), ("submodule", "update"), ("checkout", "x"), ("-c", "a=b", "status")]
)
def test_a_subcommand_that_nobody_has_thought_about_is_not_run(words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        git_argv("git", *words)


def named_git(tree: ast.AST) -> list[int]:
    """Lines in which a list, tuple or call begins with the word ``git``, or looks it up to run it."""
    out = []
    for node in ast.walk(tree):
        first = None
        match node:
            case ast.List(elts=[first, *_]) | ast.Tuple(elts=[first, *_]):
                pass
            case ast.Call(
                func=ast.Attribute(attr="which" | "run" | "Popen" | "check_output" | "execvp"),
                args=[first, *_],
            ):
                pass
        if (
            isinstance(first, ast.Constant)
            and isinstance(first.value, str)
            and first.value.split("/")[-1].split(" ")[0] == "git"
        ):
            out.append(node.lineno)
    return out


def test_no_module_runs_git_in_another_way() -> None:
    """In the source: who names git to run it, hands it to ``git_argv`` and ``git_env``."""
    strange = []
    runs = 0
    for path in (*(ROOT / "guard").rglob("*.py"), *(ROOT / "sandbox").rglob("*.py")):
        if {"effects", "export"} & set(path.parts) or path.match("review/example.py"):
            continue  # tables of what programs do, and of commands to show: nothing is run there
        text = path.read_text()
        lines = named_git(ast.parse(text))
        runs += bool(lines)
        if lines and not ("git_argv(" in text and "git_env(" in text):
            strange.append(f"{path.relative_to(ROOT)}:{lines[0]}")

    assert strange == []
    assert runs >= 1
    assert named_git(ast.parse("import subprocess\nsubprocess.run(['git', 'status'])")) == [2]
    assert named_git(ast.parse("subprocess.run('git status', shell=True)")) == [1]
