"""Which host a pattern speaks of. ``NAME[:PORT]``, ``*.NAME[:PORT]`` or ``ADDRESS[:PORT]``; without a port, 80 and 443."""

from collections.abc import Iterable
from dataclasses import dataclass

from sandbox.errors import SetupError
from sandbox.proxy import addresses
from sandbox.proxy.names import Host, HostError, authority, canonical

DEFAULT_PORTS = (80, 443)
_LOCAL_NAMES = ("localhost", "ip6-localhost", "ip6-loopback", "localhost.localdomain")
_NEVER = frozenset((addresses.LOOPBACK, addresses.RESERVED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    host: Host
    below: bool
    """Every name below ``host``, and not ``host`` itself."""
    ports: tuple[int, ...]
    private: bool
    """Whether its addresses may be private ones; an address granted as such may be of any kind but loopback."""

    def covers(self, host: Host, port: int) -> bool:
        if port not in self.ports:
            return False
        if not self.below:
            return host == self.host
        return isinstance(host, str) and host.endswith(f".{self.host}")

    def reaches(self, place: str) -> bool:
        """Whether an address of this kind is meant by the grant."""
        if place == addresses.PUBLIC:
            return True
        if isinstance(self.host, str):
            return self.private and place == addresses.PRIVATE
        return self.private and place not in _NEVER


def grants_of(hosts: Iterable[str], private_hosts: Iterable[str]) -> tuple[Grant, ...]:
    """Raises SetupError that names the pattern, the problem and the next step."""
    return (
        *(_grant("hosts", index, text, private=False) for index, text in enumerate(hosts)),
        *(_grant("private_hosts", index, text, private=True) for index, text in enumerate(private_hosts)),
    )


def find(grants: Iterable[Grant], host: Host, port: int) -> Grant | None:
    """The grant for this host and port; one that allows private addresses before one that does not."""
    covering = [grant for grant in grants if grant.covers(host, port)]
    return max(covering, key=lambda grant: grant.private, default=None)


def _grant(field: str, index: int, text: object, *, private: bool) -> Grant:
    place = f"network.{field}[{index}]"
    if not isinstance(text, str):
        raise _error(place, text, "it is not a text", "write `name`, `name:port` or `*.name`")
    rest = text.removeprefix("*.")
    below = rest != text
    if "*" in rest:
        raise _error(
            place, text, "`*` stands for whole names, first and once", "write `*.example.org`, or each name"
        )
    if "/" in rest:
        raise _error(
            place, text, "a scheme, a path or a network is not part of a host", "write the name only"
        )
    try:
        host, port = _split(rest)
    except HostError as error:
        raise _error(place, text, str(error), "write `name`, `name:port` or `*.name`") from None
    ports = DEFAULT_PORTS if port is None else (port,)
    if below and (not isinstance(host, str) or "." not in host):
        raise _error(place, text, "it would grant everybody's names", "write `*.example.org`, or each name")
    if isinstance(host, str):
        if host in _LOCAL_NAMES or host.endswith(".localhost"):
            raise _error(place, text, "it is this machine", "grant a port with `loopback_ports`")
    else:
        _check_address(place, text, host, private=private)
    return Grant(host=host, below=below, ports=ports, private=private)


def _split(text: str) -> tuple[Host, int | None]:
    if text.endswith("]") or ":" not in text:
        return canonical(text), None
    if text.count(":") > 1 and not text.startswith("["):
        return canonical(text), None
    return authority(text)


def _check_address(place: str, text: str, host: Host, *, private: bool) -> None:
    assert not isinstance(host, str)
    kind = addresses.kind(host)
    if kind == addresses.LOOPBACK:
        raise _error(place, text, "it is this machine", "grant a port with `loopback_ports`")
    if kind == addresses.RESERVED:
        raise _error(place, text, "it is no address of a machine", "write the address of a host")
    if kind != addresses.PUBLIC and not private:
        raise _error(place, text, f"it is a {kind} address", "grant it with `private_hosts`")


def _error(place: str, text: object, problem: str, fix: str) -> SetupError:
    return SetupError(f"{place}: `{text}`: {problem}", primitive="network", fix=fix)
