"""``guard exec`` as people and agents use it: the real command line, the real sandbox, a real workspace."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from guard.audit.verify import verify

from .machine import Machine
from .trees import look

pytestmark = pytest.mark.sandbox
HELD, ASK, DENY, USAGE, FAILED = 12, 10, 11, 2, 3


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


PYTHON = "python3 -c '{}'"


@pytest.mark.parametrize("command", ["exit 7", "python3 -c 'raise SystemExit(7)'"])
def test_the_exit_status_is_the_commands(machine: Machine, command: str) -> None:
    assert machine.exec(command).returncode == 7


@pytest.mark.parametrize("command", ["cat", "python3 -c 'import sys; sys.stdout.write(sys.stdin.read())'"])
def test_input_and_output_pass_through(machine: Machine, command: str) -> None:
    done = machine.exec(command, stdin=b"a\0b\xff\n")

    assert done.stdout == b"a\0b\xff\n"
    assert done.stderr == b""


def test_what_the_command_says_on_standard_error_passes_through(machine: Machine) -> None:
    done = machine.exec("python3 -c 'import sys; sys.stderr.write(\"err\")'")

    assert (done.stdout, done.stderr) == (b"", b"err")


def test_changes_of_a_sandboxed_run_reach_the_workspace_and_can_be_put_back(machine: Machine) -> None:
    before = look(machine.work)

    done = machine.exec('python3 -c \'open("made.txt", "w").write("x")\'', "--json", "1")
    made = (machine.work / "made.txt").read_text()
    report = json.loads(done.stdout)
    undone = machine.run("undo", "--yes", report["undo"])

    assert made == "x"
    assert (report["backend"], report["applied"], report["held"]) == ("local", 1, None)
    assert undone.returncode == 0
    assert look(machine.work) == before


def test_a_script_that_deletes_the_home_deletes_nothing(machine: Machine) -> None:
    (machine.work / "clean.py").write_text(
        "import shutil, os; shutil.rmtree(os.path.expanduser('~'), ignore_errors=True)\n"
    )
    (machine.work / "clean2.py").write_text(
        f"import shutil; shutil.rmtree({str(machine.home)!r}, ignore_errors=True)\n"
    )

    machine.exec("python3 clean.py")
    machine.exec("python3 clean2.py")

    assert (machine.home / "precious").read_text() == "canary\n"
    assert (machine.work / "src" / "a.py").exists()


@pytest.mark.parametrize(
    ("code", "rule"),
    [
        ('open(".git/hooks/pre-commit","w").write("x")', "what-runs-later"),
        (
            'import os; os.makedirs(".github/workflows"); open(".github/workflows/x.yml","w").write("x")',
            "what-runs-later",
        ),
        ('import shutil; shutil.rmtree("own")', "delete-trees"),
    ],
)
def test_what_the_policy_asks_about_is_held(machine: Machine, code: str, rule: str) -> None:
    (machine.work / "own").mkdir()
    (machine.work / "own" / "x").write_text("not in git\n")
    before = look(machine.work)

    done = machine.exec(f"python3 -c '{code}'")
    judged = machine.records("changes")[-1]["judged"]

    assert done.returncode == HELD
    assert b"held" in done.stderr
    assert judged["reason"]["rule"] == rule
    assert look(machine.work) == before


def test_held_changes_are_shown_applied_and_dropped_by_a_person(machine: Machine) -> None:
    machine.exec('python3 -c \'open(".git/hooks/pre-commit","w").write("hook")\'')
    machine.exec('python3 -c \'open(".git/hooks/pre-push","w").write("hook")\'')
    ids = [json.loads(line)["id"] for line in machine.run("changes", "list", "--json").stdout.splitlines()]

    shown = machine.run("changes", "show", ids[0])
    unconfirmed = machine.run("changes", "apply", ids[0])
    applied = machine.run("changes", "apply", "--yes", ids[0])
    dropped = machine.run("changes", "drop", "--yes", ids[1])

    assert b"+hook" in shown.stdout
    assert unconfirmed.returncode == ASK
    assert (applied.returncode, dropped.returncode) == (0, 0)
    assert (machine.work / ".git/hooks/pre-commit").read_text() == "hook"
    assert not (machine.work / ".git/hooks/pre-push").exists()
    assert machine.run("changes", "list", "--json").stdout == b""


def test_denied_commands_do_not_run(machine: Machine) -> None:
    done = machine.exec("touch ran; rm -rf ~")

    assert done.returncode == DENY
    assert not (machine.work / "ran").exists()
    assert machine.records("outcome") == []


def test_a_question_without_a_person_is_no(machine: Machine) -> None:
    done = machine.exec("touch ran; echo x > .git/hooks/x")

    assert done.returncode == ASK
    assert not (machine.work / "ran").exists()
    assert machine.records("approval.resolved")[-1]["approved"] is False


def test_the_record_is_there_before_the_command_runs(machine: Machine) -> None:
    path = machine.home / ".local/state/guard/audit/current.jsonl"

    done = machine.exec(f"grep -c decision {path}")

    assert done.stdout == b"1\n"


def test_without_a_sandbox_nothing_that_needs_one_runs(machine: Machine) -> None:
    done = machine.exec('python3 -c \'open("ran","w")\'', "--backend", "docker", "--level", "contained")
    advice = machine.exec('python3 -c \'open("ran","w")\'', "--level", "advice")

    assert done.returncode in {FAILED, 0}
    assert (machine.work / "ran").exists() == (done.returncode == 0)
    assert advice.returncode == ASK


SLOW = (
    "sleep 60", "python3 -c 'import time; time.sleep(60)'", "true; sleep 60; true", "sleep 60 | cat", "(sleep 60; true); true",
    "sleep 60 & sleep 61", "for n in 1 2; do sleep 60; done", "timeout 90 bash -c 'sleep 60; true'",
)  # fmt: skip


# What a shell starts with `&` ignores SIGINT, as it does at a terminal; and a pipe may end well when only its first part
# has heard of it.
@pytest.mark.parametrize(
    ("command", "number"),
    [
        (command, number)
        for command in SLOW
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        if not (number == signal.SIGINT and any(sign in command for sign in (" & ", " | ")))
    ],
)
def test_a_signal_to_the_guard_alone_ends_all_that_runs(machine: Machine, command: str, number: int) -> None:
    process = subprocess.Popen(
        machine.argv("exec", "--ask", "deny", "--", command),
        cwd=machine.work,
        env=machine.env,
        start_new_session=True,
    )
    wait_for(lambda: len(machine.records("decision")) == 1)
    time.sleep(0.4)
    process.send_signal(number)

    assert process.wait(timeout=20) == 128 + number
    wait_for(lambda: not living(process.pid))
    assert verify(str(machine.home / ".local/state/guard/audit")).ok


@pytest.mark.parametrize("command", ["sleep 60", "python3 -c 'import time; time.sleep(60)'"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_command_and_leaves_nothing(machine: Machine, command: str, number: int) -> None:
    process = subprocess.Popen(
        machine.argv("exec", "--ask", "deny", "--", command),
        cwd=machine.work,
        env=machine.env,
        start_new_session=True,
    )
    wait_for(lambda: len(machine.records("decision")) == 1)
    time.sleep(0.4)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)

    status = process.wait(timeout=20)

    assert status == 128 + number
    assert not living(process.pid)
    assert verify(str(machine.home / ".local/state/guard/audit")).ok


def wait_for(condition, timeout_s: float = 20) -> None:
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        try:
            if condition():
                return
        except OSError:
            pass
        time.sleep(0.02)
    raise AssertionError("it never happened")


def living(session: int) -> list[str]:
    """Processes of a session that are still there."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(name)
    return found


