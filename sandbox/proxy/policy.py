"""Decides on one host and finds the very addresses that may be dialled. The only place where names are resolved."""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from sandbox.proxy import addresses
from sandbox.proxy.grants import Grant, find
from sandbox.proxy.names import Address, Host, embedded, shown

RESOLVE_S, DIAL_S = 10.0, 15.0
MAX_ADDRESSES = 8


class Refused(Exception):
    """``why`` is the code of ``sandbox.result.Connection``."""

    def __init__(self, why: str, detail: str, status: int = 403) -> None:
        super().__init__(detail)
        self.why, self.status = why, status


@dataclass(frozen=True, slots=True)
class Way:
    """Addresses that all passed; nothing is looked up again."""

    host: Host
    port: int
    addresses: tuple[Address, ...]


def granted(grants: Sequence[Grant], host: Host, port: int) -> Grant:
    found = find(grants, host, port)
    if found is None:
        raise Refused("not-granted", f"{shown(host)}:{port} is not granted")
    return found


async def way(grants: Sequence[Grant], host: Host, port: int) -> Way:
    """Raises Refused. A name that is not granted is never looked up: its labels would be a message to somebody."""
    grant = granted(grants, host, port)
    found = await _resolve(host) if isinstance(host, str) else (host,)
    for address in found:
        kind = addresses.place(address)
        # One that is refused refuses all: a name that leads to two places leads to the wrong one.
        if not grant.reaches(kind):
            raise Refused(
                "address",
                f"{shown(host)} leads to {address}, which is {_ARTICLE.get(kind, 'a')} {kind} address",
            )
    return Way(host, port, found[:MAX_ADDRESSES])


_ARTICLE = {addresses.OWN: "this machine's"}


async def _resolve(name: str) -> tuple[Address, ...]:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_S):
            # As bytes: text would be translated once more.
            answers = await loop.getaddrinfo(name.encode("ascii"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as error:
        raise Refused(
            "unresolvable", f"{name} cannot be resolved: {str(error) or 'no answer'}", 502
        ) from None
    found = dict.fromkeys(
        embedded(ip_address(sockaddr[0].partition("%")[0]))
        for family, _, _, _, sockaddr in answers
        if family in (socket.AF_INET, socket.AF_INET6) and isinstance(sockaddr[0], str)
    )
    if not found:
        raise Refused("unresolvable", f"{name} has no address", 502)
    return tuple(found)


async def dial(found: Way) -> tuple[socket.socket, str]:
    """The first address that answers. Raises Refused."""
    loop = asyncio.get_running_loop()
    problem = "no answer"
    for address in found.addresses:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        connection = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            async with asyncio.timeout(DIAL_S):
                await loop.sock_connect(connection, (str(address), found.port))
        except (OSError, TimeoutError) as error:
            connection.close()
            problem = getattr(error, "strerror", None) or "no answer"
        except BaseException:
            connection.close()
            raise
        else:
            return connection, str(address)
    raise Refused("unreachable", f"{shown(found.host)}:{found.port}: {problem}", 502)
