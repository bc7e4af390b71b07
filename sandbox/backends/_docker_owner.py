"""Whose a thing on an engine is, as a label says it, and whether that one still lives. Removes nothing."""

import os
from enum import Enum

OWNER, RUN = "execguard.owner", "execguard.run"


class Fate(Enum):
    ALIVE = "alive"
    DEAD = "dead"
    ELSEWHERE = "elsewhere"
    """Of another machine, or of a container that sees other processes than we do: not ours to judge."""


def identity(pid: int) -> str:
    """A process by machine, boot, pid namespace, number and start time: numbers are used again."""
    return f"{_machine()}:{_boot()}:{_space()}:{pid}:{_started(pid)}"


def fate(label: str) -> Fate:
    fields = label.split(":")
    if len(fields) != 5 or fields[0] != _machine():
        return Fate.ELSEWHERE
    _, boot, space, pid, started = fields
    if boot != _boot():
        return Fate.DEAD
    if space != _space() or not pid.isdigit():
        return Fate.ELSEWHERE
    try:
        return Fate.ALIVE if _started(int(pid)) == started else Fate.DEAD
    except OSError:
        return Fate.DEAD


def _started(pid: int) -> str:
    with open(f"/proc/{pid}/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    if fields[0] in (b"Z", b"X"):
        raise ProcessLookupError(pid)
    return fields[19].decode()


def _machine() -> str:
    try:
        with open("/etc/machine-id", encoding="ascii") as file:
            name = file.read().strip()
    except OSError:
        name = ""
    return (name or os.uname().nodename).replace(":", "-")


def _boot() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def _space() -> str:
    return str(os.stat("/proc/self/ns/pid").st_ino)
