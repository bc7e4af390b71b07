"""Malformed input and a broken machine: one clear message, the documented exit code, nothing run."""

import json
import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import User

CASES = [
    pytest.param(case, id=case["name"])
    for case in tomllib.loads((Path(__file__).parent / "cases" / "malformed.toml").read_text())["case"]
]
JUDGES = ["check", "explain", "parse"]
NUL_IN_CWD = {"id": 1, "command": "ls", "cwd": "a\0b"}


def one_message(done: subprocess.CompletedProcess[bytes]) -> str:
    """The message; fails when there is a traceback, or more than a message and its help."""
    text = done.stderr.decode()
    lines = text.splitlines()

    assert "Traceback" not in text
    assert "defect of the guard" not in text
    assert lines, f"no message; exit code {done.returncode}"
    assert lines[0].startswith("guard: ")
    assert all(line.startswith("  ") for line in lines[1:]), text
    assert len(text) < 4000
    return text


def untouched(user: User) -> bool:
    return not (user.home / "ran").exists()


@pytest.mark.parametrize("case", CASES)
def test_malformed_input_is_one_message_and_the_documented_code(user: User, case: dict) -> None:
    words = [
        word.replace("$HOME", str(user.home))
        .replace("$WORK", str(user.work))
        .replace("$BIGGISH", "x" * 100_000)
        for word in case["run"]
    ]
    stdin = bytes.fromhex(case["bytes"]) if "bytes" in case else case.get("stdin", "").encode()
    done = user.guard(*words, stdin=stdin)

    assert done.returncode == case["code"], done.stderr
    if case.get("prints"):
        assert done.stdout
    else:
        said = one_message(done) if done.stderr or case["code"] != 1 else done.stdout.decode()
        assert case.get("says", "") in said
    assert untouched(user)


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
        json.dumps(NUL_IN_CWD).encode(),
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

ALL = [
    ["check", "--", "ls"],
    ["explain", "--", "ls"],
    ["parse", "--", "ls"],
    ["exec", "--", "touch ran"],
    ["changes", "list"],
    ["undo"],
    ["audit", "verify"],
    ["audit", "tail"],
    ["policy", "check"],
    ["policy", "show"],
    ["doctor"],
]


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_a_directory_that_is_gone_is_no_crash(user: User, words: list[str]) -> None:
    script = 'mkdir "$HOME/gone" && cd "$HOME/gone" && rmdir "$HOME/gone" && exec "$@"'
    done = subprocess.run(
        ["bash", "-c", script, "x", *user.argv(*words)], env=user.env, capture_output=True, check=False
    )

    assert b"Traceback" not in done.stderr
    assert b"defect" not in done.stderr
    assert done.returncode in {0, 1, 2, 3, 10, 11}


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_without_a_home_there_is_an_answer_or_a_message(user: User, words: list[str]) -> None:
    env = {name: value for name, value in user.env.items() if name != "HOME"} | {
        "XDG_STATE_HOME": str(user.home / "state")
    }
    done = subprocess.run(user.argv(*words), cwd=user.work, env=env, capture_output=True, check=False)

    assert b"Traceback" not in done.stderr
    assert done.returncode in {0, 1, 2, 3, 10, 11}


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_output_that_nobody_reads_is_no_crash(user: User, words: list[str]) -> None:
    for redirection in (">&-", "| head -c 0", "> /dev/full"):
        line = f'set -o pipefail; "$@" {redirection}'
        done = subprocess.run(
            ["bash", "-c", line, "x", *user.argv(*words)],
            cwd=user.work,
            env=user.env,
            capture_output=True,
            check=False,
        )

        assert b"Traceback" not in done.stderr, (redirection, done.stderr)
        assert b"Exception ignored" not in done.stderr, (redirection, done.stderr)


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


@pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("unshare"), reason="a full disk needs a mount of its own"
)
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
        ["unshare", "-m", "bash", "-c", script, "x", *user.argv(*words)],
        env=user.env,
        capture_output=True,
        check=False,
    )

    assert done.returncode in {3, 11}, done.stderr
    one_message(done)
    assert not (user.work / "ran").exists()
    assert untouched(user)
