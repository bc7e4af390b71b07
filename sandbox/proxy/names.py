"""One spelling for every host: a name in lower case, or an address. Resolves nothing.

What is checked is what is dialled: everything after this module works on its result, never on the text.
"""

import socket
import string
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Host: TypeAlias = str | IPv4Address | IPv6Address

_MAX_NAME, _MAX_LABEL = 253, 63
_LABEL = frozenset(string.ascii_lowercase + string.digits + "-_")
_DEVIATIONS = "ßς\u200c\u200d"
"""IDNA 2003 maps these away and IDNA 2008 keeps them: two machines under one spelling."""
_NAT64 = ip_network("64:ff9b::/96")
_COMPATIBLE = ip_network("::/96")


class HostError(ValueError):
    """The text is no host; the message says why, without the text."""


def canonical(text: str) -> Host:
    """Raises HostError. ``text`` has no port; an IPv6 address may stand in brackets."""
    if not text:
        raise HostError("there is no host")
    if text.startswith("[") != text.endswith("]"):
        raise HostError("a bracket is missing")
    if text.startswith("[") or ":" in text:
        return _v6(text[1:-1] if text.startswith("[") else text)
    name = _ascii(text).lower().removesuffix(".")
    # The C library takes `127.1`, `0x7f.1` and `017700000001` for addresses: so it is the one to ask.
    if not set(name) - set("0123456789abcdefx."):
        try:
            return IPv4Address(socket.inet_aton(name))
        except OSError:
            pass
    labels = name.split(".")
    if len(name) > _MAX_NAME or any(not label or len(label) > _MAX_LABEL for label in labels):
        raise HostError("a part of the name is empty, or it is too long")
    if any(set(label) - _LABEL or label.startswith("-") or label.endswith("-") for label in labels):
        raise HostError("only letters, digits, `-` and `.` can be in a name")
    if labels[-1].isdecimal() or _hexadecimal(labels[-1]):
        raise HostError("it ends in a number and is no address")
    return name


def authority(text: str, default: int | None = None) -> tuple[Host, int]:
    """``host:port`` as a request names it. Raises HostError; without ``default`` a port is needed."""
    if "@" in text:
        raise HostError("a user name is not part of a host")
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        if default is None:
            raise HostError("the port is missing")
        return canonical(text), default
    if ":" in host and not host.startswith("["):
        raise HostError("an IPv6 address needs brackets")
    return canonical(host), port_number(port)


def port_number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 0 < int(text) < 1 << 16):
        raise HostError("the port is not a number from 1 to 65535")
    return int(text)


def shown(host: Host) -> str:
    """As it stands before ``:port``."""
    return f"[{host}]" if isinstance(host, IPv6Address) else str(host)


def embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for (mapped, compatible, NAT64), else itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    value = int(address)
    if address in _NAT64 or (address in _COMPATIBLE and value > 0xFFFF):
        return IPv4Address(value & 0xFFFFFFFF)
    return address


def _v6(text: str) -> Address:
    if "%" in text:
        raise HostError("a zone is not part of an address here")
    try:
        found = ip_address(text)
    except ValueError:
        raise HostError("it is no IPv6 address") from None
    if isinstance(found, IPv4Address):
        raise HostError("only an IPv6 address stands in brackets")
    return embedded(found)


def _ascii(text: str) -> str:
    if text.isascii():
        return text
    if len(text) > _MAX_NAME or any(char in text for char in _DEVIATIONS):
        raise HostError("this name has to be written in its ASCII form, `xn--...`")
    try:
        return text.encode("idna").decode("ascii")
    except UnicodeError:
        raise HostError("it is no international name") from None


def _hexadecimal(label: str) -> bool:
    return label.startswith("0x") and not set(label[2:]) - set(string.hexdigits)
