import codecs
import functools
import os

import pytest

from sandbox.backends.local import LocalBackend
from tests.sandbox.runners import NOBODY, ProbedAs, Runner, remove

ROOT = os.getuid() == 0
DOCKER_HOST = os.environ.get("GUARD_TEST_DOCKER_HOST", "")
REMOTE_DOCKER = os.environ.get("GUARD_TEST_REMOTE_DOCKER", "")
BUBBLEWRAP = os.environ.get("GUARD_TEST_BWRAP", "")
ROOTLESS_DOCKER = os.environ.get("GUARD_TEST_ROOTLESS_DOCKER", "")
ROOTLESS_UID = int(os.environ.get("GUARD_TEST_ROOTLESS_UID", "-1"))


def _local_as_root():
    if not ROOT:
        pytest.skip("the tests do not run as root: the root mode of the local backend is not tested here")
    return Runner("local as root", 0, LocalBackend())


def _local_as_user():
    return Runner("local as user", NOBODY if ROOT else os.getuid(), LocalBackend())


def _docker():
    if not DOCKER_HOST:
        pytest.skip(
            "no Docker engine: GUARD_TEST_DOCKER_HOST is unset (run tests/sandbox/with_dockerd.sh pytest -m docker)"
        )
    from sandbox.backends.docker import DockerBackend

    make = functools.partial(DockerBackend, host=DOCKER_HOST)
    return Runner("docker", os.getuid(), make(), make)


def _remote():
    if not REMOTE_DOCKER:
        pytest.skip(
            "no remote engine: GUARD_TEST_REMOTE_DOCKER is unset (run tests/sandbox/with_remote_dockerd.sh pytest -m remote)"
        )
    from sandbox.backends.docker import DockerBackend

    make = functools.partial(DockerBackend, host=REMOTE_DOCKER)
    return Runner("remote docker", os.getuid(), make(), make)


def rootless():
    """The engine of an ordinary user, as that user."""
    if not ROOTLESS_DOCKER:
        pytest.skip(
            "no rootless engine: GUARD_TEST_ROOTLESS_DOCKER is unset"
            " (run tests/sandbox/with_rootless_dockerd.sh pytest -m rootless)"
        )
    import docker.api.client  # noqa: F401 - a child that has become that user may not read the interpreter's files

    from sandbox.backends.docker import DockerBackend

    for name in ("ascii", "idna", "latin-1", "utf-8-sig"):
        codecs.lookup(name)
    make = functools.partial(DockerBackend, host=ROOTLESS_DOCKER)
    return Runner("rootless docker", ROOTLESS_UID, ProbedAs(ROOTLESS_UID, make), make)


def _bubblewrap(uid: int):
    if not BUBBLEWRAP:
        pytest.skip(
            "no bubblewrap: GUARD_TEST_BWRAP is unset (run tests/sandbox/with_bubblewrap.sh pytest -m bubblewrap)"
        )
    if uid == 0 and not ROOT:
        pytest.skip("the tests do not run as root: bubblewrap is not tested as root here")
    from sandbox.backends.bubblewrap import BubblewrapBackend

    make = functools.partial(BubblewrapBackend, program=BUBBLEWRAP)
    return Runner(f"bubblewrap as {uid}", uid if ROOT else os.getuid(), make(), make)


def _landlock(uid: int):
    if uid == 0 and not ROOT:
        pytest.skip("the tests do not run as root: landlock is not tested as root here")
    from sandbox.backends.landlock import LandlockBackend

    return Runner(
        f"landlock as {uid}", uid if ROOT else os.getuid(), LandlockBackend(), LandlockBackend, copies=True
    )


MAKERS = {
    "local-root": _local_as_root,
    "local-user": _local_as_user,
    "docker": _docker,
    "remote-docker": _remote,
    "rootless-docker": rootless,
    "landlock-root": functools.partial(_landlock, 0),
    "landlock-user": functools.partial(_landlock, NOBODY),
    "bubblewrap-root": functools.partial(_bubblewrap, 0),
    "bubblewrap-user": functools.partial(_bubblewrap, NOBODY),
}


@pytest.fixture(
    params=[
        pytest.param("local-root", marks=pytest.mark.sandbox),
        pytest.param("local-user", marks=pytest.mark.sandbox),
        pytest.param("landlock-root", marks=pytest.mark.sandbox),
        pytest.param("landlock-user", marks=pytest.mark.sandbox),
        pytest.param("docker", marks=pytest.mark.docker),
        pytest.param("remote-docker", marks=pytest.mark.remote),
        pytest.param("rootless-docker", marks=pytest.mark.rootless),
        pytest.param("bubblewrap-root", marks=pytest.mark.bubblewrap),
        pytest.param("bubblewrap-user", marks=pytest.mark.bubblewrap),
    ]
)
def runner(request):
    """Every backend, and those that need no engine both as root and as an ordinary user."""
    return MAKERS[request.param]()


@pytest.fixture
def workspace(runner):
    """A small tree that the user of the runner owns."""
    path = runner.directory()
    os.makedirs(f"{path}/src/deep")
    for name, content in {
        "a.txt": "one\n",
        "src/b.txt": "two\n",
        "src/deep/c.txt": "three\n",
        "run.sh": "#!/bin/sh\necho ran\n",
        ".env": "TOKEN=hidden\n",
    }.items():
        with open(f"{path}/{name}", "w") as file:
            file.write(content)
    os.chmod(f"{path}/run.sh", 0o755)
    os.symlink("a.txt", f"{path}/link")
    runner.own(path)
    yield path
    remove(path)
