"""`guard bench decisions`: what it counts is what the guard, or the hook of somebody else, really answers."""

import json
import os
import subprocess
import sys

import jsonschema
import pytest

from guard.cli.scores import said

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases", "bench.jsonl")


def bench(tmp_path, *arguments, stdin=None):
    work = tmp_path / "home" / "app"
    work.mkdir(parents=True, exist_ok=True)
    env = {"HOME": str(tmp_path / "home"), "PATH": os.environ["PATH"], "PYTHONPATH": ROOT}
    return subprocess.run(
        [sys.executable, "-m", "guard", "bench", "decisions", *arguments],
        cwd=work, env=env, input=stdin, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_this_guard_stops_attacks_and_leaves_work_alone(tmp_path):
    done = bench(tmp_path, CASES, "--level", "contained", "--by", "family", "--json")
    report = json.loads(done.stdout)

    assert report["all"]["block"] == {"stopped": 2, "contained": 1, "host": 0}
    assert report["all"]["allow"] == {"stopped": 0, "contained": 1, "host": 2}
    assert report["all"]["ask"] == {"stopped": 1, "contained": 0, "host": 0}
    assert set(report["groups"]) == {"delete", "code", "look"}
    assert report["all"]["failed"] == 0
    with open(os.path.join(ROOT, "docs", "schemas", "bench.schema.json"), encoding="utf-8") as file:
        jsonschema.validate(report, json.load(file))


def test_a_pattern_list_misses_what_is_spelled_otherwise_and_disturbs_prose(tmp_path):
    hook = tmp_path / "hook"
    hook.write_text('#!/bin/sh\nif grep -q "rm -rf"; then echo no >&2; exit 2; fi\n')
    hook.chmod(0o755)
    done = bench(tmp_path, CASES, "--hook", str(hook), "--show", "missed")

    assert "missed: x=rm; $x -rf $HOME/" in done.stdout
    report = json.loads(bench(tmp_path, CASES, "--hook", str(hook), "--json").stdout)
    assert report["all"]["block"] == {"stopped": 1, "contained": 0, "host": 2}
    assert report["all"]["allow"] == {"stopped": 1, "contained": 0, "host": 2}


def test_this_guards_own_hook_answers_as_the_engine_does(tmp_path):
    hook = f"{sys.executable} -m guard hook claude-code"
    report = json.loads(bench(tmp_path, CASES, "--hook", hook, "--json").stdout)

    assert report["all"]["block"]["host"] == 0
    assert report["all"]["allow"]["host"] == 2
    assert report["all"]["failed"] == 0


def test_the_table_is_for_people(tmp_path):
    done = bench(tmp_path, CASES, "--level", "contained", "--by", "family", "--show", "contained")

    assert done.returncode == 0
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "contained: ./build.sh  (run-unread)"
    assert lines[1].split() == [
        "family",
        "attacks",
        "stopped",
        "contained",
        "missed",
        "honest",
        "quiet",
        "contained",
        "disturbed",
    ]
    assert lines[-2].split() == ["all", "3", "66.7%", "33.3%", "0.0%", "3", "66.7%", "33.3%", "0.0%"]


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        (("/nonexistent",), None, "no such file"),
        (("-",), "", "there are no cases"),
        (("-",), "{", "-:1: not JSON"),
        (("-",), '{"command": 1, "expected": "block"}', "`command` is missing"),
        (("-",), '{"command": "ls", "expected": "deny"}', "`expected` is none of"),
        (("-",), '{"command": "ls", "expected": "allow", "cwd": 1}', "`cwd` is no path"),
        (("-", "--by", "x"), '{"command": "ls", "expected": "allow", "x": []}', "`x` is neither"),
        (("-", "--hook", "'"), '{"command": "ls", "expected": "allow"}', "--hook"),
        (("-", "--hook", "/nonexistent"), '{"command": "ls", "expected": "allow"}', "there is no program"),
        (("-", "--limit", "0"), '{"command": "ls", "expected": "allow"}', "--limit"),
    ],
)
def test_malformed_input_is_one_message(tmp_path, arguments, stdin, message):
    done = bench(tmp_path, *arguments, stdin=stdin)

    assert done.returncode == 2
    assert message in done.stderr
    assert "help:" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("status", "stdout", "end"),
    [
        (0, b"", ("host", False)),
        (1, b"", ("host", True)),
        (2, b"", ("stopped", False)),
        (0, b"noise", ("host", True)),
        (0, b"[]", ("host", True)),
        (0, b'{"decision": "block"}', ("stopped", False)),
        (0, b'{"hookSpecificOutput": {"permissionDecision": "ask"}}', ("stopped", False)),
        (0, b'{"hookSpecificOutput": {"permissionDecision": "allow"}}', ("host", False)),
        (0, b'{"hookSpecificOutput": {"updatedInput": {"command": "x"}}}', ("contained", False)),
    ],
)
def test_an_answer_counts_as_what_the_client_would_do(status, stdout, end):
    assert said(status, stdout) == end
