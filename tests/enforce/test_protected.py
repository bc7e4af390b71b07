"""policies/protected.yaml, entry by entry: made in a real sandbox, read from its layer, judged before it is applied."""

import json
import os
import sys
from io import BytesIO
from pathlib import Path

import pytest

from guard.enforce.pipeline import Guard
from guard.enforce.places import Places
from guard.engine.stages import Decided
from guard.model.decision import verdict_of
from guard.model.principal import Principal
from guard.model.proposal import ShellProposal
from guard.model.verdict import Level
from guard.policy.files.protected import Protected, load_protected, protected_path
from sandbox.backends.local import LocalBackend
from sandbox.changes import Change, Changes, Created
from sandbox.spec import SandboxSpec, Stdio

from .machine import hidden

with open(protected_path(), "rb") as _file:
    ENTRIES = [
        entry
        for entry in load_protected(_file.read(), "policies/protected.yaml")
        if any(pattern.startswith(("$W", "$*")) for pattern in entry.patterns())
    ]
SAYS = {
    "agent-config": ("ask", "what-runs-later"),
    "vcs-internals": ("ask", "what-runs-later"),
    "build-files": ("ask", "unforeseen-build-file"),
    "guard-files": ("deny", ""),
}
MAKE = """
import json, os, sys
for path in json.load(sys.stdin):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w") as file:
        file.write("made")
"""


def examples(number: int, entry: Protected) -> list[str]:
    """Paths below the workspace; each in a directory of its own where the pattern leaves that open."""
    found = []
    for count, pattern in enumerate(entry.patterns()):
        root, *parts = pattern.split("/")
        if root not in {"$W", "$*"}:
            continue
        out = []
        for index, part in enumerate(parts):
            if part == "**":
                out.append("made" if index == len(parts) - 1 else f"n{number}-{count}")
            else:
                out.append(part.replace("*", "x"))
        found.append("/".join(out))
    return found


class Scene:
    def __init__(self, root: Path) -> None:
        self.work = root / "home" / "work"
        (self.work / "plain.git").mkdir(parents=True)
        self.guard = Guard.open(
            cwd=str(self.work),
            home=str(root / "home"),
            env={"PATH": "/usr/bin:/bin"},
            workspace=str(self.work),
            level=Level.CONTAINED,
            places=Places(state=str(root / "state"), config=str(root / "config")),
        )
        self.backend = LocalBackend()

    def decided(self, command: str) -> Decided:
        principal = Principal(agent="test")
        return self.guard.decide(ShellProposal(principal=principal, cwd=str(self.work), command=command))

    def make(self, paths: list[str]) -> dict[str, Change]:
        """What is read from the layer of a sandbox in which these files were made."""
        feed = os.memfd_create("feed")
        os.write(feed, json.dumps(paths).encode())
        os.lseek(feed, 0, os.SEEK_SET)
        spec = SandboxSpec(
            argv=("python3", "-c", MAKE), workspace=str(self.work), cwd=str(self.work), env=(("PATH", "/usr/bin:/bin"),)
        )  # fmt: skip
        run = self.backend.run(spec, Stdio(stdin=feed, stdout=sys.__stdout__.fileno(), stderr=2))
        try:
            changes = run.changes()
        finally:
            run.destroy()
            os.close(feed)
        assert changes.truncated == ""
        return {entry.path: entry for entry in changes.entries}

    def judged(self, decided: Decided, *entries: Change) -> tuple[str, list[str]]:
        changes = Changes(entries=entries, open_after=lambda _: BytesIO(b""))
        decision = self.guard.judge_changes(decided, changes).decision
        return verdict_of(decision).value, [reason.rule for reason in decision.reasons]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene(tmp_path_factory.mktemp("protected"))


@pytest.fixture(scope="module")
def made(scene: Scene) -> dict[str, Change]:
    return scene.make([path for number, entry in enumerate(ENTRIES) for path in examples(number, entry)])


@pytest.fixture(scope="module")
def commands(scene: Scene) -> dict[str, Decided]:
    return {"unread": scene.decided(hidden("python3 -c 'pass'")), "read": scene.decided("touch other")}


@pytest.mark.sandbox
@pytest.mark.parametrize("number", range(len(ENTRIES)), ids=lambda number: ENTRIES[number].id)
def test_what_a_sandbox_made_is_judged_as_the_zone_says(
    number: int, scene: Scene, made: dict[str, Change], commands: dict[str, Decided]
) -> None:
    entry = ENTRIES[number]
    verdict, rule = SAYS[entry.zone]
    decided = commands["read" if entry.zone == "build-files" else "unread"]
    paths = examples(number, entry)

    wrong = []
    for path in paths:
        assert isinstance(made[path], Created)
        said, rules = scene.judged(decided, made[path])
        if said != "deny" and (said != verdict or (rule and rule not in rules)):
            wrong.append((path, said, rules[0]))

    assert paths
    assert wrong == []


@pytest.mark.sandbox
def test_a_build_file_that_was_foretold_passes(scene: Scene) -> None:
    made = scene.make(["Makefile", "src/a.c"])

    assert scene.judged(scene.decided("echo x > Makefile"), made["Makefile"])[0] == "allow"
    assert scene.judged(scene.decided("echo x > Makefile"), made["src/a.c"])[0] == "allow"
    assert scene.judged(scene.decided("echo x > src/a.c"), made["Makefile"])[0] == "ask"


BARE = ("HEAD", "objects/x", "refs/x")


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("paths", "which", "says"),
    [
        ([*(f"tool/{name}" for name in BARE), "tool/config"], "tool/config", "ask"),
        ([*(f"tool/{name}" for name in BARE), "tool/hooks/post-checkout"], "tool/hooks/post-checkout", "ask"),
        (["tool/HEAD", "tool/commondir", "tool/config"], "tool/config", "ask"),
        ([*(f"a/config/{name}" for name in BARE), "a/config/config"], "a/config/config", "ask"),
        (["tool/config", "tool/hooks/use.ts", "tool/refs/x"], "tool/config", "allow"),
        (["tool/HEAD", "tool/config"], "tool/config", "allow"),
    ],
)
def test_a_directory_that_git_takes_for_a_repository_is_one(
    scene: Scene, paths: list[str], which: str, says: str
) -> None:
    made = scene.make(paths)

    said, _ = scene.judged(scene.decided(hidden("python3 -c 'pass'")), *made.values())

    assert which in made
    assert said == says


@pytest.mark.sandbox
def test_a_repository_may_be_there_before_or_be_completed_later(scene: Scene) -> None:
    for name in ("old/objects", "old/refs", "half/objects"):
        (scene.work / name).mkdir(parents=True)
    (scene.work / "old" / "HEAD").write_text("ref: refs/heads/main\n")
    unread = scene.decided(hidden("python3 -c 'pass'"))

    there = scene.make(["old/config"])
    completed = scene.make(["half/HEAD", "half/refs/x", "half/hooks/pre-commit"])

    assert scene.judged(unread, *there.values())[0] == "ask"
    assert scene.judged(unread, *completed.values())[0] == "ask"
    assert verdict_of(scene.decided("echo x > old/config").decision).value == "ask"
    assert verdict_of(scene.decided("cp x old/hooks/update").decision).value == "ask"
    assert verdict_of(scene.decided("echo x > half/hooks/update").decision).value == "allow"
