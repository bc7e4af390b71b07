"""Workspaces in which nothing can run, or nothing can arrive, from the command line: one clear message, nothing lost."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.backends import _kernel

from .machine import Machine
from .trees import look

pytestmark = pytest.mark.sandbox
as_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="the tests do not run as root, and nobody else can mount"
)
COMMAND = 'python3 -c \'open("made", "w").write("x" * 100000)\''
EXEC = ("exec", "--ask", "deny")
RUN = ("run", "--ask", "deny", "--at-end", "apply-allowed")
both = pytest.mark.parametrize("words", [EXEC, RUN], ids=["exec", "run"])


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def start(
    machine: Machine, cwd: object, words: tuple[str, ...], before: Callable[[], None] | None = None
) -> "subprocess.Popen[bytes]":
    command = ("bash", "-c", COMMAND) if words[0] == "run" else (COMMAND,)
    return subprocess.Popen(
        machine.argv(*words, "--cwd", str(cwd), "--", *command),
        cwd="/",
        env=machine.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=before,  # noqa: PLW1509 - nobody here has threads
    )


def said(process: "subprocess.Popen[bytes]") -> tuple[int, str]:
    _, err = process.communicate(timeout=60)
    return process.returncode, err.decode()


@both
@pytest.mark.parametrize("place", ["/", "/etc", "/proc/self"])
def test_the_system_is_no_workspace(machine: Machine, place: str, words: tuple[str, ...]) -> None:
    code, err = said(start(machine, place, words))

    assert code in (3, 10, 11), err
    assert "not run" in err
    assert not os.path.lexists(os.path.join(place, "made"))


@both
def test_the_home_is_no_workspace(machine: Machine, words: tuple[str, ...]) -> None:
    before = sorted(os.listdir(machine.home))

    code, err = said(start(machine, machine.home, words))

    assert code in (3, 10, 11), err
    assert "not run" in err
    assert [name for name in sorted(os.listdir(machine.home)) if name not in before] in ([], [".local"])


@both
def test_behind_a_link_it_is_the_workspace_itself(
    machine: Machine, words: tuple[str, ...], tmp_path: Path
) -> None:
    os.symlink(machine.work, tmp_path / "link")

    code, err = said(start(machine, tmp_path / "link", words))

    assert code == 0, err
    assert (machine.work / "made").stat().st_size == 100_000


@both
def test_a_directory_of_a_workspace_is_in_that_workspace(machine: Machine, words: tuple[str, ...]) -> None:
    inner = machine.work / "packages" / "one"
    inner.mkdir(parents=True)

    code, err = said(start(machine, inner, words))

    assert code == 0, err
    assert (inner / "made").exists()
    assert not (machine.work / "made").exists()


def test_a_wall_that_is_not_there_is_named(machine: Machine) -> None:
    code, err = said(start(machine, machine.work, (*EXEC, "--backend", "landlock")))

    assert code == 3
    assert "landlock: does not enforce" in err
    assert "sandbox.json" in err
    assert not (machine.work / "made").exists()


@both
@as_root
def test_on_a_disk_that_cannot_be_written_the_changes_are_held(
    machine: Machine, words: tuple[str, ...]
) -> None:
    def read_only() -> None:
        _kernel.own_root()
        _kernel.mount("tmpfs", str(machine.work), "tmpfs", 0)
        _kernel.mount("tmpfs", str(machine.work), None, 32 | 1)

    code, err = said(start(machine, machine.work, words, read_only))

    assert code == 12, err
    assert "read-only file system" in err.lower()
    assert len(os.listdir(machine.state / "held")) == 1


@both
@as_root
def test_on_a_full_disk_the_changes_are_held(machine: Machine, words: tuple[str, ...]) -> None:
    def full() -> None:
        _kernel.own_root()
        _kernel.mount("tmpfs", str(machine.work), "tmpfs", 0, "size=64k")

    code, err = said(start(machine, machine.work, words, full))

    assert code == 12, err
    assert "no space left" in err.lower()
    assert len(os.listdir(machine.state / "held")) == 1


@both
def test_one_that_is_deleted_meanwhile_is_told(
    machine: Machine, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.COMMAND", 'eval "$(cat src/a.py)"; read -r _')
    (machine.work / "src" / "a.py").write_text("echo changed > README\n")
    process = start(machine, machine.work, words)
    runs = machine.state / "runs"
    for _ in range(1200):
        if runs.exists() and list(runs.glob("*.run")):
            break
        time.sleep(0.05)
    else:
        pytest.fail("it does not begin")
    time.sleep(0.5)
    shutil.rmtree(machine.work)

    code, err = said(process)

    assert code not in (0, 10, 11), err
    assert str(machine.work) in err, err
    assert not machine.work.exists()
    assert (machine.home / "precious").read_text() == "canary\n"


def test_a_directory_that_is_not_there_is_named(machine: Machine) -> None:
    before = look(machine.work)

    for words in (EXEC, RUN):
        code, err = said(start(machine, machine.work / "gone", words))
        assert code == 2
        assert f"{machine.work}/gone: there is no such directory" in err
    assert look(machine.work) == before
