"""The first words that exports go by, against our own reading of the commands."""

import pytest

from guard.engine.imagined import decide_imagined
from guard.model.decision import Allow
from guard.model.effect import effect_name
from guard.model.verdict import Verdict
from guard.policy.export.commands import KNOWN, known, prefixes
from guard.policy.export.meaning import meaning_of
from guard.policy.rule import Policy, PolicyLayer, Rule, policy_of

EVERYTHING = policy_of((PolicyLayer(kind="repo", name="repo", default=Verdict.ALLOW),), "sha256:x")
LINES = sorted({(effect, words) for effect in KNOWN for words in known(effect)})


@pytest.mark.parametrize(("effect", "words"), LINES, ids=[f"{e}: {' '.join(w)}" for e, w in LINES])
def test_every_listed_command_has_the_effect_it_is_listed_for(effect: str, words: tuple[str, ...]) -> None:
    found: set[str] = set()
    # Some have it only when they are told what to do it to.
    for more in ("", " x", " x y", " 80", " origin x", " pod x", " a b", " --global a b"):
        decided = decide_imagined(" ".join(words) + more, EVERYTHING)
        found |= {effect_name(one) for one in decided.effects}

    assert effect in found


def one(**more: object) -> Policy:
    rule = Rule(**{"id": "r", "effects": ("exec",), "verdict": Verdict.DENY, "why": "w", **more})
    return policy_of(
        (PolicyLayer(kind="repo", name="repo", default=Verdict.ALLOW, rules=(rule,)),), "sha256:x"
    )


def words_of(policy: Policy) -> set[str]:
    return {" ".join(found.words) for found in prefixes(meaning_of(policy).layers[0].rules[0])}


def test_a_rule_on_programs_is_their_names() -> None:
    assert words_of(one(programs=("npx", "bunx", "py*", "sha256:" + "0" * 64))) == {"npx", "bunx"}


def test_a_rule_on_an_effect_is_the_usual_commands_of_its_programs() -> None:
    assert words_of(one(effects=("pkg.publish",), programs=("npm", "uv"))) == {"npm publish", "uv publish"}
    assert words_of(one(effects=("pkg.publish",), programs=("*arn",))) == {"yarn publish", "yarn npm publish"}


@pytest.mark.parametrize(
    "more",
    [
        {"verdict": Verdict.ALLOW},
        {"shadow": True},
        {"zones": ("workspace",)},
        {"except_zones": ("generated",)},
        {"recursive": True},
        {"recoverable": "no"},
        {"hosts": ("metadata",)},
        {"except_hosts": ("loopback",)},
        {"branches": ("main",)},
        {"carries": ("secret",)},
        {"upload": True},
        {"append": True},
        {"observed": True},
        {"surprise": True},
        {"certain": False},
    ],
    ids=lambda more: next(iter(more)),
)
def test_a_rule_that_asks_for_more_than_first_words_is_not_said_by_them(more: dict) -> None:
    assert words_of(one(programs=("npx",), **more)) == set()


def test_what_is_listed_is_never_allowed_by_the_rule_it_is_listed_for() -> None:
    for effect in KNOWN:
        policy = one(effects=(effect,))
        for words in words_of(policy):
            tried = [
                decide_imagined(f"{words}{more}", policy).decision
                for more in ("", " x", " x y", " 80", " pod x", " a b")
            ]

            assert not all(isinstance(decision, Allow) for decision in tried), words
