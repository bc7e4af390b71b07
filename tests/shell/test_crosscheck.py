"""bashlex, when installed, sees the same commands; when not, its absence is said."""

import pytest

from guard.enforce.crosscheck import Agreement, Disagreement, NotAvailable, second_opinion


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
