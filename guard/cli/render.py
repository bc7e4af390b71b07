"""Decisions and effects for people. Text in, text out; every part of a proposal is shown with its odd characters visible."""

from typing import Any, cast

from guard.audit.record import effect_json
from guard.cli.lines import is_object
from guard.cli.output import style, visible
from guard.enforce.connections import needs
from guard.engine.advised import advice_words
from guard.engine.stages import Decided
from guard.model.decision import Ask, Sandbox, verdict_of
from guard.model.effect import ResolvedEffect
from guard.model.profile import RunProfile

_COLOUR = {"allow": "green", "ask": "yellow", "deny": "red"}
_SHOWN = 12


def headline(decided: Decided) -> str:
    """``deny``, ``ask``, ``allow, in a sandbox`` or ``allow``."""
    decision = decided.decision
    verdict = verdict_of(decision).value
    text = (
        f"{verdict}, in a sandbox"
        if verdict == "allow" and isinstance(decision.placement, Sandbox)
        else verdict
    )
    return style(text, _COLOUR[verdict], "bold")


def decision_lines(decided: Decided) -> list[str]:
    """Verdict, effects, rule and why."""
    shown = decided.effects[:_SHOWN]
    lines = [f"  effect  {effect_line(effect)}" for effect in shown]
    if len(decided.effects) > len(shown):
        lines.append(f"  effect  and {len(decided.effects) - len(shown)} more")
    return [headline(decided), *lines, *reason_lines(decided)]


def reason_lines(decided: Decided) -> list[str]:
    """Why, by which rule, and what would be accepted."""
    first = decided.decision.reasons[0]
    lines: list[str] = []
    if isinstance(decided.decision.placement, Sandbox) and decided.decision.placement.grants:
        lines.append(f"  with    {visible(given_line(decided.decision.placement.profile), 200)}")
    hosts = needs(decided)
    if hosts:
        lines.append(f"  needs   {visible(', '.join(hosts), 200)}")
    lines.append(f"  why     {visible(first.why)}")
    lines.append(
        f"  rule    {first.rule}{f' ({visible(first.source)})' if first.source else f' ({first.layer})'}"
    )
    if first.instead:
        lines.append(f"  try     {visible(first.instead)}")
    advice = decided.facts.advice
    if advice is not None and isinstance(decided.decision, Ask):
        lines.append(f"  second  {visible(advice_words(advice), 600)}")
    return lines


def given_line(profile: RunProfile) -> str:
    """``install: network pypi.org; caches $H/.npm``."""
    parts = [
        f"{name} {', '.join(map(str, values))}"
        for name, values in (
            ("network", profile.hosts),
            ("ports", profile.ports),
            ("caches", profile.caches),
            ("seen", profile.read_only),
        )
        if values
    ]
    return f"{', '.join(profile.names)}: {'; '.join(parts) or 'limits of its own'}"


def effect_line(effect: ResolvedEffect) -> str:
    """``fs.delete  $H  all below  by rm``."""
    return data_line(effect_json(effect))


def data_line(data: dict[str, Any]) -> str:
    """The same of an effect as records have it; takes ``data`` apart."""
    words = [f"{data.pop('effect'):<17}"]
    for key in ("path", "target"):
        path = data.pop(key, None)
        if is_object(path):
            words.append(_path(path))
        elif path is not None:
            words.append(visible(str(path), 100))
    for key in ("host", "branch", "packages", "arguments", "detail", "reason"):
        value = data.pop(key, None)
        if value:
            text = " ".join(_words(value))
            words.append(visible(text, 100))
    if data.pop("recursive", False):
        words.append("and all below")
    carries = data.pop("carries", None)
    if data.pop("upload", False):
        what = ", ".join(_words(carries)) if carries else "data"
        words.append(f"(sends {visible(what, 100)})")
    if data.pop("surprise", False):
        words.append("(not predicted)")
    program = data.pop("program", "")
    if program and words[0].strip() != "exec":
        words.append(style(f"by {visible(str(program))}", "dim"))
    elif program:
        words.insert(1, visible(str(program)))
    return "  ".join(words)


def _words(value: Any) -> list[str]:
    if not isinstance(value, list):
        return [str(value)]
    items = cast("list[object]", value)  # JSON
    return [str(item) for item in items]


def _path(path: dict[str, Any]) -> str:
    given, place = path["given"], path["place"]
    shown = visible(given if isinstance(given, str) else "(not text)", 80)
    if path.get("unresolved"):
        return f"{shown} = anything: {path['unresolved']}"
    lost = path.get("lost", 0)
    note = f", {lost} files git cannot bring back" if lost > 0 else ""
    place = place if isinstance(place, str) else "(not text)"
    return f"{shown} = {visible(place)}{note}" if shown != place else f"{shown}{note}"
