"""bashlex, when installed, sees the same commands; when not, its absence is said."""

import sys
from pathlib import Path

import pytest

from guard.enforce.crosscheck import Agreement, Disagreement, NotAvailable, second_opinion
from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal


@pytest.mark.parametrize(
    "text", ["ls -l | grep a && rm x", "echo $(rm -rf /) 'a b'", "if a; then b c; fi", ": a <(b c)"]
)
def test_both_readers_agree_on_common_commands(text: str) -> None:
    pytest.importorskip("bashlex")
    assert isinstance(second_opinion(text), Agreement)


def test_a_command_that_bashlex_does_not_see_is_named() -> None:
    pytest.importorskip("bashlex")
    assert second_opinion("echo ${x:-$(k9)}") == Disagreement((("k9",),), ())


def test_text_that_was_not_read_gets_no_second_opinion() -> None:
    assert isinstance(second_opinion("echo 'a"), NotAvailable)


def opaque(text: str, tmp_path: Path) -> list[str]:
    places = Places(state=str(tmp_path / "state"), config=str(tmp_path / "config"))
    guard = Guard.open(cwd=str(tmp_path), home=str(tmp_path / "home"), env={}, places=places)
    decided = guard.decide(ShellProposal(principal=Principal(agent="test"), cwd=str(tmp_path), command=text))
    return [e.reason for e in decided.effects if type(e).__name__ == "Opaque" and "second reader" in e.reason]


def test_a_disagreement_means_that_it_is_not_understood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("bashlex")
    monkeypatch.setenv("GUARD_CROSSCHECK", "1")

    assert opaque("echo ${x:-$(date)}", tmp_path) != []
    assert opaque("echo $(date)", tmp_path) == []


def test_it_is_asked_only_where_it_is_turned_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GUARD_CROSSCHECK", raising=False)
    monkeypatch.setitem(sys.modules, "guard.enforce.crosscheck", None)  # type: ignore[arg-type]

    assert opaque("echo ${x:-$(date)}", tmp_path) == []
