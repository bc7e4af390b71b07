"""What a command in the sandbox says to the proxy: `ask.py ask TEXT`, `socks NAME PORT [TEXT]`, `hello NAME`."""

import base64
import contextlib
import os
import socket
import ssl
import sys
import time
from urllib.parse import urlsplit

PROXY = urlsplit(os.environ["HTTP_PROXY"])


def connect():
    made = socket.create_connection((PROXY.hostname, PROXY.port), 10)
    made.settimeout(10)
    return made


def raw(text):
    word = base64.b64encode(f"{PROXY.username}:{PROXY.password}".encode()).decode()
    text = text.replace("{token}", f"Basic {word}")
    for written, meant in (("\\r", "\r"), ("\\n", "\n"), ("\\0", "\0"), ("\\\\", "\\")):
        text = text.replace(written, meant)
    return text.encode("utf-8", "surrogateescape")


def rest(sock):
    heard = b""
    try:
        while data := sock.recv(65536):
            heard += data
    except OSError:
        pass
    return heard.decode(errors="replace")


def ask(text):
    sock = connect()
    with contextlib.suppress(OSError):
        sock.sendall(raw(text))
        sock.shutdown(socket.SHUT_WR)
    sys.stdout.write(rest(sock))


def socks(name, port, text=""):
    sock = connect()
    user, word = PROXY.username.encode(), PROXY.password.encode()
    sock.sendall(b"\5\1\2\1" + bytes([len(user)]) + user + bytes([len(word)]) + word)
    assert sock.recv(2) + sock.recv(2) == b"\5\2\1\0"
    where = raw(name)
    sock.sendall(b"\5\1\0\3" + bytes([len(where)]) + where + int(port).to_bytes(2, "big"))
    print("socks", sock.recv(10)[1])
    if text:
        sock.sendall(raw(text))
        print(rest(sock))


def hello(name, where="index.example.org:443"):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reads, writes = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(reads, writes, server_hostname=name or None)
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    greeting = writes.read()
    sock = connect()
    sock.sendall(raw(f"CONNECT {where} HTTP/1.1\\r\\nProxy-Authorization: {{token}}\\r\\n\\r\\n"))
    assert b"200" in sock.recv(100)
    size = int(os.environ.get("PIECES", len(greeting)))
    try:
        for at in range(0, len(greeting), size):
            sock.sendall(greeting[at : at + size])
            if size < len(greeting):
                time.sleep(0.01)
        print("answered" if sock.recv(1) == b"\x16" else "closed")
    except OSError:
        print("closed")


{"ask": ask, "socks": socks, "hello": hello}[sys.argv[1]](*sys.argv[2:])