def test_another_writer_is_noticed_while_a_command_runs(machine: Machine) -> None:
    process = subprocess.Popen(
        machine.argv("exec", "--ask", "deny", "--", "python3 -c 'import time; time.sleep(3)'"),
        cwd=machine.work,
        env=machine.env,
    )
    for number in range(25):
        time.sleep(0.1)
        (machine.work / "by-somebody-else").write_text(f"{number}")
    process.wait(timeout=20)

    noticed = machine.records("effect.unproposed")

    assert len(noticed) == 1
    assert noticed[0]["paths"] == [str(machine.work / "by-somebody-else")]


def test_what_another_run_applies_meanwhile_is_explained(machine: Machine) -> None:
    process = subprocess.Popen(
        machine.argv("exec", "--ask", "deny", "--", "python3 -c 'import time; time.sleep(3)'"),
        cwd=machine.work,
        env=machine.env,
    )
    wait_for(lambda: len(machine.records("decision")) == 1)
    time.sleep(1)
    machine.exec(
        'python3 -c \'import os; os.makedirs("new/tree"); open("new/tree/f", "w"); os.unlink("README")\''
    )
    process.wait(timeout=20)

    assert (machine.work / "new/tree/f").exists()
    assert machine.records("effect.unproposed") == []


def test_what_a_decision_on_the_host_explains_is_not_reported(machine: Machine) -> None:
    machine.exec("touch mine; sleep 1.5; echo x > mine")

    assert machine.records("effect.unproposed") == []


