"""What is particular to bubblewrap: versions that are refused, and what it says when it cannot."""

import os

import pytest

from sandbox.backends.bubblewrap import BubblewrapBackend
from sandbox.backends.local import LocalBackend
from sandbox.errors import SetupError
from sandbox.result import LimitHit
from sandbox.spec import MIB, Limits, Stdio
from tests.sandbox.conftest import BUBBLEWRAP
from tests.sandbox.runners import observe, script

real = [
    pytest.mark.bubblewrap,
    pytest.mark.skipif(not BUBBLEWRAP, reason="no bubblewrap: GUARD_TEST_BWRAP is unset"),
]


@pytest.fixture
def place(tmp_path):
    (tmp_path / "a.txt").write_text("one\n")
    return str(tmp_path)


def program(directory, says: str) -> str:
    """Something that answers like bubblewrap and would leave a mark if it were started as such."""
    path = f"{directory}/bwrap"
    with open(path, "w") as file:
        file.write(
            f'#!/bin/sh\n[ "$1" = --version ] && {{ echo "{says}"; exit; }}\ntouch {directory}/started\n'
        )
    os.chmod(path, 0o755)
    return path


@pytest.mark.parametrize("version", ["0.8.0", "0.11.0", "0.11.2", "0.4.1", "0.9"])
def test_before_0_12_it_is_refused_and_not_started(place, version):
    backend = BubblewrapBackend(program=program(place, f"bubblewrap {version}"))

    found = backend.probe()
    with pytest.raises(SetupError, match="CVE-2026-87766"):
        backend.run(script(place, "true"), Stdio())

    assert not found.works
    assert f"bubblewrap {version}" in found.failed
    assert "follows a symlink of the workspace" in found.failed
    assert found.fix.startswith("install bubblewrap 0.12 or newer")
    assert not os.path.exists(f"{place}/started")


@pytest.mark.parametrize("says", ["", "bubblewrap", "bubblewrap x.y", "sandbox 1.2.3", "bubblewrap 0.12-rc1"])
def test_one_that_does_not_say_its_version_is_refused(place, says):
    found = BubblewrapBackend(program=program(place, says)).probe()

    assert not found.works
    assert "does not say which bubblewrap it is" in found.failed
    assert not os.path.exists(f"{place}/started")


def test_where_there_is_none_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr("sandbox.backends.bubblewrap.PLACES", ("/nowhere/bwrap",))

    found = BubblewrapBackend().probe()

    assert (found.works, found.failed) == (False, "bubblewrap is not installed")
    assert "apt install bubblewrap" in found.fix


def test_a_program_on_path_is_not_taken(place, monkeypatch):
    program(place, "bubblewrap 9.9.9")
    monkeypatch.setenv("PATH", place)
    monkeypatch.setattr("sandbox.backends.bubblewrap.PLACES", ("/nowhere/bwrap",))

    assert BubblewrapBackend().probe().failed == "bubblewrap is not installed"


def test_what_it_says_when_it_cannot_is_told_in_its_own_words(place):
    path = program(place, "bubblewrap 0.12.0")
    with open(path, "a") as file:
        file.write('echo "bwrap: No permissions to create a new namespace" >&2; exit 1\n')

    with pytest.raises(SetupError, match="No permissions to create a new namespace"):
        BubblewrapBackend(program=path).run(script(place, "true"), Stdio())


class TestReal:
    pytestmark = real

    @pytest.fixture
    def backend(self):
        return BubblewrapBackend(program=BUBBLEWRAP)

    def test_it_claims_what_local_does(self, backend):
        found = backend.probe()

        assert found.works, found.failed
        assert "0." in found.detail
        assert found.enforces == LocalBackend().probe().enforces

    def test_a_file_without_a_name_counts_too(self, backend, place):
        text = (
            "import os, tempfile, time\n"
            "files = [tempfile.TemporaryFile(dir='.') for _ in range(8)]\n"
            "try:\n    for file in files: file.write(bytes(8 << 20)); file.flush()\n"
            "except OSError:\n    time.sleep(1); os._exit(1)\n"
        )
        observed = observe(
            backend,
            script(place, "", argv=("python3", "-c", text), limits=Limits(disk_bytes=24 * MIB, wall_s=60)),
        )

        assert observed.end == LimitHit(limit="disk")

    def test_temporary_and_shared_memory_files_count_too(self, backend, place):
        text = "for i in 1 2 3; do head -c 9M /dev/zero > /tmp/$i; head -c 9M /dev/zero > /dev/shm/$i; done; sleep 1; exit 1"
        observed = observe(backend, script(place, text, limits=Limits(disk_bytes=32 * MIB, wall_s=60)))

        assert observed.end == LimitHit(limit="disk")

    def test_root_is_not_root_of_the_machines_settings(self, backend, place):
        text = "for f in kernel/core_pattern kernel/modprobe vm/overcommit_memory; do [ -w /proc/sys/$f ] && echo writable $f; done"
        observed = observe(backend, script(place, text))

        assert observed.out == ""

    def test_a_toolchain_inside_the_workspace_is_seen_and_is_no_change(self, backend, place):
        os.mkdir(f"{place}/tools")
        with open(f"{place}/tools/t", "w") as file:
            file.write("tool\n")
        observed = observe(
            backend, script(place, "cat tools/t; echo x > tools/t; echo y > n", read_only=(f"{place}/tools",))
        )

        assert observed.out.startswith("tool\n")
        assert observed.kinds() == {"n": "Created"}

    def test_a_mask_behind_a_symlink_is_refused(self, backend, place):
        os.symlink("/etc", f"{place}/out")
        observed = observe(backend, script(place, "true", masked=(f"{place}/out/passwd",)))

        assert observed.primitive == "mask"

    def test_no_descriptor_of_ours_arrives(self, backend, place):
        observed = observe(backend, script(place, "exec ls /proc/self/fd"))

        assert observed.out.split() == ["0", "1", "2", "3"]

    def test_nothing_of_it_is_left(self, backend, place):
        def ours():
            with open("/proc/self/mountinfo") as file:
                return os.listdir("/proc/self/fd"), file.read()

        before = ours()
        observe(backend, script(place, "(setsid sleep 1000 &); true"))

        assert ours() == before
