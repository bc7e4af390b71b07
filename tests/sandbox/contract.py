"""What every backend promises. Collected by test_contract.py for each backend and user."""

import contextlib
import hashlib
import os
import threading
import time

import pytest

from sandbox.changes import Created, Deleted, Modified, NodeKind, only_the_time
from sandbox.result import Exited, LimitHit
from sandbox.spec import MIB, Cache, Limits
from tests.sandbox.runners import script

HIDDEN_PROGRAM = {
    "by its name": "id",
    "by its path": "/usr/bin/id",
    "through /proc/self/root": "/proc/self/root/usr/bin/id",
    "through another way there": "/usr/share/../bin/./id",
    "a copy": "cp /usr/bin/id tool; chmod +x tool; ./tool",
    "a copy with one byte more": "cat /usr/bin/id > tool; printf x >> tool; chmod +x tool; ./tool",
    "a link": "ln -s /usr/bin/id tool; ./tool",
    "the dynamic linker": "/lib64/ld-linux-x86-64.so.2 /usr/bin/id",
    "the dynamic linker, on a copy": 'cp /usr/bin/id "$TMPDIR/tool"; /lib64/ld-linux-x86-64.so.2 "$TMPDIR/tool"',
    "through a descriptor": "exec 7</usr/bin/id; cat <&7 >tool; chmod +x tool; ./tool",
    "another argv[0]": "exec -a innocent /usr/bin/id",
    "encoded and back": "base64 /usr/bin/id | base64 -d > tool; chmod +x tool; ./tool",
    "out of an archive": "tar cf a.tar -C /usr/bin id; tar xf a.tar; ./id",
}
HIDDEN_PROGRAM = [pytest.param(text, id=name) for name, text in HIDDEN_PROGRAM.items()]


def tree(path):
    found = {}
    for directory, names, files in os.walk(path):
        for name in names + files:
            whole = os.path.join(directory, name)
            info = os.lstat(whole)
            content = b""
            if os.path.isfile(whole) and not os.path.islink(whole):
                with open(whole, "rb") as file:
                    content = file.read()
            found[os.path.relpath(whole, path)] = (info.st_mode, info.st_mtime_ns, info.st_size, content)
    return found


def needs(runner, capability):
    if capability not in runner.backend.probe().enforces:
        pytest.skip(f"{runner.name} does not claim to enforce {capability}")


