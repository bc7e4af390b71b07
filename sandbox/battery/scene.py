"""A host to be protected: a home with secrets, a workspace beside it, a process, listeners. And what became of it."""

import contextlib
import hashlib
import os
import selectors
import shutil
import socket
import subprocess
import threading
import uuid
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

SECRET = "HOST-SECRET-5f1d"  # noqa: S105 - what must never be seen inside
CALLER = "CALLER-SECRET-77ab"
"""A variable of whoever starts the runs."""
SHARED = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - an attempt to write there is looked for
LOG = "log"
"""Not part of ``before``: where the output of a case may go that is given files of the host."""
LOGGED = f"an earlier line with {SECRET}\n"
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_GRANTED = "granted"
_SOCKETS = ("home/sock", "home/docker.sock", "home/.ssh/agent.sock", "home/bus")
_FILES = {
    "home/.ssh/id_rsa": SECRET,
    "home/.aws/credentials": f"key = {SECRET}\n",
    "home/.netrc": f"password {SECRET}\n",
    "home/.docker/config.json": f'{{"auth": "{SECRET}"}}\n',
    "home/.kube/config": f"token: {SECRET}\n",
    "home/.config/gh/hosts.yml": f"oauth_token: {SECRET}\n",
    "home/.git-credentials": f"https://me:{SECRET}@host.example\n",
    "home/.bash_history": f"export TOKEN={SECRET}\n",
    "home/.mozilla/firefox/main/logins.json": f'"{SECRET}"\n',
    "home/.gnupg/private-keys-v1.d/one.key": SECRET,
    "home/.pgpass": f"*:*:*:*:{SECRET}\n",
    "home/.bashrc": "# mine\n",
    "home/.profile": "# mine\n",
    "home/.claude/settings.json": "{}\n",
    "home/.gitconfig": "[user]\n",
    "home/input": "given\n",
    "ws/src/a.txt": "one\n",
    "ws/secret.env": f"TOKEN={SECRET}\n",
    "ws-evil/f": "theirs\n",
}


@dataclass
class Scene:
    """``host`` holds ``home`` (with secrets and sockets), ``ws`` and ``ws-evil``."""

    host: str
    port: int
    granted: int
    """A port of the host that some cases may talk to."""
    abstract: str
    victim: "subprocess.Popen[bytes]"
    long: str
    """How many seconds processes of the cases sleep: their mark."""
    before: dict[str, str] = field(default_factory=dict[str, str])
    devices: dict[str, str] = field(default_factory=dict[str, str])
    """Of the machine, as they were."""
    reached: list[str] = field(default_factory=list[str])
    nice: bytes = b"0"
    """Of the victim, as it was: we may have been slowed down ourselves."""

    @property
    def workspace(self) -> str:
        return f"{self.host}/ws"

    @property
    def log(self) -> str:
        return f"{self.host}/{LOG}"

    def environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOST": self.host,
            "WS": self.workspace,
            "PORT": str(self.port),
            "GRANTED": str(self.granted),
            "ABSTRACT": self.abstract,
            "VICTIM": str(self.victim.pid),
            "LONG": self.long,
        }

    def disturbed(self) -> list[str]:
        """Files that are not as they were."""
        now = tree(self.host)
        changed = {path for path in self.before.keys() | now.keys() if self.before.get(path) != now.get(path)}
        return [f"changed: {path}" for path in sorted(changed)]

    def harm(self) -> list[str]:
        """Everything that is not as it was."""
        return [
            *self.disturbed(),
            *self._victim(),
            *(f"changed: /dev/{name}" for name, was in _devices().items() if self.devices.get(name) != was),
            *(f"reached: {what}" for what in dict.fromkeys(self.reached)),
            *(f"written: {place}" for place in SHARED if os.path.lexists(f"{place}/{self.abstract}")),
        ]

    def _victim(self) -> list[str]:
        if self.victim.poll() is not None:
            return ["the victim is dead"]
        with contextlib.suppress(OSError):
            state, nice = _state(self.victim.pid)
            return ["the victim was stopped"] * (state in {b"T", b"t"}) + ["the victim was slowed down"] * (
                nice != self.nice
            )
        return []


