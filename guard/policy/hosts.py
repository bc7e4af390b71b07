"""Host names and addresses, in all their spellings, against patterns. Pure: resolves nothing.

A name pattern never matches an address and the other way round: `127.*` as text would take in `127.evil.example`.
"""

from guard.model.dataclass import dataclass
from guard.model.typed import Iterable
from guard.policy.match import REMEMBERED, wildcard

UNKNOWN = "?"

NAMED: dict[str, tuple[str, ...]] = {
    "loopback": (
        "localhost", "*.localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback", "127.0.0.0/8", "::1", "0.0.0.0", "::",  # noqa: S104 - names we judge
    ),
    "metadata": (
        "169.254.169.254", "169.254.170.2", "169.254.170.23", "169.254.169.253", "100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::/32",
        "fd20:ce::254", "metadata", "metadata.google.internal", "*.metadata.google.internal", "metadata.goog", "instance-data",
        "instance-data.ec2.internal", "metadata.azure.internal", "metadata.tencentyun.com", "metadata.packet.net", "metadata.platformequinix.com",
    ),
    "private": (
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "fe80::/10", "fc00::/7",
        "*.local", "*.internal", "*.lan", "*.intranet", "*.home.arpa", "*.corp",
    ),
    "package-index": (
        "package-index", "pypi.org", "files.pythonhosted.org", "registry.npmjs.org", "registry.yarnpkg.com", "crates.io", "static.crates.io",
        "index.crates.io", "rubygems.org", "index.rubygems.org", "proxy.golang.org", "sum.golang.org", "repo.maven.apache.org", "repo1.maven.org",
        "plugins.gradle.org", "api.nuget.org", "repo.packagist.org", "packagist.org", "hex.pm", "repo.hex.pm", "hackage.haskell.org",
        "conda.anaconda.org", "repo.anaconda.com", "formulae.brew.sh", "deb.debian.org", "security.debian.org", "archive.ubuntu.com",
        "security.ubuntu.com", "dl-cdn.alpinelinux.org",
    ),
    "git-remote": ("git-remote",),
    "cloud-provider": ("cloud-provider",),
    "unknown": (UNKNOWN,),
    "anywhere": ("*",),
}  # fmt: skip
"""``package-index`` also holds what this machine's package managers are configured to use: see the facts."""

_V4_IN_V6 = (0xFFFF << 32, 0, 0x64FF9B << 96)
"""Mapped, compatible and NAT64 (RFC 4291 2.5.5, RFC 6052): the same machine under another spelling."""


@dataclass(frozen=True, slots=True)
class Address:
    bits: int
    """32 or 128."""
    value: int


def address(text: str) -> Address | None:
    """``127.1``, ``0x7f000001``, ``[::ffff:127.0.0.1]`` ... as an address; None for a name."""
    if not text.isascii():
        return None
    # Most names begin with a letter; no number of an address does.
    if not text[:1].isdigit() and ":" not in text:
        return None
    if ":" in text:
        value = _v6(text.strip("[]").partition("%")[0])
        if value is None:
            return None
        for prefix in _V4_IN_V6:
            # `::` and `::1` are addresses of their own, not 0.0.0.0 and 0.0.0.1.
            if value >> 32 == prefix >> 32 and (prefix or value > 0xFFFF):
                return Address(32, value & 0xFFFFFFFF)
        return Address(128, value)
    value = _v4(text)
    return None if value is None else Address(32, value)


def _v4(text: str) -> int | None:
    """As inet_aton has it: one to four numbers in any base, the last of which fills what is left."""
    parts = text.split(".")
    if len(parts) > 4:
        return None
    numbers: list[int] = []
    for part in parts:
        number = _number(part)
        if number is None:
            return None
        numbers.append(number)
    value = numbers[-1]
    if value >= 1 << 8 * (5 - len(numbers)):
        return None
    for index, number in enumerate(numbers[:-1]):
        if number > 255:
            return None
        value |= number << 8 * (3 - index)
    return value


def _number(text: str) -> int | None:
    digits, base = text, 10
    if text.startswith("0x"):
        digits, base = text[2:] or "0", 16
    elif text.startswith("0") and len(text) > 1:
        base = 8
    allowed = "0123456789abcdef"[:base]
    if not digits or len(digits) > 40 or any(char not in allowed for char in digits):
        return None
    return int(digits, base)


def _v6(text: str) -> int | None:
    head, double, tail = text.partition("::")
    left, right = _groups(head), _groups(tail)
    if left is None or right is None or "::" in tail:
        return None
    missing = 8 - len(left) - len(right)
    if missing < (1 if double else 0) or (not double and missing):
        return None
    value = 0
    for group in (*left, *[0] * missing, *right):
        value = value << 16 | group
    return value


def _groups(text: str) -> list[int] | None:
    out: list[int] = []
    for part in text.split(":") if text else ():
        if "." in part:
            value = _v4(part)
            if value is None:
                return None
            out += [value >> 16, value & 0xFFFF]
        elif not part or len(part) > 4 or any(char not in "0123456789abcdef" for char in part):
            return None
        else:
            out.append(int(part, 16))
    return out


def normal(host: str) -> str:
    """Lower case, without brackets and final dots."""
    return host.strip().lower().rstrip(".")


class HostSet:
    """Patterns that a host is compared with: names with ``*``, addresses, networks in CIDR form."""

    __slots__ = ("_exact", "_known", "_networks", "_wild", "everything", "some", "unknown")

    def __init__(self, patterns: Iterable[str]) -> None:
        self._exact: set[str] = set()
        self._known: dict[str, bool] = {}
        self._wild: list[str] = []
        self._networks: list[tuple[int, int, int]] = []
        self.everything = False
        self.unknown = False
        self.some = False
        """Whether it holds any host at all."""
        for pattern in map(normal, patterns):
            self.some = True
            if pattern == "*":
                self.everything = True
            elif pattern == UNKNOWN:
                self.unknown = True
            elif (network := network_of(pattern)) is not None:
                self._networks.append(network)
            elif "*" in pattern:
                self._wild.append(pattern)
            else:
                self._exact.add(pattern)

    def holds(self, host: str) -> bool:
        """A host that nobody can tell is in ``*`` and ``?`` only, as an unresolved path is in a zone of its own."""
        known = self._known.get(host)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[host] = self._look(host)
        return known

    def _look(self, host: str) -> bool:
        name = normal(host)
        if self.everything:
            return True
        if name in ("", UNKNOWN):
            return self.unknown
        found = address(name)
        if found is not None:
            return any(
                bits == found.bits and found.value >> shift == base for bits, shift, base in self._networks
            )
        return name in self._exact or any(wildcard(pattern, name) for pattern in self._wild)


def network_of(pattern: str) -> tuple[int, int, int] | None:
    """``10.0.0.0/8`` or a single address as (bits, shift, base); None for a name."""
    text, slash, length = pattern.partition("/")
    found = address(text)
    if found is None or (slash and not (length.isascii() and length.isdecimal())):
        return None
    prefix = int(length) if slash else found.bits
    if prefix > found.bits:
        return None
    shift = found.bits - prefix
    return found.bits, shift, found.value >> shift
