"""What engines say of themselves, and what is told each of them. The answers are those of engines that were tried."""

import io
import os
import resource
import stat

import pytest

from sandbox.backends import _docker_container, _docker_ids, _docker_memory, _docker_mounts
from sandbox.backends._docker_engine import (
    engine,
    filter_option,
    refused,
    require_volumes,
    unlimited,
    unraised,
)
from sandbox.backends._docker_ids import Ids
from sandbox.errors import SetupError

DOCKER = {"Version": "20.10.24", "Components": [{"Name": "Engine"}, {"Name": "containerd"}, {"Name": "runc"}]}
PODMAN = {
    "Version": "4.3.1",
    "Components": [{"Name": "Podman Engine"}, {"Name": "Conmon"}, {"Name": "OCI Runtime (crun)"}],
}
OLD = {"Version": "17.0"}


@pytest.mark.parametrize(
    ("version", "told", "by_path"),
    [
        (DOCKER, "engine 20.10.24", False),
        (PODMAN, "Podman 4.3.1", True),
        (OLD, "engine 17.0", False),
        ({"Components": None}, "engine ?", False),
        ({"Version": "1", "Components": [{"Version": "Podman Engine"}]}, "engine 1", False),
    ],
)
def test_an_engine_is_what_it_says(version, told, by_path):
    found = engine(version)

    assert found.told() == told
    assert found.filter_by_path is by_path


class Client:
    """Takes down what it is told to create."""

    def __init__(self, version, failing=False):
        self._version, self._failing = version, failing
        self.containers = self

    def version(self):
        return self._version

    def create(self, image, command, **options):
        self.options = options
        self.filter = options["security_opt"][1].removeprefix("seccomp=")
        if self.filter.startswith("/"):
            self.directory = os.stat(os.path.dirname(self.filter))
            with open(self.filter) as file:
                self.read = file.read()
        if self._failing:
            raise OSError("full")
        return self


KIND = _docker_container.Kind(
    image="sha256:1",
    host_usr=False,
    user=(1, 1),
    memory_bytes=None,
    processes=7,
    open_files=None,
    cpu_s=3,
    disk_bytes=5,
    memfd=True,
)


def created(client):
    pytest.importorskip("docker")
    _docker_container.create(client, KIND, name="a", nonce="b", labels={})
    return {one["Name"]: (one["Soft"], one["Hard"]) for one in client.options["ulimits"]}


def test_docker_is_sent_the_filter_itself_and_the_limits_of_the_run():
    client = Client(DOCKER)

    limits = created(client)

    assert client.filter.startswith("{")
    assert limits == {"core": (0, 0), "fsize": (5, 5), "cpu": (3, 5)}


def test_podman_reads_the_filter_from_a_file_that_only_we_can_write_and_that_goes_away():
    docker, podman = Client(DOCKER), Client(PODMAN)
    created(docker)

    created(podman)

    assert podman.read == docker.filter
    assert stat.S_IMODE(podman.directory.st_mode) == 0o700
    assert podman.directory.st_uid == os.geteuid()
    assert not os.path.lexists(os.path.dirname(podman.filter))


def test_the_file_goes_away_where_the_container_cannot_be_made():
    client = Client(PODMAN, failing=True)

    with pytest.raises(OSError, match="full"):
        created(client)

    assert not os.path.lexists(os.path.dirname(client.filter))


def test_podman_is_told_limits_that_it_may_set():
    limits = created(Client(PODMAN))

    with open("/proc/sys/kernel/pid_max") as file:
        assert limits["nproc"][1] <= int(file.read())
    for name, number in (("nproc", resource.RLIMIT_NPROC), ("nofile", resource.RLIMIT_NOFILE)):
        hard = resource.getrlimit(number)[1]
        assert hard == resource.RLIM_INFINITY or limits[name][1] <= hard


def test_the_limits_of_a_run_are_not_given_up_for_those_of_the_machine():
    limits = created(Client(PODMAN))

    assert limits.items() >= {"core": (0, 0), "fsize": (5, 5), "cpu": (3, 5)}.items()
    assert unraised(engine(DOCKER)) == {}


def test_a_filter_for_docker_needs_no_file():
    with filter_option(engine(DOCKER), "{}") as option:
        assert option == "seccomp={}"


