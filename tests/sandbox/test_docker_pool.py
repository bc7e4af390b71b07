"""Containers that wait: each has one command, sees the workspace of that moment, and ends with whoever keeps it."""

import os
import re
import signal
import tempfile
import time
from dataclasses import replace

import pytest

from sandbox.backends import _docker_container, _docker_points, _docker_pool
from sandbox.backends._docker_points import DockerPoint
from sandbox.result import Exited
from sandbox.spec import Limits, Network
from tests.sandbox.conftest import DOCKER_HOST
from tests.sandbox.runners import Runner, observe, remove, script

pytestmark = [pytest.mark.docker, pytest.mark.sandbox]


def until(true, seconds=30.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")


class Waiting:
    def __init__(self, directory, size=1):
        self.pool = _docker_pool.Pool(size=size, directory=f"{directory}/waiting")

    def backend(self, **changes):
        from sandbox.backends.docker import DockerBackend

        return DockerBackend(host=DOCKER_HOST, pool=replace(self.pool, **changes))

    def files(self, state):
        return [
            f"{place}/{state}/{name}"
            for place in _docker_pool.places(self.pool)
            for name in os.listdir(f"{place}/{state}")
        ]

    def keepers(self):
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    if self.pool.directory.encode() in file.read():
                        found.append(int(pid))
            except OSError:
                continue
        return found

    def full(self):
        until(lambda: len(self.files("ready")) == self.pool.size and not self.files("done"))

    def containers(self):
        client = self.backend().client()
        try:
            return {
                one.id
                for one in client.containers.list(all=True, ignore_removed=True)
                if one.labels.get(_docker_pool.POOL, "").startswith(self.pool.directory)
            }
        finally:
            client.close()


@pytest.fixture
def waiting():
    if not DOCKER_HOST:
        pytest.skip("no Docker engine: GUARD_TEST_DOCKER_HOST is unset")
    directory = tempfile.mkdtemp(prefix="execguard-pool-")
    found = Waiting(directory)
    yield found
    _docker_pool.end_all(found.pool)
    until(lambda: not found.keepers())
    assert not found.containers()
    remove(directory)


@pytest.fixture
def tree():
    path = tempfile.mkdtemp(prefix="execguard-test-", dir="/srv")
    with open(f"{path}/a.txt", "w") as file:
        file.write("one\n")
    yield path
    remove(path)


def test_a_container_has_one_command_and_sees_the_workspace_of_that_moment(waiting, tree):
    said = observe(waiting.backend(), script(tree, "cat a.txt"))
    assert said.out == "one\n"
    waiting.full()
    seen = set()
    for number in range(3):
        (file,) = waiting.files("ready")
        with open(f"{tree}/a.txt", "w") as stream:
            stream.write(f"{number}\n")
        os.makedirs(f"{tree}/d{number}")
        said = observe(
            waiting.backend(),
            script(
                tree,
                "cat a.txt; ls -d d*; ls -A ~ /tmp /dev/shm; env | grep -c SECRET;"
                " echo left | tee ~/left /tmp/left /dev/shm/left > mine; (setsid sleep 100 &)",
                env=(("PATH", "/usr/bin:/bin"), (f"SECRET{number}", "x")),
            ),
        )
        seen.add(os.path.basename(file))

        assert said.end == Exited(status=0)
        assert said.out.split() == [
            str(number), *(f"d{n}" for n in range(number + 1)), "/dev/shm:", "/home/sandbox:", "/tmp:", "1",
        ]  # fmt: skip
        assert said.kinds() == {"mine": "Created"}
        waiting.full()

    assert len(seen) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"limits": Limits(memory_bytes=512 << 20)},
        {"limits": Limits(processes=99)},
        {"limits": Limits(open_files=99)},
        {"limits": Limits(cpu_s=99)},
        {"limits": Limits(disk_bytes=99 << 20)},
        {"runs_what_it_writes": False},
    ],
)
def test_one_of_another_kind_is_not_taken(tree, changes):
    def key(spec, user=(0, 0), image="sha256:a"):
        return _docker_container.kind(spec, image, {}, user).key()

    plain = script(tree, "true")

    assert key(plain) == key(replace(plain, argv=("false",), env=(("A", "b"),), network=Network()))
    assert key(replace(plain, **changes)) != key(plain)
    assert key(plain, user=(1, 0)) != key(plain)
    assert key(plain, image="sha256:b") != key(plain)


