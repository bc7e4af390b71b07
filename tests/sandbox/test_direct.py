"""A workspace that is no copy, and directories that outlive a run: what can be written, and what cannot be by any name."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox.backends.local import LocalBackend
from sandbox.result import Exited
from sandbox.spec import Direct, Place
from tests.sandbox.conftest import ROOT
from tests.sandbox.runners import NOBODY, Runner, remove, script

pytestmark = pytest.mark.sandbox
USER = NOBODY if ROOT else os.getuid()


@pytest.fixture(params=["as a user", "as root, for a user"])
def local(request):
    """The workspace belongs to an ordinary user; who builds the walls is that user, or root."""
    if request.param != "as a user":
        if not ROOT:
            pytest.skip("the tests do not run as root: root mode is not tested here")
        return Runner("local as root", 0, LocalBackend())
    return Runner("local as user", USER, LocalBackend())


@pytest.fixture
def work(local):
    path = local.directory()
    os.makedirs(f"{path}/.git/hooks")
    os.makedirs(f"{path}/src")
    for name in ("CLAUDE.md", ".git/config", "src/a.py", "src/AGENTS.md"):
        Path(path, name).write_text("before\n")
    os.symlink("src/a.py", f"{path}/link")
    give(path)
    yield path
    remove(path)


def give(path, uid=USER):
    if ROOT:
        for directory, _names, files in os.walk(path):
            os.chown(directory, uid, uid)
            for name in files:
                os.chown(os.path.join(directory, name), uid, uid, follow_symlinks=False)


def protected(work, *names, pinned=()):
    return Direct(
        protected=tuple(os.path.join(work, name) for name in names),
        pinned=tuple(os.path.join(work, name) for name in pinned),
    )


def run(local, work, text, **changes):
    observed = local.run(script(work, text, **changes))
    assert observed.failed is None, observed.failed
    return observed


def files(work):
    return sorted(
        os.path.relpath(os.path.join(directory, name), work)
        for directory, names, found in os.walk(work)
        for name in (*names, *found)
    )


def test_what_is_written_is_in_the_workspace_at_once(local, work):
    observed = run(
        local,
        work,
        "echo new > src/new; echo after > src/a.py; rm link; mkdir d; mv src/new d/; exit 3",
        direct=protected(work, "CLAUDE.md"),
    )

    assert observed.end == Exited(status=3)
    assert Path(work, "d/new").read_text() == "new\n"
    assert Path(work, "src/a.py").read_text() == "after\n"
    assert not os.path.lexists(f"{work}/link")
    assert observed.changes == {}
    assert os.stat(f"{work}/d/new").st_uid == USER


PRESENT = {
    "written": "echo x > CLAUDE.md",
    "appended": "echo x >> ./CLAUDE.md",
    "removed": "rm -f CLAUDE.md",
    "moved away": "mv -f CLAUDE.md b",
    "another moved over it": "echo x > b; mv -f b CLAUDE.md",
    "linked and written": "ln CLAUDE.md b && echo x > b",
    "written through a symlink": "ln -s CLAUDE.md b; echo x > b",
    "its mode": "chmod 777 CLAUDE.md",
    "its time": "touch -d 2001-01-01 CLAUDE.md",
    "through /proc": "echo x > /proc/self/cwd/CLAUDE.md",
    "a file of a directory": "echo x > .git/hooks/pre-commit",
    "the directory is moved": "mv .git/hooks b && echo x > b/pre-commit && mv b .git/hooks",
    "the one above is moved and made anew": "mv .git b; mkdir -p .git/hooks; echo x > .git/hooks/pre-commit",
    "the one above is removed": "rm -rf .git; mkdir -p .git/hooks; echo x > .git/hooks/pre-commit",
    "a directory deeper": "mv src b; mkdir src; echo x > src/AGENTS.md",
    "unmounted": "umount CLAUDE.md; echo x > CLAUDE.md",
    "in a namespace of its own": "unshare -Urm sh -c 'umount CLAUDE.md; echo x > CLAUDE.md'",
    "mounted anew": "unshare -Urm sh -c 'mount -o remount,rw,bind CLAUDE.md; echo x > CLAUDE.md'",
}


@pytest.mark.parametrize("text", PRESENT.values(), ids=PRESENT)
def test_a_protected_file_stays_as_it_is(local, work, text):
    run(
        local,
        work,
        f"({text}) 2>/dev/null; true",
        direct=protected(work, "CLAUDE.md", ".git/hooks", "src/AGENTS.md"),
    )

    assert Path(work, "CLAUDE.md").read_text() == "before\n"
    assert Path(work, "src/AGENTS.md").read_text() == "before\n"
    assert os.listdir(f"{work}/.git/hooks") == []
    assert os.stat(f"{work}/CLAUDE.md").st_mode & 0o777 == 0o644
    assert os.stat(f"{work}/CLAUDE.md").st_mtime > 1_100_000_000


ABSENT = {
    "written": "echo x > .mcp.json",
    "made as a directory": "rmdir .mcp.json; mkdir .mcp.json; echo x > .mcp.json/x",
    "moved there": "echo x > b; mv -f b .mcp.json; mv -fT b .mcp.json",
    "linked there": "echo x > b; ln -f b .mcp.json; ln -sf b .mcp.json",
    "the missing directory": "mkdir -p .claude/hooks; echo x > .claude/settings.json",
    "another in its place": "mkdir b; echo x > b/settings.json; mv -fT b .claude; rm -rf .claude; cp -r b .claude",
    "in a directory that is there": "echo x > src/.envrc",
    "with the directory moved": "mv src b; mkdir src; echo x > src/.envrc",
}


@pytest.mark.parametrize("text", ABSENT.values(), ids=ABSENT)
def test_a_protected_file_that_is_absent_stays_so(local, work, text):
    names = (".mcp.json", ".claude/settings.json", "src/.envrc")

    run(local, work, f"({text}) 2>/dev/null; rm -rf b; true", direct=protected(work, *names))

    assert not [name for name in (*names, ".claude") if os.path.lexists(os.path.join(work, name))]
    assert files(work) == sorted(
        (".git", ".git/config", ".git/hooks", "CLAUDE.md", "link", "src", "src/AGENTS.md", "src/a.py")
    )


def test_a_symlink_can_be_protected_too(local, work):
    run(
        local,
        work,
        "rm -f link; ln -sfn CLAUDE.md link; mv link b; mv src/a.py link; true",
        direct=protected(work, "link"),
    )

    assert os.readlink(f"{work}/link") == "src/a.py"


def test_what_is_around_a_protected_file_can_be_worked_with(local, work):
    observed = run(
        local,
        work,
        "set -e; echo x > .git/index.lock; mv .git/index.lock .git/index; echo y > src/b; mv src/b src/c; rm src/a.py",
        direct=protected(work, ".git/hooks", ".git/config", "src/AGENTS.md"),
    )

    assert observed.end == Exited(status=0)
    assert Path(work, ".git/index").read_text() == "x\n"
    assert Path(work, "src/c").read_text() == "y\n"


def test_a_pinned_directory_stays_where_it_is(local, work):
    run(local, work, "mv src b; rm -rf src; echo x > src/new", direct=protected(work, pinned=("src",)))

    assert Path(work, "src/new").read_text() == "x\n"


def test_home_is_as_hidden_as_with_a_copy(local, work):
    observed = run(local, work, "ls -A ~ /root /home; cat ../*/a.py; true", direct=protected(work))

    assert observed.out.count("sandbox") >= 1
    assert "before" not in observed.out


def test_one_session_at_a_time_works_directly(local, work):
    import fcntl

    holder = os.open(work, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    observed = local.run(script(work, "true", direct=protected(work, ".mcp.json")))
    os.close(holder)

    assert "another session" in str(observed.failed)
    assert not os.path.lexists(f"{work}/.mcp.json")


@pytest.mark.skipif(not ROOT, reason="only root has a workspace of root's")
def test_the_workspace_of_root_is_not_written_directly(tmp_path):
    observed = Runner("local as root", 0, LocalBackend()).run(script(str(tmp_path), "true", direct=Direct()))

    assert "setuid" in str(observed.failed)


def test_a_path_elsewhere_cannot_be_protected(local, work):
    observed = local.run(script(work, "true", direct=Direct(protected=("/etc/passwd",))))

    assert "not below the workspace" in str(observed.failed)


KILLER = """
import sys
sys.path.insert(0, {root!r})
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started the tests may ignore it
from sandbox.backends.local import LocalBackend
from sandbox.spec import Direct, SandboxSpec, Stdio
LocalBackend().run(
    SandboxSpec(argv=("/bin/sh", "-c", "echo started; sleep 1000"), workspace={work!r}, cwd={work!r},
    direct=Direct(protected=({work!r} + "/.mcp.json", {work!r} + "/.claude/settings.json"))),
    Stdio())
