"""Points that a whole run reaches rarely, or in a process of another program: a small step, killed at each of them, and again."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import guard.faults
import sandbox.faults
from guard.audit.log import CURRENT, AuditLog
from guard.audit.redact import Redactor
from guard.audit.verify import verify
from guard.enforce.approvals import PendingAsk, expire, file_ask, grant, take
from guard.enforce.forbidden import _Digests
from guard.enforce.levels import _remember
from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.enforce.suggestions import remember
from guard.faults import Point as G
from guard.model.decision import Ask
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.verdict import Level
from guard.policy.files.compiled import keep as keep_text
from guard.temporary import sweep, temporary
from sandbox.cachestore import CONTENT, keep
from sandbox.faults import Point as S

from .arena import Point
from .table import tried


def killed_at(act: Callable[[], object], point: Point, occurrence: int = 1) -> bool:
    """``act`` in a process that ends itself there. Whether it got that far."""
    child = os.fork()
    if child == 0:
        left = occurrence

        def hook(reached: Point) -> None:
            nonlocal left
            left -= reached is point
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

        guard.faults.hook = sandbox.faults.hook = hook
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - a child of a test must not become a second test run
            os.write(2, repr(error).encode())
            os._exit(3)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert status in {0, signal.SIGKILL}
    return status != 0


def everywhere(name: str, points: tuple[Point, ...], once: Callable[[Path, int], Callable[[], object]], tmp_path: Path, check: Callable[[Path], None]) -> None:  # fmt: skip
    """Each point at each time that it is reached; ``check`` afterwards, when it has been done again without a kill."""
    for point in points:
        for occurrence in range(1, 50):
            root = tmp_path / f"{point.name}-{occurrence}"
            root.mkdir()
            if not killed_at(once(root, 0), point, occurrence):
                assert occurrence > 1, f"{point} is never reached"
                break
            once(root, 1)()
            check(root)
    assert set(points) == tried(name)


def test_the_log(tmp_path: Path) -> None:
    """With segments so small that each record closes one."""

    def once(root: Path, number: int) -> Callable[[], object]:
        def append() -> None:
            log = AuditLog(str(root / "audit"), segment_bytes=600)
            for count in range(4):
                done = log.append({"type": "log.note", "note": f"{number} {count}"})
                with open(root / "acknowledged", "a", encoding="utf-8") as file:
                    file.write(f"{done.seq} {done.hash}\n")

        return append

    def check(root: Path) -> None:
        found = verify(str(root / "audit"))
        assert found.ok, found.problems
        notes = [
            record["note"]
            for record in AuditLog(str(root / "audit")).records()
            if record["type"] == "log.note"
        ]
        said = (root / "acknowledged").read_text().splitlines()
        assert len({line.split()[0] for line in said}) == len(said)
        assert len(notes) >= len(said)
        assert notes[-4:] == [f"1 {count}" for count in range(4)]

    points = (G.LOG_MADE, G.LOG_LOCKED, G.LOG_CLOSED, G.LOG_WRITTEN, G.LOG_SYNCED, G.LOG_NOTED)
    everywhere("log", points, once, tmp_path, check)


def test_the_log_with_half_a_record(tmp_path: Path) -> None:
    """What an interrupted write left is cut off, and that is interrupted."""

    def once(root: Path, number: int) -> Callable[[], object]:
        log = AuditLog(str(root / "audit"))
        if not number:
            log.append({"type": "log.note", "note": "whole"})
            with open(root / "audit" / CURRENT, "ab") as file:
                file.write(b'{"half')
        return lambda: log.append({"type": "log.note", "note": "again"})

    def check(root: Path) -> None:
        found = verify(str(root / "audit"))
        assert found.ok, found.problems
        kinds = [record["type"] for record in AuditLog(str(root / "audit")).records()]
        assert kinds[0] == kinds[-1] == "log.note"
        assert b"half" not in (root / "audit" / CURRENT).read_bytes()

    everywhere("cut log", (G.LOG_CUT,), once, tmp_path, check)


def test_the_key_of_the_redactor(tmp_path: Path) -> None:
    def check(root: Path) -> None:
        first = Redactor.open(str(root))._key
        assert Redactor.open(str(root))._key == first
        assert len(first) == 32
        sweep(str(root))
        assert os.listdir(root) == ["redact.key"]

    points = (G.KEY_WRITTEN, G.KEY_PLACED)
    everywhere("key", points, lambda root, _: lambda: Redactor.open(str(root)), tmp_path, check)


def test_the_compiled_policy(tmp_path: Path) -> None:
    def check(root: Path) -> None:
        sweep(str(root))
        assert (root / "table.json").read_text() == '{"a": 1}'
        assert os.listdir(root) == ["table.json"]

    points = (G.POLICY_WRITTEN, G.POLICY_PLACED)
    everywhere("policy", points, lambda root, _: lambda: keep_text(str(root / "table.json"), '{"a": 1}'), tmp_path, check)  # fmt: skip


def test_what_this_machine_can_enforce(tmp_path: Path) -> None:
    def once(root: Path, _: int) -> Callable[[], object]:
        places = Places(state=str(root), config=str(root))
        return lambda: _remember(str(root / "level.json"), "key", Level.CONTAINED, places)

    def check(root: Path) -> None:
        assert os.listdir(root) == ["level.json"]

    everywhere("level", (G.LEVEL_PLACED,), once, tmp_path, check)


def test_the_digests_of_programs(tmp_path: Path) -> None:
    def once(root: Path, _: int) -> Callable[[], object]:
        digests = _Digests(Places(state=str(root), config=str(root)))
        digests._known, digests._changed = {"key": "digest"}, True
        return digests.keep

    def check(root: Path) -> None:
        assert _Digests(Places(state=str(root), config=str(root)))._known == {"key": "digest"}
        assert os.listdir(root) == ["programs.json"]

    everywhere("digests", (G.DIGESTS_PLACED,), once, tmp_path, check)


def test_a_sweep(tmp_path: Path) -> None:
    """Only of who is gone."""

    def once(root: Path, number: int) -> Callable[[], object]:
        if not number:
            gone = os.fork()
            if gone == 0:
                os._exit(0)
            os.waitpid(gone, 0)
            for name in ("a", "b"):
                (root / f"{name}.{gone}.new").touch()
            Path(temporary(str(root / "mine"))).touch()
        return lambda: sweep(str(root))

    def check(root: Path) -> None:
        assert os.listdir(root) == [os.path.basename(temporary("mine"))]

    everywhere("sweep", (G.TEMPORARY_SWEPT,), once, tmp_path, check)


def test_an_ask_and_its_grant(tmp_path: Path) -> None:
    """Whoever is killed has used a grant up or not, and never twice."""

    def once(root: Path, number: int) -> Callable[[], object]:
        places = Places(state=str(root / "state"), config=str(root / "config"))
        (root / "work").mkdir(exist_ok=True)
        guard = Guard.open(cwd=str(root / "work"), home=str(root), env={"PATH": "/usr/bin:/bin"}, level=Level.CONTAINED, places=places)  # fmt: skip
        proposal = ShellProposal(
            principal=Principal(agent="test"), cwd=guard.facts.cwd, command="echo x > .envrc"
        )

        def act() -> None:
            decided = guard.decide(proposal)
            if isinstance(decided.decision, Ask):
                ask = file_ask(decided, 0, places)
                assert ask is not None
                grant(ask, places, guard.log, by="ana", surface="here", session=False)
                decided = guard.decide(proposal)
            assert take(decided, 1, places, guard.log) is not None
            assert take(decided, 2, places, guard.log) is None

        return act

    def check(root: Path) -> None:
        places = Places(state=str(root / "state"), config=str(root / "config"))
        log = AuditLog(places.audit)
        expire(places, log)
        kinds = [str(record["type"]) for record in log.records()]
        assert verify(places.audit).ok
        assert 1 <= kinds.count("approval.used") <= kinds.count("approval.granted") <= 2
        assert os.listdir(places.granted) == os.listdir(places.asked) == []

    points = (G.APPROVAL_WRITTEN, G.APPROVAL_PLACED, G.APPROVAL_TAKEN)
    everywhere("approval", points, once, tmp_path, check)


def test_the_policy_that_a_session_began_under(tmp_path: Path) -> None:
    """Whatever is killed, the session is held to the first law; that it changed is told, and at most once more than once."""

    def once(root: Path, number: int) -> Callable[[], object]:
        places = Places(state=str(root / "state"), config=str(root / "config"))
        (root / "work").mkdir(exist_ok=True)
        (root / "config").mkdir(exist_ok=True)
        principal = Principal(agent="test", session="s")
        if not number:
            os.makedirs(places.pins)
            for name in ("one", "two"):
                Path(places.pins, name).touch()
                os.utime(Path(places.pins, name), (1, 1))

        def opened(principal: Principal = principal) -> Guard:
            guard = Guard.open(cwd=str(root / "work"), home=str(root), env={"PATH": "/usr/bin:/bin"}, level=Level.CONTAINED, places=places)  # fmt: skip
            return guard.for_session(principal)

        def act() -> None:
            opened()
            (root / "config" / "personal.yaml").write_text(
                "version: 1\nkind: personal\nname: me\ndefault: deny\n"
            )
            opened()
            opened()
            opened(Principal(agent="test", session=str(number)))

        return act

    def check(root: Path) -> None:
        places = Places(state=str(root / "state"), config=str(root / "config"))
        sweep(places.pins)
        kinds = [str(record["type"]) for record in AuditLog(places.audit).records()]
        assert verify(places.audit).ok
        assert 2 <= kinds.count("session.started") <= 4
        assert 1 <= kinds.count("policy.changed_on_disk") <= 2
        assert not {"one", "two"} & set(os.listdir(places.pins))

    points = (G.PIN_WRITTEN, G.PIN_PLACED, G.PIN_TOLD, G.PIN_FORGOTTEN)
    everywhere("pin", points, once, tmp_path, check)


def test_what_is_to_be_remembered(tmp_path: Path) -> None:
    """The file is a list at any moment, with one entry for each time that it came to the end."""

    def once(root: Path, _: int) -> Callable[[], object]:
        return lambda: remember(suggested(str(root)), "ana")

    def check(root: Path) -> None:
        entries = yaml.safe_load((root / ".guard" / "suggestions.yaml").read_text())
        assert {entry["command"] for entry in entries} == {'say "x: y" # z'}

    everywhere("suggestion", (G.SUGGESTION_WRITTEN,), once, tmp_path, check)


def suggested(workspace: str) -> PendingAsk:
    shown = {
        "call": {"tool": "Bash", "cwd": workspace, "text": 'say "x: y" # z'},
        "decision": {"reason": {"rule": "r"}},
    }
    return PendingAsk(
        digest="a" * 64, decision=1, at=0, agent="a", session="", terminal=0, workspace=workspace, shown=shown
    )


@pytest.mark.parametrize("most", [1 << 20])
def test_a_cache_that_is_full(tmp_path: Path, most: int) -> None:
    """It starts anew, and holds nothing that is half of a file."""

    def once(root: Path, number: int) -> Callable[[], object]:
        written = root / "written"
        if not number:
            for name, text in (("one", b"x" * (most // 2 + 1)), ("two", b"y" * 100)):
                written.mkdir(exist_ok=True)
                (written / name).write_bytes(text)
            (root / "store" / CONTENT).mkdir(parents=True)
            (root / "store" / CONTENT / "before").write_bytes(b"z" * (most // 2 + 1))

        def act() -> None:
            descriptor = os.open(written, os.O_RDONLY)
            keep(descriptor, str(root / "store"), most)
            os.close(descriptor)

        return act

    def check(root: Path) -> None:
        content = root / "store" / CONTENT
        assert not (root / "store" / "incoming").exists()
        for name in os.listdir(content):
            assert (content / name).read_bytes() == (root / "written" / name).read_bytes()

    points = (S.CACHE_OPENED, S.CACHE_EMPTIED, S.CACHE_FILE_WRITTEN, S.CACHE_FILE_PLACED)
    everywhere("cache", points, once, tmp_path, check)
