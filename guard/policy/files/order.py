"""The order in which a policy file says things: what it is, where it holds, what it says, why. Knows keys, not their meaning."""

from typing import TypeGuard

from guard.model.typed import Any, Callable
from guard.policy.files.schema import Capability, EffectName, LimitsTable
from guard.policy.files.strict_yaml import Path
from guard.policy.rule import SENT

FILE_KEYS = (
    "version", "kind", "name", "default", "permits_host", "permits_reviewer", "lock_after", "unproposed", "mode", "profile",
    "max_exception_days", "reviewer", "zones", "hosts", "profiles", "floor", "rules", "exceptions", "tests",
)  # fmt: skip
RULE_KEYS = (
    "id", "effect", "zones", "except_zones", "programs", "hosts", "except_hosts", "branches", "recursive", "itself",
    "recoverable", "carries", "upload", "append", "certain", "observed", "surprise", "verdict",
    "run", "grants", "mode", "reviewer", "exceptable", "why",
    "instead", "examples",
)  # fmt: skip
EXCEPTION_KEYS = (
    "id", "rule", "zones", "programs", "hosts", "branches", "verdict", "reason", "owner", "approved_by", "expires",
)  # fmt: skip
REVIEWER_KEYS = ("model", "base_url", "timeout_s", "max_calls", "max_usd", "price", "send")
PROFILE_KEYS = ("why", "network", "caches", "read_only", "environment", "requires", "limits")
TEST_KEYS = ("run", "expect", "rule")
SECTIONS = frozenset(("reviewer", "zones", "hosts", "profiles", "floor", "rules", "exceptions", "tests"))
"""Keys of the file that hold most of it."""
RULE_LISTS = frozenset(("floor", "rules"))
_EFFECTS = {name: number for number, name in enumerate(EffectName.__args__)}  # type: ignore[attr-defined]
_CAPABILITIES = {name: number for number, name in enumerate(Capability.__args__)}  # type: ignore[attr-defined]
_SENT = {name: number for number, name in enumerate(SENT)}
_AS_WRITTEN = frozenset(("match", "no_match"))
"""The first example is the one that shows most."""


def keys_at(at: Path) -> tuple[str, ...]:
    """Of the table at this place, in their order; none where names are up to the author and stay as they are."""
    match at:
        case ():
            return FILE_KEYS
        case (section, int()) if section in RULE_LISTS:
            return RULE_KEYS
        case (_, int(), "examples"):
            return ("match", "no_match")
        case ("exceptions", int()):
            return EXCEPTION_KEYS
        case ("tests", int()):
            return TEST_KEYS
        case ("reviewer",):
            return REVIEWER_KEYS
        case ("reviewer", "price"):
            return ("input", "output")
        case ("profiles", str()):
            return PROFILE_KEYS
        case ("profiles", str(), "network"):
            return ("hosts", "ports")
        case ("profiles", str(), "limits"):
            return tuple(LimitsTable.model_fields)
        case _:
            return ()


def rank_at(at: Path) -> Callable[[Any], Any] | None:
    """By what the items of the list at this place are sorted; None where they stay as they are."""
    if len(at) < 2 or at[-1] in _AS_WRITTEN:
        return None
    if at[-1] == "effect":
        return _rank(_EFFECTS)
    if at == ("reviewer", "send"):
        return _rank(_SENT)
    if at[-1] == "requires":
        return _rank(_CAPABILITIES)
    return _as_is


def _rank(known: dict[str, int]) -> Callable[[Any], Any]:
    return lambda name: known.get(name, len(known))


def _as_is(item: Any) -> Any:
    return item


def in_order(data: Any, at: Path = ()) -> Any:
    """The same values, those whose order means nothing in the order that they are written in."""
    if is_table(data):
        return {key: in_order(data[key], (*at, key)) for key in keys_in_order(data, at)}
    if is_list(data):
        items = [in_order(item, (*at, number)) for number, item in enumerate(data)]
        rank = rank_at(at)
        return items if rank is None else sorted(items, key=rank)
    return data


def is_table(data: object) -> TypeGuard[dict[str, Any]]:
    """The strict reader gives no other keys than words."""
    return isinstance(data, dict)


def is_list(data: object) -> TypeGuard[list[Any]]:
    return isinstance(data, list)


def keys_in_order(data: dict[str, Any], at: Path) -> list[str]:
    known = keys_at(at)
    return [*(key for key in known if key in data), *(key for key in data if key not in known)]
