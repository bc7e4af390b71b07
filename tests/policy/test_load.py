"""What a policy file may say, and the one message for everything else."""

import tomllib
from json import dumps, loads
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.errors import PolicyFileError
from guard.model.effect import EFFECT_NAMES
from guard.model.verdict import Verdict
from guard.policy.files.load import load_layer
from guard.policy.files.schema import json_schema
from guard.policy.files.table import layer_from_json, layer_to_json

CASES = tomllib.loads((Path(__file__).parent / "cases" / "malformed.toml").read_text())["case"]
HEAD = b"version: 1\nkind: policy\nname: p\ndefault: ask\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_malformed_file_has_one_message_with_its_place(case: dict) -> None:
    text = case.get("text", case.get("repeat", "") * case.get("times", 0))
    with pytest.raises(PolicyFileError) as caught:
        load_layer(text.encode(), kind="repo", source="p.yaml")

    if "says" in case:
        assert (str(caught.value), caught.value.help) == (case["says"], case["help"])
    else:
        assert str(caught.value).startswith(case["starts"])
        assert caught.value.help


@pytest.mark.parametrize("content", [b"\xff\xfe", b"version: 1\xc3\n", b"a\0b", HEAD + b"zones: {a: [\x1b]}"])
def test_bytes_that_are_no_text_are_refused(content: bytes) -> None:
    with pytest.raises(PolicyFileError, match=r"p\.yaml"):
        load_layer(content, kind="repo", source="p.yaml")


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200), st.text(alphabet="ab:-[]{}&*!|>#'\" \n1$W/", max_size=200).map(str.encode)
    )
)
def test_anything_at_all_is_a_layer_or_a_message(content: bytes) -> None:
    try:
        load_layer(HEAD + content, kind="repo", source="p.yaml")
    except PolicyFileError as error:
        place = error.place
    else:
        place = "p.yaml"

    assert place.startswith("p.yaml")


def test_a_rule_keeps_all_it_says() -> None:
    text = (
        HEAD
        + b"""
zones: {tmp: ["/tmp/x/**", "~/y"]}
hosts: {ours: ["*.corp.example"]}
permits_host: false
profiles:
  cached: {why: x, limits: {wall: 90s, memory: 2GiB, open_files: 64}}
  cache:
    why: x
    network: {hosts: [ours], ports: [5432]}
    caches: [~/.npm]
    read_only: [/opt/tool]
    environment: [CI, "LC_*"]
    requires: [seccomp, landlock]
rules:
  - id: all-keys
    effect: [fs.delete, net.connect]
    zones: [tmp]
    except_zones: [generated]
    programs: [rm]
    hosts: [ours]
    except_hosts: [loopback]
    branches: [main]
    recursive: true
    recoverable: lost
    itself: true
    upload: false
    append: true
    certain: false
    observed: true
    surprise: true
    verdict: deny
    run: cached
    grants: [cache]
    mode: shadow
    exceptable: false
    why: Because, d\xc3\xa9j\xc3\xa0 vu.
    instead: Do not.
    examples: {match: ["rm a"], no_match: ["ls"]}
tests:
  - {run: "rm a", expect: deny, rule: all-keys}
"""
    )
    layer = load_layer(text, kind="repo", source="p.yaml")
    (rule,) = layer.rules

    assert layer.zones == (("tmp", ("$T/x/**", "$H/y")),)
    assert not layer.permits_host
    assert rule.verdict is Verdict.DENY
    assert rule.source == "p.yaml:19"
    assert (rule.run, rule.grants) == ("cached", ("cached", "cache"))
    cached, cache = layer.profiles
    assert [(limit.name, limit.value, limit.source) for limit in cached.limits] == [
        ("wall", 90, "p.yaml:10"), ("memory", 2 << 30, "p.yaml:10"), ("open-files", 64, "p.yaml:10"),
    ]  # fmt: skip
    assert cached.caches is None
    assert (cache.hosts, cache.ports, cache.caches) == (("ours",), (5432,), ("$H/.npm",))
    assert (cache.read_only, cache.environment) == (("/opt/tool",), ("CI", "LC_*"))
    assert (cache.requires, cache.source) == (("landlock", "seccomp"), "p.yaml:11")
    assert layer_from_json(loads(dumps(layer_to_json(layer)))) == layer
    assert (rule.recursive, rule.upload, rule.append, rule.certain) == (True, False, True, False)
    assert (rule.recoverable, rule.itself, rule.shadow, rule.exceptable) == ("lost", True, True, False)
    assert (rule.match, rule.no_match) == (("rm a",), ("ls",))
    assert layer.tests[0].rule == "all-keys"


def test_the_published_schema_is_the_one_in_use() -> None:
    import json

    published = Path(__file__).parents[2] / "docs" / "schemas" / "policy.schema.json"

    assert json.loads(published.read_text()) == json_schema(), (
        "run `guard policy schema > docs/schemas/policy.schema.json`"
    )


def test_the_shipped_files_satisfy_the_published_schema() -> None:
    import jsonschema
    import yaml

    for path in (Path(__file__).parents[2] / "policies").glob("*/**/*.yaml"):
        jsonschema.validate(yaml.safe_load(path.read_text()), json_schema())


def test_every_effect_of_the_model_can_be_spoken_of() -> None:
    effects = ", ".join(EFFECT_NAMES.values())
    text = HEAD + f"rules:\n  - {{id: a, effect: [{effects}], verdict: ask, why: x}}\n".encode()

    assert load_layer(text, kind="repo", source="p").rules[0].effects == tuple(EFFECT_NAMES.values())


@pytest.mark.parametrize("text", ["²", "٣", "१२", "①"])
def test_a_number_in_another_script_is_text(text: str) -> None:
    """Python takes these for digits, and refuses to make a number of some: that was a crash and no message."""
    rule = f"rules:\n  - {{id: a, effect: [exec], verdict: ask, why: {text}}}\n"
    layer = load_layer(HEAD + rule.encode(), kind="repo", source="p.yaml")

    assert layer.rules[0].why == text
