"""Editors, pagers, shells and interpreters in the sandbox, as a person uses them at a terminal of a real shell."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.sandbox.at_terminal import Person

from .machine import Machine

pytestmark = pytest.mark.sandbox


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    found = Machine(tmp_path)
    found.env |= {"TERM": "xterm", "LANG": "C.UTF-8"}
    return found


def start(machine: Machine, command: str, **size: int) -> Person:
    """``guard exec`` alone at a terminal."""

    def work() -> int:
        os.chdir(machine.work)
        argv = machine.argv("exec", "--ask", "deny", "--", command)
        os.execvpe(argv[0], argv, machine.env)

    return Person(work, **size)


def shell(machine: Machine) -> Person:
    """A person's interactive bash, with job control and a prompt that is known."""

    def work() -> int:
        os.chdir(machine.work)
        environment = machine.env | {"PS1": "PROMPT> "}
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], environment)

    person = Person(work)
    person.sees(b"PROMPT> ")
    return person


def guarded(machine: Machine, command: str) -> bytes:
    import shlex

    return shlex.join(machine.argv("exec", "--ask", "deny", "--", command)).encode() + b"\r"


def unread(*words: str) -> str:
    """The command as nobody can read it: it runs in the sandbox whatever it is."""
    import json

    return f"python3 -c 'import os; os.execvp({json.dumps(words[0])}, {json.dumps(words)})'"


def needs(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


def test_a_python_prompt(machine: Machine) -> None:
    person = start(machine, "python3 -q")
    person.sees(b">>> ")
    person.types(b"6 * 7\r")
    person.sees(b"42")
    person.types(b"open('made', 'w').write('x')\r")
    person.sees(b"1")
    person.types(b"\x03")
    person.sees(b"KeyboardInterrupt")
    person.types(b"raise SystemExit(5)\r")

    assert person.status() == 5
    assert (machine.work / "made").read_text() == "x"


def test_an_editor(machine: Machine) -> None:
    needs("vi")
    person = start(machine, "vi -u NONE -N README")
    person.sees(b"read me")
    person.types(b"Gonew line\x1b:wq\r")

    assert person.status() == 0
    assert (machine.work / "README").read_text() == "read me\nnew line\n"


def test_an_editor_draws_for_the_size_of_the_window(machine: Machine) -> None:
    needs("vi")
    person = start(machine, "vi -u NONE -N README", rows=30, columns=100)
    person.sees(b"\x1b[30;1H")  # its last line
    person.sees(b"read me")
    person.size(12, 40)
    person.sees(b"\x1b[12;1H")
    person.types(b":q!\r")

    assert person.status() == 0


def test_a_pager(machine: Machine) -> None:
    needs("less")
    (machine.work / "long").write_text("".join(f"line {n}\n" for n in range(500)))
    person = start(machine, unread("less", "long"))
    person.sees(b"line 5")
    person.types(b"G")
    person.sees(b"line 499")
    person.types(b"q")

    assert person.status() == 0


def test_a_shell_has_job_control(machine: Machine) -> None:
    (machine.work / "job.py").write_text(
        "import signal\n"
        "signal.signal(signal.SIGCONT, lambda *_: print('again', flush=True))\n"
        "print('started', flush=True)\n"
        "while True: signal.pause()\n"
    )
    person = start(machine, "bash --norc -i")
    person.types(b"PS1='IN'SIDE'> '\r")
    person.sees(b"INSIDE> ")
    person.types(b"python3 job.py\r")
    person.sees(b"started\r")
    person.types(b"\x1a")
    person.sees(b"Stopped")
    person.types(b"fg\r")
    person.sees(b"again\r")
    person.types(b"\x03")
    person.sees(b"INSIDE> ")
    person.types(b"exit 7\r")

    assert person.status() == 7


def test_what_is_typed_before_it_runs_is_for_the_command(machine: Machine) -> None:
    person = start(machine, unread("bash", "-c", "read x; echo got $x"))
    person.types(b"early\r")

    person.sees(b"got early")
    assert person.status() == 0


def test_colours_are_shown(machine: Machine) -> None:
    person = start(machine, 'eval "$(echo ls --color=auto)"')

    person.sees(b"\x1b[01;34msrc")
    assert person.status() == 0


def test_ctrl_z_gives_the_terminal_back_and_fg_goes_on(machine: Machine) -> None:
    person = shell(machine)
    person.types(guarded(machine, 'python3 -c \'print("up"); print("got", input())\''))
    person.sees(b"\rup")
    person.types(b"\x1a")
    person.sees(b"Stopped")
    person.sees(b"PROMPT> ")
    person.types(b"stty -a | grep -o ' icanon'\r")
    person.sees(b"\r icanon")
    person.types(b"fg\r")
    person.sees(b"guard")
    person.types(b"back\r")
    person.sees(b"got back")
    person.sees(b"PROMPT> ")
    person.types(b"echo status $?; exit\r")

    person.sees(b"status 0")
    assert person.status() == 0


def test_in_the_background_it_reads_no_keys(machine: Machine) -> None:
    person = shell(machine)
    person.types(
        guarded(machine, 'python3 -c \'import time; time.sleep(2); print("qui" + "et")\'')[:-1] + b" &\r"
    )
    person.sees(b"PROMPT> ")
    person.types(b"echo mi''ne\r")
    person.sees(b"mine")
    person.sees(b"quiet")
    person.types(b"wait; exit 3\r")

    assert person.status() == 3


@pytest.mark.parametrize(("key", "number"), [(b"\x03", signal.SIGINT), (b"\x1c", signal.SIGQUIT)])
def test_a_key_that_ends_the_command_is_its_status(machine: Machine, key: bytes, number: int) -> None:
    person = start(machine, unread("sh", "-c", "ulimit -c 0; echo up; exec sleep 1000"))
    person.sees(b"up")
    person.types(key)

    assert person.status() == 128 + number
    assert machine.records("outcome")[-1]["ended"] == "completed"


def test_output_is_not_delayed(machine: Machine) -> None:
    """A line without an end is seen while the command waits for the answer to it."""
    person = start(machine, 'python3 -c \'print("name? ", end="", flush=True); print("hello", input())\'')
    person.sees(b"name? ")
    person.types(b"ana\r")

    person.sees(b"hello ana")
    assert person.status() == 0


def test_a_pipe_is_not_delayed_either(machine: Machine) -> None:
    import subprocess

    child = subprocess.Popen(
        machine.argv("exec", "--", 'python3 -c \'print("name?", flush=True); print("hello", input())\''),
        cwd=machine.work,
        env=machine.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    first = child.stdout.readline()
    child.stdin.write(b"ana\n")
    child.stdin.close()

    assert (first, child.stdout.read(), child.wait()) == (b"name?\n", b"hello ana\n", 0)
    child.stdout.close()