@pytest.mark.parametrize(
    ("told", "primitive", "fix"),
    [
        ("crun: setrlimit `RLIMIT_NPROC`: Operation not permitted: OCI permission denied", "setrlimit", "CAP_SYS_RESOURCE"),
        ("crun: cgroups in hybrid mode not supported, drop all controllers from cgroupv2", "cgroup", "umount /sys/fs/cgroup/unified"),
        ("container create: opening seccomp profile failed: open /tmp/a/b: no such file", "seccomp", "a Podman of this machine"),
        ("x" * 5000 + " crun: setrlimit `RLIMIT_NOFILE`: " + "x" * 5000, "setrlimit", "LimitNOFILE"),
    ],
)  # fmt: skip
def test_what_an_engine_refuses_is_said_with_what_to_do(told, primitive, fix):
    error = refused(OSError(f"500 Server Error: ({told})"))

    assert error.primitive == primitive
    assert fix in error.fix
    assert len(str(error)) < 700


def test_an_engine_that_repeats_what_it_was_sent_is_cut_short():
    error = refused(OSError("first " + "x" * 20_000 + " last"))

    assert "first " in str(error)
    assert str(error).endswith(" last")
    assert (error.primitive, error.fix) == ("engine", "")
    assert len(str(error)) < 700


@pytest.mark.parametrize(
    ("info", "lacks"),
    [
        ({"MemoryLimit": True, "PidsLimit": True}, set()),
        ({"MemoryLimit": False, "PidsLimit": False}, {"memory", "processes"}),
        ({"MemoryLimit": True, "PidsLimit": False}, {"processes"}),
        ({}, set()),
    ],
)
def test_limits_that_an_engine_does_not_keep_are_not_claimed(info, lacks):
    assert unlimited(info) == lacks


def test_a_copy_is_sent_only_where_it_can_be_bounded():
    require_volumes(engine(DOCKER))
    with pytest.raises(SetupError, match="this Podman may not be entered"):
        require_volumes(engine(PODMAN))


def proc(monkeypatch, files):
    """What the modules open, from ``files`` by path; all else is not there."""

    def opened(path, mode="r", **_):
        if path not in files:
            raise FileNotFoundError(path)
        return io.BytesIO(files[path].encode()) if "b" in mode else io.StringIO(files[path])

    for module in (_docker_memory, _docker_mounts):
        monkeypatch.setattr(module, "open", opened, raising=False)


@pytest.mark.parametrize(
    ("files", "stands"),
    [
        ({"cgroup": "0::/a/b\n", "a/b/memory.max": "4096\n", "a/b/pids.max": "8\n"}, {"memory", "processes"}),
        ({"cgroup": "0::/a/b\n", "a/memory.max": "4096\n", "a/b/memory.max": "max\n", "a/b/pids.max": "max\n"}, {"memory"}),
        ({"cgroup": "0::/a/b\n", "a/b/memory.max": "8192\n", "a/b/pids.max": "7\n"}, set()),
        ({"cgroup": "2:pids:/x\n1:memory:/y\n0::/\n", "memory/y/memory.limit_in_bytes": "4096\n", "pids/x/pids.max": "8\n"}, {"memory", "processes"}),
        ({"cgroup": "2:pids:/\n1:memory:/\n0::/\n"}, set()),
        ({"cgroup": "0::/../../etc\n", "../../etc/memory.max": "4096\n"}, set()),
        ({"cgroup": "nothing of the kind\n"}, set()),
        ({}, set()),
    ],
)  # fmt: skip
def test_a_limit_stands_if_a_control_group_says_that_number(monkeypatch, files, stands):
    places = {f"/sys/fs/cgroup/{name}": text for name, text in files.items() if name != "cgroup"}
    proc(monkeypatch, places | ({"/proc/9/cgroup": files["cgroup"]} if "cgroup" in files else {}))

    assert _docker_memory.bounded(9, 4096, 7) == stands
    assert _docker_memory.bounded(9, None, None) == set()


MOUNTS = r"""1 0 0:1 / / ro,relatime - overlay overlay rw
2 1 0:2 / /run rw,nosuid shared:1 master:2 - tmpfs tmpfs rw
3 1 0:3 / /proc rw - proc proc rw
4 1 0:4 / /a\040b\134c rw - ext4 /dev/sda rw
5 1 0:5 / /usr ro - ext4 /dev/sda rw
6 1 0:6 / /dev/pts rw - devpts devpts rw
"""


def test_what_an_engine_left_writable_is_found_by_any_name(monkeypatch):
    proc(monkeypatch, {"/proc/9/mountinfo": MOUNTS})

    assert _docker_mounts.writable(9) == ["/run", "/a b\\c"]


def test_a_podman_is_asked_whether_it_is_rootless_in_its_own_word():
    assert _docker_ids.of({"Rootless": True}) is Ids.ROOTLESS
    assert _docker_ids.of({"Rootless": False}) is Ids.SAME
    assert _docker_ids.of({"Rootless": "no"}) is Ids.SAME
