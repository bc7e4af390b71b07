"""Runs texts in real bash and tells which programs each one started. Run by path, as a process of its own.

In: JSON lines ``[text, options]``. Out: for each ``{"ran": [[name, *args], ...], "out": ..., "status": ...}``. It first
gives up whatever could hurt the machine: root, the network, large files, many processes. ``PATH`` holds canaries
(``k0`` to ``k9``, which write down how they were called; the even ones fail) and the few tools named in ``TOOLS``;
a name that is found nowhere is written down as well.
"""

import contextlib
import ctypes
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

TOOLS = ("cat", "true")
TIMEOUT = 3.0
_NO_NETWORK = 0x40000000
# One write each, or what runs at the same time gets mixed up.
_CANARY = '#!/bin/sh\nprintf "%%s\\0" "${0##*/}" "$@" "\1" >>%s\nexit %d\n'
_NOT_FOUND = '() { printf "%%s\\0" "$@" "\1" >>%s; return 127; }'


def confine(scratch: Path) -> None:
    if os.geteuid() == 0:
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).unshare(_NO_NETWORK)
        scratch.chmod(0o777)
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
    for limit, value in (
        (resource.RLIMIT_CPU, 600),
        (resource.RLIMIT_FSIZE, 1 << 20),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, 1 << 30),
    ):
        resource.setrlimit(limit, (value, value))


def prepare(scratch: Path) -> dict[str, str]:
    programs = scratch / "bin"
    programs.mkdir()
    for number in range(10):
        canary = programs / f"k{number}"
        canary.write_text(_CANARY % (scratch / "log", (number + 1) % 2))
        canary.chmod(0o755)
    for tool in TOOLS:
        (programs / tool).symlink_to(shutil.which(tool) or f"/bin/{tool}")
    return {
        "PATH": str(programs),
        "HOME": str(scratch / "home"),
        "LC_ALL": "C.UTF-8",
        "BASH_FUNC_command_not_found_handle%%": _NOT_FOUND % (scratch / "log"),
    }


def run(
    bash: str, text: str, options: list[str], scratch: Path, environment: dict[str, str]
) -> dict[str, object]:
    work, log = scratch / "work", scratch / "log"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    (work / "a.txt").write_text("one\n")
    (work / "b.txt").write_text("two\n")
    log.unlink(missing_ok=True)
    process = subprocess.Popen(
        [bash, "--norc", "--noprofile", *options, "-c", "--", text],
        cwd=work,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    out, status = b"", None
    with contextlib.suppress(subprocess.TimeoutExpired):
        out, errors = process.communicate(timeout=TIMEOUT)
        status = process.returncode
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    if status is None:
        process.communicate()
        errors = b""
    lines = log.read_bytes().split(b"\0\1\0") if log.exists() else []
    return {
        "ran": [[w.decode(errors="replace") for w in line.split(b"\0")] for line in lines if line],
        "out": out.decode(errors="replace"),
        "errors": errors.decode(errors="replace")[:500],
        "status": status,
    }


def main() -> None:
    bash, scratch = sys.argv[1], Path(sys.argv[2])
    confine(scratch)
    os.umask(0o022)
    environment = prepare(scratch)
    if sys.argv[3:]:
        # Real programs behind the canaries, and nothing that answers for those that are not there.
        environment["PATH"] += ":" + sys.argv[3]
        del environment["BASH_FUNC_command_not_found_handle%%"]
    for line in sys.stdin:
        text, options = json.loads(line)
        sys.stdout.write(json.dumps(run(bash, text, options, scratch, environment)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
