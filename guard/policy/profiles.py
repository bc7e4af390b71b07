"""Run profiles of all layers worked out to one. Pure: knows no file, no variable and no sandbox.

The machine's owner (built in, floor, personal) says what a profile gives, each adding to the one before; where the
organisation's floor speaks, nobody adds. A repository can take away and lower. What its own rules give is bounded by
the profile ``repository``, which only the owner writes: without one, it gives nothing beyond what every run has.
"""

from guard.model.dataclass import dataclass, field, replace
from guard.model.profile import LIMITS, Limit, RunProfile, amount
from guard.model.typed import Callable
from guard.policy import hosts
from guard.policy.hosts import HostSet
from guard.policy.match import wildcard
from guard.policy.rule import Policy, PolicyLayer, Profile

BASE, CEILING = "sandbox", "repository"
"""What every run has; and what the rules of a repository may give at most."""
BOTH = frozenset({BASE, "host"})
"""Words of ``run`` that name no profile."""
GRANTS = ("hosts", "ports", "caches", "read_only", "environment")
WORDS = {
    "hosts": "the network hosts", "ports": "the loopback ports", "caches": "the caches", "read_only": "the places",
    "environment": "the variables",
}  # fmt: skip
_OWNERS = ("personal", "floor", "profile")
"""Whose word counts first; what the floor says is also a bound for the others."""
Values = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Meaning:
    """One profile, worked out."""

    grants: dict[str, Values] = field(default_factory=dict[str, Values])
    limits: dict[str, Limit] = field(default_factory=dict[str, Limit])
    """Only those that its owners name."""
    lowered: dict[str, Limit] = field(default_factory=dict[str, Limit])
    """What a repository says of them: counts where it is less, whatever the rest comes from."""
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clamped:
    """Something that a layer says and that has no effect."""

    place_of: str
    """The file."""
    source: str
    profile: str
    what: str
    """A field of the profile or the name of a limit."""
    given: str
    allowed: str
    layer: str
    """Of whoever does not permit it."""


def profile_for(policy: Policy, owners: frozenset[str], repos: frozenset[str]) -> RunProfile:
    """``owners`` and ``repos``: profiles named by rules of the owner's layers and of the repository's."""
    key = ("profile", owners, repos)
    kept = policy.memo.get(key)
    if isinstance(kept, RunProfile):
        return kept
    made = _united(policy, owners, repos - owners)
    policy.memo[key] = made
    return made


def defined(policy: Policy) -> frozenset[str]:
    return frozenset(profile.id for layer in policy.layers for profile in layer.profiles)


def _owned_names(policy: Policy) -> frozenset[str]:
    return frozenset(
        profile.id for layer in policy.layers if layer.kind != "repo" for profile in layer.profiles
    )


def _united(policy: Policy, owners: frozenset[str], repos: frozenset[str]) -> RunProfile:
    known = defined(policy)
    base = _meaning(policy, BASE)
    # Whoever names it: what only a repository has written is bounded like everything that a repository gives.
    theirs = known - _owned_names(policy)
    named = [_meaning(policy, name) for name in sorted((owners & known) - theirs - {BASE})]
    given = [
        _bounded(_meaning(policy, name), base, policy)
        for name in sorted((repos & known) | (owners & theirs) - {BASE})
    ]
    limits: list[Limit] = []
    for name in LIMITS:
        # A profile that says nothing of a limit has that of the base; the base counts where no profile is named.
        own = least(base.limits.get(name), base.lowered.get(name))
        candidates = [
            least(one.limits[name], one.lowered.get(name))
            if name in one.limits
            else least(own, one.lowered.get(name))
            for one in named
        ] or [own]
        candidates += [least(one.limits.get(name), one.lowered.get(name)) for one in given]
        found = [limit for limit in candidates if limit is not None]
        if found:
            limits.append(min(found, key=lambda limit: limit.value))
    everything = [base, *named, *given]
    grants: dict[str, Values] = {
        name: tuple(dict.fromkeys(value for one in everything for value in one.grants.get(name, ())))
        for name in GRANTS
    }
    return RunProfile(
        names=tuple(sorted((owners | repos) & known)),
        requires=tuple(sorted({name for one in everything for name in one.requires})),
        limits=tuple(limits),
        **grants,  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType] - values of a field are of its kind
    )


def _bounded(one: _Meaning, base: _Meaning, policy: Policy) -> _Meaning:
    """What a repository's rule gives by naming it."""
    ceiling = _meaning(policy, CEILING)
    grants = {
        name: _common(name, values, (*base.grants.get(name, ()), *ceiling.grants.get(name, ())))
        for name, values in one.grants.items()
    }
    return replace(one, grants=grants)


