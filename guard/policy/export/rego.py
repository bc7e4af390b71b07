"""A policy in Rego: three verdicts as a set of reasons, of which the strictest counts. Pure.

Each rule stands as one Rego rule that reads as ours does; what the words mean (any of it, all of it, everything below)
stands in the library behind them.
"""

import json

from guard.model.typed import Iterable, cast
from guard.policy.export.loss import Direction, Exported, Loss
from guard.policy.export.meaning import Condition, Layer, Meaning, Spoken, meaning_of
from guard.policy.export.patterns import expressions, wildcard_expression
from guard.policy.export.rego_library import LIBRARY
from guard.policy.export.request import network_bits
from guard.policy.export.text import comment
from guard.policy.hosts import UNKNOWN, network_of, normal
from guard.policy.rule import Policy
from guard.policy.zones import FOLDED

PACKAGE = "guard"
WIDTH = 100


def to_rego(policy: Policy) -> Exported:
    meaning = meaning_of(policy)
    rules = [spoken for layer in meaning.layers for spoken in layer.rules]
    parts = [
        (
            f"# Written by `guard policy export --to rego` from the policy {policy.digest}: change that, not this.\n"
            f"# Ask it for data.{PACKAGE}.decision; the input is what `guard policy export --to rego --input COMMAND` prints.\n"
            f"package {PACKAGE}\n\nimport rego.v1\n"
        ),
        _layers(meaning.layers),
        _rules(rules),
        _zones(meaning),
        *(_rule(number, spoken) for number, spoken in enumerate(rules)),
        LIBRARY,
    ]
    return Exported(text="\n".join(parts), lost=tuple(_lost(policy)))


def _lost(policy: Policy) -> list[Loss]:
    what = "an `allow` holds where `placement` says: where nothing contains a command, who runs it has to ask"
    out = [Loss(rule="*", what=what, direction=Direction.SAME)]
    if any(layer.profiles for layer in policy.layers):
        what = "what a run profile gives (hosts, caches, variables, limits): only its name is exported"
        out.append(Loss(rule="*", what=what, direction=Direction.SAME))
    if any(layer.lock_after or layer.unproposed == "end" for layer in policy.layers):
        what = "a session is locked after many denials, or ended: here each question stands alone"
        out.append(Loss(rule="*", what=what, direction=Direction.LOOSER))
    return out


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _set(values: Iterable[str]) -> str:
    found = list(values)
    return _listed("{", [_text(value) for value in found], "}") if found else "set()"


def _listed(first: str, items: list[str], last: str, depth: int = 2) -> str:
    """On one line where that is short: some engines read no line of more than 1024 columns."""
    line = f"{first}{', '.join(items)}{last}"
    if len(line) <= WIDTH:
        return line
    tabs = "\t" * depth
    return f"{first}\n" + "".join(f"{tabs}{item},\n" for item in items) + f"{tabs[1:]}{last}"


def _table(name: str, rows: list[str]) -> str:
    return f"{name} := {{\n" + "".join(f"\t{row},\n" for row in rows) + "}\n" if rows else f"{name} := {{}}\n"


def _object(said: dict[str, object], depth: int = 2) -> str:
    tabs = "\t" * depth
    lines: list[str] = []
    for key, value in said.items():
        shown = (
            _object(cast("dict[str, object]", value), depth + 1) if isinstance(value, dict) else _text(value)
        )
        lines.append(f"{tabs}{_text(key)}: {shown},\n")
    return "{\n" + "".join(lines) + f"{tabs[1:]}}}"


def _layers(layers: tuple[Layer, ...]) -> str:
    return _table(
        "layers",
        [
            f"{_text(layer.name)}: "
            + _text(
                {
                    "default": layer.layer.default.value,
                    "permits_host": layer.layer.permits_host,
                    "may_open_host": layer.layer.kind != "repo",
                    "source": layer.layer.source,
                }
            )
            for layer in layers
        ],
    )