def test_a_file_that_somebody_changes_meanwhile_is_not_overwritten(machine: Machine) -> None:
    process = subprocess.Popen(
        machine.argv(
            "exec",
            "--ask",
            "deny",
            "--no-watch",
            "--",
            'python3 -c \'import time; open("README","w").write("agent"); time.sleep(2)\'',
        ),
        cwd=machine.work,
        env=machine.env,
    )
    wait_for(lambda: len(machine.records("decision")) == 1)
    time.sleep(1)
    (machine.work / "README").write_text("person\n")

    status = process.wait(timeout=20)

    assert status == HELD
    assert (machine.work / "README").read_text() == "person\n"


def test_a_secret_in_a_command_never_reaches_the_disk(machine: Machine) -> None:
    secret = "ghp_" + "a1B2" * 9
    machine.exec(f"GH_TOKEN={secret} python3 -c 'pass'")
    machine.exec(f"./unread {secret}")

    state = machine.home / ".local/state/guard/audit"
    assert secret.encode() not in b"".join(path.read_bytes() for path in state.iterdir() if path.is_file())


def personal(machine: Machine, profiles: str, rules: str = "") -> None:
    place = machine.home / ".config/guard"
    place.mkdir(parents=True, exist_ok=True)
    text = f"version: 1\nkind: personal\nname: mine\ndefault: allow\nprofiles:\n  {profiles}\n"
    (place / "personal.yaml").write_text(text + (f"rules:\n  {rules}\n" if rules else ""))


def test_a_limit_is_named_with_its_value_and_where_it_can_be_raised(machine: Machine) -> None:
    personal(machine, "sandbox: {why: x, limits: {wall: 1s}}")

    done = machine.exec("python3 -c 'import time; time.sleep(60)'", "--json", "1")

    outcome = json.loads(done.stdout)["outcome"]
    assert done.returncode == 124
    assert b"ended by the limit on wall: 1 s (profile `sandbox`" in done.stderr
    assert b"personal.yaml:6" in done.stderr
    assert (outcome["limit"], outcome["value"], outcome["profile"]) == ("wall", 1, "sandbox")
    record = machine.records("outcome")[-1]
    assert (record["limit"], record["value"], record["source"]) == ("wall", 1, outcome["source"])


def test_a_profile_of_a_rule_gives_variables_and_places(machine: Machine) -> None:
    (machine.home / "tools").mkdir()
    (machine.home / "tools" / "t").write_text("tool\n")
    machine.env |= {"DB_URL": "here", "OTHER_TOKEN": "secret"}
    personal(
        machine,
        "mine: {why: x, environment: [DB_URL], read_only: [~/tools]}",
        "- {id: r, effect: [exec.opaque], verdict: allow, run: mine, why: x}",
    )
    code = f'import os; print(os.environ.get("DB_URL"), os.environ.get("OTHER_TOKEN"), open("{machine.home}/tools/t").read())'

    done = machine.exec(f"python3 -c '{code}'")

    assert done.stdout.split() == [b"here", b"None", b"tool"]


def test_a_grant_that_cannot_be_given_is_not_left_out(machine: Machine) -> None:
    personal(
        machine,
        'mine: {why: x, network: {hosts: ["10.0.0.0/8"]}}',
        "- {id: r, effect: [exec.opaque], verdict: allow, run: mine, why: x}",
    )

    done = machine.exec('python3 -c \'open("made", "w")\'')

    assert done.returncode == FAILED
    assert b"10.0.0.0/8" in done.stderr
    assert not (machine.work / "made").exists()


def test_a_capability_that_is_required_and_missing_runs_nothing(machine: Machine) -> None:
    personal(machine, "sandbox: {why: x, requires: [caches, open-files, output, user]}")

    done = machine.exec('python3 -c \'open("made", "w")\'', "--backend", "docker")

    assert done.returncode == FAILED
    assert not (machine.work / "made").exists()