def _state(process: int) -> tuple[bytes, bytes]:
    """Its state and its nice value."""
    with open(f"/proc/{process}/stat", "rb") as file:
        values = file.read().rpartition(b")")[2].split()
    return values[0], values[16]


def tree(root: str) -> dict[str, str]:
    """Path to type, mode, owner, time of change, attributes and content."""
    found: dict[str, str] = {}
    for base, directories, files in os.walk(root):
        for name in (*directories, *files):
            path = os.path.join(base, name)
            relative = os.path.relpath(path, root)
            if relative == LOG:
                continue
            try:
                found[relative] = _looks(path)
            except FileNotFoundError:
                continue  # it went away meanwhile, which the next look at the tree tells
    return found


def _devices() -> dict[str, str]:
    """A change of mode or times is seen in the time of the last change."""
    found: dict[str, str] = {}
    for name in _DEVICES:
        info = os.stat(f"/dev/{name}")
        found[name] = f"{info.st_mode:o} {info.st_uid} {info.st_ctime_ns}"
    return found


def _looks(path: str) -> str:
    info = os.lstat(path)
    content = os.readlink(path) if os.path.islink(path) else ""
    if os.path.isfile(path) and not os.path.islink(path):
        try:
            with open(path, "rb") as file:
                content = hashlib.sha256(file.read(1 << 20)).hexdigest()
        except PermissionError:
            content = "cannot be read"
    names = sorted(os.listxattr(path, follow_symlinks=False))
    return f"{info.st_mode:o} {info.st_uid} {info.st_size} {info.st_ctime_ns} {names} {content}"


def _build(host: str, projects: tuple[str, ...]) -> None:
    contents = dict(_FILES)
    for project in projects:
        contents |= {f"ws/{project}/{name}": text for name, text in _project().items()}
    for name, content in contents.items():
        os.makedirs(os.path.dirname(f"{host}/{name}"), exist_ok=True)
        with open(f"{host}/{name}", "w", encoding="utf-8") as file:
            file.write(content)
    os.chmod(f"{host}/home/.ssh/id_rsa", 0o600)
    os.symlink(f"{host}/home", f"{host}/ws/outward")
    # Whoever makes mount points by path would make them there (CVE-2026-87766).
    os.symlink("/", f"{host}/ws/oldroot")
    with open(f"{host}/{LOG}", "w", encoding="utf-8") as file:
        file.write(LOGGED)
    for project in projects:
        for name in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "info"):
            os.makedirs(f"{host}/ws/{project}/.git/{name}", exist_ok=True)


def _project() -> dict[str, str]:
    """What a judged case finds in its directory: a small repository."""
    return {
        ".git/HEAD": "ref: refs/heads/main\n",
        ".git/config": "[core]\n\trepositoryformatversion = 0\n\tbare = false\n",
        ".git/hooks/pre-commit.sample": "#!/bin/sh\n",
        ".git/modules/x/config": "[core]\n\trepositoryformatversion = 0\n",
        ".git/modules/x/HEAD": "ref: refs/heads/main\n",
        "sub/.git/HEAD": "ref: refs/heads/main\n",
        "sub/.git/config": "[core]\n\trepositoryformatversion = 0\n",
        ".claude/settings.json": "{}\n",
        "src/a.py": "one = 1\n",
        "src/b.py": "two = 2\n",
        "src/deep/c.py": "three = 3\n",
        "README.md": "# a project\n",
    }


