"""A home with a workspace and a log in it, as a few agents would have left it."""

import random
from pathlib import Path

import pytest

from guard.audit.log import AuditLog
from guard.audit.record import approval_record
from guard.enforce.pipeline import Guard
from guard.engine.stages import Decided
from guard.model.dataclass import replace
from guard.model.principal import Principal
from guard.model.proposal import Proposal, ShellProposal, WriteProposal
from guard.model.verdict import Level, Verdict

COMMANDS = (
    "ls -la",
    "git status",
    "rm -rf build",
    "rm -rf src",
    "cat src/f1.py",
    "git push origin main",
    "curl https://example.com/",
    "cat ~/.ssh/id_rsa",
    "rm -rf ~",
    "sudo ls",
    "chmod -R 755 .",
    "rm -r .guard",
    "grep -rn x . | head",
    'curl -H "Authorization: Bearer abcdefghijklmnop" https://x.example/',
)
POLICY = """version: 1
kind: policy
name: app
default: allow
rules:
  - id: ask-for-trees
    effect: [fs.delete]
    zones: [generated]
    recursive: true
    verdict: ask
    why: Build output takes an hour.
"""


class Past:
    """``log``: small files, so that there are several."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(home))
        for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME"):
            monkeypatch.delenv(name, raising=False)
        self.home, self.work = home, home / "app"
        for name, count in (("src", 5), ("build", 140), (".git", 0), (".guard", 1)):
            (self.work / name).mkdir(parents=True, exist_ok=True)
            for number in range(count):
                (self.work / name / f"f{number}.py").write_text("x")
        (self.work / "new.yaml").write_text(POLICY)
        monkeypatch.chdir(self.work)
        self.directory = home / ".local/state/guard/audit"
        guard = Guard.open(cwd=str(self.work), level=Level.CONTAINED)
        self.guard = replace(guard, log=AuditLog(str(self.directory), segment_bytes=40_000))
        self.decided: list[Decided] = []

    def propose(
        self, command: str, session: str = "s", human: str = "ana", *, approved: bool | None = None
    ) -> Decided:
        who = Principal(agent="claude-code", session=session, human=human)
        return self.record(
            ShellProposal(principal=who, cwd=str(self.work), command=command), approved=approved
        )

    def record(self, proposal: Proposal, *, approved: bool | None = None) -> Decided:
        decided = self.guard.decide(proposal)
        appended = self.guard.record(decided)
        if approved is not None:
            assert decided.decision.reasons[0].verdict is Verdict.ASK
            self.guard.log.append(
                approval_record(appended.seq, approved=approved, by="uid 1000", surface="terminal"),
                durable=False,
            )
        self.decided.append(decided)
        return decided

    def many(self, count: int) -> None:
        draw = random.Random(7)
        for _ in range(count):
            session, human = f"s{draw.randrange(4)}", f"u{draw.randrange(2)}"
            if draw.random() < 0.2:
                who = Principal(agent="claude-code", session=session, human=human)
                self.record(
                    WriteProposal(
                        principal=who, cwd=str(self.work), path=f"src/f{draw.randrange(9)}.py", content="y"
                    )
                )
            else:
                self.propose(draw.choice(COMMANDS), session, human)
