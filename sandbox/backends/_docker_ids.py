"""Who the users of a container are outside of it, and as whom a command runs so that its files are the caller's."""

import os
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sandbox.backends._docker_handover import Elsewhere


class Ids(Enum):
    SAME = "same"
    """A number means the same inside and outside, or the engine is asked that it does (``userns-remap``)."""
    ROOTLESS = "rootless"
    """User 0 inside is who the engine belongs to; all others are subordinate ids, who own nothing outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """One user and group, by both numbers."""

    inside: tuple[int, int]
    outside: tuple[int, int]


def of(info: dict[str, Any]) -> Ids:
    """Of what the engine says of itself."""
    options = info.get("SecurityOptions") or ()
    # Docker says it among its options, Podman in a word of its own.
    rootless = info.get("Rootless") is True or any(str(one).startswith("name=rootless") for one in options)
    return Ids.ROOTLESS if rootless else Ids.SAME


def users(ids: Ids, workspace: os.stat_result) -> Users:
    """As whom a command runs. User 0 of a namespace has no capability in it when the container is given none."""
    owner = workspace.st_uid, workspace.st_gid
    match ids:
        case Ids.SAME:
            return Users(inside=owner, outside=owner)
        case Ids.ROOTLESS:
            return Users(inside=(0, 0), outside=(os.geteuid(), os.getegid()))


def check(pid: int, users: Users) -> None:
    """Whether the container's process is who it should be here: an engine may belong to another user. Raises Elsewhere."""
    try:
        with open(f"/proc/{pid}/status", "rb") as file:
            line = next(line for line in file if line.startswith(b"Uid:"))
    except (OSError, StopIteration) as error:
        raise Elsewhere(f"process {pid} cannot be asked who it is") from error
    found = set(map(int, line.split()[1:]))
    if found != {users.outside[0]}:
        raise Elsewhere(f"a command would run as user {min(found)} of this machine, not {users.outside[0]}")
