"""Workspaces on which nothing can or should run, on real file systems: told with place, problem and next step."""

import contextlib
import os

import pytest

from sandbox.backends import _kernel
from sandbox.backends.local import LocalBackend
from sandbox.errors import ChangesError, SetupError
from sandbox.result import Exited
from sandbox.spec import SandboxSpec, Stdio
from tests.sandbox.runners import PATH, Observed, in_child, observe

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(os.getuid() != 0, reason="the tests do not run as root, and nobody else can mount"),
]
_READ_ONLY = 1


@pytest.fixture
def place(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    (work / "kept").write_text("one\n")
    return tmp_path


def spec(work, text: str = "true", **changes: object) -> SandboxSpec:
    wanted = {"workspace": str(work), "cwd": str(work), **changes}
    return SandboxSpec(argv=("/bin/sh", "-c", text), env=(("PATH", PATH),), **wanted)


def mounted(*mounts):
    """Prepare a child with mounts of its own, each (type, target, flags, options)."""

    def prepare() -> None:
        _kernel.own_root()
        for kind, target, flags, data in mounts:
            os.makedirs(target, exist_ok=True)
            _kernel.mount(kind, str(target), kind, flags, data)

    return prepare


def tell(observed: Observed) -> str:
    assert observed.failed is not None
    return f"{observed.failed}\n  help: {getattr(observed.failed, 'fix', '')}"


def test_a_mount_inside_is_named_with_its_place(place):
    inner = place / "work" / "vendor data"

    observed = in_child(
        mounted(("tmpfs", inner, 0, None)), lambda: observe(LocalBackend(), spec(place / "work"))
    )

    assert f"another file system is mounted inside it, at `{inner}`" in tell(observed)
    assert f"umount {inner}" in tell(observed)
    assert "Invalid argument" not in tell(observed)


def test_a_mount_beside_it_with_a_like_name_is_no_hindrance(place):
    observed = in_child(
        mounted(("tmpfs", place / "work-too", 0, None)), lambda: observe(LocalBackend(), spec(place / "work"))
    )

    assert observed.failed is None, tell(observed)


@pytest.mark.parametrize("kind", ["tmpfs", "overlay"])
def test_a_workspace_may_itself_be_a_mount(place, kind):
    """Depth one: an overlay upon an overlay is what every container has."""
    target = place / "ws"
    options = None
    if kind == "overlay":
        for name in ("upper", "inner"):
            (place / name).mkdir()
        options = f"lowerdir={place}/work,upperdir={place}/upper,workdir={place}/inner"

    def work() -> Observed:
        (target / "kept").write_text("one\n")
        return observe(LocalBackend(), spec(target, "echo two >> kept; echo n > new"))

    observed = in_child(mounted((kind, target, 0, options)), work)

    assert observed.failed is None, tell(observed)
    assert observed.kinds() == {"kept": "Modified", "new": "Created"}


def test_an_overlay_upon_an_overlay_is_told_as_what_it_is(place):
    first, second = place / "first", place / "second"
    for name in ("u1", "w1", "u2", "w2"):
        (place / name).mkdir()

    observed = in_child(
        mounted(
            ("overlay", first, 0, f"lowerdir={place}/work,upperdir={place}/u1,workdir={place}/w1"),
            ("tmpfs", place / "t", 0, None),
            ("overlay", second, 0, f"lowerdir={first}:{place}/work"),
        ),
        lambda: observe(LocalBackend(), spec(second)),
    )

    assert f"it lies on an overlay at `{second}`" in tell(observed)
    assert "volume or bind mount" in tell(observed)


def test_on_a_read_only_disk_the_command_runs_and_its_changes_are_kept_apart(place):
    target = place / "ro"

    def prepare() -> None:
        mounted(("tmpfs", target, 0, None))()
        (target / "kept").write_text("one\n")
        _kernel.mount("tmpfs", str(target), None, 32 | _READ_ONLY)

    observed = in_child(prepare, lambda: observe(LocalBackend(), spec(target, "echo two >> kept; cat kept")))

    assert observed.failed is None, tell(observed)
    assert observed.out == "one\ntwo\n"
    assert observed.kinds() == {"kept": "Modified"}


def test_on_a_full_disk_the_command_runs_and_the_disk_is_as_it_was(place):
    target = place / "full"

    def prepare() -> None:
        mounted(("tmpfs", target, 0, "size=1m"))()
        (target / "kept").write_text("one\n")
        filler = os.open(target / "filler", os.O_CREAT | os.O_WRONLY)
        with contextlib.suppress(OSError):
            while True:
                os.write(filler, b"x" * 4096)
        os.close(filler)
        assert os.statvfs(target).f_bfree == 0

    def work() -> Observed:
        before = {name: os.stat(target / name).st_size for name in os.listdir(target)}
        observed = observe(LocalBackend(), spec(target, "echo two >> kept; echo n > new"))
        assert {name: os.stat(target / name).st_size for name in os.listdir(target)} == before
        return observed

    observed = in_child(prepare, work)

    assert observed.failed is None, tell(observed)
    assert observed.kinds() == {"kept": "Modified", "new": "Created"}


def refused(*args: object, **changes: object) -> str:
    backend = LocalBackend()
    with pytest.raises(SetupError) as caught:
        backend.run(spec(*args, **changes), Stdio())
    return f"{caught.value}\n  help: {caught.value.fix}"


def test_a_symlink_is_told_with_the_directory_behind_it(place):
    os.symlink(place / "work", place / "link")

    assert f"reached through a symlink\n  help: use `{place}/work`" in refused(place / "link")


def test_a_symlink_on_the_way_is_told_too(place):
    os.symlink(place, place / "self")

    assert f"help: use `{place}/work`" in refused(place / "self" / "work")


def test_a_working_directory_behind_a_symlink_is_refused(place):
    os.symlink("/usr", place / "work" / "out")

    assert "the working directory" in refused(place / "work", cwd=str(place / "work" / "out"))


def test_one_that_is_not_there_is_named(place):
    assert f"the workspace `{place}/gone`: no such file or directory" in refused(place / "gone")


def test_a_file_is_no_workspace(place):
    assert "is not a directory" in refused(place / "work" / "kept")


@pytest.mark.parametrize("path", ["/", "/etc", "/proc/self", "/dev/shm", "/run/user"])
def test_the_system_is_no_workspace(path):
    assert "cannot be a workspace\n  help: work in a directory of your own" in refused(path)


@pytest.mark.parametrize("at", ["home", "home/.."])
def test_the_home_directory_and_what_holds_it_are_no_workspace(place, monkeypatch, at):
    (place / "home").mkdir()
    monkeypatch.setenv("HOME", str(place / "home"))

    assert "holds the home directory" in refused(os.path.normpath(place / at))


def test_a_home_that_is_the_root_directory_hinders_nobody(place, monkeypatch):
    monkeypatch.setenv("HOME", "/")

    assert observe(LocalBackend(), spec(place / "work")).failed is None


def test_a_workspace_inside_another_is_like_any_other(place):
    inner = place / "work" / "packages" / "one"
    inner.mkdir(parents=True)

    observed = observe(LocalBackend(), spec(inner, "echo x > made; ls ../.. 2>&1; echo y > ../../kept"))

    assert observed.kinds() == {"made": "Created"}
    assert "kept" not in observed.out
    assert (place / "work" / "kept").read_text() == "one\n"


def test_one_that_is_deleted_meanwhile_is_told_when_its_changes_are_read(place):
    run = LocalBackend().run(spec(place / "work", "echo x > made"), Stdio())
    (place / "work" / "kept").unlink()
    (place / "work").rmdir()

    assert run.end == Exited(status=0)
    with pytest.raises(ChangesError, match="cannot read the workspace"):
        run.changes()
    run.destroy()
