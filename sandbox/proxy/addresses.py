"""What kind of place an address is. Only a public one is reached without a grant that speaks of the others.

From the registries of special addresses (RFC 6890, RFC 8190); written out, because ``is_global`` of the
standard library means another set in each version.
"""

import socket
from ipaddress import IPv4Address, ip_address, ip_network

from sandbox.proxy.names import Address, embedded

PUBLIC, PRIVATE, LOOPBACK, LINK_LOCAL = "public", "private", "loopback", "link-local"
METADATA, OWN, RESERVED = "metadata", "own", "reserved"

_METADATA = frozenset(
    map(
        ip_address,
        "169.254.169.254 169.254.170.2 169.254.170.23 169.254.169.253 100.100.100.200 168.63.129.16 192.0.0.192"
        " fd00:ec2::254 fd00:ec2::23 fd20:ce::254".split(),
    )
)
_V4 = (
    (LOOPBACK, "127.0.0.0/8"),
    (LINK_LOCAL, "169.254.0.0/16"),
    # Those for documentation and benchmarks are used in laboratories, and nowhere in public.
    (
        PRIVATE,
        "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10"  # noqa: ISC004 - one text
        " 192.0.2.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24",
    ),
    (RESERVED, "0.0.0.0/8 192.0.0.0/24 192.88.99.0/24 224.0.0.0/4 240.0.0.0/4"),
)
_V6 = (
    (LOOPBACK, "::1/128"),
    (LINK_LOCAL, "fe80::/10"),
    (PRIVATE, "fc00::/7 fec0::/10 2001:db8::/32 3fff::/20"),
    # Tunnels that carry an IPv4 address.
    (RESERVED, "2001::/23 2002::/16"),
)
_TABLES = {
    4: [(kind, ip_network(text)) for kind, texts in _V4 for text in texts.split()],
    6: [(kind, ip_network(text)) for kind, texts in _V6 for text in texts.split()],
}
_GLOBAL_V6 = ip_network("2000::/3")


def kind(address: Address) -> str:
    """Without looking at this machine."""
    address = embedded(address)
    if address in _METADATA:
        return METADATA
    for name, network in _TABLES[address.version]:
        if address in network:
            return name
    return PUBLIC if isinstance(address, IPv4Address) or address in _GLOBAL_V6 else RESERVED


def place(address: Address) -> str:
    """As ``kind``, and ``own`` for what this machine answers to itself."""
    found = kind(address)
    return OWN if found in (PUBLIC, PRIVATE) and is_own(address) else found


def is_own(address: Address) -> bool:
    """Only a local address can be bound to; where the kernel lets any be bound, all are taken for local."""
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))
    except OSError:
        return False
    return True
