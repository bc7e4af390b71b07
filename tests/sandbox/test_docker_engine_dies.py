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
from sandbox.result import Exited
from tests.sandbox import test_docker_crash
from tests.sandbox.conftest import DOCKER_HOST
from tests.sandbox.runners import remove

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
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.directory}/pid")
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

    def stop(self):
        """The engine and what it started, which outlives it when it is killed."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if self.directory.encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(int(pid), signal.SIGKILL)
        if self.process is not None:
            self.process.wait(60)


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


def test_a_command_does_not_need_the_engine_that_is_killed_while_it_runs(engine):
    scene = test_docker_crash.Scene(engine.host)

    def kill(at):
        if at is DockerPoint.TOLD:
            os.kill(engine.process.pid, signal.SIGKILL)

    status, said = scene.guard(kill)

    assert status == 7
    # Its streams, its end and its changes are ours to see; that its container cannot be removed now is no failure.
    assert said == f"{Exited(status=0)} ['made']"
    assert os.listdir(scene.workspace) == []
    assert scene.traces() == []
    remove(scene.workspace)
