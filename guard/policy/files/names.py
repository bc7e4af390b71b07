"""Names in policy files that could never be met by anything: hosts, programs, branches. Says what is wrong and what to do."""

from guard.policy.hosts import UNKNOWN, network_of

_HOST = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.*?")
Problem = tuple[str, str]


def host_problem(host: str) -> Problem | None:
    """A pattern that is not a name, an address or a network would be compared in vain, and a ``deny`` would not deny."""
    name = host.lower()
    if name == UNKNOWN or network_of(name) is not None:
        return None
    if "://" in name:
        return f"`{host}` is a URL", "write the host only, such as `api.example.com`"
    if "/" in name:
        return (
            f"`{host}` is no network",
            "write an address and the length of its prefix, such as `10.0.0.0/8`",
        )
    if ":" in name:
        return f"`{host}` names a port or is no address", "write the host only; every port of it is meant"
    if set(name) - _HOST or name.startswith(".") or ".." in name or name.endswith("."):
        return f"`{host}` is no host", "write a name, with `*` for any part of it, or an address"
    return None


def program_problem(program: str) -> Problem | None:
    if "/" in program:
        return f"`{program}` is a path, and a program has many", "write its name, such as `git`"
    if " " in program or "\n" in program:
        return (
            f"`{program}` is a command",
            "write the program's name only; what it does is judged by its effects",
        )
    digits = program.removeprefix("sha256:")
    if digits != program and (len(digits) != 64 or set(digits) - set("0123456789abcdef")):
        return (
            f"`{program}` is no SHA-256",
            "write `sha256:` and the 64 small hexadecimal digits that `sha256sum FILE` prints",
        )
    return None


def branch_problem(branch: str) -> Problem | None:
    if branch.startswith("refs/"):
        return (
            f"`{branch}` is the long name of a branch",
            "write it as people do, such as `main` or `release/*`",
        )
    if any(char.isspace() or char in "~^:\\" for char in branch) or ".." in branch or "//" in branch:
        return (
            f"`{branch}` can be the name of no branch",
            "write it as people do, such as `main` or `release/*`",
        )
    return None
