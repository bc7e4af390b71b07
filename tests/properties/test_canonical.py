"""The canonical form: written again it is the same, it means the same, and no comment is lost, wherever comments stand."""

import json
import re
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.policy.files.canonical import canonical
from guard.policy.files.dump import dump_layer
from guard.policy.files.load import load_layer
from guard.policy.files.strict_yaml import tree_of
from guard.policy.files.table import layer_to_json
from tests.properties.test_policy_language import RULE, SENTENCE, layers, some

COMMAND = st.text("abc '\":#-{}[],&*!|>%@` 012~$", min_size=1, max_size=30)
AS_WRITTEN = {"match", "no_match", "rules", "exceptions", "tests", "profiles"}


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """A policy as a table whose keys have any order."""
    rules = [{"id": f"r{n}", **rule} for n, rule in enumerate(draw(st.lists(RULE, min_size=1, max_size=4)))]
    for rule in rules:
        if draw(st.booleans()):
            rule["examples"] = {"match": draw(st.lists(COMMAND, max_size=3))}
    table = {
        "version": 1,
        "kind": "policy",
        "name": "p",
        "default": "ask",
        "zones": {name: draw(some(("$W/b/**", "$W/a", "~/x", "$T/**"))) for name in ("z3", "z1", "z2")},
        "hosts": {"ours": draw(some(("*.corp", "b.example", "1.1.1.1")))},
        "profiles": {
            "net": {
                "why": draw(SENTENCE),
                "limits": {"memory": "2GiB", "wall": "90s"},
                "network": {"ports": [443, 80], "hosts": ["b.example", "a.example"]},
            }
        },
        "rules": rules,
        "tests": [{"expect": "ask", "run": draw(COMMAND)} for _ in range(draw(st.integers(0, 2)))],
    }
    return shuffled(draw, table)


def shuffled(draw: st.DrawFn, value: Any) -> Any:
    match value:
        case dict():
            return {key: shuffled(draw, value[key]) for key in draw(st.permutations(list(value)))}
        case list():
            return [shuffled(draw, item) for item in value]
        case _:
            return value


@st.composite
def texts(draw: st.DrawFn) -> str:
    """The table in one of the ways that people and tools write YAML."""
    table = draw(tables())
    if draw(st.booleans()):
        return json.dumps(table, indent=draw(st.integers(1, 4)), ensure_ascii=False)
    return yaml.safe_dump(
        table,
        sort_keys=False,
        allow_unicode=True,
        width=100_000,
        indent=draw(st.integers(2, 5)),
        default_flow_style=draw(st.sampled_from((False, None))),
        explicit_start=draw(st.booleans()),
    )


@st.composite
def commented(draw: st.DrawFn) -> tuple[str, list[str]]:
    """With comments above, beside, between and below anything."""
    out: list[str] = []
    comments: list[str] = []

    def note() -> str:
        comments.append(f"# <{len(comments)}>" + draw(st.sampled_from(("", ": [x", " # - y", ' "'))))
        return comments[-1]

    for line in [*draw(texts()).splitlines(), ""]:
        out += [
            " " * draw(st.integers(0, 8)) + note() if draw(st.integers(0, 3)) else ""
            for _ in range(draw(st.sampled_from((0, 0, 0, 1, 2))))
        ]
        out.append(line + (f" {note()}" if line and draw(st.integers(0, 4)) == 0 else ""))
    return draw(st.sampled_from(("\n", "\r\n"))).join(out), comments


def bare(text: str) -> Any:
    """What a policy says: without places, and without the order that means nothing."""
    layer = layer_to_json(load_layer(text.encode(), kind="repo", source="p.yaml"))
    data = json.loads(re.sub(r'"p\.yaml(:\d+)?"', '""', json.dumps(layer)))

    def strip(value: Any, key: str = "") -> Any:
        match value:
            case dict():
                return {name: strip(item, name) for name, item in value.items()}
            case list() | tuple():
                items = [strip(item, key) for item in value]
                return items if key in AS_WRITTEN else sorted(items, key=repr)
            case _:
                return value

    return strip(data)


@settings(max_examples=30, deadline=None)
@given(commented())
def test_it_is_idempotent_means_the_same_and_loses_no_comment(found: tuple[str, list[str]]) -> None:
    text, comments = found
    once = canonical(text.encode(), kind="repo", source="p.yaml")
    written = once.decode()

    assert canonical(once, kind="repo", source="p.yaml") == once
    assert bare(written) == bare(text)
    for comment in comments:
        assert written.count(comment) == 1, comment
    assert "\n\n\n" not in written
    assert all(line == line.rstrip() for line in written.splitlines())


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_two_ways_to_write_a_policy_have_one_canonical_form(data: st.DataObject) -> None:
    table = data.draw(tables())
    one, other = (
        canonical(text.encode(), kind="repo", source="p.yaml")
        for text in (
            json.dumps(table, ensure_ascii=False),
            yaml.safe_dump(_other_order(table), sort_keys=False, width=40, default_flow_style=False),
        )
    )

    assert one == other


def _other_order(table: dict[str, Any]) -> dict[str, Any]:
    """Fixed keys from behind; names that authors gave stay as they are."""
    out = {key: table[key] for key in reversed(table)}
    out["rules"] = [dict(reversed(rule.items())) for rule in table["rules"]]
    return out


@settings(max_examples=30, deadline=None)
@given(layers("floor"))
def test_every_layer_that_can_be_dumped_can_be_written(layer: Any) -> None:
    text = canonical(dump_layer(layer).encode(), kind="floor", source="p.yaml")

    assert canonical(text, kind="floor", source="p.yaml") == text
    assert tree_of(text, "p.yaml")["name"] == layer.name
