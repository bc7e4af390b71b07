"""The sandbox has a terminal of its own: size, keys, stopping and exit status are as without walls."""

import fcntl
import os
import signal
import struct
import termios

import pytest

from sandbox.backends import _kernel
from sandbox.result import Exited, Interrupted, LimitHit
from sandbox.spec import Limits, Stdio
from tests.sandbox.at_terminal import Person
from tests.sandbox.runners import in_a_chroot, script

pytestmark = pytest.mark.sandbox


@pytest.fixture
def at(runner, workspace):
    """Runs shell text at a terminal, as the user of the runner; its status is ours, a limit's is 124."""
    if "terminal" not in runner.backend.probe().enforces:
        pytest.skip(f"{runner.name} gives the command no terminal of its own")

    def start(text, *, limits=None, rows=24, columns=80, redirect=None, **changes):
        def work():
            if runner.uid != os.getuid():
                if in_a_chroot():
                    _kernel.own_root()
                os.setgroups([])
                os.setgid(runner.uid)
                os.setuid(runner.uid)
            spec = script(workspace, text, limits=limits or Limits(), **changes)
            run = runner.make().run(spec, redirect() if redirect else Stdio())
            run.destroy()
            match run.end:
                case Exited(status=status):
                    return status
                case LimitHit(limit=limit):
                    os.write(1, f"limit {limit}\n".encode())
                    return 124
                case Interrupted(signal=number):
                    return 128 + number
            return 98

        return Person(work, rows=rows, columns=columns)

    return start


def test_all_three_are_a_terminal_and_the_size_is_the_callers(at):
    person = at("test -t 0 && test -t 1 && test -t 2 && stty size; exit 5", rows=31, columns=117)

    person.sees(b"31 117")
    assert person.status() == 5


def test_it_is_another_terminal_than_the_callers(at, runner):
    code = "import os; print('tty', os.ttyname(0), os.path.exists(os.ttyname(0)), os.fstat(0).st_dev)"
    person = at(f'python3 -c "{code}"')

    person.sees(b"tty /dev/pts/")
    person.sees(b"\n")
    _tty, name, there, device = person.everything.split()
    assert there == b"True"
    if runner.copies:  # it is made beside the caller's
        # TIOCGPTN
        (outside,) = struct.unpack("I", fcntl.ioctl(person.terminal, 0x80045430, bytes(4)))
        assert name != b"/dev/pts/%d" % outside
    else:
        assert name == b"/dev/pts/0"
        assert device != b"%d" % os.fstat(person.terminal).st_dev
    assert person.status() == 0


@pytest.mark.parametrize(
    ("name", "request_"), [("TIOCSTI", 0x5412), ("TIOCLINUX", 0x541C), ("TIOCSETD", 0x5423)]
)
def test_nothing_can_be_typed_into_it_from_inside(at, name, request_):
    code = (
        "import fcntl\\n"
        "for place in ('/dev/tty', '/dev/stdout'):\\n"
        f"    try: fcntl.ioctl(open(place), {request_}, b'x'); print('typed')\\n"
        "    except OSError as error: print('refused', error.errno)"
    )
    person = at(f"""python3 -c "exec(\\"{code}\\")" """.replace("\\n", "\\\\n"))

    person.sees(b"refused 1")
    person.sees(b"refused 1")
    assert person.status() == 0


def test_what_is_typed_arrives_and_end_of_file_too(at):
    person = at("cat; echo over; exit 3")
    person.types(b"hello\r")
    person.sees(b"hello\r\nhello\r\n")
    person.types(b"\x04")

    person.sees(b"over")
    assert person.status() == 3


def test_ctrl_c_ends_the_command_and_not_us(at):
    person = at("echo up; exec sleep 1000")
    person.sees(b"up")
    person.types(b"\x03")

    assert person.status() == 128 + signal.SIGINT


def test_ctrl_c_is_the_commands_to_handle(at):
    person = at("trap 'echo caught; exit 9' INT; echo up; while :; do read -t 0.1 x; done")
    person.sees(b"up")
    person.types(b"\x03")

    person.sees(b"caught")
    assert person.status() == 9


def test_ctrl_backslash_quits(at):
    # Not bash: it ignores this signal.
    person = at("exec python3 -c 'import time; print(\"up\", flush=True); time.sleep(1000)'")
    person.sees(b"up")
    person.types(b"\x1c")

    assert person.status() == 128 + signal.SIGQUIT


def test_a_new_size_is_heard(at):
    person = at("trap 'stty size; exit 0' WINCH; echo up; while :; do read -t 0.1 x; done")
    person.sees(b"up")
    person.size(40, 132)

    person.sees(b"40 132")
    assert person.status() == 0


def test_a_person_who_hangs_up_ends_everybody(at, workspace):
    person = at("(trap '' HUP; setsid sleep 98765 &) ; echo up; exec sleep 98765")
    person.sees(b"up")
    person.hangs_up()

    os.waitpid(person.child, 0)
    assert not _running(b"98765")


def _running(argument):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if argument in file.read().split(b"\0"):
                    found.append(pid)
        except OSError:
            continue
    return found


def test_the_callers_terminal_is_as_before_afterwards(at):
    person = at("stty raw -echo; echo done")
    before = termios.tcgetattr(person.terminal)
    person.sees(b"done")

    assert person.status() == 0
    assert before[3] & termios.ECHO


def test_output_at_a_terminal_is_bounded_too(at):
    person = at("yes", limits=Limits(output_bytes=100_000))

    person.sees(b"limit output")
    assert person.status() == 124
    assert person.everything.count(b"y") <= 50_000


def test_the_wall_clock_ends_a_program_that_waits_for_keys(at):
    person = at("read x", limits=Limits(wall_s=1.0))

    person.sees(b"limit wall")
    assert person.status() == 124


def test_only_the_output_at_a_terminal_leaves_the_keys_to_others(at):
    def redirect():
        return Stdio(stdin=os.open("/dev/null", os.O_RDONLY))

    person = at("test -t 1 && test -t 2 && ! test -t 0 && echo lone; printf 'a\\nb\\n'", redirect=redirect)

    person.sees(b"lone\r\na\r\nb\r\n")
    assert person.status() == 0


def test_background_processes_of_a_shell_have_job_control(at):
    person = at("set -m; sleep 0.1 & fg; echo back $?")

    person.sees(b"back 0")
    assert person.status() == 0
