"""Whoever is killed at whichever step of a run in docker: nothing is left but what the next start removes."""

import ast
import contextlib
import inspect
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.backends import _docker_points
from sandbox.backends._docker_owner import Fate, fate, identity
from sandbox.backends._docker_points import DockerPoint
from sandbox.errors import SandboxError
from sandbox.result import Exited, Interrupted
from sandbox.spec import Network, Stdio
from tests.sandbox.conftest import DOCKER_HOST, REMOTE_DOCKER
from tests.sandbox.runners import remove, script

BACKENDS = Path(_docker_points.__file__).parent
ELSEWHERE = (DockerPoint.SENT, DockerPoint.RETURNED)
OF_A_POOL = (DockerPoint.TAKEN,)
HERE = [point for point in DockerPoint if point not in (*ELSEWHERE, *OF_A_POOL)]
BEFORE_A_PROCESS = (DockerPoint.CREATED,)


def named(points):
    return [pytest.param(point, id=point.name.lower()) for point in points]


class Scene:
    def __init__(self, host):
        self.host, self.mark = host, f"mark-{uuid.uuid4().hex}"
        self.workspace = tempfile.mkdtemp(prefix="execguard-crash-", dir="/srv")
        self.spec = script(self.workspace, f": {self.mark}; echo new > made; sleep 0.3", network=Network())
        if host == REMOTE_DOCKER:
            self.spec = replace(self.spec, network=None)

    def backend(self):
        from sandbox.backends.docker import DockerBackend

        return DockerBackend(host=self.host)

    def guard(self, hook):
        """A run in a process of its own; how that ended, and what it said."""
        with tempfile.TemporaryFile() as said:
            child = os.fork()
            if child == 0:
                try:
                    _docker_points.hook = hook
                    null = os.open(os.devnull, os.O_RDWR)
                    try:
                        run = self.backend().run(self.spec, Stdio(stdin=null, stdout=null, stderr=null))
                        kinds = sorted(change.path for change in run.changes().entries)
                        os.write(said.fileno(), f"{run.end} {kinds}".encode())
                        run.destroy()
                    except SandboxError as error:
                        os.write(said.fileno(), f"refused: {error}".encode())
                finally:
                    os._exit(7)
            end = time.monotonic() + 60
            while not (done := os.waitpid(child, os.WNOHANG))[0]:
                if time.monotonic() > end:
                    os.kill(child, signal.SIGKILL)
                    os.waitpid(child, 0)
                    raise AssertionError("the run did not end")
                time.sleep(0.02)
            said.seek(0)
            return os.waitstatus_to_exitcode(done[1]), said.read().decode()

    def left(self):
        client = self.backend().client()
        try:
            found = client.containers.list(
                all=True, ignore_removed=True, filters={"label": "execguard.owner"}
            )
            volumes = client.volumes.list(filters={"label": "execguard.owner"})
            return [one.name for one in (*found, *volumes)]
        finally:
            client.close()

    def traces(self):
        """Processes of the command, and mounts of ours, anywhere on the machine that we see."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
                if self.mark.encode() in file.read() and int(pid) != os.getpid():
                    found.append(pid)
        with open("/proc/self/mountinfo") as file:
            found += [line for line in file if self.workspace in line or " execguard " in line]
        return found

    def is_clean(self):
        assert os.listdir(self.workspace) == []
        end = time.monotonic() + 10
        while (self.left() or self.traces()) and time.monotonic() < end:
            time.sleep(0.1)
        assert self.left() == []
        assert self.traces() == []


def waiting_shells():
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            if b'IFS= read -r line || exit 125; eval "$line"; exit $?' in file.read().split(b"\0"):
                found.append(int(pid))
    return found


@pytest.fixture
def scene():
    if not DOCKER_HOST:
        pytest.skip("no Docker engine: GUARD_TEST_DOCKER_HOST is unset")
    found = Scene(DOCKER_HOST)
    yield found
    remove(found.workspace)


@pytest.mark.docker
@pytest.mark.parametrize("point", named(HERE))
def test_a_guard_that_is_killed_leaves_what_the_next_start_removes(scene, point):
    def die(at):
        if at is point:
            os.kill(os.getpid(), signal.SIGKILL)

    status, said = scene.guard(die)
    helper = point in (DockerPoint.BUILT, DockerPoint.INSIDE, DockerPoint.MOUNTED)

    assert status == (7 if helper else -signal.SIGKILL)
    assert said.startswith("refused: ") if helper else True
    scene.backend().sweep()
    scene.is_clean()


@pytest.mark.docker
@pytest.mark.parametrize("point", named([point for point in HERE if point not in BEFORE_A_PROCESS]))
def test_a_container_that_is_killed_ends_the_run_and_is_removed(scene, point):
    found = []

    def kill(at):
        if at is DockerPoint.STARTED:
            # Now: whoever is in the container's namespaces sees other numbers.
            while not found:  # it is started just before it is a shell
                found.extend(waiting_shells())
        if at is point:
            for pid in found:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    status, said = scene.guard(kill)

    assert status == 7
    ended = (DockerPoint.ENDED, DockerPoint.REMOVED)
    if point in ended:
        assert said == f"{Exited(status=0)} ['made']"
    elif point is DockerPoint.TOLD:
        # Never as if the command had ended: whoever judges its changes is told that they may be half.
        assert said.startswith((f"{Interrupted(signal=int(signal.SIGKILL))}", "refused: "))
    else:
        assert said.startswith("refused: ")
    scene.is_clean()


@pytest.mark.docker
def test_doctor_tells_what_a_killed_run_left_and_the_next_one_removes(scene, tmp_path):
    def die(at):
        if at is DockerPoint.TOLD:
            os.kill(os.getpid(), signal.SIGKILL)

    def said():
        done = subprocess.run(
            [sys.executable, "-m", "guard", "doctor", "--json"],
            env={"HOME": str(tmp_path), "PATH": os.environ["PATH"], "DOCKER_HOST": DOCKER_HOST},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return [one for one in json.loads(done.stdout)["findings"] if one["area"] == "leftovers"]

    assert said() == []
    scene.guard(die)
    (found,) = said()
    assert found["says"].startswith("1 containers or volumes of killed runs")
    assert not found["ok"]
    scene.backend().sweep()
    assert said() == []


@pytest.mark.remote
@pytest.mark.parametrize("point", named(ELSEWHERE))
def test_what_a_killed_guard_left_on_an_engine_elsewhere_is_removed(point):
    if not REMOTE_DOCKER:
        pytest.skip("no remote engine: GUARD_TEST_REMOTE_DOCKER is unset")
    scene = Scene(REMOTE_DOCKER)

    def die(at):
        if at is point:
            os.kill(os.getpid(), signal.SIGKILL)

    assert scene.guard(die)[0] == -signal.SIGKILL
    assert len(scene.left()) >= 2
    scene.backend().sweep()
    scene.is_clean()
    remove(scene.workspace)


def test_every_point_is_in_the_code_once():
    found = []
    for path in BACKENDS.glob("_docker_*.py"):
        found += re.findall(r"reached\(DockerPoint\.(\w+)\)", path.read_text())
    found += re.findall(r"reached\(DockerPoint\.(\w+)\)", (BACKENDS / "docker.py").read_text())

    assert sorted(found) == sorted(point.name for point in DockerPoint)


def test_nothing_but_a_test_sets_the_hook():
    tree = ast.parse(inspect.getsource(_docker_points))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}

    assert "os" not in names
    for path in BACKENDS.rglob("*.py"):
        assert "_docker_points.hook" not in path.read_text()


def test_an_owner_is_judged_only_where_it_could_be_seen():
    mine = identity(os.getpid())
    machine, boot, space, pid, started = mine.split(":")

    assert fate(mine) is Fate.ALIVE
    assert fate(f"{machine}:{boot}:{space}:{pid}:{int(started) + 1}") is Fate.DEAD
    assert fate(f"{machine}:another-boot:{space}:{pid}:{started}") is Fate.DEAD
    assert fate(f"another:{boot}:{space}:{pid}:{started}") is Fate.ELSEWHERE
    assert fate(f"{machine}:{boot}:1:{pid}:{started}") is Fate.ELSEWHERE
    assert fate("") is Fate.ELSEWHERE
    assert fate("1:2") is Fate.ELSEWHERE
