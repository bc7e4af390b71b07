"""Two machines on a wire, in network namespaces of their own: one that runs sandboxes, and a small internet.

Nothing of it is simulated but the distance: a name server, web servers and a package index at addresses
that are public anywhere else, and services of the first machine that nobody may reach. What a server met
stands in ``met``, what was asked of the name server in ``asked``.
"""

import base64
import contextlib
import functools
import hashlib
import http.server
import io
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from sandbox.backends import _kernel
from tests.sandbox.runners import in_a_chroot, in_child

PUBLIC, OTHER, PRIVATE, METADATA, NAMES = (
    "93.1.1.10",
    "93.1.1.66",
    "10.77.0.10",
    "169.254.169.254",
    "93.1.1.53",
)
OWN = "93.9.9.9"
HOSTS: dict[str, list[list[str]]] = {
    "index.example.org": [[PUBLIC]],
    "other.example.org": [[PUBLIC]],
    "evil.example.net": [[OTHER]],
    "exampleXorg.example.net": [[OTHER]],
    "inside.example.org": [[PRIVATE]],
    "meta.example.org": [[METADATA]],
    "loop.example.org": [["127.0.0.1"]],
    "own.example.org": [[OWN]],
    "both.example.org": [[PUBLIC, "127.0.0.1"]],
    "mapped.example.org": [["::ffff:127.0.0.1"]],
    "xn--bcher-kva.example.org": [[PUBLIC]],
    # Each look-up leads somewhere else: public the first time.
    "rebind.example.org": [[PUBLIC], ["127.0.0.1"]],
}
"""Answers of the name server, in turn."""
SERVICES = (
    ("127.0.0.1", 5432),
    ("127.0.0.1", 9999),
    (OWN, 80),
    (OWN, 9999),
    ("127.0.0.1", 80),
    ("127.0.0.1", 443),
)
"""Of the machine itself."""


