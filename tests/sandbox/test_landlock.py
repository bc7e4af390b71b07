"""What is particular to Landlock alone: the copy and its bounds, and what a run leaves behind."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time

import pytest

from sandbox.backends import _copied_caches, _keeper, _kernel, _landlock, _strangers, landlock
from sandbox.backends.landlock import LandlockBackend
from sandbox.cachestore import keep
from sandbox.changes import Deleted, Modified
from sandbox.errors import SetupError
from sandbox.result import Exited, Interrupted, LimitHit
from sandbox.spec import MIB, Cache, Limits, Stdio
from tests.sandbox.runners import NOBODY, in_child, observe, script

pytestmark = pytest.mark.sandbox
root = pytest.mark.skipif(os.getuid() != 0, reason="the tests do not run as root")


@pytest.fixture
def place(tmp_path):
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)
    work = tmp_path / "work"
    (work / "src").mkdir(parents=True)
    (work / "a.txt").write_text("one\n")
    (work / "src" / "b.txt").write_text("two\n")
    return work


def copies() -> set[str]:
    """But for those of guards that other tests run meanwhile."""
    found = [name for name in os.listdir("/var/tmp") if name.startswith("execguard-copy-")]
    return {name for name in found if not _a_strangers(int(name.split("-")[2]))}


def _a_strangers(pid: int) -> bool:
    while pid not in (0, 1, os.getpid()):
        try:
            with open(f"/proc/{pid}/stat") as file:
                pid = int(file.read().rpartition(")")[2].split()[1])
        except FileNotFoundError:
            return False
    return pid != os.getpid()


def test_it_claims_what_it_holds_and_no_more():
    found = LandlockBackend().probe()

    assert found.works, found.failed
    assert found.enforces == frozenset(
        "landlock seccomp net cow memory processes cpu open-files output wall hidden caches terminal".split()
    )


@pytest.mark.parametrize(("version", "says"), [(1, "version 1"), (2, "version 2")])
def test_a_kernel_that_cannot_is_told_what_it_lacks(place, monkeypatch, version, says):
    monkeypatch.setattr(_landlock, "abi", lambda: version)

    found = LandlockBackend().probe()

    assert not found.works
    assert says in found.failed
    assert "Linux 6.2" in found.fix


def test_a_workspace_that_is_too_large_is_not_copied(place):
    before = copies()
    (place / "big").write_bytes(os.urandom(3 * MIB))

    with pytest.raises(SetupError, match="more than 2 MiB") as caught:
        LandlockBackend(max_bytes=2 * MIB).run(script(str(place), "true"), Stdio())

    assert "guard doctor" in caught.value.fix
    assert copies() == before


def test_one_with_too_many_files_neither(place):
    for number in range(30):
        (place / str(number)).touch()

    with pytest.raises(SetupError, match="more than 20 files"):
        LandlockBackend(max_entries=20).run(script(str(place), "true"), Stdio())


def test_holes_are_copied_as_holes(place):
    with open(place / "sparse", "wb") as file:
        file.truncate(1 << 40)
        file.seek(1 << 30)
        file.write(b"here")

    observed = observe(
        LandlockBackend(max_bytes=2 * MIB),
        script(str(place), "stat -c %s sparse; dd if=sparse bs=4 skip=$((1 << 28)) count=1 2>/dev/null"),
    )

    assert observed.out == f"{1 << 40}\nhere"
    assert observed.kinds() == {}


@root
def test_a_full_disk_is_named_and_nothing_is_left(place):
    def fill() -> None:
        _kernel.own_root()
        _kernel.mount("small", "/var/tmp", "tmpfs", 0, "size=1m")

    (place / "big").write_bytes(os.urandom(3 * MIB))

    observed = in_child(fill, lambda: observe(LandlockBackend(), script(str(place), "true")))

    assert "no space left on device" in str(observed.failed)
    assert observed.failed.fix == "make room in /var/tmp"


@root
def test_what_cannot_be_read_is_neither_copied_nor_called_deleted(place):
    (place / "closed").write_text("secret\n")
    (place / "closed").chmod(0o600)
    (place / "shut").mkdir(mode=0o700)
    os.chown(place, NOBODY, NOBODY)

    def become() -> None:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)

    observed = in_child(
        become, lambda: observe(LandlockBackend(), script(str(place), "cat closed; rm -f closed; echo n > n"))
    )

    assert observed.failed is None, observed.failed
    assert "secret" not in observed.out
    assert observed.kinds() == {"n": "Created"}


def test_what_a_person_edits_meanwhile_is_not_put_on_the_command(place):
    run = LandlockBackend().run(script(str(place), "echo two >> a.txt; rm src/b.txt"), Stdio())
    (place / "mine.txt").write_text("made meanwhile\n")
    (place / "src" / "c.txt").write_text("made meanwhile too\n")
    found = {change.path: change for change in run.changes().entries}
    run.destroy()

    assert set(found) == {"a.txt", "src/b.txt"}
    assert isinstance(found["a.txt"], Modified)
    assert isinstance(found["src/b.txt"], Deleted)


def test_what_a_person_deletes_meanwhile_is_nobodys_change(place):
    run = LandlockBackend().run(script(str(place), "true"), Stdio())
    (place / "src" / "b.txt").unlink()
    (place / "src").rmdir()
    found = run.changes().entries
    run.destroy()

    assert found == ()


def test_the_workspace_itself_can_be_read_and_not_written(place):
    observed = observe(
        LandlockBackend(),
        script(str(place), f"cat {place}/a.txt; echo x > {place}/a.txt; rm -rf {place}/src"),
    )

    assert observed.out.startswith("one\n")
    assert (place / "a.txt").read_text() == "one\n"
    assert (place / "src" / "b.txt").exists()


def test_where_something_is_hidden_the_workspace_itself_cannot_be_read(place):
    observed = observe(
        LandlockBackend(), script(str(place), f"cat {place}/a.txt", masked=(f"{place}/src/b.txt",))
    )

    assert "one" not in observed.out


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK"])
def test_no_socket_leads_out(place, family):
    text = f"import socket; print(socket.socket(socket.{family}, socket.SOCK_STREAM))"
    observed = observe(LandlockBackend(), script(str(place), "", argv=("python3", "-c", text)))

    assert "OSError" in observed.out or "PermissionError" in observed.out


def test_a_socket_with_a_name_cannot_be_called(place, tmp_path):
    """It could be docker's, the session bus or an ssh agent; Landlock says nothing about it."""
    text = (
        "import socket\n"
        "try: socket.socket(socket.AF_UNIX).connect('s'); print('reached')\n"
        "except OSError as error: print(type(error).__name__)\n"
        "try: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); print('datagrams')\n"
        "except OSError as error: print(type(error).__name__)\n"
        "a, b = socket.socketpair(); a.send(b'pairs work'); print(b.recv(20).decode())\n"
    )
    observed = observe(LandlockBackend(), script(str(place), "", argv=("python3", "-c", text)))

    assert observed.out.splitlines() == ["PermissionError", "PermissionError", "pairs work"]


