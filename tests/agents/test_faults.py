"""The machine fails under the hook: full disk, lost files, closed descriptors, signals. One clear answer, never a silent pass."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guard.audit.verify import verify
from tests.agents.hooks import Answer, Client, without_privileges

OWN_ROOT = Path(__file__).parents[1] / "own_root.py"


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path)


def refuses(answer: Answer) -> bool:
    return answer.status == 2 and answer.verdict == "deny" and bool(answer.stderr.strip())


@pytest.mark.sandbox
@pytest.mark.parametrize("before", [0, 1], ids=["from the start", "after a record"])
def test_a_full_disk_denies_and_the_log_still_verifies(client, before, tmp_path):
    if os.getuid() != 0:
        pytest.skip("not root, so no small disk: a full disk under the hook is not tested here")
    state = client.state
    state.mkdir(parents=True)
    hook = f"'{sys.executable}' -m guard hook claude-code < payload"
    (tmp_path / "payload").write_bytes(client.payload())
    script = f"""
        mount -t tmpfs -o size=256k,mode=700 tmpfs '{state}' || exit 99
        for n in $(seq {before}); do {hook} > first || exit 98; done
        cat /dev/zero > '{state}/ballast' 2>/dev/null
        said=0; status=0
        while [ $said -lt 12 ]; do
            {hook} > answer 2> problem; status=$?
            [ $status = 0 ] && [ ! -s answer ] || break
            said=$((said + 1))
        done
        echo $status > status; echo $said > said
        rm '{state}/ballast'
        {hook} > again; echo $? > again-status
        '{sys.executable}' -m guard audit verify > verified 2>&1; echo $? > verified-status
        cat '{state}/audit/current.jsonl' > log
    """
    done = subprocess.run(
        [sys.executable, str(OWN_ROOT), "sh", "-c", script],
        cwd=tmp_path,
        env=client.env,
        check=False,
        timeout=60,
    )
    text = {
        name: (tmp_path / name).read_bytes()
        for name in (
            "answer",
            "problem",
            "status",
            "again",
            "again-status",
            "verified",
            "verified-status",
            "said",
            "log",
        )
    }

    assert done.returncode == 0
    answer = Answer(text["answer"], text["problem"], int(text["status"]))
    assert refuses(answer)
    assert "no space left" in answer.reason.lower()
    assert Answer(text["again"], b"", int(text["again-status"])).verdict == "nothing"
    assert int(text["verified-status"]) == 0, text["verified"]
    # The last page of the log may have had room for a record or two: each that was consented to is in it.
    assert text["log"].count(b'"type":"decision"') == before + int(text["said"]) + 1


def needs_modes() -> None:
    done = subprocess.run(without_privileges(["true"]), check=False, capture_output=True)
    if done.returncode:
        pytest.skip(
            f"privileges cannot be dropped here, so modes of files mean nothing: {done.stderr.decode().strip()}"
        )


def test_a_policy_that_cannot_be_read_asks_about_everything(client):
    needs_modes()
    policy = client.work / ".guard" / "policy.yaml"
    policy.parent.mkdir()
    policy.write_text("version: 1\nkind: policy\nname: team\ndefault: allow\n")
    policy.chmod(0)

    answer = client.start(without_privileges(client.argv("hook", "claude-code")), client.payload())

    assert answer.verdict == "ask"
    assert str(policy) in answer.reason


def test_a_policy_that_is_malformed_asks_about_everything(client):
    policy = client.work / ".guard" / "policy.yaml"
    policy.parent.mkdir()
    policy.write_text("version: 1\nkind: policy\nname: team\ndney: allow\n")

    answer = client.hook(client.payload())

    assert answer.verdict == "ask"
    assert "policy.yaml" in answer.reason
    assert client.hook(client.shell("rm -rf ~")).verdict in {"ask", "deny"}


def test_a_state_directory_that_is_read_only_denies(client):
    needs_modes()
    client.state.mkdir(parents=True)
    client.state.chmod(0o500)

    answer = client.start(without_privileges(client.argv("hook", "claude-code")), client.payload())

    assert refuses(answer)
    assert str(client.state) in answer.reason


def test_a_log_that_others_can_write_denies(client):
    audit = client.state / "audit"
    audit.mkdir(parents=True)
    audit.chmod(0o777)

    answer = client.hook(client.payload())

    assert refuses(answer)
    assert "others can write here" in answer.reason


def test_without_home_the_account_says_where_home_is(client):
    # The state stays on the scratch machine; only the home is the real one of this account.
    env = client.env | {
        "XDG_STATE_HOME": str(client.home / "state"),
        "XDG_CONFIG_HOME": str(client.home / "config"),
    }
    del env["HOME"]

    assert client.hook(client.shell("rm -rf ~"), env=env).verdict == "deny"
    assert client.hook(client.payload(), env=env).verdict == "nothing"
    assert verify(str(client.home / "state" / "guard" / "audit")).decisions == 2


def test_without_any_home_there_is_no_log_and_so_no_consent(client):
    del client.env["HOME"]
    nobody = "import pwd\ndef none(_):\n    raise KeyError\npwd.getpwuid = none"

    answer = client.patched(nobody, client.payload())

    assert refuses(answer)
    assert "HOME" in answer.reason
    assert sorted(os.listdir(client.work)) == [".git", "README", "src"]


@pytest.mark.parametrize("project", [True, False], ids=["the client names the project", "it does not"])
def test_a_directory_that_is_gone_gets_an_answer(client, project):
    gone = client.home / "gone"
    gone.mkdir()
    if not project:
        del client.env["CLAUDE_PROJECT_DIR"]
    words = ["sh", "-c", 'rmdir "$PWD" && exec "$@"', "sh", *client.argv("hook", "claude-code")]

    answer = client.start(words, client.payload(cwd=str(gone)), cwd=gone)

    if project:
        assert answer.verdict == "nothing"
    else:
        assert refuses(answer)


def test_a_deletion_in_a_directory_that_is_gone_is_no_consent(client):
    answer = client.hook(client.shell("rm -rf ..", cwd=str(client.home / "gone" / "deeper")))

    assert answer.verdict in {"ask", "deny"}


def test_a_lock_that_is_never_given_back_denies_in_time(client):
    assert client.hook(client.payload()).verdict == "nothing"
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2); print(flush=True); time.sleep(60)",
            client.state / "audit" / "lock",
        ],
        stdout=subprocess.PIPE,
    )
    try:
        holder.stdout.readline()
        holder.send_signal(signal.SIGSTOP)
        started = time.monotonic()
        answer = client.hook(client.payload())
        took_s = time.monotonic() - started
    finally:
        holder.kill()
        holder.communicate()

    assert refuses(answer)
    assert "held the lock" in answer.reason
    assert 2 <= took_s < 10
    assert client.hook(client.payload()).verdict == "nothing"


def closing(client: Client, redirections: str) -> list[str]:
    return ["sh", "-c", f'exec "$@" {redirections}', "sh", *client.argv("hook", "claude-code")]


def test_a_closed_input_is_no_payload(client):
    answer = client.start(closing(client, "<&-"), b"")

    assert refuses(answer)
    assert "empty" in answer.reason


@pytest.mark.parametrize("where", [">&-", ">/dev/full", ">&- 2>&-", "<&- >&- 2>&-"])
def test_an_answer_that_cannot_be_given_is_exit_2(client, where):
    answer = client.start(closing(client, where), client.shell("rm -rf ~"))

    assert answer.status == 2
    assert answer.stdout == b""


@pytest.mark.parametrize("where", [">&-", ">&- 2>&-"])
def test_consent_that_cannot_be_given_is_exit_2(client, where):
    assert client.start(closing(client, where), client.payload()).status == 2


def test_a_closed_error_output_leaves_the_answer_whole(client):
    assert client.start(closing(client, "2>&-"), client.payload()).verdict == "nothing"
    assert client.start(closing(client, "2>&-"), client.shell("rm -rf ~")).verdict == "deny"
    assert client.start(closing(client, "2>&-"), b"{").verdict == "deny"


def test_with_closed_descriptors_the_log_holds_records_and_nothing_else(client):
    for where in (">&-", "2>&-", ">&- 2>&-"):
        client.start(closing(client, where), client.shell("rm -rf ~"))

    report = verify(str(client.state / "audit"))
    assert report.ok, report.problems
    assert report.decisions == 3


def test_a_reader_that_has_gone_is_exit_2(client):
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        client.argv("hook", "claude-code"),
        input=client.shell("rm -rf ~"),
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        cwd=client.work,
        env=client.env,
        check=False,
    )
    os.close(theirs)

    assert done.returncode == 2


NOISE = """
import os, subprocess
import guard.enforce.pipeline as pipeline
real = pipeline.Guard.open
def noisy(*args, **kwargs):
    print("a stray line")
    sys.stdout.write("{}")
    os.write(1, b"{}\\n")
    subprocess.run(["echo", "a stray child"])
    return real(*args, **kwargs)
