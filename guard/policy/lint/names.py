"""Names in a policy file: zones and groups that nothing uses, and patterns for hosts and branches that mean others. Pure."""

from guard.model.typed import Iterator, Mapping
from guard.model.verdict import Verdict
from guard.policy import hosts
from guard.policy.hosts import address, network_of, normal
from guard.policy.lint.document import Document, Path
from guard.policy.lint.finding import Finding, finding
from guard.policy.lint.near import near
from guard.policy.lint.patterns import COMPARED, twice
from guard.policy.lint.suffixes import whose
from guard.policy.match import wildcard
from guard.policy.profiles import BASE, CEILING
from guard.policy.rule import Policy, Rule

_GREAT = {32: 7, 128: 15}
"""Prefixes as short as this hold a great part of all addresses of their kind."""


def names(document: Document, policy: Policy) -> Iterator[Finding]:
    yield from _unused(document, policy)
    yield from _groups(document)
    yield from _patterns(document)
    yield from _branches(document)
    yield from _twice(document)


def _unused(document: Document, policy: Policy) -> Iterator[Finding]:
    layer = document.layer
    zones = {name for _, name in document.names(("zones", "except_zones", "carries"))}
    for name, _ in layer.zones:
        if name not in zones:
            yield finding("GP040", document.at(("zones", name)), f"nothing speaks of the zone `{name}`")
    groups = {name for _, name in document.names(("hosts", "except_hosts"))}
    for name, _ in layer.hosts:
        if name not in groups:
            yield finding("GP041", document.at(("hosts", name)), f"nothing speaks of the host group `{name}`")
    given = {name for other in policy.layers for rule in other.rules for name in rule.grants}
    shared = {profile.id for other in policy.layers if other is not layer for profile in other.profiles}
    for profile in layer.profiles:
        if profile.id not in given | shared | {BASE, CEILING}:
            yield finding(
                "GP042", document.at(("profiles", profile.id)), f"no rule gives the profile `{profile.id}`"
            )


def _groups(document: Document) -> Iterator[Finding]:
    known = {*hosts.NAMED, *(name for name, _ in document.layer.hosts)}
    for path, name in document.names(("hosts", "except_hosts")):
        plain = normal(name)
        if name in known or "." in plain or "*" in plain or "?" in plain or plain == "localhost":
            continue
        if address(plain) is None and network_of(plain) is None:
            meant = near(plain, known)
            yield finding(
                "GP043",
                document.at(path),
                f"there is no host group `{name}`, so it stands for a machine of that name",
                f"write `{meant}` if that is meant" if meant else "",
            )


def _spoken(document: Document) -> Iterator[tuple[Path, str, bool]]:
    """Every pattern for hosts, and whether more hosts in it would let more through."""
    opens: dict[str, bool] = {}
    groups: Mapping[str, tuple[str, ...]] = dict(document.layer.hosts)
    for path, said in document.said():
        for key in ("hosts", "except_hosts"):
            for number, name in enumerate(getattr(said, key, ())):
                mild = said.verdict is Verdict.ALLOW or not isinstance(said, Rule)
                opening = mild is (key == "hosts")
                if name in groups:
                    opens[name] = opens.get(name, False) or opening
                else:
                    yield (*path, key, number), name, opening
    for name, patterns in document.layer.hosts:
        for number, pattern in enumerate(patterns):
            yield ("hosts", name, number), pattern, opens.get(name, False)


def _patterns(document: Document) -> Iterator[Finding]:
    for path, given, opens in _spoken(document):
        name = normal(given)
        network = network_of(name)
        if network is not None:
            yield from _network(document, path, given, network, opens=opens)
            continue
        star, suffix = name.rpartition("*")[0::2]
        if name in {suffix, "*"}:
            continue
        if suffix and not suffix.startswith(".") and not star:
            yield finding(
                "GP050",
                document.at(path),
                f"`{given}` also holds `evil{suffix}`, which anybody can register"
                if "." in suffix
                else f"`{given}` also holds `evil{suffix}`",
                f"write `*.{suffix}`, and `{suffix}` beside it if it is meant too",
            )
        elif opens and suffix.startswith(".") and (owner := whose(suffix[1:])):
            yield finding("GP051", document.at(path), f"`{given}` is {owner}")


def _network(
    document: Document, path: Path, given: str, network: tuple[int, int, int], *, opens: bool
) -> Iterator[Finding]:
    bits, shift, base = network
    found = address(given.partition("/")[0])
    if found is not None and found.value != base << shift:
        yield finding(
            "GP053",
            document.at(path),
            f"`{given}` is the network that begins at `{_spelled(bits, base << shift)}`",
            f"write `{_spelled(bits, base << shift)}/{bits - shift}`, or the address alone",
        )
    # What begins with `f` is no internet: private, on the link, multicast (RFC 4291 2.4).
    private = bits == 128 and base << shift >> 124 == 0xF
    if opens and shift and bits - shift <= _GREAT[bits] and not private:
        yield finding("GP052", document.at(path), f"`{given}` holds {_share(bits - shift)} of all addresses")


def _share(prefix: int) -> str:
    return "all" if prefix == 0 else f"1/{1 << prefix}"


def _spelled(bits: int, value: int) -> str:
    if bits == 32:
        return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))
    return ":".join(f"{value >> shift & 0xFFFF:x}" for shift in range(112, -1, -16))


def _branches(document: Document) -> Iterator[Finding]:
    lists: dict[Path, set[str]] = {}
    for path, branch in document.names(("branches",)):
        lists.setdefault(path[:-1], set()).add(branch)
    for path, branch in document.names(("branches",)):
        held = lists[path[:-1]]
        stem = branch.removesuffix("*")
        if stem != branch and stem and stem[-1] not in "/*":
            if f"{stem}/*" in held or f"{stem}/**" in held:
                continue
            yield finding(
                "GP054",
                document.at(path),
                f"`{branch}` holds `{stem}` and `{stem}x`, and not `{stem}/x`",
                f"write `{stem}/*` if branches below `{stem}/` are meant",
            )


def _twice(document: Document) -> Iterator[Finding]:
    """Programs, hosts and branches that another one of the same list holds anyway."""
    lists: dict[Path, list[tuple[Path, str]]] = {}
    for path, name in document.names(("programs", "hosts", "except_hosts", "branches")):
        lists.setdefault(path[:-1], []).append((path, name))
    for group, patterns in document.layer.hosts:
        lists["hosts", group] = [(("hosts", group, number), name) for number, name in enumerate(patterns)]
    for listed in lists.values():
        if len(listed) > COMPARED:
            yield from twice(document, tuple(listed))
            continue
        for number, (path, name) in enumerate(listed):
            for other, (_, wider) in enumerate(listed):
                if other == number or not _holds(wider, name, first=other < number):
                    continue
                yield finding(
                    "GP033",
                    document.at(path),
                    f"`{name}` stands there twice" if name == wider else f"`{wider}` holds `{name}` already",
                )
                break


def _holds(wider: str, name: str, *, first: bool) -> bool:
    if wider == name:
        return first
    if "*" not in wider or "?" in name or "/" in wider + name or address(name) is not None:
        return False
    # What holds the text with each `*` written out as something holds all that it stands for.
    return wider != "*" and all(wildcard(wider, name.replace("*", text)) for text in ("", "qzxj", "q.zxj"))