def test_the_limits_of_other_processes_cannot_be_set(place):
    text = (
        "import os, resource\n"
        "for pid in (os.getppid(), os.getpid()):\n"
        "    try: resource.prlimit(pid, resource.RLIMIT_CPU, (0, 0)); print('set')\n"
        "    except PermissionError: print('refused')\n"
        "os.nice(1)\n"
        "try: os.setpriority(os.PRIO_USER, 0, 19); print('set')\n"
        "except PermissionError: print('refused')\n"
    )
    observed = observe(LandlockBackend(), script(str(place), "", argv=("python3", "-c", text)))

    assert observed.out.split() == ["refused", "refused", "refused"]


@root
def test_as_root_the_command_is_somebody_to_whom_nothing_belongs(place):
    observed = observe(
        LandlockBackend(),
        script(str(place), f"id -u; chmod 777 {place}/a.txt /etc/passwd; touch {place}/a.txt"),
    )

    user = int(observed.out.split()[0])
    assert user not in (0, NOBODY)
    assert (place / "a.txt").stat().st_mode & 0o777 == 0o644


def test_a_file_without_a_name_counts_too(place):
    text = (
        "import tempfile, time\n"
        "files = [tempfile.TemporaryFile(dir='.') for _ in range(8)]\n"
        "for file in files: file.write(bytes(8 << 20)); file.flush()\n"
        "time.sleep(20)\n"
    )
    observed = observe(
        LandlockBackend(),
        script(str(place), "", argv=("python3", "-c", text), limits=Limits(disk_bytes=24 * MIB, wall_s=60)),
    )

    assert observed.end == LimitHit(limit="disk")


