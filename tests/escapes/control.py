"""The proof that an attempt does harm where there are no walls: as nobody, or as root in namespaces of its own."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import tty
from pathlib import Path

import sandbox.battery.driver
from sandbox.battery.case import Case
from sandbox.battery.scene import CALLER, LOGGED, SECRET, left_behind, scene, tree
from sandbox.battery.trial import INTERPRETER, careless
from tests.sandbox.runners import NOBODY, remove

PATIENCE_S = 20
WHO = {
    "nobody": [
        "setpriv",
        f"--reuid={NOBODY}",
        f"--regid={NOBODY}",
        "--clear-groups",
    ],
    # Not a user namespace: these are the real rights of root. What such a script may do is bounded by how it is written.
    "root": [
        sys.executable,
        str(Path(__file__).parents[1] / "own_root.py"),
        *("unshare", "--mount", "--pid", "--fork", "--kill-child", "--ipc", "--uts", "--net", "--cgroup"),
        "--mount-proc",
    ],
}


def does_harm(case: Case) -> tuple[list[str], str]:
    """What the attempt did without walls, and what it printed."""
    host = os.path.realpath(tempfile.mkdtemp(prefix="execguard-test-"))
    os.chmod(host, 0o755)
    uid = 0 if case.control == "root" else NOBODY
    os.chown(host, uid, uid)
    try:
        with scene(host, uid, (case.id,) if case.judged else ()) as made:
            before = tree(f"{made.workspace}/{case.id}") if case.judged else {}
            attempt = {
                "id": case.id,
                "script": case.control_form or case.script,
                "python": case.control_is_python if case.control_form else case.is_python,
                "cwd": f"{made.workspace}/{case.id}" if case.judged else "",
                "variables": {},
            }
            with open(sandbox.battery.driver.__file__) as file:
                argv = [*WHO[case.control], INTERPRETER, "-I", "-S", "-c", file.read(), json.dumps(attempt)]
            given = {name: value.replace("$HOST", made.host) for name, value in case.env.items()}
            env = {**made.environment(), "HOME": f"{host}/home", "CALLER": CALLER, **given}
            opened = careless(made)
            try:
                out = _run(argv, case, made, env)
            finally:
                for descriptor in opened:
                    os.close(descriptor)
            time.sleep(0.05)
            harm = [*made.harm(), *left_behind(made)]
            if case.judged:
                # Without walls it is the workspace itself that is changed.
                harm = ["changed"] * (tree(f"{made.workspace}/{case.id}") != before)
            _end(made)
            harm += [f"seen: {text}" for text in (SECRET, CALLER, *case.never) if text in out]
            return harm, out
    finally:
        remove(host)


def _run(argv, case, made, env):
    match case.stdio:
        case "files":
            with open(f"{made.host}/home/input") as given, open(made.log, "a") as out:
                _wait(
                    subprocess.Popen(
                        argv,
                        cwd=made.workspace,
                        env=env,
                        stdin=given,
                        stdout=out,
                        stderr=out,
                        close_fds=False,
                    )
                )
            with open(made.log, errors="replace") as file:
                said = file.read()
            with open(made.log, "w") as file:
                file.write(LOGGED)
            if not said.startswith(LOGGED):
                made.reached.append("log")
            return said.removeprefix(LOGGED)
        case "terminal":
            master, slave = os.openpty()
            tty.setraw(slave)
            os.fchown(slave, NOBODY, NOBODY)

            _wait(
                subprocess.Popen(
                    ["setsid", "--ctty", "--wait", *argv],
                    cwd=made.workspace,
                    env=env,
                    stdin=slave,
                    stdout=slave,
                    stderr=slave,
                )
            )
            os.set_blocking(master, False)
            said = b""
            with contextlib.suppress(OSError):
                said = os.read(master, 65536)
            os.close(slave)
            os.close(master)
            return said.decode(errors="replace")
        case _:
            with tempfile.TemporaryFile() as out:
                _wait(
                    subprocess.Popen(
                        argv,
                        cwd=made.workspace,
                        env=env,
                        stdin=subprocess.DEVNULL,
                        stdout=out,
                        stderr=out,
                        close_fds=False,
                        start_new_session=True,
                    )
                )
                out.seek(0)
                return out.read(1 << 22).decode(errors="replace")


def _wait(child):
    try:
        child.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(OSError):
            os.killpg(child.pid, 9)
        child.kill()
        child.wait()


def _end(made):
    """Processes that a case without walls left, and only those."""
    for line in left_behind(made):
        if line.startswith("left behind: process "):
            with contextlib.suppress(OSError):
                os.kill(int(line.rpartition(" ")[2]), 9)
