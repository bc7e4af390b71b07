"""``guard policy fmt``: one form, comments where they belong, files whole or untouched."""

from pathlib import Path

import pytest

from guard.errors import PolicyFileError
from guard.policy.files.canonical import canonical
from guard.policy.files.load import kind_of, load_layer
from guard.policy.files.locate import builtin
from guard.policy.files.strict_yaml import tree_of
from tests import golden

ROOT = Path(__file__).parent.parent.parent
KINDS = {Path(source.path): source.kind for source in builtin()}
POLICIES = sorted(path for path in (ROOT / "policies").rglob("*.yaml") if b"\nkind: " in path.read_bytes())
HEAD = "version: 1\nkind: policy\nname: p\ndefault: ask\n"
RULE = HEAD + "\nrules:\n  - id: a\n    effect: [exec]\n    verdict: ask\n    why: {}\n"
EVERYTHING = r"""
# Policy of the payments team.
# yaml-language-server: $schema=./policy.schema.json

# What no rule speaks of.
default: "ask"  # asked, not denied
name: payments   # as in the register
kind: policy
version: 1
hosts:
  ours: ["b.example", "*.corp", '10.0.0.0/8']
zones: {migrations: ["$W/db/migrations/**"],
        # rebuilt by make
        made: ["$W/out/**", # the app
               "$W/dist/**"]}
tests:
  - {expect: deny, run: rm -rf ~}
  # Two lines are one command.
  - run: |
      rm -rf \
        ~
    expect: deny

  - run: "a command that is longer than what is read in one line, with all its words, so that it gets two lines of its own"
    expect: ask
# about the rules
rules:
# -- history --

- why: 'Applied migrations must never change.'   # ADR 12
  effect:
  - fs.write
  - fs.delete
  verdict: ask
  # names that are meant
  id: migrations-are-history
  programs: [ls,
    git, # with care
    # these are ours
    tool,
    build]
  examples:
    no_match: [ls]
    match: ["rm -r db", ls, "echo x > db/migrations/001.sql", "find db -name '*.sql' -delete", "git clean -fdx", "mv db old"]
  zones: [migrations]
  # until it is settled
- {id: "on", verdict: deny, effect: [net.connect], why: "true", hosts: [ours, loopback], instead: >-
    Ask somebody
    who knows.}
# the end
""".replace(">-\n    Ask somebody\n    who knows.", '"Ask somebody\n    who knows."')


def one(text: str) -> str:
    return canonical(text.encode(), kind="repo", source="p.yaml").decode()


def test_all_of_it() -> None:
    written = one(EVERYTHING)

    golden.matches("policy-fmt/everything.yaml", written)
    assert one(written) == written
    assert load_layer(written.encode(), kind="repo", source="p").name == "payments"


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_ships_is_in_its_canonical_form(path: Path) -> None:
    content = path.read_bytes()
    kind = KINDS.get(path) or kind_of(content, str(path))

    assert content == canonical(content, kind=kind, source=str(path)), "guard policy fmt policies"


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("'Not here.'", "Not here."),
        ('"Say: no"', '"Say: no"'),
        ('"no # no"', '"no # no"'),
        ('"12"', '"12"'),
        ('"No"', '"No"'),
        ('"- x"', '"- x"'),
        ('" x"', '" x"'),
        ('"x:"', '"x:"'),
        ("It's 5 %, or *.", "It's 5 %, or *."),
        ('"a \\"b\\" c"', 'a "b" c'),
        ("'\"b\"'", '"\\"b\\""'),
        ('"C:\\\\x"', "C:\\x"),
        ('"d\\u00e9j\\u00e0"', "déjà"),
        ('"\\uFFFE"', '"\\U0000FFFE"'),
        (">\n      two\n      lines", '"two lines\\n"'),
        ("|\n      two\n      lines", "|\n      two\n      lines"),
        ("|-  # beside\n      two\n\n      lines", "|-  # beside\n      two\n\n      lines"),
        ('"two \\nlines"', '"two \\nlines"'),
        ('" two\\nlines"', '" two\\nlines"'),
        ('"two\\n\\n"', '"two\\n\\n"'),
        ('"a\\r\\nb"', '"a\\r\\nb"'),
    ],
)
def test_a_sentence_has_one_way_to_be_quoted(written: str, form: str) -> None:
    text = RULE.format(written)

    assert one(text) == RULE.format(form)
    assert tree_of(one(text).encode(), "p") == tree_of(text.encode(), "p")


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("[rm, git, ls]", " [git, ls, rm]"),
        ("[rm, git, # beside git\n    ls]", "\n      - git  # beside git\n      - ls\n      - rm"),
        (
            "[d,\n # two\n c, b,\n # one\n a]",
            "\n      - d\n      # two\n      - b\n      - c\n      # one\n      - a",
        ),
        ("\n    - b\n\n    - a", " [a, b]"),
        ("\n    - b\n\n    # about a\n    - a", "\n      - b\n\n      # about a\n      - a"),
        ("[b,\n a\n # no more\n ]", "\n      - a\n      - b\n      # no more"),
        ("[a] # all", " [a]  # all"),
        ("[ # first\n a,\n # last\n ]  # closed", "\n      - a\n      # last"),
    ],
)
def test_a_list_keeps_its_comments_with_their_items(written: str, form: str) -> None:
    text = RULE.format("x").replace("    verdict", f"    programs: {written}\n    verdict")
    beside = "  # closed" if "closed" in written else ""
    above = "    # first\n" if beside else ""

    assert one(text) == RULE.format("x").replace(
        "    verdict", f"{above}    programs:{beside}{form}\n    verdict"
    )


def test_the_file_that_the_loader_refuses_is_refused_in_its_words() -> None:
    text = RULE.format("x") + "    zonse: [workspace]\n"
    with pytest.raises(PolicyFileError) as loaded:
        load_layer(text.encode(), kind="repo", source="p.yaml")
    with pytest.raises(PolicyFileError) as caught:
        one(text)

    assert (str(caught.value), caught.value.help) == (str(loaded.value), loaded.value.help)


def test_profiles_of_the_machine_need_not_be_known() -> None:
    text = RULE.format("x").replace("ask\n    why", "allow\n    run: broker\n    grants: [net]\n    why")

    assert one(text) == text
