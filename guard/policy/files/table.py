"""A layer as JSON and back: what the hook loads instead of YAML. Strict both ways; identity is a property."""

from dataclasses import fields
from typing import Any

from guard.model.verdict import Verdict
from guard.policy.rule import InlineTest, PolicyException, PolicyLayer, Rule

FORMAT = 2
_NESTED = {"rules": Rule, "exceptions": PolicyException, "tests": InlineTest}


def layer_to_json(layer: PolicyLayer) -> dict[str, Any]:
    return {field.name: _plain(getattr(layer, field.name)) for field in fields(layer)}


def layer_from_json(data: dict[str, Any]) -> PolicyLayer:
    """Raises KeyError, TypeError or ValueError for anything that :func:`layer_to_json` did not write."""
    values: dict[str, Any] = dict(data)
    for name, kind in _NESTED.items():
        values[name] = tuple(kind(**_values(item)) for item in data[name])
    for name in ("zones", "hosts"):
        values[name] = tuple((key, tuple(patterns)) for key, patterns in data[name])
    values["default"] = Verdict(data["default"])
    return PolicyLayer(**values)


def _values(data: dict[str, Any]) -> dict[str, Any]:
    return {
        key: Verdict(value)
        if key in {"verdict", "expect"}
        else tuple(value)
        if isinstance(value, list)
        else value
        for key, value in data.items()
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Verdict):
        return value.value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Rule | PolicyException | InlineTest):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value
