"""Malformed input and a broken machine: one clear message, the documented exit code, nothing run."""

import json
import os
import pwd
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from guard.cli.main import SUBCOMMANDS
from guard.enforce.places import Places
from tests.cli.conftest import User

HERE = Path(__file__).parent / "cases"
CASES = [
    pytest.param(case, id=case["name"])
    for case in tomllib.loads((HERE / "malformed.toml").read_text())["case"]
]
JUDGES = ["check", "explain", "parse"]
NUL_IN_CWD = {"id": 1, "command": "ls", "cwd": "a\0b"}
NUL_IN_PATH = {"id": 1, "tool": "Read", "path": "a\0b"}


def one_message(done: subprocess.CompletedProcess[bytes]) -> str:
    """The message; fails when there is a traceback, or more than a message and its help."""
    text = done.stderr.decode()
    lines = text.splitlines()

    assert_no_crash(done)
    assert lines, f"no message; exit code {done.returncode}"
    assert lines[0].startswith("guard: ")
    assert all(line.startswith("  ") for line in lines[1:]), text
    assert len(text) < 4000
    return text


def assert_no_crash(done: subprocess.CompletedProcess[bytes]) -> None:
    for word in (b"Traceback", b"defect of the guard", b"Exception ignored", b"Fatal Python"):
        assert word not in done.stderr, done.stderr
        assert word not in done.stdout, done.stdout


def untouched(user: User) -> bool:
    return not (user.home / "ran").exists()


def filled(text: str, user: User) -> str:
    for name, value in {
        "$HOME": str(user.home),
        "$WORK": str(user.work),
        "$BIGGISH": "x" * 100_000,
        "$MEGABYTE": "x" * (1 << 20),
        "$DIGITS": "9" * 5000,
        "$FF": "\udcff",
    }.items():
        text = text.replace(name, value)
    return text


@pytest.mark.parametrize("case", CASES)
def test_malformed_input_is_one_message_and_the_documented_code(user: User, case: dict) -> None:
    if "setup" in case:
        subprocess.run(["bash", "-c", case["setup"]], cwd=user.work, env=user.env, check=True)
    stdin = (
        bytes.fromhex(case["bytes"]) if "bytes" in case else os.fsencode(filled(case.get("stdin", ""), user))
    )
    done = user.guard(*(os.fsencode(filled(word, user)) for word in case["run"]), stdin=stdin)

    assert done.returncode == case["code"], (done.stderr[:2000], done.stdout[:2000])
    assert_no_crash(done)
    if case.get("prints") or case.get("silent"):
        assert bool(done.stdout) is bool(case.get("prints"))
        assert done.stderr == b""
    else:
        said = one_message(done) if done.stderr or case["code"] != 1 else done.stdout.decode()
        assert case.get("says", "") in said
    assert untouched(user)


def test_no_malformed_case_is_there_twice() -> None:
    names = [case.values[0]["name"] for case in CASES]

    assert sorted(names) == sorted(set(names))
    assert {case.values[0]["run"][0] for case in CASES if case.values[0]["run"]} >= set(SUBCOMMANDS)


@pytest.mark.parametrize("verb", [*JUDGES, "exec"])
def test_no_argument_can_hold_a_nul_and_none_need_be_text(user: User, verb: str) -> None:
    done = user.guard(verb, "--", b"echo \xff\xfe > made")

    assert done.returncode in {0, 1, 10, 11, 12}, done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "\t", "a\0b", "'", "$(", "<<", "x" * 70_000, "((" * 500, "\u202e", "\r\n"]
)
def test_any_text_is_judged_and_none_is_run_unread(user: User, text: str) -> None:
    done = user.guard(
        "check", "--batch", "--level", "advice", stdin=json.dumps({"id": 1, "command": text}).encode()
    )
    answer = json.loads(done.stdout)

    assert done.returncode == 0
    assert answer["verdict"] == "allow" if not text.strip(" \t\n") else answer["verdict"] in {"ask", "deny"}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"1",
        b'"x"',
        b'{"id": 1}',
        b"{" * 5000,
        b'{"command": ["ls"]}',
        b'{"command": null}',
        b'{"command": "ls", "tool": 1}',
        b'{"command": "ls", "cwd": {}}',
        b'{"command": "ls", "home": []}',
        b'{"command": "ls", "env": []}',
        b'{"command": "ls", "env": "A=1"}',
        b'{"command": "ls", "env": {"A": 1}}',
        b'{"command": "ls", "nope": 1}',
        b'{"tool": "Fly", "path": "x"}',
        b'{"tool": "Write"}',
        b'{"tool": "Write", "path": 3}',
        b'{"tool": "Write", "path": "x", "content": 3}',
        b'{"tool": "Edit", "path": "x", "old": [], "new": ""}',
        json.dumps(NUL_IN_CWD).encode(),
        json.dumps(NUL_IN_PATH).encode(),
        b"\xff\xfe",
    ],
    ids=repr,
)
@pytest.mark.parametrize("verb", ["check", "parse"])
def test_a_malformed_line_gives_an_error_object(user: User, verb: str, line: bytes) -> None:
    done = user.guard(verb, "--batch", stdin=line + b"\n" + b'{"id": "last", "command": "ls"}\n')
    answers = [json.loads(text) for text in done.stdout.splitlines()]

    assert done.returncode == 0
    assert answers[-1]["id"] == "last"
    assert "error" not in answers[-1]
    assert [sorted(answer) for answer in answers[:-1]] == ([["error", "help", "id"]] if line else [])


