"""Files that are made to cost more than they say: refused in one message, long before they are built."""

import pytest

from guard.errors import PolicyFileError
from guard.policy.files.load import load_layer
from guard.policy.files.strict_yaml import MAX_BYTES, MAX_VALUES, StrictYaml

HEAD = "version: 1\nkind: policy\nname: p\ndefault: ask\n"
MIB = MAX_BYTES - 1000
FILES = {
    "ten megabytes": (HEAD + "# x\n" * 2_500_000, "p.yaml: is larger than 1 MiB"),
    "a million patterns": (HEAD + "zones:\n  a: [" + "'a'," * (MIB // 4) + "]\n", "p.yaml:6:79955: more than 20000 values"),
    "a million lines of patterns": (HEAD + "zones:\n  a:\n" + "  - $W/a\n" * (MIB // 9), "p.yaml:19994:5: more than 20000 values"),
    "a hundred thousand keys": (HEAD + "".join(f"k{i}: 1\n" for i in range(99_999)), "p.yaml:10000:8: more than 20000 values"),
    "lists in lists": (HEAD + "zones: " + "[" * MIB, "p.yaml:5:15: lists or tables nested too deeply"),
    "tables in tables": (HEAD + "zones: " + "{" * MIB, "p.yaml:5:15: lists or tables nested too deeply"),
    "items in items": (HEAD + "zones:\n" + "- " * (MIB // 2), "p.yaml:6:15: lists or tables nested too deeply"),
    "keys that are tables": (HEAD + "? " * (MIB // 2), "p.yaml:5:17: lists or tables nested too deeply"),
    "ever deeper lines": (HEAD + "".join(" " * i + "a:\n" for i in range(1400)), "p.yaml:13:9: lists or tables nested too deeply"),
    "a list that doubles itself": (HEAD + "a: &a [x, x]\nb: &b [*a, *a]\n", "p.yaml:5:4: anchors and aliases are not allowed"),
    "a table merged into itself": (HEAD + "a: &a {<<: *a}\n", "p.yaml:5:4: anchors and aliases are not allowed"),
    "braces that explode": (HEAD + "zones: {a: ['$W/" + "{a,b}" * 30 + "']}\n", "p.yaml:5:13: `$W/"),
    "braces that add up": (HEAD + "zones:\n  a:\n" + "  - $W/{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}\n" * 200, "p.yaml:163:5: more than 20000 patterns"),
    "branches that add up": (
        HEAD + "rules:\n  - id: a\n    effect: [vcs.publish]\n    verdict: deny\n    why: x\n    branches:\n" + "      - x{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}\n" * 200,
        "p.yaml:167:9: more than 20000 patterns",
    ),
    "one word of a megabyte": (HEAD + "zones: {a: ['$W/" + "x" * MIB + "']}\n", "p.yaml:5:13: "),
    "one key of a megabyte": (HEAD + "x" * MIB + ": 1\n", "p.yaml:5:"),
    "a number of a megabyte": (HEAD + "lock_after: " + "9" * MIB + "\n", "p.yaml:5:13: `99999"),
    "a folded text of a megabyte": (HEAD + "why: >\n" + " x\n" * (MIB // 3), "p.yaml:5:1: unknown key `why`"),
    "a megabyte of blanks": (HEAD + " " * MIB + "x: 1\n", "p.yaml:5:"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_is_one_message_with_its_place(name: str) -> None:
    text, starts = FILES[name]
    with pytest.raises(PolicyFileError) as caught:
        load_layer(text.encode(), kind="repo", source="p.yaml")

    assert str(caught.value).startswith(starts)
    assert len(str(caught.value)) < 2000
    assert caught.value.help


def test_nothing_is_built_of_what_is_refused() -> None:
    file = StrictYaml((HEAD + "a: [" + "x, " * (MAX_VALUES + 1) + "]").encode(), "p.yaml")
    with pytest.raises(PolicyFileError, match="more than"):
        file.tree()

    assert file.marks == {}


def test_bytes_that_are_no_text_have_a_place() -> None:
    with pytest.raises(PolicyFileError, match=r"^p\.yaml:2:7: byte 17 is not UTF-8"):
        load_layer(b"version: 1\nkind: \xff\n", kind="repo", source="p.yaml")


def test_what_is_large_and_honest_is_read() -> None:
    rules = "".join(
        f"  - {{id: r{i}, effect: [fs.write], zones: [z{i}], verdict: ask, why: because}}\n"
        for i in range(800)
    )
    zones = "".join(f"  z{i}: ['$W/d{i}/**']\n" for i in range(800))
    layer = load_layer(
        (HEAD + "zones:\n" + zones + "rules:\n" + rules).encode(), kind="repo", source="p.yaml"
    )

    assert len(layer.rules) == 800
