"""A session is held to the law that it began under: what becomes looser waits, what becomes stricter holds at once."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given

from guard.audit.log import AuditLog
from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.errors import AuditError
from guard.model.dataclass import replace
from guard.model.decision import Allow, Ask, Deny, Host, verdict_of
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.verdict import Level
from guard.policy.evaluate import judge
from guard.policy.pinned import held_to
from tests.engine.test_granted import EFFECTS, FACTS, POLICIES

from .machine import Machine, hidden

ONE, OTHER = Principal(agent="claude-code", session="one"), Principal(agent="claude-code", session="other")
LAW = "version: 1\nkind: personal\nname: me\ndefault: {default}\nrules:\n"
RULE = "  - {{id: r, effect: [fs.write], zones: [workspace], verdict: {verdict}, why: because.}}\n"


class Scene:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.places = Places(state=str(root / "state"), config=str(root / "config"))
        (root / "work").mkdir()
        (root / "config").mkdir()

    def law(self, verdict: str) -> None:
        """For writes in the workspace."""
        (self.root / "config" / "personal.yaml").write_text(
            LAW.format(default="allow") + RULE.format(verdict=verdict)
        )

    def guard(self, principal: Principal = ONE) -> Guard:
        guard = Guard.open(
            cwd=str(self.root / "work"), home=str(self.root), env={"PATH": "/usr/bin:/bin"}, level=Level.CONTAINED, places=self.places,
        )  # fmt: skip
        return guard.for_session(principal)

    def says(self, principal: Principal = ONE) -> type:
        guard = self.guard(principal)
        return type(
            guard.decide(
                ShellProposal(principal=principal, cwd=guard.facts.cwd, command="echo x > f")
            ).decision
        )

    def records(self, kind: str) -> list[dict]:
        return [record for record in AuditLog(self.places.audit).records() if record["type"] == kind]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_what_became_looser_waits_for_the_next_session(scene: Scene) -> None:
    scene.law("deny")
    assert scene.says() is Deny
    scene.law("allow")

    assert [scene.says(), scene.says(OTHER), scene.says()] == [Deny, Allow, Deny]


def test_what_became_stricter_holds_at_once(scene: Scene) -> None:
    scene.law("allow")
    assert scene.says() is Allow
    scene.law("deny")

    assert [scene.says(), scene.says(OTHER)] == [Deny, Deny]


def test_a_layer_that_is_removed_is_still_the_law(scene: Scene) -> None:
    scene.law("deny")
    assert scene.says() is Deny
    (scene.root / "config" / "personal.yaml").unlink()

    assert [scene.says(), scene.says(OTHER)] == [Deny, Allow]


def test_stricter_and_back_is_what_it_began_under(scene: Scene) -> None:
    scene.law("ask")
    said = []
    for verdict in ("ask", "deny", "allow", "ask"):
        scene.law(verdict)
        said.append(scene.says())

    assert said == [Ask, Deny, Ask, Ask]


def test_each_change_is_recorded_once_with_both_digests(scene: Scene) -> None:
    scene.law("deny")
    old = scene.guard().policy.digest
    for verdict in ("allow", "ask", "allow", "deny", "ask"):
        scene.law(verdict)
        for _ in range(2):
            both = scene.guard().policy.digest
    changes = scene.records("policy.changed_on_disk")

    assert len(changes) == 2
    assert {change["old"] for change in changes} == {old}
    assert len({change["new"] for change in changes}) == 2
    assert changes[-1]["in_force"] == both
    (started,) = scene.records("session.started")
    assert started["policy"]["digest"] == old
    assert started["policy"]["personal"].startswith("sha256:")
    assert (started["policy"]["floor"], started["mode"]) == (
        None if not os.path.exists("/etc/guard/floor.yaml") else started["policy"]["floor"],
        "hook",
    )


def test_a_file_that_cannot_be_read_any_more_asks_and_opens_nothing(scene: Scene) -> None:
    """It may have been a tightening: nobody knows."""
    scene.law("allow")
    assert scene.says() is Allow
    (scene.root / "config" / "personal.yaml").write_text("version: 1\nkind: [")

    assert scene.says() is Ask
    assert scene.guard().problem is not None
    scene.law("deny")
    assert scene.says(OTHER) is Deny
    (scene.root / "config" / "personal.yaml").write_text("version: 1\nkind: [")
    assert scene.says(OTHER) is Deny


@pytest.mark.parametrize("what", ["law", "pin", "others"])
def test_where_what_it_began_under_is_lost_everything_is_asked_about(scene: Scene, what: str) -> None:
    scene.law("allow")
    assert scene.says() is Allow
    digest = scene.guard().policy.digest
    scene.law("ask")
    (pin,) = (Path(scene.places.pins) / name for name in os.listdir(scene.places.pins))
    match what:
        case "law":
            (Path(scene.places.policy_cache) / f"{digest.removeprefix('sha256:')}.json").unlink()
        case "pin":
            pin.write_text("{")
        case _:
            pin.chmod(0o622)
    scene.law("allow")
    if what == "law":
        # The same bytes again are the same law again, and nothing is lost.
        assert scene.says() is Allow
        scene.root.joinpath("config", "personal.yaml").write_text(
            LAW.format(default="allow") + RULE.format(verdict="allow") + "# x\n"
        )
        (Path(scene.places.policy_cache) / f"{digest.removeprefix('sha256:')}.json").unlink()

    guard = scene.guard()
    assert scene.says() is Ask
    assert "begin a new session" in guard.problem.help
    assert scene.says(OTHER) is Allow


def test_where_it_cannot_be_noted_nothing_is_decided(scene: Scene) -> None:
    scene.law("allow")
    os.makedirs(scene.places.state)
    Path(scene.places.pins).write_text("in the way")

    with pytest.raises(AuditError, match="cannot be noted"):
        scene.guard()


@given(POLICIES, POLICIES, EFFECTS)
def test_both_count_and_the_stricter_wins(pinned, now, effects):
    now = replace(now, digest="sha256:now")
    one, other = judge(effects, pinned, FACTS), judge(effects, now, FACTS)
    both = judge(effects, held_to(pinned, now), FACTS)

    assert verdict_of(both).rank == max(verdict_of(one).rank, verdict_of(other).rank)
    assert isinstance(both.placement, Host) == (
        isinstance(one.placement, Host) and isinstance(other.placement, Host)
    )
    assert both.reasons[0].verdict is verdict_of(both)


MAKES = 'python3 -c \'open("new","w").write("x")\''
"""Nobody reads it: it is contained, and what it has changed is judged."""


@pytest.mark.sandbox
def test_the_command_that_runs_instead_is_held_to_it_too(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    config = machine.home / ".config/guard"
    config.mkdir(parents=True)
    (config / "personal.yaml").write_text(LAW.format(default="allow") + RULE.format(verdict="deny"))
    call = {
        "session_id": "s", "cwd": str(machine.work), "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_use_id": "t",
        "tool_input": {"command": hidden(MAKES)},
    }  # fmt: skip

    def rewritten() -> str:
        said = json.loads(machine.run("hook", "claude-code", stdin=json.dumps(call).encode()).stdout)
        return said["hookSpecificOutput"]["updatedInput"]["command"]

    first = rewritten()
    (config / "personal.yaml").unlink()
    second = rewritten()

    assert "--held-to" not in first
    assert "--held-to sha256:" in second
    done = machine.exec(MAKES, "--held-to", second.split("--held-to ")[1].split()[0])
    assert done.returncode == 12, done.stderr
    assert not (machine.work / "new").exists()
    assert machine.exec(MAKES).returncode == 0
