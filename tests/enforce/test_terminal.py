"""The question at the terminal: a person answers it, never what the agent writes to standard input."""

import os
import pty
import select
import time
from pathlib import Path

import pytest

from guard.cli import exec as command_line

from .machine import Machine

pytestmark = pytest.mark.sandbox
ASK = 10
COMMAND = "echo x > .git/hooks/made"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def at_terminal(machine: Machine, answer: bytes, *, stdin: bytes | None = None) -> tuple[int, str]:
    """Run guard exec with a controlling terminal; type ``answer`` when asked. Exit status and what was shown."""
    arguments = machine.argv("exec", "--", COMMAND)
    if stdin is not None:
        # The controlling terminal is there, but standard input is the agent's.
        arguments = ["sh", "-c", 'printf "%s" "$0" | "$@"', stdin.decode(), *arguments]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(machine.work)
        os.execvpe(arguments[0], arguments, machine.env)
    shown, answered, end = b"", False, time.monotonic() + 60
    try:
        while time.monotonic() < end:
            if not select.select([terminal], [], [], 0.1)[0]:
                continue
            try:
                part = os.read(terminal, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
            if not answered and b"run it?" in shown:
                answered = True
                if answer:
                    os.write(terminal, answer)
                else:
                    break
    finally:
        os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode(errors="replace")


def test_a_person_who_types_yes_lets_it_run(machine: Machine) -> None:
    status, shown = at_terminal(machine, b"yes\n")

    assert ".git/hooks/made" in shown
    assert status == 0
    assert (machine.work / ".git/hooks/made").read_text() == "x\n"
    assert machine.records("approval.resolved")[-1]["approved"] is True


@pytest.mark.parametrize("answer", [b"y\n", b"no\n", b"\n", b"YES\n", b"\x04", b"yes please\n"])
def test_anything_else_is_no(machine: Machine, answer: bytes) -> None:
    status, _ = at_terminal(machine, answer)

    assert status == ASK
    assert not (machine.work / ".git/hooks/made").exists()
    assert machine.records("approval.resolved")[-1]["approved"] is False


def test_a_terminal_that_goes_away_is_no(machine: Machine) -> None:
    status, _ = at_terminal(machine, b"")

    assert status != 0
    assert not (machine.work / ".git/hooks/made").exists()


def test_what_comes_on_standard_input_is_not_an_answer(machine: Machine) -> None:
    status, _ = at_terminal(machine, b"no\n", stdin=b"yes")

    assert status == ASK
    assert not (machine.work / ".git/hooks/made").exists()


def test_no_answer_in_time_is_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line, "ASK_TIMEOUT_S", 0.05)
    ours, theirs = pty.openpty()
    try:
        assert command_line._answer(theirs) == ""
    finally:
        os.close(ours)
        os.close(theirs)


def test_without_a_terminal_nobody_was_asked(machine: Machine) -> None:
    done = machine.run("exec", "--", COMMAND, start_new_session=True)

    assert done.returncode == ASK
    (record,) = machine.records("approval.resolved")
    assert (record["approved"], record["by"], record["surface"]) == (False, "nobody", "none")


def test_with_one_the_person_is_named(machine: Machine) -> None:
    at_terminal(machine, b"no\n")

    (record,) = machine.records("approval.resolved")
    assert (record["by"], record["surface"]) == (f"uid {os.getuid()}", "terminal")


@pytest.mark.parametrize("command", [["changes", "apply"], ["changes", "drop"], ["undo"]])
def test_what_comes_on_standard_input_confirms_nothing(machine: Machine, command: list[str]) -> None:
    machine.exec('python3 -c \'open(".git/hooks/x", "w").write("x")\'')
    machine.exec('python3 -c \'open("made", "w").write("x")\'')
    place = "held" if command[0] == "changes" else "undo"
    id_ = os.listdir(machine.state / place)[0]

    done = machine.run(*command, id_, stdin=b"yes\n")

    assert done.returncode == ASK
    assert os.listdir(machine.state / place) == [id_]
