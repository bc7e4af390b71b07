"""Which weaker walls the person accepts: ``sandbox.json`` beside their rules. Reads one small file, changes nothing."""

import os

from guard.model.jsons import loads
from guard.model.typed import Any

FILE = "sandbox.json"
_MOST = 4096


def accepted(config: str) -> frozenset[str]:
    """Names of backends that may be chosen although they do not keep all of the promise. Malformed: none."""
    return read(config)[0]


def read(config: str) -> tuple[frozenset[str], str]:
    """The names, and what is wrong with the file."""
    path = os.path.join(config, FILE)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, encoding="utf-8") as file:
            if os.fstat(descriptor).st_uid not in (os.getuid(), 0):
                return frozenset(), f"{path}: belongs to somebody else"
            data = loads(file.read(_MOST))
    except FileNotFoundError:
        return frozenset(), ""
    except (OSError, ValueError, RecursionError) as error:
        return frozenset(), f"{path}: {error}"
    try:
        names = data["accept"]
        good = list(data) == ["accept"] and _is_words(names)
    except (TypeError, KeyError):
        good, names = False, ()
    if not good:
        return frozenset(), f'{path}: must be `{{"accept": ["landlock"]}}`, with the names of backends'
    return frozenset(names), ""


def _is_words(value: Any) -> bool:
    return value.__class__ is list and all(isinstance(word, str) for word in value)
