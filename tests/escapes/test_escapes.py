"""Ways out, tried on every backend: afterwards the host is as it was. Each harmful one is proved to do harm without walls."""

import os
import subprocess
import time
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.result import Exited, LimitHit
from sandbox.spec import Limits, SandboxSpec
from tests.escapes.scene import SECRET, left_behind, scene
from tests.sandbox.runners import NOBODY, remove

CASES = [
    pytest.param(case, id=case["name"])
    for case in tomllib.loads((Path(__file__).parent / "cases.toml").read_text())["case"]
]
HARMFUL = [param for param in CASES if param.values[0].get("control")]


@pytest.fixture
def caller(monkeypatch):
    """What a careless caller has about it: a secret in the environment, and an open file that children inherit."""
    monkeypatch.setenv("CALLER", "CALLER-SECRET")
    descriptor = os.memfd_create("execguard-escape", 0)
    os.write(descriptor, SECRET.encode())
    os.set_inheritable(descriptor, True)
    yield
    os.close(descriptor)


@pytest.mark.parametrize("case", CASES)
def test_nothing_gets_out(runner, caller, case):
    host = runner.directory()
    try:
        with scene(host, runner.uid) as made:
            spec = SandboxSpec(
                argv=("/bin/bash", "-c", case["script"]),
                workspace=made.workspace,
                cwd=made.workspace,
                env=made.environment(),
                masked=tuple(f"{made.workspace}/{name}" for name in case.get("masked", ())),
                limits=replace(Limits(wall_s=60.0), **case.get("limits", {})),
            )
            observed = runner.run(spec)
            time.sleep(0.1)  # for whoever would come late

            assert observed.failed is None, observed.failed
            assert made.harm() == []
    finally:
        remove(host)

    assert left_behind() == []
    assert [text for text in (SECRET, *case.get("never", ())) if text in observed.out] == [], observed.out
    assert [text for text in case.get("says", ()) if text not in observed.out] == [], observed.out
    match case.get("end", "any"):
        case "limit":
            assert isinstance(observed.end, LimitHit), observed.end
        case "limit-or-exit":
            assert isinstance(observed.end, LimitHit | Exited), observed.end
        case _:
            assert isinstance(observed.end, Exited), observed.end


@pytest.mark.skipif(os.getuid() != 0, reason="the proof gives up the rights of root, and has none to give up")
@pytest.mark.parametrize("case", HARMFUL)
def test_without_walls_it_does_harm(case, tmp_path):
    host = str(tmp_path / "host")
    os.mkdir(host)
    os.chown(host, NOBODY, NOBODY)
    for parent in tmp_path.parents[:2]:
        os.chmod(parent, 0o755)
    os.chmod(tmp_path, 0o755)
    with scene(host, NOBODY) as made:
        # As nobody: the scene is all that it can harm. `alone` is the part of a script that only aims at the scene.
        done = subprocess.run(
            ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "/bin/bash", "-c", case.get("alone", case["script"])],
            cwd=made.workspace,
            env={**dict(made.environment()), "HOME": f"{host}/home"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )  # fmt: skip
        time.sleep(0.1)

        assert made.harm() or SECRET in done.stdout, done.stderr


def test_the_scene_itself_does_no_harm(tmp_path):
    host = str(tmp_path / "host")
    os.mkdir(host)
    with scene(host, os.getuid()) as made:
        assert made.harm() == []
    assert left_behind() == []
