import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.environment import inside
from sandbox.errors import SetupError
from sandbox.proxy import addresses, attend
from sandbox.proxy.attend import Proxy
from sandbox.proxy.grants import find, grants_of
from sandbox.proxy.names import HostError, authority, canonical
from sandbox.result import Connections
from sandbox.spec import Network

V4 = st.integers(0, 2**32 - 1).map(IPv4Address)
V6 = st.integers(0, 2**128 - 1).map(IPv6Address)


def number(value, base):
    return {8: f"0{value:o}", 10: str(value), 16: f"0x{value:x}"}[base]


@st.composite
def spelt(draw, address):
    """Any way in which the C library, or a URL, writes this IPv4 address."""
    value, parts = int(address), draw(st.integers(1, 4))
    leading = [(value >> 8 * (3 - index)) & 0xFF for index in range(parts - 1)]
    last = value & ((1 << 8 * (5 - parts)) - 1)
    bases = draw(st.lists(st.sampled_from((8, 10, 16)), min_size=parts, max_size=parts))
    text = ".".join(number(part, base) for part, base in zip((*leading, last), bases, strict=True))
    wide = str.maketrans(
        "0123456789.x", draw(st.sampled_from(("0123456789.x", "０１２３４５６７８９．ｘ", "0123456789。x")))
    )
    text = text.translate(wide) + draw(st.sampled_from(("", ".")))
    return text.upper() if draw(st.booleans()) else text


@st.composite
def spelt_v6(draw, address):
    value = int(address)
    prefix = draw(st.sampled_from((0xFFFF << 32, 0x64FF9B << 96)))
    whole = IPv6Address(prefix | value)
    text = draw(
        st.sampled_from(
            (str(whole), whole.exploded, whole.exploded.upper(), f"::ffff:{address}", f"64:ff9b::{address}")
        )
    )
    return draw(st.sampled_from((text, f"[{text}]")))


@given(V4.flatmap(lambda one: st.tuples(st.just(one), st.one_of(spelt(one), spelt_v6(one)))))
def test_every_spelling_of_an_address_is_that_address(pair):
    address, text = pair

    assert canonical(text) == address


REFUSED = st.one_of(
    st.integers(0, 2**24 - 1).map(lambda low: IPv4Address(127 << 24 | low)),
    st.integers(0, 2**24 - 1).map(lambda low: IPv4Address(10 << 24 | low)),
    st.integers(0, 2**16 - 1).map(lambda low: IPv4Address(0xA9FE << 16 | low)),
    st.integers(0, 2**16 - 1).map(lambda low: IPv4Address(0xC0A8 << 16 | low)),
    st.sampled_from(["0.0.0.0", "169.254.169.254", "100.100.100.200", "172.17.0.1", "224.0.0.1"]).map(
        IPv4Address
    ),
)


@given(REFUSED.flatmap(lambda one: st.one_of(spelt(one), spelt_v6(one))))
def test_no_spelling_of_a_refused_address_passes(text):
    found = canonical(text)

    assert not isinstance(found, str)
    assert addresses.place(found) != addresses.PUBLIC
    assert find(grants_of(("*.example.org", "example.org", "1.1.1.1"), ()), found, 80) is None


@given(st.text(max_size=40))
def test_a_name_is_never_something_the_c_library_takes_for_an_address(text):
    try:
        found = canonical(text)
    except HostError:
        return
    if isinstance(found, str):
        assert found.isascii()
        assert found == found.lower()
        assert not set(found) & set("@:/\\?#%[] \0\r\n\t")
        with pytest.raises(OSError):
            socket.inet_aton(found)
    assert canonical(str(found)) == found