pipeline.Guard.open = noisy
"""


def test_what_others_print_never_reaches_the_client(client):
    for payload, says in ((client.payload(), "nothing"), (client.shell("rm -rf ~"), "deny")):
        answer = client.patched(NOISE, payload)

        assert answer.verdict == says
        assert b"a stray child" in answer.stderr


@pytest.mark.parametrize(
    "module",
    [
        "guard.enforce.pipeline",
        "guard.agents.claude_code",
        "guard.agents.codec",
        "guard.errors",
        "guard.model.verdict",
    ],
)
def test_a_module_that_does_not_load_denies(client, module):
    answer = client.patched(f"sys.modules[{module!r}] = None", client.payload())

    assert refuses(answer)


@pytest.mark.parametrize(
    "error",
    [
        "MemoryError()",
        "RecursionError()",
        "SystemExit(0)",
        "KeyboardInterrupt()",
        "ValueError('x')",
        "OSError('x')",
    ],
)
def test_whatever_is_raised_denies(client, error):
    program = (
        "import guard.enforce.pipeline as pipeline\n"
        f"def broken(*_args, **_kwargs):\n    raise {error}\n"
        "pipeline.Guard.decide = broken"
    )

    assert refuses(client.patched(program, client.payload()))


def test_a_client_that_never_ends_its_payload_is_answered_at_the_deadline(client):
    text = "import sys, guard.cli.hook as hook\nhook.DEADLINE_S = 0.3\nsys.exit(hook.main(['claude-code']))"
    process = started(client, [sys.executable, "-c", text])
    process.stdin.write(client.payload()[:-1])
    process.stdin.flush()

    status = process.wait(timeout=20)
    answer = Answer(process.stdout.read(), process.stderr.read(), status)
    process.communicate()

    assert refuses(answer)
    assert "no answer within 0.3 s" in answer.reason


def started(client: Client, command: list[str]) -> subprocess.Popen:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=client.work,
        env=client.env,
    )


def listens(pid: int) -> bool:
    """Whether the hook's own handlers are there by now; before, the start's own do without its words."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    # It sets SIGALRM last.
    return bool(int(caught.split()[1], 16) >> (signal.SIGALRM - 1) & 1)