def _rules(rules: list[Spoken]) -> str:
    rows: list[str] = []
    for number, spoken in enumerate(rules):
        rule = spoken.rule
        said: dict[str, object] = {
            "id": spoken.name,
            "layer": spoken.name.partition("/")[0],
            "verdict": rule.verdict.value,
            "run": "host" if rule.run == "host" else "sandbox",
            "shadow": rule.shadow,
            "source": rule.source,
            "why": rule.why,
        }
        if rule.instead:
            said["instead"] = rule.instead
        if rule.grants:
            said["profiles"] = list(rule.grants)
        if spoken.exceptions:
            said["exceptions"] = {
                str(index): {
                    "exception": one.exception.id,
                    "verdict": one.verdict.value,
                    "expires": one.exception.expires,
                    "source": one.exception.source,
                    "why": one.exception.reason,
                }
                for index, one in enumerate(spoken.exceptions)
            }
        rows.append(f"{_text(_key(number))}: {_object(said)}")
    return _table("rules", rows)


def _key(number: int) -> str:
    return f"r{number}"


def _zones(meaning: Meaning) -> str:
    rows: list[str] = []
    for name, patterns in meaning.zones.items():
        folded = name in FOLDED
        found = expressions(patterns, folded=folded)
        lists = [
            f'\t\t"{key}": ' + _listed("[", [_text(value) for value in values], "]", 3)
            for key, values in (("inside", found.inside), ("may", found.may), ("must", found.must))
        ]
        listed = "".join(f"\t\t{comment(pattern)}\n" for pattern in patterns)
        rows.append(
            f'{_text(name)}: {{\n{listed}\t\t"folded": {_text(folded)},\n' + ",\n".join(lists) + ",\n\t}"
        )
    return _table("zones", rows)


def _rule(number: int, spoken: Spoken) -> str:
    key = _key(number)
    rule = spoken.rule
    out = [
        comment(
            f"{rule.verdict.value} {spoken.name}{' (shadow: only recorded)' if rule.shadow else ''}: {rule.why}"
        )
        + "\n",
        _meets(
            f"meets contains [{_text(key)}, i] if {{",
            [f"\teffect.effect in {_set(rule.effects)}"],
            key,
            spoken.condition,
        ),
    ]
    for index, one in enumerate(spoken.exceptions):
        out.append(
            "\n"
            + comment(f"exception {one.exception.id} until {one.exception.expires}: {one.exception.reason}")
            + "\n"
        )
        out.append(
            _meets(
                f"excepted contains [{_text(key)}, i, {_text(str(index))}] if {{",
                [
                    f"\t[{_text(key)}, i] in meets",
                    f"\tinput.today <= {_text(one.exception.expires)}",
                ],
                f"{key}_{index}",
                one.condition,
            )
        )
    return "".join(out)


def _meets(head: str, first: list[str], key: str, condition: Condition) -> str:
    lines = [head, "\tsome i, effect in input.effects", *first, *_stated(condition)]
    extra = ""
    if condition.placed:
        lines.append(f"\tplaced_{key}(effect)")
        extra = "\n" + _placed(key, condition)
    if (
        condition.rule.hosts
        or condition.rule.except_hosts
        or condition.rule.branches
        or condition.rule.carries
        or condition.rule.upload is not None
    ):
        lines.append(f"\tnetworked_{key}(effect)")
        extra += "\n" + _networked(key, condition)
    return "\n".join(lines) + "\n}\n" + extra


def _stated(condition: Condition) -> list[str]:
    rule = condition.rule
    out: list[str] = []
    for name in ("observed", "surprise", "certain", "append"):
        wanted: bool | None = getattr(rule, name)
        if wanted is not None:
            out.append(f"\teffect.{name} == {_text(wanted)}")
    if rule.programs:
        plain = [name for name in rule.programs if not _is_pattern(name)]
        wild = [wildcard_expression(name) for name in rule.programs if _is_pattern(name)]
        word = "any_name" if condition.strict else "own_name"
        out.append(f"\t{word}(effect, {_set(plain)}, {_set(wild)})")
    return out


