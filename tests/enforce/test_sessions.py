"""A session that meets one wall again and again is locked, until a person unlocks it."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.enforce.sessions import all_sessions, note_denial, session_of, unlock
from guard.errors import AuditError
from guard.model.decision import Allow, Deny
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.verdict import Level

LIMIT = 3
POLICY = "version: 1\nkind: personal\nname: me\ndefault: allow\nlock_after: {limit}\n"
ONE, OTHER = Principal(agent="claude-code", session="one"), Principal(agent="claude-code", session="other")
HOME, ETC = "rm -rf ~", "echo x > /etc/hosts"


@pytest.fixture
def guard(tmp_path: Path) -> Guard:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "personal.yaml").write_text(POLICY.format(limit=LIMIT))
    (tmp_path / "work").mkdir()
    return Guard.open(
        cwd=str(tmp_path / "work"),
        home=str(tmp_path),
        env={"PATH": "/usr/bin:/bin"},
        level=Level.CONTAINED,
        places=Places(state=str(tmp_path / "state"), config=str(tmp_path / "config")),
    )


def propose(guard: Guard, command: str, principal: Principal = ONE):
    decided = guard.decide(ShellProposal(principal=principal, cwd=guard.facts.cwd, command=command))
    guard.record(decided)
    return decided.decision


def test_the_same_rule_again_and_again_locks_the_session(guard: Guard) -> None:
    for command in (HOME, "find ~ -delete", "rm -r $HOME/*"):
        assert propose(guard, command).reasons[0].rule == "never-delete-outside"

    decision = propose(guard, "ls")

    assert isinstance(decision, Deny)
    assert decision.reasons[0].rule == "guard-session-locked"
    assert "never-delete-outside" in decision.reasons[0].why


def test_different_rules_a_few_times_each_do_not(guard: Guard) -> None:
    for command in (HOME, ETC) * (LIMIT - 1):
        assert isinstance(propose(guard, command), Deny)

    assert isinstance(propose(guard, "ls"), Allow)


def test_another_session_is_not_locked_with_it(guard: Guard) -> None:
    for _ in range(LIMIT):
        propose(guard, HOME)

    assert isinstance(propose(guard, "ls", OTHER), Allow)
    assert isinstance(propose(guard, "ls", Principal(agent="codex", session="one")), Allow)


def test_who_has_no_session_is_never_locked(guard: Guard) -> None:
    for _ in range(LIMIT + 1):
        propose(guard, HOME, Principal(agent="cli"))

    assert isinstance(propose(guard, "ls", Principal(agent="cli")), Allow)
    assert all_sessions(guard.places) == ()


def test_what_is_allowed_or_asked_is_not_counted(guard: Guard) -> None:
    for _ in range(LIMIT + 1):
        propose(guard, "ls")
        propose(guard, "git push --force origin main")

    assert isinstance(propose(guard, "ls"), Allow)


def test_a_person_unlocks_and_the_count_begins_anew(guard: Guard) -> None:
    for _ in range(LIMIT):
        propose(guard, HOME)
    unlock(session_of(ONE, guard.places), guard.places)

    assert isinstance(propose(guard, "ls"), Allow)
    for _ in range(LIMIT - 1):
        propose(guard, HOME)
    assert isinstance(propose(guard, "ls"), Allow)
    propose(guard, HOME)
    assert isinstance(propose(guard, "ls"), Deny)


def test_being_locked_out_is_not_counted_on(guard: Guard) -> None:
    for _ in range(LIMIT * 3):
        propose(guard, HOME)

    assert session_of(ONE, guard.places).denied == {"never-delete-outside": LIMIT}
    locked = [record for record in guard.log.records() if record["type"] == "session.locked"]
    assert [(record["session"], record["denied"]) for record in locked] == [("one", LIMIT)]


def test_the_lowest_limit_of_all_layers_counts(guard: Guard, tmp_path: Path) -> None:
    repo = tmp_path / "work" / ".guard"
    repo.mkdir()
    (repo / "policy.yaml").write_text("version: 1\nkind: policy\nname: r\ndefault: allow\nlock_after: 900\n")

    assert guard.at(cwd=guard.facts.cwd).policy.lock_after == LIMIT


def test_many_at_once_lose_no_count(guard: Guard) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: note_denial(ONE, "r", LIMIT, guard.places), range(200)))

    assert session_of(ONE, guard.places).denied == {"r": 200}


def test_a_line_that_a_crash_cut_counts_and_swallows_nothing(guard: Guard) -> None:
    note_denial(ONE, "r", LIMIT, guard.places)
    (path,) = Path(guard.places.sessions).iterdir()
    path.write_bytes(path.read_bytes() + b'{"agent": "claude-co')
    note_denial(ONE, "r", LIMIT, guard.places)

    assert session_of(ONE, guard.places).denied == {"r": 2, "?": 1}


def test_a_count_that_nobody_can_read_is_a_lock(guard: Guard) -> None:
    propose(guard, HOME)
    (path,) = Path(guard.places.sessions).iterdir()
    path.unlink()
    path.symlink_to("/dev/null")

    decision = propose(guard, "ls")

    assert isinstance(decision, Deny)
    assert decision.reasons[0].rule == "guard-session-locked"


def test_where_nothing_can_be_counted_every_session_is_locked(guard: Guard) -> None:
    os.makedirs(guard.places.state, exist_ok=True)
    Path(guard.places.sessions).write_text("in the way")

    assert propose(guard, "ls").reasons[0].rule == "guard-session-locked"


def test_a_denial_that_cannot_be_counted_is_said(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("guard.enforce.sessions.note_denial", full)

    with pytest.raises(AuditError, match="cannot be counted: no space left on device"):
        propose(guard, HOME)


def test_sessions_are_listed_with_the_latest_last(guard: Guard) -> None:
    propose(guard, HOME, OTHER)
    propose(guard, ETC)
    os.utime(guard.places.sessions)

    assert [(found.session, list(found.denied)) for found in all_sessions(guard.places)] == [
        ("other", ["never-delete-outside"]),
        ("one", ["system-files"]),
    ]
    assert json.dumps([found.denied for found in all_sessions(guard.places)])
