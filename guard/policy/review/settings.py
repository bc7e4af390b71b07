"""What a policy says beside its rules, before and after: profiles, limits, what holds for all of a session. Pure."""

from guard.model.dataclass import dataclass
from guard.model.profile import RunProfile, amount
from guard.policy.profiles import GRANTS, WORDS, defined, profile_for
from guard.policy.review.compare import Direction
from guard.policy.rule import Policy, Reviewer


@dataclass(frozen=True, slots=True)
class Setting:
    direction: Direction
    what: str
    before: str
    after: str


def settings(old: Policy, new: Policy) -> list[Setting]:
    """Each change of one, looser ones first."""
    out: list[Setting] = []
    _add(
        out,
        "running outside of the sandbox",
        *(_host(p) for p in (old, new)),
        looser=_host(new) == "possible",
    )
    reviewers = old.reviewer, new.reviewer
    _add(
        out,
        "what is asked about is read by",
        *(_reviewer(one) for one in reviewers),
        looser=reviewers[1] is not None,
    )
    locks = old.lock_after, new.lock_after
    _add(
        out,
        "denials after which a session is locked",
        *(str(n) if n else "never" for n in locks),
        looser=not locks[1] or 0 < locks[0] < locks[1],
    )
    ends = [("ends the session" if p.ends_on_unproposed else "is recorded") for p in (old, new)]
    _add(out, "a change that nobody proposed", *ends, looser=not new.ends_on_unproposed)
    watched = [("only recorded" if p.observes else "enforced") for p in (old, new)]
    _add(out, "what the guard decides is", *watched, looser=new.observes)
    days = [_days(policy) for policy in (old, new)]
    _add(
        out,
        "days for which an exception may hold",
        *(str(n) if n else "any" for n in days),
        looser=not days[1] or 0 < days[0] < days[1],
    )
    for name in sorted(defined(old) | defined(new) | {"sandbox"}):
        for owners, repos in ((frozenset({name}), frozenset[str]()), (frozenset[str](), frozenset({name}))):
            before, after = profile_for(old, owners, repos), profile_for(new, owners, repos)
            _profile(out, name, before, after)
    out = list(dict.fromkeys(out))
    return sorted(out, key=lambda one: one.direction is not Direction.LOOSER)


def _host(policy: Policy) -> str:
    return "possible" if all(layer.permits_host for layer in policy.layers) else "never"


def _reviewer(reviewer: Reviewer | None) -> str:
    if reviewer is None:
        return "nobody else"
    return f"{reviewer.model} at {reviewer.base_url}, which is sent {', '.join(reviewer.send)}"


def _days(policy: Policy) -> int:
    return min((layer.max_exception_days for layer in policy.layers if layer.max_exception_days), default=0)


def _add(out: list[Setting], what: str, before: str, after: str, *, looser: bool) -> None:
    if before != after:
        out.append(Setting(Direction.LOOSER if looser else Direction.STRICTER, what, before, after))


def _profile(out: list[Setting], name: str, before: RunProfile, after: RunProfile) -> None:
    for grant in GRANTS:
        had, has = (frozenset(map(str, getattr(one, grant))) for one in (before, after))
        what = f"{WORDS[grant]} of profile `{name}`"
        for value in sorted(has - had):
            _add(out, what, "", f"with {value}", looser=True)
        for value in sorted(had - has):
            _add(out, what, f"with {value}", "", looser=False)
    for value in sorted(set(before.requires) - set(after.requires)):
        _add(out, f"what profile `{name}` requires", value, "", looser=True)
    for value in sorted(set(after.requires) - set(before.requires)):
        _add(out, f"what profile `{name}` requires", "", value, looser=False)
    limits = [{limit.name: limit.value for limit in one.limits} for one in (before, after)]
    for key in sorted({*limits[0], *limits[1]}):
        was, now = limits[0].get(key), limits[1].get(key)
        shown = [amount(key, value) if value is not None else "no limit" for value in (was, now)]
        _add(out, f"{key} of profile `{name}`", *shown, looser=now is None or (was is not None and now > was))