def _is_pattern(name: str) -> bool:
    return "*" in name or "?" in name


def _placed(key: str, condition: Condition) -> str:
    rule, strict = condition.rule, condition.strict
    lines: list[str] = []
    if rule.recursive is not None:
        lines.append(f"\tend.recursive == {_text(rule.recursive)}")
    match rule.recoverable:
        case "":
            pass
        case "yes":
            lines.append("\tend.lost == 0")
        case "unknown":
            lines.append("\tend.lost < 0")
        case "no" if strict:
            lines.append("\tend.lost != 0")
        case _:
            lines.append("\tend.lost > 0")
    if rule.itself:
        lines.append(f"\there_in(end, {_set(condition.zones)})")
    any_of, all_of = ("some_in", "all_in") if strict else ("all_in", "some_in")
    if condition.zones:
        lines.append(f"\t{any_of}(end, {_set(condition.zones)})")
    if condition.except_zones:
        lines.append(f"\tnot {all_of}(end, {_set(condition.except_zones)})")
    body = "\n".join(lines) or "\ttrue"
    out = f"at_{key}(end) if {{\n{body}\n}}\n\n"
    if not condition.needs_place:
        out += f"placed_{key}(effect) if count(effect.ends) == 0\n\n"
    if not strict:
        inner = f"\tcount(effect.ends) > 0\n\tevery end in effect.ends {{\n\t\tat_{key}(end)\n\t}}"
    elif rule.itself:
        inner = f"\tat_{key}(effect.ends[0])"
    else:
        inner = f"\tsome end in effect.ends\n\tat_{key}(end)"
    return out + f"placed_{key}(effect) if {{\n{inner}\n}}\n"


def _networked(key: str, condition: Condition) -> str:
    rule, strict = condition.rule, condition.strict
    out = ""
    lines = ['\teffect.effect == "net.connect"']
    if rule.carries:
        lines.append(
            f"\tcarries_{'some' if strict else 'all'}(effect, {_set(condition.carries)}, {_text(condition.secret)})"
        )
    if rule.upload is not None:
        lines.append(f"\teffect.upload == {_text(rule.upload)}")
    if rule.hosts:
        lines.append(f"\tamong(effect.host, {_host_set(condition.hosts, index=condition.index)})")
    if rule.except_hosts:
        group = _host_set(condition.except_hosts, index=condition.except_index)
        lines.append(f"\tnot {'carved_out' if strict else 'perhaps_in'}(effect.host, {group})")
    if rule.branches:
        # A connection has no branch. What is false stands there, so that there is such a function at all.
        lines = ["\tfalse"]
    out += f"networked_{key}(effect) if {{\n" + "\n".join(lines) + "\n}\n"
    if not (rule.hosts or rule.carries):
        lines = ['\teffect.effect in {"vcs.publish", "vcs.rewrite"}']
        if rule.branches:
            lines.append(
                f"\ton_branch(effect.branch, {_set(expressions(rule.branches).inside)}, {_text(strict)})"
            )
        out += f"\nnetworked_{key}(effect) if {{\n" + "\n".join(lines) + "\n}\n"
    return out


def _host_set(patterns: tuple[str, ...], *, index: bool) -> str:
    names: list[str] = []
    wild: list[str] = []
    networks: list[str] = []
    everything = unknown = False
    for pattern in map(normal, patterns):
        if pattern == "*":
            everything = True
        elif pattern == UNKNOWN:
            unknown = True
        elif (network := network_of(pattern)) is not None:
            bits, shift, base = network
            networks.append(network_bits(bits, base << shift, bits - shift))
        elif "*" in pattern:
            wild.append(wildcard_expression(pattern))
        else:
            names.append(pattern)
    return _listed(
        "{",
        [
            f'"names": {_set(names)}',
            f'"wild": {_set(wild)}',
            f'"networks": {_set(networks)}',
            f'"everything": {_text(everything)}',
            f'"unknown": {_text(unknown)}',
            f'"package_index": {_text(index)}',
        ],
        "}",
    )
