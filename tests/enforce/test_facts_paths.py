"""Station 4 on a fake file system: where paths lead."""

import pytest
from pyfakefs.fake_filesystem import FakeFilesystem

from guard.enforce.walkpath import look_path
from guard.model.paths import FileKind


@pytest.fixture
def tree(fs: FakeFilesystem) -> FakeFilesystem:
    fs.create_file("/home/me/app/src/main.py", contents="x")
    fs.create_file("/home/me/.ssh/id_ed25519", contents="key")
    fs.create_dir("/etc")
    fs.create_dir("/proc/self/task/4242")
    fs.create_dir("/proc/1")
    fs.create_dir("/proc/self/fd")
    fs.create_symlink("/proc/thread-self", "self/task/4242")
    fs.create_symlink("/home/me/app/here", "/")
    fs.create_symlink("/home/me/app/up", "../..")
    fs.create_symlink("/home/me/app/chain", "here/home/me/.ssh")
    fs.create_symlink("/home/me/app/loop", "loop")
    fs.create_symlink("/home/me/app/nowhere", "/home/me/gone/file")
    return fs


@pytest.mark.parametrize(
    ("path", "real", "parent_real", "kind", "link"),
    [
        ("/home/me/app/src", "/home/me/app/src", "/home/me/app/src", FileKind.DIRECTORY, False),
        ("/home/me/app/src/../src/./main.py", *["/home/me/app/src/main.py"] * 2, FileKind.FILE, False),
        ("/home/me/app/here/etc", "/etc", "/etc", FileKind.DIRECTORY, False),
        ("/home/me/app/here", "/", "/home/me/app/here", FileKind.DIRECTORY, True),
        ("/home/me/app/here/", "/", "/home/me/app/here", FileKind.DIRECTORY, True),
        ("/home/me/app/up/me", "/home/me", "/home/me", FileKind.DIRECTORY, False),
        ("/home/me/app/chain", "/home/me/.ssh", "/home/me/app/chain", FileKind.DIRECTORY, True),
        ("/home/me/app/chain/id_ed25519", *["/home/me/.ssh/id_ed25519"] * 2, FileKind.FILE, False),
        ("/home/me/app/nowhere", "/home/me/gone/file", "/home/me/app/nowhere", FileKind.ABSENT, True),
        (
            "/home/me/app/not/there",
            "/home/me/app/not/there",
            "/home/me/app/not/there",
            FileKind.ABSENT,
            False,
        ),
        ("/home/me/app/not/../src", "/home/me/app/src", "/home/me/app/src", FileKind.DIRECTORY, False),
        ("/", "/", "/", FileKind.DIRECTORY, False),
        ("//etc//", "/etc", "/etc", FileKind.DIRECTORY, False),
        ("/proc/self/root/etc", "/etc", "/etc", FileKind.DIRECTORY, False),
        ("/proc/self/root/proc/1/root/etc", "/etc", "/etc", FileKind.DIRECTORY, False),
        ("/proc/thread-self/root/home/me/app/here/etc", "/etc", "/etc", FileKind.DIRECTORY, False),
    ],
)
def test_a_path_is_followed_as_the_kernel_would(
    tree: FakeFilesystem, path: str, real: str, parent_real: str, kind: FileKind, link: bool
) -> None:
    fact = look_path(path)

    assert (fact.real, fact.parent_real, fact.kind, fact.is_link) == (real, parent_real, kind, link)
    assert fact.error == ""


@pytest.mark.parametrize(
    "path",
    [
        "/home/me/app/loop",
        "/home/me/app/loop/x",
        "/home/me/a\0b",
        "/proc/self/cwd/x",
        "/proc/4242/exe",
        "/proc/self/fd/7/x",
        "/proc/self/task/4242/cwd",
    ],
)
def test_what_cannot_be_followed_is_an_error_and_never_absent(tree: FakeFilesystem, path: str) -> None:
    fact = look_path(path)

    assert fact.error
    assert fact.kind is FileKind.UNKNOWN
    assert fact.real == ""