def test_what_does_not_fit_starts_cold(waiting, tree):
    observe(waiting.backend(), script(tree, "true"))
    waiting.full()
    before = waiting.files("ready")
    said = observe(waiting.backend(), script(tree, "ulimit -n", limits=Limits(open_files=99)))

    assert said.out == "99\n"
    assert set(before) <= set(waiting.files("ready"))


def test_two_at_once_do_not_get_the_same_one(waiting, tree):
    observe(waiting.backend(), script(tree, "true"))
    waiting.full()
    (place,) = _docker_pool.places(waiting.pool)
    backend = waiting.backend()
    client = backend.client()
    image = client.images.get("execguard/default")
    kind = _docker_container.kind(script(tree, "true"), image.id, image.labels, (0, 0))
    client.close()
    first, second = _docker_pool.take(waiting.pool, kind), _docker_pool.take(waiting.pool, kind)

    assert first is not None
    assert second is None
    first.waiting.close()
    assert place == first.place
    assert first.throw_away(1)
    until(lambda: first.container not in waiting.containers())


def test_a_container_that_has_died_is_not_taken(waiting, tree):
    observe(waiting.backend(), script(tree, "true"))
    waiting.full()
    (container,) = waiting.containers()
    client = waiting.backend().client()
    client.containers.get(container).kill()
    client.close()
    said = observe(waiting.backend(), script(tree, "echo cold"))

    assert said.out == "cold\n"
    until(lambda: container not in waiting.containers())


def test_what_a_killed_keeper_leaves_is_removed_and_what_was_taken_is_not(waiting, tree):
    observe(waiting.backend(), script(tree, "true"))
    waiting.full()
    (left,) = waiting.containers()
    for pid in waiting.keepers():
        os.kill(pid, signal.SIGKILL)
    until(lambda: not waiting.keepers())

    assert waiting.backend().left() == 1
    (file,) = waiting.files("ready")
    mine = file.replace("/ready/", "/taken/") + "." + _docker_pool.identity(os.getpid())
    os.rename(file, mine)
    assert waiting.backend().left() == 0
    os.rename(mine, file)
    assert waiting.backend().sweep() == 1
    assert left not in waiting.containers()


@pytest.mark.parametrize("also", ["nobody else", "the keeper"])
@pytest.mark.parametrize("point", [DockerPoint.TAKEN, DockerPoint.TOLD])
def test_what_a_killed_guard_had_taken_goes_at_the_next_start(waiting, tree, point, also):
    observe(waiting.backend(), script(tree, "true"))
    waiting.full()
    taken = waiting.containers()

    def die(at):
        if at is point:
            os.kill(os.getpid(), signal.SIGKILL)

    def work():
        _docker_points.hook = die
        observe(waiting.backend(), script(tree, "echo half > made; sleep 60"))
        os._exit(0)

    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert len(waiting.files("taken")) == 1
    if also == "the keeper":
        for pid in waiting.keepers():
            os.kill(pid, signal.SIGKILL)
        until(lambda: not any(map(_docker_pool.kept, _docker_pool.places(waiting.pool))))
        waiting.backend().sweep()
    assert observe(waiting.backend(), script(tree, "ls -A")).out == "a.txt\n"

    until(lambda: not taken & waiting.containers())
    waiting.full()
    assert waiting.files("taken") == []


def test_the_number_0_ends_the_keeper(waiting, tree):
    observe(waiting.backend(), script(tree, "true"))
    waiting.full()
    observe(waiting.backend(size=0), script(tree, "true"))

    until(lambda: not waiting.keepers() and not waiting.containers())


def test_a_run_leaves_nothing_open_in_the_keeper(waiting, tree):
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    observe(waiting.backend(), script(tree, "true"))
    os.close(writer)
    os.set_blocking(reader, False)

    assert os.read(reader, 1) == b""
    os.close(reader)
    waiting.full()


def test_the_walls_of_one_that_waited_are_those_of_a_cold_one(waiting):
    runner = Runner("docker", os.getuid(), waiting.backend())
    path = runner.directory()
    observe(runner.backend, script(path, "true"))
    waiting.full()
    text = (
        "grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status; ls /dev | sort; cat /proc/mounts"
    )
    warm = observe(runner.backend, script(path, text))
    cold = observe(waiting.backend(size=0), script(path, text))
    remove(path)

    def stable(text):
        lines = re.sub(r"/proc/self/fd/\d+", "FD", text).splitlines()
        return [line for line in lines if not line.startswith(("overlay / ", "/dev/"))]

    assert "NoNewPrivs:\t1" in warm.out
    assert stable(warm.out) == stable(cold.out)
