"""A program that policy denies, under every name it can be given: at the hook, in the sandbox, and when changes come out."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.model.decision import Allow, Deny
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.verdict import Level
from tests.enforce.machine import Machine

DENIED = """version: 1
kind: personal
name: me
default: allow
rules:
  - id: no-id
    effect: [exec]
    programs: [{program}]
    verdict: deny
    why: Nobody needs to know who they are.
"""
LISTED = """version: 1
kind: personal
name: me
default: allow
rules:
  - id: listed
    effect: [exec]
    programs: [{programs}]
    verdict: allow
    why: These were looked at.
  - id: the-rest
    effect: [exec.opaque, fs.read, fs.write]
    verdict: allow
    why: Others judge it.
"""
ID = os.path.realpath("/usr/bin/id")
BY_CONTENT = '"sha256:' + hashlib.sha256(Path(ID).read_bytes()).hexdigest() + '"'

COPIES = [
    "cp /usr/bin/id tool",
    "cp /usr/bin/id tool && ./tool",
    "cat /usr/bin/id > tool",
    "cat < /usr/bin/id > tool",
    "dd if=/usr/bin/id of=tool",
    "install -m 755 /usr/bin/id /tmp/tool",
    "ln -s /usr/bin/id tool",
    "ln /usr/bin/id tool",
    "base64 /usr/bin/id | base64 -d > tool",
    "tar cf a.tar /usr/bin/id",
    "cp -r /usr/bin all",
    "cp /proc/self/root/usr/bin/id tool",
    "head -c 100000000 /usr/bin/id | tee tool",
    "rsync /usr/bin/id tool",
    "python3 -c \"import shutil; shutil.copy('/usr/bin/id', 'tool')\"",
    "python3 -c \"open('tool', 'wb').write(open('/usr/bin/id', 'rb').read())\"",
    "x=/usr/bin; y=id; cp $x/$y tool",
]
STARTS = [
    "id",
    "/usr/bin/id",
    "/proc/self/root/usr/bin/id",
    "env id",
    "bash -c id",
    "/lib64/ld-linux-x86-64.so.2 /usr/bin/id",
]
HARMLESS = [
    "ls -l /usr/bin/id",
    "cp /usr/bin/true tool",
    "command -v id > where",
    "echo /usr/bin/id > list",
    "cat notes",
]


def guard(root: Path, policy: str) -> Guard:
    (root / "config").mkdir()
    (root / "config" / "personal.yaml").write_text(policy)
    (root / "work").mkdir()
    return Guard.open(
        cwd=str(root / "work"),
        home=str(root),
        env={"PATH": "/usr/bin:/bin"},
        level=Level.CONTAINED,
        places=Places(state=str(root / "state"), config=str(root / "config")),
    )


@pytest.fixture(scope="module", params=["id", BY_CONTENT], ids=["by name", "by content"])
def guarded(request, tmp_path_factory):
    return guard(tmp_path_factory.mktemp("forbidden"), DENIED.format(program=request.param))


def decide(guarded: Guard, command: str):
    return guarded.decide(
        ShellProposal(principal=Principal(agent="test"), cwd=guarded.facts.cwd, command=command)
    ).decision


@pytest.mark.parametrize("command", [*COPIES, *STARTS])
def test_its_start_and_its_copy_are_one(guarded, command):
    decision = decide(guarded, command)

    assert isinstance(decision, Deny)
    assert decision.reasons[0].rule == "no-id"


@pytest.mark.parametrize("command", HARMLESS)
def test_looking_at_it_and_copying_others_is_not(guarded, command):
    assert isinstance(decide(guarded, command), Allow)


def test_a_program_is_denied_under_its_second_name_too(tmp_path):
    guarded = guard(tmp_path, DENIED.format(program="npx, uvx, bunx"))

    for command in (
        "npm exec cowsay",
        "npm --yes x cowsay",
        "uv tool run ruff",
        "bun x cowsay",
        "env npm exec -- cowsay",
    ):
        assert isinstance(decide(guarded, command), Deny), command
    for command in ("npm ls", "npm run exec", "uv tool list"):
        assert not isinstance(decide(guarded, command), Deny), command


def test_where_nothing_is_denied_nothing_is_looked_for(tmp_path):
    assert guard(tmp_path, DENIED.format(program="id").replace("deny", "ask")).facts.forbidden == ()


def test_a_program_with_other_bytes_is_another_program(tmp_path):
    guarded = guard(tmp_path, DENIED.format(program='"sha256:' + "0" * 64 + '"'))

    assert guarded.facts.forbidden == ()
    assert isinstance(decide(guarded, "id"), Allow)


def test_an_exception_lets_it_start_and_shows_it(tmp_path):
    exception = """exceptions:
  - id: for-now
    rule: no-id
    verdict: allow
    reason: The audit needs it.
    owner: me
    approved_by: you
    expires: 2999-12-31
