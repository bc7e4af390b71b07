"""Plays the acts: real decisions, real runs through ``guard exec``, real files, and looks at what came of them."""

import glob
import json
import os
import subprocess
import sys

from guard.audit.canonical import Json
from guard.audit.verify import Report, verify
from guard.demo.scene import Scene
from guard.demo.story import Act, Ending, acts
from guard.enforce.pipeline import Guard
from guard.engine.stages import Decided
from guard.model.dataclass import dataclass
from guard.model.decision import verdict_of
from guard.model.principal import Principal
from guard.model.proposal import Proposal, ShellProposal, WriteProposal
from guard.model.verdict import Level, Verdict

_SLOW_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    act: Act
    decided: Decided
    ran: str
    """``nowhere``, ``sandbox``, ``host``, or ``nowhere: asked about, no sandbox here``."""
    status: int | None
    changed: tuple[str, ...]
    """``+ created``, ``~ changed``, ``- deleted``, relative to the home."""
    held: tuple[str, ...]
    records: tuple[dict[str, Json], ...]
    problem: str
    """Empty when the act ended as it must."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    before: dict[str, str]
    after: dict[str, str]
    log: Report

    @property
    def intact(self) -> bool:
        return self.before == self.after


class Stage:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.before = scene.canaries()
        self.guard = Guard.open(
            cwd=scene.workspace, home=scene.home, env=scene.environment, places=scene.places
        )

    @property
    def acts(self) -> tuple[Act, ...]:
        loader = next(iter(sorted(glob.glob("/lib*/ld-linux*.so.*"))), "")
        return acts(self.scene.npx, loader)

    def play(self, act: Act) -> Played:
        files, position = self.scene.files(), sum(1 for _ in self.guard.log.records())
        decided = self.guard.decide(self._proposal(act))
        ran, status = self._write(act, decided) if act.path else self._run(act)
        changed = _difference(files, self.scene.files())
        records = tuple(self.guard.log.records())[position:]
        if decided.decision.reasons[0].rule == "guard-containment-missing" and ran == "nowhere":
            ran = "nowhere: asked about, because no sandbox works here"
        return Played(
            act=act,
            decided=decided,
            ran=ran,
            status=status,
            changed=changed,
            held=_held(records),
            records=records,
            problem=self._problem(act, decided, ran, changed, records),
        )

    def end(self) -> Ended:
        return Ended(before=self.before, after=self.scene.canaries(), log=verify(self.scene.places.audit))

    def _proposal(self, act: Act) -> Proposal:
        principal, cwd = Principal(agent="demo"), self.scene.workspace
        if act.path:
            return WriteProposal(principal=principal, cwd=cwd, path=act.path, content=act.content)
        return ShellProposal(principal=principal, cwd=cwd, command=act.command)

    def _write(self, act: Act, decided: Decided) -> tuple[str, int | None]:
        """The agent's own writer: the demo plays it, after the record is durable and only when allowed."""
        self.guard.record(decided)
        if verdict_of(decided.decision) is not Verdict.ALLOW:
            return "nowhere", None
        self.scene.write(os.path.join("home", "app", act.path), act.content)
        return "host, by the agent's own writer", None

    def _run(self, act: Act) -> tuple[str, int | None]:
        """``guard exec``, exactly as an agent's hook would start it."""
        package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        done = subprocess.run(
            [sys.executable, "-m", "guard", "exec", "--cwd", self.scene.workspace, "--", act.command],
            env={**self.scene.environment, "PYTHONPATH": package, "PYTHONDONTWRITEBYTECODE": "1"},
            cwd=self.scene.workspace,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SLOW_S,
            check=False,
        )
        if done.returncode in {3, 10, 11}:
            return "nowhere", done.returncode
        return "sandbox", done.returncode

    def _problem(
        self,
        act: Act,
        decided: Decided,
        ran: str,
        changed: tuple[str, ...],
        records: tuple[dict[str, Json], ...],
    ) -> str:
        verdict = verdict_of(decided.decision)
        rules = {r.rule for r in decided.decision.reasons if r.verdict is verdict}
        if not any(record.get("type") == "decision" for record in records):
            return "there is no record of the decision"
        if self.scene.canaries() != self.before:
            return "a canary was changed"
        if act.ending is Ending.DENIED:
            # A hook file may be asked about: nobody is there to answer, so it is not written either.
            if verdict is Verdict.ALLOW or ran != "nowhere" or changed:
                return "it was not stopped"
            return "" if act.rule in rules else f"it was stopped by {sorted(rules)}, not by `{act.rule}`"
        if ran.startswith("nowhere"):
            unwalled = self.guard.level is Level.ADVICE and act.ending is Ending.CONTAINED
            return "" if unwalled and verdict is Verdict.ASK else "it did not run"
        if act.ending is Ending.CONTAINED and act.rule not in rules:
            return f"it was allowed by {sorted(rules)}, not by `{act.rule}`"
        missing = [name for name in act.changes if f"+ {name}" not in changed]
        return f"`{missing[0]}` did not reach the workspace" if missing else ""


def _difference(before: dict[str, str], after: dict[str, str]) -> tuple[str, ...]:
    out = [f"- {name}" for name in sorted(before.keys() - after.keys())]
    for name, hash_ in sorted(after.items()):
        if name not in before:
            out.append(f"+ {name}")
        elif before[name] != hash_:
            out.append(f"~ {name}")
    return tuple(out)


def _held(records: tuple[dict[str, Json], ...]) -> tuple[str, ...]:
    """What the log says was held, in the log's own words."""
    return tuple(
        json.dumps(record["held"])[:200]
        for record in records
        if record.get("held") not in (None, [], 0, {}, "")
    )
