"""Heads and bodies of HTTP/1 (RFC 9112), read strictly: what two readers could understand differently is refused. Pure.

No bare line feeds, no folded lines, no space before a colon, one length and one only.
"""

import string
from dataclasses import dataclass

from sandbox.proxy.names import Host, HostError, authority

MAX_HEAD = 32 * 1024
MAX_FIELDS = 128
_TOKEN = frozenset((string.ascii_letters + string.digits + "!#$%&'*+-.^_`|~").encode())
_VISIBLE = frozenset(range(0x21, 0x7F))
_VALUE = frozenset(range(0x20, 0x7F)) | frozenset(range(0x80, 0x100)) | {0x09}
_HOP = frozenset(
    b"connection keep-alive proxy-connection proxy-authorization proxy-authenticate te trailer upgrade"
    b" http2-settings".split()
)
_NEVER_HOP = frozenset((b"host", b"content-length", b"transfer-encoding", b"authorization", b"cookie"))
_FOR_PROXY = b"proxy-"


class BadMessage(ValueError):
    """The message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Head:
    start: tuple[bytes, bytes, bytes]
    """Method, target and version of a request; version, status and reason of a response."""
    fields: tuple[tuple[bytes, bytes], ...]
    """Names in lower case."""

    def all(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.fields if key == name]

    def one(self, name: bytes) -> bytes | None:
        """Raises BadMessage when there are more."""
        found = self.all(name)
        if len(found) > 1:
            raise BadMessage(f"there are {len(found)} {name.decode()} fields")
        return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Body:
    """``length`` is -1 for chunks, and -2 for what lasts until the connection ends."""

    length: int

    @property
    def chunked(self) -> bool:
        return self.length == -1

    @property
    def to_the_end(self) -> bool:
        return self.length == -2


def request_head(raw: bytes) -> Head:
    """``raw`` ends with the empty line. Raises BadMessage."""
    lines = _lines(raw)
    parts = lines[0].split(b" ")
    if len(parts) != 3 or not all(parts):
        raise BadMessage("the request line is not `METHOD TARGET VERSION`")
    method, target, version = parts
    if set(method) - _TOKEN or set(target) - _VISIBLE:
        raise BadMessage("the request line holds odd characters")
    if version not in (b"HTTP/1.1", b"HTTP/1.0"):
        raise BadMessage("it is not HTTP/1.1")
    return Head((method, target, version), _fields(lines[1:]))


def response_head(raw: bytes) -> Head:
    lines = _lines(raw)
    version, _, rest = lines[0].partition(b" ")
    status, _, reason = rest.partition(b" ")
    if version not in (b"HTTP/1.1", b"HTTP/1.0") or len(status) != 3 or not status.isdigit():
        raise BadMessage("the answer is not HTTP/1.1")
    return Head((version, status, reason), _fields(lines[1:]))


def _lines(raw: bytes) -> list[bytes]:
    lines = raw.removesuffix(b"\r\n\r\n").split(b"\r\n")
    if any(set(line) - _VALUE for line in lines):
        raise BadMessage("a line holds control characters")
    if len(lines) > MAX_FIELDS:
        raise BadMessage(f"there are more than {MAX_FIELDS} fields")
    return lines


def _fields(lines: list[bytes]) -> tuple[tuple[bytes, bytes], ...]:
    found: list[tuple[bytes, bytes]] = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or set(name) - _TOKEN:
            raise BadMessage("a field is not `Name: value`")
        found.append((name.lower(), value.strip(b" \t")))
    return tuple(found)


def request_body(head: Head) -> Body:
    coding, length = head.one(b"transfer-encoding"), head.one(b"content-length")
    if coding is not None:
        if length is not None or head.start[2] != b"HTTP/1.1" or coding.lower() != b"chunked":
            raise BadMessage("its length is said twice, or in a way that is not understood")
        return Body(-1)
    return Body(0 if length is None else _number(length))


def response_body(head: Head, method: bytes) -> Body:
    status = head.start[1]
    if method == b"HEAD" or status in (b"204", b"304") or status.startswith(b"1"):
        return Body(0)
    coding, length = head.one(b"transfer-encoding"), head.one(b"content-length")
    if coding is not None:
        if length is not None or coding.lower() != b"chunked":
            raise BadMessage("the answer's length is said twice, or in a way that is not understood")
        return Body(-1)
    return Body(-2 if length is None else _number(length))


def _number(text: bytes) -> int:
    if not text.isdigit() or len(text) > 18:
        raise BadMessage("the length is not a number")
    return int(text)


def chunk_size(line: bytes) -> int:
    """Of a chunk's first line, without its end; extensions are not passed on."""
    size = line.partition(b";")[0].rstrip(b" \t")
    if not size or len(size) > 15 or set(size) - set(string.hexdigits.encode()):
        raise BadMessage("a chunk has no size")
    return int(size, 16)


def target_of(head: Head) -> tuple[Host, int, bytes]:
    """Host, port and path of a request to a proxy (absolute form). Raises BadMessage or HostError."""
    target = head.start[1]
    if target[:7].lower() != b"http://":
        raise BadMessage("a proxy is asked for `http://HOST/...` or with CONNECT")
    rest = target[7:]
    end = min(
        (at for at in (rest.find(b"/"), rest.find(b"?"), rest.find(b"#")) if at >= 0), default=len(rest)
    )
    path = rest[end:]
    if b"#" in path:
        raise BadMessage("a fragment is not sent")
    if not path.startswith(b"/"):
        path = b"/" + path
    host, port = authority(rest[:end].decode("ascii"), 80)
    return host, port, path


def check_host(head: Head, host: Host, port: int, *, default: int, needed: bool) -> None:
    """Raises BadMessage unless the Host field names the same host and port."""
    value = head.one(b"host")
    if value is None:
        if needed and head.start[2] == b"HTTP/1.1":
            raise BadMessage("the Host field is missing")
        return
    if not value.isascii():
        raise BadMessage("the Host field is not ASCII")
    try:
        found = authority(value.decode("ascii"), default)
    except HostError as error:
        raise BadMessage(f"the Host field: {error}") from None
    if found != (host, port):
        raise BadMessage("the Host field names another host")


def forwarded(head: Head, path: bytes, host: bytes) -> bytes:
    """The request for the server: one on this connection, and nothing that is meant for us. Raises BadMessage."""
    method = head.start[0]
    lines = [b"%s %s HTTP/1.1" % (method, path), b"Host: " + host]
    lines += [b"%s: %s" % (name, value) for name, value in _end_to_end(head) if name != b"host"]
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])


def answered(head: Head) -> bytes:
    version, status, reason = head.start
    lines = [b"%s %s %s" % (version, status, reason)]
    lines += [b"%s: %s" % (name, value) for name, value in _end_to_end(head)]
    return b"\r\n".join([*lines, b"Connection: close", b"", b""])


def _end_to_end(head: Head) -> list[tuple[bytes, bytes]]:
    named = {one.strip(b" \t").lower() for value in head.all(b"connection") for one in value.split(b",")} - {
        b""
    }
    if named & _NEVER_HOP:
        raise BadMessage("the Connection field names what must be passed on")
    return [
        (name, value)
        for name, value in head.fields
        if name not in _HOP and name not in named and not name.startswith(_FOR_PROXY)
    ]