"""
    guarded = guard(tmp_path, DENIED.format(program="id") + exception)

    assert guarded.facts.forbidden == ()
    assert isinstance(decide(guarded, "cp /usr/bin/id tool"), Allow)


# ------------------------------------------------------------------ in the sandbox, for real


class Denying(Machine):
    def __init__(self, root: Path, policy: str) -> None:
        super().__init__(root)
        (self.home / ".config" / "guard").mkdir(parents=True)
        (self.home / ".config" / "guard" / "personal.yaml").write_text(policy)


ATTEMPTS = """
import ctypes, os, shutil, subprocess
def out(*words, **more):
    try:
        return subprocess.run(words, capture_output=True, text=True, **more).stdout
    except OSError:
        return ""
def copied(to, more=b""):
    with open("/usr/bin/id", "rb") as source, open(to, "wb") as target:
        target.write(source.read() + more)
    os.chmod(to, 0o755)
    return to
def in_memory():
    descriptor = os.memfd_create("tool")
    os.write(descriptor, open("/usr/bin/id", "rb").read())
    return out("/proc/self/fd/%d" % descriptor, pass_fds=[descriptor])
def linked(to):
    os.symlink("/usr/bin/id", to)
    return to
def uncovered():
    ctypes.CDLL(None).umount2(b"/usr/bin/id", 2)
    return out("id")
for name, attempt in {
    "name": lambda: out("id"),
    "root": lambda: out("/proc/self/root/usr/bin/id"),
    "copy": lambda: out(copied("./a")),
    "byte": lambda: out(copied("./b", b"x")),
    "link": lambda: out(linked("./c")),
    "loader": lambda: out("/lib64/ld-linux-x86-64.so.2", "/usr/bin/id"),
    "loaded copy": lambda: out("/lib64/ld-linux-x86-64.so.2", copied("/tmp/d")),
    "memory": in_memory,
    "argv": lambda: out("true", executable="/usr/bin/id"),
    "unmount": uncovered,
    "had it before": lambda: out("./mine"),
    "moved": lambda: (os.rename("mine", "other"), out("./other"))[1],
}.items():
    try:
        print(name, "RAN" if "uid=" in attempt() else "stopped")
    except OSError as error:
        print(name, "stopped", error.strerror)
"""


@pytest.mark.parametrize("program", ["id", BY_CONTENT])
def test_code_that_nobody_read_cannot_start_it_either(tmp_path, program):
    machine = Denying(tmp_path, DENIED.format(program=program))
    subprocess.run(["cp", "/usr/bin/id", machine.work / "mine"], check=True)

    done = machine.exec(f"python3 -c '{ATTEMPTS}'")

    said = done.stdout.decode().splitlines()
    assert len(said) == 12, (done.stdout, done.stderr)
    assert [line for line in said if "RAN" in line] == []


def test_the_attempts_work_where_nothing_is_denied(tmp_path):
    machine = Machine(tmp_path)
    subprocess.run(["cp", "/usr/bin/id", machine.work / "mine"], check=True)

    done = machine.exec(f"python3 -c '{ATTEMPTS}'")

    # Files in memory are no longer there for anybody in a sandbox.
    ran = [line.split()[0] for line in done.stdout.decode().splitlines() if "RAN" in line]
    assert ran == [
        "name",
        "root",
        "copy",
        "byte",
        "link",
        "loader",
        "loaded",
        "argv",
        "unmount",
        "had",
        "moved",
    ]


def test_its_bytes_do_not_come_out_of_a_sandbox(tmp_path):
    """As a download would bring them: put together inside from what is not the file."""
    machine = Denying(tmp_path, DENIED.format(program="id"))
    code = Path(ID).read_bytes()
    (machine.work / "half1").write_bytes(code[:20000])
    (machine.work / "half2").write_bytes(code[20000:])

    report = machine.report(
        'python3 -c \'open("whole","wb").write(open("half1","rb").read()+open("half2","rb").read())\''
    )

    assert report["held"]
    assert not (machine.work / "whole").exists()
    assert "no-id" in report["why_held"]


def test_a_list_of_programs_is_all_that_starts(tmp_path):
    machine = Denying(
        tmp_path,
        LISTED.format(programs="bash, python3, python3.11, cat").replace("default: allow", "default: deny"),
    )
    machine.env["PATH"] = "/usr/bin:/bin"  # of python3 the system's own: others are scripts that start more
    code = (
        "import os, shutil, subprocess\n"
        "shutil.copy(os.path.realpath('/bin/cat'), 'mine')\n"
        "for words in (['cat', '/dev/null'], ['id'], ['ls'], ['./mine', '/dev/null']):\n"
        "    try:\n"
        "        print(words[0], subprocess.run(words, capture_output=True).returncode)\n"
        "    except OSError as error:\n"
        "        print(words[0], error.strerror)\n"
    )

    done = machine.exec(f"python3 -c '{code.replace(chr(39), chr(34))}'")

    assert done.stdout.decode().splitlines() == [
        "cat 0",
        "id Permission denied",
        "ls Permission denied",
        "./mine Permission denied",
    ], done.stderr
