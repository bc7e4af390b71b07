"""The second net: what a client starts a shell with is asked about, and not twice."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from guard.enforce.inject import net
from guard.enforce.net import MARK, understood

from .machine import Machine
from .test_door import NO_SL, Kept, question, rules


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


SNAPSHOT = "source /home/sandbox/.claude/shell-snapshots/snapshot-bash-1795701754639-sqxxu5.sh 2>/dev/null || true && "
GLOBS = "{ shopt -u extglob || setopt NO_EXTENDED_GLOB NO_BARE_GLOB_QUAL; } >/dev/null 2>&1 || true && "
END = " < /dev/null && pwd -P >| /tmp/claude-ef5b-cwd"
HEAD = "shopt -u promptvars nullglob extglob nocaseglob dotglob; "


def gemini(command: str) -> str:
    return (
        f"{HEAD}_bgpids_file=/tmp/gemini-shell-qHBVuq/bgpids.tmp\n(\n  trap 'jobs -p > \"$_bgpids_file\"' EXIT\n"
        f"{command}\n)\n__code=$?\nexit $__code"
    )


@pytest.mark.parametrize(
    ("words", "judged", "already"),
    [
        (["-c", "echo hi"], "echo hi", "echo hi"),
        (["-lc", "echo hi", "name"], "echo hi", "echo hi"),
        (["-c", f"{SNAPSHOT}{GLOBS}eval 'echo $(id)'{END}"], "echo $(id)", "echo $(id)"),
        (["-c", f"{SNAPSHOT}eval 'a'\"'\"'b'{END}"], "a'b", "a'b"),
        (["-c", f"eval ls{END}"], "ls", "ls"),
        (["-c", f"{SNAPSHOT}{GLOBS}eval 'ls < /dev/null | wc'{END}"], "ls < /dev/null | wc", "ls | wc"),
        (["-c", f"{HEAD}echo inline"], "echo inline", "echo inline"),
        (["-c", gemini("ls\npwd")], "(\nls\npwd\n)", "ls\npwd"),
        (["run.sh", "x"], "bash run.sh x", "bash run.sh x"),
        (["--norc", "-i"], "bash --norc -i", "bash --norc -i"),
        ([], "bash", "bash"),
    ],
)
def test_what_stands_around_a_command_is_taken_off(words: list[str], judged: str, already: str) -> None:
    assert understood(words) == (judged, already)


@pytest.mark.parametrize(
    "line",
    [
        f"source ./evil.sh 2>/dev/null || true && eval 'ls'{END}",
        f"{SNAPSHOT}eval 'ls'{END}; rm -rf x",
        f"{SNAPSHOT}eval 'ls' && rm -rf x && eval 'ls'{END}",
        f"{SNAPSHOT}eval $'rm\\x20x'{END}",
        f'{SNAPSHOT}eval "$(rm -rf x)"{END}',
        f"{SNAPSHOT}eval `rm`{END}",
        f"rm -rf x; {SNAPSHOT}eval 'ls'{END}",
    ],
)
def test_what_only_looks_so_is_judged_as_a_whole(line: str) -> None:
    assert understood(["-c", line]) == (line, line)


def test_a_line_that_closes_the_parentheses_around_it_is_seen_to_do_so() -> None:
    judged, _ = understood(["-c", gemini("ls\n)\nrm -rf x\n(\nls")])

    assert judged == "(\nls\n)\nrm -rf x\n(\nls\n)"


ASKS = """lock_after: 1000
rules:
  - id: ask-make
    effect: [exec]
    programs: [make]
    verdict: ask
    why: Somebody should look.
  - id: no-sl
    effect: [exec]
    programs: [sl]
    verdict: deny
    why: Nobody wants a train.
