"""SOCKS5 (RFC 1928) with a user name and password (RFC 1929); only to connect."""

import hmac
from ipaddress import IPv4Address, IPv6Address

from sandbox.proxy.framing import BadMessage
from sandbox.proxy.names import Host, canonical, embedded
from sandbox.proxy.relay import Source

VERSION = 5
CHOSEN, NO_METHOD = b"\x05\x02", b"\x05\xff"
KNOWN, UNKNOWN = b"\x01\x00", b"\x01\x01"
_PASSWORD, _CONNECT = 2, 1
_REPLY = b"\x05%c\x00\x01" + bytes(6)
SUCCESS = _REPLY % 0
_CODES = {"not-granted": 2, "address": 2, "unresolvable": 4, "unreachable": 5}


def refusal(why: str) -> bytes:
    return _REPLY % _CODES.get(why, 1)


async def offers_password(source: Source) -> bool:
    """Reads the greeting."""
    _version, count = await source.exactly(2)
    return _PASSWORD in await source.exactly(count)


async def is_known(source: Source, user: bytes, password: bytes) -> bool:
    _version, size = await source.exactly(2)
    given = await source.exactly(size)
    word = await source.exactly((await source.exactly(1))[0])
    return hmac.compare_digest(given, user) & hmac.compare_digest(word, password)


async def request(source: Source) -> tuple[Host, int]:
    """Raises BadMessage or HostError."""
    version, command, _, kind = await source.exactly(4)
    host: Host
    match kind:
        case 1:
            host = IPv4Address(await source.exactly(4))
        case 4:
            host = embedded(IPv6Address(await source.exactly(16)))
        case 3:
            name = await source.exactly((await source.exactly(1))[0])
            port = int.from_bytes(await source.exactly(2))
            _check(version, command, port)
            return canonical(_text(name)), port
        case _:
            raise BadMessage("an address of an unknown kind")
    port = int.from_bytes(await source.exactly(2))
    _check(version, command, port)
    return host, port


def _check(version: int, command: int, port: int) -> None:
    if version != VERSION or command != _CONNECT or not port:
        raise BadMessage("only CONNECT to a port is understood")


def _text(name: bytes) -> str:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        raise BadMessage("the name is not text") from None
