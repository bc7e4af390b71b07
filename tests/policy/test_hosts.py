import pytest

from guard.policy.hosts import NAMED, HostSet, address


@pytest.mark.parametrize(
    "spelling",
    [
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0xA9.0xFE.0xA9.0xFE",
        "0251.0376.0251.0376",
        "169.254.43518",
        "169.16689662",
        "[::ffff:169.254.169.254]",
        "::ffff:a9fe:a9fe",
        "::169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "169.254.169.254.",
        "metadata.google.internal",
        "METADATA.google.internal.",
    ],
)
def test_the_metadata_service_is_known_in_every_spelling(spelling: str) -> None:
    assert HostSet(NAMED["metadata"]).holds(spelling)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0", "[::1]", "::", "a.localhost"]
)
def test_loopback_in_every_spelling(host: str) -> None:
    assert HostSet(NAMED["loopback"]).holds(host)


@pytest.mark.parametrize(
    "host",
    [
        "127.evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1@evil.example",
        "128.0.0.1",
        "?",
        "",
    ],
)
def test_what_only_looks_like_loopback_is_not(host: str) -> None:
    assert not HostSet(NAMED["loopback"]).holds(host)


def test_a_name_pattern_never_matches_an_address() -> None:
    assert not HostSet(["1*"]).holds("10.0.0.1")
    assert HostSet(["10.0.0.0/8"]).holds("10.1.2.3")
    assert not HostSet(["10.0.0.0/8"]).holds("10.evil.example")


def test_a_host_nobody_can_tell_is_only_in_the_groups_that_say_so() -> None:
    assert HostSet(["?"]).holds("?")
    assert HostSet(["*"]).holds("?")
    assert not HostSet(["example.com", "10.0.0.0/8"]).holds("?")


@pytest.mark.parametrize(
    "text",
    [
        "1.2.3.4.5",
        "256.1.1.1.1",
        "1..2",
        "0x",
        "09",
        "1_0",
        "\uff11.1.1.1",
        ":::",
        "1::2::3",
        "g::1",
        "4294967296",
    ],
)
def test_what_is_no_address_is_a_name(text: str) -> None:
    assert address(text) is None or text == "0x"


def test_a_star_in_front_holds_no_bare_domain() -> None:
    group = HostSet(["*.example.com"])

    assert group.holds("a.example.com")
    assert not group.holds("example.com")
    assert not group.holds("evilexample.com")
