"""An engine that is killed in the middle of a run."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from sandbox.backends._docker_points import DockerPoint
from sandbox.images import build
from sandbox.result import Exited, Interrupted
from tests.sandbox import test_docker_crash
from tests.sandbox.conftest import DOCKER_HOST
from tests.sandbox.runners import remove, script
from tests.sandbox.test_docker_crash import HERE, named

pytestmark = [pytest.mark.docker, pytest.mark.sandbox]


class Engine:
    """One that may be killed, as that of ``with_dockerd.sh`` may not."""

    def __init__(self, directory):
        self.directory, self.host = directory, f"unix://{directory}/sock"
        self.process = None

    def start(self):
        driver = "vfs" if _kind(self.directory) == "overlayfs" else "overlay2"
        words = f"--host {self.host} --data-root {self.directory}/data --exec-root {self.directory}/exec"
        words += (
            f" --pidfile {self.directory}/pid --bridge=none --iptables=false --ip6tables=false -s {driver}"
        )
        # Of processes that were killed: an engine takes one that nobody has buried for one that lives, and waits for it.
        for path in ("pid", "exec/containerd/containerd.pid"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{self.directory}/{path}")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.directory}/sock")
        with open(f"{self.directory}/log", "ab") as log:
            self.process = subprocess.Popen(["dockerd", *words.split()], stdout=log, stderr=log)
        end = time.monotonic() + 60
        while not self._answers():
            assert time.monotonic() < end, "the engine does not start"
            time.sleep(0.1)

    def _answers(self):
        """Not with the SDK: it leaves a socket behind when nobody listens yet."""
        with socket.socket(socket.AF_UNIX) as asking:
            return asking.connect_ex(f"{self.directory}/sock") == 0

    def ask(self, *words):
        """What docker's own program says."""
        return subprocess.run(
            ["docker", "--host", self.host, *words], capture_output=True, text=True, check=True, timeout=60
        ).stdout.split()

    def kill(self):
        # Not with a method of Popen, which does nothing in a child of ours, whose child it is not.
        os.kill(self.process.pid, signal.SIGKILL)

    def again(self):
        """On the same data, as after a crash."""
        self.process.wait(60)
        self.start()

    def shims(self):
        """Who stands between the engine and the processes of a container; they outlive it."""
        return [pid for pid in self.processes() if b"containerd-shim" in _words(pid)]

    def processes(self):
        return [
            int(pid)
            for pid in os.listdir("/proc")
            if pid.isdigit() and self.directory.encode() in _words(pid)
        ]

    def mounts(self):
        with open("/proc/self/mountinfo") as file:
            return [
                place
                for place in (line.split()[4] for line in file)
                if place.startswith((f"{self.directory}/data/overlay2/", f"{self.directory}/exec/netns/"))
            ]

    def stop(self):
        """The engine and what it started, which outlives it when it is killed."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.process is not None:
            self.process.wait(60)


def _words(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _kind(path):
    return subprocess.run(
        ["stat", "-f", "-c", "%T", path], capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.fixture(scope="module")
def engine():
    if not DOCKER_HOST:
        pytest.skip("no Docker engine: GUARD_TEST_DOCKER_HOST is unset")
    directory = tempfile.mkdtemp(prefix="execguard-engine-", dir="/var/tmp")
    found = Engine(directory)
    try:
        found.start()
        build.build(found.host)
        yield found
    finally:
        found.stop()
        with open("/proc/self/mountinfo") as file:
            places = [line.split()[4] for line in file if f" {directory}/" in line]
        for place in sorted(places, reverse=True):
            subprocess.run(["umount", "-l", place], check=False)
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def scene(engine):
    found = test_docker_crash.Scene(engine.host)
    yield found
    remove(found.workspace)


SHIM = (DockerPoint.STARTED, DockerPoint.INSIDE, DockerPoint.HANDED, DockerPoint.TOLD, DockerPoint.ENDED)
BEFORE = (DockerPoint.CREATED, DockerPoint.STARTED)
"""There the engine still has something to do for the run."""
WHOLE = f"{Exited(status=0)} ['made']"


def nothing_is_left(engine, scene):
    """After the next start of a guard."""
    scene.backend().sweep()
    scene.is_clean()
    assert engine.ask("ps", "-aq") == []
    assert engine.ask("volume", "ls", "-q") == []
    assert sorted(engine.ask("network", "ls", "--format", "{{.Name}}")) == ["host", "none"]
    end = time.monotonic() + 10
    while (engine.shims() or engine.mounts()) and time.monotonic() < end:
        time.sleep(0.05)
    assert engine.shims() == []
    assert engine.mounts() == []


@pytest.mark.parametrize("point", named(HERE))
def test_an_engine_that_is_killed_and_comes_back_has_nothing_of_a_run(engine, scene, point):
    """A command does not need it: its streams, its end and its changes are ours to see."""

    def kill(at):
        if at is point:
            engine.kill()

    status, said = scene.guard(kill)
    engine.again()

    assert status == 7
    assert said.startswith("refused: ") if point in BEFORE else said == WHOLE
    nothing_is_left(engine, scene)


@pytest.mark.parametrize("point", named([DockerPoint.STARTED, DockerPoint.TOLD]))
def test_an_engine_that_comes_back_in_the_middle_of_a_run_ends_it_and_says_so(engine, scene, point):
    """It ends all containers that it finds. Half of a run is never told as a whole one."""

    def restart(at):
        if at is point:
            engine.kill()
            engine.start()

    scene.spec = script(scene.workspace, f": {scene.mark}; echo half > made; sleep 60; echo whole > made")
    status, said = scene.guard(restart)

    assert status == 7
    assert said.startswith((f"{Interrupted(signal=int(signal.SIGKILL))} ['made']", "refused: "))
    nothing_is_left(engine, scene)
    # It was started by a process that has ended.
    engine.stop()
    engine.start()


@pytest.mark.parametrize("point", named(SHIM))
def test_a_killed_shim_ends_no_run_as_a_whole_one_that_was_half(engine, scene, point):
    """Who stands between engine and container takes it along; what was whole before is whole."""

    def kill(at):
        if at is point:
            for pid in engine.shims():
                os.kill(pid, signal.SIGKILL)

    status, said = scene.guard(kill)

    assert status == 7
    # The engine takes a moment to see it, and the command may have ended in it.
    assert said.startswith((WHOLE, f"{Interrupted(signal=int(signal.SIGKILL))}", "refused: "))
    nothing_is_left(engine, scene)