@given(
    st.one_of(V4, V6),
    st.sampled_from(["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]).map(ip_address),
)
def test_what_is_public_is_global_by_the_standard_library_too(address, public):
    if addresses.kind(address) == addresses.PUBLIC and address.version == 4:
        assert address.is_global or str(address) in {"192.0.0.9", "192.0.0.10"}

    assert addresses.kind(public) == addresses.PUBLIC


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::127.0.0.1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("::", "reserved"),
        ("0.0.0.0", "reserved"),
        ("255.255.255.255", "reserved"),
        ("224.0.0.251", "reserved"),
        ("ff02::1", "reserved"),
        ("2002:7f00:1::", "reserved"),
        ("2001:0:7f00:1::", "reserved"),
        ("64:ff9b:1::1", "reserved"),
        ("10.1.2.3", "private"),
        ("100.64.0.1", "private"),
        ("fd00::1", "private"),
        ("203.0.113.9", "private"),
        ("169.254.1.1", "link-local"),
        ("fe80::1", "link-local"),
        ("169.254.169.254", "metadata"),
        ("168.63.129.16", "metadata"),
        ("fd00:ec2::254", "metadata"),
        ("93.1.1.1", "public"),
        ("2606:4700::1111", "public"),
    ],
)
def test_kinds_of_addresses(text, kind):
    assert addresses.kind(ip_address(text)) == kind


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "a..b",
        ".a",
        "a b",
        "a\0b",
        "a\n",
        "a@b",
        "user:x@b",
        "a/b",
        "a\\b",
        "a%00b",
        "a%2eb",
        "-a.b",
        "a-.b",
        "a,b",
        "*",
        "*.a",
        "[::1",
        "::1]",
        "[127.0.0.1]",
        "fe80::1%eth0",
        "1.2.3.4.5",
        "1.2.3.256",
        "a.1",
        "a.0x1",
        "0x",
        "straße.example.org",
        "a\u200db.org",
        "a" * 64 + ".org",
        "a." * 130,
        "::g",
        "\ud800",
    ],
)
def test_what_is_no_host_is_refused(text):
    with pytest.raises(HostError):
        canonical(text)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Index.EXAMPLE.org", "index.example.org"),
        ("index.example.org.", "index.example.org"),
        ("bücher.example.org", "xn--bcher-kva.example.org"),
        ("BÜCHER.example.org", "xn--bcher-kva.example.org"),
        ("index。example。org", "index.example.org"),
        ("ｉｎｄｅｘ.example.org", "index.example.org"),
        ("a_b.example.org", "a_b.example.org"),
        ("1password.example.org", "1password.example.org"),
    ],
)
def test_one_spelling_for_every_name(text, host):
    assert canonical(text) == host


@pytest.mark.parametrize(
    "text", ["a", "a:", "a:0", "a:65536", "a:+80", "a:8 0", "a:８０", "::1:80", "a:80:80", "u@a:80"]
)
def test_an_authority_has_one_host_and_one_port(text):
    with pytest.raises(HostError):
        authority(text)


@pytest.mark.parametrize(
    ("pattern", "asked", "covers"),
    [
        ("example.org", "example.org:80", True),
        ("example.org", "example.org:443", True),
        ("example.org", "example.org:8080", False),
        ("example.org:8080", "example.org:8080", True),
        ("example.org:8080", "example.org:443", False),
        ("example.org", "sub.example.org:443", False),
        ("*.example.org", "sub.example.org:443", True),
        ("*.example.org", "a.b.example.org:443", True),
        ("*.example.org", "example.org:443", False),
        ("*.example.org", "evilexample.org:443", False),
        ("*.example.org:22", "a.example.org:22", True),
        ("example.org", "example.org.evil.net:443", False),
        ("example.org", "EXAMPLE.org.:443", True),
        ("BÜCHER.example.org", "xn--bcher-kva.example.org:443", True),
        ("93.1.1.1:443", "93.1.1.1:443", True),
        ("93.1.1.1:443", "0x5d010101:443", True),
        ("93.1.1.1:443", "[::ffff:93.1.1.1]:443", True),
        ("2606:4700::1111", "[2606:4700:0:0::1111]:443", True),
        ("[2606:4700::1111]:53", "[2606:4700::1111]:53", True),
        ("93.1.1.1", "93.1.1.2:443", False),
    ],
)
def test_which_host_a_grant_covers(pattern, asked, covers):
    host, port = authority(asked)

    assert (find(grants_of((pattern,), ()), host, port) is not None) is covers


