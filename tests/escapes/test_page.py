"""docs/escapes.md lists the cases that there are, and `guard doctor --live` speaks as its schema says."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

from guard.audit.log import AuditLog
from guard.cli.live import Tried, record
from sandbox.battery.case import BatteryError, load
from sandbox.battery.trial import Outcome, Result
from sandbox.result import Capabilities

ROOT = Path(__file__).parents[2]


def test_the_page_lists_every_case():
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "escapes.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


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
