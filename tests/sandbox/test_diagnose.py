"""Why a wall cannot be built: every reading simulated, and those that this machine can produce for real."""

import errno
import os
import socket
import struct

import pytest

from sandbox import diagnose, readings
from sandbox.backends import _kernel
from sandbox.backends.docker import DockerBackend
from sandbox.backends.landlock import LandlockBackend
from sandbox.backends.local import LocalBackend
from sandbox.diagnose import APPARMOR, CLONE, FILE_SYSTEMS, LSM, MOST, SUBUID, TABLE, Readings, explain
from sandbox.errors import SandboxError
from tests.sandbox.runners import NOBODY, Observed, in_child

USER = {"uid": 1000, "user": "ana"}

CASES = {
    "Ubuntu's AppArmor": ("unshare", errno.EPERM, {"files": {APPARMOR: "1"}}, "AppArmor", "apparmor_restrict_unprivileged_userns=0"),
    "Ubuntu's AppArmor, one step later": ("mount propagation", errno.EACCES, {"files": {APPARMOR: "1"}}, "AppArmor", "bubblewrap 0.12"),
    "Ubuntu's AppArmor, at the map": ("uid_map", errno.EPERM, {"files": {APPARMOR: "1"}}, "AppArmor", "sysctl"),
    "Debian's switch": ("unshare", errno.EPERM, {"files": {CLONE: "0", APPARMOR: "0"}}, "unprivileged_userns_clone is 0", "unprivileged_userns_clone=1"),
    "none allowed": ("unshare", errno.ENOSPC, {"files": {MOST: "0"}}, "max_user_namespaces is 0", "max_user_namespaces=10000"),
    "all taken": ("unshare", errno.ENOSPC, {"files": {MOST: "5"}}, "taken", "max_user_namespaces"),
    "nested too deep": ("unshare", errno.EUSERS, {}, "nested too deep", "max_user_namespaces"),
    "a container's filter": ("unshare", errno.EPERM, {"filtered": True, "container": True}, "profile of this container", "seccomp=unconfined"),
    "another sandbox's filter": ("unshare", errno.EPERM, {"filtered": True}, "already", "RestrictNamespaces=no"),
    "a chroot": ("unshare", errno.EPERM, {"changed_root": True}, "chroot", "run as root"),
    "a kernel without": ("unshare", errno.EINVAL, {}, "no user namespaces", "CONFIG_USER_NS"),
    "nobody says why": ("unshare", errno.EPERM, {"files": {CLONE: "1", APPARMOR: "0"}}, "does not say so", "dmesg"),
    "a bubblewrap that is root's": ("setns", errno.EPERM, {}, "setuid root", "chmod u-s"),
    "no overlay": ("mount overlay", errno.ENODEV, {}, "no overlay", "modprobe overlay"),
    "no overlay in user namespaces, old": ("mount overlay", errno.EPERM, {"release": (5, 4)}, "5.11", "6.6"),
    "no overlay in user namespaces, new": ("mount overlay", errno.EPERM, {}, "built without", "docker"),
    "no tmpfs": ("mount tmpfs", errno.ENODEV, {"files": {FILE_SYSTEMS: "nodev\tproc\n\text4"}}, "no tmpfs", "CONFIG_TMPFS"),
    "no attributes on tmpfs": ("tmpfs user xattr", errno.EOPNOTSUPP, {"release": (6, 1)}, "before Linux 6.6", "6.6"),
    "covered /proc": ("mount proc", errno.EPERM, {}, "covered", "systempaths=unconfined"),
    "an old kernel": ("mount_setattr", errno.ENOSYS, {"release": (5, 10)}, "too old", "5.12"),
    "a filter that does not know new calls": ("open_tree /usr", errno.ENOSYS, {}, "filter", "seccomp=unconfined"),
    "Landlock off": ("landlock", errno.EOPNOTSUPP, {}, "switched off", "lsm="),
    "Landlock refused": ("landlock", errno.ENOSYS, {"filtered": True}, "refuses Landlock", "container"),
    "Landlock refused by a filter nobody can see": ("landlock", errno.ENOSYS, {"files": {LSM: "lockdown,landlock,yama"}}, "refuses Landlock", "container"),
    "no Landlock": ("landlock", errno.ENOSYS, {"release": (5, 10)}, "no Landlock", "6.2"),
    "no subordinate ids": ("subuid", 0, {"files": {SUBUID: "bob:100000:65536"}}, "subordinate", "--add-subuids"),
    "a socket of others": ("engine", errno.EACCES, {}, "may not be used", "usermod -aG docker"),
    "no engine": ("engine", errno.ENOENT, {}, "no engine", "install"),
    "a dead engine": ("engine", errno.ECONNREFUSED, {}, "does not answer", "restart"),
    "a rootless engine on control groups of version 1": ("cgroup v1", 0, {}, "version 2", "unified_cgroup_hierarchy=1"),
    "no delegation": ("cgroup", 0, {}, "delegated", "Delegate="),
    "too many files": ("open_tree /usr", errno.EMFILE, {}, "too many files", "ulimit"),
    "no memory": ("mount tmpfs", errno.ENOMEM, {}, "used up", "raise the limit"),
}  # fmt: skip


