"""Reads the server's name out of a TLS ClientHello (RFC 8446 4.1.2, RFC 6066 3). Pure; decrypts nothing."""

from dataclasses import dataclass

HANDSHAKE = 0x16
MAX_HELLO = 1 << 16
_CLIENT_HELLO = 1
_SERVER_NAME = 0
_MAX_RECORD = (1 << 14) + 256


class NotAHello(ValueError):
    """The message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Hello:
    server_name: str | None


class _Reader:
    """Takes pieces from the front; what is missing is an error, as the message is known to be whole."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, size: int) -> bytes:
        piece = self._data[self._at : self._at + size]
        if len(piece) < size:
            raise NotAHello("a length points past the end")
        self._at += size
        return piece

    def vector(self, width: int) -> bytes:
        return self.take(int.from_bytes(self.take(width)))

    @property
    def left(self) -> int:
        return len(self._data) - self._at


def read(data: bytes) -> Hello | None:
    """None when more bytes are needed. Raises NotAHello."""
    message = _message(data)
    if message is None:
        return None
    reader = _Reader(message)
    reader.take(2 + 32)
    reader.vector(1)
    reader.vector(2)
    reader.vector(1)
    if not reader.left:
        return Hello(None)
    extensions = _Reader(reader.vector(2))
    if reader.left:
        raise NotAHello("something follows the extensions")
    names: list[str] = []
    while extensions.left:
        kind = int.from_bytes(extensions.take(2))
        body = extensions.vector(2)
        if kind == _SERVER_NAME:
            names += _names(body)
    if len(names) > 1:
        raise NotAHello("it names two servers")
    return Hello(names[0] if names else None)


def _message(data: bytes) -> bytes | None:
    """The handshake message, put together from as many records as it takes."""
    gathered = bytearray()
    at = 0
    while True:
        if len(data) < at + 5:
            break
        if data[at] != HANDSHAKE or data[at + 1] != 3:
            raise NotAHello("it is not TLS")
        size = int.from_bytes(data[at + 3 : at + 5])
        if not 0 < size <= _MAX_RECORD:
            raise NotAHello("a record is empty or too long")
        if len(data) < at + 5 + size:
            break
        gathered += data[at + 5 : at + 5 + size]
        at += 5 + size
        if gathered[0] != _CLIENT_HELLO:
            raise NotAHello("it is not a ClientHello")
        if len(gathered) >= 4:
            whole = 4 + int.from_bytes(gathered[1:4])
            if whole > MAX_HELLO:
                raise NotAHello("it is too long")
            if len(gathered) > whole:
                raise NotAHello("something follows it")
            if len(gathered) == whole:
                return bytes(gathered[4:])
    if len(data) > 2 * MAX_HELLO:
        raise NotAHello("it is too long")
    return None


def _names(body: bytes) -> list[str]:
    reader = _Reader(body)
    entries = _Reader(reader.vector(2))
    if reader.left:
        raise NotAHello("the server's name is malformed")
    found: list[str] = []
    while entries.left:
        kind, name = entries.take(1)[0], entries.vector(2)
        if kind != 0 or not name or not name.isascii():
            raise NotAHello("the server's name is malformed")
        found.append(name.decode("ascii"))
    return found
