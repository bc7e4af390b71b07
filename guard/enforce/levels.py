"""Which level is in force on this machine. Tries the walls once per boot and remembers; a wrong memory fails closed.

A remembered "works" that is no longer true ends in ``NotStarted`` when a command is to run, never on the host.
"""

import os
import sys

from guard.enforce.places import Places
from guard.faults import Point, reached
from guard.model.jsons import dumps, loads
from guard.model.verdict import Level

_VERSION = 1


def best_level(places: Places) -> Level:
    """``CONTAINED`` when some backend can build its walls here, else ``ADVICE``."""
    key = _key()
    path = os.path.join(places.state, "level.json")
    known = _remembered(path, key)
    if known is not None:
        return known
    level = try_level(places)
    if level is not Level.ADVICE:
        # That there are no walls is never remembered: the next call may find them repaired.
        _remember(path, key, level, places)
    return level


def try_level(places: Places | None = None) -> Level:
    """Find out by trying. Weaker walls count where ``places`` says that they are accepted."""
    from guard.enforce.walls import accepted  # noqa: PLC0415 - only where nothing is remembered
    from sandbox.errors import NoBackend  # noqa: PLC0415 - only where nothing is remembered
    from sandbox.select import choose  # noqa: PLC0415 - as above

    try:
        choose((), frozenset(), frozenset() if places is None else accepted(places.config))
    except NoBackend:
        return Level.ADVICE
    return Level.CONTAINED


def _key() -> str:
    """Changes when the answer may: another boot, kernel, user or interpreter."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
    except OSError:
        boot = "?"
    return f"{_VERSION} {boot} {os.uname().release} {os.getuid()} {sys.executable}"


def _remembered(path: str, key: str) -> Level | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with open(descriptor, encoding="utf-8") as file:
            if os.fstat(descriptor).st_uid != os.getuid():
                return None
            data = loads(file.read(4096))
        return Level(data["level"]) if data["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _remember(path: str, key: str, level: Level, places: Places) -> None:
    from guard.temporary import temporary  # noqa: PLC0415 - once for each boot

    early = temporary(path)
    try:
        places.make(places.state)
        with open(early, "w", encoding="utf-8") as file:
            file.write(dumps({"key": key, "level": level.value}))
        os.replace(early, path)
        reached(Point.LEVEL_PLACED)
    except OSError:
        # Not remembered: the next call tries again. The answer of this one stands.
        return
