import json
import os
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    scratch = tmp_path_factory.mktemp("demo")
    env = {"HOME": str(scratch), "TMPDIR": str(scratch), "PATH": os.environ["PATH"], "PYTHONPATH": ROOT}
    done = subprocess.run(
        [sys.executable, "-m", "guard", "demo", "--json"],
        env=env,
        cwd=scratch,
        capture_output=True,
        text=True,
        check=False,
    )
    return done, json.loads(done.stdout), scratch


def test_the_demo_ends_well(demo):
    done, report, _ = demo

    assert [act["title"] + ": " + act["problem"] for act in report["acts"] if act["problem"]] == []
    assert done.returncode == 0


def test_every_canary_is_as_before(demo):
    _, report, _ = demo

    assert len(report["canaries"]) >= 7
    assert [canary for canary in report["canaries"] if canary["before"] != canary["after"]] == []


def test_the_log_of_the_demo_verifies(demo):
    _, report, _ = demo

    assert report["audit"]["ok"]
    assert report["audit"]["records"] >= len(report["acts"])


def test_nothing_of_the_demo_stays(demo):
    _, _, scratch = demo

    assert [name for name in os.listdir(scratch) if name.startswith("guard-demo-")] == []
