"""A pattern with what lies just outside of it: the smallest step that a slip of the pen makes. Pure."""

from guard.policy.hosts import network_of

_ROOTS = frozenset({"$W", "$H", "$T", "", "$*"})


def wider_path(pattern: str) -> str:
    """A pattern that holds all that this one holds, and its neighbours; empty when there is nothing around it."""
    plain = pattern.rstrip("/")
    if plain in _ROOTS:
        return f"{plain}/**"
    parent, _, last = plain.rpartition("/")
    if last == "**":
        if parent in _ROOTS:
            return ""
        above = parent.rpartition("/")[0]
        return above if above.endswith("/**") else f"{above}/**"
    return f"{parent}/**" if last == "*" else f"{parent}/*"


def is_full(host: str) -> bool:
    """Whether it is a name without a wildcard. One without a dot is a group, or what no name ends in."""
    return "." in host and "*" not in host and network_of(host) is None


def wider_host(pattern: str) -> str:
    """Of a name with a star the names beside it, of a network the other half of the one around it."""
    network = network_of(pattern)
    if network is not None:
        bits, shift, _ = network
        return f"{pattern.partition('/')[0]}/{bits - shift - 1}" if shift < bits else ""
    star, _, suffix = pattern.partition(".")
    return f"*.{suffix.partition('.')[2]}" if star == "*" and "." in suffix else ""


def wider_branch(pattern: str) -> str:
    if pattern == "**":
        return ""
    if pattern.endswith("/**") or pattern == "*":
        return "**"
    return pattern + "*"