def _meaning(policy: Policy, name: str) -> _Meaning:
    owners = [
        (layer, profile)
        for kind in _OWNERS
        for layer in reversed(policy.layers)
        if layer.kind == kind
        for profile in layer.profiles
        if profile.id == name
    ]
    repos = [
        (layer, profile)
        for layer in policy.layers
        if layer.kind == "repo"
        for profile in layer.profiles
        if profile.id == name
    ]
    # A name that only a repository uses is bounded by what a repository may give; the base is nobody's to write alone.
    first = owners or ([] if name == BASE else repos)
    grants: dict[str, Values] = {}
    for field_ in GRANTS:
        chosen = _owned(first, field_)
        for layer, profile in repos if owners else ():
            bound = _given(layer, profile, field_)
            if chosen is not None and bound is not None:
                chosen = _common(field_, chosen, bound)
        if chosen is not None:
            grants[field_] = chosen
    limits: dict[str, Limit] = {}
    lowered: dict[str, Limit] = {}
    for limit in LIMITS:
        said = [found for layer, profile in owners if (found := _limit(layer, profile, limit)) is not None]
        bounds = [found for found in said if found.layer == "floor"]
        if said:
            limits[limit] = min((said[0], *bounds), key=lambda one: one.value)
        theirs = [found for layer, profile in repos if (found := _limit(layer, profile, limit)) is not None]
        if theirs:
            lowered[limit] = min(theirs, key=lambda one: one.value)
    requires = {one for _, profile in (*owners, *repos) for one in profile.requires}
    return _Meaning(grants=grants, limits=limits, lowered=lowered, requires=tuple(sorted(requires)))


def _owned(said: list[tuple[PolicyLayer, Profile]], name: str) -> Values | None:
    """Lists add to what is built in, and an empty one takes all of it away. Where the floor speaks, nobody adds."""
    out: Values | None = None
    bound: Values | None = None
    for layer, profile in reversed(said):  # built in, floor, personal
        given = _given(layer, profile, name)
        if given is None:
            continue
        if given and bound is not None and layer.kind != "floor":
            given = _common(name, given, bound)
            out = tuple(dict.fromkeys((*(out or ()), *given)))
            continue
        out = tuple(dict.fromkeys((*(out or ()), *given))) if given else ()
        if layer.kind == "floor":
            bound = out
    return out


def _given(layer: PolicyLayer, profile: Profile, name: str) -> Values | None:
    values: Values | None = getattr(profile, name)
    if values is None or name != "hosts":
        return values
    own = dict(layer.hosts)
    out: list[str] = []
    for value in values:
        text = str(value)
        # The group's own name stays in it: the facts of the machine may add to it.
        out += own.get(text) or hosts.NAMED.get(text) or (text,)
    return tuple(out)


def least(*limits: Limit | None) -> Limit | None:
    return min((limit for limit in limits if limit is not None), key=lambda limit: limit.value, default=None)


def _limit(layer: PolicyLayer, profile: Profile, name: str) -> Limit | None:
    for limit in profile.limits:
        if limit.name == name:
            return Limit(
                name=name, value=limit.value, profile=profile.id, layer=layer.kind, source=limit.source
            )
    return None


def _common(name: str, values: Values, bound: Values) -> Values:
    """What of ``values`` lies within ``bound``."""
    within = _within(name, bound)
    return tuple(value for value in values if value in bound or within(value))


def _within(name: str, bound: Values) -> Callable[[object], bool]:
    texts = [str(one) for one in bound]
    match name:
        case "hosts":
            group = HostSet(texts)
            return lambda value: "*" not in str(value) and "/" not in str(value) and group.holds(str(value))
        case "caches" | "read_only":
            return lambda value: any(str(value).startswith(one.rstrip("/") + "/") for one in texts)
        case "environment":
            return lambda value: "*" not in str(value) and any(wildcard(one, str(value)) for one in texts)
        case _:
            return lambda _value: False


def clamped(policy: Policy) -> list[Clamped]:
    """What the layers say of profiles beyond what others permit, in the order of the files."""
    out: list[Clamped] = []
    for layer in policy.layers:
        if layer.kind not in {"repo", "personal"}:
            continue
        for profile in layer.profiles:
            out += _clamped(policy, layer, profile)
    return out


def _clamped(policy: Policy, layer: PolicyLayer, profile: Profile) -> list[Clamped]:
    meaning, base = _meaning(policy, profile.id), _meaning(policy, BASE)
    shared = any(
        p.id == profile.id for other in policy.layers if other.kind != "repo" for p in other.profiles
    )
    if layer.kind == "repo" and not shared:
        meaning = _bounded(meaning, base, policy)
    who = "floor" if layer.kind == "personal" else "owner"
    out: list[Clamped] = []
    for name in GRANTS:
        given: Values = getattr(profile, name) or ()
        expanded = _given(layer, profile, name) or ()
        left = meaning.grants.get(name, ())
        lost = [str(one) for one in given if one in expanded and one not in left]
        # A group of hosts counts as lost when any of it is.
        lost += [str(one) for one in given if one not in expanded and not _all_left(layer, str(one), left)]
        if lost:
            out.append(
                Clamped(
                    place_of=layer.source,
                    source=profile.source,
                    profile=profile.id,
                    what=name,
                    given=", ".join(lost),
                    allowed=", ".join(map(str, left)),
                    layer=who,
                )
            )
    for limit in profile.limits:
        # What it does not name it has from the base, and a repository may not raise that either.
        most = meaning.limits.get(limit.name) or (
            base.limits.get(limit.name) if layer.kind == "repo" else None
        )
        if most is not None and most.value < limit.value:
            out.append(
                Clamped(
                    place_of=layer.source,
                    source=limit.source,
                    profile=profile.id,
                    what=limit.name,
                    given=amount(limit.name, limit.value),
                    allowed=amount(limit.name, most.value),
                    layer=most.layer,
                )
            )
    return out


def _all_left(layer: PolicyLayer, group: str, left: Values) -> bool:
    patterns = dict(layer.hosts).get(group) or hosts.NAMED.get(group) or (group,)
    return all(pattern in left for pattern in patterns)
