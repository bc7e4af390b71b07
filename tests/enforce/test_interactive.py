"""Editors, pagers, shells and interpreters in the sandbox, as a person uses them at a terminal of a real shell."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.sandbox.at_terminal import Person
from tests.sandbox.conftest import BUBBLEWRAP

from .machine import Machine

WITH_BUBBLEWRAP = (
    "import runpy; from sandbox import select; from sandbox.backends.bubblewrap import BubblewrapBackend as Backend; "
    f"select._made['bubblewrap'] = Backend(program={BUBBLEWRAP!r}); runpy.run_module('guard', run_name='__main__')"
)
"""The guard, with the bubblewrap that the tests are given instead of the system's."""


class Seated(Machine):
    """A machine at whose terminal one sandbox is asked for."""

    backend = "local"

    def words(self, command: str, *options: str) -> list[str]:
        words = self.argv("exec", *options, "--backend", self.backend, "--", command)
        return [words[0], "-c", WITH_BUBBLEWRAP, *words[3:]] if self.backend == "bubblewrap" else words


@pytest.fixture(
    params=[
        pytest.param("local", marks=pytest.mark.sandbox),
        pytest.param("landlock", marks=pytest.mark.sandbox),
        pytest.param("bubblewrap", marks=pytest.mark.bubblewrap),
    ]
)
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Seated:
    if request.param == "bubblewrap" and not BUBBLEWRAP:
        pytest.skip("no bubblewrap: GUARD_TEST_BWRAP is unset (run tests/sandbox/with_bubblewrap.sh pytest)")
    found = Seated(tmp_path)
    found.backend = request.param
    found.env |= {"TERM": "xterm", "LANG": "C.UTF-8"}
    settings = found.home / ".config" / "guard"
    settings.mkdir(parents=True)
    (settings / "sandbox.json").write_text('{"accept": ["landlock"]}')
    return found


def start(machine: Seated, command: str, **size: int) -> Person:
    """``guard exec`` alone at a terminal."""

    def work() -> int:
        os.chdir(machine.work)
        argv = machine.words(command, "--ask", "deny")
        os.execvpe(argv[0], argv, machine.env)

    return Person(work, **size)


def shell(machine: Seated) -> Person:
    """A person's interactive bash, with job control and a prompt that is known."""

    def work() -> int:
        os.chdir(machine.work)
        environment = machine.env | {"PS1": "PROMPT> "}
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], environment)

    person = Person(work)
    person.sees(b"PROMPT> ")
    return person


def guarded(machine: Seated, command: str) -> bytes:
    import shlex

    return shlex.join(machine.words(command, "--ask", "deny")).encode() + b"\r"


def unread(*words: str) -> str:
    """The command as nobody can read it: it runs in the sandbox whatever it is."""
    import json

    return f"python3 -c 'import os; os.execvp({json.dumps(words[0])}, {json.dumps(words)})'"


def needs(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")


def test_a_python_prompt(machine: Seated) -> None:
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


def test_an_editor(machine: Seated) -> None:
    needs("vi")
    person = start(machine, "vi -u NONE -N README")
    person.sees(b"read me")
    person.types(b"Gonew line\x1b:wq\r")

    assert person.status() == 0
    assert (machine.work / "README").read_text() == "read me\nnew line\n"


def test_an_editor_draws_for_the_size_of_the_window(machine: Seated) -> None:
    needs("vi")
    person = start(machine, "vi -u NONE -N README", rows=30, columns=100)
    person.sees(b"\x1b[30;1H")  # its last line
    person.sees(b"read me")
    person.size(12, 40)
    person.sees(b"\x1b[12;1H")
    person.types(b":q!\r")

    assert person.status() == 0


def test_a_pager(machine: Seated) -> None:
    needs("less")
    (machine.work / "long").write_text("".join(f"line {n}\n" for n in range(500)))
    person = start(machine, unread("less", "long"))
    person.sees(b"line 5")
    person.types(b"G")
    person.sees(b"line 499")
    person.types(b"q")

    assert person.status() == 0


def test_a_shell_has_job_control(machine: Seated) -> None:
    (machine.work / "job.py").write_text(
        "import os, signal\n"
        "signal.signal(signal.SIGCONT, lambda *_: os.write(1, b'again\\n'))\n"
        "os.write(1, b'started\\n')\n"
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


def test_what_is_typed_before_it_runs_is_for_the_command(machine: Seated) -> None:
    person = start(machine, unread("bash", "-c", "read x; echo got $x"))
    person.types(b"early\r")

    person.sees(b"got early")
    assert person.status() == 0


def test_colours_are_shown(machine: Seated) -> None:
    person = start(machine, 'eval "$(echo ls --color=auto)"')

    person.sees(b"\x1b[01;34msrc")
    assert person.status() == 0


def test_ctrl_z_gives_the_terminal_back_and_fg_goes_on(machine: Seated) -> None:
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


def test_in_the_background_it_reads_no_keys(machine: Seated) -> None:
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
def test_a_key_that_ends_the_command_is_its_status(machine: Seated, key: bytes, number: int) -> None:
    person = start(machine, unread("sh", "-c", "ulimit -c 0; echo up; exec sleep 1000"))
    person.sees(b"up")
    person.types(key)

    assert person.status() == 128 + number
    assert machine.records("outcome")[-1]["ended"] == "completed"


def test_output_is_not_delayed(machine: Seated) -> None:
    """A line without an end is seen while the command waits for the answer to it."""
    person = start(machine, 'python3 -c \'print("name? ", end="", flush=True); print("hello", input())\'')
    person.sees(b"name? ")
    person.types(b"ana\r")

    person.sees(b"hello ana")
    assert person.status() == 0


def test_a_pipe_is_not_delayed_either(machine: Seated) -> None:
    import subprocess

    child = subprocess.Popen(
        machine.words('python3 -c \'print("name?", flush=True); print("hello", input())\''),
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
