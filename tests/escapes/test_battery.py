"""The battery on every backend, as root and as an ordinary user; and the proof that each attempt does harm without walls."""

import atexit
import functools
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from sandbox.backend import Backend
from sandbox.battery.case import load
from sandbox.battery.run import run_here
from sandbox.battery.trial import INTERPRETER, Outcome, Trial
from sandbox.proxy import attend
from tests.escapes.control import does_harm
from tests.escapes.judge import judge, settle
from tests.sandbox.runners import as_user

ROOT = Path(__file__).parents[2]
SECTIONS = load()
CASES = [(section, case) for section in SECTIONS for case in section.cases]
_done = {}


def results(runner, section):
    """Each section is tried once for each backend, whichever of its cases is asked about first."""
    key = (runner.name, section.letter)
    if key not in _done:
        _done[key] = {result.case.id: result for result in trial(runner).section(section)}
    return _done[key]


@functools.cache
def site() -> str:
    """The package where everybody can read it. An ordinary user may not even enter the directory of a checkout."""
    place = tempfile.mkdtemp(prefix="execguard-test-site-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    os.chmod(place, 0o755)
    shutil.copytree(ROOT / "sandbox", f"{place}/sandbox", ignore=shutil.ignore_patterns("__pycache__"))
    return place


def trial(runner) -> Trial:
    site()

    def execute(spec, stdio, look):
        if runner.uid == os.getuid():
            return run_here(runner.backend, spec, stdio, look)

        def work():
            sys.executable, attend._ROOT = INTERPRETER, site()  # the proxy is a process of theirs
            return run_here(runner.make(), spec, stdio, look)

        return as_user(runner.uid, work)

    backend: Backend = runner.backend
    return Trial(
        execute=execute,
        capabilities=backend.probe(),
        uid=runner.uid,
        judge=judge,
        settle=settle,
        directory=runner.directory,
    )


@pytest.mark.parametrize(("section", "case"), [pytest.param(*one, id=one[1].id) for one in CASES])
def test_nothing_gets_out(runner, section, case):
    result = results(runner, section)[case.id]

    if result.outcome is Outcome.NOT_APPLICABLE:
        pytest.skip(f"{case.id}: {result.because}")
    assert result.outcome is Outcome.STOPPED, f"{case.tries}: {result.because}"


PROVED = [pytest.param(case, id=case.id) for _, case in CASES if case.control]


@pytest.mark.skipif(os.getuid() != 0, reason="the proof gives up the rights of root, and has none to give up")
@pytest.mark.parametrize("case", PROVED)
def test_without_walls_it_does_harm(case):
    # It can do harm: once is proof enough, and a loaded machine may cut one attempt short.
    harm, out = does_harm(case)
    for _ in range(2):
        if harm:
            break
        harm, out = does_harm(case)

    assert harm, f"{case.tries}: {out}"


def test_there_are_enough_of_them():
    assert len(CASES) >= 150