def test_nothing_granted_is_everything_refused():
    assert find(grants_of((), ()), "example.org", 443) is None
    assert not Network().grants


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        (
            {"hosts": ("ok.example.org", "http://example.org")},
            "network.hosts[1]: `http://example.org`: a scheme",
        ),
        ({"hosts": ("example.org/path",)}, "a path"),
        ({"hosts": ("10.0.0.0/8",)}, "a network"),
        ({"hosts": ("*",)}, "whole names"),
        ({"hosts": ("*.org",)}, "everybody's names"),
        ({"hosts": ("a.*.org",)}, "whole names"),
        ({"hosts": ("*.*.example.org",)}, "whole names"),
        ({"hosts": ("ex*mple.org",)}, "whole names"),
        ({"hosts": ("*.10.0.0.1",)}, "everybody's names"),
        ({"hosts": ("",)}, "no host"),
        ({"hosts": ("user@example.org",)}, "only letters"),
        ({"hosts": ("example.org:0",)}, "the port"),
        ({"hosts": ("example.org:http",)}, "the port"),
        ({"hosts": ("localhost",)}, "loopback_ports"),
        ({"hosts": ("LOCALHOST.:5432",)}, "loopback_ports"),
        ({"hosts": ("x.localhost",)}, "loopback_ports"),
        ({"hosts": ("127.0.0.1:80",)}, "loopback_ports"),
        ({"hosts": ("0x7f.1",)}, "loopback_ports"),
        ({"hosts": ("[::ffff:127.0.0.1]:80",)}, "loopback_ports"),
        ({"private_hosts": ("127.0.0.1",)}, "loopback_ports"),
        ({"private_hosts": ("0.0.0.0",)}, "no address of a machine"),
        ({"hosts": ("10.0.0.1",)}, "private_hosts"),
        ({"hosts": ("169.254.169.254",)}, "private_hosts"),
        ({"hosts": ("straße.example.org",)}, "ASCII form"),
        ({"loopback_ports": (0,)}, "`0` is no port"),
        ({"loopback_ports": (5432, 70000)}, "network.loopback_ports[1]"),
        ({"loopback_ports": (1, 1)}, "twice"),
        ({"loopback_ports": tuple(range(1, 40))}, "more than 32"),
        ({"hosts": tuple(f"h{n}.example.org" for n in range(300))}, "more than 256"),
    ],
)
def test_a_grant_that_makes_no_sense_is_told_where_it_is_made(fields, problem):
    with pytest.raises(SetupError) as caught:
        Network(**fields)

    assert problem in f"{caught.value} {caught.value.fix}"
    assert caught.value.fix
    assert caught.value.primitive == "network"


@pytest.mark.parametrize(
    ("hosts", "private", "asked", "places"),
    [
        (("a.org",), (), "a.org:80", {"public"}),
        ((), ("a.org",), "a.org:80", {"public", "private"}),
        (("a.org",), ("a.org",), "a.org:80", {"public", "private"}),
        ((), ("10.0.0.1",), "10.0.0.1:80", {"public", "private", "own", "metadata", "link-local"}),
    ],
)
def test_which_kinds_of_addresses_a_grant_reaches(hosts, private, asked, places):
    grant = find(grants_of(hosts, private), *authority(asked))
    kinds = {"public", "private", "loopback", "link-local", "metadata", "own", "reserved"}

    assert {kind for kind in kinds if grant.reaches(kind)} == places


def test_proxies_of_the_machine_are_not_seen_inside():
    given = (
        ("HTTP_PROXY", "http://u:p@corp:8080"),
        ("https_proxy", "http://corp"),
        ("Ftp_Proxy", "x"),
        ("NO_PROXY", "corp"),
        ("TERM", "x"),
    )
    proxy = Proxy(Network())

    alone = inside(given, home="/home/sandbox", cwd="/w")
    proxied = inside(proxy.environment(given), home="/home/sandbox", cwd="/w", proxied=True)

    assert proxy.finish() == Connections()
    assert [name for name in alone if "proxy" in name.lower()] == []
    assert {name for name in proxied if name.isupper() and "PROXY" in name} >= {
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
    }
    assert all(
        proxied[name.lower()] == proxied[name]
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
    )
    assert "corp" not in "".join(proxied.values())
    assert proxied["HTTP_PROXY"].endswith("@127.0.0.1:61080")


def test_two_runs_have_two_passwords_and_a_granted_port_moves_the_proxy():
    one, two = Proxy(Network()), Proxy(Network())

    assert one.environment(()) != two.environment(())
    assert attend.ports_of(Network(loopback_ports=(5432, 61080, 61081))) == (61082, 5432, 61080, 61081)
