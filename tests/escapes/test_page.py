"""docs/escapes.md lists the cases that there are, and `guard doctor --live` speaks as its schema says."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from guard.audit.log import AuditLog
from guard.cli import live
from guard.cli.exit_codes import FINDINGS
from guard.cli.live import Tried, record
from sandbox.battery.case import BatteryError, load
from sandbox.battery.trial import Outcome, Result
from sandbox.changes import Changes
from sandbox.result import Capabilities, Exited
from sandbox.select import PROMISE

ROOT = Path(__file__).parents[2]


def test_the_page_lists_every_case():
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "escapes.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_readme_says_how_many_there_are():
    cases = sum(len(section.cases) for section in load())

    assert f"tries {cases} ways out" in (ROOT / "README.md").read_text()


def guard(home, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "guard", "doctor", "--live", *arguments],
        cwd=ROOT,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "TMPDIR": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_sandbox_that_does_not_work_here_is_a_finding_and_is_recorded(tmp_path):
    running = guard(tmp_path, "--backend", "docker", "--json")
    out, _ = running.communicate(timeout=60)

    if json.loads(out)["backends"][0]["works"]:
        pytest.skip("a Docker engine is at its usual place: this is about a machine without one")
    assert running.returncode == 1
    jsonschema.validate(
        json.loads(out), json.loads((ROOT / "docs/schemas/doctor-live.schema.json").read_text())
    )
    (found,) = AuditLog(str(tmp_path / ".local/state/guard/audit")).records()
    jsonschema.validate(found, json.loads((ROOT / "docs/schemas/audit-record.schema.json").read_text()))
    assert (found["type"], found["backend"], found["works"]) == ("doctor.live", "docker", False)


@pytest.mark.sandbox
def test_an_interrupted_battery_cleans_up(tmp_path):
    running = guard(tmp_path, "--backend", "local")
    for _ in range(600):
        if any(tmp_path.glob("execguard-battery-*/*/home")):
            break
        assert running.poll() is None, running.communicate()
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=60)

    assert running.returncode == 130
    assert list(tmp_path.glob("execguard-battery-*")) == []


class Boastful:
    """Runs a command where it is, and says that it is behind every wall there is."""

    name = "local"

    def probe(self):
        return Capabilities(backend="local", works=True, enforces=PROMISE, detail="trust me")

    def run(self, spec, stdio):
        subprocess.run(
            spec.argv,
            cwd=spec.cwd,
            env=dict(spec.env),
            stdin=stdio.stdin,
            stdout=stdio.stdout,
            stderr=stdio.stderr,
            check=False,
        )
        return Ran()


class Ran:
    end = Exited(status=0)

    def changes(self):
        return Changes(entries=(), open_after=lambda path: open(path, "rb"))

    def destroy(self):
        pass


def test_a_claim_that_does_not_hold_is_shown_recorded_and_not_zero(tmp_path, monkeypatch, capsys):
    # Of all attempts only those that harm nobody but the scene.
    harmless = {"F01", "R01", "A16"}
    sections = tuple(
        replace(section, cases=tuple(case for case in section.cases if case.id in harmless))
        for section in load()
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    monkeypatch.setattr(live, "load", lambda: tuple(section for section in sections if section.cases))
    monkeypatch.setattr(live, "backend", lambda _name: Boastful())

    status = live.run(argparse.Namespace(backend=["local"], json=False))

    (found,) = AuditLog(str(tmp_path / ".local/state/guard/audit")).records()
    assert status == FINDINGS
    assert (found["type"], sorted(found["missed"]), found["stopped"]) == ("doctor.live", sorted(harmless), 0)
    shown = capsys.readouterr().out
    assert all(f"missed {name}" in shown for name in harmless)
    assert "0 stopped, 3 missed" in shown


def test_what_got_through_is_in_the_record():
    case = load()[0].cases[0]
    capabilities = Capabilities(backend="local", works=True, enforces=frozenset({"mount"}), detail="x")
    missed = Result(case=case, outcome=Outcome.MISSED, because="changed: home/out")

    found = record(Tried(capabilities=capabilities, results=(missed,)))

    assert (found["missed"], found["stopped"], found["enforces"]) == ([case.id], 0, ["mount"])


@pytest.mark.parametrize(
    "wrong",
    [
        'script = "x"\nspeed = 1',
        'script = "x"\npython = "y"',
        "",
        'script = "x"\nend = "never"',
        'script = "x"\ncontrol = ""',
    ],
)
def test_a_case_that_makes_no_sense_is_told(tmp_path, wrong):
    (tmp_path / "x.toml").write_text(
        f'section = "X"\ntitle = "x"\nwalls = ["mount"]\n[[case]]\nid = "X1"\ntries = "x"\n{wrong}\n'
    )

    with pytest.raises(BatteryError):
        load(str(tmp_path))
