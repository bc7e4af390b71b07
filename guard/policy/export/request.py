"""What an exported policy is asked: effects as JSON, in words that depend on no policy. Pure."""

from guard.model.effect import (
    ChangeMode,
    Connect,
    DeletePath,
    LinkPath,
    PublishVcs,
    ReadPath,
    ReadSecret,
    ResolvedEffect,
    RewriteVcs,
    TamperGuard,
    WritePath,
    effect_name,
)
from guard.model.facts import Facts
from guard.model.paths import UNRESOLVED_PLACE, ResolvedPath
from guard.model.typed import Any, Iterable
from guard.policy.evaluate import is_guard
from guard.policy.hosts import UNKNOWN, address, normal
from guard.policy.zones import ZoneTable, spelled

_COMPUTED = ZoneTable({"system": (), "device": (), "unresolved": ()})
Json = dict[str, Any]


NO, PERHAPS, SURELY = "no", "perhaps", "surely"
"""Whether an effect reaches what no policy can open: the guard's own files and process."""


def document(effects: Iterable[tuple[ResolvedEffect, str]], facts: Facts) -> Json:
    """``{"today": ..., "effects": [...]}``: the input of an exported policy. Each effect with how it touches the guard."""
    out: Json = {"effects": [effect_document(effect, facts, own=own) for effect, own in effects]}
    if facts.today:
        # Without a date nobody can say that an exception has not expired.
        out["today"] = facts.today
    return out


def effect_document(effect: ResolvedEffect, facts: Facts, *, own: str) -> Json:
    """``own``: one of NO, PERHAPS, SURELY."""
    out: Json = {
        "effect": effect_name(effect),
        "program": effect.program,
        "names": sorted({effect.program, *effect.names}),
        "certain": effect.certain,
        "observed": effect.observed,
        "surprise": effect.surprise,
        "touches_guard": own,
        "ends": [],
    }
    match effect:
        case WritePath(path=path, recursive=deep, append=append):
            out["append"] = append
            out["ends"] = [_end(path, facts, recursive=deep)]
        case (
            ReadPath(path=path, recursive=deep)
            | DeletePath(path=path, recursive=deep)
            | ChangeMode(path=path, recursive=deep)
        ):
            out["ends"] = [_end(path, facts, recursive=deep)]
        case LinkPath(path=path, target=target):
            out["ends"] = [_end(path, facts, recursive=False), _end(target, facts, recursive=False)]
        case ReadSecret(path=path) | TamperGuard(path=path):
            out["ends"] = [_end(path, facts, recursive=False)]
        case Connect(host=host, upload=upload, carries=carries):
            out["host"] = _host(host, facts)
            out["upload"] = upload
            out["carries"] = [_carried(source) for source in carries]
        case PublishVcs(branch=branch) | RewriteVcs(branch=branch):
            out["branch"] = (
                {"unknown": True}
                if branch in ("", UNKNOWN)
                else {"name": branch.removeprefix("refs/heads/").rstrip("/")}
            )
        case _:
            pass
    return out


def _end(path: ResolvedPath, facts: Facts, *, recursive: bool) -> Json:
    own = (path.place, *path.aliases)
    return {
        "recursive": recursive,
        "unlisted": recursive and not path.listed,
        "lost": path.lost,
        "here": [place_document(place, path, facts) for place in own],
        "below": [place_document(place, path, facts) for place in (path.below if recursive else ())],
    }


def place_document(place: str, path: ResolvedPath, facts: Facts) -> Json:
    """``zones``, ``may`` and ``must``: of those that are no list of patterns, so that no policy need compute them."""
    found = _COMPUTED.membership(place)
    own = is_guard(place, path, facts)

    def names(bits: int) -> list[str]:
        return [name for name in ("system", "device", "unresolved") if bits & _COMPUTED.bits((name,))]

    out: Json = {
        "zones": [*names(found.inside), *(("guard",) if own else ())],
        "may": names(found.may),
        "must": [*names(found.must), *(("guard",) if own else ())],
    }
    if place != UNRESOLVED_PLACE:
        out["place"] = place.rstrip("/")
        out["folded"] = [one.rstrip("/") for one in spelled(place)]
    return out


def _host(host: str, facts: Facts) -> Json:
    name = normal(host)
    out: Json = {"package_index": name in facts.package_hosts}
    if name in ("", UNKNOWN):
        out["unknown"] = True
        if host != UNKNOWN:
            # Nobody has said which: unlike one that cannot be told, it is carved out of nothing.
            out["empty"] = True
        return out
    found = address(name)
    if found is None:
        out["name"] = name
    else:
        out["address"] = network_bits(found.bits, found.value)
    return out


def network_bits(bits: int, value: int, length: int | None = None) -> str:
    """``4:0111...``: an address, or the first ``length`` digits of one, so that a network is a beginning."""
    digits = format(value, f"0{bits}b")
    return f"{4 if bits == 32 else 6}:{digits if length is None else digits[:length]}"


def _carried(source: str) -> Json:
    kind, _, place = source.partition(":")
    if kind not in ("file", "tree"):
        return {"secret": True}
    path = ResolvedPath(given=place, real="", place=place)
    return place_document(place, path, Facts(workspace="", home="", cwd="/"))
