"""Caches between runs: kept for the same workspace, never for the machine or another workspace."""

import json
import os
import subprocess
from pathlib import Path

import jsonschema
import pytest

from .machine import Machine

pytestmark = pytest.mark.sandbox
SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "caches.schema.json"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    found = Machine(tmp_path)
    (found.home / ".npm").mkdir()
    (found.home / ".npm" / "index").write_text("the machine's\n")
    return found


def inside(machine: Machine, code: str, cwd: Path | None = None) -> str:
    done = subprocess.run(
        machine.argv("exec", "--ask", "deny", "--", f"python3 -c '{code}'"),
        cwd=cwd or machine.work,
        env=machine.env,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


READ = 'import os; p = os.path.expanduser("~/.npm/"); print({f: open(p + f).read() for f in sorted(os.listdir(p))})'
WRITE = 'import os; p = os.path.expanduser("~/.npm/"); open(p + "index", "w").write("bad"); open(p + "new", "w").write("n")'


def test_the_machines_cache_is_seen_and_never_changed(machine: Machine) -> None:
    assert "the machine" in inside(machine, READ)
    inside(machine, WRITE)

    assert os.listdir(machine.home / ".npm") == ["index"]
    assert (machine.home / ".npm" / "index").read_text() == "the machine's\n"


def test_what_was_written_is_there_in_the_next_run(machine: Machine) -> None:
    inside(machine, WRITE)

    assert inside(machine, READ) == "{'index': 'bad', 'new': 'n'}\n"


def test_another_workspace_does_not_see_it(machine: Machine) -> None:
    other = machine.home / "other"
    (other / ".git").mkdir(parents=True)
    subprocess.run(["git", "init", "-q"], cwd=other, check=True, env=machine.env)
    inside(machine, WRITE)

    assert inside(machine, READ, other) == "{'index': \"the machine's\\n\"}\n"


def test_a_cache_that_nobody_had_persists_too(machine: Machine) -> None:
    inside(
        machine,
        'import os; os.makedirs(os.path.expanduser("~/.cache/pip/http")); open(os.path.expanduser("~/.cache/pip/http/a"), "w").write("x")',
    )

    assert (
        inside(machine, 'import os; print(os.listdir(os.path.expanduser("~/.cache/pip/http")))') == "['a']\n"
    )
    assert not (machine.home / ".cache").exists()


def test_what_is_no_cache_is_gone(machine: Machine) -> None:
    inside(
        machine,
        'import os; open(os.path.expanduser("~/.bashrc"), "w").write("x"); os.makedirs(os.path.expanduser("~/.cache/other"))',
    )

    assert (
        inside(
            machine,
            'import os; print(os.path.exists(os.path.expanduser("~/.bashrc")), os.listdir(os.path.expanduser("~")))',
        )
        == "False ['.npm']\n"
    )


def test_a_link_in_the_home_shows_nothing_of_what_it_leads_to(machine: Machine) -> None:
    (machine.home / "secret").mkdir()
    (machine.home / "secret" / "key").write_text("key")
    (machine.home / ".cargo").mkdir()
    (machine.home / ".cargo" / "registry").symlink_to(machine.home / "secret")

    code = (
        'import os; p = os.path.expanduser("~/.cargo/registry"); print(os.path.exists(p) and os.listdir(p))'
    )
    assert "key" not in inside(machine, code)


def test_they_are_listed_and_cleared(machine: Machine) -> None:
    inside(machine, WRITE)
    listed = machine.run("caches", "list")
    (told,) = map(json.loads, machine.run("caches", "list", "--json").stdout.splitlines())
    cleared = machine.run("caches", "clear")

    assert (listed.returncode, cleared.returncode) == (0, 0)
    assert b"~/.npm" in listed.stdout
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text())).validate(told)
    assert told["workspace"] == str(machine.work)
    assert [cache["place"] for cache in told["caches"]] == ["~/.npm"]
    assert told["caches"][0]["bytes"] > 0
    assert machine.run("caches", "list").stdout == b"nothing is kept\n"
    assert "the machine" in inside(machine, READ)


def test_clearing_what_is_not_there_says_so(machine: Machine, tmp_path: Path) -> None:
    assert machine.run("caches", "clear", "--all").stdout == b"nothing is kept\n"
    assert machine.run("caches", "clear", "--workspace", str(tmp_path)).returncode == 2
