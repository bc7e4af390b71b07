"""``from guard import Guard``: the real engine, the real sandbox, from inside a program."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from guard import Allow, Ask, Deny, Fetch, Guard, GuardError, Read, Shell, Tool, UsageError, Write
from guard.audit.verify import verify
from guard.model.outcome import Completed

from .processes import running, until


def records(home):
    lines = []
    for name in sorted((home / ".local/state/guard/audit").glob("*.jsonl")):
        lines += [json.loads(line) for line in name.read_text().splitlines()]
    return lines


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("ls -la", Allow),
        (Shell("rm -rf ~"), Deny),
        ("make test", Ask),
        ("echo 'unended", Ask),
        (Write("new.py", "x = 1\n"), Allow),
        (Write("~/.bashrc", "evil"), Ask),
        (Write(".git/hooks/pre-commit", "evil"), Ask),
        (Read("a.txt"), Allow),
        (Read("/etc/shadow"), Deny),
        (Fetch("http://169.254.169.254/latest"), Deny),
        (Tool("mcp__mail__send", {"to": "x"}), Ask),
    ],
)
def test_decisions_are_for_this_machine_as_it_stands(work, call, kind):
    decision = Guard(work).decide(call)

    assert isinstance(decision, kind), decision


def test_every_decision_is_recorded_before_it_is_answered(work, home):
    guard = Guard(work, agent="my-agent", session="s1")
    answer = guard.permit("rm -rf ~", id_="call-1")

    last = records(home)[-1]
    assert last["seq"] == answer.record
    assert last["agent"]["name"] == "my-agent"
    assert last["agent"]["session"] == "s1"
    assert last["call"]["id"] == "call-1"
    assert verify(str(home / ".local/state/guard/audit")).ok


def test_what_is_refused_has_words_for_the_model(work):
    answer = Guard(work).permit("rm -rf ~")

    assert not answer.permitted
    assert answer.text.startswith("[guard] denied: ")
    assert "(rule `never-delete-outside`" in answer.text


def test_neither_a_decision_nor_an_answer_is_a_truth_value(work):
    guard = Guard(work)

    with pytest.raises(TypeError, match="match on Allow, Ask, Deny"):
        bool(guard.decide("ls"))
    with pytest.raises(TypeError, match="`permitted`"):
        bool(guard.permit("ls"))


@pytest.mark.sandbox
def test_a_command_runs_where_the_decision_says_and_its_changes_arrive(work):
    ran = Guard(work).run("make made")

    assert (ran.ok, ran.status, ran.stdout, ran.stderr, ran.held) == (True, 0, b"1\n", b"", "")
    assert ran.report["backend"] not in {"host", "none"}
    assert ran.undo
    assert (work / "made").read_text() == "x\n"


def test_status_and_both_outputs_are_the_commands(work):
    ran = Guard(work).run("echo out; echo err >&2; exit 7")

    assert (ran.status, ran.stdout, ran.stderr, ran.ok) == (7, b"out\n", b"err\n", False)
    assert ran.text == "out\nerr\n[guard] exit status 7"


def test_what_is_denied_does_not_run(work, home):
    ran = Guard(work, approve=lambda _question: True).run("touch here; rm -rf ~")

    assert (ran.permitted, ran.outcome, ran.status) == (False, None, None)
    assert isinstance(ran.decision, Deny)
    assert "never-delete-outside" in ran.text
    assert (home / "letter").exists()
    assert not (work / "here").exists()


def _raises(_question):
    raise RuntimeError("no terminal")


@pytest.mark.parametrize(
    ("approve", "runs"),
    [
        (lambda _question: True, True),
        (lambda _question: False, False),
        (lambda _question: "yes", False),
        (lambda _question: 1, False),
        (lambda _question: None, False),
        (_raises, False),
        (None, False),
    ],
)
def test_only_a_plain_true_is_a_yes(work, home, approve, runs):
    guard = Guard(work, approve=approve)

    ran = guard.run("curl -s https://upload.example/ -o /dev/null")
    answer = guard.permit("curl -s https://upload.example/ -o /dev/null")

    assert isinstance(ran.decision, Ask)
    assert ran.permitted is runs
    assert answer.permitted is runs
    approvals = [record for record in records(home) if record["type"].startswith("approval")]
    assert [record["approved"] for record in approvals] == [runs, runs]
    assert {record["surface"] for record in approvals} <= {"library", "none"}


def test_the_question_says_what_is_asked_and_for_which_action(work):
    asked = []
    guard = Guard(work, approve=lambda question: bool(asked.append(question)))
    guard.run("curl -s https://upload.example/")
    guard.permit("curl -s https://upload.example/")
    guard.permit("curl -s https://upload.example/other")

    assert [question.call for question in asked][:2] == ["curl -s https://upload.example/"] * 2
    assert all(question.cwd == str(work) and "rule `" in question.text for question in asked)
    assert any(effect["effect"] == "net.connect" for effect in asked[0].effects)
    assert asked[0].digest == asked[1].digest != asked[2].digest


def test_input_is_given_and_output_is_bounded(work):
    ran = Guard(work).run("cat", given=b"a\0\xff")
    long = Guard(work).run("printf start; head -c 3000000 /dev/zero; printf end", output_bytes=1000)

    assert ran.stdout == b"a\0\xff"
    assert (len(long.stdout), long.cut) == (1000, 2_999_008)
    assert long.stdout.startswith(b"start")
    assert long.stdout.endswith(b"end")
    assert "2999008 bytes of output left out" in long.text


@pytest.mark.sandbox
def test_a_command_that_takes_too_long_is_ended(work):
    ran = Guard(work).run("make slow", timeout_s=3)

    assert ran.stopped
    assert not ran.ok
    assert "took too long" in ran.text
    assert not running("987654")


@pytest.mark.sandbox
def test_a_program_that_is_killed_takes_its_commands_with_it(work):
    program = "import sys; from guard import Guard; Guard(sys.argv[1]).run('make slow')"
    with subprocess.Popen([sys.executable, "-c", program, str(work)], stderr=subprocess.DEVNULL) as program_:
        until(lambda: running("987654"))
        program_.kill()
    until(lambda: not running("987654"))


def test_a_worker_that_dies_is_a_failure_of_the_guard_and_not_an_outcome(work, monkeypatch):
    monkeypatch.setattr("guard.library.running._WORKER", str(work / "dies.py"))
    (work / "dies.py").write_text("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")

    with pytest.raises(GuardError, match="ended with -9 and without a report"):
        Guard(work).run("ls")


def test_threads_may_share_a_guard(work, home):
    guard = Guard(work)
    ran = []
    threads = [threading.Thread(target=lambda n=n: ran.append(guard.run(f"echo {n}"))) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(one.stdout for one in ran) == [b"0\n", b"1\n", b"2\n", b"3\n"]
    assert all(one.outcome == Completed(status=0) for one in ran)
    assert verify(str(home / ".local/state/guard/audit")).ok


def test_a_session_that_repeats_what_is_denied_is_locked(work):
    guard = Guard(work)
    for _ in range(10):
        guard.decide("rm -rf ~")

    assert isinstance(guard.decide("ls"), Deny)
    assert isinstance(Guard(work).decide("ls"), Allow)


def test_a_signal_for_the_program_is_the_programs(work):
    caught = []
    before = signal.signal(signal.SIGUSR1, lambda *_: caught.append(1))
    try:
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGUSR1))
        timer.start()
        ran = Guard(work).run("sleep 1; echo done")
    finally:
        signal.signal(signal.SIGUSR1, before)

    assert caught == [1]
    assert ran.stdout == b"done\n"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda work: Guard(work / "gone"), "there is no such directory"),
        (lambda work: Guard(work, level="high"), "unknown level `high`"),
        (lambda work: Guard(work, level="enclosed"), "cannot enclose"),
        (lambda work: Guard(work).decide("ls\0"), "NUL"),
        (lambda work: Guard(work).decide(b"ls"), "a call is text"),
        (lambda work: Guard(work).decide(Tool("x", {"a": object()})), "not JSON"),
        (lambda work: Guard(work).run("ls", cwd="gone"), "there is no such directory"),
    ],
)
def test_what_cannot_be_is_said_at_once(work, make, words):
    with pytest.raises((UsageError, TypeError, AssertionError), match=words):
        make(work)


def test_inside_an_enclosed_session_there_is_no_guard_of_ones_own(work, monkeypatch):
    monkeypatch.setenv("GUARD_DOOR", "/run/guard/door")

    with pytest.raises(UsageError, match="inside `guard run`"):
        Guard(work)


def test_a_broken_policy_allows_nothing(work, home):
    (home / ".config/guard").mkdir(parents=True)
    (home / ".config/guard/personal.yaml").write_text("version: 1\nrules: [")
    guard = Guard(work)

    assert not isinstance(guard.decide("touch x"), Allow)
    assert not guard.run("touch x").permitted


def test_names_are_loaded_when_they_are_used():
    code = (
        "import sys, guard\n"
        "assert not any(name.startswith('guard.') for name in sys.modules), sys.modules\n"
        "assert {'Guard', 'Allow'} <= set(dir(guard))\n"
        "from guard import *\n"
        "assert Allow.__module__ == 'guard.model.decision'\n"
        "try:\n    guard.Nothing\nexcept AttributeError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "module `guard` has no name `Nothing`\n"


def law(home, *rules: str) -> None:
    place = home / ".config/guard"
    place.mkdir(parents=True, exist_ok=True)
    said = "".join(
        f"  - {{id: no-{name}, effect: [exec], programs: [{name}], verdict: deny, why: It is not wanted.}}\n" for name in rules
    )  # fmt: skip
    (place / "personal.yaml").write_text(
        "version: 1\nkind: personal\nname: me\ndefault: allow\n" + (f"rules:\n{said}" if rules else "")
    )


def test_what_is_loosened_while_a_session_runs_waits_for_the_next(home, work):
    law(home, "uname")
    guard = Guard()
    assert isinstance(guard.decide("uname -a"), Deny)
    law(home)

    assert isinstance(guard.decide("uname -a"), Deny)
    assert isinstance(guard.run("uname -a").decision, Deny)
    assert isinstance(Guard().decide("uname -a"), Allow)


def test_what_is_tightened_while_a_session_runs_holds_at_once(home, work):
    guard = Guard()
    assert isinstance(guard.decide("uname -a"), Allow)
    law(home, "uname")

    assert isinstance(guard.decide("uname -a"), Deny)
    assert isinstance(guard.run("uname -a").decision, Deny)