@pytest.mark.parametrize(("primitive", "code", "says", "why", "fix"), CASES.values(), ids=CASES)
def test_each_reading_has_its_words(primitive, code, says, why, fix):
    found = explain(primitive, code, Readings(**USER | says))

    assert found is not None
    assert why in found.why
    assert fix in found.fix
    assert "\n" not in found.fix


def test_every_row_of_the_table_is_reached():
    reached = {
        explain(primitive, code, Readings(**USER | says)) for primitive, code, says, _, _ in CASES.values()
    }

    assert {(row.why, row.fix) for row in TABLE} == {(cause.why, cause.fix) for cause in reached if cause}


def test_root_is_not_told_of_switches_for_ordinary_users():
    found = explain(
        "unshare", errno.EPERM, Readings(uid=0, files={APPARMOR: "1", CLONE: "0"}, changed_root=True)
    )

    assert found is not None
    assert "chroot" in found.why


def test_who_has_subordinate_ids_is_not_told_of_them():
    assert explain("subuid", 0, Readings(uid=1, user="ana", files={SUBUID: "ana:1:2"})) is None


@pytest.mark.parametrize(
    ("primitive", "code"), [("stdio", errno.EBADF), ("mount overlay", errno.EINVAL), ("mounts", errno.EPERM)]
)
def test_what_nobody_knows_better_is_left_as_it_is(primitive, code):
    assert explain(primitive, code, Readings(**USER)) is None


def test_no_row_is_hidden_behind_another():
    """Each can be the answer: a row that asks for less than a later one with the same errors would shadow it."""
    for later, row in enumerate(TABLE):
        for earlier in TABLE[:later]:
            covers = set(row.primitives) <= set(earlier.primitives) and set(row.errors) <= set(earlier.errors)
            assert not (covers and earlier.applies is diagnose._always and row.errors)


def test_readings_never_fail_and_are_of_this_machine():
    found = readings.take()

    assert found.uid == os.geteuid()
    assert found.release >= (5, 0)
    assert found.has("tmpfs")


# ------------------------------------------------------------------ for real

real = [
    pytest.mark.sandbox,
    pytest.mark.skipif(
        os.getuid() != 0, reason="the tests do not run as root, and nobody else can take so much away"
    ),
]
LOCAL, ONLY_LANDLOCK = LocalBackend, LandlockBackend