"""


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name
)
def test_nothing_is_left_in_the_workspace_when_we_are_killed(local, work, number):
    if local.uid != os.getuid():
        pytest.skip("the interpreter of the tests may be nobody's to read: killed as who we are")
    root = str(Path(__file__).parents[2])
    child = subprocess.Popen(
        [sys.executable, "-c", KILLER.format(root=root, work=work)], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.readline()
    held = os.path.isdir(f"{work}/.mcp.json"), os.path.isdir(f"{work}/.claude")
    child.send_signal(number)
    child.wait()
    child.stdout.close()
    end = time.monotonic() + 10
    while (
        any(os.path.lexists(f"{work}/{name}") for name in (".mcp.json", ".claude")) and time.monotonic() < end
    ):
        time.sleep(0.01)

    assert held == (True, True)
    assert files(work) == sorted(
        (".git", ".git/config", ".git/hooks", "CLAUDE.md", "link", "src", "src/AGENTS.md", "src/a.py")
    )


# places


@pytest.fixture
def kept(local):
    path = local.directory()
    give(path)
    yield path
    remove(path)


def test_a_place_outlives_the_run_and_nothing_else_of_the_home_does(local, work, kept):
    place = Place(path="/home/sandbox/.config/agent", source=kept, writable=True)

    run(
        local,
        work,
        "echo x > ~/.config/agent/session; echo y > ~/.other; echo z > ~/.config/o",
        places=(place,),
    )
    second = run(local, work, "cat ~/.config/agent/session; ls -A ~ ~/.config", places=(place,))

    assert Path(kept, "session").read_text() == "x\n"
    assert second.out.split() == ["x", "/home/sandbox:", ".config", "/home/sandbox/.config:", "agent"]


def test_a_file_is_shown_and_cannot_be_changed(local, work, kept):
    secret = Path(kept, "token")
    secret.write_text("t\n")
    secret.chmod(0o644)
    place = Place(path="/home/sandbox/.agent/auth.json", source=str(secret))

    observed = run(
        local,
        work,
        "cat ~/.agent/auth.json; echo x > ~/.agent/auth.json; rm -f ~/.agent/auth.json; mv ~/.agent b; true",
        places=(place,),
    )

    assert observed.out.startswith("t\n")
    assert secret.read_text() == "t\n"


def test_what_is_written_in_a_place_cannot_be_started_where_that_is_so(local, work, kept):
    place = Place(path="/home/sandbox/.agent", source=kept, writable=True)
    text = "cp /bin/true ~/.agent/x && chmod +x ~/.agent/x && ~/.agent/x"

    assert run(local, work, text, places=(place,)).end == Exited(status=0)
    assert run(local, work, text, places=(place,), runs_what_it_writes=False).end == Exited(status=126)


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        (Place(path="/usr/x", source="/usr/share"), "home inside"),
        (Place(path="/home/sandbox/a", source="/no/such"), "no such file"),
        (Place(path="/home/sandbox/a", source="/etc/passwd", writable=True), "no directory"),
        (Place(path="/home/sandbox/../a", source="/usr/share"), "normal path"),
    ],
)
def test_a_place_that_cannot_be_is_refused(local, work, place, problem):
    assert problem in str(local.run(script(work, "true", places=(place,))).failed)


def test_the_workspace_cannot_be_a_place_too(local, work):
    place = Place(path="/home/sandbox/a", source=work, writable=True)

    assert "in the workspace" in str(local.run(script(work, "true", places=(place,))).failed)
