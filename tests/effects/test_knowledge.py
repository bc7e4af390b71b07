"""Descriptions of programs: the index is true, every word of them means something, and every row can be met."""

from collections.abc import Iterator
from importlib import import_module

import pytest

from guard.effects.knowledge.index import FAMILIES
from guard.effects.knowledge.schema import Row
from guard.effects.knowledge.settings import SETTINGS, File, Settings

ACTIONS = set(
    "skip read read-deep write write-deep edit append delete delete-deep mode mode-deep connect upload listen kill package "
    "code argv program config secret opaque".split()
)
SAYINGS = set(
    "connect upload cloud container database install publish privilege persist secret kill listen rewrite opaque prompt read "
    "read-deep write write-deep edit append delete delete-deep mode".split()
)
NEEDS_MORE = set("connect upload database privilege opaque prompt read read-deep write write-deep edit append delete delete-deep mode".split())  # fmt: skip
KEYS = set(Row.__annotations__)
PROGRAMS = [
    (family, name, import_module(f"guard.effects.knowledge.{family}").PROGRAMS[name])
    for family, names in FAMILIES.items()
    for name in names.split()
]


def rows(row: Row) -> Iterator[Row]:
    yield row
    for key in ("when", "tame", "verbs"):
        for inner in row.get(key, {}).values():
            yield from rows(inner)
    for table in row.get("values", {}).values():
        for inner in table.values():
            yield from rows(inner)
    for key in ("bare", "otherwise"):
        if key in row:
            yield from rows(row[key])


@pytest.mark.parametrize("family", FAMILIES)
def test_the_index_names_exactly_what_a_module_describes(family: str) -> None:
    listed = FAMILIES[family].split()
    described = import_module(f"guard.effects.knowledge.{family}").PROGRAMS

    assert sorted(listed) == sorted(described)
    assert len(listed) == len(set(listed))


def test_no_program_is_described_twice() -> None:
    names = [name for listed in FAMILIES.values() for name in listed.split()]

    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize(("family", "name", "row"), [pytest.param(*p, id=p[1]) for p in PROGRAMS])
def test_every_word_of_a_row_means_something(family: str, name: str, row: Row) -> None:
    assert row.get("about"), "say what it is for"
    for inner in rows(row):
        assert set(inner) <= KEYS
        actions = [*inner.get("options", {}).values(), *(inner[k] for k in ("operands", "first", "last") if k in inner)]  # fmt: skip
        assert {one for action in actions for one in action.split("+")} <= ACTIONS
        for saying in inner.get("does", ()):
            kind, _, rest = saying.partition(" ")
            assert kind in SAYINGS, saying
            assert rest or kind not in NEEDS_MORE, saying
        assert "does" not in inner or isinstance(inner["does"], tuple)
        assert set(inner.get("loads", "").split()) <= set(SETTINGS)
        if "python" in inner:
            module, _, function = inner["python"].partition(":")
            assert callable(getattr(import_module(f"guard.effects.{module}"), function))


@pytest.mark.parametrize("kind", SETTINGS)
def test_every_kind_of_settings_is_loaded_by_a_program_and_says_how_it_is_read(kind: str) -> None:
    settings = SETTINGS[kind]
    loaded = {
        word for _, _, row in PROGRAMS for inner in rows(row) for word in inner.get("loads", "").split()
    }

    assert kind in loaded or kind == "envrc", "direnv is understood by code"
    assert set(settings) <= set(Settings.__annotations__) | set(File.__annotations__)
    assert settings["files"].split()
    assert not any(name.startswith(("/", "~", "..")) for name in settings["files"].split())
    if settings["format"] in {"toml", "toolchain", "ini", "npmrc", "yaml", "json"}:
        assert settings.get("quiet"), "a file with keys says which of them do nothing"
    else:
        assert not {"runs", "hosts", "quiet", "below", "templates", "writes"} & set(settings)
