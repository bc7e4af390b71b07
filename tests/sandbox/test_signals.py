"""A signal that comes when a run has just ended is not lost."""

import mmap
import os
import signal
import threading
import time

import pytest

import sandbox.faults
from sandbox.backends import _signals
from sandbox.faults import Point
from sandbox.result import Exited, Interrupted
from sandbox.select import backend
from sandbox.spec import SandboxSpec, Stdio


class Heard(Exception):
    """By whoever listened before the run."""


def heard(number, _frame):
    raise Heard(signal.Signals(number).name)


@pytest.fixture(
    params=(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT), ids=lambda one: one.name
)
def number(request):
    before = signal.signal(request.param, heard)
    yield request.param
    signal.signal(request.param, before)


def test_what_nobody_has_read_goes_to_who_listened_before(number):
    with pytest.raises(Heard, match=number.name), _signals.arriving():
        os.kill(os.getpid(), number)


def test_what_was_read_does_not(number):
    with _signals.arriving() as arrived:
        os.kill(os.getpid(), number)
        assert os.read(arrived, 1) == bytes([number])


@pytest.fixture
def true(tmp_path):
    """Runs `true` behind walls: how that ended."""
    chosen = backend("local")
    if not (found := chosen.probe()).works:
        pytest.skip(f"no walls here: {found.failed}")
    for name in ("work", "home"):
        (tmp_path / name).mkdir()
    work, home = str(tmp_path / "work"), str(tmp_path / "home")
    spec = SandboxSpec(argv=("/bin/true",), cwd=work, workspace=work, home=home)

    def run():
        with open(os.devnull, "r+b") as null:
            ran = chosen.run(spec, Stdio(stdin=null.fileno(), stdout=null.fileno(), stderr=null.fileno()))
        ran.destroy()
        return ran.end

    assert run() == Exited(status=0)
    return run


@pytest.mark.sandbox
def test_a_signal_while_the_command_ends_by_itself_is_heard(true, number, monkeypatch):
    """Its first process, which sees no process of ours, waits there until we have had the signal."""
    shared = mmap.mmap(-1, 1)

    def hook(point):
        if point is Point.COMMAND_ENDED:
            shared[0] = 1
            while shared[0] != 2:
                time.sleep(0.001)

    def send():
        while shared[0] != 1:
            time.sleep(0.001)
        os.kill(os.getpid(), number)
        shared[0] = 2

    monkeypatch.setattr(sandbox.faults, "hook", hook)
    sender = threading.Thread(target=send)
    sender.start()
    try:
        told = true()
    except Heard as one:
        told = one.args
    sender.join()
    shared.close()

    assert told in (Interrupted(signal=number), (number.name,))


@pytest.mark.sandbox
def test_a_signal_after_the_end_was_heard_is_the_callers(true, number, monkeypatch):
    def hook(point):
        if point is Point.END_HEARD:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(sandbox.faults, "hook", hook)
    before = set(os.listdir("/proc/self/fd"))

    with pytest.raises(Heard, match=number.name):
        true()
    assert set(os.listdir("/proc/self/fd")) == before
