"""An interpreter in the place of the guard's own, in whose hook something goes wrong: what, the call says.

So one session of a client shows many failures. A call that holds none of the words is judged as ever.
"""

import functools
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from guard.agents.failures import Does
from guard.probe.model import Call, serving

_PROGRAM = r"""#!@PYTHON -I
import os, re, signal, subprocess, sys, time

payload = sys.stdin.buffer.read()
found = re.search(rb"trouble-([a-z0-9-]+)", payload)
what = found[1].decode() if found else ""
words, env = ["@PYTHON", *sys.argv[1:]], dict(os.environ)


def shells():
    number = os.getpid()
    while True:
        with open(f"/proc/{number}/stat") as file:
            number = int(file.read().rpartition(")")[2].split()[1])
        with open(f"/proc/{number}/comm") as file:
            # A script that is started by its own name is called so.
            if file.read().strip() not in ("sh", "dash", "bash", "timeout", "PreToolUse"):
                return
        yield number


match what:
    case "crash":
        raise RuntimeError("the hook is broken")
    case "silent":
        os._exit(1)
    case "status-3":
        sys.stderr.write("the hook does not know\n")
        sys.stderr.flush()
        os._exit(3)
    case "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    case "hangs":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(300)
    case "garbage":
        print("here you are")
        sys.exit()
    case "nothing":
        sys.exit()
    case "shell-killed":
        # The outermost first: else it would say that the one inside has ended.
        for number in reversed(list(shells())):
            os.kill(number, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
    case "policy-broken":
        env["XDG_CONFIG_HOME"] = "@ROOT/broken"
    case "guard-gone":
        env["GUARD_DOOR"] = "/nowhere/door"
    case "disk-full":
        env["XDG_STATE_HOME"] = "@ROOT/full"
        mounted = 'mount -t tmpfs -o size=64k none @ROOT/full && { cat /dev/zero > @ROOT/full/x; exec "$@"; }'
        words = ["unshare", "--map-root-user", "--mount", "sh", "-c", mounted, "sh", *words]
done = subprocess.run(words, input=payload, env=env, capture_output=True)
sys.stdout.buffer.write(done.stdout)
sys.stderr.buffer.write(done.stderr)
sys.stdout.flush()
if what == "last":
    os.unlink("@ROOT/python")
sys.exit(done.returncode)
"""


def put(root: Path, file: Path) -> None:
    """In the place of this interpreter in ``file``, where the hook is registered. ``root``: a directory to be made."""
    (root / "broken/guard").mkdir(parents=True)
    (root / "broken/guard/personal.yaml").write_text("version: 1\nkind: personal\nname: me\nrules: [\n")
    (root / "full").mkdir()
    program = root / "python"
    program.write_text(_PROGRAM.replace("@PYTHON", sys.executable).replace("@ROOT", str(root)))
    program.chmod(0o755)
    replace(file, shlex.quote(sys.executable), str(program))


def replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def tried(table: Mapping[str, Does]) -> list[str]:
    """The failures that one session can show, in an order in which it can. After `last` there is no interpreter any more."""
    names = [name for name in table if name not in {"missing", "not-loaded"}]
    if not has_full_disks() and "disk-full" in names:
        names.remove("disk-full")
    return [*names, "none", "last", "missing"]


def command(name: str) -> str:
    return f"touch ran-trouble-{name}"


def check(scene, names: list[str], table: Mapping[str, Does]) -> set[str]:
    """What became of each call is what the table says. The names of those that ran."""
    ran = {path.name.removeprefix("ran-trouble-") for path in scene.work.glob("ran-*")}
    seen = {name: "runs" if name in ran else "denied" for name in names if name not in {"none", "last"}}
    wrong = {name: does for name, does in seen.items() if does != table[name]}
    assert not wrong, (wrong, sorted(ran))
    assert {"none", "last"} <= ran, sorted(ran)
    return ran


def compare(
    scene,
    agent: str,
    file: Path,
    table: Mapping[str, Does],
    call: Callable[[str], Call],
    *,
    says: str = "denied",
    obeys: bool = False,
) -> None:
    """One session of the real client in which every failure happens once, and the model is told of each deny.

    ``says``: a pattern of what it is told then. ``obeys``: what hangs can be ended by SIGTERM.
    """
    put(scene.home / "troubled", file)
    if obeys:
        replace(
            scene.home / "troubled/python", "signal.SIGTERM, signal.SIG_IGN", "signal.SIGTERM, signal.SIG_DFL"
        )
    names = tried(table)
    with serving([call(command(name)) for name in names]) as model:
        done = scene.drive(agent, model)

    assert done.returncode == 0, done.stderr
    ran = check(scene, names, table)
    told = dict(zip(names, model.results, strict=True))
    silent = {name for name, one in told.items() if not (one.is_error or re.search(says, one.text.lower()))}
    assert silent == ran, told


@functools.cache
def has_full_disks() -> bool:
    """Whether a disk can be filled here that is nobody else's."""
    words = ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0