def listening(client: Client) -> subprocess.Popen:
    process = started(client, client.argv("hook", "claude-code"))
    deadline = time.monotonic() + 20
    while not listens(process.pid) and time.monotonic() < deadline:
        time.sleep(0.001)
    return process


@pytest.mark.parametrize(
    "signals",
    [
        [signal.SIGTERM],
        [signal.SIGINT],
        [signal.SIGHUP],
        [signal.SIGTERM] * 20,
        [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM],
    ],
    ids=["TERM", "INT", "HUP", "20 TERM", "one of each"],
)
def test_a_signal_is_answered_with_one_deny(client, signals):
    process = listening(client)
    for number in signals:
        process.send_signal(number)
    stdout, stderr = process.communicate(timeout=20)
    answer = Answer(stdout, stderr, process.returncode)

    assert refuses(answer)
    assert "interrupted by signal" in answer.reason or "no answer within" in answer.reason


SWALLOWED = """
import os, signal, sys, weakref

class Thing:
    pass

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            thing = Thing()
            # What is raised in such a callback is printed, and gone.
            self.watch = weakref.ref(thing, lambda _: [os.kill(os.getpid(), {number}) for _ in range(3)])
            del thing

sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM])
@pytest.mark.parametrize("module", ["guard.agents.codec", "guard.enforce.pipeline"])
def test_a_signal_that_the_interpreter_swallows_is_heard_all_the_same(client, module, number):
    answer = client.patched(SWALLOWED.format(module=module, number=int(number)), client.payload())

    assert refuses(answer)
    assert "interrupted by signal" in answer.reason or "no answer within" in answer.reason
    assert "ignored in" in answer.stderr.decode()


def test_what_a_signal_breaks_is_told_as_the_signal(client):
    """The interpreter makes errors of its own of a signal within a call: the client hears of the signal all the same."""
    program = f"""
