"""Nothing runs without a permit: where one comes from, what it is for, how often and how long."""

import pytest

from guard.enforce import confine as confining
from guard.enforce import permit as permits
from guard.enforce.approve import Nobody, approve
from guard.enforce.confine import confine
from guard.enforce.permit import Permit
from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.engine.stages import Decided
from guard.errors import NoPermit
from guard.model.dataclass import replace
from guard.model.decision import Allow, Ask, Deny, Host, Reason, Sandbox
from guard.model.outcome import NotStarted
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.verdict import Level, Verdict
from sandbox.errors import NoBackend
from sandbox.fake import FakeBackend, Script
from sandbox.spec import Stdio


class Person:
    by, surface = "ana", "terminal"

    def __init__(self, answer: bool) -> None:
        self.answer, self.asked = answer, 0

    def approves(self, decided: Decided, decision: int) -> bool:
        self.asked += 1
        return self.answer


@pytest.fixture
def guard(tmp_path) -> Guard:
    work = tmp_path / "home" / "work"
    work.mkdir(parents=True)
    places = Places(state=str(tmp_path / "state"), config=str(tmp_path / "config"))
    return Guard.open(
        cwd=str(work),
        home=str(tmp_path / "home"),
        env={"PATH": "/usr/bin:/bin"},
        level=Level.CONTAINED,
        places=places,
    )


def proposal(guard: Guard, command: str = "true") -> ShellProposal:
    return ShellProposal(principal=Principal(agent="test"), cwd=guard.facts.cwd, command=command)


def decided(guard: Guard, kind: type, placement=Sandbox(), command: str = "true") -> Decided:  # noqa: B008 - frozen
    reason = Reason(verdict=Verdict[kind.__name__.upper()], rule="r", layer="floor", why="because")
    return replace(
        guard.decide(proposal(guard, command)), decision=kind(reasons=(reason,), placement=placement)
    )


def test_a_denial_yields_no_permit_and_asks_nobody(guard: Guard) -> None:
    person = Person(True)

    assert approve(decided(guard, Deny), 0, person, guard) is None
    assert person.asked == 0


def test_a_question_yields_a_permit_only_when_a_person_says_yes(guard: Guard) -> None:
    assert approve(decided(guard, Ask), 0, Person(False), guard) is None
    assert approve(decided(guard, Ask), 0, Nobody(), guard) is None
    assert isinstance(approve(decided(guard, Ask), 0, Person(True), guard), Permit)
    answers = [(r["approved"], r["by"]) for r in guard.log.records() if r["type"] == "approval.resolved"]
    assert answers == [(False, "ana"), (False, "nobody"), (True, "ana")]


def test_nobody_else_makes_a_permit(guard: Guard) -> None:
    with pytest.raises(NoPermit):
        Permit(object(), decided(guard, Allow), 0)


def test_a_permit_is_used_once(guard: Guard) -> None:
    permit = approve(decided(guard, Allow), 0, Nobody(), guard)
    permit.use(proposal(guard))

    with pytest.raises(NoPermit, match="once"):
        permit.use(proposal(guard))


@pytest.mark.parametrize(
    "other",
    [
        {"command": "true "},
        {"cwd": "/"},
        {"env": (("A", "b"),)},
        {"call": "another"},
        {"principal": Principal(agent="other")},
    ],
)
def test_a_permit_is_for_exactly_one_action(guard: Guard, other: dict) -> None:
    permit = approve(decided(guard, Allow), 0, Nobody(), guard)

    with pytest.raises(NoPermit, match="another action"):
        permit.use(replace(proposal(guard), **other))


def test_a_permit_expires(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    permit = approve(decided(guard, Allow), 0, Nobody(), guard)
    now = permits.time.monotonic()
    monkeypatch.setattr(permits.time, "monotonic", lambda: now + permits.LIFETIME_S + 1)

    with pytest.raises(NoPermit, match="expired"):
        permit.use(proposal(guard))


def confined(guard: Guard, placement=Sandbox(), command: str = "touch ran"):  # noqa: B008 - frozen
    one = decided(guard, Allow, placement, command)
    permit = approve(one, 0, Nobody(), guard)
    return confine(permit, proposal(guard, command), one.facts, Stdio())


def ran(guard: Guard) -> bool:
    import os

    return os.path.exists(os.path.join(guard.facts.workspace, "ran"))


def no_backend(*_: object):
    raise NoBackend("none works here")


@pytest.mark.parametrize(
    "choose",
    [no_backend, lambda *_: FakeBackend(Script(fails="user namespaces"))],
    ids=["no backend", "a wall that cannot be built"],
)
def test_a_sandbox_that_cannot_be_had_is_never_the_host(
    guard: Guard, monkeypatch: pytest.MonkeyPatch, choose
) -> None:
    monkeypatch.setattr(confining, "choose", choose)

    assert isinstance(confined(guard).outcome, NotStarted)
    assert not ran(guard)


def test_a_grant_that_no_backend_gives_is_not_left_out(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = FakeBackend()
    monkeypatch.setattr(confining, "choose", lambda *_: backend)

    result = confined(guard, Sandbox(grants=frozenset({"net"})))

    assert isinstance(result.outcome, NotStarted)
    assert backend.runs == []


def test_only_a_decision_for_the_host_runs_there(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = FakeBackend()
    monkeypatch.setattr(confining, "choose", lambda *_: backend)

    inside = confined(guard)
    inside_ran = ran(guard)
    outside = confined(guard, Host())

    assert (inside.backend, inside_ran) == ("fake", False)
    assert (outside.backend, ran(guard)) == ("host", True)
