import errno
import json
import os
import subprocess
import sys

import pytest

from guard.cli import registration
from sandbox.backends import _kernel
from sandbox.backends.local import LocalBackend

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def doctor(home, cwd):
    env = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": ROOT}
    done = subprocess.run(
        [sys.executable, "-m", "guard", "doctor", "--json"],
        env=env,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


def findings(report, area):
    return [found for found in report["findings"] if found["area"] == area]


def test_doctor_names_the_level_and_every_backend(tmp_path):
    status, report = doctor(tmp_path, tmp_path)

    assert report["level"] in {"advice", "contained"}
    assert {"sandbox local", "sandbox docker"} <= {found["area"] for found in report["findings"]}
    assert status == (0 if report["ok"] else 1)


def test_doctor_says_where_a_policy_file_is_wrong(tmp_path):
    (tmp_path / "app" / ".guard").mkdir(parents=True)
    (tmp_path / "app" / ".guard" / "policy.yaml").write_text(
        "version: 1\nkind: policy\nname: x\ndefault: maybe\n"
    )

    status, report = doctor(tmp_path, tmp_path / "app")

    (found,) = findings(report, "policy repo")
    assert status == 1
    assert "policy.yaml:4" in found["says"]
    assert found["fix"]


def registered(home, settings):
    (home / ".claude").mkdir()
    (home / ".claude" / "settings.json").write_text(json.dumps(settings))
    _, report = doctor(home, home)
    found = findings(report, "agents")[0]
    assert found["says"].startswith("claude-code")
    return found


def test_doctor_finds_the_registration_of_the_hook(tmp_path):
    assert registered(tmp_path, registration.settings())["ok"]


def hook(**changes):
    return {**registration.settings()["hooks"]["PreToolUse"][0]["hooks"][0], **changes}


@pytest.mark.parametrize(
    ("group", "top", "says"),
    [
        ({"hooks": [{"type": "command", "command": "guard hook claude-code"}]}, {}, "cannot start"),
        (
            {"hooks": [hook(command="/usr/bin/guard", args=["hook", "claude-code"], onFailure="continue")]},
            {},
            "cannot start",
        ),
        ({"matcher": "Bash", "hooks": [hook()]}, {}, "`Bash` leaves other tools out"),
        ({"matcher": "*", "hooks": [hook(**{"async": True})]}, {}, "asynchronous"),
        ({"hooks": [hook()]}, {"disableAllHooks": True}, "`disableAllHooks`"),
    ],
    ids=["plain", "without a shell", "one tool", "asynchronous", "switched off"],
)
def test_doctor_says_what_is_wrong_with_a_registration(tmp_path, group, top, says):
    found = registered(tmp_path, {"hooks": {"PreToolUse": [group]}, **top})

    assert not found["ok"]
    assert says in found["says"]
    assert found["fix"]


@pytest.mark.parametrize(
    "settings",
    [
        [],
        None,
        1,
        {"hooks": []},
        {"hooks": {"PreToolUse": {}}},
        {"hooks": {"PreToolUse": [{"hooks": [1]}, 2]}},
    ],
)
def test_settings_without_a_registration_are_no_problem(settings):
    assert registration.problems(settings) is None


def test_doctor_reports_a_settings_file_it_cannot_read(tmp_path):
    (tmp_path / ".claude").mkdir()
    (tmp_path / ".claude" / "settings.json").write_text("{")

    status, report = doctor(tmp_path, tmp_path)

    assert status == 1
    assert not findings(report, "agents")[0]["ok"]


def test_doctor_says_in_words_why_a_backend_is_not_there(monkeypatch):
    def refused(namespaces):
        raise PermissionError(errno.EPERM, "Operation not permitted", "unshare")

    def no_root():
        raise OSError(errno.EINVAL, "Invalid argument", "mount of a root of our own")

    monkeypatch.setattr(_kernel, "unshare", refused)
    monkeypatch.setattr(_kernel, "own_root", no_root)

    found = LocalBackend().probe()

    assert not found.works
    assert found.failed.startswith("unshare: ")
    assert "not permitted" in found.failed.lower()
    assert found.fix
    if os.getuid() == 0:
        assert "nor is a root of our own" in found.failed
        assert "Invalid argument" in found.failed