import os
import guard.cli.hook as hook
def broken():
    try:
        os.kill(os.getpid(), {int(signal.SIGTERM)})
    except BaseException:
        pass
    raise SystemError("returned a result with an exception set")
hook._payload = broken
"""
    answer = client.patched(program, client.payload())

    assert refuses(answer)
    assert f"interrupted by signal {int(signal.SIGTERM)}" in answer.reason
    assert "SystemError" not in answer.reason


def test_signals_at_any_moment_leave_one_answer(client):
    """While it judges, writes the record, answers: the record of what was consented to is there all the same."""
    assert client.hook(client.payload()).verdict == "nothing"
    said = []
    for step in range(24):
        process = listening(client)
        process.stdin.write(client.payload(tool_use_id=f"call-{step}"))
        process.stdin.close()
        process.stdin = None
        time.sleep(step * 0.006)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGHUP)
        stdout, stderr = process.communicate(timeout=20)
        said.append((step, Answer(stdout, stderr, process.returncode).verdict))

    assert {verdict for _, verdict in said} <= {"nothing", "deny"}
    assert {f"call-{step}" for step, verdict in said if verdict == "nothing"} <= recorded_calls(client)
    assert verify(str(client.state / "audit")).ok


def recorded_calls(client: Client) -> set[str]:
    return {record["call"]["id"] for record in client.records("decision")}


def test_a_torn_record_is_cut_and_noted_by_the_next_call(client):
    client.hook(client.payload())
    with (client.state / "audit" / "current.jsonl").open("ab") as log:
        log.write(b'{"half": ')

    assert client.hook(client.payload()).verdict == "nothing"
    report = verify(str(client.state / "audit"))
    assert report.ok
    assert (report.decisions, report.recovered) == (2, 1)


@pytest.mark.parametrize("rubbish", [b"", b"{}", b"\xff" * 100, b'{"v": 1}'])
def test_a_damaged_cache_of_the_policy_loosens_nothing(client, rubbish):
    client.hook(client.payload())
    for path in (client.state / "policy").iterdir():
        path.write_bytes(rubbish)
    (client.state / "level.json").write_bytes(rubbish)

    assert client.hook(client.shell("rm -rf ~")).verdict == "deny"
    assert client.hook(client.payload()).verdict == "nothing"


def test_a_state_directory_that_is_a_file_denies(client):
    client.state.parent.mkdir(parents=True)
    client.state.write_text("")

    assert refuses(client.hook(client.payload()))


def test_a_log_that_was_taken_away_is_noticed(client):
    client.hook(client.payload())
    shutil.rmtree(client.state / "audit" / "seg", ignore_errors=True)
    (client.state / "audit" / "current.jsonl").unlink()

    answer = client.hook(client.payload())

    assert answer.verdict in {"nothing", "deny"}
    assert not verify(str(client.state / "audit")).ok or answer.verdict == "deny"
    assert (
        json.loads((client.state / "audit" / "current.jsonl").read_text().splitlines()[0])["type"]
        == "log.gap"
    )
