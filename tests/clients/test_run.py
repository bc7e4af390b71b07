"""The real clients under `guard run`, in repositories that want to be rid of the guard: what is denied does not run."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from guard.enforce.agentstate import directories
from guard.probe.model import Model, serving
from guard.probe.recipes import RECIPES, Start
from sandbox.environment import dropped
from sandbox.spec import HOME
from tests.agents.client import installed
from tests.agents.test_story import RAN, Told
from tests.cli.conftest import needs_a_sandbox
from tests.clients.conftest import TIME_LIMIT_S
from tests.clients.packages import PACKAGES
from tests.clients.tricks import INLINE, TRICKS, Trick, switches

GO_ON = "go on"
WORDS = {
    "claude-code": ("--settings", '{"disableAllHooks": true}', "--setting-sources", "user"),
    "codex": ("--disable", "hooks", "-c", "features.hooks=false"),
    "pi": ("-ne",),
}
"""Behind the agent's name: what a person, or a script of the repository, may say to be rid of hooks."""
BESIDE = {"claude-code": {"trace-env"}}
"""What a client starts by a name alone, on the PATH that the repository's settings give it."""


class Person(Told):
    def argv(self, *arguments: str) -> list[str]:
        # As it is installed: `python -m` alone would load what the repository has planted.
        return [sys.executable, "-I", "-m", "guard", *arguments]


@pytest.fixture
def told() -> Iterator[Told]:
    with tempfile.TemporaryDirectory(prefix="r", dir="/tmp") as place:
        yield Person(Path(place).resolve())


def plant(told: Told, files: dict[str, str], programs: tuple[str, ...] = ()) -> None:
    for name, content in files.items():
        path = told.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content.replace("{W}", str(told.work)).replace("{N}", told.npx))
        if name in programs:
            path.chmod(0o755)


def keep(told: Told, program: str, name: str, content: str) -> None:
    """A file in the agent's own home, as an earlier session has left it there."""
    known = next(one for one in directories(program) if name.startswith(f"{one}/"))
    workspace = hashlib.sha256(os.fsencode(told.work)).hexdigest()[:16]
    path = (
        told.home
        / ".local/state/guard/agents"
        / program
        / workspace
        / known.replace("/", "-")
        / name[len(known) + 1 :]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    for directory in path.parents:
        if directory == told.home / ".local/state":
            break
        directory.chmod(0o700)
    path.write_text(content)


def enclosed(
    told: Told, agent: str, model: Model, *more: str, prompt: str = GO_ON, named: str = ""
) -> subprocess.CompletedProcess[str]:
    """``named``: the name that it is started by, where that is not its own."""
    program = PACKAGES[agent].program
    place = installed(PACKAGES[agent].name, program)
    if named:
        (told.tools / named).symlink_to((place / program).resolve())
        program = named
    recipe = RECIPES[agent](Start(url=model.url, home=HOME, workspace=str(told.work)))
    for name, content in recipe.files:
        keep(told, program, name, content)
    env = {name: value for name, value in recipe.env if not dropped(name, named=True)}
    granted = [word for name in env for word in ("--env", name)]
    words = [prompt if word == GO_ON else word for word in recipe.argv]
    return subprocess.run(
        [
            *told.argv("run", "--port", str(model.port), *granted, "--at-end", "hold"),
            "--",
            program,
            *words,
            *more,
        ],
        cwd=told.work,
        env={**told.env, **env, "PATH": f"{place}:{told.env['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
        check=False,
    )


def held(told: Told) -> set[str]:
    """What the session has made in its copy of the workspace."""
    lines = told.run("changes", "list", "--json").stdout.splitlines()
    return {entry["path"] for line in lines for one in [json.loads(line)] for entry in one["changes"]}


def denied(told: Told) -> int:
    return sum(record["decision"]["reason"]["rule"] == "no-npx" for record in told.records("decision"))


@needs_a_sandbox
@pytest.mark.parametrize("agent", TRICKS)
def test_no_repository_switches_the_hook_off_inside(told: Told, agent: str) -> None:
    """All rows at once: whichever of them worked would let the program run."""
    run = RECIPES[agent](Start(url="", home="", workspace="")).run
    plant(told, switches(agent))
    tricks: tuple[Trick, ...] = TRICKS[agent]
    for trick in tricks:
        plant(told, trick.files, trick.programs)

    with serving([run(f"{told.npx} create-app"), run("echo changed"), run("sl || npx create-app")]) as model:
        done = enclosed(told, agent, model, *WORDS.get(agent, ()))

    texts = [result.text for result in model.results]
    assert len(texts) == 3, (done.stdout[-2000:], done.stderr[-2000:])
    assert all("no-npx" in texts[index] for index in (0, 2)), texts
    assert not any(RAN in text for text in (*texts, done.stdout))
    assert denied(told) >= 2
    # Nothing of the repository's stood in for the hook, or beside it.
    assert {path for path in held(told) if path.startswith("trace-")} <= BESIDE.get(agent, set())


@needs_a_sandbox
def test_a_client_by_another_name_is_given_the_hook_that_nobody_switches_off(told: Told) -> None:
    """Copilot CLI: what an administrator says is there for whatever is started."""
    run = RECIPES["copilot"](Start(url="", home="", workspace="")).run
    plant(told, switches("copilot"))
    for trick in TRICKS["pi"]:
        plant(told, trick.files, trick.programs)

    with serving([run(f"{told.npx} create-app"), run("echo allowed")]) as model:
        done = enclosed(told, "copilot", model, named="somebodys-agent")

    texts = [result.text for result in model.results]
    assert len(texts) == 2, (done.stdout[-2000:], done.stderr[-2000:])
    assert ("no-npx" in texts[0], "allowed" in texts[1]) == (True, True), texts
    assert RAN not in done.stdout
    assert not {path for path in held(told) if path.startswith("trace-")}


@needs_a_sandbox
@pytest.mark.parametrize("agent", INLINE)
def test_a_shell_line_in_a_command_of_the_repository_is_judged(told: Told, agent: str) -> None:
    run = RECIPES[agent](Start(url="", home="", workspace="")).run
    plant(told, INLINE[agent])
    named = ("--command", "look") if agent == "opencode" else ()

    with serving([run("echo allowed")]) as model:
        done = enclosed(told, agent, model, *named, prompt="x" if named else "/look")

    assert denied(told) == 1, (done.stdout[-2000:], done.stderr[-2000:])
    assert RAN not in done.stdout
    assert RAN not in str(model.requests)
    # Claude Code leaves a command whose shell line fails; what the others go on with is asked about once.
    decisions = [record["decision"]["reason"]["rule"] for record in told.records("decision")]
    assert len(decisions) == (2 if agent == "claude-code" else 3)
