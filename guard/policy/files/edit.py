"""Rules and tests added to the text of a policy file, which otherwise stays as it is, comments and all.

Only what a person would do with an editor: new items behind the last one. What stands in braces is left to a person.
"""

import json

import yaml

from guard.errors import PolicyFileError
from guard.model.typed import Any
from guard.policy.files.order import RULE_KEYS
from guard.policy.rule import InlineTest, Rule

_FIELDS = {"effect": "effects"}


def with_rules(text: str, source: str, rules: list[Rule], tests: list[InlineTest]) -> str:
    """Raises PolicyFileError where there is no list that could be added to."""
    for key, items in (
        ("rules", [_rule(rule) for rule in rules]),
        ("tests", [[_test(test)] for test in tests]),
    ):
        if items:
            text = _added(text, source, key, items)
    return text


def _rule(rule: Rule) -> list[str]:
    lines: list[str] = []
    for key in RULE_KEYS:
        value: Any = getattr(rule, _FIELDS.get(key, key), None)
        if key == "verdict":
            value = rule.verdict.value
        elif key in {"run", "grants", "mode", "exceptable", "examples", "recoverable"}:
            continue
        if value in ((), "", None) or (key == "itself" and not value):
            continue
        lines.append(f"{key}: {_value(value)}")
    if rule.match:
        lines += ["examples:", f"  match: {_value(rule.match)}"]
    return lines


def _test(test: InlineTest) -> str:
    named = f", rule: {test.rule}" if test.rule else ""
    return f"{{run: {json.dumps(test.run)}, expect: {test.expect.value}{named}}}"


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case tuple():
            return f"[{', '.join(_word(item) for item in value)}]"  # pyright: ignore[reportUnknownVariableType]
        case _:
            return _word(value)


def _word(value: Any) -> str:
    text = str(value)
    plain = text.isascii() and text[:1].isalpha() and all(char.isalnum() or char in "-_./" for char in text)
    # What YAML would take for something else is quoted, as is all that is not one plain word.
    known = yaml.safe_load(text) if plain else None
    return text if isinstance(known, str) else json.dumps(text, ensure_ascii=False)


def _added(text: str, source: str, key: str, items: list[list[str]]) -> str:
    root = yaml.compose(text)
    found: Any = None
    if isinstance(root, yaml.MappingNode):
        pairs: list[tuple[Any, Any]] = root.value
        found = next((value for name, value in pairs if name.value == key), None)
    lines: list[str] = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    if found is None:
        return "".join([*lines, "\n", f"{key}:\n", *_items(items, "  ", apart=False)])
    if not isinstance(found, yaml.SequenceNode) or (found.flow_style and found.value):
        mark: Any = found.start_mark
        raise PolicyFileError(
            f"`{key}` is not written as one item a line",
            place=f"{source}:{mark.line + 1}",
            help_="run `guard policy fmt`, or add the rule by hand",
        )
    if found.flow_style or not found.value:
        start: Any = found.start_mark
        line, column = int(start.line), int(start.column)
        head = lines[line][:column].rstrip() + "\n"
        return "".join([*lines[:line], head, *_items(items, "  ", apart=False), *lines[line + 1 :]])
    items_there: list[Any] = found.value
    at = _end(items_there[-1])
    first = lines[int(items_there[0].start_mark.line)]
    indent = first[: len(first) - len(first.lstrip())]
    # As they stand apart there, so does what is added.
    between = (
        lines[_end(items_there[-2]) : int(items_there[-1].start_mark.line)] if len(items_there) > 1 else []
    )
    apart = any(not line.strip() for line in between)
    return "".join([*lines[:at], *_items(items, indent, apart=apart), *lines[at:]])


def _items(items: list[list[str]], indent: str, *, apart: bool) -> list[str]:
    out: list[str] = []
    for first, *others in items:
        out += ["\n"] if apart else []
        out += [f"{indent}- {first}\n", *(f"{indent}  {line}\n" for line in others)]
    return out


def _end(node: Any) -> int:
    """The number of the line behind the last one that something of it stands in."""
    if isinstance(node, yaml.ScalarNode) or node.flow_style:
        mark: Any = node.end_mark
        return int(mark.line if mark.column == 0 else mark.line + 1)
    held: list[Any] = (
        [part for pair in node.value for part in pair] if isinstance(node, yaml.MappingNode) else node.value
    )
    return max(map(_end, held))