@dataclass
class World:
    directory: str
    machine: int
    """The process whose network is the machine's."""

    @property
    def certificate(self) -> str:
        return f"{self.directory}/cert.pem"

    def lines(self, name: str) -> list[str]:
        with open(f"{self.directory}/{name}", encoding="utf-8") as file:
            return file.read().splitlines()

    def forget(self) -> None:
        for name in ("met", "asked"):
            os.truncate(f"{self.directory}/{name}", 0)

    def enter(self, uid: int) -> None:
        """Become a process of the machine, and ``uid``, for good."""
        space = os.open(f"/proc/{self.machine}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        if in_a_chroot():
            _kernel.own_root()
        else:
            _kernel.unshare(_kernel.CLONE_NEWNS)
            _kernel.mount("none", "/", None, _kernel.MS_REC | _kernel.MS_PRIVATE)
        _kernel.enter(space, _kernel.CLONE_NEWNET)
        for name in ("resolv.conf", "nsswitch.conf", "hosts"):
            place = os.path.realpath(f"/etc/{name}")
            if os.path.exists(place):
                subprocess.run(["mount", "--bind", f"{self.directory}/{name}", place], check=True)
        if uid:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)

    def do(self, uid: int, work: Callable[[], Any]) -> Any:
        return in_child(lambda: self.enter(uid), work)

    def do_beside_an_engine(self, work: Callable[[], Any]) -> Any:
        """Sees what the engine mounts; only the proxy that ``work`` starts asks our name server."""

        def enter() -> None:
            space = os.open(f"/proc/{self.machine}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            _kernel.enter(space, _kernel.CLONE_NEWNET)
            sys.executable = f"{self.directory}/python"

        return in_child(enter, work)


class NoWorld(Exception):
    pass


@contextlib.contextmanager
def world(directory: str) -> Iterator[World]:
    """``directory`` is empty and readable by everybody. Raises NoWorld where this machine cannot have one."""
    if os.getuid() != 0:
        raise NoWorld("network namespaces joined by a wire need root")
    missing = [name for name in ("curl", "git", "ip", "nsenter", "openssl") if not shutil.which(name)]
    if missing:
        raise NoWorld(f"there is no {', '.join(missing)}")
    _files(directory)
    with contextlib.ExitStack() as stack:
        internet = _process(stack, directory, _internet)
        machine = _process(stack, directory, _machine)
        for command in (
            f"link add sbx0 type veth peer name sbx1 netns /proc/{internet}/ns/net",
            "link set lo up",
            "addr add 10.200.0.1/30 dev sbx0",
            f"addr add {OWN}/32 dev lo",
            "link set sbx0 up",
            "route add default via 10.200.0.2",
        ):
            _ip(machine, command)
        for command in (
            "link set lo up",
            *(f"addr add {one}/32 dev lo" for one in (PUBLIC, OTHER, PRIVATE, METADATA, NAMES)),
            "addr add 10.200.0.2/30 dev sbx1",
            "link set sbx1 up",
            f"route add {OWN}/32 via 10.200.0.1",
        ):
            _ip(internet, command)
        _note(directory, "wired.ready", "")
        _ready(directory, "internet", "machine")
        yield World(directory, machine)


def _ip(pid: int, command: str) -> None:
    done = subprocess.run(
        ["nsenter", f"--net=/proc/{pid}/ns/net", "ip", *command.split()], capture_output=True, text=True, check=False
    )  # fmt: skip
    if done.returncode:
        raise NoWorld(f"ip {command}: {done.stderr.strip()}")


def _process(stack: contextlib.ExitStack, directory: str, work: Callable[[str], None]) -> int:
    """Fork ``work`` into a network namespace of its own; it ends with us."""
    told, tells = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            _kernel.unshare(_kernel.CLONE_NEWNET)
            _kernel.die_with_parent()
            if os.getppid() == parent:
                os.write(tells, b"x")
                _ready(directory, "wired")
                work(directory)
        finally:
            os._exit(0)
    os.close(tells)
    stack.callback(os.waitpid, child, 0)
    stack.callback(os.kill, child, 9)
    made = os.read(told, 1)
    os.close(told)
    if not made:
        raise NoWorld("no network namespace can be made")
    return child


def _ready(directory: str, *names: str) -> None:
    for _ in range(300):
        if all(os.path.exists(f"{directory}/{name}.ready") for name in names):
            return
        time.sleep(0.05)
    raise RuntimeError("the servers of the test world do not start")


# ------------------------------------------------------------------ what lies on disk


def _files(directory: str) -> None:
    for name, text in {
        "resolv.conf": f"nameserver {NAMES}\noptions timeout:1 attempts:2\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "hosts": "127.0.0.1 localhost\n::1 localhost\n",
        "met": "",
        "asked": "",
    }.items():
        with open(f"{directory}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
    binds = "".join(
        f"mount --bind {directory}/{name} $(realpath /etc/{name})\n"
        for name in ("resolv.conf", "nsswitch.conf", "hosts")
    )
    with open(f"{directory}/python", "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\nexec unshare --mount sh -c \'{binds}exec {sys.executable} "$@"\' sh "$@"\n')
    os.chmod(f"{directory}/python", 0o755)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=example.org", "-addext", "subjectAltName=DNS:*.example.org,DNS:*.example.net",
         "-keyout", f"{directory}/key.pem", "-out", f"{directory}/cert.pem"],
        capture_output=True, check=True,
    )  # fmt: skip
    os.makedirs(f"{directory}/www/simple/toy")
    _wheel(f"{directory}/www")
    _package(f"{directory}/www")
    _repository(f"{directory}/www")


def _wheel(www: str) -> None:
    name = "toy-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{www}/{name}", "w") as wheel:
        wheel.writestr("toy.py", "WHAT = 'toy from the index'\n")
        info = "toy-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", f"toy.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    with open(f"{www}/simple/toy/index.html", "w", encoding="utf-8") as file:
        file.write(f'<a href="/{name}">{name}</a>')


def _package(www: str) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in {
            "package/package.json": json.dumps({"name": "toypkg", "version": "1.0.0", "main": "i.js"}),
            "package/i.js": "module.exports = 'toypkg from the index'\n",
        }.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    content = packed.getvalue()
    with open(f"{www}/toypkg-1.0.0.tgz", "wb") as file:
        file.write(content)
    about = {
        "name": "toypkg",
        "dist-tags": {"latest": "1.0.0"},
        "versions": {
            "1.0.0": {
                "name": "toypkg",
                "version": "1.0.0",
                "dist": {
                    "tarball": "https://index.example.org/toypkg-1.0.0.tgz",
                    "integrity": "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode(),
                },
            }
        },
    }
    with open(f"{www}/toypkg", "w", encoding="utf-8") as file:
        json.dump(about, file)


def _repository(www: str) -> None:
    made = f"{www}/work"
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"]
    subprocess.run([*git, "init", "-q", made], check=True)
    with open(f"{made}/file.txt", "w", encoding="utf-8") as file:
        file.write("from the repository\n")
    subprocess.run([*git, "-C", made, "add", "."], check=True)
    subprocess.run([*git, "-C", made, "commit", "-q", "-m", "one"], check=True)
    subprocess.run([*git, "clone", "-q", "--bare", made, f"{www}/toy.git"], check=True)
    subprocess.run([*git, "-C", f"{www}/toy.git", "update-server-info"], check=True)


