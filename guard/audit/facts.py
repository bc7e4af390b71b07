"""From the record of a decision back to what was judged: one text for all decisions that no policy can tell apart. Pure.

Such a text is what a replay counts, joins and judges once. Of a record that does not hold all of it, it says why.
"""

import json

from guard.audit.basis import USUAL_TEMP
from guard.audit.canonical import text_from
from guard.effects.place import place_of, roots
from guard.engine.decide import FAILED_RULE
from guard.engine.imagined import HOME, WORKSPACE
from guard.model.dataclass import dataclass, replace
from guard.model.effect import EFFECT_NAMES, KillProcess, LinkPath, Opaque, ResolvedEffect
from guard.model.facts import Facts
from guard.model.paths import UNRESOLVED_PLACE, ResolvedPath
from guard.model.typed import Any
from guard.model.verdict import Level

OLDER = "older"
CUT = "cut"
REDACTED = "redacted"
FAILED = "failed"
PROBLEMS = {
    OLDER: "written by a guard that did not yet record all that a policy can ask for",
    CUT: "with more effects than a record holds",
    REDACTED: "with a secret in a path or a name, which the log does not hold",
    FAILED: "which the guard itself failed to judge",
}
"""Why a decision cannot be made again from its record, in words that follow `decisions`."""
_FULL = 20
_LONG = 8192
"""As many items, and characters, as a record holds: whoever has them may have had more."""
_HIDDEN = "[secret:"
_FLAGS = ("certain", "observed", "surprise", "recursive", "append", "upload")
_CLASSES = {name: cls for cls, name in EFFECT_NAMES.items()}
_REQUIRED: dict[Any, dict[str, str]] = {Opaque: {"reason": ""}, KillProcess: {"target": "?"}}
_PLACED = frozenset(
    ("fs.read", "fs.write", "fs.delete", "fs.perms", "fs.link", "secrets.read", "guard.tamper")
)


@dataclass(frozen=True, slots=True)
class Fact:
    text: str
    """Canonical; empty when there is a problem."""
    problem: str = ""
    """A key of :data:`PROBLEMS`."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What stands in a fact: all that judging takes beside the policy and the day."""

    effects: tuple[ResolvedEffect, ...]
    facts: Facts
    shell: bool
    partial: bool
    """Some tree held more than the record: what is below is then at least this, and at most anything."""


class _Missing(Exception):
    """The record does not hold all of it; the argument is a key of :data:`PROBLEMS`."""


def fact_of(record: dict[str, Any]) -> Fact:
    """ValueError, KeyError or TypeError for what is no record of a decision."""
    basis, facts, effects = record.get("basis"), record["facts"], record["effects"]
    if record["decision"]["reason"]["rule"] == FAILED_RULE:
        return Fact("", FAILED)
    if basis is None:
        return Fact("", OLDER)
    if record["effects_total"] != len(effects):
        return Fact("", CUT)
    try:
        return Fact(_fact(basis, facts, effects))
    except _Missing as missing:
        return Fact("", str(missing))


def _fact(basis: dict[str, Any], facts: dict[str, Any], effects: list[dict[str, Any]]) -> str:
    trees = {tree["effect"]: tree for tree in basis.get("trees", ())}
    out: dict[str, Any] = {"level": Level(facts["level"]).value}
    own = _words(basis.get("guard", ()))
    world = _world(basis, facts) if own else None
    # Where all that meets the guard's own files lies in the workspace, it does not matter where that is.
    here = world is not None and _all_here(own, effects, world)
    told = [
        _effect(effect, trees.get(index), raw=bool(own) and not here) for index, effect in enumerate(effects)
    ]
    unique = {json.dumps(effect, sort_keys=True, separators=(",", ":")): effect for effect in told}
    if not unique:
        raise ValueError("a decision about nothing")
    out["effects"] = list(unique.values())
    if not basis["shell"]:
        out["shell"] = False
    if basis.get("locked"):
        out["locked"] = True
    if basis.get("index"):
        out["index"] = _words(basis["index"])
    if world is not None and here:
        named = roots(world)
        out["guard"] = [WORKSPACE + place_of(path, named)[2:] for path in own]
    elif world is not None:
        out["guard"] = own
        out["world"] = [world.workspace, world.home, *world.temp]
    return json.dumps(out, sort_keys=True, separators=(",", ":"))


def _world(basis: dict[str, Any], facts: dict[str, Any]) -> Facts:
    return Facts(
        workspace=_text(facts["workspace"]),
        home=_text(facts["home"]),
        cwd="/",
        temp=tuple(_words(basis.get("temp", USUAL_TEMP))),
    )


def _all_here(own: list[str], effects: list[dict[str, Any]], world: Facts) -> bool:
    named = roots(world)
    if not all(place_of(path, named).startswith("$W/") for path in own):
        return False
    for effect in effects:
        for key in ("path", "target"):
            path: Any = effect.get(key)
            if path is None or effect["effect"] not in _PLACED:
                continue
            place, real = _text(path["place"]), _text(path.get("real", ""))
            # Another place could be an ancestor of the guard's files by its real path.
            if real and (place_of(real, named) != place or not place.startswith("$W")):
                return False
    return True


