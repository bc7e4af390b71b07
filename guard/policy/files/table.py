"""A layer as JSON and back: what the hook loads instead of YAML. Strict both ways; identity is a property."""

from guard.model.dataclass import fields
from guard.model.typed import Any
from guard.model.verdict import Verdict
from guard.policy.rule import InlineTest, PolicyException, PolicyLayer, Profile, ProfileLimit, Reviewer, Rule

FORMAT = 14
_NESTED = {"rules": Rule, "exceptions": PolicyException, "tests": InlineTest}
_VERDICTS = frozenset({"verdict", "expect", "default"})
_TUPLES = frozenset(
    "effects zones except_zones programs hosts except_hosts branches carries grants match no_match send".split()
)
_GIVEN = ("hosts", "ports", "caches", "read_only", "environment")
"""Of a profile: None and an empty list are two things."""


def layer_to_json(layer: PolicyLayer) -> dict[str, Any]:
    out = {name: value for name, value in _fields(layer) if name not in _NESTED and name != "profiles"}
    for name in ("zones", "hosts"):
        out[name] = [[key, list(patterns)] for key, patterns in getattr(layer, name)]
    for name in _NESTED:
        out[name] = [dict(_fields(item)) for item in getattr(layer, name)]
    out["profiles"] = [_profile_to_json(profile) for profile in layer.profiles]
    if layer.reviewer is not None:
        out["reviewer"] = dict(_fields(layer.reviewer))
    return out


def layer_from_json(data: dict[str, Any]) -> PolicyLayer:
    """Raises KeyError, TypeError or ValueError for anything that :func:`layer_to_json` did not write."""
    values: dict[str, Any] = dict(data)
    for name, kind in _NESTED.items():
        values[name] = tuple(kind(**_values(item)) for item in data[name])
    for name in ("zones", "hosts"):
        values[name] = tuple((key, tuple(patterns)) for key, patterns in data[name])
    values["profiles"] = tuple(_profile_from_json(profile) for profile in data["profiles"])
    values["default"] = Verdict(data["default"])
    if "reviewer" in data:
        values["reviewer"] = Reviewer(**_values(data["reviewer"]))
    return PolicyLayer(**values)


def _profile_to_json(profile: Profile) -> dict[str, Any]:
    out: dict[str, Any] = {field.name: getattr(profile, field.name) for field in fields(profile)}
    for name in _GIVEN:
        out[name] = None if out[name] is None else list(out[name])
    out["requires"] = list(profile.requires)
    out["limits"] = [[limit.name, limit.value, limit.source] for limit in profile.limits]
    return out


def _profile_from_json(data: dict[str, Any]) -> Profile:
    values = dict(data)
    for name in _GIVEN:
        values[name] = None if data[name] is None else tuple(data[name])
    values["requires"] = tuple(data["requires"])
    values["limits"] = tuple(
        ProfileLimit(name=name, value=value, source=source) for name, value, source in data["limits"]
    )
    return Profile(**values)


def _fields(item: Rule | PolicyException | InlineTest | PolicyLayer | Reviewer) -> list[tuple[str, Any]]:
    out: list[tuple[str, Any]] = []
    for field in fields(item):
        value = getattr(item, field.name)
        # Of most fields of a rule nothing is said: what need not be read again is a third of the time.
        if value == field.default and type(value) is type(field.default):
            continue
        if field.name in _VERDICTS:
            value = value.value
        elif field.name in _TUPLES:
            value = list(value)
        out.append((field.name, value))
    return out


def _values(data: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = dict(data)
    for name in _VERDICTS & data.keys():
        out[name] = Verdict(data[name])
    for name in _TUPLES & data.keys():
        out[name] = tuple(data[name])
    return out
