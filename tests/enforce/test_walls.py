"""Which weaker walls a person accepts: an explicit file, and nothing that only looks like one."""

import json
import os
import subprocess
import sys

import pytest

from guard.enforce import walls
from sandbox.backends.landlock import LandlockBackend


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"accept": ["landlock"]}', {"landlock"}),
        ('{"accept": []}', set()),
        ('{"accept": ["landlock", "docker"]}\n', {"landlock", "docker"}),
    ],
)
def test_what_the_file_names_is_accepted(tmp_path, text, names):
    (tmp_path / "sandbox.json").write_text(text)

    assert walls.read(str(tmp_path)) == (names, "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "landlock",
        "[]",
        '["landlock"]',
        '{"accept": "landlock"}',
        '{"accept": [1]}',
        '{"accept": ["landlock"], "more": 1}',
        '{"acept": ["landlock"]}',
        '{"accept": {"landlock": true}}',
        "[" * 3000,
        '{"accept": ["landlock"' + " " * 5000 + "]}",
    ],
)
def test_what_is_malformed_accepts_nothing_and_is_told(tmp_path, text):
    (tmp_path / "sandbox.json").write_text(text)

    names, problem = walls.read(str(tmp_path))

    assert names == frozenset()
    assert str(tmp_path / "sandbox.json") in problem


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ('{"docker": {"waiting": 2}}', 2),
        ('{"accept": ["landlock"], "docker": {"waiting": 8}}', 8),
        ('{"accept": []}', 0),
        ('{"docker": {"waiting": 9}}', 0),
        ('{"docker": {"waiting": -1}}', 0),
        ('{"docker": {"waiting": true}}', 0),
        ('{"docker": {"waiting": "2"}}', 0),
        ('{"docker": {}}', 0),
        ('{"docker": {"waiting": 2, "more": 1}}', 0),
        ('{"docker": 2}', 0),
        ('{"docker": {"waiting": 2}, "dokcer": 1}', 0),
    ],
)
def test_how_many_containers_wait_is_a_small_number_or_none(tmp_path, text, size):
    (tmp_path / "sandbox.json").write_text(text)

    assert walls.waiting(str(tmp_path)) == size
    assert bool(walls.read(str(tmp_path))[1]) == (size == 0 and "accept" not in text)


def test_no_file_accepts_nothing(tmp_path):
    assert walls.read(str(tmp_path)) == (frozenset(), "")


def test_a_pipe_in_its_place_holds_nobody_up(tmp_path):
    os.mkfifo(tmp_path / "sandbox.json")

    assert walls.accepted(str(tmp_path)) == frozenset()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_somebody_elses_file_accepts_nothing(tmp_path):
    (tmp_path / "sandbox.json").write_text('{"accept": ["landlock"]}')
    os.chown(tmp_path / "sandbox.json", 65534, 65534)

    assert "somebody else" in walls.read(str(tmp_path))[1] or os.getuid() == 65534


@pytest.mark.sandbox
def test_landlock_runs_a_command_where_it_is_accepted_and_nowhere_else(tmp_path):
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)
    home, work = tmp_path / "home", tmp_path / "work"
    (home / ".config" / "guard").mkdir(parents=True)
    (work / ".git").mkdir(parents=True)
    (work / "words").write_text("echo built > out")

    def guard() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "guard",
                "exec",
                "--no-watch",
                "--backend",
                "landlock",
                "--",
                'sh -c "$(tr a-z a-z < words)"',
            ],
            cwd=work,
            env={"HOME": str(home), "PATH": "/usr/bin:/bin", "PYTHONPATH": os.getcwd()},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    without = guard()

    assert without.returncode != 0
    assert "does not enforce disk, inodes, ipc, mount, pid" in without.stderr
    assert not (work / "out").exists()

    (home / ".config" / "guard" / "sandbox.json").write_text('{"accept": ["landlock"]}')
    done = guard()

    assert done.returncode == 0, done.stderr
    assert (work / "out").read_text() == "built\n"
    (log,) = (home / ".local" / "state" / "guard" / "audit").glob("*.jsonl")
    last = [json.loads(line) for line in log.read_text().splitlines()][-1]
    assert last["backend"] == "landlock"
    assert last["walls"]["enforces"] == sorted(LandlockBackend().probe().enforces)
    assert "landlock" in last["walls"]["enforces"]
