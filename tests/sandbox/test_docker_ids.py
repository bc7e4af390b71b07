"""Whose files a command in a container makes, where users inside are others outside."""

import os
import tempfile

import pytest

from sandbox.backends._docker_handover import Elsewhere
from sandbox.backends._docker_ids import Ids, Users, check, of, users
from sandbox.backends.docker import DockerBackend
from sandbox.changes import Created
from sandbox.result import Exited
from tests.sandbox.conftest import ROOTLESS_DOCKER, ROOTLESS_UID, rootless
from tests.sandbox.runners import observe, remove, script


def test_whose_users_an_engine_has_it_says_itself():
    assert of({"SecurityOptions": ["name=seccomp,profile=default", "name=rootless"]}) is Ids.ROOTLESS
    assert of({"SecurityOptions": ["name=seccomp,profile=default", "name=cgroupns"]}) is Ids.SAME
    assert of({"SecurityOptions": ["name=userns"]}) is Ids.SAME  # asked not to map
    assert of({"SecurityOptions": None}) is Ids.SAME
    assert of({}) is Ids.SAME


def test_a_command_runs_as_who_owns_the_workspace_or_as_the_one_user_that_is_the_caller(tmp_path):
    found = os.stat(tmp_path)

    assert users(Ids.SAME, found) == Users(
        inside=(found.st_uid, found.st_gid), outside=(found.st_uid, found.st_gid)
    )
    assert users(Ids.ROOTLESS, found) == Users(inside=(0, 0), outside=(os.geteuid(), os.getegid()))


def test_a_process_that_is_somebody_else_here_is_not_handed_a_workspace():
    mine = os.geteuid()
    check(os.getpid(), Users(inside=(0, 0), outside=(mine, 0)))

    with pytest.raises(Elsewhere, match=f"would run as user {mine} of this machine, not {mine + 1}"):
        check(os.getpid(), Users(inside=(0, 0), outside=(mine + 1, 0)))
    with pytest.raises(Elsewhere, match="cannot be asked"):
        check(2**22 + 1, Users(inside=(0, 0), outside=(mine, 0)))


@pytest.mark.rootless
def test_in_a_rootless_engine_the_command_is_the_caller_without_a_capability():
    runner = rootless()
    workspace = runner.directory()
    text = (
        "id -u; grep -E 'Cap(Eff|Prm|Bnd|Inh|Amb)' /proc/self/status | sort -u -k 2; "
        "echo made > made; chown 1:1 made 2>&1; cat /proc/self/uid_map"
    )
    observed = runner.run(script(workspace, text))

    assert observed.end == Exited(status=0)
    first, *_ = observed.out.splitlines()
    assert first == "0"
    assert observed.out.count("0000000000000000") == 1  # all sets alike, and empty
    assert "Operation not permitted" in observed.out
    assert str(ROOTLESS_UID) in observed.out.splitlines()[-2]
    assert isinstance(observed.changes["made"], Created)
    assert os.listdir(workspace) == []
    remove(workspace)


@pytest.mark.rootless
def test_the_engine_of_another_user_is_sent_a_copy_or_refused():
    """Root may enter its containers, and would have commands run as that user. Podman cannot be sent one."""
    rootless()
    workspace = tempfile.mkdtemp(prefix="execguard-test-")
    backend = DockerBackend(host=ROOTLESS_DOCKER)
    observed = observe(backend, script(workspace, "echo made > made"))

    if "Podman" in backend.probe().detail:
        assert observed.failed is not None
        assert not backend.probe().works
        assert "a Podman of this machine" in backend.probe().fix
        return
    assert observed.end == Exited(status=0)
    assert observed.contents == {"made": b"made\n"}
    assert "sent a copy" in backend.probe().detail
    assert "noexec" not in backend.probe().enforces
    remove(workspace)