def test_another_name_of_a_hidden_program_is_hidden_too(place, tmp_path):
    """A rule is upon a file: whoever grants the second name would grant the first."""
    tools = tmp_path / "tools"
    (tools / "deep").mkdir(parents=True)
    for name in ("denied", "allowed", "deep/other"):
        (tools / name).write_text(f"#!/bin/sh\necho {name} ran\n")
        (tools / name).chmod(0o755)
    os.link(tools / "denied", tools / "second")
    (tools / "third").symlink_to("denied")
    (tools / "fourth").symlink_to("allowed")
    text = "; ".join(
        f"{tools}/{name}" for name in ("denied", "second", "third", "allowed", "fourth", "deep/other")
    )
    observed = observe(
        LandlockBackend(),
        script(str(place), f"{text}; ls {tools}", read_only=(str(tools),), hidden=(f"{tools}/denied",)),
    )

    said = [line for line in observed.out.splitlines() if line.endswith(" ran")]
    assert said == ["allowed ran", "allowed ran", "deep/other ran"]
    assert observed.out.splitlines()[-6:] == ["allowed", "deep", "denied", "fourth", "second", "third"]


@root
def test_a_killed_watcher_is_an_end_and_its_command_goes_with_it(place):
    """From outside: nobody inside can send it a signal (Linux 6.12)."""
    before, others = copies(), set(open_children(os.getpid()))

    def kill() -> None:
        while not (mine := copies() - before) or not os.path.exists(f"/var/tmp/{next(iter(mine))}/ws/up"):
            time.sleep(0.05)
        (watcher,) = set(open_children(os.getpid())) - others
        os.kill(int(watcher), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    observed = observe(LandlockBackend(), script(str(place), "touch up; exec sleep 1000"))
    killer.join()

    assert observed.failed is None
    assert observed.end == Interrupted(signal=signal.SIGKILL)
    assert copies() == before


def test_a_cache_is_kept_from_run_to_run_and_only_what_is_new(place, tmp_path):
    store = tmp_path / "store"

    def once(text: str) -> tuple[str, int]:
        cache = Cache(path="/home/sandbox/.npm", lower=tuple(map(str, store.glob("content"))))
        with tempfile.TemporaryFile() as out:
            spec = script(str(place), text, caches=(cache,))
            run = LandlockBackend().run(spec, Stdio(stdout=out.fileno(), stderr=out.fileno()))
            written = run.written(0)
            taken = keep(written, str(store), 1 << 30) if written >= 0 else 0
            run.destroy()
            os.close(written)
            out.seek(0)
            return out.read().decode(), taken

    first = once("mkdir -p ~/.npm/a; echo one > ~/.npm/a/f; echo two > ~/.npm/g")
    second = once("cat ~/.npm/a/f ~/.npm/g; rm ~/.npm/g")
    third = once("echo three >> ~/.npm/a/f; cat ~/.npm/g")

    assert first[0] == ""
    assert first[1] > 0
    assert second == ("one\ntwo\n", 0)
    assert third[0] == "two\n"
    assert third[1] > 0
    assert (store / "content" / "a" / "f").read_text() == "one\nthree\n"
    assert {path.stat().st_uid for path in store.glob("content/**/*")} == {place.stat().st_uid}


def test_a_cache_that_is_too_large_to_copy_begins_empty_and_the_next_does_not(place, tmp_path, monkeypatch):
    monkeypatch.setattr(_copied_caches, "MOST_BYTES", 1 * MIB)
    for name, size in (("large", 2 * MIB), ("small", 10)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_bytes(os.urandom(size))
    caches = tuple(
        Cache(path=f"/home/sandbox/.cache/{name}", lower=(str(tmp_path / name),))
        for name in ("large", "small")
    )
    observed = observe(
        LandlockBackend(),
        script(str(place), "cd ~/.cache; ls *; mkdir -p large; echo new > large/made", caches=caches),
    )

    assert observed.out == "file\n"
    assert observed.caches == {"0/made": b"new\n"}


def test_nothing_of_it_is_left(place):
    before = copies()
    observed = observe(
        LandlockBackend(), script(str(place), "(setsid sleep 1000 &); mkdir -m 0 d; mkdir -p e/f; chmod 0 e")
    )

    assert observed.end == Exited(status=0)
    assert copies() == before


def test_the_directory_and_survivors_of_a_crashed_run_are_swept(place):
    program = (
        "import sys; from sandbox.backends.landlock import LandlockBackend as B; from sandbox.spec import *\n"
        f"B().run(SandboxSpec(argv=('sh', '-c', 'touch started; (setsid sleep 1000 &); sleep 1000'), workspace={str(place)!r}, cwd={str(place)!r}), Stdio())"
    )
    before = copies()
    caller = subprocess.Popen([sys.executable, "-c", program], cwd=os.getcwd(), stdout=subprocess.DEVNULL)
    mine = set()
    for _ in range(600):
        mine = copies() - before
        if mine and os.path.exists(f"/var/tmp/{next(iter(mine))}/ws/started"):
            break
        time.sleep(0.05)
    (name,) = mine
    (watcher,) = [int(one) for one in open_children(caller.pid)]
    os.kill(caller.pid, signal.SIGSTOP)  # so that it cannot clean up, whoever dies first
    os.kill(watcher, signal.SIGKILL)
    os.kill(caller.pid, signal.SIGKILL)
    caller.wait()

    LandlockBackend().sweep()

    assert not os.path.exists(f"/var/tmp/{name}")
    assert not marked(name)


def test_a_killed_caller_takes_its_run_with_it(place):
    program = (
        "import sys; from sandbox.backends.landlock import LandlockBackend as B; from sandbox.spec import *\n"
        f"B().run(SandboxSpec(argv=('sh', '-c', 'touch started; sleep 1000'), workspace={str(place)!r}, cwd={str(place)!r}), Stdio())"
    )
    before = copies()
    caller = subprocess.Popen([sys.executable, "-c", program], cwd=os.getcwd(), stdout=subprocess.DEVNULL)
    for _ in range(600):
        mine = copies() - before
        if mine and os.path.exists(f"/var/tmp/{next(iter(mine))}/ws/started"):
            break
        time.sleep(0.05)
    caller.kill()
    caller.wait()
    for _ in range(200):
        if copies() == before:
            break
        time.sleep(0.05)

    assert copies() == before
    assert not marked(next(iter(mine)))


def open_children(pid: int) -> list[str]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


def marked(name: str) -> list[str]:
    return [
        pid
        for pid in os.listdir("/proc")
        if pid.isdigit() and _strangers._has(pid, f"EXECGUARD_RUN=/var/tmp/{name}".encode())
    ]


def test_the_watcher_sees_whoever_lost_its_parent():
    def look() -> str:
        _kernel.adopt_orphans()
        child = os.fork()
        if child == 0:
            if os.fork() == 0:
                time.sleep(30)
            os._exit(0)
        os.waitpid(child, 0)
        found = len(_keeper.descendants())
        _keeper.end_everybody()
        return f"{found} then {len(_keeper.descendants())}"

    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, look().encode())
        os._exit(0)
    os.close(writer)
    said = os.read(reader, 100).decode()
    os.close(reader)
    os.waitpid(child, 0)

    assert said == "1 then 0"


def test_to_remove_what_somebody_else_has_removed_touches_nothing_around_it(tmp_path):
    tmp_path.chmod(0o1777)
    (tmp_path / "file").write_text("not a directory")

    landlock._remove(str(tmp_path / "gone"))
    landlock._remove(str(tmp_path / "file"))

    assert stat.S_IMODE(os.stat(tmp_path).st_mode) == 0o1777
    assert stat.S_IMODE(os.stat(tmp_path / "file").st_mode) != 0


def test_what_a_command_has_locked_is_removed(tmp_path):
    tmp_path.chmod(0o755)
    place = tmp_path / "copy"
    (place / "ws" / "deep").mkdir(parents=True)
    (place / "ws" / "deep" / "file").write_text("x")
    for name in ("ws/deep", "ws", ""):
        (place / name).chmod(0)

    landlock._remove(str(place))

    assert not place.exists()
    assert stat.S_IMODE(os.stat(tmp_path).st_mode) == 0o755