def running(argument):
    """Processes of this machine with that word in their command line."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            if argument.encode() in file.read().split(b"\0"):
                found.append(int(pid))
    return found


class Contract:
    def run(self, runner, workspace, text, *, feed=b"", **changes):
        observed = runner.run(script(workspace, text, **changes), feed=feed)
        assert observed.failed is None, observed.failed
        return observed

    # how it ends

    @pytest.mark.parametrize(
        ("text", "status"),
        [
            ("true", 0),
            ("false", 1),
            ("exit 42", 42),
            ("kill -TERM $$", 143),
            ("kill -9 $$", 137),
            ("exit 255", 255),
        ],
    )
    def test_exit_status_is_exact(self, runner, workspace, text, status):
        assert self.run(runner, workspace, text).end == Exited(status=status)

    def test_a_program_that_is_not_there_is_127(self, runner, workspace):
        observed = self.run(runner, workspace, "", argv=("no-such-program-here",))

        assert observed.end == Exited(status=127)

    def test_a_file_that_is_no_program_is_126(self, runner, workspace):
        assert self.run(runner, workspace, "", argv=("./a.txt",)).end == Exited(status=126)

    def test_input_and_both_outputs_pass_through_untouched(self, runner, workspace):
        observed = self.run(runner, workspace, "cat; echo err >&2; printf '\\0\\1'", feed=b"hello\n")

        assert "hello\n" in observed.out
        assert "err\n" in observed.out
        assert "\0\1" in observed.out

    def test_the_command_sees_the_workspace_at_its_own_path(self, runner, workspace):
        observed = self.run(runner, workspace, "pwd; cat a.txt; ./run.sh", cwd=workspace)

        where, rest = observed.out.split("\n", 1)
        assert rest == "one\nran\n"
        assert (where == workspace) is not runner.copies

    def test_the_working_directory_may_be_below_the_workspace(self, runner, workspace):
        observed = self.run(runner, workspace, "pwd; cat c.txt", cwd=f"{workspace}/src/deep")

        where, rest = observed.out.split("\n", 1)
        assert rest == "three\n"
        assert where.endswith("/src/deep")
        assert where.startswith(f"{workspace}/") is not runner.copies

    def test_only_the_given_environment_arrives_less_injection(self, runner, workspace):
        env = (
            ("PATH", "/usr/bin:/bin"),
            ("COLOUR", "blue"),
            ("LD_PRELOAD", "/x.so"),
            ("BASH_ENV", "/x"),
            ("PYTHONPATH", "/x"),
        )

        observed = self.run(runner, workspace, "/usr/bin/env", env=env)

        assert "COLOUR=blue" in observed.out
        assert not [
            line for line in observed.out.splitlines() if line.startswith(("LD_", "BASH_ENV", "PYTHONPATH"))
        ]

    def test_home_is_empty_and_writable_and_thrown_away(self, runner, workspace):
        first = self.run(runner, workspace, 'ls -A "$HOME" | wc -l; echo x > "$HOME/f" && cat "$HOME/f"')
        second = self.run(runner, workspace, 'ls -A "$HOME" | wc -l')

        assert first.out.split() == ["0", "x"]
        assert second.out.split() == ["0"]

    # what it changes

    def test_nothing_reaches_the_workspace(self, runner, workspace):
        before = tree(workspace)

        self.run(
            runner,
            workspace,
            "rm -rf src .env; echo x > new; echo y >> a.txt; chmod 700 run.sh; ln -sf / link; mkdir d",
        )

        assert tree(workspace) == before

    def test_no_change_is_no_entry(self, runner, workspace):
        observed = self.run(
            runner,
            workspace,
            "cat a.txt src/b.txt; ls -R; ln a.txt l; rm l; chmod 600 run.sh; chmod 755 run.sh",
        )

        assert observed.kinds() == {}
        assert observed.truncated == ""

    def test_the_time_of_a_file_alone_is_a_change_and_that_of_others_is_none(self, runner, workspace):
        text = "touch a.txt src link; cp src/b.txt b && cat b > src/b.txt; rm b; touch -d 2001-01-01 src/deep/c.txt"
        observed = self.run(runner, workspace, text)

        assert observed.kinds() == dict.fromkeys(("a.txt", "src/b.txt", "src/deep/c.txt"), "Modified")
        for change in observed.changes.values():
            assert only_the_time(change.before, change.after)
        assert observed.changes["src/deep/c.txt"].after.mtime_ns // 10**9 == 978307200

    def test_created_modified_and_deleted_files_are_told_apart(self, runner, workspace):
        observed = self.run(
            runner, workspace, "echo new > n.txt; echo more >> a.txt; rm src/b.txt; chmod 700 run.sh"
        )

        assert observed.kinds() == {
            "n.txt": "Created",
            "a.txt": "Modified",
            "src/b.txt": "Deleted",
            "run.sh": "Modified",
        }
        modified = observed.changes["a.txt"]
        assert isinstance(modified, Modified)
        assert modified.before.sha256 == hashlib.sha256(b"one\n").hexdigest()
        assert modified.after.sha256 == hashlib.sha256(b"one\nmore\n").hexdigest()
        assert observed.contents["a.txt"] == b"one\nmore\n"
        assert (observed.changes["run.sh"].before.mode, observed.changes["run.sh"].after.mode) == (
            0o755,
            0o700,
        )

    def test_a_deleted_tree_lists_every_file_children_first(self, runner, workspace):
        observed = self.run(runner, workspace, "rm -rf src")

        assert observed.kinds() == dict.fromkeys(
            ("src/b.txt", "src/deep/c.txt", "src/deep", "src"), "Deleted"
        )
        assert (
            observed.order.index("src/deep/c.txt")
            < observed.order.index("src/deep")
            < observed.order.index("src")
        )

    def test_a_replaced_directory_lists_what_is_gone_and_what_is_new(self, runner, workspace):
        observed = self.run(runner, workspace, "rm -rf src; mkdir src; echo new > src/n.txt")

        assert observed.kinds() == {
            "src/b.txt": "Deleted", "src/deep/c.txt": "Deleted", "src/deep": "Deleted", "src/n.txt": "Created",
        }  # fmt: skip

    def test_a_directory_made_again_with_the_same_content_is_no_change(self, runner, workspace):
        observed = self.run(runner, workspace, 'cp -a src "$TMPDIR/s"; rm -rf src; cp -a "$TMPDIR/s" src')

        assert observed.kinds() == {}

    def test_a_file_becomes_a_directory_and_a_directory_a_file(self, runner, workspace):
        observed = self.run(
            runner, workspace, "rm -r src; echo f > src; rm a.txt; mkdir a.txt; echo g > a.txt/g"
        )

        src, a = observed.changes["src"], observed.changes["a.txt"]
        assert isinstance(src, Modified)
        assert (src.before.kind, src.after.kind) == (NodeKind.DIRECTORY, NodeKind.FILE)
        assert isinstance(a, Modified)
        assert (a.before.kind, a.after.kind) == (NodeKind.FILE, NodeKind.DIRECTORY)
        assert observed.order.index("src/b.txt") < observed.order.index("src")
        assert observed.order.index("a.txt") < observed.order.index("a.txt/g")

    def test_a_rename_is_a_deletion_and_a_creation(self, runner, workspace):
        observed = self.run(runner, workspace, "mv a.txt z.txt; mv src lib")

        assert isinstance(observed.changes["a.txt"], Deleted)
        assert isinstance(observed.changes["z.txt"], Created)
        assert isinstance(observed.changes["src/deep/c.txt"], Deleted)
        assert observed.contents["lib/deep/c.txt"] == b"three\n"

    def test_links_fifos_and_sockets_are_named_for_what_they_are(self, runner, workspace):
        observed = self.run(
            runner,
            workspace,
            "ln -sfn /etc/shadow link; ln -s ../../.. up; mkfifo pipe;"
            " python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"sock\")'; ln a.txt hard",
        )

        found = {
            path: change.after.kind
            for path, change in observed.changes.items()
            if not isinstance(change, Deleted)
        }
        assert found["link"] is NodeKind.SYMLINK
        assert found["pipe"] is NodeKind.FIFO
        if runner.name != "remote docker":  # no engine sends one back
            assert found["sock"] is NodeKind.SOCKET
        assert found["hard"] is NodeKind.FILE
        assert observed.changes["up"].after.target == "../../.."
        assert observed.changes["link"].before.target == "a.txt"

    def test_setuid_bits_are_shown(self, runner, workspace):
        observed = self.run(runner, workspace, "cp /bin/true t; chmod 4755 t")

        assert observed.changes["t"].after.mode & 0o4000 in (0o4000, 0)
        assert observed.changes["t"].after.mode & 0o777 == 0o755

    def test_names_survive_whatever_bytes_they_hold(self, runner, workspace):
        observed = self.run(
            runner,
            workspace,
            "printf x > $'\\xff\\xfe'; printf y > $'a\\nb'; printf z > -rf; mkdir 'ö ü'; : > 'ö ü/☃'",
        )

        assert set(observed.kinds()) == {"\udcff\udcfe", "a\nb", "-rf", "ö ü", "ö ü/☃"}
        assert observed.contents["\udcff\udcfe"] == b"x"

    def test_what_the_command_locked_is_still_read(self, runner, workspace):
        observed = self.run(
            runner, workspace, "mkdir d; echo s > d/s; chmod 000 d/s d; echo q >> a.txt; chmod 000 a.txt"
        )

        assert observed.contents["d/s"] == b"s\n"
        assert observed.changes["d"].after.mode == 0
        assert observed.contents["a.txt"] == b"one\nq\n"

    def test_masked_files_cannot_be_read_changed_or_removed(self, runner, workspace):
        masked = (f"{workspace}/.env", f"{workspace}/src", f"{workspace}/not-there")

        observed = self.run(
            runner,
            workspace,
            "cat .env; ls -A src; echo x >> .env; rm -rf .env src; ln .env e2; cat e2",
            masked=masked,
        )

        assert "hidden" not in observed.out
        assert "b.txt" not in observed.out
        assert not [path for path in observed.kinds() if path.startswith((".env", "src"))]

    @pytest.mark.parametrize("attempt", HIDDEN_PROGRAM)
    def test_a_hidden_program_starts_under_no_name(self, runner, workspace, attempt):
        if "hidden" not in runner.backend.probe().enforces:
            assert runner.run(script(workspace, attempt, hidden=("/usr/bin/id",))).primitive == "hidden"
            return
        free = self.run(runner, workspace, attempt)
        observed = self.run(runner, workspace, attempt, hidden=("/usr/bin/id",))

        assert "uid=" in free.out, "the attempt does not work at all"
        assert "uid=" not in observed.out

    def test_a_hidden_program_leaves_the_others_alone(self, runner, workspace):
        if "hidden" not in runner.backend.probe().enforces:
            assert runner.run(script(workspace, "true", hidden=("/usr/bin/id",))).primitive == "hidden"
            return
        observed = self.run(
            runner,
            workspace,
            "wc -c < /usr/bin/id; cat a.txt; ls src",
            hidden=("/usr/bin/id", "/usr/bin/no-such"),
        )

        assert observed.out.splitlines()[1:] == ["one", "b.txt", "deep"]
        assert observed.out.splitlines()[0] in {"0", "/bin/bash: line 1: /usr/bin/id: Permission denied"}

    def test_what_was_written_can_be_kept_from_starting(self, runner, workspace):
        observed = runner.run(
            script(
                workspace,
                "for d in . ~ /tmp /dev/shm; do cp /usr/bin/id $d/tool; $d/tool; /lib64/ld-linux-x86-64.so.2 $d/tool; done; ./run.sh"
                "; bash run.sh; /usr/bin/true && echo still",
                runs_what_it_writes=False,
            )
        )
        if "noexec" not in runner.backend.probe().enforces:
            assert observed.failed is not None
            return

        assert "uid=" not in observed.out
        assert observed.out.endswith("ran\nstill\n")

    def test_read_only_places_can_be_read_and_not_written(self, runner, workspace):
        if runner.name == "remote docker":
            pytest.skip("what an engine elsewhere shows beside the workspace is its own machine's")
        extra = runner.directory()
        with open(f"{extra}/tool", "w") as file:
            file.write("tool\n")
        os.chmod(f"{extra}/tool", 0o666)
        observed = self.run(
            runner,
            workspace,
            f"cat {extra}/tool; echo x > {extra}/tool; rm -f {extra}/tool; touch {extra}/n",
            read_only=(extra,),
        )

        assert "tool" in observed.out.splitlines()
        assert os.listdir(extra) == ["tool"]
        with open(f"{extra}/tool") as file:
            assert file.read() == "tool\n"
        os.unlink(f"{extra}/tool")
        os.rmdir(extra)

    # caches

    def test_a_cache_is_seen_and_written_apart(self, runner, workspace):
        needs(runner, "caches")
        host, kept = runner.directory(), runner.directory()
        for place, content in ((f"{host}/a", "host"), (f"{host}/b", "host"), (f"{kept}/b", "kept")):
            with open(place, "w") as file:
                file.write(content)
        runner.own(host)
        runner.own(kept)
        cache = Cache(path="/home/sandbox/.some/cache", lower=(kept, host))
        observed = self.run(
            runner,
            workspace,
            "cd ~/.some/cache; cat a b; echo -n new > a; echo n > c; rm b; cat a; ls; touch ~/.some/beside",
            caches=(cache,),
        )

        assert observed.out == "hostkeptnewa\nc\n"
        assert observed.kinds() == {}
        assert sorted(os.listdir(host)) == ["a", "b"]
        assert sorted(os.listdir(kept)) == ["b"]
        assert {name: content for name, content in observed.caches.items() if content} == {
            "0/a": b"new", "0/c": b"n\n",
        }  # fmt: skip

    def test_a_cache_that_nobody_has_begins_empty(self, runner, workspace):
        needs(runner, "caches")
        caches = (Cache(path="/home/sandbox/.npm"), Cache(path="/home/sandbox/.x", lower=("/no/such/place",)))
        observed = self.run(runner, workspace, "ls -A ~; mkdir ~/.npm; echo x > ~/.npm/f", caches=caches)

        assert observed.out == ""
        assert observed.caches == {"0/f": b"x\n"}

    def test_a_link_in_place_of_a_cache_is_not_followed(self, runner, workspace):
        needs(runner, "caches")
        caches = (Cache(path="/home/sandbox/.npm"), Cache(path="/home/sandbox/.a/b"))
        observed = self.run(
            runner, workspace, "mkdir ~/real; echo x > ~/real/f; mkdir ~/real/b; echo y > ~/real/b/g;"
            " ln -s real ~/.npm; ln -s real ~/.a", caches=caches,
        )  # fmt: skip

        assert observed.caches == {}

    # limits

    def ends_by(self, limit, runner, workspace, text, *words, limits):
        """It ends by that name, and with it who went into a session of their own and listens to nobody."""
        mark = f"9{os.getpid()}.{time.monotonic_ns()}"
        stray = f"(trap '' HUP TERM INT; setsid sh -c ': > stray; exec sleep {mark}' <&- >&- 2>&- &)"
        text = f"{stray}; until [ -e stray ]; do sleep 0.01; done; {text}"
        observed = self.run(
            runner, workspace, "", argv=("/bin/bash", "-c", text, "sh", *words), limits=limits
        )

        assert observed.end == LimitHit(limit=limit)
        assert "stray" in observed.kinds()
        assert running(mark) == []
        return observed

    def test_the_wall_clock_ends_everybody(self, runner, workspace):
        self.ends_by("wall", runner, workspace, "sleep 1000", limits=Limits(wall_s=1.0))

    def test_memory_is_bounded(self, runner, workspace):
        needs(runner, "memory")
        code = "x = [bytearray(1 << 20) for _ in range(1500)]; import time; time.sleep(5)"
        limits = Limits(memory_bytes=256 * MIB, wall_s=30)
        self.ends_by("memory", runner, workspace, 'python3 -c "$1"', code, limits=limits)

    def test_memory_that_belongs_to_no_process_is_bounded(self, runner, workspace):
        """System V memory stays when nobody holds it; files in memory are counted as written."""
        needs(runner, "memory")
        code = (
            "import ctypes, time\nlibc = ctypes.CDLL(None)\nlibc.shmat.restype = ctypes.c_void_p\n"
            "for _ in range(24):\n"
            "    number = libc.shmget(0, 16 << 20, 0o1600)\n"
            "    if number < 0: print('refused'); raise SystemExit\n"
            "    place = libc.shmat(number, None, 0)\n"
            "    ctypes.memset(ctypes.c_void_p(place), 1, 16 << 20)\n"
            "    libc.shmdt(ctypes.c_void_p(place))\n"
            "time.sleep(20)"
        )
        observed = self.run(
            runner,
            workspace,
            "",
            argv=("python3", "-c", code),
            limits=Limits(memory_bytes=128 * MIB, wall_s=60),
        )

        assert observed.end == LimitHit(limit="memory") or observed.out == "refused\n"

    def test_processes_are_bounded(self, runner, workspace):
        text = "for i in $(seq 400); do sleep 20 & done; wait"
        self.ends_by("processes", runner, workspace, text, limits=Limits(processes=64, wall_s=15))

    def test_processor_time_is_bounded_whoever_uses_it(self, runner, workspace):
        text = "for i in 1 2 3 4; do (while :; do :; done) & done; wait"
        self.ends_by("cpu", runner, workspace, text, limits=Limits(cpu_s=1, wall_s=60))

    def test_open_files_are_bounded(self, runner, workspace):
        needs(runner, "open-files")
        code = (
            "import time\nkept = []\n"
            "try:\n    while True: kept.append(open('/dev/null'))\n"
            "except OSError:\n    time.sleep(2); raise SystemExit(len(kept) < 60 or 'too many')"
        )
        limits = Limits(open_files=64, wall_s=60)
        self.ends_by("open-files", runner, workspace, 'exec python3 -c "$1"', code, limits=limits)

    def test_a_program_that_copes_with_too_many_open_files_ends_as_it_wants(self, runner, workspace):
        code = (
            "import time\nkept = []\n"
            "try:\n    while True: kept.append(open('/dev/null'))\n"
            "except OSError:\n    time.sleep(1)"
        )
        observed = self.run(
            runner, workspace, "", argv=("python3", "-c", code), limits=Limits(open_files=64, wall_s=60)
        )

        assert observed.end == Exited(status=0)

    def test_output_is_bounded_and_what_fits_arrives(self, runner, workspace):
        needs(runner, "output")
        limits = Limits(output_bytes=10_000, wall_s=60)
        observed = self.ends_by("output", runner, workspace, "setsid yes & yes", limits=limits)

        assert len(observed.out) == 10_000

    def test_output_up_to_the_limit_is_no_harm(self, runner, workspace):
        observed = self.run(
            runner,
            workspace,
            "head -c 6000 /dev/zero; head -c 4000 /dev/zero >&2",
            limits=Limits(output_bytes=10_000),
        )

        assert observed.end == Exited(status=0)
        assert len(observed.out) == 10_000

    def test_both_outputs_keep_their_order_where_they_go_to_one_place(self, runner, workspace):
        if runner.name == "remote docker":
            pytest.skip("the engine carries the two apart")
        observed = self.run(
            runner,
            workspace,
            "for i in 1 2 3 4 5 6 7 8 9; do echo o$i; echo e$i >&2; done",
            limits=Limits(output_bytes=10_000),
        )

        assert observed.out.split() == [f"{kind}{i}" for i in range(1, 10) for kind in "oe"]

    def test_the_writable_layer_is_bounded(self, runner, workspace):
        text = "dd if=/dev/zero of=big bs=1M count=200 2>/dev/null"
        self.ends_by("disk", runner, workspace, text, limits=Limits(disk_bytes=32 * MIB))

    def test_the_number_of_files_is_bounded(self, runner, workspace):
        text = "mkdir f; i=0; while : > f/$i; do i=$((i+1)); [ $i -lt 5000 ] || exit 0; done; exit 1"
        self.ends_by("inodes", runner, workspace, text, limits=Limits(inodes=1000))

    EVERYWHERE = (
        "for d in $(cut -d' ' -f5 /proc/self/mountinfo | sort -u) /run /var/tmp /var/cache /opt /srv /etc; do"
    )

    def test_no_place_is_outside_of_the_bound(self, runner, workspace):
        """Three files, each of which alone would be allowed, wherever one can be made."""
        needs(runner, "disk")
        if runner.name == "remote docker":
            pytest.skip("an engine elsewhere gives each place a bound of its own")
        text = f"{self.EVERYWHERE} n=0; for i in 1 2 3; do dd if=/dev/zero of=$d/more$i bs=1M count=3 && n=$((n+1)); done"
        text += "; [ $n -lt 3 ] || echo $d >&3; rm -f $d/more?; done 3>&1 2>/dev/null; exit 0"

        observed = self.run(runner, workspace, text, limits=Limits(disk_bytes=8 * MIB))

        assert observed.end == Exited(status=0)
        assert observed.out == ""

    def test_no_place_is_outside_of_what_cannot_be_started(self, runner, workspace):
        needs(runner, "noexec")
        text = f"{self.EVERYWHERE} cp /usr/bin/id $d/tool && $d/tool && echo $d >&3; done 3>&1 >/dev/null 2>&1; exit 0"

        observed = self.run(runner, workspace, text, runs_what_it_writes=False)

        assert observed.end == Exited(status=0)
        assert observed.out == ""

    # afterwards

    def test_background_processes_end_with_the_command(self, runner, workspace):
        text = "(setsid bash -c 'sleep 0.3; echo late > late.txt; sleep 100' &) ; exit 7"

        observed = self.run(runner, workspace, text)

        assert observed.end == Exited(status=7)
        assert "late.txt" not in observed.kinds()

    def test_a_run_can_be_destroyed_twice_and_then_has_no_changes(self, runner, workspace):
        from sandbox.errors import ChangesError
        from sandbox.spec import Stdio

        if runner.uid != os.getuid():
            pytest.skip("destroy is a promise about the object, tested in this process only")
        run = runner.backend.run(script(workspace, "echo x > n"), Stdio())
        run.destroy()
        run.destroy()

        with pytest.raises(ChangesError):
            run.changes()

    def test_runs_at_the_same_time_do_not_meet(self, runner, workspace):
        if runner.uid != os.getuid():
            pytest.skip("threads and forks of the test itself do not mix; root and docker cover it")
        results = {}

        def one(number):
            results[number] = runner.run(
                script(workspace, f"echo {number} > n; sleep 0.2; cat n; ls | wc -l")
            )

        threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert {number: observed.contents["n"] for number, observed in results.items()} == {
            number: f"{number}\n".encode() for number in range(4)
        }

    # refusals

    @pytest.mark.parametrize(
        "changes",
        [
            {"workspace": "/", "cwd": "/"},
            {"workspace": "/etc", "cwd": "/etc"},
            {"workspace": "relative", "cwd": "relative"},
            {"cwd": "/usr"},
            {"masked": ("/usr/bin",)},
            {"argv": ()},
        ],
    )
    def test_a_spec_that_makes_no_sense_is_refused(self, runner, workspace, changes):
        observed = runner.run(script(workspace, "true", **changes))

        assert observed.failed is not None
