"""Which walls are chosen, and what is said where none will do."""

import pytest

from sandbox import select
from sandbox.errors import NoBackend
from sandbox.fake import FakeBackend
from sandbox.result import Capabilities

WEAK = frozenset({"cow", "net", "wall", "landlock"})


class Broken(FakeBackend):
    def probe(self) -> Capabilities:
        return Capabilities(backend="x", works=False, failed="unshare: not permitted", fix="sysctl -w a=1")


@pytest.fixture
def machine(monkeypatch):
    """A machine on which each backend is as said; the rest do not work."""

    def has(**backends):
        monkeypatch.setattr(select, "_made", {name: backends.get(name, Broken()) for name in select.NAMES})
        return backends

    return has


def whole(*also: str) -> FakeBackend:
    return FakeBackend(enforces=select.PROMISE | set(also))


def test_the_first_that_keeps_the_promise_is_chosen(machine):
    made = machine(bubblewrap=whole(), docker=whole())

    assert select.choose() is made["bubblewrap"]


def test_a_weaker_wall_is_passed_over_for_a_later_whole_one(machine):
    made = machine(landlock=FakeBackend(enforces=WEAK), docker=whole())

    assert select.choose() is made["docker"]


def test_a_weaker_wall_alone_is_none(machine):
    machine(landlock=FakeBackend(enforces=WEAK))

    with pytest.raises(NoBackend) as caught:
        select.choose()

    assert "landlock: does not enforce disk, inodes, ipc, memory, mount, pid, processes, seccomp" in str(
        caught.value
    )
    assert "to accept this weaker wall, name it in sandbox.json" in str(caught.value)
    assert "local: unshare: not permitted\n  help: sysctl -w a=1" in str(caught.value)


def test_to_ask_for_it_by_name_is_not_to_accept_it(machine):
    machine(landlock=FakeBackend(enforces=WEAK))

    with pytest.raises(NoBackend, match="does not enforce"):
        select.choose(("landlock",))


def test_an_accepted_one_is_chosen_where_nothing_whole_comes_before(machine):
    made = machine(landlock=FakeBackend(enforces=WEAK))

    assert select.choose((), frozenset(), frozenset({"landlock"})) is made["landlock"]

    made = machine(local=whole(), landlock=FakeBackend(enforces=WEAK))

    assert select.choose((), frozenset(), frozenset({"landlock"})) is made["local"]


def test_what_a_policy_requires_holds_for_an_accepted_one_too(machine):
    machine(landlock=FakeBackend(enforces=WEAK))

    with pytest.raises(NoBackend) as caught:
        select.choose((), frozenset({"memory", "net"}), frozenset({"landlock"}))

    assert "that enforces memory, net" in str(caught.value)
    assert "landlock: does not enforce memory" in str(caught.value)
    assert "accept this weaker" not in str(caught.value)


def test_a_requirement_beyond_the_promise_passes_over_whole_ones(machine):
    made = machine(local=whole(), docker=whole("output"))

    assert select.choose((), frozenset({"output"})) is made["docker"]


def test_what_nobody_has_is_said_of_each_that_works(machine):
    machine(local=whole(), docker=whole("output"))

    with pytest.raises(NoBackend) as caught:
        select.choose((), frozenset({"allowlist"}))

    assert str(caught.value).count("does not enforce allowlist") == 2


def test_the_callers_order_counts(machine):
    made = machine(local=whole(), docker=whole())

    assert select.choose(("docker", "local")) is made["docker"]


def test_an_unknown_name_is_said_with_those_there_are():
    with pytest.raises(NoBackend, match="there are: local, bubblewrap, landlock, docker"):
        select.choose(("dokcer",))
