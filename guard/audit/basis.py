"""What a decision rests on beside its effects, as far as a policy can ask for it: so that another one can decide it again.

Pure: values to JSON. What no rule could tell apart is left out, and of the guard's own paths all that these effects miss.
"""

from guard.audit.canonical import Json, text_of
from guard.effects.place import is_below, place_of, roots
from guard.model.effect import ChangeMode, Connect, DeletePath, LinkPath, ResolvedEffect, WritePath
from guard.model.facts import Facts
from guard.model.names import folded
from guard.model.paths import ResolvedPath
from guard.model.typed import Any
from guard.policy.hosts import normal

MAX_PLACES = 100
"""Of a tree that is told whole; of a larger one a few, and how many more there are."""
_A_FEW = 20
MAX_CHARS = 16_000
USUAL_TEMP = ("/tmp", "/var/tmp")  # noqa: S108 - names that are compared, nothing is written


def basis_json(effects: tuple[ResolvedEffect, ...], facts: Facts, *, shell: bool) -> dict[str, Json]:
    """``shell``: whether it can be put into a sandbox. Fields at their usual value are left out."""
    out: dict[str, Json] = {"shell": shell}
    if facts.locked_by:
        out["locked"] = text_of(facts.locked_by)
    if facts.temp != USUAL_TEMP:
        out["temp"] = [text_of(path) for path in facts.temp]
    own = _met(effects, facts)
    if own:
        out["guard"] = [text_of(path) for path in own]
    hosts = {normal(effect.host) for effect in effects if isinstance(effect, Connect)}
    index = [host for host in facts.package_hosts if host in hosts]
    if index:
        out["index"] = [text_of(host) for host in index]
    trees = _trees(effects, own, facts)
    if trees:
        out["trees"] = trees
    return out


def _met(effects: tuple[ResolvedEffect, ...], facts: Facts) -> tuple[str, ...]:
    """The guard's own paths that some effect is at, below, or takes along: the others decide nothing."""
    named = roots(facts)
    spelled = [
        (own, folded(own), folded(place_of(own, named)), place_of(own, named)) for own in facts.guard_paths
    ]
    out: dict[str, None] = {}
    for effect in effects:
        found: Any = getattr(effect, "path", None)
        if not isinstance(found, ResolvedPath):
            continue
        paths = (found, effect.target) if isinstance(effect, LinkPath) else (found,)
        deep = bool(getattr(effect, "recursive", False))
        changes = isinstance(effect, WritePath | DeletePath | ChangeMode)
        for path in paths:
            at = [folded(text) for text in (path.real, path.place, *path.aliases) if text]
            for own, exact, place, unfolded in spelled:
                if any(_within(text, exact) or _within(text, place) for text in at) or (
                    deep and is_below(own, path.real) and (changes or unfolded in path.below)
                ):
                    out[own] = None
    return tuple(out)


def _within(text: str, own: str) -> bool:
    return text == own or text.startswith(own + "/")


def _trees(effects: tuple[ResolvedEffect, ...], own: tuple[str, ...], facts: Facts) -> list[Json]:
    """What lies below each recursive effect: as many places as fit, those of the guard first."""
    out: list[Json] = []
    left = MAX_CHARS
    named = roots(facts)
    for index, effect in enumerate(effects):
        path: Any = getattr(effect, "path", None)
        if not (isinstance(path, ResolvedPath) and getattr(effect, "recursive", False)):
            continue
        if not (path.listed or path.below):
            continue
        ours = [place_of(one, named) for one in own]
        held = [place for place in ours if place in path.below] if ours else []
        under = path.place.rstrip("/") + "/"
        # `$W` may lie below `/home`, and its spelling does not say so.
        held += [place for place in path.below if not place.startswith(under)]
        if not path.listed:
            # What lies below a tree that nobody has listed is anything that its spelling allows: examples add nothing.
            most = 0
        else:
            most = MAX_PLACES if len(path.below) <= MAX_PLACES else _A_FEW
        shown: list[Json] = []
        for place in dict.fromkeys((*held, *path.below[:most])):
            left -= len(place) + 3
            if left < 0:
                break
            shown.append(text_of(place))
        tree: dict[str, Json] = {"effect": index, "listed": path.listed, "below": shown}
        if (path.listed and len(shown) < len(path.below)) or left < 0:
            tree["more"] = len(path.below) - len(shown)
        if path.listed or shown:
            out.append(tree)
    return out
