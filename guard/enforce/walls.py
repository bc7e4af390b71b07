"""What the person says of sandboxes: ``sandbox.json`` beside their rules. Reads one small file, changes nothing."""

import os

from guard.model.jsons import loads
from guard.model.typed import Any

FILE = "sandbox.json"
_MOST = 4096
MOST_WAITING = 8
_FORM = 'must be like `{"accept": ["landlock"], "docker": {"waiting": 2}}`: names of backends, and a number from 0 to 8'


def accepted(config: str) -> frozenset[str]:
    """Names of backends that may be chosen although they do not keep all of the promise. Malformed: none."""
    return read(config)[0]


def waiting(config: str) -> int:
    """How many containers wait for commands. Malformed: none."""
    return _load(config)[1]


def read(config: str) -> tuple[frozenset[str], str]:
    """The names, and what is wrong with the file."""
    names, _, problem = _load(config)
    return names, problem


def _load(config: str) -> tuple[frozenset[str], int, str]:
    path = os.path.join(config, FILE)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, encoding="utf-8") as file:
            if os.fstat(descriptor).st_uid not in (os.getuid(), 0):
                return frozenset(), 0, f"{path}: belongs to somebody else"
            data = loads(file.read(_MOST))
    except FileNotFoundError:
        return frozenset(), 0, ""
    except (OSError, ValueError, RecursionError) as error:
        return frozenset(), 0, f"{path}: {error}"
    if data.__class__ is not dict or not data or not data.keys() <= {"accept", "docker"}:
        return frozenset(), 0, f"{path}: {_FORM}"
    names, docker = data.get("accept", []), data.get("docker", {"waiting": 0})
    good = docker.__class__ is dict and list(docker) == ["waiting"] and _is_number(docker["waiting"])
    if not good or not _is_words(names):
        return frozenset(), 0, f"{path}: {_FORM}"
    return frozenset(names), docker["waiting"], ""


def _is_number(value: Any) -> bool:
    return value.__class__ is int and 0 <= value <= MOST_WAITING


def _is_words(value: Any) -> bool:
    return value.__class__ is list and all(isinstance(word, str) for word in value)