# ------------------------------------------------------------------ the servers


def _bound(kind: int, address: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((address, port))
    if kind == socket.SOCK_STREAM:
        made.listen(64)
    return made


def _note(directory: str, name: str, text: str) -> None:
    with open(f"{directory}/{name}", "a", encoding="utf-8") as file:
        file.write(text + "\n")


def _each(listener: socket.socket, work: Callable[[socket.socket], None]) -> None:
    def accept() -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            work(connection)

    threading.Thread(target=accept, daemon=True).start()


def _machine(directory: str) -> None:
    """Services that only a grant may lead to: each says which one it is."""

    def service(name: str, connection: socket.socket) -> None:
        _note(directory, "met", name)
        connection.sendall(f"service {name}\n".encode())

    for address, port in SERVICES:
        _each(_bound(socket.SOCK_STREAM, address, port), functools.partial(service, f"{address}:{port}"))
    _note(directory, "machine.ready", "")
    threading.Event().wait()


class _Web(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    extensions_map: ClassVar = {"": "application/octet-stream", ".html": "text/html"}
    log: Callable[[str], None]

    def do_GET(self) -> None:
        self.log(f"{self.command} {self.headers.get('Host', '-')} {self.path}")
        match self.path.partition("?")[0]:
            case "/leave":
                self._say(302, b"", {"Location": "http://evil.example.net/"})
            case "/chunks":
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"6;x=y\r\nhello \r\n5\r\nthere\r\n0\r\nX-After: 1\r\n\r\n")
            case "/head":
                self._say(200, "".join(f"{k.lower()}: {v}\n" for k, v in self.headers.items()).encode())
            case "/big":
                self._say(200, b"b" * 3_000_000)
            case _:
                super().do_GET()

    def do_POST(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.log(f"POST {self.headers.get('Host', '-')} {self.path} {len(body)}")
        self._say(200, hashlib.sha256(body).hexdigest().encode())

    def _say(self, status: int, body: bytes, fields: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (fields or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _web(directory: str, address: str, port: int, *, secure: bool) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{directory}/cert.pem", f"{directory}/key.pem")
    where = f"{address}:{port}"

    def one(connection: socket.socket) -> None:
        handler = type(
            "Handler", (_Web,), {"log": staticmethod(lambda text: _note(directory, "met", f"{where} {text}"))}
        )
        if secure:
            connection = context.wrap_socket(connection, server_side=True)
        handler(connection, ("", 0), None, directory=f"{directory}/www")  # type: ignore[arg-type]

    _each(_bound(socket.SOCK_STREAM, address, port), one)


def _speaks_first(directory: str) -> None:
    def one(connection: socket.socket) -> None:
        _note(directory, "met", f"{PUBLIC}:22")
        connection.sendall(b"SSH-2.0-toy\r\n")
        connection.sendall(b"you said " + connection.recv(100))

    _each(_bound(socket.SOCK_STREAM, PUBLIC, 22), one)


def _names(directory: str) -> None:
    sock = _bound(socket.SOCK_DGRAM, NAMES, 53)
    turns: dict[str, int] = {}
    while True:
        query, sender = sock.recvfrom(512)
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode("latin-1"))
            at += 1 + query[at]
        name, question = ".".join(labels).lower(), query[12 : at + 5]
        kind = struct.unpack(">H", query[at + 1 : at + 3])[0]
        _note(directory, "asked", f"{name} {kind}")
        found = HOSTS.get(name)
        records = []
        if found is not None:
            turn = turns[name] = turns.get(name, -1) + (kind == 1)
            for address in found[max(turn, 0) % len(found)]:
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                if kind == (28 if family == socket.AF_INET6 else 1):
                    packed = socket.inet_pton(family, address)
                    records.append(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(packed)) + packed)
        flags = 0x8180 if found is not None else 0x8183
        sock.sendto(
            query[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0) + question + b"".join(records),
            sender,
        )


def _internet(directory: str) -> None:
    for address in (PUBLIC, OTHER, PRIVATE, METADATA):
        _web(directory, address, 80, secure=False)
        _web(directory, address, 443, secure=True)
    _web(directory, PUBLIC, 8080, secure=False)
    _speaks_first(directory)
    _note(directory, "internet.ready", "")
    _names(directory)
