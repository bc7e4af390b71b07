"""A layer as the text of a policy file, in the canonical order of keys: what is loaded from it is the same layer."""

import yaml

from guard.model.typed import Any
from guard.policy.files.order import RULE_KEYS
from guard.policy.rule import PolicyException, PolicyLayer, Profile, Reviewer, Rule

_KINDS = {"floor": "floor", "personal": "personal"}
_RECOVERABLE: dict[str, bool | str] = {"yes": True, "no": False, "unknown": "unknown", "lost": "lost"}
_SIZES = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
_SECONDS = frozenset(("wall", "cpu"))
_BYTES = frozenset(("memory", "disk", "output"))


def dump_layer(layer: PolicyLayer) -> str:
    """Comments are not part of a layer, so there are none; ``guard policy fmt`` keeps those of a file."""
    out: dict[str, Any] = {
        "version": 1,
        "kind": _KINDS.get(layer.kind, "policy"),
        "name": layer.name,
        "default": layer.default.value,
    }
    if not layer.permits_host:
        out["permits_host"] = False
    if not layer.permits_reviewer:
        out["permits_reviewer"] = False
    if layer.lock_after:
        out["lock_after"] = layer.lock_after
    if layer.unproposed != "record":
        out["unproposed"] = layer.unproposed
    if layer.observe:
        out["mode"] = "observe"
    if layer.profile:
        out["profile"] = layer.profile
    if layer.max_exception_days:
        out["max_exception_days"] = layer.max_exception_days
    if layer.reviewer is not None:
        out["reviewer"] = _reviewer(layer.reviewer)
    for key in ("zones", "hosts"):
        if named := getattr(layer, key):
            out[key] = {name: list(patterns) for name, patterns in named}
    if layer.profiles:
        out["profiles"] = {profile.id: _profile(profile) for profile in layer.profiles}
    if layer.rules:
        out["rules"] = [_rule(rule) for rule in layer.rules]
    if layer.exceptions:
        out["exceptions"] = [_exception(exception) for exception in layer.exceptions]
    if layer.tests:
        out["tests"] = [
            {"run": test.run, "expect": test.expect.value, **({"rule": test.rule} if test.rule else {})}
            for test in layer.tests
        ]
    # One version of PyYAML's stubs has a name in this signature that it does not define.
    return yaml.safe_dump(out, sort_keys=False, allow_unicode=True, width=1000)  # pyright: ignore[reportUnknownMemberType]


def _rule(rule: Rule) -> dict[str, Any]:
    said: dict[str, Any] = {
        "id": rule.id,
        "effect": list(rule.effects),
        "verdict": rule.verdict.value,
        "why": rule.why,
        "recursive": rule.recursive,
        "itself": rule.itself or None,
        "recoverable": _RECOVERABLE.get(rule.recoverable),
        "upload": rule.upload,
        "append": rule.append,
        "certain": rule.certain,
        "observed": rule.observed,
        "surprise": rule.surprise,
        "run": None if rule.run == "sandbox" else rule.run,
        "grants": [name for name in rule.grants if name != rule.run] or None,
        "mode": "shadow" if rule.shadow else None,
        "reviewer": "may_allow" if rule.may_allow else None,
        "exceptable": rule.exceptable,
        "instead": rule.instead or None,
        "examples": {key: list(value) for key in ("match", "no_match") if (value := getattr(rule, key))}
        or None,
    }
    for key in ("zones", "except_zones", "programs", "hosts", "except_hosts", "branches", "carries"):
        said[key] = list(getattr(rule, key)) or None
    return {key: said[key] for key in RULE_KEYS if said[key] is not None}


def _reviewer(reviewer: Reviewer) -> dict[str, Any]:
    usual = Reviewer(model="")
    out: dict[str, Any] = {"model": reviewer.model}
    for key in ("base_url", "timeout_s", "max_calls"):
        if (value := getattr(reviewer, key)) != getattr(usual, key):
            out[key] = value
    if reviewer.max_cost:
        out["max_usd"] = _dollars(reviewer.max_cost)
    if reviewer.input_price or reviewer.output_price:
        out["price"] = {
            "input": _dollars(reviewer.input_price),
            "output": _dollars(reviewer.output_price),
        }
    if reviewer.send != usual.send:
        out["send"] = list(reviewer.send)
    return out


def _dollars(millionths: int) -> str:
    whole, rest = divmod(millionths, 1_000_000)
    return f"{whole}.{f'{rest:06d}'.rstrip('0') or '0'}"


def _exception(exception: PolicyException) -> dict[str, Any]:
    out: dict[str, Any] = {"id": exception.id, "rule": exception.rule}
    for key in ("zones", "programs", "hosts", "branches"):
        if values := getattr(exception, key):
            out[key] = list(values)
    return {
        **out,
        "verdict": exception.verdict.value,
        "reason": exception.reason,
        "owner": exception.owner,
        "approved_by": exception.approved_by,
        "expires": exception.expires,
    }


def _profile(profile: Profile) -> dict[str, Any]:
    out: dict[str, Any] = {"why": profile.why}
    network = {key: list(value) for key in ("hosts", "ports") if (value := getattr(profile, key)) is not None}
    if network:
        out["network"] = network
    for key in ("caches", "read_only", "environment"):
        if (value := getattr(profile, key)) is not None:
            out[key] = list(value)
    if profile.requires:
        out["requires"] = list(profile.requires)
    if profile.limits:
        out["limits"] = {
            limit.name.replace("-", "_"): _amount(limit.name, limit.value) for limit in profile.limits
        }
    return out


def _amount(name: str, value: int) -> int | str:
    if name in _SECONDS:
        return f"{value // 60}m" if value % 60 == 0 else f"{value}s"
    if name in _BYTES:
        return next(f"{value // size}{unit}" for size, unit in _SIZES if value % size == 0)
    return value
