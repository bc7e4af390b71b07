"""What ``guard exec``, ``changes`` and ``undo`` tell machines keeps the documented form."""

import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from .machine import Machine

pytestmark = pytest.mark.sandbox
SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


def valid(value: object, name: str) -> None:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(value)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("true", 0),
        ("exit 3", 3),
        ("python3 -c 'import os; os.kill(os.getpid(), 9)'", 137),
        ("python3 -c 'open(\"made\", \"w\").write(\"x\")'", 0),
        ("python3 -c 'import os; open(os.fsdecode(bytes([65, 255])), \"w\")'", 0),
        ("python3 -c 'open(\".git/hooks/x\", \"w\")'", 12),
        ("python3 -c 'import os; os.mkfifo(\"pipe\")'", 12),
        ("rm -rf ~", 11),
        ("echo x > .git/hooks/x", 10),
        ("cat <<", 2),
        ("kill -9 1", 10),
        ("", 0),
    ],
)  # fmt: skip
def test_the_report_keeps_its_schema(machine: Machine, command: str, status: int) -> None:
    done = machine.exec(command, "--json", "1")
    report = json.loads(done.stdout)

    valid(report, "exec")
    assert (report["status"], done.returncode) == (status, status)


def test_lists_keep_their_schema(machine: Machine) -> None:
    machine.exec('python3 -c \'open(".git/hooks/x", "w").write("x")\'')
    machine.exec("python3 -c 'import os; open(os.fsdecode(bytes([65, 255])), \"w\")'")

    held = [json.loads(line) for line in machine.run("changes", "list", "--json").stdout.splitlines()]
    undoable = [json.loads(line) for line in machine.run("undo", "--json").stdout.splitlines()]
    shown = json.loads(machine.run("changes", "show", "--json", held[0]["id"]).stdout)

    assert len(held) == len(undoable) == 1
    for value in (*held, *undoable, shown):
        valid(value, "changes")
    assert [(change["path"], change["change"]) for change in shown["changes"]] == [
        (".git/hooks/x", "created")
    ]
    assert shown["changes"][0]["after"]["mode"] == "0644"
    assert undoable[0]["changes"][0]["path"] == "A\\xff"


def test_a_descriptor_that_is_not_open_runs_nothing(machine: Machine) -> None:
    done = machine.exec("touch ran", "--json", "77")

    assert done.returncode == 2
    assert b"descriptor 77" in done.stderr
    assert not (machine.work / "ran").exists()


def test_what_a_person_reads_cannot_move_their_terminal(machine: Machine) -> None:
    machine.exec('python3 -c \'open("a\\x1b[2Jb\\u202ec", "w").write("\\x1b]52;c;x\\x07")\'')
    held = [json.loads(line)["id"] for line in machine.run("changes", "list", "--json").stdout.splitlines()]

    shown = machine.run("changes", "show", held[0]).stdout + machine.run("changes", "list").stdout

    assert b"\x1b" not in shown
    assert "\u202e".encode() not in shown
    assert os.fsencode("a\\x1b[2Jb") in shown
