"""Runs inside the walls (and, for the proof, without): makes the attempts that standard input lists, one after another.

Nothing it says is trusted to be true; it says what each attempt printed, so that one run can serve many attempts. It
is handed to the interpreter as text and imports the standard library only, as little of it as possible.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import select
import signal
import sys
import time
from typing import Any, Callable  # noqa: UP035 - the machine's interpreter may be an old one

_TABLES = {
    "x86_64": """
        socket=41 clone=56 ptrace=101 syslog=103 personality=135 ustat=136 sysfs=139 modify_ldt=154 pivot_root=155
        adjtimex=159 chroot=161 acct=163 settimeofday=164 mount=165 umount2=166 swapon=167 swapoff=168 reboot=169
        sethostname=170 setdomainname=171 iopl=172 ioperm=173 init_module=175 delete_module=176 quotactl=179
        clock_settime=227 kexec_load=246 add_key=248 request_key=249 keyctl=250 unshare=272 perf_event_open=298
        fanotify_init=300 fanotify_mark=301 prlimit64=302 name_to_handle_at=303 open_by_handle_at=304
        clock_adjtime=305 setns=308 process_vm_readv=310 process_vm_writev=311 kcmp=312 finit_module=313
        memfd_create=319 kexec_file_load=320 bpf=321 execveat=322 userfaultfd=323 vhangup=153 mknodat=259
        setpriority=141 sched_setscheduler=144 sched_setaffinity=203 ioprio_set=251
    """,
    "aarch64": """
        socket=198 clone=220 ptrace=117 syslog=116 personality=92 pivot_root=41 adjtimex=171 chroot=51 acct=89
        settimeofday=170 mount=40 umount2=39 swapon=224 swapoff=225 reboot=142 sethostname=161 setdomainname=162
        init_module=105 delete_module=106 quotactl=60 clock_settime=112 kexec_load=104 add_key=217 request_key=218
        keyctl=219 unshare=97 perf_event_open=241 fanotify_init=262 fanotify_mark=263 prlimit64=261
        name_to_handle_at=264 open_by_handle_at=265 clock_adjtime=266 setns=268 process_vm_readv=270
        process_vm_writev=271 kcmp=272 finit_module=273 memfd_create=279 kexec_file_load=294 bpf=280 execveat=281
        userfaultfd=282 vhangup=58 mknodat=33 setpriority=140 sched_setscheduler=119 sched_setaffinity=122
        ioprio_set=30
    """,
}
EVERYWHERE = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "clone3": 435, "openat2": 437, "pidfd_getfd": 438,
    "process_madvise": 440, "mount_setattr": 442, "quotactl_fd": 443, "memfd_secret": 447, "pidfd_send_signal": 424,
    "statmount": 457, "listmount": 458,
}  # fmt: skip
MOST_OUTPUT = 1 << 18
PATIENCE_S = 8.0

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
_words = (pair.split("=") for pair in _TABLES.get(os.uname().machine, "").split())
NUMBERS = {name: int(number) for name, number in _words}


def kernel(name: str, *arguments: Any) -> tuple[int, int]:
    """The call ``name``, by number: its result and errno."""
    number = EVERYWHERE.get(name) or NUMBERS.get(name, -1)
    if number < 0:
        return -1, errno.ENOSYS
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *wide)
    return int(result), ctypes.get_errno()


def door(name: str, *arguments: Any) -> None:
    """Says REACHED unless the kernel refuses the call itself; arguments may be nonsense, so that nothing happens."""
    result, code = kernel(name, *arguments)
    closed = result < 0 and code in {errno.EPERM, errno.ENOSYS}
    say("refused" if closed else "REACHED", name, result, errno.errorcode.get(code, code))


def attempt(what: str, act: Callable[..., Any], *arguments: Any) -> Any:
    """Says REACHED when ``act`` ends without an error."""
    try:
        result = act(*arguments)
    except (OSError, ValueError, LookupError, OverflowError, MemoryError) as error:
        say("refused", what, type(error).__name__, error)
        return None
    say("REACHED", what)
    return result


def write(path: str, content: str = "x\n", mode: str = "a") -> None:
    with open(path, mode) as file:
        file.write(content)


def read(path: str) -> str:
    """The beginning of a file, also shown."""
    with open(path, "rb") as file:
        content = file.read(65536).decode(errors="replace")
    say(content)
    return content


def writable(*paths: str) -> None:
    """Opening for writing is the whole attempt: nothing is written, so that the proof harms nobody."""
    for path in paths:
        attempt(path, _open, path, os.O_WRONLY)


def readable(*paths: str) -> None:
    for path in paths:
        attempt(path, _open, path, os.O_RDONLY)


def _open(path: str, flags: int) -> None:
    os.close(os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY))


def through_the_proxy(*requests: str) -> None:
    """Say each to the proxy of the run, ``{token}`` being what it wants to hear, and show the first line it answers."""
    import base64  # noqa: PLC0415 - few attempts need these
    import socket  # noqa: PLC0415 - as above

    where = dict(os.environ).get("HTTP_PROXY", "")  # the sandbox's own doing, not the caller's
    word, _, place = where.rpartition("://")[2].rpartition("@")
    name, _, port = place.rstrip("/").rpartition(":")
    token = "Basic " + base64.b64encode(word.encode()).decode()
    for request in requests:
        try:
            with socket.create_connection((name, int(port)), 5) as channel:
                channel.settimeout(5)
                channel.sendall(request.replace("{token}", token).encode("latin-1"))
                heard = b""
                while chunk := channel.recv(4096):
                    heard += chunk
        except (OSError, ValueError) as error:
            say("refused", type(error).__name__, error)
            continue
        say("heard", heard[:80].split(b"\r\n")[0].decode(errors="replace"), "|", repr(request[:60]))


def say(*words: Any) -> None:
    os.write(1, (" ".join(str(word) for word in words) + "\n").encode(errors="replace"))


def become(case: dict[str, Any]) -> None:
    """This process is the attempt from here on."""
    os.environ.update(case["variables"])
    if case["cwd"]:
        os.chdir(case["cwd"])
    if not case["python"]:
        os.execv("/bin/bash", ["bash", "-c", case["script"]])  # noqa: S606 - the attempt itself
    names = {name: value for name, value in globals().items() if not name.startswith("__")}
    names["__name__"] = "__main__"
    names.update(
        {
            name: os.environ.get(name, "")
            for name in ("HOST", "WS", "PORT", "GRANTED", "ABSTRACT", "VICTIM", "HOME")
        }
    )
    try:
        exec(compile(case["script"], case["id"], "exec"), names)  # noqa: S102 - the attempt is the purpose
    except SystemExit:
        return
    except BaseException as error:  # noqa: BLE001 - whatever stops it, it is said
        say("refused", type(error).__name__, error)


def one(case: dict[str, Any]) -> dict[str, Any]:
    """Make an attempt in a session of its own, and say what it printed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(writer, 1)
            os.dup2(writer, 2)
            os.close(writer)
            os.close(reader)
            become(case)
        finally:
            os._exit(0)
    os.close(writer)
    out, gone, status, end = b"", False, -1, time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        if select.select([reader], [], [], 0.0 if gone else 0.05)[0]:
            chunk = os.read(reader, 65536)
            if not chunk:
                break
            out = (out + chunk)[:MOST_OUTPUT]
        elif gone:
            break  # somebody who stayed holds the pipe
        else:
            found, status = os.waitpid(child, os.WNOHANG)
            gone = found != 0
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    os.close(reader)
    if not gone:
        status = os.waitpid(child, 0)[1]
    return {"id": case["id"], "out": out.decode(errors="replace"), "status": status}


def main() -> None:
    if len(sys.argv) > 1:
        become(json.loads(sys.argv[1]))
        return
    for case in json.load(sys.stdin):
        os.write(1, (json.dumps(one(case)) + "\n").encode())


if __name__ == "__main__":
    main()