def probed(backend, prepare) -> tuple[str, str]:
    """What a fresh backend says of a process of which ``prepare`` took something away."""

    def work() -> Observed:
        found = backend().probe()
        return Observed(out=f"{found.works}|{found.failed}", failed=SandboxError(found.fix))

    observed = in_child(prepare, work)
    works, _, failed = observed.out.partition("|")
    assert works == "False", observed.failed
    return failed, str(observed.failed)


def refuse(*numbers: int, code: int) -> None:
    """A filter like a container's."""
    _kernel.no_new_privileges()
    rules = [(0x20, 0, 0, 0)]
    for number in numbers:
        rules += [(0x15, 0, 1, number), (0x06, 0, 0, 0x00050000 | code)]
    rules.append((0x06, 0, 0, 0x7FFF0000))
    _kernel.install_filter(b"".join(struct.pack("HBBI", *rule) for rule in rules))


UNSHARE = {"x86_64": 272, "aarch64": 97}.get(os.uname().machine, -1)


class TestReal:
    pytestmark = real

    def test_a_machine_that_allows_no_user_namespaces(self):
        def prepare() -> None:
            _kernel.own_root()
            _kernel.unshare(_kernel.CLONE_NEWUSER)
            with open("/proc/sys/user/max_user_namespaces", "w") as file:
                file.write("0")

        failed, fix = probed(LOCAL, prepare)

        assert "unshare" in failed
        assert "user.max_user_namespaces is 0" in failed
        assert fix == "sudo sysctl -w user.max_user_namespaces=10000"

    def test_a_filter_that_refuses_namespaces(self):
        def prepare() -> None:
            _kernel.own_root()
            refuse(UNSHARE, code=errno.EPERM)

        failed, fix = probed(LOCAL, prepare)

        assert "filter" in failed or "container" in failed
        assert "outside of" in fix

    def test_a_filter_that_knows_no_new_ways_to_mount(self):
        def prepare() -> None:
            _kernel.own_root()
            refuse(428, 442, code=errno.ENOSYS)

        failed, fix = probed(LOCAL, prepare)

        assert "refuses new ways to mount" in failed
        assert "seccomp=unconfined" in fix

    def test_a_filter_that_refuses_landlock(self):
        failed, fix = probed(ONLY_LANDLOCK, lambda: refuse(444, code=errno.ENOSYS))

        assert "refuses Landlock" in failed
        assert "container" in fix

    def test_landlock_switched_off_at_boot(self):
        failed, fix = probed(ONLY_LANDLOCK, lambda: refuse(444, code=errno.EOPNOTSUPP))

        assert "switched off" in failed
        assert "lsm=" in fix

    def test_a_container_that_covers_proc(self):
        def prepare() -> None:
            _kernel.own_root()
            _kernel.mount("cover", "/proc/bus", "tmpfs", 0, "size=4k")
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)

        failed, fix = probed(LOCAL, prepare)

        assert "/proc" in failed
        assert "systempaths=unconfined" in fix

    @pytest.mark.parametrize("listening", [True, False])
    def test_an_engine_that_may_not_be_asked_or_is_dead(self, tmp_path, listening):
        pytest.importorskip("docker")
        path = str(tmp_path / "sock")
        for parent in (tmp_path, *tmp_path.parents[:2]):
            parent.chmod(0o755)
        server = socket.socket(socket.AF_UNIX)
        server.bind(path)
        os.chmod(path, 0o600 if listening else 0o666)
        if listening:
            server.listen()
        else:
            server.close()

        def prepare() -> None:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)

        failed, fix = probed(lambda: DockerBackend(host=f"unix://{path}"), prepare)
        server.close()

        assert ("may not be used by this user" if listening else "does not answer") in failed
        assert ("usermod -aG docker" if listening else "restart") in fix

    def test_no_engine_at_all(self, tmp_path):
        pytest.importorskip("docker")

        failed, fix = probed(lambda: DockerBackend(host=f"unix://{tmp_path}/none"), lambda: None)

        assert "there is no engine here" in failed
        assert "DOCKER_HOST" in fix