@contextlib.contextmanager
def scene(host: str, uid: int, projects: tuple[str, ...] = ()) -> Generator[Scene]:
    """``host`` is an empty directory that ``uid`` owns. It is empty again afterwards."""
    with contextlib.ExitStack() as stack:
        stack.callback(_empty, host)
        _build(host, projects)
        abstract = f"execguard-escape-{uuid.uuid4().hex[:8]}"
        stack.callback(_clear, abstract)
        victim = _sleeper(uid)
        stack.callback(victim.wait)
        stack.callback(victim.kill)
        tcp = stack.enter_context(_tcp())
        port = tcp.getsockname()[1]
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", port))
        free = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        listeners = {"tcp": tcp, "udp": udp, _GRANTED: free}
        place = os.open(host, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        stack.callback(os.close, place)
        for name in (*_SOCKETS, ""):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            # By its directory's descriptor: a socket's path has room for a hundred characters.
            listener.bind(f"/proc/self/fd/{place}/{name}" if name else f"\0{abstract}")
            if name:
                os.chmod(f"{host}/{name}", 0o777)  # noqa: S103 - nothing but the walls may be what stops it
            listeners[name or "abstract"] = listener
        posted = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        posted.bind(f"\0{abstract}-d")
        listeners["abstract datagram"] = posted
        if os.getuid() == 0:
            _give(host, uid)
        long = f"31536.{uuid.uuid4().int % 10**8}"
        made = Scene(
            host=host,
            port=port,
            granted=free.getsockname()[1],
            abstract=abstract,
            victim=victim,
            long=long,
        )
        for listener in listeners.values():
            if listener.type is not socket.SOCK_DGRAM:
                listener.listen(16)
        _watch(stack, made, listeners)
        made.before, made.devices = tree(host), _devices()
        made.nice = _state(victim.pid)[1]
        yield made


def _sleeper(uid: int) -> "subprocess.Popen[bytes]":
    argv, env = ["/bin/sleep", "600"], {"CALLER": CALLER}
    # Of its own: whoever reads what we say until nobody can say more does not wait for it, should we be killed.
    null = subprocess.DEVNULL
    if os.getuid() == 0:
        return subprocess.Popen(
            argv, env=env, stdin=null, stdout=null, stderr=null, user=uid, group=uid, extra_groups=[]
        )
    return subprocess.Popen(argv, env=env, stdin=null, stdout=null, stderr=null)


def _tcp() -> socket.socket:
    """On both loopbacks where there are two."""
    if socket.has_dualstack_ipv6():
        with contextlib.suppress(OSError):
            return socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("127.0.0.1", 0))


def _give(host: str, uid: int) -> None:
    for base, directories, files in os.walk(host):
        for name in (*directories, *files):
            os.chown(os.path.join(base, name), uid, uid, follow_symlinks=False)


def _watch(stack: contextlib.ExitStack, made: Scene, listeners: dict[str, socket.socket]) -> None:
    wakes, woken = socket.socketpair()
    selector = selectors.DefaultSelector()
    selector.register(woken, selectors.EVENT_READ, "")
    for what, listener in listeners.items():
        listener.setblocking(False)
        selector.register(listener, selectors.EVENT_READ, what)

    def wait() -> None:
        while True:
            for key, _ in selector.select():
                if not key.data:
                    return
                listener: Any = key.fileobj
                with contextlib.suppress(OSError):
                    if listener.type is socket.SOCK_DGRAM:
                        listener.recv(16)
                    else:
                        connection = listener.accept()[0]
                        if key.data == _GRANTED:
                            connection.sendall(b"this is granted\n")
                        connection.close()
                if key.data != _GRANTED:
                    made.reached.append(key.data)

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()

    def stop() -> None:
        wakes.send(b"x")
        thread.join(5)
        for one in (wakes, woken, selector):
            one.close()

    stack.callback(stop)


def _clear(name: str) -> None:
    for place in SHARED:
        with contextlib.suppress(OSError):
            os.unlink(f"{place}/{name}")


def _empty(host: str) -> None:
    with contextlib.suppress(OSError):
        for name in os.listdir(host):
            path = f"{host}/{name}"
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path, ignore_errors=True)
            else:
                os.unlink(path)


def left_behind(made: Scene) -> list[str]:
    """Processes of a case that are still there, and mounts below the scene."""
    found: list[str] = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/cmdline", "rb") as file:
                if file.read().split(b"\0")[:2] == [b"sleep", made.long.encode()]:
                    found.append(f"left behind: process {entry}")
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        found += [f"left behind: mount {line.split()[4]}" for line in file if made.host in line.split()[4]]
    return found