def _effect(effect: dict[str, Any], tree: dict[str, Any] | None, *, raw: bool) -> dict[str, Any]:
    name = effect["effect"]
    if name not in _CLASSES:
        raise ValueError(f"there is no effect `{name}`")
    program = _text(effect.get("program", ""))
    out: dict[str, Any] = {"effect": name, "program": program}
    names = [one for one in _words(effect.get("names", ())) if one != program]
    if names:
        out["names"] = names
    for key in _FLAGS:
        if key in effect:
            if not isinstance(effect[key], bool):
                raise ValueError(f"`{key}` is neither true nor false")
            out[key] = effect[key]
    if name == "net.connect":
        out["host"] = _text(effect["host"])
        out["carries"] = _words(effect.get("carries", ()))
    elif name in {"vcs.publish", "vcs.rewrite"}:
        out["branch"] = _text(effect["branch"])
    elif name in _PLACED:
        out["path"] = _path(effect["path"], tree, raw=raw)
        if name == "fs.link":
            out["target"] = _path(effect["target"], None, raw=raw)
    return out


def _path(path: dict[str, Any], tree: dict[str, Any] | None, *, raw: bool) -> dict[str, Any]:
    out: dict[str, Any] = {"place": _text(path["place"])}
    lost = path.get("lost", 0)
    if lost:
        out["lost"] = 1 if lost > 0 else -1
    if path.get("aliases"):
        out["aliases"] = _words(path["aliases"], full=False)
    if path.get("real") and raw:
        out["real"] = _text(path["real"])
    if tree is not None:
        # The places below are a set: no rule asks for their order.
        out["below"] = sorted(set(_words(tree["below"], full=False)))
        if tree["listed"]:
            out["listed"] = True
        if tree.get("more"):
            if not tree["listed"]:
                raise _Missing(CUT)
            out["more"] = True
    return out


def _words(values: Any, *, full: bool = True) -> list[str]:
    """``full``: a list that was cut at :data:`_FULL` items."""
    words = [_text(value) for value in values]
    if full and len(words) >= _FULL:
        raise _Missing(CUT)
    return words


def _text(value: Any) -> str:
    text = text_from(value)
    if _HIDDEN in text:
        raise _Missing(REDACTED)
    if len(text) >= _LONG:
        raise _Missing(CUT)
    return text


def judged_of(text: str, today: str) -> Judged:
    """What :func:`fact_of` has written, as the evaluator takes it. ``today``: the day on which it is judged."""
    data: dict[str, Any] = json.loads(text)
    workspace, home, *temp = data.get("world") or (WORKSPACE, HOME, *USUAL_TEMP)
    facts = Facts(
        workspace=workspace,
        home=home,
        cwd=workspace,
        temp=tuple(temp),
        guard_paths=tuple(data.get("guard", ())),
        package_hosts=tuple(data.get("index", ())),
        level=Level(data["level"]),
        today=today,
        locked_by="recorded" if data.get("locked") else "",
    )
    return Judged(
        effects=tuple(_made(effect, facts) for effect in data["effects"]),
        facts=facts,
        shell=data.get("shell", True),
        partial='"more":true' in text,
    )


def _made(effect: dict[str, Any], facts: Facts) -> ResolvedEffect:
    cls: Any = _CLASSES[effect["effect"]]
    given = {key: value for key, value in effect.items() if key != "effect"}
    given["names"] = (effect["program"], *effect.get("names", ()))
    if "carries" in given:
        given["carries"] = tuple(given["carries"])
    for key in ("path", "target"):
        if key in given:
            given[key] = _resolved(given[key], facts)
    made: ResolvedEffect = cls(**given, **_REQUIRED.get(cls, {}))
    return made


def _resolved(path: dict[str, Any], facts: Facts) -> ResolvedPath:
    place: str = path["place"]
    return ResolvedPath(
        given=place,
        real=path.get("real", "") or _real(place, facts),
        place=place,
        lost=path.get("lost", 0),
        aliases=tuple(path.get("aliases", ())),
        below=tuple(path.get("below", ())),
        listed=path.get("listed", False),
    )


def _real(place: str, facts: Facts) -> str:
    if place == UNRESOLVED_PLACE:
        return ""
    known = {"$W": facts.workspace, "$H": facts.home, "$T": facts.temp[0] if facts.temp else "/tmp"}  # noqa: S108 - a name
    return known.get(place[:2], place[:2]) + place[2:]


def at_most(effects: tuple[ResolvedEffect, ...]) -> tuple[ResolvedEffect, ...]:
    """The same effects, with every tree as one that nobody has listed: whatever the record left out is among it."""
    return tuple(_unlisted(effect) for effect in effects)


def _unlisted(effect: ResolvedEffect) -> ResolvedEffect:
    path: Any = getattr(effect, "path", None)
    if not isinstance(path, ResolvedPath) or isinstance(effect, LinkPath) or not path.listed:
        return effect
    changed: Any = effect
    unlisted: ResolvedEffect = replace(changed, path=replace(path, listed=False))
    return unlisted
