"""The local backend where Linux refuses user namespaces: in a chroot, which is what many build machines give."""

import os

import pytest

from sandbox.backends import _kernel
from sandbox.backends.local import LocalBackend
from sandbox.result import Exited
from sandbox.spec import SandboxSpec
from tests.sandbox.runners import NOBODY, PATH, in_child, observe

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(os.getuid() != 0, reason="the tests do not run as root, and nobody else can chroot"),
]

_MS_BIND = 4096


def chroot_into(place: str, *, mounted: bool) -> None:
    """A root directory that holds what this machine has, itself a mount or not."""
    _kernel.unshare(_kernel.CLONE_NEWNS)
    if mounted:
        _kernel.mount("/", place, None, _MS_BIND | _kernel.MS_REC)
    else:
        for name in os.listdir("/"):
            source, target = f"/{name}", f"{place}/{name}"
            if os.path.islink(source):
                os.symlink(os.readlink(source), target)
            elif os.path.isdir(source):
                os.mkdir(target)
                _kernel.mount(source, target, None, _MS_BIND | _kernel.MS_REC)
    os.chroot(place)
    os.chdir("/")


@pytest.fixture
def place(tmp_path):
    """Outside of what is mounted a second time, and within reach of everybody."""
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)
    (tmp_path / "root").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "kept").write_text("one")
    return tmp_path


def spec(place, script: str) -> SandboxSpec:
    work = str(place / "work")
    return SandboxSpec(argv=("/bin/sh", "-c", script), workspace=work, cwd=work, env=(("PATH", PATH),))


@pytest.mark.parametrize("mounted", [True, False], ids=["a mount", "a plain directory"])
def test_root_has_the_whole_sandbox_in_a_chroot(place, mounted):
    script = (
        "rm kept; echo new > made; ls /proc | grep -c '^[0-9]'; touch /etc/planted 2>/dev/null || echo held"
    )

    observed = in_child(
        lambda: chroot_into(str(place / "root"), mounted=mounted),
        lambda: observe(LocalBackend(), spec(place, script)),
    )

    assert observed.failed is None, observed.failed
    assert observed.end == Exited(status=0)
    assert observed.kinds() == {"kept": "Deleted", "made": "Created"}
    assert observed.out.splitlines()[-1] == "held"
    assert int(observed.out.splitlines()[0]) < 10
    assert (place / "work" / "kept").read_text() == "one"


def test_a_root_of_its_own_shows_what_the_chroot_showed(place):
    """Finding the way there, the backend stands outside of the chroot for a moment."""
    jail = place / "root"
    (jail / "only-inside").mkdir()

    def prepare() -> None:
        chroot_into(str(jail), mounted=False)
        before = sorted(os.listdir("/"))
        _kernel.own_root()
        assert sorted(os.listdir("/")) == sorted(os.listdir("/../..")) == before
        assert "only-inside" in before

    observed = in_child(prepare, lambda: observe(LocalBackend(), spec(place, "ls -d /only-inside")))

    assert observed.failed is None, observed.failed


def test_an_ordinary_user_in_a_chroot_is_told_what_is_missing(place):
    def prepare() -> None:
        chroot_into(str(place / "root"), mounted=True)
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)

    observed = in_child(prepare, lambda: observe(LocalBackend(), spec(place, "true")))

    assert observed.primitive == "unshare"
    assert "Operation not permitted" in str(observed.failed)
