"""Absolute real paths to the spelling that policy globs are written in. Pure text: looks at nothing."""

from guard.model.facts import Facts


def roots(facts: Facts) -> tuple[tuple[str, str], ...]:
    """(token, absolute path) of every named root that exists here, the most specific first."""
    key = (facts.home, facts.workspace, facts.temp)
    known = _ROOTS.get(key)
    if known is None:
        named = [("$H", facts.home), ("$W", facts.workspace), *(("$T", path) for path in facts.temp)]
        if len(_ROOTS) >= _MOST_ROOTS:
            _ROOTS.clear()
        # The longest root wins. On a tie the stricter does: an agent started in the home directory works in `$H`.
        known = _ROOTS[key] = tuple(
            sorted(
                ((token, path.rstrip("/")) for token, path in named if path.strip("/")),
                key=lambda root: -len(root[1]),
            )
        )
    return known


_MOST_ROOTS = 64
_ROOTS: dict[tuple[str, str, tuple[str, ...]], tuple[tuple[str, str], ...]] = {}
"""Asked for several times in each decision, and the same in all of a session."""


def place_of(real: str, named: tuple[tuple[str, str], ...]) -> str:
    """``/home/me/app/x`` -> ``$W/x``; ``named`` comes from :func:`roots`."""
    for token, path in named:
        if real == path:
            return token
        if real.startswith(path + "/"):
            return token + real[len(path) :]
    return real or "/"


def is_below(path: str, root: str) -> bool:
    """Whether ``path`` lies strictly below ``root``; both absolute and normal."""
    return path.startswith("/" if root == "/" else root + "/") and path != root


def as_in_git(real: str, repository: str) -> str:
    """The path by which a file of a repository that is not called ``.git`` is judged; empty when it is in none."""
    return f"{repository}/.git{real[len(repository) :]}" if repository and is_below(real, repository) else ""
