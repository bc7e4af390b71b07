"""Host names and addresses, in all their spellings, against patterns. Pure: resolves nothing."""

from fnmatch import fnmatchcase

from guard.model.facts import Facts

LOOPBACK = ("localhost", "*.localhost", "127.*", "::1", "0.0.0.0")  # noqa: S104 - names we judge
METADATA = (
    "169.254.169.254",
    "metadata.google.internal",
    "metadata",
    "169.254.170.2",
    "100.100.100.200",
    "fd00:ec2::254",
    "168.63.129.16",
)
PRIVATE = (
    "10.*",
    "192.168.*",
    "172.16.*",
    "172.17.*",
    "172.18.*",
    "172.19.*",
    "172.2?.*",
    "172.30.*",
    "172.31.*",
    "169.254.*",
    "*.local",
    "*.internal",
    "*.lan",
    "fe80:*",
    "fd*:*",
    "fc*:*",
)
INDEXES = (
    "package-index",
    "pypi.org",
    "files.pythonhosted.org",
    "registry.npmjs.org",
    "registry.yarnpkg.com",
    "crates.io",
    "static.crates.io",
    "index.crates.io",
    "rubygems.org",
    "proxy.golang.org",
    "sum.golang.org",
    "repo.maven.apache.org",
    "repo1.maven.org",
    "deb.debian.org",
    "security.debian.org",
    "archive.ubuntu.com",
    "security.ubuntu.com",
    "dl-cdn.alpinelinux.org",
)

NAMED: dict[str, tuple[str, ...]] = {
    "loopback": LOOPBACK,
    "metadata": METADATA,
    "private": PRIVATE,
    "git-remote": ("git-remote",),
    "unknown": ("?",),
    "anywhere": ("*",),
}


def normal(host: str) -> str:
    """Lower case, no final dot, addresses in dotted form however they were written."""
    text = host.lower().rstrip(".").strip("[]")
    parts = text.split(".")
    if text and all(_number(part) is not None for part in parts) and len(parts) <= 4:
        numbers = [_number(part) or 0 for part in parts]
        # `127.1`, `2130706433`, `0x7f.1`: the last number fills what is left, as inet_aton has it.
        value = numbers[-1]
        for index, number in enumerate(numbers[:-1]):
            value += number << (8 * (3 - index))
        if 0 <= value < 1 << 32:
            return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))
    if text.startswith("::ffff:") and "." in text:
        return normal(text.removeprefix("::ffff:"))
    return text


def _number(text: str) -> int | None:
    try:
        if text.startswith("0x"):
            return int(text, 16)
        if text.startswith("0") and text != "0":
            return int(text, 8)
        return int(text) if text.isdecimal() else None
    except ValueError:
        return None


def host_matches(host: str, patterns: tuple[str, ...], *, strict: bool) -> bool:
    """``strict``: an unknown host may be any host."""
    name = normal(host)
    if name == "?":
        return strict or "?" in patterns
    return any(fnmatchcase(name, pattern) for pattern in patterns if pattern != "?")


def group(name: str, own: dict[str, tuple[str, ...]], facts: Facts) -> tuple[str, ...]:
    """The patterns of a named group; a name that is no group stands for itself."""
    if name == "package-index":
        return own.get(name, ()) + INDEXES + facts.package_hosts
    return own.get(name) or NAMED.get(name) or (name,)
