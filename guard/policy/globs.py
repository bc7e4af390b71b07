"""Path patterns on places: ``*`` and ``?`` within a component, ``**`` for any number of them. Pure.

``dir/**`` includes ``dir``. A pattern can also be asked what may lie below a place that nobody has listed.
"""

from fnmatch import fnmatchcase
from functools import lru_cache


@lru_cache(maxsize=4096)
def _parts(text: str) -> tuple[str, ...]:
    return tuple(text.rstrip("/").split("/")) if text != "/" else ("",)


def _states(pattern: tuple[str, ...], parts: tuple[str, ...]) -> set[int]:
    """Positions in ``pattern`` that are reached when all of ``parts`` are read."""
    current = _closure(pattern, {0})
    for part in parts:
        following: set[int] = set()
        for at in current:
            if at < len(pattern):
                if pattern[at] == "**":
                    following.add(at)
                elif pattern[at] == part or fnmatchcase(part, pattern[at]):
                    following.add(at + 1)
        current = _closure(pattern, following)
        if not current:
            break
    return current


def _closure(pattern: tuple[str, ...], states: set[int]) -> set[int]:
    out = set(states)
    for state in states:
        at = state
        while at < len(pattern) and pattern[at] == "**":
            at += 1
            out.add(at)
    return out


@lru_cache(maxsize=8192)
def matches(pattern: str, place: str) -> bool:
    """Whether ``place`` itself matches."""
    glob = _parts(pattern)
    return len(glob) in _states(glob, _parts(place))


@lru_cache(maxsize=8192)
def may_match_below(pattern: str, place: str) -> bool:
    """Whether anything strictly below ``place`` could match."""
    glob = _parts(pattern)
    return any(at < len(glob) for at in _states(glob, _parts(place)))


@lru_cache(maxsize=8192)
def must_match_below(pattern: str, place: str) -> bool:
    """Whether everything below ``place`` matches."""
    glob = _parts(pattern)
    return bool(glob) and glob[-1] == "**" and (len(glob) - 1) in _states(glob, _parts(place))
