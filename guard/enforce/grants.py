"""What a run profile means on this machine: the sandbox's limits, variables and places. Builds no walls."""

import os

from guard.model.decision import Sandbox
from guard.model.facts import Facts
from guard.model.profile import RunProfile
from guard.policy.hosts import NAMED, HostSet, address
from guard.policy.match import wildcard
from sandbox.errors import SetupError
from sandbox.spec import Limits, Network

_GROUPS = frozenset(("package-index", "git-remote"))
"""Stand among the hosts for what the facts may know besides them; they are no names."""


def refused(placement: Sandbox) -> str:
    """Why no run here can have what was granted; empty when one can."""
    unknown = placement.grants - frozenset(placement.profile.names)
    if unknown:
        return f"the policy has no profile {', '.join(sorted(unknown))}"
    try:
        network(placement.profile)
    except SetupError as error:
        return f"the policy grants what no sandbox can give: {error}; {error.fix}"
    return ""


def network(profile: RunProfile) -> Network:
    """Whom a run may talk to. Raises SetupError for what cannot be granted: a network, or anything at all.

    Names of private networks by their ending, and addresses that are written out, are meant as what they are.
    """
    private = HostSet(NAMED["private"])
    hosts: list[str] = []
    private_hosts: list[str] = []
    for text in profile.hosts:
        if text in _GROUPS:
            continue
        name = _without_port(text.removeprefix("*."))
        own = address(name) is not None or private.holds(name)
        (private_hosts if own else hosts).append(text)
    return Network(hosts=tuple(hosts), private_hosts=tuple(private_hosts), loopback_ports=profile.ports)


def _without_port(text: str) -> str:
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text


def limits(profile: RunProfile) -> Limits:
    """Those of the profile, and the sandbox's own defaults for the others."""
    default = Limits()
    given = {limit.name: limit.value for limit in profile.limits}
    return Limits(
        wall_s=given.get("wall", default.wall_s),
        cpu_s=given.get("cpu", default.cpu_s),
        memory_bytes=given.get("memory", default.memory_bytes),
        processes=given.get("processes", default.processes),
        open_files=given.get("open-files", default.open_files),
        disk_bytes=given.get("disk", default.disk_bytes),
        inodes=given.get("inodes", default.inodes),
        output_bytes=given.get("output", default.output_bytes),
    )


def environment(profile: RunProfile, facts: Facts) -> tuple[tuple[str, str], ...]:
    """An allowlist: what a variable holds is mostly not known, and some hold keys."""
    return tuple(
        (name, value)
        for name, value in facts.env.items()
        if any(wildcard(pattern, name) for pattern in profile.environment)
    )


def places(profile: RunProfile, facts: Facts) -> tuple[str, ...]:
    """The places to be shown that exist, by where they really are."""
    found: dict[str, None] = {}
    for place in profile.read_only:
        path = facts.home + place[2:] if place.startswith("$H") else place
        real = os.path.realpath(path)
        # What is not there cannot be shown; the workspace is shown anyway, and above it lies too much.
        if os.path.lexists(path) and not (facts.workspace + "/").startswith(real.rstrip("/") + "/"):
            found.setdefault(real)
    return tuple(found)