"""


def shell(kept: Kept, command: str, already: object) -> bool:
    """Whether the shell may start."""
    call = {"version": 1, "tool": "shell", "input": {"command": command}, "cwd": str(kept.machine.work)}
    more = {} if already is None else {"already": already}
    return kept.say(question(json.dumps(call).encode(), agent="generic", **more))["status"] == 0


def asked_about(kept: Kept) -> list[str]:
    return [record["decision"]["verdict"] for record in kept.machine.records("decision")]


@pytest.fixture
def kept(machine: Machine, monkeypatch: pytest.MonkeyPatch):
    door = Kept(machine, monkeypatch, ASKS)
    with door.keeper:
        yield door


def test_what_a_hook_let_pass_is_not_judged_again_and_as_often_as_it_did(kept: Kept) -> None:
    hooked = kept.verdict("ls"), kept.verdict("ls")
    first, second, third = (shell(kept, "ls", "ls") for _ in range(3))

    assert "deny" not in hooked
    assert (first, second, third) == (True, True, True)
    assert asked_about(kept) == ["allow", "allow", "allow"]


def test_what_a_person_was_asked_about_by_the_client_is_not_refused_afterwards(kept: Kept) -> None:
    before = shell(kept, "make", "make")
    hooked = kept.verdict("make")
    after, again = shell(kept, "make", "make"), shell(kept, "make", "make")

    assert (before, hooked, after, again) == (False, "ask", True, False)


def test_what_was_denied_or_never_asked_about_is_judged(kept: Kept) -> None:
    hooked = kept.verdict("sl")

    assert (hooked, shell(kept, "sl", "sl")) == ("deny", False)
    assert (shell(kept, "sl -l", "ls"), shell(kept, "pwd", "pwd")) == (False, True)


def test_no_client_without_a_question_of_its_own_lets_what_is_asked_about_pass(kept: Kept) -> None:
    call = {"hook_event_name": "PreToolUse", "cwd": str(kept.machine.work), "session_id": "s", "turn_id": "t", "tool_name": "Bash", "tool_input": {"command": "make"}}  # fmt: skip
    hooked = kept.say(question(json.dumps(call).encode(), agent="codex"))

    assert "deny" in hooked["stdout"] or hooked["status"] == 2
    assert not shell(kept, "make", "make")


@pytest.mark.parametrize("already", [1, True, ["ls"], {}])
def test_a_word_that_is_none_is_no_question(kept: Kept, already: object) -> None:
    kept.verdict("ls")

    assert not shell(kept, "ls", already)


def test_what_was_let_pass_long_ago_is_forgotten(kept: Kept) -> None:
    from guard.enforce.doorkeeper import _Passed

    passed = _Passed()
    for number in range(_Passed.MOST + 1):
        passed.add(str(number))

    assert (passed.take("0"), passed.take("1"), passed.take("1")) == (False, True, False)


# as a program


def stub(tmp_path: Path, path: str, hooks: tuple[str, ...] = ()) -> str:
    (content,) = [one.content for one in net.stubs(hooks) if one.path == path]
    program = tmp_path / os.path.basename(path)
    program.write_bytes(content)
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    ("path", "words"), [(net.LINE, ["echo ran"]), (net.SHELL, ["-c", "echo ran"]), (net.SHELL, [])]
)
def test_without_an_answer_nothing_is_started(tmp_path: Path, path: str, words: list[str]) -> None:
    done = subprocess.run(
        [stub(tmp_path, path), *words],
        env={MARK: "1"},
        capture_output=True,
        input=b"echo ran",
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"denied" in done.stderr


def test_what_is_not_the_clients_own_and_what_starts_a_hook_is_not_asked_about(tmp_path: Path) -> None:
    hook = "echo 'a \"hook\"' $((1 + 1))\nexit 3"
    line, shell = stub(tmp_path, net.LINE, (hook,)), stub(tmp_path, net.SHELL, (hook,))

    def run_(words: list[str], env: dict[str, str]) -> tuple[int, bytes]:
        done = subprocess.run(words, env=env, capture_output=True, timeout=60, check=False)
        return done.returncode, done.stdout

    assert run_([line, hook], {}) == (3, b'a "hook" 2\n')
    assert run_([shell, "-c", hook], {MARK: "1"}) == (3, b'a "hook" 2\n')
    assert run_([shell, "-c", "echo inner"], {}) == (0, b"inner\n")
    assert run_([shell, "-c", f"echo ${MARK}-"], {}) == (0, b"-\n")


@pytest.mark.sandbox
def test_inside_a_shell_that_a_client_starts_is_judged_and_those_below_it_are_its_own(
    machine: Machine,
) -> None:
    rules(machine, NO_SL)
    tool = machine.home / "bin"
    tool.mkdir()
    agent_ = tool / "opencode"
    agent_.write_text(
        "#!/bin/sh\n$SHELL -c 'sl -l; echo not'; echo $?; bash -c 'bash -c \"echo below\"; echo $PATH'; echo $?\n"
    )
    agent_.chmod(0o755)
    machine.env["PATH"] = f"{tool}:{machine.env['PATH']}"

    done = machine.run("run", "--at-end", "drop", "--", "opencode")

    first, *rest = done.stdout.decode().splitlines()
    assert (first, rest[0], rest[-1]) == ("2", "below", "0"), done.stderr
    assert b"no-sl" in done.stderr
    assert [record["decision"]["verdict"] for record in machine.records("decision")][1:] == ["deny", "allow"]