def test_a_batch_of_a_megabyte_line_is_answered(user: User) -> None:
    done = user.guard("check", "--batch", stdin=json.dumps({"id": 1, "command": "x" * (1 << 20)}).encode())

    assert json.loads(done.stdout)["verdict"] in {"ask", "deny", "allow"}
    assert json.loads(done.stdout)["placement"] == "sandbox"


# ------------------------------------------------------------------ the machine is broken

MACHINE = tomllib.loads((HERE / "machine.toml").read_text())
ORDINARY = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"]
"""A root that the permissions of files hold for."""


@pytest.mark.parametrize("command", [pytest.param(c, id=c["name"]) for c in MACHINE["command"]])
@pytest.mark.parametrize("broken", [pytest.param(b, id=b["name"]) for b in MACHINE["broken"]])
def test_on_a_broken_machine_there_is_an_answer_or_one_message(
    user: User, command: dict, broken: dict
) -> None:
    if broken.get("ordinary") and os.getuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root reads everything, and there is no setpriv to make it an ordinary user")
    expected = broken["codes"].get(command["name"], broken.get("code", command["code"]))
    subprocess.run(["bash", "-c", broken.get("setup", "")], cwd=user.work, env=user.env, check=True)
    wrapped = [
        *(ORDINARY if broken.get("ordinary") and os.getuid() == 0 else []),
        *user.argv(*command["run"]),
    ]
    line = f"set -o pipefail; {broken.get('line', chr(34) + '$@' + chr(34))}"
    done = subprocess.run(
        ["bash", "-c", line, "x", *wrapped],
        cwd=user.work,
        env={**user.env, **{name: filled(value, user) for name, value in broken.get("env", {}).items()}},
        input=command.get("stdin", "").encode(),
        capture_output=True,
        check=False,
        timeout=120,
    )

    # Several where it is for the machine to say.
    assert done.returncode in (expected if isinstance(expected, list) else [expected]), (
        done.stderr,
        done.stdout,
    )
    assert_no_crash(done)
    if expected in (2, 3) and broken.get("message", True):
        said = one_message(done)
        assert command["name"] in broken["codes"] or broken.get("says", "") in said
    ran = (user.work / "ran").exists()
    assert ran is (command["name"] == "exec" and expected == 0)
    assert not any(line.startswith(b"guard: ") for line in done.stdout.splitlines())


@pytest.mark.parametrize("kind", ["a link to itself", "a directory", "no policy"])
def test_a_policy_that_cannot_be_read_restricts(user: User, kind: str) -> None:
    policy = user.work / ".guard" / "policy.yaml"
    policy.parent.mkdir()
    match kind:
        case "a directory":
            policy.mkdir()
        case "a link to itself":
            policy.symlink_to("policy.yaml")
        case _:
            policy.write_text("default: allow\n")
    done = user.guard("check", "--", "ls")

    assert done.returncode == 10, done.stderr
    assert b"restricted mode" in done.stderr
    assert b"policy.yaml" in done.stderr


@pytest.mark.skipif(os.getuid() == 0 and not shutil.which("setpriv"), reason="root reads everything")
def test_a_policy_that_may_not_be_read_restricts(user: User) -> None:
    policy = user.work / ".guard" / "policy.yaml"
    policy.parent.mkdir()
    policy.write_text("version: 1\nkind: policy\nname: t\ndefault: allow\n")
    policy.chmod(0)
    wrapped = [
        *(ORDINARY if os.getuid() == 0 else []),
        *user.argv("exec", "--ask", "deny", "--", "touch ran"),
    ]
    done = subprocess.run(wrapped, cwd=user.work, env=user.env, capture_output=True, check=False)

    assert done.returncode == 10, done.stderr
    assert b"permission denied" in done.stderr
    assert not (user.work / "ran").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="not root, and a full disk needs a mount of its own")
@pytest.mark.parametrize(
    "words",
    [["exec", "--ask", "deny", "--", "touch ran; touch $HOME/ran"], ["exec", "--", "echo x > ran"]],
    ids=["host", "sandbox"],
)
def test_on_a_full_disk_nothing_runs(user: User, words: list[str]) -> None:
    state = user.home / ".local" / "state"
    state.mkdir(parents=True)
    script = f'mount -t tmpfs -o size=64k none "{state}" && {{ cat /dev/zero > "{state}/full" 2>/dev/null; cd "{user.work}" && exec "$@"; }}'
    done = subprocess.run(
        [
            sys.executable,
            str(Path(__file__).parents[1] / "own_root.py"),
            "bash",
            "-c",
            script,
            "x",
            *user.argv(*words),
        ],
        env=user.env,
        capture_output=True,
        check=False,
    )

    assert done.returncode in {3, 11}, done.stderr
    one_message(done)
    assert not (user.work / "ran").exists()
    assert untouched(user)


def test_what_cannot_be_read_is_not_said_to_be_written(user: User) -> None:
    state = user.home / ".local" / "state"
    state.mkdir(parents=True)
    (state / "guard").write_text("")

    said = one_message(user.guard("audit", "tail"))

    assert "cannot be read: not a directory" in said
    assert "write" not in said


def test_an_empty_home_is_the_accounts(user: User) -> None:
    places = Places.from_environment(env={"HOME": ""})

    assert places.state == os.path.join(pwd.getpwuid(os.getuid()).pw_dir, ".local/state/guard")
