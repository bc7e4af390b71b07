"""A host to be protected: a home with secrets, a workspace beside it, a process, listeners. And what became of it."""

import contextlib
import hashlib
import os
import socket
import subprocess
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

SECRET = "HOST-SECRET-5f1d"
SLEEP = b"31536"
"""How long processes of the cases sleep: their mark."""
SHARED = ("/tmp", "/var/tmp", "/dev/shm")


@dataclass
class Scene:
    """``host`` holds ``home`` (with secrets and a socket), ``ws`` and ``ws-evil``."""

    host: str
    port: int
    abstract: str
    victim: subprocess.Popen[bytes]
    before: dict[str, str]
    reached: list[str] = field(default_factory=list)

    @property
    def workspace(self) -> str:
        return f"{self.host}/ws"

    def environment(self) -> tuple[tuple[str, str], ...]:
        return (
            ("PATH", "/usr/local/bin:/usr/bin:/bin"),
            ("HOST", self.host),
            ("WS", self.workspace),
            ("PORT", str(self.port)),
            ("ABSTRACT", self.abstract),
            ("VICTIM", str(self.victim.pid)),
        )

    def harm(self) -> list[str]:
        """Everything that is not as it was."""
        now = tree(self.host)
        changed = sorted(
            path for path in self.before.keys() | now.keys() if self.before.get(path) != now.get(path)
        )
        return [
            *(f"changed: {path}" for path in changed),
            *(["the victim is dead"] if self.victim.poll() is not None else []),
            *(f"reached: {what}" for what in self.reached),
            *(f"written: {place}" for place in SHARED if os.path.lexists(f"{place}/{self.abstract}")),
        ]


def tree(root: str) -> dict[str, str]:
    """Path to type, mode, owner and content."""
    found: dict[str, str] = {}
    for base, directories, files in os.walk(root):
        for name in (*directories, *files):
            path = os.path.join(base, name)
            info = os.lstat(path)
            content = os.readlink(path) if os.path.islink(path) else ""
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    content = hashlib.sha256(file.read()).hexdigest()
            found[os.path.relpath(path, root)] = f"{info.st_mode:o} {info.st_uid} {content}"
    return found


def build(host: str) -> None:
    for directory in ("home/.ssh", "ws/src", "ws-evil"):
        os.makedirs(f"{host}/{directory}")
    for name, content in {
        "home/.ssh/id_rsa": SECRET,
        "home/.bashrc": "# mine\n",
        "ws/src/a.txt": "one\n",
        "ws/secret.env": f"TOKEN={SECRET}\n",
        "ws-evil/f": "theirs\n",
    }.items():
        with open(f"{host}/{name}", "w", encoding="utf-8") as file:
            file.write(content)
    os.chmod(f"{host}/home/.ssh/id_rsa", 0o600)
    os.symlink(f"{host}/home", f"{host}/ws/outward")


@contextlib.contextmanager
def scene(host: str, uid: int) -> Iterator[Scene]:
    """``host`` is an empty directory that ``uid`` owns."""
    build(host)
    if os.getuid() == 0:
        for base, directories, files in os.walk(host):
            for name in (*directories, *files):
                os.chown(os.path.join(base, name), uid, uid, follow_symlinks=False)
    whose: dict[str, Any] = {"user": uid, "group": uid, "extra_groups": []} if os.getuid() == 0 else {}
    victim = subprocess.Popen(["/bin/sleep", "600"], **whose)
    abstract = f"execguard-escape-{uuid.uuid4().hex[:8]}"
    with contextlib.ExitStack() as stack:
        stack.callback(_clear, abstract)
        stack.callback(victim.wait)
        stack.callback(victim.kill)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = tcp.getsockname()[1]
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", port))
        named = stack.enter_context(socket.socket(socket.AF_UNIX))
        named.bind(f"{host}/home/sock")
        os.chmod(f"{host}/home/sock", 0o777)
        hidden = stack.enter_context(socket.socket(socket.AF_UNIX))
        hidden.bind(f"\0{abstract}")
        made = Scene(host=host, port=port, abstract=abstract, victim=victim, before=tree(host))
        for what, listener in (("tcp", tcp), ("named", named), ("abstract", hidden)):
            listener.listen(16)
            _watch(stack, made, what, listener)
        _watch(stack, made, "udp", udp)
        yield made


def _watch(stack: contextlib.ExitStack, made: Scene, what: str, listener: socket.socket) -> None:
    done = threading.Event()
    listener.settimeout(0.1)

    def wait() -> None:
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                if listener.type is socket.SOCK_DGRAM:
                    listener.recv(16)
                else:
                    listener.accept()[0].close()
                made.reached.append(what)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    stack.callback(thread.join, 5)
    stack.callback(done.set)


def _clear(name: str) -> None:
    for place in SHARED:
        with contextlib.suppress(OSError):
            os.unlink(f"{place}/{name}")


def left_behind() -> list[str]:
    """Processes of a case that are still there, and mounts below a scene."""
    found: list[str] = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/cmdline", "rb") as file:
                if file.read().split(b"\0")[:2] == [b"sleep", SLEEP]:
                    found.append(f"process {entry}")
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        found += [f"mount {line.split()[4]}" for line in file if "/execguard-test-" in line.split()[4]]
    return found
